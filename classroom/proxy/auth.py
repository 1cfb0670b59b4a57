"""Authenticates a request: finds its event and attendee. Database answers are cached for a second."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import Executor
from typing import Any

import httpx2

from classroom.proxy.books.ledger import Ledger
from classroom.proxy.books.register import NO_SECRET
from classroom.proxy.rules import refusals, tokens
from classroom.proxy.rules.events import Event
from classroom.proxy.rules.throttle import Arrivals, Throttle
from classroom.proxy.rules.tokens import Token

_FRESH = 1.0  # seconds; an event that is ended, or a token that is rotated, is so everywhere after that
_MOST = 50_000
_MOST_OF_AN_ADDRESS = 600  # tokens of unknown events in a minute: a class sends fewer, however it errs
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
        self._throttle = Throttle()
        self._crowds = Throttle(limit=_MOST_OF_AN_ADDRESS)
        self._arrivals = Arrivals()
        self._cache: dict[Any, tuple[float, Any]] = {}

    async def admit(self, token: Token, address: str, *, started: bool = True) -> tuple[Event, str]:
        """The event and the attendee's name.

        Args:
            token: what came.
            address: from where it came; behind it may be a whole class.
            started: whether the event must be on now.

        Raises:
            APIError: 401 that says which it is that is wrong, 429 if too many were.

        A right token is never refused because others were wrong: secrets are too long to be guessed, so that wrong ones are
        only counted, by event and name. Codes are shorter; tries of those are counted by address and name.
        """
        event = await self.event(token.code)
        # asked in any case: how long an answer takes says nothing of what was right
        stored = await self._asked(("secret", token.code, token.name), self._secret, token.code, token.name)
        known = tokens.same(token.secret, stored)
        if event is None:
            self._crowds.wrong(address)
            self._count(f"{address}/{_shown(token)}")
            raise refusals.unknown_event()
        name = await self._name(event, token, known, address)
        if name is None:
            self._count(f"{event.code}/{_shown(token)}")
            raise refusals.unknown_attendee()
        now = self._ledger.now()
        if started and now < event.starts:
            raise refusals.not_started(event)
        if started and now >= event.ends:
            raise refusals.ended(event)
        if started and event.paused:
            raise refusals.paused(event)
        return event, name

    async def find(self, code: str, address: str) -> Event | None:
        """The event of a code that somebody typed, before they show a token. Codes that are none are counted by address.

        Raises:
            APIError: 429, too many were tried from there.
        """
        left = self._crowds.left(address)
        if left:
            raise refusals.guessing(left)
        event = await self.event(code) if tokens.CODE.fullmatch(code) else None
        if event is None:
            self._crowds.wrong(address)
        return event

    def _count(self, key: str) -> None:
        self._throttle.check(key)
        self._throttle.wrong(key)

    async def welcome(self, event: Event, name: str, address: str) -> None:
        """Before the first request of a name that nobody gave out.

        Raises:
            APIError: 429, too many such names came from that address, or it tries the codes of events.
        """
        if await self._attends(event, name):
            return
        left = self._arrivals.take(f"{event.code}/{address}", name, event.names_per_hour)
        if left:
            raise refusals.too_many_names(event, left)

    async def event(self, code: str) -> Event | None:
        """The event of a code."""
        found: Event | None = await self._asked(("event", code), self._ledger.event, code)
        return found

    async def _name(self, event: Event, token: Token, known: bool, address: str) -> str | None:
        if self._hub and token.user.startswith(_HUB):
            return await self._from_hub(event, token.user.removeprefix(_HUB))
        if known:
            return token.name
        secret = await self._asked(("secret", event.code, token.user), self._secret, event.code, token.user)
        if not event.open or secret is not None:
            return None
        if self._crowds.left(address) and not await self._attends(event, token.user):
            raise refusals.guessing(self._crowds.left(address))
        return token.user

    async def _attends(self, event: Event, name: str) -> bool:
        """Whether a name has come before. A no is not kept: it may have come a moment ago."""
        key = ("attends", event.code, name)
        attends = bool(await self._asked(key, self._ledger.attends, event.code, name))
        if not attends:
            self._cache.pop(key, None)
        return attends

    def _secret(self, code: str, name: str) -> str | None:
        return self._ledger.secret_of(code, name)

    async def _from_hub(self, event: Event, secret: str) -> str | None:
        """The user whose token the hub says it is; none if the instructor keeps that name out of the event.

        Raises:
            APIError: 503, the hub says nothing: that is no wrong token.
        """

        async def ask() -> str | None:
            # JupyterHub's REST API: GET /user tells whose token it is, and answers 401 or 403 for none
            async with httpx2.AsyncClient(timeout=5.0) as client:
                answer = await client.get(f"{self._hub}/user", headers={"authorization": f"token {secret}"})
            if answer.status_code in (401, 403):
                return None
            user = answer.json() if answer.status_code == 200 else None
            if not isinstance(user, dict):
                raise refusals.hub_failed()
            name = user.get("name")
            # a service has a token and a name, too, and is no learner
            if user.get("kind", "user") != "user" or not isinstance(name, str):
                return None
            return name if tokens.is_name(name) else None

        if not secret.isascii():
            return None  # no header holds it
        try:
            name: str | None = await self._kept(("hub", tokens.digest(secret)), ask)
        except (httpx2.HTTPError, httpx2.InvalidURL, ValueError):
            raise refusals.hub_failed() from None
        if name is None:
            return None
        stored = await self._asked(("secret", event.code, name), self._secret, event.code, name)
        return None if stored == NO_SECRET else name

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


def _shown(token: Token) -> str:
    """Whose secret is tried: of `name.secret` the name, of a JupyterHub's token nothing."""
    return _HUB if token.user.startswith(_HUB) else token.name or token.user
