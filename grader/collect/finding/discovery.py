"""Which operation generates, and which of its inputs is the prompt: found by what reaches OpenAI, not by names."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from grader.collect.exchange.requests import Key, Request, build
from grader.collect.exchange.session import Session
from grader.collect.exchange.wording import Words, folder, plain
from grader.collect.finding.field_roles import is_named_like_a_prompt, role
from grader.collect.finding.fitting import file_name, fit
from grader.collect.finding.uploads import with_text
from grader.collect.finding.values import Assignment, example_of
from grader.evidence import KINDS, Call, Exchange, Input, Kind, Offer, StoredObject
from grader.manifest import Endpoint
from grader.operations import Field, Operation

_FILE = "(file)"  # no request has a member of this name: it is the grader's own
LOOKING = "look for what generates"  # the purpose of a request that tries


def encode_values(values: Mapping[Key, Any]) -> dict[str, Any]:
    """Values as an `Offer` keeps them: one text key for place and name; a file by its name, its bytes in Base64 and its type."""
    return {f"{location}:{name}": _kept(value) for (location, name), value in values.items()}


def _kept(value: Any) -> Any:
    if not isinstance(value, tuple):
        return value
    name, content, media_type = value
    return {_FILE: [name, base64.b64encode(content).decode(), media_type]}


def decode_values(values: Mapping[str, Any]) -> dict[Key, Any]:
    """The inverse of `encode_values`."""
    out: dict[Key, Any] = {}
    for key, value in values.items():
        location, _, name = key.partition(":")
        if isinstance(value, dict) and value.keys() == {_FILE}:
            file, content, media_type = value[_FILE]
            value = file, base64.b64decode(content), media_type
        out[location, name] = value  # type: ignore[index]  # written by `encode_values`
    return out


def works(session: Session, offer: Offer | None) -> bool:
    """Whether the request behind an offer left a file in S3."""
    return offer is not None and any(stored.exchange == offer.exchange for stored in session.objects)


def is_better_known(session: Session, known: Offer | None, new: Offer, exchange: Exchange) -> bool:
    """Whether an offer shows as much as another one of the same kind, or more: the likelier operation is asked first.

    A file in S3 shows most; then an answer with success, words of ours in the call, an input at all, and an answer that
    comes whole.
    """
    if known is None:
        return False
    before = next((one for one in session.exchanges if one.id == known.exchange), None)
    return before is not None and _shown(session, known, before) >= _shown(session, new, exchange)


def _shown(session: Session, offer: Offer, answer: Exchange) -> tuple[bool, ...]:
    succeeds = answer.status is not None and answer.status < 400
    is_whole = not answer.headers.get("content-type", "").startswith("text/event-stream")
    given = offer.prompt_input and offer.values.get(
        f"{offer.prompt_input.location}:{offer.prompt_input.name}"
    )
    carried = isinstance(given, str) and bool(session.ledger.carriers(answer.id, given))
    return works(session, offer), succeeds, carried, bool(offer.values), is_whole


def _final(calls: Sequence[Call], objects: Sequence[StoredObject]) -> Call | None:
    """The call that made the file: the last one whose result was stored, or else that made anything, or else the last."""
    stored = {one.origin for one in objects}
    known = [call for call in calls if kind_of(call, objects)]
    made = [call for call in known if call.outputs]
    kept = [call for call in made if any(output.sha256 in stored for output in call.outputs)]
    return (kept or made or known)[-1] if known else None


def kind_of(call: Call, objects: Sequence[StoredObject]) -> Kind | None:
    """The kind of file that a call made: of what was stored, or else of what it answered; a tool's picture is a picture."""
    stored = {one.origin for one in objects}
    kept = [output.kind for output in call.outputs if output.sha256 in stored and call.kind]
    media = [output.kind for output in call.outputs if output.kind != "text"]
    return next(iter([*kept, *media]), call.kind)


def input_of(field: Field) -> Input:
    shortest, longest = field.schema.get("minLength"), field.schema.get("maxLength")
    pattern, example = field.schema.get("pattern"), example_of(field)
    return Input(
        location=field.location,
        name=field.name,
        required=field.required,
        description=field.description[:1000],
        min_length=shortest if isinstance(shortest, int) else None,
        max_length=longest if isinstance(longest, int) else None,
        pattern=pattern if isinstance(pattern, str) else None,
        example=example[:1000] if isinstance(example, str) else None,
        choices=tuple(choice for choice in field.choices if isinstance(choice, str)),
    )


