"""Files, responses, chat completions, conversations and vector stores that the upstream keeps: only the attendee who made one can see, use or delete it.

All attendees share one key upstream, so an identifier alone proves nothing: each, in an address, a query or a body, is looked up
in the books before the upstream is asked. What is another's, and what is nobody's, gets the same answer.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from starlette.types import Scope, Send

from classroom.proxy import sending
from classroom.proxy.books.batch_books import RequestFile
from classroom.proxy.books.ledger import Ledger, Settlement
from classroom.proxy.calling.fetching import Fetched, NoAnswerError, Sent, fetch
from classroom.proxy.calling.upstream import Upstream
from classroom.proxy.calling.upstreams import LATE, Upstreams
from classroom.proxy.fields.kept import BODIES, MOST_DAYS
from classroom.proxy.fields.kinds import Choice, Kind, check_type
from classroom.proxy.fields.media import File
from classroom.proxy.fields.shapes import Shape
from classroom.proxy.fields.tally import Tally
from classroom.proxy.prices import keeping, pricing, usage
from classroom.proxy.requests import parsing
from classroom.proxy.requests.bodies import Reader, choose_model
from classroom.proxy.requests.places import COUNTING, Place
from classroom.proxy.rules import refusals
from classroom.proxy.rules.events import Event
from classroom.proxy.rules.routes import Route
from classroom.proxy.storing import batch_lines
from classroom.proxy.storing.listing import LISTED, PREFIXES, Booked, Lists, Whose

_MOST = {"files": 20, "vector_stores": 10, "conversations": 100}  # of one attendee
_HOLD_ITEMS = (
    "conversations/{conversation}/items",
    "conversations/{conversation}/items/{item}",
    "responses/{response}/input_items",
)
_LARGEST = 8 * 1024 * 1024  # bytes of a file


@dataclass(frozen=True)
class _Kept:
    """A file as it is sent: of any kind, up to a size."""

    takes = (File,)

    def read(self, value: Any, at: str, tally: Tally) -> File:
        """Nothing is counted: keeping a file costs nothing."""
        check_type(value, self, at, "a file")
        if len(value.content) > _LARGEST:
            raise refusals.wrong_value(at, f"it has more than {_LARGEST} bytes", "file_too_large")
        found: File = value
        return found


# fine-tuning is not offered, so its files would wait for nothing
_FILE: Kind = Shape(
    {"file": _Kept(), "purpose": Choice(("assistants", "user_data", "vision", "batch"))}, ("file", "purpose")
)


@dataclass(frozen=True)
class _Asked:
    """What a request asks, as it was read.

    Attributes:
        body: of a POST.
        tally: what was counted in it.
        found: each identifier that it names → tokens, or kilobytes of files and vector stores.
        most: what it costs, in billionths of a dollar.
        adds: what it adds to the thing that its address names: tokens of a conversation, kilobytes of a vector store.
    """

    body: Mapping[str, Any] | None = None
    tally: Tally = field(default_factory=Tally)
    found: Mapping[str, int] = field(default_factory=dict)
    most: int = 0
    adds: int = 0


class Stored:
    """Serves what is stored. Each request counts as one; what uses a vector store is charged for keeping it.

    Args:
        ledger: the books, which know whose it is.
        booked: runs what asks the database, beside the requests.
        upstreams: what is behind; each thing is asked for where it is.
        reader: reads the requests in files for batches.
        own_key: the caller holds the key: all attendees are one person.
    """

    def __init__(
        self, ledger: Ledger, booked: Booked, upstreams: Upstreams, reader: Reader, *, own_key: bool
    ) -> None:
        self._ledger, self._booked, self._upstreams = ledger, booked, upstreams
        self._reader, self._own_key = reader, own_key
        self._lists = Lists(ledger, booked, upstreams)

    async def serve(
        self, event: Event, name: str, place: Place, scope: Scope, content: bytes, send: Send
    ) -> None:
        """Answer one request.

        Raises:
            APIError: 404 for what is not this attendee's, 400 for a body that names such a thing, 429 over a cap, 503 if the
                upstream fails.
        """
        whose: Whose = (None, None) if self._own_key else (event.code, name)
        asked = await self._read(place, scope, content, whose)
        lists = place.method == "GET" and place.pattern in LISTED
        if place.method == "POST" and place.pattern in _MOST:
            await self._want_room(place, whose)
        upstream = self._upstreams.first
        if not lists:
            upstream = await self._lists.upstream_of(place, asked.found, asked.tally.identifiers, whose)
        if place.pattern == COUNTING and asked.body is not None:
            _, model = choose_model(event, Route("responses", "json"), asked.body.get("model"))
            if not asked.found:
                upstream = next(iter(self._upstreams.in_turn(model)), upstream)
            asked = replace(asked, body={**asked.body, "model": upstream.model(model)})
        requests: RequestFile | None = None
        if asked.body is not None and asked.body.get("purpose") == "batch":
            requests, asked = await self._requests(event, name, upstream, asked)
        made = await self._booked(self._ledger.reserve, event, name, place.kind, "-", asked.most)
        settlement = Settlement(failed=True)
        try:
            if asked.adds and place.last is not None:
                # before it is there: another request may read it meanwhile
                await self._booked(self._ledger.belongings.grow, place.last, *whose, asked.adds)
            if lists:
                answer = await self._lists.answer(event, place, whose)
            else:
                answer = await fetch(upstream, event, place.method, place.path, _sent(place, asked.body))
                if answer.status < 300:
                    await self._note(upstream, event, name, place, asked, answer)
                    if requests is not None:
                        id = str(usage.in_answer(answer.content).get("id"))
                        await self._booked(self._ledger.batches.keep_file, id, event.code, name, requests)
            settlement = settle(answer.status, asked.most)
        except NoAnswerError as error:
            if error.was_sent and asked.most:
                settlement = Settlement(cost=asked.most)
            raise refusals.upstream_failed(str(error), charged=not settlement.failed) from None
        finally:
            await asyncio.shield(asyncio.ensure_future(self._booked(self._ledger.settle, made, settlement)))
        want_answer(place, answer.status, charged=settlement.cost > 0)
        content = (
            self._upstreams.without_key(answer.content)[:1_000_000]
            if answer.status >= 400
            else answer.content
        )
        await sending.send_whole(
            send, answer.status, content, {"content-type": answer.kind, **sending.about(event)}
        )

    # --- whose it is ------------------------------------------------------------------------------------------

    async def _read(self, place: Place, scope: Scope, content: bytes, whose: Whose) -> _Asked:
        """The request, every identifier of which is this attendee's.

        Raises:
            APIError: 404, the address names something else; 400, the query or the body does.
        """
        tokens_of = self._ledger.belongings.tokens_of
        cursors = {
            name: value for name in ("after", "before") if (value := getattr(place.page, name)) is not None
        }
        if place.pattern in LISTED or place.names(cursors.values()):
            cursors = {}  # looked for in the attendee's own list, or a part of what the address names
        wanted = {*place.ids.values(), *cursors.values()}
        found: dict[str, int] = await self._booked(tokens_of, wanted, *whose)
        for id in place.ids.values():
            if id not in found:
                raise refusals.nothing_stored(place.object, id)
        for name, id in cursors.items():
            if id not in found:
                raise refusals.unknown_cursor(name, id)
        body, tally = None, Tally()
        if place.method == "POST" and place.pattern == "files":
            kind = dict(scope["headers"]).get(b"content-type", b"").decode("latin-1")
            body = _FILE.read(parsing.of_form(content, kind, _FILE), "", tally)
        elif place.method == "POST" and place.pattern in BODIES:
            body = BODIES[place.pattern].read(parsing.of_json(content or b"{}"), "", tally)
        named = {id for id, _ in tally.identifiers.values()}
        found |= await self._booked(tokens_of, named, *whose)
        for at, (id, _) in tally.identifiers.items():
            if id not in found:
                raise refusals.unknown_response(at, id)
        return _priced(place, body, tally, found)

    async def _requests(
        self, event: Event, name: str, upstream: Upstream, asked: _Asked
    ) -> tuple[RequestFile, _Asked]:
        """A file for a batch, read line by line and written again."""
        body = dict(asked.body or {})
        content = body["file"].content
        lines = await self._reader.beside(
            content, batch_lines.read, event, name, self._reader, upstream, content
        )
        if len(lines.content) > 2 * _LARGEST:
            raise refusals.wrong_value("file", "it is too large when it is written out", "file_too_large")
        title = body["file"].name.removesuffix(".jsonl") + ".jsonl"
        body["file"] = File(title, lines.content)
        read = RequestFile(batch_lines.terms_of(event), lines.endpoint, lines.asked, lines.model, lines.most)
        return read, replace(asked, body=body)

    async def _want_room(self, place: Place, whose: Whose) -> None:
        """Raises 400 where the attendee keeps as many as one may."""
        kept = await self._booked(self._ledger.belongings.ids_of, PREFIXES[place.kind], *whose)
        if len(kept) >= _MOST[place.kind]:
            raise refusals.too_many_kept(place.kind.replace("_", " "), _MOST[place.kind])

    async def _note(
        self, upstream: Upstream, event: Event, name: str, place: Place, asked: _Asked, answer: Fetched
    ) -> None:
        """Note whose the new things are, and forget what was deleted."""
        if place.is_deleted_whole and place.last is not None:
            whose: Whose = (None, None) if self._own_key else (event.code, name)
            await self._booked(self._ledger.belongings.drop, place.last, *whose)
            return
        made = _made(place, asked, usage.in_answer(answer.content))
        if made:
            await self._booked(self._ledger.belongings.keep, event.code, name, made, upstream.name)


def _priced(place: Place, body: Any, tally: Tally, found: Mapping[str, int]) -> _Asked:
    """What a request costs: keeping the vector store that it uses as long as that lasts from now on, and its searches."""
    adds = most = 0
    if place.kind == "conversations":
        again = sum(found[id] for id, read_again in tally.identifiers.values() if read_again)
        adds = pricing.length_of(tally) + again if "items" in (body or {}) else 0
    elif place.kind == "vector_stores" and place.method == "POST":
        adds = sum(keeping.stored(found[id]) for id in tally.kept)
        most = keeping.cost(found.get(place.ids.get("store", ""), 0) + adds)
        if place.pattern.endswith("/search"):
            queries = body["query"]
            most += keeping.SEARCH * (len(queries) if isinstance(queries, list) else 1)
    return _Asked(body, tally, found, most, adds)


def _sent(place: Place, body: Any) -> Sent:
    """What goes upstream of a request."""
    if place.pattern == "files" and body is not None:
        return Sent(file=body["file"], fields={"purpose": body["purpose"]})
    if place.pattern == "vector_stores" and body is not None:
        usual = {"anchor": "last_active_at", "days": MOST_DAYS}
        body = {"expires_after": usual, **body}
    return Sent(json=body, query=place.query)


def _made(place: Place, asked: _Asked, described: Mapping[str, Any]) -> dict[str, int]:
    """What an answer says that there is from now on → tokens, or kilobytes."""
    listed = described.get("data") if described.get("object") == "list" else [described]
    ids = [each.get("id") for each in listed or [] if isinstance(each, Mapping)]
    named = [id for id in ids if isinstance(id, str) and 0 < len(id) <= 128]
    if place.pattern in _HOLD_ITEMS:
        whole = asked.found.get(next(iter(place.ids.values())), 0) + asked.adds
        return {id: whole for id in named if id not in place.ids.values()}
    if place.method != "POST":
        return {}
    if place.pattern == "files" and asked.body is not None:
        return dict.fromkeys(named, keeping.kilobytes(asked.body["file"].content))
    if place.pattern in ("conversations", "vector_stores"):
        return dict.fromkeys(named, asked.adds)
    return dict.fromkeys(named, 0) if place.pattern.endswith("/file_batches") else {}


def settle(status: int, most: int) -> Settlement:
    """How a request ended that costs `most`, or nothing: by the status of its answer."""
    if status in LATE:
        return Settlement(cost=most, status=status, failed=not most)
    if status in (401, 403, 429) or status >= 500:
        return Settlement(status=status, failed=True)
    return Settlement(cost=most if status < 400 else 0, status=status)


def want_answer(place: Place, status: int, *, charged: bool) -> None:
    """Raises the attendee's error for an upstream's own trouble, and for what is no longer there."""
    if status in (401, 403) or status >= 500:
        raise refusals.upstream_failed(f"failed ({status})", charged=charged)
    if status == 404 and place.last is not None:
        raise refusals.nothing_stored(place.object, place.last)
