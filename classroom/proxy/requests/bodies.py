"""Turns a learner's request into the upstream's: parsed once, strictly, and re-serialised from what was understood."""

import asyncio
import json
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from typing import Any

from starlette.types import Receive, Scope

from classroom.proxy import fields
from classroom.proxy.books.ledger import Ledger
from classroom.proxy.fields.tally import Tally
from classroom.proxy.prices import keeping, pricing
from classroom.proxy.requests import forms, parsing
from classroom.proxy.requests.sounds import Listener
from classroom.proxy.rules import refusals
from classroom.proxy.rules.events import ANY, Event
from classroom.proxy.rules.routes import Route
from classroom.standin.models import catalogue

MOST_BYTES = 26 * 1024 * 1024
_SECONDS = 60.0  # for the whole body
_SMALL = 16 * 1024  # bytes that are read within a millisecond or two; a thread costs a tenth of one
# route → the kind of model that serves it, as the catalogue names kinds
KINDS = {
    "chat/completions": "chat",
    "responses": "chat",
    "completions": "completion",
    "embeddings": "embedding",
    "moderations": "moderation",
    "images/generations": "image",
    "images/edits": "image",
    "audio/speech": "speech",
    "audio/transcriptions": "transcription",
    "audio/translations": "transcription",
    "realtime": "realtime",
}
_USUAL = {"moderations": "omni-moderation-latest"}  # for requests that may leave the model out
_TIERED = ("chat/completions", "responses")


@dataclass(frozen=True)
class Growth:
    """What a call adds to a conversation at most. It is counted before the call: another one may read it meanwhile.

    Attributes:
        id: of the conversation.
        given, made: tokens of what is sent, and of the answer.
    """

    id: str
    given: int
    made: int


@dataclass(frozen=True)
class _Kept:
    """What a request names of what is stored: its tokens, which upstream has it, and what keeping its stores costs."""

    tokens: int = 0
    place: str | None = None
    beside: int = 0


@dataclass(frozen=True)
class Prepared:
    """What goes upstream: `json` or a form.

    Attributes:
        asked: the model's name for the learner.
        model: the upstream's.
        most: what it may cost at most, in billionths of a dollar.
        body: what was read, by which answers are charged.
        form: fields and, apart from them, files.
        streams: whether the answer comes in parts.
        hides_usage: whether the learner did not ask for the usage that is asked for.
        tokens: the most that the whole call may count.
        prompt: what is kept, if the event keeps prompts.
        given: what its input alone may cost at most, where an answer is counted by its length.
        place: the name of the upstream that stored what the request names; None: any will do.
        beside: what it costs beside its usage: keeping the vector stores that it searches.
        growth: the conversation that the call adds to.
    """

    asked: str
    model: str
    most: int
    body: Mapping[str, Any]
    json: bytes | None = None
    form: tuple[tuple[str, str], ...] = ()
    files: tuple[tuple[str, tuple[str, bytes, str]], ...] = ()
    streams: bool = False
    hides_usage: bool = False
    tokens: int = 0
    prompt: str = field(default="", repr=False)
    given: int | None = None
    place: str | None = None
    beside: int = 0
    growth: "Growth | None" = None

    def for_model(self, name: str) -> "Prepared":
        """The same request, by another name for its model."""
        if name == self.model:
            return self
        if self.json is not None:
            content = {**json.loads(self.json), "model": name}
            return replace(self, json=json.dumps(content, ensure_ascii=False, allow_nan=False).encode())
        fields = tuple((key, name if key == "model" else value) for key, value in self.form)
        return replace(self, form=fields)


async def receive_all(scope: Scope, receive: Receive) -> bytes:
    """The whole body.

    Raises:
        APIError: 413 if it is too large, 408 if it does not arrive.
    """
    declared = dict(scope["headers"]).get(b"content-length", b"0")
    if declared.isdigit() and int(declared) > MOST_BYTES:
        raise refusals.too_large(MOST_BYTES)
    parts: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(_SECONDS):
            while True:
                message = await receive()
                if message["type"] != "http.request":
                    raise refusals.unreadable("the connection was closed")
                parts.append(message.get("body", b""))
                size += len(parts[-1])
                if size > MOST_BYTES:
                    raise refusals.too_large(MOST_BYTES)
                if not message.get("more_body"):
                    return b"".join(parts)
    except TimeoutError:
        raise refusals.too_slow() from None


