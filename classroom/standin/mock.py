"""`OpenAIMock`: the stand-in, served on loopback, with its journal and faults in your hands."""

from types import TracebackType
from typing import Any, Self

from classroom.loopback import LoopbackServer
from classroom.standin.app import StandIn
from classroom.standin.faults import Fault, fault
from classroom.standin.journal import Journal

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

    Raises:
        PortTaken: another program listens on that port.
    """

    def __init__(self, *, port: int = 0, lenient: bool = False, legacy: bool = False) -> None:
        self._standin = StandIn(lenient=lenient, legacy=legacy)
        self._server = LoopbackServer(self._standin.app(), port)

    @property
    def base_url(self) -> str:
        """What `OPENAI_BASE_URL` should be."""
        return f"{self._server.url}/v1"

    @property
    def environment(self) -> dict[str, str]:
        """The variables that point the SDK here."""
        return {"OPENAI_API_KEY": DUMMY_KEY, "OPENAI_BASE_URL": self.base_url}

    @property
    def calls(self) -> Journal:
        """Every call since the start or the last `reset()`."""
        return self._standin.journal

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

    def reset(self) -> None:
        """Forget calls and faults."""
        self.clear_faults()
        self._standin.journal.clear()
        self._standin.published.clear()

    def start(self) -> Self:
        """Begin to listen."""
        self._server.start()
        return self

    def stop(self) -> None:
        """Stop listening, and drop whoever still waits."""
        self._server.stop()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
