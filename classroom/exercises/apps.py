"""In the learner's kernel: one request to an app of the learner's, when its answer came, and the exception by which it stopped."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.types import ASGIApp, Message, Receive, Scope, Send


class Noted:
    """An app as it is.

    Attributes:
        stopped: the last exception that it raised, which its caller sees as status 500.
        times: when its answer began to be awaited, and when each piece of it came.
    """

    def __init__(self, app: "ASGIApp") -> None:
        self._app = app
        self.stopped: Exception | None = None
        self.times = [time.monotonic()]

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        """Let the app answer."""

        async def noted(message: "Message") -> None:
            if message.get("body"):
                self.times.append(time.monotonic())
            await send(message)

        try:
            await self._app(scope, receive, noted)
        except Exception as error:
            self.stopped = error
            raise


@dataclass(frozen=True)
class AppAnswer:
    """What an app answered.

    Attributes:
        response: as its caller gets it.
        stopped: the exception by which it stopped, if it did.
        spread: of the time until the last piece of its body, the share since the first, from 0 to 1.
    """

    response: Any
    stopped: Exception | None
    spread: float


async def answer_of(app: "Starlette", order: Mapping[str, Any]) -> AppAnswer:
    """What an app answers to a request."""
    import httpx

    noted = Noted(app)
    transport = httpx.ASGITransport(noted, raise_app_exceptions=False)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://testserver") as client,
    ):
        answer = await client.request(str(order["method"]), str(order["address"]), json=order.get("json"))
    began, *pieces = noted.times
    spread = (pieces[-1] - pieces[0]) / max(pieces[-1] - began, 1e-6) if pieces else 0.0
    return AppAnswer(answer, noted.stopped, spread)