def offer_of(
    session: Session, operation: Operation, shape: Sequence[Field], assignment: Assignment, exchange: Exchange
) -> Offer | None:
    calls = session.calls_of(exchange)
    final = _final(calls, session.objects_of(exchange))
    kind = kind_of(final, session.objects_of(exchange)) if final else None
    if kind is None:
        return None
    reached = [field for field in shape if _is_read(session, exchange, assignment.marks.get(field.key))]
    words = [field for field in reached if role(field) != "path"] or reached
    guessed = [field for field in shape if field.key in assignment.marks and role(field) == "words"]
    guessed = [field for field in guessed if is_named_like_a_prompt(field)] or guessed
    prompt = next(iter(words or guessed), None)
    types = [field for field in shape if role(field) == "type" and field.key in assignment.values]
    paths = [
        field
        for field in shape
        if field is not prompt and role(field) == "path" and field.key in assignment.marks
    ]
    keys = [one.key for one in session.objects_of(exchange)]
    extension_given = bool(paths) and _names_extension(str(assignment.values[paths[0].key]), keys)
    # a type that has one value only (a union's tag) still selects the kind
    return Offer(
        kind=kind,
        method=operation.method,
        path=operation.path,
        prompt_input=input_of(prompt) if prompt else None,
        type_input=input_of(types[0]) if types else None,
        path_input=input_of(paths[0]) if paths else None,
        extension_given=extension_given,
        kind_by_extension=extension_given and not types,
        values=encode_values(assignment.values),
        exchange=exchange.id,
    )


def find_made_beside(session: Session, offer: Offer, exchange: Exchange) -> list[Offer]:
    """Offers for the other kinds that the same request made and stored; none if it says which kind is wanted."""
    if offer.type_input is not None or offer.kind_by_extension:
        return []
    stored = {one.origin for one in session.objects_of(exchange)}
    outputs = [output for call in session.calls_of(exchange) for output in call.outputs]
    kinds = {output.kind for output in outputs if output.sha256 in stored} - {offer.kind}
    return [offer.model_copy(update={"kind": kind}) for kind in KINDS if kind in kinds]


def _names_extension(name: str, keys: Sequence[str]) -> bool:
    """Whether a name has an extension and files were stored under it, with nothing put behind."""
    if "." not in name.rpartition("/")[2]:
        return False
    return not keys or any(key.endswith(name.rpartition("/")[2]) for key in keys)


def _is_read(session: Session, exchange: Exchange, mark: str | None) -> bool:
    return mark is not None and bool(session.ledger.carriers(exchange.id, mark))


def ask_declared(
    session: Session,
    endpoints: Sequence[Endpoint],
    operations: Sequence[Operation] = (),
    purpose: str = "ask the endpoint that [tool.lab] names",
) -> list[Offer]:
    """Offers for the endpoints that a manifest names, each asked once.

    Args:
        session: with the app.
        endpoints: the manifest's, or those that an assignment's text fixes.
        operations: what the app documents: says more of the same inputs.
        purpose: why they are asked, in a report's words.
    """
    offers: dict[Kind, Offer] = {}
    for endpoint in endpoints:
        if endpoint.kinds and set(endpoint.kinds) <= offers.keys():
            continue
        place = endpoint.prompt_place
        prompt = _documented(operations, endpoint) or Field(place, endpoint.prompt, {}, True)
        values: dict[Key, Any] = {
            (endpoint.place_of(name), name): value for name, value in endpoint.fixed.items()
        }
        values[place, endpoint.prompt] = fit(prompt.schema).text
        request = build(endpoint.method, endpoint.path, values)
        exchange = session.send(purpose, request)
        final = _final(session.calls_of(exchange), session.objects_of(exchange))
        kind = kind_of(final, session.objects_of(exchange)) if final else None
        if kind is not None:
            offer = Offer(
                kind=kind,
                method=endpoint.method,
                path=endpoint.path,
                prompt_input=input_of(prompt),
                values=encode_values(values),
                exchange=exchange.id,
            )
            offers.setdefault(kind, offer)
    return [offers[kind] for kind in KINDS if kind in offers]


