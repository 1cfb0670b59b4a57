"""Runs a class proxy inside a notebook, so that learners see both the learner's and the instructor's side."""

import atexit
import os
import tempfile
import threading
import time
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path

import uvicorn

from classroom.errors import LessonError
from classroom.http_protocol import LONGEST_IDLE, bounded_http
from classroom.loopback import bind
from classroom.proxy.app import Proxy
from classroom.proxy.books.database import connect
from classroom.proxy.books.ledger import Ledger
from classroom.proxy.calling.upstream import from_environment
from classroom.proxy.rules.events import NANO, Event

_MODELS = {"gpt-5.4-mini": "gpt-5.4-mini", "text-embedding-3-small": "text-embedding-3-small"}
_running: list["RunningProxy"] = []


@dataclass(frozen=True)
class RunningProxy:
    """`url` is what learners get; `ledger` is the instructor's side."""

    url: str
    ledger: Ledger

    def event(self, code: str, *, hours: float = 8, **limits: int) -> None:
        """Make an open event that begins now; `limits`: max_tokens, daily_requests. Hours below 0: one that is over."""
        now = self.ledger.now()
        starts, ends = (
            (now, now + timedelta(hours=hours))
            if hours > 0
            else (now - timedelta(days=1), now + timedelta(hours=hours))
        )
        self.ledger.delete(code)
        self.ledger.add(Event(code, starts, ends, open=True, models=_MODELS, **limits))  # type: ignore[arg-type]

    def report(self, code: str) -> list[tuple[str, str, int, float]]:
        """Who, which model, how many requests, how many US dollars."""
        return [
            (line.attendee, line.model, line.requests, line.cost / NANO) for line in self.ledger.report(code)
        ]


def running() -> RunningProxy | None:
    """The one that `start_proxy` started."""
    return _running[-1] if _running else None


def serve(proxy: Proxy, ledger: Ledger) -> RunningProxy:
    """Serve a proxy in a thread of this process, until the process ends."""
    listener = bind()
    server = uvicorn.Server(
        uvicorn.Config(
            proxy,
            log_level="critical",
            access_log=False,
            ws="websockets-sansio",
            http=bounded_http(),
            timeout_keep_alive=LONGEST_IDLE,
        )
    )
    threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True).start()
    while not server.started:
        time.sleep(0.005)
    return RunningProxy(f"http://127.0.0.1:{listener.getsockname()[1]}", ledger)


@cache
def start_proxy() -> RunningProxy:
    """Start a proxy on this computer, before whatever the lesson's calls go to.

    Raises:
        LessonError: `start()` was not called before.
    """
    if not os.environ.get("OPENAI_BASE_URL"):
        raise LessonError("Run the cell with start() first.")
    place = tempfile.TemporaryDirectory(prefix="class-proxy-", ignore_cleanup_errors=True)
    atexit.register(place.cleanup)
    ledger = Ledger(connect(str(Path(place.name) / "proxy.sqlite")))
    made = serve(Proxy(ledger, from_environment("openai")), ledger)
    made.event("hackathon")
    _running.append(made)
    return made
