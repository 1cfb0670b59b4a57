"""Joins a sandbox that bubblewrap made, from a process that has loaded what will be needed there: the nursery.

The nursery runs outside the wall and imports installed packages, nothing else. For each sandbox it forks one process, which
joins bubblewrap's namespaces, makes a process namespace of its own, gives up every right, and is the agent from then on. No
learner's code runs before that, and nothing comes back to the nursery but the end. Standard library only.
"""

import contextlib
import ctypes
import fcntl
import json
import os
import signal
import socket
import sys
import time
from collections.abc import Callable
from typing import Any

from grader.inside import policy, wire

# linux/sched.h, linux/nsfs.h, linux/prctl.h, linux/capability.h, linux/mount.h
_NEW_USER, _NEW_PROCESSES = 0x10000000, 0x20000000
_JOINED = {"mnt": 0x00020000, "net": 0x40000000, "ipc": 0x08000000, "uts": 0x04000000, "cgroup": 0x02000000}
_GET_OWNER = 0xB701
_SET_DEATH_SIGNAL, _DROP_BOUNDING, _NO_NEW_RIGHTS, _AMBIENT, _CLEAR_ALL = 1, 24, 38, 47, 4
_LAST_CAPABILITY = 63
_CAPABILITIES_VERSION = 0x20080522
_NO_SUID, _NO_DEVICES, _NO_EXEC = 0x2, 0x4, 0x8


def keep(nursery: socket.socket, load: Callable[[list[str]], None]) -> socket.socket | None:
    """Load what is asked for, and fork a process for each sandbox, until the grader hangs up: None.

    In a process that has entered a sandbox: the socket over which its agent is steered.
    """
    while True:
        try:
            message, files = wire.receive(nursery)
        except wire.WireError:
            return None
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        if "load" in message:
            load(message["load"])
            wire.send(nursery, {"loaded": True})
            continue
        process = os.fork()
        if process == 0:
            nursery.detach()
            try:
                return _entered(message, *files)
            except BaseException as error:  # what can't get behind the wall must not go on in front of it
                os.write(files[2], f"{type(error).__name__}: {error}\n".encode())
                os._exit(1)
        for file in files:
            os.close(file)
        wire.send(nursery, {"process": process})


def _entered(order: dict[str, Any], control: int, report: int, printed: int) -> socket.socket:
    """Be behind the wall.

    Args:
        order: `holder`: a process of bubblewrap's sandbox; `joins`: files of control groups; `user`: whom bubblewrap was
            started as, None for this very one; `environment`: of the agent.
        control: the agent's socket.
        report: where the processor seconds of all that ran inside are written in the end.
        printed: for what goes wrong.

    Raises:
        OSError: the kernel refuses.
        RuntimeError: the process is not where it should be.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    folder = f"/proc/{order['holder']}/ns"
    inner = os.open(f"{folder}/user", os.O_RDONLY)
    joined = {name: os.open(f"{folder}/{name}", os.O_RDONLY) for name in _JOINED}
    # bubblewrap's first namespace of users, to which the others belong; `inner` lies in it and allows no more of them
    outer = fcntl.ioctl(joined["mnt"], _GET_OWNER)
    for file in order["joins"]:
        with open(file, "w") as group:
            group.write(str(os.getpid()))
    if order["user"] is not None:
        os.setgroups([])
        os.setresgid(order["user"], order["user"], order["user"])
        os.setresuid(order["user"], order["user"], order["user"])
    _call(libc.setns, outer, _NEW_USER)
    for name, kind in _JOINED.items():
        _call(libc.setns, joined[name], kind)
    _call(libc.unshare, _NEW_PROCESSES)
    first = os.fork()
    if first:
        _wait_for(first, libc, report, [control, printed, inner, outer, *joined.values()])
    # the first process of its namespace: whatever it starts ends with it, and can't end it
    _call(libc.mount, b"proc", b"/proc", b"proc", _NO_SUID | _NO_DEVICES | _NO_EXEC, None)
    if os.fstat(inner).st_ino != os.fstat(outer).st_ino:
        _call(libc.setns, inner, _NEW_USER)
    _give_up_rights(libc)
    _check({**joined, "user": inner})
    os.setsid()
    os.chdir(policy.WORK)
    os.environ.clear()
    os.environ.update(order["environment"])
    time.tzset()
    _keep_only(control, printed)
    return socket.socket(fileno=3)


def _call(function: Any, *arguments: Any) -> None:
    if function(*arguments):
        number = ctypes.get_errno()
        raise OSError(number, f"{function.__name__}: {os.strerror(number)}")


def _wait_for(first: int, libc: Any, report: int, ours: list[int]) -> None:
    """Outside its process namespace: wait for the agent, and say what it took. Never returns."""
    _give_up_rights(libc)  # with the nursery, this ends, and the agent with it
    for file in ours:
        os.close(file)
    _, status, used = os.wait4(first, 0)
    with contextlib.suppress(OSError):
        os.write(report, json.dumps({"cpu": used.ru_utime + used.ru_stime}).encode())
    os._exit(os.waitstatus_to_exitcode(status) and 1)


def _give_up_rights(libc: Any) -> None:
    """What bubblewrap does before it starts a program: no capabilities, now or later; and end with the parent."""
    _call(libc.prctl, _AMBIENT, _CLEAR_ALL, 0, 0, 0)
    for capability in range(_LAST_CAPABILITY + 1):
        libc.prctl(_DROP_BOUNDING, capability, 0, 0, 0)
    _call(libc.capset, (ctypes.c_uint32 * 2)(_CAPABILITIES_VERSION, 0), (ctypes.c_uint32 * 6)())
    _call(libc.prctl, _NO_NEW_RIGHTS, 1, 0, 0, 0)
    _call(libc.prctl, _SET_DEATH_SIGNAL, signal.SIGKILL, 0, 0, 0)


def _check(joined: dict[str, int]) -> None:
    """That this process is behind the wall: in each namespace, first in its own, with no right left."""
    with open("/proc/self/status") as file:
        facts = dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)
    rights = {facts[name].strip("0") for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")}
    here = all(
        os.stat(f"/proc/self/ns/{name}").st_ino == os.fstat(file).st_ino for name, file in joined.items()
    )
    users = {*os.getresuid(), *os.getresgid()}
    if rights != {""} or facts["NoNewPrivs"] != "1" or not here or users != {policy.USER} or os.getpid() != 1:
        raise RuntimeError(f"not behind the wall: {rights}, {here}, {users}, {os.getpid()}")


def _keep_only(control: int, printed: int) -> None:
    """Of the nursery's open files nothing stays: the control socket is 3, output goes where the enclosure reads it."""
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(printed, 1)
    os.dup2(printed, 2)
    if control != 3:
        os.dup2(control, 3)
    os.set_inheritable(3, False)
    os.closerange(4, os.sysconf("SC_OPEN_MAX"))
    sys.argv[1:] = ["3"]
