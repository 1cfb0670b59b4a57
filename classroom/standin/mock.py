"""`OpenAIMock`: the stand-in served on loopback, with its journal and its faults."""

import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from classroom.allowance import Allowance
from classroom.loopback import LOOPBACK, LoopbackServer, PortTaken, Switch
from classroom.standin.app import Application
from classroom.standin.outgoing.browsers import share
from classroom.standin.outgoing.pace import Pace
from classroom.standin.records.handling import Handling
from classroom.standin.records.journal import MOST_BYTES, Journal
from classroom.standin.scripting.faults import Fault, fault
from classroom.standin.scripting.limits import Per, RateLimit
from classroom.standin.scripting.replies import Reply, When, reply
from classroom.standin.scripting.scripts import read_script
from classroom.standin.state import StandIn

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from classroom.standin.transport import InProcess

DUMMY_KEY = "sk-mock-key"  # any key is taken; this one cannot be mistaken for a real one


class OpenAIMock:
    """OpenAI's API on this computer.

    ```python
    with OpenAIMock() as openai:
        client = OpenAI(base_url=openai.base_url, api_key="sk-mock-key")
        openai.fail(status=429, times=1)
        client.responses.create(model="gpt-5.4-mini", input="hello")
        assert [call.status for call in openai.calls] == [429, 200]
    ```

    Args:
        port: where to listen; 0 lets the system choose.
        lenient: check shapes alone and take any model.
        legacy: serve what OpenAI has retired.
        deployments: Azure's names for models: `{"my-gpt": "gpt-5.4-mini"}`.
        any_deployment: take any other name for a deployment, too.
        listener: listen on this socket instead of a port.
        allowance: refuse what is more than that.
        hurried: nobody looks or listens: voices speak fast and pictures are coarse, which takes half the time.
        strict_replies: refuse what no scripted reply answers, naming the nearest.
        host: the address to listen on; "0.0.0.0" lets other computers in.
        cors: origins whose pages in a browser may call, beside those of this computer; "*" for every page.
        control: the port of the control port, 0 lets the system choose; None opens none.
        control_host: the address of the control port. Who reaches it reads and steers everything.
        journal_bytes: of memory that the calls take before the oldest are dropped; None for no bound.

    Raises:
        PortTaken: another program listens on that port.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        lenient: bool = False,
        legacy: bool = False,
        deployments: Mapping[str, str] | None = None,
        any_deployment: bool = False,
        listener: socket.socket | None = None,
        allowance: Allowance | None = None,
        hurried: bool = False,
        strict_replies: bool = False,
        host: str = LOOPBACK,
        cors: Sequence[str] = (),
        control: int | None = None,
        control_host: str = LOOPBACK,
        journal_bytes: int | None = MOST_BYTES,
    ) -> None:
        self._made: Callable[[], StandIn] = lambda: StandIn(
            lenient=lenient,
            legacy=legacy,
            deployments=deployments or {},
            any_deployment=any_deployment,
            allowance=allowance,
            hurried=hurried,
            strict_replies=strict_replies,
            # where an allowance bounds the calls, its owner relies on every call
            journal=Journal(None if allowance else journal_bytes),
        )
        self._standin = self._made()
        self._switch = Switch(Application(self._standin))
        self._server = LoopbackServer(share(self._switch, cors), port, listener, host=host, websockets=True)
        self._control: LoopbackServer | None = None
        if control is not None:
            from classroom.standin.control.app import application  # here: most stand-ins have none

            try:
                self._control = LoopbackServer(
                    application(self._standin, self.base_url), control, host=control_host
                )
            except PortTaken:
                self._server.stop()
                raise

    @property
    def base_url(self) -> str:
        """What `OPENAI_BASE_URL` should be."""
        return f"{self._server.url}/v1"

    @property
    def control_url(self) -> str | None:
        """Where the control port is, if there is one."""
        return self._control.url if self._control else None

    @property
    def environment(self) -> dict[str, str]:
        """The variables that point the SDK here."""
        return {"OPENAI_API_KEY": DUMMY_KEY, "OPENAI_BASE_URL": self.base_url}

    @property
    def calls(self) -> Journal:
        """Every call since the start or the last `reset()`."""
        return self._standin.journal

    @property
    def pictures_asked(self) -> int:
        """How often the address of a picture was asked, in place of which the retired models give an address."""
        return self._standin.pictures_asked

    @property
    def handling(self) -> Handling:
        """How long it takes over requests."""
        return self._standin.handling

    def fail(
        self, *, status: int | None = None, code: str | None = None, effect: str = "error", **options: Any
    ) -> Fault:
        """Script a fault: `fail(status=429, times=1)`, `fail(code="insufficient_quota")`, `fail(effect="hang")`.

        Further options are the fields of `Fault`: times, after, route, seconds, message, type, param, headers.

        Raises:
            ValueError: neither a status, a known code nor a known effect.
        """
        scripted = fault(status, code, effect, **options)  # type: ignore[arg-type]
        self._standin.faults.add(scripted)
        return scripted

    def clear_faults(self) -> None:
        """From now on everything works."""
        self._standin.faults.clear()

    def reply(
        self, when: When = None, then: Sequence[Mapping[str, Any]] | None = None, **options: Any
    ) -> Reply:
        """Script what is answered: `reply("weather", tool_calls={"get_weather": {"city": "Paris"}})`, `reply(text="Hello")`.

        `classroom.standin.scripting.replies.reply` says what `when`, `then` and the options are. The first reply that fits answers.

        Raises:
            ValueError: nothing to answer with, or a content of the wrong kind.
        """
        scripted = reply(when, then, **options)
        self._standin.replies.add(scripted)
        return scripted

    def clear_replies(self) -> None:
        """From now on the stand-in's own answers."""
        self._standin.replies.clear()

    @property
    def strict_replies(self) -> bool:
        """Whether what no scripted reply answers is refused, naming the nearest."""
        return self._standin.strict_replies

    @strict_replies.setter
    def strict_replies(self, strict: bool) -> None:
        self._standin.strict_replies = strict

    def limit(
        self,
        *,
        requests: int | None = None,
        tokens: int | None = None,
        seconds: float = 60.0,
        per: Per = "organization",
        route: str | None = None,
    ) -> RateLimit:
        """Put a rate limit in force: `limit(requests=3)` is three calls a minute for each organization.

        Answers then carry `x-ratelimit-*`, and what is too much gets a 429 that says how long to wait.

        Raises:
            ValueError: neither requests nor tokens, or a bound below 1.
        """
        added = RateLimit(requests, tokens, seconds, per, route)
        self._standin.limits.add(added)
        return added

    def clear_limits(self) -> None:
        """From now on as many calls as one likes."""
        self._standin.limits.clear()

    def pace(self, first: float = 0.0, tokens_per_second: float | None = None) -> Pace:
        """Let answers take their time: `pace(first=0.4, tokens_per_second=60)`; `pace()` sends them at once again.

        Args:
            first: seconds until the first token, and until an answer that is no text.
            tokens_per_second: of the tokens that follow.

        Raises:
            ValueError: a time below 0 or over an hour, or no token in a second.
        """
        wanted = Pace(first, tokens_per_second)
        self._standin.tempo.change(wanted)
        return wanted

    def load(self, path: Path) -> None:
        """Script the faults, replies, limits and the pace of a file: see `classroom.standin.scripting.scripts`.

        Raises:
            ScriptError: the file can't be read, or an entry makes no sense. Nothing of it is in force then.
        """
        self._standin.put(read_script(path))

    @property
    def transport(self) -> "InProcess":
        """The same stand-in without a server, for `OpenAI(http_client=httpx2.Client(transport=…))`; `httpx`, and async, too."""
        from classroom.standin.transport import InProcess

        return InProcess(Application(self._standin))

    def diverted(self, application: "ASGIApp") -> AbstractContextManager[None]:
        """Let another ASGI application answer at this address meanwhile; faults and the journal here know nothing of it."""
        return self._switch.to(application)

    @contextmanager
    def fresh(self) -> Iterator[None]:
        """Begin again meanwhile, with no calls, faults or replies; afterwards all is as it was before."""
        before, self._standin = self._standin, self._made()
        try:
            with self.diverted(Application(self._standin)):
                yield
        finally:
            self._standin = before

    def reset(self) -> None:
        """Forget calls, faults, replies, limits, the pace, and everything that was stored."""
        self._standin.reset()

    def start(self) -> Self:
        """Begin to listen."""
        self._server.start()
        if self._control:
            self._control.start()
        return self

    def stop(self) -> None:
        """Stop listening, and drop connections that still wait."""
        self._server.stop()
        if self._control:
            self._control.stop()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
