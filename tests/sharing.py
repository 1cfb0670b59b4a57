"""What takes long to make, and tests only read: made once in a run, whichever of its processes needs it first."""

import contextlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest


def made_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]) -> Path:
    """A folder of the whole run.

    Args:
        factory: of the process that asks; those of one run have their folders side by side.
        name: of the folder; what is made in it is the same for all who ask by that name.
        make: fills it. If it fails, so does the one who asked, and the next one tries again.
    """
    base = factory.getbasetemp()
    run = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    place, done = run / f"shared-{name}", run / f"shared-{name}.done"
    with _locked(run / f"shared-{name}.lock"):
        if not done.exists():
            place.mkdir(exist_ok=True)
            make(place)
            done.touch()
    return place


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    """One process at a time; where files can't be locked, the processes of a run are not kept apart, and there is only one."""
    try:
        import fcntl
    except ImportError:  # Windows
        yield
        return
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
