"""Gives an app that asks Redis one that keeps everything in memory, beside it in its sandbox."""

import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from grader.collect.code.variables import Variable
from grader.collect.start.setting import Setting
from grader.collect.start.starting import StartPlan
from grader.sandbox import Order, Sandbox

_ASKS = re.compile(r"(?i)^\s*(?:import|from)\s+(?:\w+[.,\s]+)*(?:aio|fast)?redis|rediss?://", re.MULTILINE)
_SECONDS, _POLL = 5.0, 0.05  # until it answers


@contextmanager
def beside(setting: Setting, plan: StartPlan) -> Iterator[None]:
    """Within, a Redis answers where the code looks for one; nothing where it looks for none, or none can be had."""
    if not plan.reach.mentions(plan.files, _ASKS):
        yield
        return
    sandbox = setting.sandbox
    with sandbox.listener() as listener:
        port: int = listener.getsockname()[1]
        order = Order(
            do="redis",
            name="redis",
            cwd=sandbox.inside(setting.submission.root),
            environment=sandbox.environment(),
        )
        job = sandbox.start(order, [listener.fileno()])
    with job:
        deadline = time.monotonic() + _SECONDS
        while job.exit_code is None and time.monotonic() < deadline:
            if _answers(sandbox, port):
                given = values(plan.variables, port)
                plan.environment.update(
                    {name: value for name, value in given.items() if name not in plan.own}
                )
                break
            time.sleep(_POLL)
        yield


def values(variables: Mapping[str, Variable], port: int) -> dict[str, str]:
    """The values of the variables that lead to Redis, by their names and what they lead to without a value."""
    found = {}
    for name, one in variables.items():
        words = set(name.upper().split("_"))
        usual = one.default or one.example
        if usual.startswith(("redis://", "rediss://")) or (
            "REDIS" in words and words & {"URL", "URI", "DSN", "CONNECTION", "STRING"}
        ):
            number = re.search(r"/(\d{1,2})$", usual)
            found[name] = f"redis://127.0.0.1:{port}/{number[1] if number else 0}"
        elif "REDIS" in words and words & {"HOST", "HOSTNAME", "SERVER"}:
            found[name] = "127.0.0.1"
        elif "REDIS" in words and "PORT" in words:
            found[name] = str(port)
    return found


def _answers(sandbox: Sandbox, port: int) -> bool:
    try:
        with sandbox.socket() as asked:
            asked.settimeout(1.0)
            asked.connect(("127.0.0.1", port))
            asked.sendall(b"*1\r\n$4\r\nPING\r\n")
            return asked.recv(16).startswith(b"+PONG")
    except OSError:
        return False
