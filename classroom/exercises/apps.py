"""In the learner's kernel: one request to an app of the learner's, and the exception by which it stopped."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.types import ASGIApp, Receive, Scope, Send


class Noted:
    """An app as it is. `stopped`: the last exception that it raised, which its caller sees as status 500."""

    def __init__(self, app: "ASGIApp") -> None:
        self._app = app
        self.stopped: Exception | None = None

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        """Let the app answer."""
        try:
            await self._app(scope, receive, send)
        except Exception as error:
            self.stopped = error
            raise


async def answer_of(app: "Starlette", order: Mapping[str, Any]) -> tuple[Any, Exception | None]:
    """What an app answers, and the exception by which it stopped, if it did."""
    import httpx

    noted = Noted(app)
    transport = httpx.ASGITransport(noted, raise_app_exceptions=False)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://testserver") as client,
    ):
        answer = await client.request(str(order["method"]), str(order["address"]), json=order.get("json"))
    return answer, noted.stopped
