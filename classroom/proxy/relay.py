"""Sends an admitted call upstream, passes the answer on, and settles the actual cost once."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote

from starlette.types import Message, Receive, Send

from classroom.proxy import sending
from classroom.proxy.books.ledger import Ledger, Reservation, Settlement
from classroom.proxy.calling import streams
from classroom.proxy.calling.asking import Answer, BrokenOffError, Connections, NotReachedError
from classroom.proxy.calling.upstream import Upstream
from classroom.proxy.calling.upstreams import LATE, Upstreams, is_worth_another
from classroom.proxy.prices import keeping, pricing, usage
from classroom.proxy.requests.bodies import Prepared
from classroom.proxy.requests.sounds import Listener
from classroom.proxy.rules import refusals
from classroom.proxy.rules.events import Event
from classroom.proxy.rules.routes import Route
from classroom.standin.incoming.errors import APIError
from classroom.standin.models.costs import Unpriced

_LONGEST_REFUSAL = 1_000_000

Booked = Callable[..., Awaitable[Any]]


@dataclass(frozen=True)
class Admitted:
    """A call that was let in, and the two ends of its connection."""

    event: Event
    name: str
    route: Route
    prepared: Prepared
    made: Reservation
    receive: Receive
    send: Send
    place: str = ""  # the name of the upstream that answers


class _Broken(Exception):
    """The upstream broke off after its answer had begun, and what it had sent is charged."""

    def __init__(self, settlement: Settlement) -> None:
        super().__init__()
        self.settlement = settlement


class _BrokenSpeech(_Broken):
    """The same of speech, of which the learner has got nothing."""


class Relay:
    """Asks the upstream.

    Args:
        ledger: the books.
        booked: runs what asks the database, beside the requests.
        upstreams: what is behind.
        listener: measures speech.
        own_key: the caller holds the key: what OpenAI says is passed on as it is.
    """

    def __init__(
        self, ledger: Ledger, booked: Booked, upstreams: Upstreams, listener: Listener, *, own_key: bool
    ) -> None:
        self._ledger, self._booked, self._upstreams = ledger, booked, upstreams
        self._listener, self._own_key = listener, own_key
        self._connections = Connections()
        self._settling: set[asyncio.Task[Any]] = set()

    @contextlib.asynccontextmanager
    async def living(self) -> AsyncIterator[None]:
        """With connections to the upstream; calls that are being settled at the end are waited for."""
        async with self._connections:
            yield
            if self._settling:
                await asyncio.wait(self._settling, timeout=20)

    async def relay(self, call: Admitted) -> None:
        """Ask upstream and pass the answer on; whatever happens, the call is settled once.

        Raises:
            APIError: 503, the upstream could not be reached, or failed.
        """
        settlement = Settlement(cost=call.made.amount)  # what is charged if no answer reports its usage
        last: list[Message] = []  # sent once the books are closed: what is left is true then
        try:
            async with self._answered(call) as (upstream, answer):
                call = replace(call, place=upstream.name)
                kind = answer.headers.get("content-type", "")
                if answer.status >= 400:
                    settlement, last = await self._refused(answer, call)
                elif call.prepared.streams and kind.startswith("text/event-stream"):
                    settlement, last = await self._streamed(answer, call)
                else:
                    settlement, last = await self._whole(answer, call)
        except NotReachedError:
            settlement = Settlement(failed=True)
            raise refusals.upstream_failed("can't be reached") from None
        except _BrokenSpeech as broken:
            settlement = broken.settlement
            raise refusals.upstream_failed("broke off", charged=True) from None
        except _Broken as broken:
            # no proper end: the learner's client sees that its answer is not whole
            settlement = broken.settlement
            return
        except BrokenOffError as error:
            # it has the request, and may ask money for what it makes of it
            raise refusals.upstream_failed(str(error), charged=True) from None
        except APIError:
            settlement = Settlement(failed=True)
            raise
        finally:
            if call.event.keeps_prompts:
                settlement = replace(settlement, prompt=call.prepared.prompt)
            # finished even if this request is cancelled meanwhile
            task = asyncio.ensure_future(self._close(call, settlement))
            self._settling.add(task)
            task.add_done_callback(self._settling.discard)
            await asyncio.shield(task)
        for message in last:
            await call.send(message)

    @contextlib.asynccontextmanager
    async def _answered(self, call: Admitted) -> AsyncIterator[tuple[Upstream, Answer]]:
        """The answer of the next upstream in turn, or of another if that one gave nothing and may ask no money.

        Nothing of an answer has been passed on before it is chosen, and the call is settled once, by that answer.
        """
        prepared = call.prepared
        left = self._upstreams.in_turn(
            prepared.model, prepared.place if self._upstreams.are_several else None
        )
        if not left:
            raise refusals.upstream_failed("does not offer that model")
        while True:
            upstream = left.pop(0)
            async with contextlib.AsyncExitStack() as asked:
                try:
                    answer = await asked.enter_async_context(self._asked(upstream, call))
                except NotReachedError:
                    self._upstreams.failed(upstream)
                    if not left:
                        raise
                    continue
                if answer.status >= 400 and is_worth_another(answer.status):
                    if answer.status != 404:
                        self._upstreams.failed(upstream)
                    if left:
                        continue
                yield upstream, answer
                return

    def _asked(self, upstream: Upstream, call: Admitted) -> AbstractAsyncContextManager[Answer]:
        prepared = call.prepared.for_model(upstream.model(call.prepared.model))
        url, headers = upstream.url(call.route.name), upstream.headers(call.event)
        return self._connections.post(url, prepared, headers)

    async def _refused(self, answer: Answer, call: Admitted) -> tuple[Settlement, list[Message]]:
        """OpenAI's own refusal: the learner's is passed on, what concerns our key or its server is reported as ours."""
        status = answer.status
        try:
            content = self._upstreams.without_key((await answer.read())[:_LONGEST_REFUSAL])
        except BrokenOffError:
            raise refusals.upstream_failed(f"failed ({status})") from None
        if status in LATE:
            late = refusals.upstream_failed(f"did not answer in time ({status})", charged=True)
            last = sending.messages(late.status, json.dumps(late.body()).encode(), late.headers)
            return Settlement(cost=call.made.amount, status=status), last
        if self._own_key and status != 429:
            last = sending.messages(status, content, _headers(answer, call.event))
            return Settlement(status=status, failed=status >= 500 or status == 401), last
        if status in (401, 403):
            raise refusals.upstream_failed("refuses this proxy; your instructor can see why")
        if status >= 500:
            raise refusals.upstream_failed(f"failed ({status})")
        last = sending.messages(status, content, _headers(answer, call.event))
        # what OpenAI had no room for was not asked; what it refused, was
        return Settlement(status=status, failed=status == 429), last

    async def _whole(self, answer: Answer, call: Admitted) -> tuple[Settlement, list[Message]]:
        content = await self._read(answer, call)
        is_json = "json" in answer.headers.get("content-type", "")
        body = usage.in_answer(content) if is_json else {}
        last = sending.messages(answer.status, content, _headers(answer, call.event))
        total = usage.total(body.get("usage"))
        await self._keep(call, usage.identifiers_in(body, total, is_kept=_is_kept(call)))
        if call.route.name == "audio/speech":
            return await self._spoken(call, content, answer.status), last
        return _settled(call, body, body.get("usage"), answer.status), last

    async def _read(self, answer: Answer, call: Admitted) -> bytes:
        """The whole answer. Speech that breaks off is charged as far as it came.

        Raises:
            _BrokenSpeech: it broke off.
        """
        if call.route.name != "audio/speech":
            return await answer.read()
        content = bytearray()
        try:
            async for part in answer.parts():
                content += part
        except BrokenOffError as error:
            if error.late:
                raise  # it may be at work still
            raise _BrokenSpeech(
                await self._spoken(call, bytes(content), answer.status, broke_off=True)
            ) from None
        return bytes(content)

    async def _spoken(
        self, call: Admitted, content: bytes, status: int, *, broke_off: bool = False
    ) -> Settlement:
        """Speech tells no usage: it is charged by its letters, or by how long it is."""
        prepared = call.prepared
        seconds = None
        if not content and broke_off:
            seconds = 0.0
        elif not pricing.is_charged_by_letters(prepared.model):
            kind = str(prepared.body.get("response_format", "mp3"))
            seconds = await self._listener.seconds_of_answer(content, kind)
        cost = pricing.spoken(prepared.model, prepared.body, seconds)
        return Settlement(cost=call.made.amount if cost is None else cost, status=status)

    async def _streamed(self, answer: Answer, call: Admitted) -> tuple[Settlement, list[Message]]:
        """Part by part. A learner who hangs up is not waited for, but the stream is read to its end: it is paid for."""
        speaks = call.route.name == "audio/speech"
        events = streams.Events(hide=call.prepared.hides_usage, speaks=speaks, is_kept=_is_kept(call))
        headers = {**_headers(answer, call.event), "cache-control": "no-cache"}
        await call.send(sending.start(answer.status, headers))
        gone = asyncio.ensure_future(call.receive())  # the body has come: what comes next is the end
        broken: BrokenOffError | None = None
        try:
            async for part in answer.parts():
                out = events.pass_on(part)
                await self._keep(call, events.stored())  # before the learner can name it
                if out and not gone.done():
                    await call.send({"type": "http.response.body", "body": out, "more_body": True})
        except BrokenOffError as error:
            broken = error
        finally:
            gone.cancel()
        if broken is not None and events.usage is None:
            raise _Broken(await self._broken_off(call, events, answer.status, broken))
        end = events.end()
        await self._keep(call, events.stored())
        last: list[Message] = [{"type": "http.response.body", "body": end, "more_body": False}]
        if speaks and events.usage is None and events.speech:
            return await self._spoken(call, bytes(events.speech), answer.status), last
        return _settled(call, events.answer, events.usage, answer.status), last

    async def _broken_off(
        self, call: Admitted, events: streams.Events, status: int, error: BrokenOffError
    ) -> Settlement:
        """What came of a stream is charged. An upstream that only fell silent may be at work: the most is charged then."""
        prepared, most = call.prepared, call.made.amount
        if error.late:
            return Settlement(cost=most, status=status)
        if call.route.name == "audio/speech":
            return await self._spoken(call, bytes(events.speech), status, broke_off=True)
        if prepared.given is None:
            return Settlement(cost=most, status=status)
        try:
            cost = pricing.broken_off(
                prepared.model, prepared.body, prepared.given, events.letters, events.sound
            )
        except Unpriced:
            cost = most
        return Settlement(cost=min(cost, most), output_tokens=events.letters, status=status)

    async def _keep(self, call: Admitted, made: dict[str, int]) -> None:
        """Note whose it is, and the most that it adds to a prompt which names it."""
        if made:
            counts = {id: tokens or call.prepared.tokens for id, tokens in made.items()}
            await self._booked(self._ledger.belongings.keep, call.event.code, call.name, counts, call.place)

    async def _close(self, call: Admitted, settlement: Settlement) -> None:
        """Settle it, and count what a conversation really grew by, where that is known."""
        await self._booked(self._ledger.settle, call.made, settlement)
        growth = call.prepared.growth
        if growth is None:
            return
        if settlement.failed or (settlement.status or 0) >= 400:
            more = growth.given + growth.made
        elif settlement.input_tokens:
            more = max(0, growth.made - settlement.output_tokens)
        else:
            return
        with contextlib.suppress(Exception):  # it stays counted as longer than it is
            await self._booked(
                self._ledger.belongings.grow, growth.id, *self._whose(call.event, call.name), -more
            )

    def _whose(self, event: Event, name: str) -> tuple[str | None, str | None]:
        return (None, None) if self._own_key else (event.code, name)

    async def describe_models(
        self, event: Event, model: str | None, send: Send, *, refusal: bool = False
    ) -> None:
        """What OpenAI itself says of its models, or of one; with `refusal`, why a model that has no price is not asked."""
        # a model's name may come from a request's body: it stays one part of the address
        upstream = self._upstreams.first
        url = upstream.url(f"models/{quote(model, safe='')}" if model else "models")
        try:
            async with self._connections.get(url, upstream.headers(event)) as answer:
                content = upstream.without_key(await answer.read())
        except (NotReachedError, BrokenOffError):
            raise refusals.upstream_failed("can't be reached") from None
        if refusal and answer.status < 400:
            raise refusals.unpriced(model or "that model")
        await sending.send_whole(send, answer.status, content, _headers(answer, event))


def _is_kept(call: Admitted) -> bool:
    return call.route.name == "chat/completions" and call.prepared.body.get("store") is True


def _headers(answer: Answer, event: Event) -> dict[str, str]:
    """Those that are passed on, and our own."""
    return {**sending.select_headers(answer.headers), **sending.about(event)}


def _settled(call: Admitted, answer: Mapping[str, Any], reported: Any, status: int) -> Settlement:
    """By what the answer says; what says nothing is charged as reckoned before."""
    used = usage.units(call.route.name, reported, searches=usage.searches_in(answer))
    if used is None:
        return Settlement(cost=call.made.amount, status=status)
    try:
        cost = usage.charge(call.route.name, call.prepared.model, used)
    except Unpriced:
        cost = call.made.amount
    else:
        cost = pricing.tier(cost, call.prepared.body.get("service_tier")) + call.prepared.beside
        cost += keeping.SEARCH * usage.searches_in(answer, "file_search_call")
    return Settlement(
        cost=cost,
        input_tokens=int(used.get("input_tokens", 0)),
        output_tokens=int(used.get("output_tokens", 0)),
        status=status,
    )
