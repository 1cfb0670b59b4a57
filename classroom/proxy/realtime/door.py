"""Accepts Realtime sessions: authenticates the client, checks the limits, resolves the model, then starts the session."""

from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.types import Receive, Scope, Send
from websockets.asyncio.client import ClientConnection

from classroom.proxy.auth import People
from classroom.proxy.books.ledger import Ledger, Reservation
from classroom.proxy.calling.upstream import Upstream
from classroom.proxy.calling.upstreams import Upstreams
from classroom.proxy.realtime import handshake, reckoning
from classroom.proxy.realtime.session import Session
from classroom.proxy.requests import bodies
from classroom.proxy.rules import refusals
from classroom.proxy.rules.events import Event
from classroom.proxy.rules.routes import Route
from classroom.proxy.rules.throttle import origin_of
from classroom.proxy.rules.tokens import Token
from classroom.standin.incoming.errors import APIError
from classroom.standin.models.costs import Unpriced

_MOST_SESSIONS = 4  # of one attendee, at once
_ROUTE = Route("realtime", "nothing")

Booked = Callable[..., Awaitable[Any]]
Refused = Callable[[str, APIError], None]  # the event's code


class Door:
    """Lets sessions in.

    Args:
        ledger: the books.
        people: who is who.
        booked: runs what asks the database, beside the requests.
        refused: counts a refusal of an event.
        own_key: the caller holds the key.
    """

    def __init__(
        self, ledger: Ledger, people: People, booked: Booked, refused: Refused, *, own_key: bool
    ) -> None:
        self._ledger, self._people, self._booked, self._own_key = ledger, people, booked, own_key
        self._refused = refused
        self._open: Counter[tuple[str, str]] = Counter()

    async def serve(self, upstreams: Upstreams, scope: Scope, receive: Receive, send: Send) -> None:
        """One connection, from its handshake to its end."""
        await receive()  # the request to connect
        address = origin_of(scope)
        token: Token | None = None
        try:
            if not handshake.is_here(scope["path"]):
                raise refusals.no_such_address("GET", scope["path"])
            token = handshake.token_of(scope)
            event, name = await self._people.admit(token, address)
            if event.open:
                await self._people.welcome(event, name, address)
            asked, model = bodies.choose_model(event, _ROUTE, handshake.read_model(scope))
            self._check_priced(model)
            if self._open[event.code, name] >= _MOST_SESSIONS:
                raise refusals.too_many_sessions(_MOST_SESSIONS)
        except APIError as error:
            if token is not None:
                self._refused(token.code, error)
            await handshake.deny(scope, send, error)
            return
        self._open[event.code, name] += 1
        try:
            try:
                upstream, far = await self._dialled(upstreams, event, name, model)
            except APIError as error:
                await handshake.deny(scope, send, error)
                return
            subprotocol = "realtime" if "realtime" in handshake.protocols(scope) else None
            await send({"type": "websocket.accept", "subprotocol": subprotocol})
            session = Session(
                model=model,
                asked=asked,
                upstream=upstream,
                far=far,
                receive=receive,
                send=send,
                readmit=lambda: self._people.admit(token, address),
                reserve=lambda admitted, who, amount: self._reserve(admitted, who, asked, amount),
                booked=self._booked,
                ledger=self._ledger,
            )
            await session.go_on()
        finally:
            self._open[event.code, name] -= 1

    async def _dialled(
        self, upstreams: Upstreams, event: Event, name: str, model: str
    ) -> tuple[Upstream, ClientConnection]:
        """A connection to the next upstream in turn, or to another that takes one: a session costs nothing before it answers."""
        left = upstreams.in_turn(model)
        if not left:
            raise refusals.upstream_failed("does not offer that model")
        while True:
            upstream = left.pop(0)
            safety = None if self._own_key or upstream.azure else event.pseudonym(name)
            try:
                far = await handshake.dial(
                    upstream, event, upstream.model(model), safety, own_key=self._own_key
                )
            except APIError:
                upstreams.failed(upstream)
                if not left:
                    raise
                continue
            return upstream, far

    def _check_priced(self, model: str) -> None:
        try:
            reckoning.most(model, reckoning.Context(sound=1))
        except Unpriced:
            raise refusals.unpriced(model) from None

    async def _reserve(self, event: Event, name: str, asked: str, amount: int) -> Reservation:
        try:
            made: Reservation = await self._booked(
                self._ledger.reserve, event, name, "realtime", asked, amount
            )
        except APIError as error:
            if self._own_key and error.code == "budget_spent":
                raise refusals.over_own_cap(event, amount) from None
            raise
        return made
