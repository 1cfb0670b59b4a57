"""The proxy's ASGI application: authenticates a request, admits it before its call, and settles its cost after it."""

import asyncio
import contextlib
import json
import logging
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from typing import Any

from starlette.types import Receive, Scope, Send

from classroom.proxy.auth import People
from classroom.proxy.books.ledger import LEASE_SECONDS, Ledger, Reservation
from classroom.proxy.books.refused import Refusals
from classroom.proxy.calling.upstream import Upstream
from classroom.proxy.calling.upstreams import Upstreams
from classroom.proxy.mail import Mail
from classroom.proxy.pages import Pages
from classroom.proxy.realtime.door import Door
from classroom.proxy.relay import Admitted, Relay
from classroom.proxy.requests import bodies, parsing, places
from classroom.proxy.requests.bodies import Prepared, Reader
from classroom.proxy.requests.places import Place
from classroom.proxy.rules import refusals, routes, tokens, unserved
from classroom.proxy.rules.errors import EventError
from classroom.proxy.rules.events import NANO, Event
from classroom.proxy.rules.routes import Route
from classroom.proxy.rules.throttle import origin_of
from classroom.proxy.sending import about, send_whole
from classroom.proxy.storing.batches import Batches
from classroom.proxy.storing.stored import Stored
from classroom.standin.incoming.errors import APIError
from classroom.standin.models.costs import Unpriced

_log = logging.getLogger("classroom.proxy")
_MOST_TO_REGISTER = 4096