class Reader:
    """Makes requests into those that go upstream.

    Args:
        ledger: knows what the upstream stored for whom.
        pool: where databases are asked, and bodies parsed: answering others does not wait for either.
        own_key: the caller holds the key: all attendees are one person, and the upstream knows them.
        plain: the upstream knows fewer fields than OpenAI.
    """

    def __init__(self, ledger: Ledger, pool: Executor, *, own_key: bool, plain: bool) -> None:
        self._ledger, self._pool, self._own_key, self._plain = ledger, pool, own_key, plain
        self._listener = Listener()

    @property
    def listener(self) -> Listener:
        """What measures recordings."""
        return self._listener

    async def prepare(self, event: Event, name: str, route: Route, scope: Scope, content: bytes) -> Prepared:
        """The request that goes upstream.

        Raises:
            APIError: 400, 403: it can't be read, or asks for what the event does not offer.
            Unpriced: its model, or something that it asks for, has no known price.
        """
        tally = Tally(allows=event.allows)
        kind = dict(scope["headers"]).get(b"content-type", b"").decode("latin-1")
        body = await self.beside(content, _parse, route, content, kind, tally)
        asked, model = choose_model(event, route, _named(route, body))
        body["model"] = model
        bound_length(event, route, body, model)
        growth = _growth(route, body, tally, model)
        kept = await self._kept(event, name, tally, growth)
        stored = kept.tokens
        seconds = await self._listener.seconds(tally.sounds, f"{event.code}/{name}")
        most = pricing.reckon(route.name, body, tally, model, seconds=seconds, stored=stored)
        given = pricing.of_input(route.name, body, tally, model, seconds=seconds, stored=stored)
        prepared = Prepared(
            asked,
            model,
            most + kept.beside,
            body,
            streams=bool(body.get("stream") or body.get("stream_format") == "sse"),
            tokens=pricing.length_of(tally, model)
            + stored
            + sum(body.get(length, 0) for length in pricing.LENGTH.get(route.name, ())),
            given=None if given is None else given + kept.beside,
            place=kept.place,
            beside=kept.beside,
            growth=growth,
        )
        written: Prepared = await self.beside(content, self.write, event, name, route, prepared)
        return written

    async def beside(self, content: bytes, do: Callable[..., Any], *arguments: Any) -> Any:
        """What takes as long as the content is large, in another thread if that is long."""
        if len(content) <= _SMALL:
            return do(*arguments)
        return await asyncio.get_running_loop().run_in_executor(self._pool, do, *arguments)

    async def _kept(self, event: Event, name: str, tally: Tally, growth: Growth | None) -> _Kept:
        """What the request names of what is stored, all of which must be this attendee's.

        Raises:
            APIError: 400, something is not.
        """
        if not tally.identifiers:
            return _Kept()
        code, who = (None, None) if self._own_key else (event.code, name)
        books, loop = self._ledger.belongings, asyncio.get_running_loop()
        ids = {id for id, _ in tally.identifiers.values()}
        found = await loop.run_in_executor(self._pool, books.tokens_of, ids, code, who)
        for at, (id, _) in tally.identifiers.items():
            if id not in found:
                raise refusals.unknown_response(at, id)
        places = await loop.run_in_executor(self._pool, books.places_of, ids, code, who)
        if len(places) > 1:
            raise refusals.apart(next(iter(tally.identifiers)))
        if growth is not None:
            # first counted, then read: of two calls at once, one knows what the other adds
            more = growth.given + growth.made
            await loop.run_in_executor(self._pool, books.grow, growth.id, code, who, more)
            found = await loop.run_in_executor(self._pool, books.tokens_of, ids, code, who)
            found[growth.id] = max(0, found.get(growth.id, 0) - more)
        tokens = sum(found[id] for id, read_again in tally.identifiers.values() if read_again)
        beside = sum(keeping.cost(found[id]) for id, holds in tally.kept.items() if holds == "store")
        return _Kept(tokens, next(iter(places), None), beside)

    def write(self, event: Event, name: str, route: Route, prepared: Prepared) -> Prepared:
        """With the bytes that are sent."""
        body = dict(prepared.body)
        if not self._own_key:
            _pseudonymise(event.pseudonym(name), route, body, plain=self._plain)
        if route.name in _TIERED and not self._plain and body.get("service_tier", "auto") == "auto":
            body["service_tier"] = (
                "default"  # "auto" is what the owner's project says, at a price that nobody stated
            )
        hides = False
        if body.get("stream") and route.name in ("chat/completions", "completions"):
            options = body.get("stream_options", {})
            hides = not options.get("include_usage")
            body["stream_options"] = {**options, "include_usage": True}
        if route.reads == "form":
            form, files = forms.write(body)
            return _replaced(prepared, form=form, files=files)
        content = json.dumps(body, ensure_ascii=False, allow_nan=False).encode()
        prompt = content.decode() if event.keeps_prompts else ""
        return _replaced(prepared, json=content, hides_usage=hides, prompt=prompt)


