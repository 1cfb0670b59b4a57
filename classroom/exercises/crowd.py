"""Counts how many requests are on their way to a service at the same time."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send


class Crowd:
    """Before a service. `most`: how many requests were on their way at once at most, since `watch()`."""

    def __init__(self, inner: ASGIApp) -> None:
        self._inner = inner
        self._now = 0
        self.most = 0

    def watch(self) -> None:
        """Count from now on."""
        self.most = self._now

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on; only those that post something are counted."""
        if scope["type"] != "http" or scope["method"] != "POST":
            await self._inner(scope, receive, send)
            return
        inside = True
        self._now += 1
        self.most = max(self.most, self._now)

        def leave() -> None:
            nonlocal inside
            self._now -= inside
            inside = False

        async def passed_on(message: Message) -> None:
            if message["type"] == "http.response.body" and not message.get("more_body", False):
                leave()  # before the caller can know: it may send the next one at once
            await send(message)

        try:
            await self._inner(scope, receive, passed_on)
        finally:
            leave()
