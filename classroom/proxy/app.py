"""The proxy's ASGI application: who is it, may they, what did it use. A request is admitted before its call, settled after it."""

import asyncio
import base64
import contextlib
import hmac
import json
import logging
from collections.abc import AsyncIterator, Callable, Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote

import httpx2
from starlette.types import Message, Receive, Scope, Send

from classroom.proxy import amounts, bodies, pages, refusals, routes, streams, tokens
from classroom.proxy.bodies import Prepared
from classroom.proxy.errors import EventError
from classroom.proxy.events import NANO, Event
from classroom.proxy.ledger import LEASE_SECONDS, Ledger, Reservation, Settlement
from classroom.proxy.people import People
from classroom.proxy.routes import Route
from classroom.proxy.upstream import Upstream
from classroom.standin.costs import Unpriced
from classroom.standin.errors import APIError

_log = logging.getLogger("classroom.proxy")
_PASSED = ("content-type", "x-request-id", "openai-processing-ms", "retry-after", "retry-after-ms")
_TIMEOUT = httpx2.Timeout(180.0, connect=10.0)
_MOST_TO_REGISTER = 4096


class Proxy:
    """One proxy process.

    Args:
        ledger: the books.
        upstream: what is behind it.
        admin: the password of the page and the metrics; None shows neither.
        hub: the API of a JupyterHub, if its users may sign in.
        own_key: whoever asks holds the key themself, and wants a cap, no guard: what OpenAI says of key, models and its own
            troubles is passed on as it is.
    """

    def __init__(
        self,
        ledger: Ledger,
        upstream: Upstream,
        *,
        admin: str | None = None,
        hub: str | None = None,
        own_key: bool = False,
    ) -> None:
        self._own_key = own_key
        self._ledger, self._upstream, self._admin = ledger, upstream, admin
        self._pool: Executor = ThreadPoolExecutor(max_workers=8, thread_name_prefix="ledger")
        self._people = People(ledger, self._pool, hub=hub)
        self._client: httpx2.AsyncClient | None = None
        self._settling: set[asyncio.Task[Any]] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or live as long as the server does."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        if scope["type"] != "http":
            return
        try:
            await self._answer(scope, receive, send)
        except APIError as error:
            await _send(send, error.status, json.dumps(error.body()).encode(), error.headers)
        except Exception as error:  # of the proxy itself, such as a database that is away
            _log.error("the proxy failed: %s: %s", type(error).__name__, error)
            failed = refusals.own_fault()
            await _send(send, failed.status, json.dumps(failed.body()).encode(), failed.headers)

    def change_key(self, key: str) -> None:
        """Ask with another key from now on."""
        self._upstream = replace(self._upstream, key=key)

    # --- living -----------------------------------------------------------------------------------------------

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        limits = httpx2.Limits(max_connections=None, max_keepalive_connections=200)
        async with httpx2.AsyncClient(
            timeout=_TIMEOUT, limits=limits, trust_env=False, follow_redirects=False
        ) as client:
            self._client = client
            keeper = asyncio.create_task(self._keep_books())
            await send({"type": "lifespan.startup.complete"})
            await receive()
            if self._settling:
                await asyncio.wait(self._settling, timeout=20)
            keeper.cancel()
        await send({"type": "lifespan.shutdown.complete"})

    async def _keep_books(self) -> None:
        """Vouch for what goes on here, and close what others left."""
        while True:
            with contextlib.suppress(Exception):  # a database that is away comes back, and is asked again
                await self._booked(self._ledger.renew)
                await self._booked(self._ledger.reclaim)
            await asyncio.sleep(LEASE_SECONDS / 3)

    async def _booked(self, do: Callable[..., Any], *arguments: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._pool, do, *arguments)

    # --- answering --------------------------------------------------------------------------------------------

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        method, path = (
            scope["method"],
            scope.get("raw_path", b"").decode("latin-1").partition("?")[0] or scope["path"],
        )
        if path in ("/healthz", "/", "/admin", "/metrics"):
            await self._serve_page(scope, path, send)
            return
        if path == "/register" and method == "POST":
            await self._register(scope, receive, send)
            return
        address = (scope.get("client") or ("?",))[0]
        token = tokens.read(scope["headers"])
        if path in ("/me", "/v1/me", "/api/v1/me") and method == "GET":
            event, name = await self._people.admit(token, address, started=False)
            await _send(send, 200, json.dumps(await self._standing(event, name)).encode(), _told(event))
            return
        event, name = await self._people.admit(token, address)
        route = routes.find(method, path)
        if route is None:
            raise refusals.no_such_address(method, path)
        if route.reads == "nothing":
            if self._own_key:
                await self._describe_models(event, route.named, send)
            else:
                await _send(send, 200, _models(event, route), _told(event))
            return
        content = await bodies.read(scope, receive)
        try:
            prepared = (
                bodies.of_json(event, route, content)
                if route.reads == "json"
                else await bodies.of_form(event, route, scope, content)
            )
        except Unpriced as error:
            if self._own_key and error.model:
                await self._describe_models(event, error.model, send, refusal=True)
                return
            raise refusals.unpriced(route.named or "that model") from None
        try:
            made = await self._booked(
                self._ledger.reserve, event, name, route.name, prepared.asked, prepared.most
            )
        except APIError as error:
            if self._own_key and error.code == "budget_spent":
                raise refusals.over_own_cap(event, prepared.most) from None
            raise
        await self._relay(_Admitted(event, route, prepared, made, receive, send))

    async def _relay(self, call: "_Admitted") -> None:
        """Ask upstream and pass the answer on; whatever happens, the call is settled once."""
        settlement = Settlement(cost=call.made.amount)  # what is charged if its use is never told
        last: list[Message] = []  # sent when the books are closed: who asks what is left is told the truth
        try:
            async with self._asked(call) as answer:
                kind = answer.headers.get("content-type", "")
                if answer.status_code >= 400:
                    settlement, last = await self._refused(answer, call)
                elif call.prepared.streams and kind.startswith("text/event-stream"):
                    settlement, last = await self._streamed(answer, call)
                else:
                    settlement, last = await self._whole(answer, call)
        except httpx2.ConnectError:
            settlement = Settlement(failed=True)
            raise refusals.upstream_failed("can't be reached") from None
        except (httpx2.HTTPError, _Broken) as error:
            if isinstance(error, _Broken) and error.begun:
                return  # the answer had begun: it ends there, and is charged as far as it may have gone
            settlement = Settlement(failed=True)
            why = "did not answer in time" if isinstance(error, httpx2.TimeoutException) else "broke off"
            raise refusals.upstream_failed(why) from None
        except APIError:
            settlement = Settlement(failed=True)
            raise
        finally:
            if call.event.keeps_prompts:
                settlement = replace(settlement, prompt=call.prepared.prompt)
            # finished even if this request is cancelled meanwhile
            task = asyncio.ensure_future(self._booked(self._ledger.settle, call.made, settlement))
            self._settling.add(task)
            task.add_done_callback(self._settling.discard)
            await asyncio.shield(task)
        for message in last:
            await call.send(message)

    @contextlib.asynccontextmanager
    async def _asked(self, call: "_Admitted") -> AsyncIterator[httpx2.Response]:
        assert self._client is not None
        prepared, url = call.prepared, self._upstream.url(call.route.name)
        headers = self._upstream.headers(call.event)
        if prepared.json is not None:
            headers |= {"content-type": "application/json"}
            request = self._client.build_request("POST", url, content=prepared.json, headers=headers)
        else:
            request = self._client.build_request(
                "POST", url, data=dict(prepared.form), files=list(prepared.files), headers=headers
            )
        answer = await self._client.send(request, stream=True)
        try:
            yield answer
        finally:
            await answer.aclose()

    async def _refused(
        self, answer: httpx2.Response, call: "_Admitted"
    ) -> "tuple[Settlement, list[Message]]":
        """OpenAI's own refusal: the learner's is passed on, what concerns our key or its server is told as ours."""
        content = self._upstream.without_key((await answer.aread())[:1_000_000])
        status = answer.status_code
        if self._own_key and status != 429:
            last = _messages(status, content, {**_passed(answer), **_told(call.event)})
            return Settlement(status=status, failed=status >= 500 or status == 401), last
        if status in (401, 403):
            raise refusals.upstream_failed("refuses this proxy; your instructor can see why")
        if status >= 500:
            raise refusals.upstream_failed(f"failed ({status})")
        last = _messages(status, content, {**_passed(answer), **_told(call.event)})
        # what OpenAI had no room for was not asked; what it refused, was
        return Settlement(status=status, failed=status == 429), last

    async def _whole(self, answer: httpx2.Response, call: "_Admitted") -> "tuple[Settlement, list[Message]]":
        content = await answer.aread()
        usage = amounts.usage_in(content) if "json" in answer.headers.get("content-type", "") else None
        last = _messages(answer.status_code, content, {**_passed(answer), **_told(call.event)})
        return _settled(call, usage, answer.status_code), last

    async def _streamed(
        self, answer: httpx2.Response, call: "_Admitted"
    ) -> "tuple[Settlement, list[Message]]":
        """Part by part. A learner who hangs up is not waited for, but the stream is read to its end: it is paid for."""
        events = streams.Events(hide=call.prepared.hides_usage)
        headers = {**_passed(answer), **_told(call.event), "cache-control": "no-cache"}
        await call.send(_start(answer.status_code, headers))
        gone = asyncio.ensure_future(call.receive())  # the body has come: what comes next is the end
        broken = False
        try:
            async for part in answer.aiter_raw():
                out = events.pass_on(part)
                if out and not gone.done():
                    await call.send({"type": "http.response.body", "body": out, "more_body": True})
        except httpx2.HTTPError:
            broken = True
        finally:
            gone.cancel()
        if broken and events.usage is None:
            # no proper end: the learner's client sees that its answer is not whole
            raise _Broken(begun=True)
        last: list[Message] = [{"type": "http.response.body", "body": events.end(), "more_body": False}]
        return _settled(call, events.usage, answer.status_code), last

    async def _describe_models(
        self, event: Event, model: str | None, send: Send, *, refusal: bool = False
    ) -> None:
        """What OpenAI itself says of its models, or of one; with `refusal`, why a model that has no price is not asked."""
        assert self._client is not None
        # a model's name may come from a request's body: it stays one part of the address
        url = self._upstream.url(f"models/{quote(model, safe='')}" if model else "models")
        try:
            answer = await self._client.get(url, headers=self._upstream.headers(event))
        except httpx2.HTTPError:
            raise refusals.upstream_failed("can't be reached") from None
        if refusal and answer.status_code < 400:
            raise refusals.unpriced(model or "that model")
        content = self._upstream.without_key(answer.content)
        await _send(send, answer.status_code, content, {**_passed(answer), **_told(event)})

    # --- other addresses --------------------------------------------------------------------------------------

    async def _standing(self, event: Event, name: str) -> dict[str, Any]:
        used = await self._booked(self._ledger.standing, event, name)
        now = self._ledger.now()
        cap, budget = event.daily_requests, event.learner_budget
        return {
            "event": event.code,
            "name": name,
            "starts": event.told(event.starts),
            "ends": event.told(event.ends),
            "on": event.starts <= now < event.ends,
            "models": [model for model in event.models if model != "*"],
            "max_tokens": event.max_tokens,
            "requests_today": used.requests,
            "requests_left_today": None if cap is None else max(0, cap - used.requests),
            "day_ends": event.told(event.next_day(now)),
            "spent_usd": used.spent / NANO,
            "left_usd": None if budget is None else max(0, budget - used.spent - used.reserved) / NANO,
            "prompts_are_kept": event.keeps_prompts,
        }

    async def _register(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Someone who knows the code of an event that allows it becomes an attendee."""
        content = await bodies.read(scope, receive)
        try:
            asked = json.loads(content[:_MOST_TO_REGISTER])
            code, name = str(asked["event"]), str(asked["name"])
        except (ValueError, TypeError, KeyError):
            raise refusals.unreadable('send {"event": "…", "name": "…"}') from None
        address = (scope.get("client") or ("?",))[0]
        event = await self._people.event(code)
        if event is None or not event.self_registration:
            await self._people.admit(tokens.Token(code, "-"), address)  # counted as a guess, and refused
            raise refusals.unknown_event()
        try:
            told = await self._booked(self._ledger.attend, code, [name])
        except EventError as error:
            raise APIError(409, str(error), code="attendee_refused") from None
        await _send(send, 201, json.dumps({"token": told[name]}).encode(), _told(event))

    async def _serve_page(self, scope: Scope, path: str, send: Send) -> None:
        if path == "/healthz":
            await _send(send, 200, b"ok\n", {"content-type": "text/plain"})
            return
        if path == "/":
            await _send(send, 200, pages.welcome(), {"content-type": "text/html; charset=utf-8"})
            return
        if self._admin is None or not _is_admin(scope, self._admin):
            ask = {"www-authenticate": 'Basic realm="class proxy"', "content-type": "text/plain"}
            await _send(send, 401, b"The instructor's password, please.\n", ask)
            return
        if path == "/metrics":
            content, kind = await self._booked(pages.metrics, self._ledger)
        else:
            content, kind = await self._booked(pages.overview, self._ledger), "text/html; charset=utf-8"
        await _send(send, 200, content, {"content-type": kind, "cache-control": "no-store"})


class _Broken(Exception):
    """The upstream broke off."""

    def __init__(self, *, begun: bool) -> None:
        self.begun = begun


@dataclass(frozen=True)
class _Admitted:
    """A call that was let in, and the two ends of its connection."""

    event: Event
    route: Route
    prepared: Prepared
    made: Reservation
    receive: Receive
    send: Send


def _settled(call: _Admitted, usage: Any, status: int) -> Settlement:
    """By what the answer says; what says nothing is charged as reckoned before."""
    used = amounts.units(call.route.name, usage)
    if used is None:
        return Settlement(cost=call.made.amount, status=status)
    try:
        cost = amounts.charged(call.route.name, call.prepared.model, used)
    except Unpriced:
        cost = call.made.amount
    return Settlement(
        cost=cost,
        input_tokens=int(used.get("input_tokens", 0)),
        output_tokens=int(used.get("output_tokens", 0)),
        status=status,
    )


def _models(event: Event, route: Route) -> bytes:
    names = [name for name in event.models if name != "*"]
    if route.named is None:
        return json.dumps({"object": "list", "data": [_model(name) for name in names]}).encode()
    if route.named not in names:
        raise refusals.model_not_allowed(event, route.named, names)
    return json.dumps(_model(route.named)).encode()


def _model(name: str) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": 0, "owned_by": "class"}


def _told(event: Event) -> dict[str, str]:
    """What learners are told with every answer."""
    return {"x-prompts-kept": "yes" if event.keeps_prompts else "no"}


def _passed(answer: httpx2.Response) -> dict[str, str]:
    headers = {name: answer.headers[name] for name in _PASSED if name in answer.headers}
    return headers | {
        name: value for name, value in answer.headers.items() if name.startswith("x-ratelimit-")
    }


def _is_admin(scope: Scope, password: str) -> bool:
    value = dict(scope["headers"]).get(b"authorization", b"").decode("latin-1")
    scheme, _, encoded = value.partition(" ")
    try:
        _, _, given = base64.b64decode(encoded).decode().partition(":")
    except (ValueError, UnicodeDecodeError):
        return False
    return scheme.lower() == "basic" and hmac.compare_digest(given.encode(), password.encode())


def _start(status: int, headers: Mapping[str, str]) -> Message:
    pairs = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    return {"type": "http.response.start", "status": status, "headers": pairs}


def _messages(status: int, content: bytes, headers: Mapping[str, str]) -> list[Message]:
    """A whole answer."""
    whole = {"content-type": "application/json", **headers, "content-length": str(len(content))}
    return [_start(status, whole), {"type": "http.response.body", "body": content}]


async def _send(send: Send, status: int, content: bytes, headers: Mapping[str, str]) -> None:
    for message in _messages(status, content, headers):
        await send(message)
