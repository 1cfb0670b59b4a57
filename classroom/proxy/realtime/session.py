"""One Realtime session through the proxy: each response is reserved before it is asked for, and settled by what it used.

One response at a time, so that each of the upstream's usages belongs to one reservation.
"""

import asyncio
import contextlib
import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.types import Receive, Send
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import WebSocketException

from classroom.proxy.books.ledger import Ledger, Reservation, Settlement
from classroom.proxy.calling.upstream import Upstream
from classroom.proxy.fields.tally import Tally
from classroom.proxy.prices import pricing
from classroom.proxy.realtime import asking, reckoning
from classroom.proxy.realtime.handshake import problem
from classroom.proxy.realtime.reckoning import LONGEST_ANSWER, Context
from classroom.proxy.requests import parsing
from classroom.proxy.rules import refusals
from classroom.proxy.rules.events import Event
from classroom.standin.incoming.errors import APIError
from classroom.standin.models.costs import Unpriced

_log = logging.getLogger("classroom.proxy")
LONGEST = 3600.0  # seconds of a session; the API ends them after an hour, too
_LARGEST = 1024 * 1024  # bytes of an event of the client's
_MOST_SOUND = 15 * 1024 * 1024  # bytes in the buffer of the upstream
_LAST_WORD_SECONDS = 10.0  # for the upstream to tell what a response used whose client has gone
_TOO_LARGE, _OVER, _GONE = 1009, 1000, 1011
_OURS = "of_the_proxy_"

Booked = Callable[..., Awaitable[Any]]
Readmit = Callable[[], Awaitable[tuple[Event, str]]]
Reserve = Callable[[Event, str, int], Awaitable[Reservation]]


@dataclass
class _Pending:
    """A response that was asked for. `given_id`: the client's own name for its event; `ours`: the one that went upstream."""

    made: Reservation
    given_id: Any
    ours: str
    event: Event
    prompt: str
    id: str | None = None  # the upstream's, once it has begun


