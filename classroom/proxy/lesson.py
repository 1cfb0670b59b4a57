"""A class proxy inside a notebook: learners see both sides of it, the event code's and the instructor's."""

import tempfile
import threading
import time
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path

import uvicorn

from classroom.lesson import LessonError, current
from classroom.loopback import bind
from classroom.proxy.app import Proxy
from classroom.proxy.database import connect
from classroom.proxy.events import NANO, Event
from classroom.proxy.ledger import Ledger
from classroom.proxy.upstream import Upstream, from_environment

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


@cache
def start_proxy() -> RunningProxy:
    """Start a proxy on this computer, before the stand-in (or, in live mode, before OpenAI with your own key).

    Raises:
        LessonError: `start()` was not called before.
    """
    lesson = current()
    if lesson is None:
        raise LessonError("Run the cell with start() first.")
    upstream = (
        from_environment("openai")
        if lesson.openai is None
        else Upstream(lesson.openai.base_url, "sk-mock-key")
    )
    place = Path(tempfile.mkdtemp(prefix="class-proxy-"))
    ledger = Ledger(connect(str(place / "proxy.sqlite")))
    listener = bind()
    server = uvicorn.Server(
        uvicorn.Config(Proxy(ledger, upstream), log_level="critical", access_log=False, ws="none")
    )
    threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True).start()
    while not server.started:
        time.sleep(0.005)
    made = RunningProxy(f"http://127.0.0.1:{listener.getsockname()[1]}", ledger)
    made.event("hackathon")
    _running.append(made)
    return made