class Proxy:
    """One proxy process.

    Args:
        ledger: the books.
        upstream: what is behind it; of several, each is asked in turn.
        admin: the password of the page and the metrics; None shows neither.
        hub: the API of a JupyterHub, if its users may sign in.
        mail: sends codes to learners of a roster, if they may sign in by e-mail.
        own_key: the caller holds the key, and wants a cap, no guard: what OpenAI says of key, models and its own
            troubles is passed on as it is.
    """

    def __init__(
        self,
        ledger: Ledger,
        upstream: Upstream | Sequence[Upstream],
        *,
        admin: str | None = None,
        hub: str | None = None,
        mail: Mail | None = None,
        own_key: bool = False,
    ) -> None:
        self._own_key, self._ledger = own_key, ledger
        self._pool: Executor = ThreadPoolExecutor(max_workers=8, thread_name_prefix="ledger")
        self._upstreams = Upstreams([upstream] if isinstance(upstream, Upstream) else upstream)
        # parsing a large body must not keep the books waiting
        parsers = ThreadPoolExecutor(max_workers=4, thread_name_prefix="reading")
        self._reader = Reader(ledger, parsers, own_key=own_key, plain=self._upstreams.plain)
        self._people = People(ledger, self._pool, hub=hub)
        self._relay = Relay(ledger, self._booked, self._upstreams, self._reader.listener, own_key=own_key)
        self._stored = Stored(ledger, self._booked, self._upstreams, self._reader, own_key=own_key)
        self._batches = Batches(ledger, self._booked, self._upstreams, own_key=own_key)
        self._refusals = Refusals(ledger)
        self._door = Door(ledger, self._people, self._booked, self._refusals.count, own_key=own_key)
        self._pages = None
        if not own_key:
            self._pages = Pages(
                self,
                self._people,
                ledger,
                self._booked,
                self._refusals,
                admin=admin,
                hub=hub is not None,
                mail=mail,
            )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or live as long as the server does."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        if scope["type"] == "websocket":
            try:
                await self._door.serve(self._upstreams, scope, receive, send)
            except Exception as error:  # the handshake is refused then, or the connection ends
                _log.error("the proxy failed: %s: %s", type(error).__name__, error)
                with contextlib.suppress(RuntimeError, OSError):
                    await send({"type": "websocket.close", "code": 1011})
            return
        if scope["type"] != "http":
            return
        try:
            await self._answer(scope, receive, send)
        except APIError as error:
            self._refusals.note(scope["headers"], error)
            await send_whole(send, error.status, json.dumps(error.body()).encode(), error.headers)
        except Exception as error:  # of the proxy itself, such as a database that is away
            _log.error("the proxy failed: %s: %s", type(error).__name__, error)
            failed = refusals.own_fault()
            await send_whole(send, failed.status, json.dumps(failed.body()).encode(), failed.headers)

    def change_key(self, key: str) -> None:
        """Ask with another key from now on."""
        self._upstreams.change_key(key)

    # --- living -----------------------------------------------------------------------------------------------

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        async with self._relay.living():
            keepers = [asyncio.create_task(each) for each in (self._keep_books(), self._keep_batches())]
            await send({"type": "lifespan.startup.complete"})
            await receive()
            for keeper in keepers:
                keeper.cancel()
            with contextlib.suppress(Exception):
                await self._booked(self._refusals.write)
        await send({"type": "lifespan.shutdown.complete"})

    async def _keep_books(self) -> None:
        """Vouch for what goes on here, and close what others left."""
        while True:
            with contextlib.suppress(Exception):  # a database that is away comes back, and is asked again
                await self._booked(self._ledger.renew)
                await self._booked(self._ledger.reclaim)
                await self._booked(self._ledger.belongings.forget)
                await self._booked(self._refusals.write)
            await asyncio.sleep(LEASE_SECONDS / 3)

    async def _keep_batches(self) -> None:
        """Settle batches that are over. Apart from the books: an upstream that is slow must not delay those."""
        while True:
            with contextlib.suppress(Exception):
                await self._batches.settle_waiting()
            await asyncio.sleep(LEASE_SECONDS / 3)

    async def _booked(self, do: Callable[..., Any], *arguments: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._pool, do, *arguments)

    # --- answering --------------------------------------------------------------------------------------------

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        method, path = (
            scope["method"],
            scope.get("raw_path", b"").decode("latin-1").partition("?")[0] or scope["path"],
        )
        address = origin_of(scope)
        if await self._answered_without_token(method, path, scope, receive, send, address):
            return
        token = tokens.read(scope["headers"])
        if path in ("/me", "/v1/me", "/api/v1/me") and method == "GET":
            event, name = await self._people.admit(token, address, started=False)
            await send_whole(send, 200, json.dumps(await self._standing(event, name)).encode(), about(event))
            return
        event, name = await self._people.admit(token, address)
        route = routes.find(method, path)
        query = scope.get("query_string", b"").decode("latin-1")
        place = places.find(method, path, query) if route is None else None
        if place is not None:
            await self._serve_stored(event, name, place, scope, receive, send)
            return
        if route is None:
            raise refusals.no_such_address(method, path, unserved.why(path))
        if route.reads != "nothing":
            await self._generate(event, name, route, scope, receive, send)
        elif self._own_key:
            await self._relay.describe_models(event, route.named, send)
        else:
            await send_whole(send, 200, _models(event, route), about(event))

    async def _answered_without_token(
        self, method: str, path: str, scope: Scope, receive: Receive, send: Send, address: str
    ) -> bool:
        """Answer what needs no token; whether it was that."""
        if path == "/healthz":
            await send_whole(send, 200, b"ok\n", {"content-type": "text/plain"})
        elif self._pages is not None and self._pages.has(path):
            await self._pages.serve(scope, receive, send, path, address)
        elif path == "/register" and method == "POST":
            await self._register(scope, receive, send, address)
        else:
            return False
        return True

    async def _serve_stored(
        self, event: Event, name: str, place: Place, scope: Scope, receive: Receive, send: Send
    ) -> None:
        content = await bodies.receive_all(scope, receive) if scope["method"] == "POST" else b""
        if event.open:
            await self._people.welcome(event, name, origin_of(scope))
        if place.kind == "batches":
            await self._batches.serve(event, name, place, content, send)
        else:
            await self._stored.serve(event, name, place, scope, content, send)

    async def _generate(
        self, event: Event, name: str, route: Route, scope: Scope, receive: Receive, send: Send
    ) -> None:
        content = await bodies.receive_all(scope, receive)
        if event.open:
            await self._people.welcome(event, name, origin_of(scope))
        try:
            prepared = await self._reader.prepare(event, name, route, scope, content)
        except Unpriced as error:
            if self._own_key and error.model:
                await self._relay.describe_models(event, error.model, send, refusal=True)
                return
            raise refusals.unpriced(route.named or "that model") from None
        made = await self._reserved(event, name, route, prepared)
        await self._relay.relay(Admitted(event, name, route, prepared, made, receive, send))

    async def _reserved(self, event: Event, name: str, route: Route, prepared: Prepared) -> Reservation:
        try:
            made: Reservation = await self._booked(
                self._ledger.reserve, event, name, route.name, prepared.asked, prepared.most
            )
        except APIError as error:
            growth = prepared.growth
            if growth is not None:
                whose = (None, None) if self._own_key else (event.code, name)
                more = growth.given + growth.made
                await self._booked(self._ledger.belongings.grow, growth.id, *whose, -more)
            if self._own_key and error.code == "budget_spent":
                raise refusals.over_own_cap(event, prepared.most) from None
            raise
        return made

    # --- other addresses --------------------------------------------------------------------------------------

    async def _standing(self, event: Event, name: str) -> dict[str, Any]:
        used = await self._booked(self._ledger.standing, event, name)
        now = self._ledger.now()
        cap, budget = event.daily_requests, event.learner_budget
        return {
            "event": event.code,
            "name": name,
            "starts": event.local_time(event.starts),
            "ends": event.local_time(event.ends),
            "on": event.state(now) == "on",
            "models": [model for model in event.models if model != "*"],
            "max_tokens": event.max_tokens,
            "allows": list(event.allows),
            "requests_today": used.requests,
            "requests_left_today": None if cap is None else max(0, cap - used.requests),
            "day_ends": event.local_time(event.next_day(now)),
            "spent_usd": used.spent / NANO,
            "left_usd": None if budget is None else max(0, budget - used.spent - used.reserved) / NANO,
            "prompts_are_kept": event.keeps_prompts,
        }

    async def _register(self, scope: Scope, receive: Receive, send: Send, address: str) -> None:
        """Someone who knows the code of an event that allows it becomes an attendee."""
        content = await bodies.receive_all(scope, receive)
        asked = parsing.of_json(content[:_MOST_TO_REGISTER])
        code, name = asked.get("event"), asked.get("name")
        if not isinstance(code, str) or not isinstance(name, str) or set(asked) != {"event", "name"}:
            raise refusals.unreadable('send {"event": "…", "name": "…"}')
        event = await self._people.event(code) if tokens.CODE.fullmatch(code) else None
        if event is None or not event.self_registration:
            # counted as a guess, and refused
            await self._people.admit(tokens.Token(code if event else "-", "-"), address)
            raise refusals.unknown_event()
        try:
            if tokens.is_name(name):
                await self._people.welcome(event, name, address)
            token = await self._booked(self._ledger.register, event, name)
        except EventError as error:
            raise APIError(409, str(error), code="attendee_refused") from None
        await send_whole(send, 201, json.dumps({"token": token}).encode(), about(event))


def _models(event: Event, route: Route) -> bytes:
    names = [name for name in event.models if name != "*"]
    if route.named is None:
        return json.dumps({"object": "list", "data": [_model(name) for name in names]}).encode()
    if route.named not in names:
        raise refusals.model_not_allowed(event, route.named, names)
    return json.dumps(_model(route.named)).encode()


def _model(name: str) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": 0, "owned_by": "class"}