def _documented(operations: Sequence[Operation], endpoint: Endpoint) -> Field | None:
    """The prompt's input, as the document describes it."""
    for operation in operations:
        if (operation.method, operation.path) == (endpoint.method, endpoint.path):
            for field in (each for shape in operation.shapes for each in shape):
                if field.key == (endpoint.prompt_place, endpoint.prompt):
                    return field
    return None


@dataclass(frozen=True)
class Order:
    """A request for an offer. `mark`: the words by which its prompt is recognised; `name`: the file name in it."""

    request: Request
    mark: str
    name: str | None = None


def request_of(offer: Offer, words: Words | None = None, *, in_folder: bool = False, **changes: Any) -> Order:
    """A fresh request for an offer.

    Args:
        words: the prompt, if the input takes it; an ordinary one otherwise.
        in_folder: name a file in a folder, if the document shows one.
        prompt: other words in any case, or None to leave the prompt out.
        path: another file name, or None to leave it out.
        type: another value of the input that selects the kind.
    """
    values = decode_values(offer.values)
    written, name = words or plain(), None
    if offer.prompt_input:
        key: Key = (offer.prompt_input.location, offer.prompt_input.name)
        old = values.get(key)
        written = fit(offer.prompt_input.bounds, words)
        prompt = changes.get("prompt", written.text)
        if isinstance(old, tuple) and prompt is not None:  # a file that holds the prompt
            prompt = with_text(old, str(prompt))
        _put(values, key, [prompt] if isinstance(old, list) and prompt is not None else prompt)
    if offer.path_input:
        key = (offer.path_input.location, offer.path_input.name)
        name = changes.get("path", _name(offer.path_input, str(values.get(key, "")), in_folder=in_folder))
        _put(values, key, name)
    if offer.type_input and "type" in changes:
        values[offer.type_input.location, offer.type_input.name] = changes["type"]
    return Order(build(offer.method, offer.path, values), written.mark, name)


def _name(path_input: Input, usual: str, *, in_folder: bool) -> str:
    """A fresh name like the usual one; in a folder where the document's example is in one, too."""
    extension = usual.rpartition(".")[2] if "." in usual else ""
    shown = path_input.example or ""
    inside = folder() if in_folder and "/" in shown.strip("/") else ""
    return file_name(extension, path_input.bounds, inside)


def _put(values: dict[Key, Any], key: Key, value: Any) -> None:
    """Set a value, or take it away: what is around it in a body stays, so that nothing but this is missing."""
    if value is not None:
        values[key] = value
        return
    values.pop(key, None)
    location, name = key
    if location != "json" or not name:
        return
    parent, _, last = name.rpartition(".")
    if last == "content" and _within(values, parent) == [
        f"{parent}.role"
    ]:  # a message that says nothing is none
        values.pop((location, f"{parent}.role"))
        parent = parent.rpartition(".")[0].rpartition(".")[0]
    if not _within(values, parent):
        values[location, parent] = {}


def _within(values: Mapping[Key, Any], parent: str) -> list[str]:
    """The names of what a part of a JSON body holds; of the whole body for an empty name."""
    return [
        name
        for location, name in values
        if location == "json" and (not parent or name.startswith(f"{parent}."))
    ]


def finish_offers(offers: Mapping[Kind, Offer]) -> list[Offer]:
    """In the order of the kinds; one whose prompt was not seen takes the input that another kind's prompt used."""
    known = next((offer.prompt_input for offer in offers.values() if offer.prompt_input), None)
    out = []
    for kind in KINDS:
        if kind in offers:
            offer = offers[kind]
            out.append(offer if offer.prompt_input or known is None else _with_prompt(offer, known))
    return out


def _with_prompt(offer: Offer, prompt_input: Input) -> Offer:
    """The offer with that prompt, if it has such an input."""
    has = f"{prompt_input.location}:{prompt_input.name}" in offer.values
    return offer.model_copy(update={"prompt_input": prompt_input}) if has else offer
