"""Lists of what an attendee stored, and where each thing is. The upstream's own lists have everybody's, and are not asked for."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Any

from classroom.proxy.books.ledger import Ledger
from classroom.proxy.calling.fetching import Fetched, NoAnswerError, fetch
from classroom.proxy.calling.upstream import Upstream
from classroom.proxy.calling.upstreams import Upstreams
from classroom.proxy.prices import usage
from classroom.proxy.requests.places import Place
from classroom.proxy.rules import refusals
from classroom.proxy.rules.events import Event

PREFIXES = {
    "files": "file-",
    "vector_stores": "vs_",
    "conversations": "conv_",
    "chat/completions": "chatcmpl-",
}
LISTED = ("files", "vector_stores", "chat/completions")
_MOST = 100  # of the newest chat completions: nothing else bounds them, and the upstream is asked for each
Booked = Callable[..., Awaitable[Any]]
Whose = tuple[str | None, str | None]  # event and attendee; None: anybody's


class Lists:
    """Knows which upstream has what; arguments as of `classroom.proxy.storing.stored.Stored`."""

    def __init__(self, ledger: Ledger, booked: Booked, upstreams: Upstreams) -> None:
        self._ledger, self._booked, self._upstreams = ledger, booked, upstreams

    async def upstream_of(
        self, place: Place, found: Collection[str], named: Mapping[str, Any], whose: Whose
    ) -> Upstream:
        """Where the things are; for something new that names none, the first upstream.

        Args:
            place: that is asked for.
            found: identifiers of what the request names, all of them the attendee's.
            named: the fields of its body that name something.
            whose: they are.

        Raises:
            APIError: 404, that upstream is no longer behind this proxy; 400, they are in several places.
        """
        if not found or not self._upstreams.are_several:
            return self._upstreams.first
        names = await self._booked(self._ledger.belongings.places_of, list(found), *whose)
        if len(names) > 1:
            raise refusals.apart(next(iter(named), place.object))
        upstream = self._upstreams.named(next(iter(names), ""))
        if upstream is None:
            raise refusals.nothing_stored(place.object, place.last or "")
        return upstream

    async def answer(self, event: Event, place: Place, whose: Whose) -> Fetched:
        """The attendee's own things, by pages.

        Raises:
            APIError: 400, a cursor is none of them; 503, the upstream can't be reached.
        """
        ids = await self._booked(self._ledger.belongings.ids_of, PREFIXES[place.kind], *whose)
        if place.kind == "chat/completions":
            ids = ids[:_MOST]
        if not place.asked:
            wanted, more = place.page.of(ids)
            found = await self._described(event, place, wanted, whose)
        else:
            known = {each["id"]: each for each in await self._described(event, place, ids, whose)}
            fitting = [id for id in ids if id in known and _fits(known[id], place, event)]
            wanted, more = place.page.of(fitting)
            found = [known[id] for id in wanted]
        ends = {"first_id": found[0]["id"] if found else None, "last_id": found[-1]["id"] if found else None}
        listed = {"object": "list", "data": found, "has_more": more, **ends}
        return Fetched(200, json.dumps(listed).encode(), "application/json")

    async def _described(
        self, event: Event, place: Place, ids: list[str], whose: Whose
    ) -> list[dict[str, Any]]:
        async def one(id: str) -> dict[str, Any]:
            upstream = await self.upstream_of(place, [id], {}, whose)
            answer = await fetch(upstream, event, "GET", f"{place.kind}/{id}")
            described = usage.in_answer(answer.content) if answer.status == 200 else {}
            return described if described.get("id") == id else {}

        found = []
        for start in range(0, len(ids), 8):  # a few at once
            found += await asyncio.gather(*map(one, ids[start : start + 8]), return_exceptions=True)
        if any(isinstance(each, NoAnswerError) for each in found):
            raise refusals.upstream_failed("can't be reached")
        return [each for each in found if isinstance(each, dict) and each]


def _fits(described: Mapping[str, Any], place: Place, event: Event) -> bool:
    """Whether a thing is what the query asks for: a purpose, a model by its name here or upstream, metadata."""
    metadata = described.get("metadata")
    for name, value in place.asked:
        if name.startswith("metadata["):
            if not isinstance(metadata, Mapping) or metadata.get(name[len("metadata[") : -1]) != value:
                return False
        elif name == "model":
            if described.get("model") not in (value, event.models.get(value)):
                return False
        elif described.get(name) != value:
            return False
    return True