@dataclass
class Session:
    """A session of the Realtime API, between a learner and the upstream.

    Attributes:
        model: the upstream's name; `asked`: the client's.
        upstream: whose key is in no answer.
        far: the connection to it.
        receive, send: the client's end.
        readmit: whose session it is, as the books have it now; refuses once the event is over.
        reserve: admits a response, or not.
        booked, ledger: the books.
    """

    model: str
    asked: str
    upstream: Upstream
    far: ClientConnection
    receive: Receive
    send: Send
    readmit: Readmit
    reserve: Reserve
    booked: Booked
    ledger: Ledger
    _pending: _Pending | None = None
    _context: Context = field(default_factory=Context)
    _buffered: int = 0
    _by_hand: bool = False  # whether the upstream knows that nothing is answered unasked
    _swallowed: int = 0  # answers to events of the proxy's own that are still to come
    _count: int = 0
    _longest: int | None = None  # answer that the session asked for, in tokens
    _gone: bool = False
    _sending: asyncio.Lock = field(default_factory=asyncio.Lock)
    # a pending reservation is settled even if either side hangs up
    _taking: "asyncio.Task[None] | None" = None
    _settling: "set[asyncio.Future[Any]]" = field(default_factory=set)

    async def go_on(self) -> None:
        """Until either side hangs up; what is under way then is settled all the same."""
        hearing = asyncio.create_task(self._hear_upstream())
        asking_ = asyncio.create_task(self._hear_client())
        try:
            await asyncio.wait({hearing, asking_}, timeout=LONGEST, return_when=asyncio.FIRST_COMPLETED)
        finally:
            asking_.cancel()
            # finished even if the server that serves this session is asked to stop
            await asyncio.shield(asyncio.ensure_future(self._end(hearing)))

    async def _end(self, hearing: "asyncio.Task[None]") -> None:
        self._gone = True
        if self._taking is not None:
            await asyncio.gather(self._taking, return_exceptions=True)
        if self._pending is not None and not hearing.done():
            with contextlib.suppress(WebSocketException, OSError):
                # by its name: what is beside the conversation is not cancelled without
                named = {"response_id": self._pending.id} if self._pending.id else {}
                await self.far.send(json.dumps({"type": "response.cancel", **named}))
            await asyncio.wait({hearing}, timeout=_LAST_WORD_SECONDS)
        hearing.cancel()
        if self._pending is not None:
            await self._settle(Settlement(cost=self._pending.made.amount))
        if self._settling:
            await asyncio.gather(*self._settling, return_exceptions=True)
        with contextlib.suppress(WebSocketException, OSError):
            await self.far.close()

    # --- from the client -----------------------------------------------------------------------------------------

    async def _hear_client(self) -> None:
        while (message := await self.receive())["type"] != "websocket.disconnect":
            await asyncio.sleep(0)
            content = message.get("text")
            if content is None or len(content) > _LARGEST:
                await self._close(_TOO_LARGE, "an event is a text of at most 1 MB")
                return
            try:
                self._taking = asyncio.create_task(self._take(content))
                await asyncio.shield(self._taking)
            except APIError as error:
                await self._tell(problem(error, _event_id(content)))
            except (WebSocketException, OSError):
                return  # the upstream has gone: the reader ends the session
            except Exception as error:  # of the proxy itself, such as a database that is away
                _log.error("the proxy failed: %s: %s", type(error).__name__, error)
                await self._tell(problem(refusals.own_fault(), _event_id(content)))
                return

    async def _take(self, content: str) -> None:
        """One event, as far as it is understood and may be asked.

        Raises:
            APIError: it is not, or may not.
        """
        tally = Tally()
        event = asking.EVENT.read(parsing.of_json(content.encode("utf-8", "surrogatepass")), "", tally)
        kind = event["type"]
        if kind == "response.create":
            await self._respond(event, tally, content)
            return
        if kind == "session.update":
            await self._update(event)
        if kind == "input_audio_buffer.append":
            await self._append(tally)
        elif kind in ("input_audio_buffer.commit", "input_audio_buffer.clear"):
            if kind.endswith("commit"):
                self._context.sound += reckoning.tokens_of_sound(self._buffered)
            self._buffered = 0
        else:
            self._context.take(tally)
        await self._forward(event)

    async def _forward(self, event: Mapping[str, Any]) -> None:
        await self.far.send(json.dumps(event, ensure_ascii=False, allow_nan=False))

    async def _update(self, event: dict[str, Any]) -> None:
        admitted, _ = await self.readmit()
        session = event["session"]
        named = session.pop("model", None)
        if named not in (None, self.asked, self.model):
            raise refusals.wrong_value("session.model", "the model of a session can't be changed")
        if "max_output_tokens" in session:
            self._longest = _bounded(admitted, session, "session.max_output_tokens")
            session["max_output_tokens"] = self._longest
        session.setdefault("audio", {}).setdefault("input", {})["turn_detection"] = None
        self._by_hand = True

    async def _append(self, tally: Tally) -> None:
        self._buffered += sum(map(len, tally.sounds))
        if self._buffered > _MOST_SOUND:
            raise refusals.wrong_value("audio", "the buffer is full; commit or clear it")
        if not self._by_hand:
            self._by_hand, self._swallowed = True, self._swallowed + 1
            quiet = {"type": "realtime", "audio": {"input": {"turn_detection": None}}}
            await self._forward({"type": "session.update", "event_id": f"{_OURS}0", "session": quiet})

    async def _respond(self, event: dict[str, Any], tally: Tally, content: str) -> None:
        if self._pending is not None:
            raise APIError(
                400,
                "A response is under way. Through this proxy there is one at a time: wait until it is done, or cancel it.",
                code="conversation_already_has_active_response",
            )
        admitted, name = await self.readmit()
        response = event.setdefault("response", {})
        limit = _bounded(admitted, response, "response.max_output_tokens", self._longest)
        response["max_output_tokens"] = limit
        amount = reckoning.most(self.model, self._context.with_(tally), limit)
        made = await self.reserve(admitted, name, amount)
        self._context.take(tally)  # whether the upstream forgets it again is not ours to say
        self._count += 1
        given, event["event_id"] = event.get("event_id"), f"{_OURS}{self._count}"
        prompt = content if admitted.keeps_prompts else ""
        self._pending = _Pending(made, given, event["event_id"], admitted, prompt)
        try:
            await self._forward(event)
        except (WebSocketException, OSError):
            await self._settle(Settlement(failed=True))  # it never left
            raise

    # --- from the upstream ---------------------------------------------------------------------------------------

    async def _hear_upstream(self) -> None:
        try:
            async for message in self.far:
                await asyncio.sleep(0)  # what has come already is read without a pause; others wait
                text = message if isinstance(message, str) else message.decode("utf-8", "replace")
                text = self.upstream.without_key(text.encode("utf-8", "surrogatepass")).decode(
                    "utf-8", "replace"
                )
                event = _parse(text)
                if await self._noted(event):
                    continue
                if not self._gone:
                    await self._say(json.dumps(event) if event.get("type") == "error" else text)
                elif self._pending is None:
                    return  # the last word is spoken
        except (WebSocketException, OSError):
            pass
        await self._close(_GONE, "the service behind this proxy hung up")

    async def _noted(self, event: dict[str, Any]) -> bool:
        """Keep the books by an event; whether it is one for the proxy alone."""
        kind, pending = event.get("type"), self._pending
        if kind == "session.updated" and self._swallowed:
            self._swallowed -= 1
            return True
        if kind == "response.created" and pending is not None:
            response = event.get("response")
            pending.id = str(response.get("id")) if isinstance(response, Mapping) else ""
        elif kind == "error":
            await self._refused(event, pending)
        elif kind == "response.done":
            response = event.get("response")
            await self._done(response if isinstance(response, Mapping) else {})
        return False

    async def _refused(self, event: dict[str, Any], pending: _Pending | None) -> None:
        """An error of the upstream's: if the response was refused, nothing is charged."""
        error = event.get("error")
        if pending is None or not isinstance(error, dict) or error.get("event_id") != pending.ours:
            return
        error["event_id"] = pending.given_id if isinstance(pending.given_id, str) else None
        if pending.id is None:
            await self._settle(Settlement(failed=True, status=400))

    async def _done(self, response: Mapping[str, Any]) -> None:
        """What a response used: charged before the client knows that it is done."""
        used = reckoning.units(response.get("usage"))
        # the conversation is read again before the next answer, which may be asked for as soon as the books are closed
        self._context.sound += int((used or {}).get("output_tokens", LONGEST_ANSWER))
        if self._pending is None:
            await self._charge_unasked(used)
            return
        if used is None and response.get("status") == "failed":
            await self._settle(Settlement(failed=True, status=502))
            return
        cost = self._pending.made.amount
        with contextlib.suppress(Unpriced):
            cost = pricing.cost(self.model, used) if used else cost
        await self._settle(
            Settlement(
                cost=cost,
                input_tokens=int((used or {}).get("input_tokens", 0)),
                output_tokens=int((used or {}).get("output_tokens", 0)),
                status=200,
            )
        )

    async def _charge_unasked(self, used: Mapping[str, int | float] | None) -> None:
        """A response that nobody asked for should not be; if there is one, it is charged, and the session ends."""
        with contextlib.suppress(APIError, Unpriced):
            admitted, name = await self.readmit()
            amount = pricing.cost(self.model, used) if used else reckoning.most(self.model, self._context)
            made = await self.reserve(admitted, name, amount)
            await self.booked(self.ledger.settle, made, Settlement(cost=amount, status=200))
        await self._close(_GONE, "the service answered unasked")

    async def _settle(self, settlement: Settlement) -> None:
        pending, self._pending = self._pending, None
        if pending is None:
            return
        if pending.prompt:
            settlement = Settlement(**{**settlement.__dict__, "prompt": pending.prompt})
        task = asyncio.ensure_future(self.booked(self.ledger.settle, pending.made, settlement))
        self._settling.add(task)
        task.add_done_callback(self._settling.discard)
        await asyncio.shield(task)

    # --- to the client -------------------------------------------------------------------------------------------

    async def _tell(self, event: Mapping[str, Any]) -> None:
        await self._say(json.dumps(event))

    async def _say(self, text: str) -> None:
        await self._sent({"type": "websocket.send", "text": text})

    async def _close(self, code: int, why: str) -> None:
        if not self._gone:
            await self._sent({"type": "websocket.close", "code": code, "reason": why})

    async def _sent(self, message: Mapping[str, Any]) -> None:
        async with self._sending:
            try:
                await self.send(dict(message))
            except (RuntimeError, OSError):  # the client has gone
                self._gone = True


def _bounded(event: Event, options: Mapping[str, Any], at: str, usual: int | None = None) -> int:
    """How long an answer may become, in tokens.

    Raises:
        APIError: 400, longer than the event allows.
    """
    most = min(LONGEST_ANSWER, event.max_tokens or LONGEST_ANSWER)
    asked = options.get("max_output_tokens")
    if isinstance(asked, int):
        if event.max_tokens is not None and asked > event.max_tokens:
            raise refusals.too_many_tokens(event, at, asked)
        return min(asked, LONGEST_ANSWER)
    return most if asked == "inf" or usual is None else min(usual, most)


def _parse(text: str) -> dict[str, Any]:
    try:
        event = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return event if isinstance(event, dict) else {}


def _event_id(content: str) -> Any:
    return _parse(content).get("event_id")
