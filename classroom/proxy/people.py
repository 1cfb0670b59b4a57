"""Whose request it is: an event that is on, and one of its attendees. What the database said is believed for a second."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import Executor
from typing import Any

import httpx2

from classroom.proxy import refusals, tokens
from classroom.proxy.events import Event
from classroom.proxy.guesses import Guesses
from classroom.proxy.ledger import Ledger
from classroom.proxy.tokens import Token
from classroom.standin.errors import APIError

_FRESH = 1.0  # seconds; an event that is ended, or a token that is rotated, is so everywhere after that
_MOST = 50_000
_HUB = "hub:"


class People:
    """Checks tokens. `hub`: the API of a JupyterHub whose users may come with their own token, `code/hub:token`."""

    def __init__(
        self,
        ledger: Ledger,
        pool: Executor,
        *,
        hub: str | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._ledger, self._pool, self._hub, self._clock = ledger, pool, hub, clock
        self._guesses = Guesses()
        self._cache: dict[Any, tuple[float, Any]] = {}

    async def admit(self, token: Token, address: str, *, started: bool = True) -> tuple[Event, str]:
        """The event and the attendee's name.

        Args:
            token: what came.
            address: from where it came; wrong tokens are counted by it.
            started: whether the event must be on now.

        Raises:
            APIError: 401 that says which it is that is wrong, 429 if too many were.
        """
        self._guesses.check(address)
        try:
            event = await self.event(token.code)
            # asked in any case: how long an answer takes says nothing of what was right
            stored = await self._asked(
                ("secret", token.code, token.name), self._secret, token.code, token.name
            )
            known = tokens.same(token.secret, stored)
            if event is None:
                raise refusals.unknown_event()
            name = await self._name(event, token, known)
        except APIError:
            self._guesses.wrong(address)
            raise
        now = self._ledger.now()
        if started and now < event.starts:
            raise refusals.not_started(event)
        if started and now >= event.ends:
            raise refusals.ended(event)
        return event, name

    async def event(self, code: str) -> Event | None:
        """The event of a code."""
        found: Event | None = await self._asked(("event", code), self._ledger.event, code)
        return found

    async def _name(self, event: Event, token: Token, known: bool) -> str:
        if self._hub and token.user.startswith(_HUB):
            name = await self._from_hub(token.user.removeprefix(_HUB))
            if name is None:
                raise refusals.unknown_attendee()
            return name
        if known:
            return token.name
        if (
            event.open
            and await self._asked(("secret", event.code, token.user), self._secret, event.code, token.user)
            is None
        ):
            return token.user
        raise refusals.unknown_attendee()

    def _secret(self, code: str, name: str) -> str | None:
        return self._ledger.secret_of(code, name)

    async def _from_hub(self, secret: str) -> str | None:
        async def ask() -> str | None:
            async with httpx2.AsyncClient(timeout=5.0) as client:
                answer = await client.get(f"{self._hub}/user", headers={"authorization": f"token {secret}"})
            name = answer.json().get("name") if answer.status_code == 200 else None
            return name if isinstance(name, str) and tokens.NAME.fullmatch(name) else None

        try:
            name: str | None = await self._kept(("hub", tokens.digest(secret)), ask)
        except (httpx2.HTTPError, ValueError):
            return None
        return name

    async def _asked(self, key: Any, ask: Callable[..., Any], *arguments: Any) -> Any:
        loop = asyncio.get_running_loop()
        return await self._kept(key, lambda: loop.run_in_executor(self._pool, ask, *arguments))

    async def _kept(self, key: Any, ask: Callable[[], Awaitable[Any]]) -> Any:
        until, value = self._cache.get(key, (0.0, None))
        if self._clock() < until:
            return value
        value = await ask()
        if len(self._cache) >= _MOST:
            self._cache.clear()
        self._cache[key] = (self._clock() + _FRESH, value)
        return value
