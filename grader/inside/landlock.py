"""Landlock: a process gives up file access, connections and signals. Linux 5.13 and later, no privileges needed.

By the kernel's own description, Documentation/userspace-api/landlock.rst: the rights that each version ("ABI") knows.
"""

import ctypes
import os
import stat
from collections.abc import Iterable, Sequence

_CREATE, _ADD, _RESTRICT = 444, 445, 446
_BENEATH, _PORT = 1, 2
_PR_SET_NO_NEW_PRIVS = 38

_EXECUTE, _WRITE, _READ, _LIST = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_TRUNCATE, _DEVICE = 1 << 14, 1 << 15
_OF_FILES = _EXECUTE | _WRITE | _READ | _TRUNCATE | _DEVICE
_CONNECT = 1 << 1
_ABSTRACT_SOCKETS, _SIGNALS = 1 << 0, 1 << 1

# version → every right over files that it knows
_RIGHTS = ((5, (1 << 16) - 1), (3, (1 << 15) - 1), (2, (1 << 14) - 1), (1, (1 << 13) - 1))
CALLS, SIGNALS = 4, 6  # the versions that know them

_EPHEMERAL = "/proc/sys/net/ipv4/ip_local_port_range"


class _Ruleset(ctypes.Structure):
    _fields_ = (("files", ctypes.c_uint64), ("calls", ctypes.c_uint64), ("scoped", ctypes.c_uint64))


class _Beneath(ctypes.Structure):
    _pack_ = 1
    _layout_ = "ms"
    _fields_ = (("allowed", ctypes.c_uint64), ("folder", ctypes.c_int32))


class _PortRule(ctypes.Structure):
    _fields_ = (("allowed", ctypes.c_uint64), ("port", ctypes.c_uint64))


def version() -> int:
    """The version that this kernel knows; 0 where there is none."""
    try:
        found: int = _libc().syscall(_CREATE, None, 0, 1)
    except (AttributeError, OSError):
        return 0
    return max(0, found)


def enter(
    readable: Iterable[str], writable: Iterable[str], listable: Iterable[str], ports: Iterable[int]
) -> None:
    """From now on nothing else can be opened, called or signalled; there is no way back.

    Args:
        readable: folders and files to read and run; what is not there is passed over.
        writable: folders and files to read, run and write.
        listable: folders whose names, and those of all folders in them, may be seen.
        ports: TCP ports to call; those on which this machine's own programs listen by chance are `ephemeral()`.

    Raises:
        OSError: the kernel refuses.
    """
    known = version()
    rights = next(rights for least, rights in _RIGHTS if known >= least)
    whole = _Ruleset(
        rights,
        _CONNECT if known >= CALLS else 0,
        _ABSTRACT_SOCKETS | _SIGNALS if known >= SIGNALS else 0,
    )
    libc = _libc()
    rules = _check(libc.syscall(_CREATE, ctypes.byref(whole), ctypes.sizeof(whole), 0))
    reading = _EXECUTE | _READ | _LIST
    for paths, allowed in ((readable, reading), (writable, rights & ~_DEVICE), (listable, _LIST)):
        for path in paths:
            _allow(libc, rules, path, allowed & rights)
    if known >= CALLS:
        for port in ports:
            rule = _PortRule(_CONNECT, port)
            _check(libc.syscall(_ADD, rules, _PORT, ctypes.byref(rule), 0))
    _check(libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
    _check(libc.syscall(_RESTRICT, rules, 0))
    os.close(rules)


def ephemeral() -> Sequence[int]:
    """The ports from which the system chooses when a program asks for any."""
    try:
        with open(_EPHEMERAL) as file:
            first, last = map(int, file.read().split())
    except (OSError, ValueError):
        first, last = 32768, 60999
    return range(first, last + 1)


def _allow(libc: ctypes.CDLL, rules: int, path: str, allowed: int) -> None:
    try:
        opened = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    if not stat.S_ISDIR(os.fstat(opened).st_mode):
        allowed &= _OF_FILES
    rule = _Beneath(allowed, opened)
    _check(libc.syscall(_ADD, rules, _BENEATH, ctypes.byref(rule), 0))
    os.close(opened)


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _check(answer: int) -> int:
    if answer < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"Landlock: {os.strerror(number)}")
    return answer
