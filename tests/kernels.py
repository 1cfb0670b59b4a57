"""Kernels that start side by side: each process of the tests has ports of its own to give to them.

A plugin for pytest: `-p tests.kernels`. Otherwise a port is chosen, let go, and taken by a kernel a moment later; two
processes that do so at once now and then choose the same.
"""

import itertools
import os
import socket
from typing import Any

from jupyter_client.manager import KernelManager

_FIRST, _EACH = 20_000, 1_000  # below the ports that the system gives to connections
_PORTS = ("shell_port", "iopub_port", "stdin_port", "control_port", "hb_port")
_worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
_candidates = itertools.count(_FIRST + _worker * _EACH)
_usual = KernelManager.__init__


def _free() -> int:
    for port in _candidates:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)):
                return port
    raise AssertionError("there is always another number")


def _with_own_ports(manager: KernelManager, *arguments: Any, **named: Any) -> None:
    _usual(manager, *arguments, **named)
    for name in _PORTS:
        setattr(manager, name, _free())


KernelManager.__init__ = _with_own_ports
