"""Batches: the cost of all their requests is reserved before they begin, and settled when they are over, no matter who asks.

A batch outlives the request that made it, and the process: its call stays open in the books, and any proxy on them settles it.
"""

import asyncio
import contextlib
import json
import time
from collections.abc import Mapping
from typing import Any

from starlette.types import Send

from classroom.proxy import sending
from classroom.proxy.books.batch_books import Batch, RequestFile
from classroom.proxy.books.ledger import Ledger, Reservation, Settlement
from classroom.proxy.calling.fetching import Fetched, NoAnswerError, Sent, fetch
from classroom.proxy.calling.upstream import Upstream
from classroom.proxy.calling.upstreams import Upstreams
from classroom.proxy.fields.kept import BODIES
from classroom.proxy.fields.tally import Tally
from classroom.proxy.prices import usage
from classroom.proxy.requests import parsing
from classroom.proxy.requests.places import Place
from classroom.proxy.rules import refusals
from classroom.proxy.rules.events import Event
from classroom.proxy.storing import batch_bills
from classroom.proxy.storing.batch_bills import OVER
from classroom.proxy.storing.batch_lines import terms_of
from classroom.proxy.storing.listing import Booked, Whose
from classroom.proxy.storing.stored import settle, want_answer

_LASTS = 3 * 86_400.0  # seconds: a batch has a day, and two more until it is charged as reserved
_ASKED_AGAIN = 60.0  # seconds after which a batch that nobody asks for is looked at again


