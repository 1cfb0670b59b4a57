"""The sandbox's whole policy: what is visible inside, what can be written, how much may be taken, which calls are refused.

An auditor reads this file. The tiers put it in force: `grader/sandbox/bubblewrap.py` by namespaces, `landlock.py` here
where there are none; `seccomp.py` refuses the calls, `limits.py` and `grader/sandbox/cgroups.py` hold the ceilings.
It is loaded inside, too, and imports the standard library alone.

Three kinds of sandbox differ in what they are for:

- "submission": a learner's code. No network but its own loopback, no file of the machine but system programs, the
  interpreter with its packages, `classroom/` and `grader/inside/`.
- "worker": the grader's own reading of what a learner wrote. The same, and the whole of `grader/`.
- "fetch": git, for one repository on another host. This machine's network on `FETCH_PORTS` alone.
"""

from dataclasses import dataclass
from typing import Literal

Purpose = Literal["submission", "worker", "fetch"]

# --- what is visible, read-only, beside the interpreter and the packages

SYSTEM_PATHS = (
    "/usr",
    "/lib",
    "/lib32",
    "/lib64",
    "/bin",
    "/sbin",
    "/etc/ld.so.cache",
    "/etc/alternatives",
)
WORK, HOME, TEMPORARY, SHARED_MEMORY = "/submission", "/home/learner", "/tmp", "/dev/shm"  # noqa: S108 - the sandbox's own
# where containers have an app, by its Dockerfile; with namespaces they lead to the submission
CONTAINER_PLACES = ("/app", "/code")
USER = 1000

# with namespaces: files of the sandbox's own in place of the machine's
ETC_FILES = {
    "/etc/passwd": f"learner:x:{USER}:{USER}::{HOME}:/bin/sh\n",
    "/etc/group": f"learner:x:{USER}:\n",
    "/etc/hosts": "127.0.0.1 localhost lab redis\n::1 localhost\n",
    "/etc/nsswitch.conf": "passwd: files\ngroup: files\nhosts: files\n",
}
# of a "fetch": what it takes to reach another host
FETCH_ETC = ("resolv.conf", "ssl", "pki", "ca-certificates", "ssh")
FETCH_OWN_ETC = ("/etc/hosts", "/etc/nsswitch.conf")  # the machine's, where it has them
FETCH_PORTS = (22, 53, 80, 443, 9418)  # ssh, names, http, https, git

# under Landlock, where a file that is there but can't be read differs from one that is not there
LANDLOCK_PATHS = (
    *(
        f"/etc/{name}"
        for name in (
            "hosts",
            "passwd",
            "group",
            "nsswitch.conf",
            "host.conf",
            "resolv.conf",
            "gai.conf",
            "services",
            "protocols",
            "localtime",
            "timezone",
            "os-release",
            "mime.types",
            "ssl",
            "pki",
            "ca-certificates",
            "fonts",
        )
    ),
    "/proc",
    "/sys/devices/system/cpu",
)

# --- what can be written: the folders WORK, HOME, TEMPORARY and SHARED_MEMORY, in memory; under Landlock on disk, and

LANDLOCK_DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/urandom", "/dev/random")

# --- how much may be taken


@dataclass(frozen=True)
class Ceilings:
    """Sizes in megabytes, times in seconds. `memory` counts everything that a submission runs, and what it wrote, where
    control groups can be had; elsewhere `address` bounds each process."""

    memory: int = 2048
    address: int = 4096
    processes: int = 256
    cpu_seconds: int = 300
    file: int = 256
    open_files: int = 1024
    work: int = 512
    temporary: int = 256
    home: int = 128
    shared_memory: int = 64

    def of_a_process(self, *, memory_is_counted: bool, other_processes: int = 0) -> dict[str, int]:
        """What `grader.inside.limits` takes. `other_processes`: those of the same user that count as well."""
        wanted = {
            "file_megabytes": self.file,
            "cpu_seconds": self.cpu_seconds,
            "open_files": self.open_files,
            "processes": self.processes + other_processes,
        }
        return wanted if memory_is_counted else {**wanted, "address_megabytes": self.address}


# --- which calls are refused; a call that makes a namespace is, too, and clone3, whose flags no filter can read

# name → its number on x86-64 and on arm64 (asm/unistd_64.h, asm-generic/unistd.h); None where there is none
REFUSED_CALLS: dict[str, tuple[int | None, int | None]] = {
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

# --- which sockets can be made: by family, and whether only streams

UNIX, INET, INET6, NETLINK = 1, 2, 10, 16  # linux/socket.h
OWN_NETWORK_FAMILIES = (INET, INET6, NETLINK, UNIX)
# on this machine's network: datagrams are answered by name servers, and Unix sockets reach services of this machine
SHARED_NETWORK_FAMILIES = (INET, INET6, NETLINK)
