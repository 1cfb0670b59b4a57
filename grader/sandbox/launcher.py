"""The last privileged steps before a sandbox starts: `python launcher.py ORDER`, where ORDER is JSON.

Joins control groups; shows folders that only root may enter, read-only, at a place where others may; gives up root for
a user of the sandbox's own; then becomes the program of the order. Standard library only.
"""

import ctypes
import json
import os
import sys
from typing import Any

_NEW_MOUNTS = 0x00020000
_READ_ONLY, _NO_SUID, _NO_DEV, _REMOUNT, _BIND, _RECURSIVE, _PRIVATE = (
    0x1,
    0x2,
    0x4,
    0x20,
    0x1000,
    0x4000,
    0x40000,
)
_PR_CAPBSET_DROP, _LAST_CAPABILITY = 24, 63


def _check(answer: int, what: str) -> None:
    if answer:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def _mount(source: str, target: str, kind: str, flags: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    _check(libc.mount(source.encode(), target.encode(), kind.encode(), flags, None), f"mount {target}")


def show(stage: str, paths: dict[str, str]) -> None:
    """Bind each path to a name below `stage`, in a mount namespace of this process's own."""
    libc = ctypes.CDLL(None, use_errno=True)
    _check(libc.unshare(_NEW_MOUNTS), "unshare")
    _mount("none", "/", "", _RECURSIVE | _PRIVATE)
    _mount("tmpfs", stage, "tmpfs", _NO_SUID | _NO_DEV)
    os.chmod(stage, 0o755)  # noqa: S103 - it holds nothing but what the sandbox may read
    for name, path in paths.items():
        target = os.path.join(stage, name)
        if os.path.isdir(path):
            os.mkdir(target)
        else:
            with open(target, "w"):
                pass
        _mount(path, target, "", _BIND | _RECURSIVE)
        _mount("none", target, "", _BIND | _REMOUNT | _READ_ONLY | _NO_SUID | _NO_DEV)


def give_up_capabilities() -> None:
    """Stay root by name, without what root may do; the next program gets none back."""
    libc = ctypes.CDLL(None, use_errno=True)
    for capability in range(_LAST_CAPABILITY + 1):
        libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0)


def main() -> None:
    """Do as the order on the command line says."""
    order: dict[str, Any] = json.loads(sys.argv[1])
    for file in order["joins"]:
        with open(file, "w") as group:
            group.write(str(os.getpid()))
    if order["stage"]:
        show(order["stage"], order["shows"])
    if order["user"] is not None:
        os.setgroups([])
        os.setresgid(order["user"], order["user"], order["user"])
        os.setresuid(order["user"], order["user"], order["user"])
    elif order["gives_up"]:
        give_up_capabilities()
    os.chdir("/")
    os.execve(order["command"][0], order["command"], order["environment"])  # noqa: S606 - the grader's own words


if __name__ == "__main__":
    main()
