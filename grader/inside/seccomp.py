"""Restricts a learner's process to permitted system calls, beyond what namespaces cover.

A classic BPF program over `struct seccomp_data` (linux/seccomp.h), for x86-64 and arm64. Everything not named here is
allowed; what is named answers with an error, so that programs fail as they would where the kernel lacks it.
"""

import ctypes
import errno
import platform
import struct

# name → its number on x86-64 and on arm64 (asm/unistd_64.h, asm-generic/unistd.h); None where there is none
_REFUSED: dict[str, tuple[int | None, int | None]] = {
    # other processes' memory and files
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "kcmp": (312, 272),
    "pidfd_getfd": (438, 438),
    # calls that pass by a filter such as this one
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    # the kernel's keyring is shared between namespaces
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    # other file systems, other namespaces
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fspick": (433, 433),
    "mount_setattr": (442, 442),
    "unshare": (272, 97),
    "setns": (308, 268),
    "name_to_handle_at": (303, 264),
    "open_by_handle_at": (304, 265),
    # doors to the kernel that no lab needs
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "fanotify_init": (300, 262),
    "lookup_dcookie": (212, 18),
    "modify_ldt": (154, None),
    "iopl": (172, None),
    "ioperm": (173, None),
    "quotactl": (179, 60),
    "quotactl_fd": (443, 443),
    "acct": (163, 89),
    "syslog": (103, 116),
    "kexec_load": (246, 104),
    "kexec_file_load": (320, 294),
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "delete_module": (176, 106),
    "reboot": (169, 142),
    "swapon": (167, 224),
    "swapoff": (168, 225),
    "settimeofday": (164, 170),
    "clock_settime": (227, 112),
    "clock_adjtime": (305, 266),
    "adjtimex": (159, 171),
    "sethostname": (170, 161),
    "setdomainname": (171, 162),
}
_CLONE, _CLONE3, _SOCKET = (56, 220), (435, 435), (41, 198)
_ARCHITECTURES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}

# CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET
_NEW_NAMESPACES = 0x00020000 | 0x02000000 | 0x04000000 | 0x08000000 | 0x10000000 | 0x20000000 | 0x40000000
_UNIX, _INET, _INET6, _NETLINK = 1, 2, 10, 16
_STREAM, _TYPE = 1, 0xF

_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _AND, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x54, 0x06
_ALLOW, _ERROR = 0x7FFF0000, 0x00050000
_NUMBER, _ARCHITECTURE, _FIRST, _SECOND = 0, 4, 16, 24  # offsets in struct seccomp_data

_PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP, _FILTER = 38, 22, 2


def supported(machine: str | None = None) -> bool:
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
    families = [_INET, _INET6, _NETLINK, *([_UNIX] if network_namespace else [])]
    out = [
        _step(_LOAD, _ARCHITECTURE),
        _step(_EQUAL, architecture, yes=1),
        _refuse(errno.ENOSYS),
        _step(_LOAD, _NUMBER),
    ]
    if column == 0:  # the x32 calls of x86-64 are others under the same architecture
        out += [_step(_AT_LEAST, 0x40000000, no=1), _refuse(errno.ENOSYS)]
    for numbers in _REFUSED.values():
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