def _replaced(prepared: Prepared, **changes: Any) -> Prepared:
    return Prepared(**{**prepared.__dict__, **changes})


def _growth(route: Route, body: Mapping[str, Any], tally: Tally, model: str) -> Growth | None:
    """What the call adds to the conversation that it names, if it does."""
    named = body.get("conversation")
    if named is None or route.name != "responses":
        return None
    length = sum(body.get(name, 0) for name in pricing.LENGTH[route.name])
    # each search of the upstream's own is kept in the conversation with what it found
    found = pricing.found_by(tally)
    id = named["id"] if isinstance(named, Mapping) else named
    return Growth(str(id), pricing.length_of(tally, model) + found, length)


def _parse(route: Route, content: bytes, kind: str, tally: Tally) -> dict[str, Any]:
    if route.reads == "json":
        return fields.read(route.name, parsing.of_json(content), tally)
    return fields.read(route.name, parsing.of_form(content, kind, fields.ROUTES[route.name]), tally)


def _named(route: Route, body: Mapping[str, Any]) -> str | None:
    """The model by the address, or by the body."""
    return route.named or body.get("model") or _USUAL.get(route.name)


def _pseudonymise(pseudonym: str, route: Route, body: dict[str, Any], *, plain: bool) -> None:
    """Tell the upstream who asks, whatever the request says: one who breaks its rules is one attendee, not the class."""
    known = fields.ROUTES[route.name].fields  # type: ignore[attr-defined]  # of every route's declaration
    body.pop("safety_identifier", None)
    if "safety_identifier" in known and not plain:
        body["safety_identifier"] = pseudonym
        if "user" not in body:
            return
    if "user" in known:
        body["user"] = pseudonym


def choose_model(event: Event, route: Route, asked: str | None) -> tuple[str, str]:
    """The deployment and the upstream's model.

    Raises:
        APIError: 403, the event does not offer it.
    """
    kind = KINDS[route.name]
    fitting = [name for name, model in event.models.items() if _kind(model) in (None, kind)]
    if asked is None or (asked not in event.models and "*" in event.models):
        # the seeds' first request names no model, and deployments may be called anything where "*" is offered
        usual = next((name for name in fitting if name != "*"), None) or (fitting[0] if fitting else None)
        if usual is not None and event.models[usual] != ANY:
            return asked or usual, event.models[usual]
        if usual is not None and asked is not None:
            return asked, asked
    elif asked in fitting:
        return asked, event.models[asked]
    raise refusals.model_not_allowed(event, asked, [name for name in fitting if name != "*"])


def _kind(model: str) -> str | None:
    found = catalogue.load().models.get(model)
    return found.kind if found else None


def bound_length(event: Event, route: Route, body: dict[str, Any], model: str) -> None:
    """Keep the answer's length within the event's, and within what its money is reckoned by.

    Raises:
        APIError: 400, more is asked for, or by two parameters.
    """
    names = pricing.LENGTH.get(route.name, ())
    asked = [name for name in names if name in body]
    if len(asked) > 1:
        raise refusals.wrong_value(asked[1], f"{asked[0]} is there as well; send one of them")
    for name in asked:
        if event.max_tokens is not None and body[name] > event.max_tokens:
            raise refusals.too_many_tokens(event, name, body[name])
    if names and not asked:
        usual = pricing.USUAL_COMPLETION if route.name == "completions" else pricing.usual_answer(model)
        body[names[0]] = min(usual, event.max_tokens or usual)
