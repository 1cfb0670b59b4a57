"""Files and responses that the upstream stores: only the attendee who created one can see, list or delete it.

All attendees share one key upstream, so an identifier alone proves nothing: each is looked up in the books before the upstream
is asked. What is another's, and what is nobody's, gets the same answer.
"""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import httpx2
from starlette.types import Scope, Send

from classroom.proxy import parsing, refusals, sending
from classroom.proxy.events import Event
from classroom.proxy.fields.media import File
from classroom.proxy.kinds import Choice, Kind, check_type
from classroom.proxy.ledger import Ledger, Settlement
from classroom.proxy.shapes import Shape
from classroom.proxy.tally import Tally
from classroom.proxy.upstream import Upstream
from classroom.proxy.upstreams import Upstreams

_ADDRESS = re.compile(
    r"(?:/api)?(?:/v1)?(?:/openai)?(?:/v1)?/(?P<kind>files|responses)"
    r"(?:/(?P<id>[A-Za-z0-9][A-Za-z0-9_-]{0,127})(?P<rest>/content|/input_items)?)?/?"
)
_SERVED = {
    ("GET", "files", False, None),
    ("POST", "files", False, None),
    ("GET", "files", True, None),
    ("DELETE", "files", True, None),
    ("GET", "files", True, "/content"),
    ("GET", "responses", True, None),
    ("DELETE", "responses", True, None),
    ("GET", "responses", True, "/input_items"),
}
_MOST_FILES = 20  # of one attendee
_LARGEST = 8 * 1024 * 1024  # bytes of a file
_LONGEST_ANSWER = 32 * 1024 * 1024
_NAME = re.compile(r"[^A-Za-z0-9._-]+")
_OBJECTS = {"files": "file", "responses": "response"}
Booked = Callable[..., Awaitable[Any]]
_Whose = tuple[str | None, str | None]  # event and attendee


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


# batches and fine-tuning are not offered, so their files would wait for nothing
_FILE: Kind = Shape(
    {"file": _Kept(), "purpose": Choice(("assistants", "user_data", "vision"))}, ("file", "purpose")
)


@dataclass(frozen=True)
class Place:
    """What of a learner's a request is for: all files, or one thing, or a part of it."""

    method: str
    kind: str
    id: str | None = None
    rest: str = ""


def find(method: str, path: str) -> Place | None:
    """The stored thing that an address names; None if it is none of these."""
    match = _ADDRESS.fullmatch(path)
    if match is None or "/v1/v1" in path:
        return None
    if (method, match["kind"], match["id"] is not None, match["rest"]) not in _SERVED:
        return None
    return Place(method, match["kind"], match["id"], match["rest"] or "")


