"""Restricts a learner's process to permitted system calls, beyond what namespaces cover.

A classic BPF program over `struct seccomp_data` (linux/seccomp.h), for x86-64 and arm64. Everything not named there is
allowed; what `policy` names answers with an error, so that programs fail as they would where the kernel lacks it.
"""

import ctypes
import errno
import platform
import struct

from grader.inside import policy

_CLONE, _CLONE3, _SOCKET = (56, 220), (435, 435), (41, 198)
_ARCHITECTURES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}

# CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET
_NEW_NAMESPACES = 0x00020000 | 0x02000000 | 0x04000000 | 0x08000000 | 0x10000000 | 0x20000000 | 0x40000000
_STREAM, _TYPE = 1, 0xF

_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _AND, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x54, 0x06
_ALLOW, _ERROR = 0x7FFF0000, 0x00050000
_NUMBER, _ARCHITECTURE, _FIRST, _SECOND = 0, 4, 16, 24  # offsets in struct seccomp_data

_PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP, _FILTER = 38, 22, 2


def is_supported(machine: str | None = None) -> bool:
    """Whether this kind of processor is known here."""
    return (machine or platform.machine()) in _ARCHITECTURES


def program(machine: str | None = None, *, network_namespace: bool = True) -> bytes:
    """The filter, as the kernel takes it.

    Args:
        machine: as `platform.machine()` says it.
        network_namespace: whether the network is the sandbox's own. If not, datagrams (name servers answer to them)
            and Unix sockets that could reach services of this machine are refused as well.
    """
    column, architecture = _ARCHITECTURES[machine or platform.machine()]
    families = policy.OWN_NETWORK_FAMILIES if network_namespace else policy.SHARED_NETWORK_FAMILIES
    out = [
        _step(_LOAD, _ARCHITECTURE),
        _step(_EQUAL, architecture, yes=1),
        _refuse(errno.ENOSYS),
        _step(_LOAD, _NUMBER),
    ]
    if column == 0:  # the x32 calls of x86-64 are others under the same architecture
        out += [_step(_AT_LEAST, 0x40000000, no=1), _refuse(errno.ENOSYS)]
    for numbers in policy.REFUSED_CALLS.values():
        if numbers[column] is not None:
            out += [_step(_EQUAL, numbers[column] or 0, no=1), _refuse(errno.EPERM)]
    # clone3 keeps its flags where no filter can read them: C libraries fall back to clone
    out += [_step(_EQUAL, _CLONE3[column], no=1), _refuse(errno.ENOSYS)]
    out += [_step(_EQUAL, _CLONE[column], no=4), _step(_LOAD, _FIRST)]
    out += [_step(_ANY_BIT, _NEW_NAMESPACES, no=1), _refuse(errno.EPERM), _step(_RETURN, _ALLOW)]
    out += [_step(_EQUAL, _SOCKET[column], yes=1), _step(_RETURN, _ALLOW), _step(_LOAD, _FIRST)]
    # to the check of the type, over what is left of the families and the refusal
    out += [_step(_EQUAL, family, yes=len(families) - place) for place, family in enumerate(families)]
    out += [_refuse(errno.EAFNOSUPPORT)]
    if not network_namespace:
        out += [
            _step(_LOAD, _SECOND),
            _step(_AND, _TYPE),
            _step(_EQUAL, _STREAM, yes=1),
            # by this name ZeroMQ, and with it every notebook, does without a list of the network's interfaces
            _refuse(errno.EOPNOTSUPP),
        ]
    out += [_step(_RETURN, _ALLOW)]
    return b"".join(out)


def _step(code: int, value: int, yes: int = 0, no: int = 0) -> bytes:
    """One `struct sock_filter`: what to do, and how many steps to leave out if it holds or doesn't."""
    return struct.pack("=HBBI", code, yes, no, value)


def _refuse(number: int) -> bytes:
    return _step(_RETURN, _ERROR | number)


class _Program(ctypes.Structure):
    """`struct sock_fprog`."""

    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))


def enter(content: bytes) -> None:
    """Put a filter in force for this process and all that it starts; there is no way back.

    Raises:
        OSError: the kernel refuses.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    buffer = ctypes.create_string_buffer(content, len(content))
    whole = _Program(len(content) // 8, ctypes.cast(buffer, ctypes.c_void_p))
    if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "no_new_privs was refused")
    if libc.prctl(_PR_SET_SECCOMP, _FILTER, ctypes.byref(whole), 0, 0):
        raise OSError(ctypes.get_errno(), "the filter of system calls was refused")
