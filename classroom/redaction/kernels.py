"""A lesson's kernel reports the secrets that it knows, and writes no history.

An extension of IPython (`load_ipython_extension`), which the profile of lessons loads, and `start()` where that was not used.
"""

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any

from classroom.redaction.known import Reporter, of_environment
from classroom.redaction.shapes import is_named_secret, is_worth_hiding, keys_in, says_secret

_PROFILE = Path(__file__).with_name("profile")
_MOST_LOOKED_AT = 5_000  # names of a notebook, and entries of one of its values
_LONGEST_SEARCHED = 20_000


@cache
def reporter() -> Reporter:
    """The one of this process."""
    return Reporter()


def hide(value: str) -> None:
    """Whatever this value is, it is a secret: no notebook is saved with it."""
    reporter().report(value)


def secrets_of(names: Mapping[str, Any]) -> Iterator[str]:
    """Secrets among values by their names or their shape, one level deep; nothing of them is run."""
    for name, value in islice(list(names.items()), _MOST_LOOKED_AT):
        yield from _secrets_in(str(name), value)
        inner = value if isinstance(value, dict) else getattr(value, "__dict__", None)
        if type(inner) is dict and not isinstance(value, type(sys)):
            for name_inside, value_inside in islice(list(inner.items()), _MOST_LOOKED_AT):
                yield from _secrets_in(str(name_inside), value_inside)


def _secrets_in(name: str, value: Any) -> Iterator[str]:
    if type(value) is bytes:
        value = value[:_LONGEST_SEARCHED].decode("latin-1")
    if type(value) is str and len(value) <= _LONGEST_SEARCHED:
        if is_named_secret(name, value):
            yield value
        yield from keys_in(value)


def report_all(names: Mapping[str, Any]) -> None:
    """Report what this process knows: of its environment, and of the names of its notebook."""
    for value in of_environment():
        hide(value)
    for value in secrets_of(names):
        hide(value)


def load_ipython_extension(shell: Any) -> None:
    """Report secrets before and after every cell, and as they are typed or put into the environment."""
    keep_no_history(shell)
    if getattr(shell, "_classroom_reports", False):
        return
    shell._classroom_reports = True
    shell.events.register("pre_run_cell", lambda *_: report_all(shell.user_ns))
    shell.events.register("post_run_cell", lambda *_: report_all(shell.user_ns))
    _report_what_is_typed()
    sys.addaudithook(_report_what_is_set)


def _report_what_is_typed() -> None:
    """What is typed into a field for passwords is one. The kernel replaces the function before each cell."""
    try:
        from ipykernel.kernelbase import Kernel
    except ImportError:
        return
    usual = Kernel.getpass

    def asked(self: Any, *arguments: Any, **named: Any) -> Any:
        typed = usual(self, *arguments, **named)
        if isinstance(typed, str):
            hide(typed)
        return typed

    Kernel.getpass = asked  # type: ignore[method-assign]


def _report_what_is_set(event: str, arguments: tuple[Any, ...]) -> None:
    """Also while a cell still runs: a notebook may be saved at any time."""
    if event != "os.putenv":
        return
    with suppress(Exception):  # nothing here may keep a program from setting a variable
        name, value = (os.fsdecode(part) for part in arguments)
        if says_secret(name) and is_worth_hiding(value):
            hide(value)


def keep_no_history(shell: Any) -> None:
    """From now on nothing that is typed is written to IPython's history on the disk."""
    history = getattr(shell, "history_manager", None)
    if history is not None:
        history.enabled = False


def join() -> None:
    """Do the same in the notebook that this is called from, if it is one and was started in another way."""
    interactive = sys.modules.get("IPython")
    shell = interactive.get_ipython() if interactive is not None else None
    if shell is not None:
        load_ipython_extension(shell)


@contextmanager
def profile() -> Iterator[dict[str, str]]:
    """The variables of kernels and consoles that keep no history and report secrets; their folder is deleted at the end."""
    place = tempfile.mkdtemp(prefix="classroom-ipython-")
    try:
        shutil.copytree(_PROFILE, Path(place) / "profile_default")
        yield {"IPYTHONDIR": place}
    finally:
        shutil.rmtree(place, ignore_errors=True)