class Batches:
    """Serves batches, and settles those that are over; arguments as of `classroom.proxy.storing.stored.Stored`."""

    def __init__(self, ledger: Ledger, booked: Booked, upstreams: Upstreams, *, own_key: bool) -> None:
        self._ledger, self._booked, self._upstreams = ledger, booked, upstreams
        self._own_key = own_key
        self._looked: dict[str, float] = {}

    async def serve(self, event: Event, name: str, place: Place, content: bytes, send: Send) -> None:
        """Answer one request.

        Raises:
            APIError: 404 for what is not this attendee's, 400 for a file that is no such file, 429 over a cap or a budget,
                503 if the upstream fails.
        """
        whose: Whose = (None, None) if self._own_key else (event.code, name)
        if place.method == "POST" and not place.ids:
            answer = await self._create(event, name, whose, content)
        else:
            batch = await self._found(place, whose)
            made = await self._booked(self._ledger.reserve, event, name, "batches", "-", 0)
            settlement = Settlement(failed=True)
            try:
                answer = await self._answered(event, place, batch, whose)
                settlement = settle(answer.status, 0)
            except NoAnswerError as error:
                raise refusals.upstream_failed(str(error)) from None
            finally:
                closing = self._booked(self._ledger.settle, made, settlement)
                await asyncio.shield(asyncio.ensure_future(closing))
            want_answer(place, answer.status, charged=False)
        body = self._upstreams.without_key(answer.content) if answer.status >= 400 else answer.content
        await sending.send_whole(
            send, answer.status, body, {"content-type": answer.kind, **sending.about(event)}
        )

    async def _found(self, place: Place, whose: Whose) -> Batch | None:
        """The batch that an address names; None for a list."""
        if place.last is None:
            return None
        owned = await self._booked(self._ledger.belongings.tokens_of, [place.last], *whose)
        batch: Batch | None = await self._booked(self._ledger.batches.batch, place.last, *whose)
        if not owned or batch is None:
            raise refusals.nothing_stored("batch", place.last)
        return batch

    async def _answered(self, event: Event, place: Place, batch: Batch | None, whose: Whose) -> Fetched:
        if batch is not None:
            return await self._seen(event, batch, "POST" if place.method == "POST" else "GET")
        ids = await self._booked(self._ledger.belongings.ids_of, "batch_", *whose)
        wanted, more = place.page.of(ids)
        found = []
        for id in wanted:
            each = await self._booked(self._ledger.batches.batch, id, *whose)
            answer = await self._seen(event, each) if each is not None else None
            if answer is not None and answer.status == 200:
                found.append(usage.in_answer(answer.content))
        ends = {"first_id": found[0]["id"] if found else None, "last_id": found[-1]["id"] if found else None}
        listing = {"object": "list", "data": found, "has_more": more, **ends}
        return Fetched(200, json.dumps(listing).encode(), "application/json")

    # --- beginning --------------------------------------------------------------------------------------------

    async def _create(self, event: Event, name: str, whose: Whose, content: bytes) -> Fetched:
        """Reserve the cost of all requests, and begin."""
        body = BODIES["batches"].read(parsing.of_json(content), "", Tally())
        id = body["input_file_id"]
        owned = await self._booked(self._ledger.belongings.tokens_of, [id], *whose)
        file: RequestFile | None = (
            await self._booked(self._ledger.batches.file, id, *whose) if owned else None
        )
        if not owned:
            raise refusals.unknown_response("input_file_id", id)
        if file is None:
            raise refusals.wrong_value("input_file_id", 'the file was not uploaded with the purpose "batch"')
        if body["endpoint"] != file.endpoint:
            raise refusals.wrong_value("endpoint", f"the lines of the file ask {file.endpoint}")
        if file.terms != terms_of(event):
            raise refusals.wrong_value(
                "input_file_id", "the event has other terms since it came: upload the file again"
            )
        upstream = await self._place_of(id, whose)
        made: Reservation = await self._booked(
            self._ledger.reserve, event, name, "batches", file.asked, file.most, len(file.lines), _LASTS
        )
        # finished even if this request is cancelled meanwhile
        begun = asyncio.ensure_future(self._begin(event, name, upstream, file, made, body))
        answer = await asyncio.shield(begun)
        want_answer(Place("POST", "batches"), answer.status, charged=False)
        return answer

    async def _place_of(self, id: str, whose: Whose) -> Upstream:
        names = await self._booked(self._ledger.belongings.places_of, [id], *whose)
        upstream = self._upstreams.named(next(iter(names), ""))
        if upstream is None:
            raise refusals.unknown_response("input_file_id", id)
        return upstream

    async def _begin(
        self,
        event: Event,
        name: str,
        upstream: Upstream,
        file: RequestFile,
        made: Reservation,
        body: Mapping[str, Any],
    ) -> Fetched:
        settlement: Settlement | None = Settlement(cost=made.amount)
        try:
            answer = await fetch(upstream, event, "POST", "batches", Sent(json=body))
            id = usage.in_answer(answer.content).get("id") if answer.status < 300 else None
            if isinstance(id, str) and 0 < len(id) <= 128:
                batch = Batch(
                    id, event.code, name, made.id, made.day, made.amount, made.requests, file.endpoint,
                    file.model, file.lines, upstream.name,
                )  # fmt: skip
                await self._booked(self._ledger.batches.open, batch)
                await self._booked(self._ledger.belongings.keep, event.code, name, {id: 0}, upstream.name)
                settlement = None  # when it is over
            elif answer.status >= 300:
                settlement = settle(answer.status, made.amount)
            return answer
        except NoAnswerError as error:
            if not error.was_sent:
                settlement = Settlement(failed=True)
            raise refusals.upstream_failed(str(error), charged=error.was_sent) from None
        finally:
            if settlement is not None:
                await self._booked(self._ledger.settle, made, settlement)

    # --- settling ---------------------------------------------------------------------------------------------

    async def settle_waiting(self) -> None:
        """Look at the batches that nobody asked for lately, and settle those that are over."""
        waiting = await self._booked(self._ledger.batches.waiting)
        now = time.monotonic()
        self._looked = {batch.id: self._looked.get(batch.id, 0.0) for batch in waiting}
        for batch in waiting:
            if self._looked[batch.id] and now - self._looked[batch.id] < _ASKED_AGAIN:
                continue
            event = await self._booked(self._ledger.event, batch.event)
            with contextlib.suppress(
                Exception
            ):  # an upstream that is away comes back; after `_LASTS` it is charged
                if event is not None:
                    await self._seen(event, batch)
        await self._booked(self._ledger.batches.forget)

    async def _seen(self, event: Event, batch: Batch, method: str = "GET") -> Fetched:
        """What the upstream says of a batch; once it is over, it is settled before anybody reads that."""
        upstream = self._upstreams.named(batch.upstream)
        if upstream is None:
            raise refusals.nothing_stored("batch", batch.id)
        self._looked[batch.id] = time.monotonic()
        path = f"batches/{batch.id}" + ("/cancel" if method == "POST" else "")
        answer = await fetch(upstream, event, method, path)
        reported = usage.in_answer(answer.content) if answer.status < 300 else {}
        if batch.state == "open" and reported.get("id") == batch.id and reported.get("status") in OVER:
            await self._settle(upstream, event, batch, reported)
        return answer

    async def _settle(
        self, upstream: Upstream, event: Event, batch: Batch, reported: Mapping[str, Any]
    ) -> None:
        names = ("output_file_id", "error_file_id")
        files = {name: id for name in names if isinstance(id := reported.get(name), str) and id.isascii()}
        lines = {name: await self._lines(upstream, event, id) for name, id in files.items()}
        bill = await asyncio.get_running_loop().run_in_executor(
            None, batch_bills.reckon, batch, reported, lines.get("output_file_id"), lines.get("error_file_id")
        )
        made = {**bill.made, **dict.fromkeys(files.values(), 0)}
        await self._booked(self._ledger.belongings.keep, batch.event, batch.attendee, made, batch.upstream)
        call = Reservation(batch.call, batch.event, batch.attendee, batch.day, batch.reserved, batch.requests)
        spent = Settlement(bill.cost, bill.input_tokens, bill.output_tokens, status=200)
        refused = reported.get("status") == "failed" and not bill.cost
        await self._booked(self._ledger.settle, call, Settlement(failed=True) if refused else spent)
        await self._booked(self._ledger.batches.close, batch)

    async def _lines(self, upstream: Upstream, event: Event, id: str) -> bytes | None:
        """A file of answers; None if it is gone.

        Raises:
            NoAnswerError: the upstream did not give it this time.
        """
        answer = await fetch(upstream, event, "GET", f"files/{id}/content")
        if answer.status == 404:
            return None
        if answer.status != 200:
            raise NoAnswerError(f"failed ({answer.status})", was_sent=True)
        return answer.content