class Stored:
    """Serves what is stored. Each request counts as one, and costs nothing.

    Args:
        ledger: the books, which know whose it is.
        booked: runs what asks the database, beside the requests.
        upstreams: what is behind; each thing is asked for where it is.
        own_key: the caller holds the key: all attendees are one person.
    """

    def __init__(self, ledger: Ledger, booked: Booked, upstreams: Upstreams, *, own_key: bool) -> None:
        self._ledger, self._booked, self._upstreams = ledger, booked, upstreams
        self._own_key = own_key

    async def serve(
        self, event: Event, name: str, place: Place, scope: Scope, content: bytes, send: Send
    ) -> None:
        """Answer one request.

        Raises:
            APIError: 404 for what is not this attendee's, 429 over a cap, 503 if the upstream fails.
        """
        whose: _Whose = (None, None) if self._own_key else (event.code, name)
        ids: list[str] = []
        if place.id is not None:
            if not await self._booked(self._ledger.belongings.tokens_of, [place.id], *whose):
                raise refusals.nothing_stored(_OBJECTS[place.kind], place.id)
        else:
            ids = await self._booked(self._ledger.belongings.ids_of, "file-", *whose)
        file = self._read(scope, content) if place.method == "POST" else None
        if file is not None and len(ids) >= _MOST_FILES:
            raise refusals.too_many_files(_MOST_FILES)
        made = await self._booked(self._ledger.reserve, event, name, place.kind, "-", 0)
        settlement = Settlement(failed=True)
        try:
            if place.id is None and file is None:
                status, told, kind = 200, await self._listed(event, ids, whose), "application/json"
            else:
                upstream = await self._upstream_of(place, whose)
                status, told, kind = await self._asked(upstream, event, place, file)
                if file is not None and status == 200:
                    await self._keep(upstream, event, name, told)
            if place.method == "DELETE" and status == 200 and place.id is not None:
                await self._booked(self._ledger.belongings.drop, place.id, *whose)
            settlement = Settlement(status=status)
        finally:
            await asyncio.shield(asyncio.ensure_future(self._booked(self._ledger.settle, made, settlement)))
        await sending.send_whole(send, status, told, {"content-type": kind, **sending.about(event)})

    def _read(self, scope: Scope, content: bytes) -> dict[str, Any]:
        kind = dict(scope["headers"]).get(b"content-type", b"").decode("latin-1")
        read: dict[str, Any] = _FILE.read(parsing.of_form(content, kind, _FILE), "", Tally())
        return read

    async def _upstream_of(self, place: Place, whose: _Whose) -> Upstream:
        """Where a thing is; for a new one, the first upstream.

        Raises:
            APIError: 404, that upstream is no longer behind this proxy.
        """
        if place.id is None or not self._upstreams.are_several:
            return self._upstreams.first
        names = await self._booked(self._ledger.belongings.places_of, [place.id], *whose)
        found = self._upstreams.named(next(iter(names), ""))
        if found is None:
            raise refusals.nothing_stored(_OBJECTS[place.kind], place.id)
        return found

    async def _keep(self, upstream: Upstream, event: Event, name: str, told: bytes) -> None:
        id = json.loads(told).get("id")
        if isinstance(id, str):
            await self._booked(self._ledger.belongings.keep, event.code, name, {id: 0}, upstream.name)

    async def _listed(self, event: Event, ids: list[str], whose: _Whose) -> bytes:
        """The attendee's own files. The upstream's list has everybody's, and is not asked for."""
        found = []
        for id in ids[:_MOST_FILES]:
            place = Place("GET", "files", id)
            status, told, _ = await self._asked(await self._upstream_of(place, whose), event, place, None)
            if status == 200:
                found.append(json.loads(told))
        ends = {"first_id": found[0]["id"] if found else None, "last_id": found[-1]["id"] if found else None}
        return json.dumps({"object": "list", "data": found, "has_more": False, **ends}).encode()

    async def _asked(
        self, upstream: Upstream, event: Event, place: Place, file: dict[str, Any] | None
    ) -> tuple[int, bytes, str]:
        """The upstream's status, body and type. Nothing of the learner's is in the address but an identifier of theirs."""
        url = upstream.url(place.kind + (f"/{place.id}{place.rest}" if place.id else ""))
        options: dict[str, Any] = {}
        if file is not None:
            named = _NAME.sub("-", file["file"].name)[-100:].lstrip(".-") or "file.bin"
            options = {
                "data": {"purpose": file["purpose"]},
                "files": {"file": (named, file["file"].content, "application/octet-stream")},
            }
        try:
            async with (
                httpx2.AsyncClient(timeout=60, trust_env=False) as client,
                client.stream(place.method, url, headers=upstream.headers(event), **options) as answer,
            ):
                parts = bytearray()
                async for part in answer.aiter_bytes():
                    parts += part
                    if len(parts) > _LONGEST_ANSWER:
                        raise refusals.upstream_failed("sent more than was asked for")
        except httpx2.HTTPError:
            raise refusals.upstream_failed("can't be reached") from None
        if answer.status_code in (401, 403) or answer.status_code >= 500:
            raise refusals.upstream_failed(f"failed ({answer.status_code})")
        if answer.status_code == 404 and place.id is not None:
            raise refusals.nothing_stored(_OBJECTS[place.kind], place.id)
        kind = answer.headers.get("content-type", "application/octet-stream")
        return (
            answer.status_code,
            upstream.without_key(bytes(parts)) if answer.status_code >= 400 else bytes(parts),
            kind,
        )
