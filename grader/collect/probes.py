"""The questions put to an app, for every kind of file that it offers. Nothing is judged here."""

from collections.abc import Iterator, Sequence
from typing import Any

from grader.collect.discovery import decoded, request_of
from grader.collect.requests import Request, build
from grader.collect.session import Session, pointers
from grader.collect.values import EXTENSIONS, nonce
from grader.evidence import Exchange, Kind, Offer, Probe, StoredObject
from grader.operations import Operation

# Longest input of each kind, in characters, as the API documents it; a text's limit is the app's own to document.
API_LIMIT: dict[Kind, int] = {"image": 32_000, "audio": 4_096}
_LONGEST_LIMIT = 10_000_000  # a limit above it is none: no model takes so much, and no request holds it
_TRAVERSAL = "../../etc/x"
_NO_FILE_TYPE = "spreadsheet"
_HANG_SECONDS = 45.0
_SLOW_SECONDS = 3.0


def generate(session: Session, offer: Offer) -> Probe:
    """An ordinary request for a kind, with words that were never used before."""
    request, mark = request_of(offer)
    exchange = session.send(f"generate {_a(offer.kind)}", request)
    return _probe(
        session, "endpoint.generates", offer.kind, f"{_a(offer.kind)} of “{mark}”", exchange, mark=mark
    )


def _a(kind: Kind) -> str:
    return {"text": "a text", "image": "an image", "audio": "audio"}[kind]


def _probe(
    session: Session, criterion: str, kind: Kind | None, asked: str, exchange: Exchange, **more: Any
) -> Probe:
    return Probe(
        criterion=criterion,
        kind=kind,
        asked=asked,
        exchange=exchange.id,
        calls=tuple(call.id for call in session.calls_of(exchange)),
        objects=tuple(stored.id for stored in session.objects_of(exchange)),
        outcome=session.outcomes.get(exchange.id),
        **more,
    )


def _send(session: Session, criterion: str, offer: Offer, asked: str, **changes: Any) -> Probe:
    request, _ = request_of(offer, **changes)
    return _probe(
        session, criterion, offer.kind, asked, session.send(f"{criterion} ({offer.kind}): {asked}", request)
    )


def _absent(criterion: str, offer: Offer, asked: str, reason: str) -> Probe:
    return Probe(criterion=criterion, kind=offer.kind, asked=asked, not_applicable=reason)


def validation(session: Session, offer: Offer) -> Iterator[Probe]:
    """Requests that a careful app refuses before it spends anything."""
    yield _send(session, "validation.missing_prompt", offer, "no prompt at all", prompt=None)
    yield _send(session, "validation.blank_prompt", offer, "an empty prompt", prompt="")
    yield _send(session, "validation.blank_prompt", offer, "a prompt of spaces only", prompt="   ")
    yield from _oversized(session, offer)
    yield from _wrong_type(session, offer)
    yield from _extension(session, offer)
    yield from _unsafe_path(session, offer)


def documented_limit(offer: Offer) -> int | None:
    """The longest prompt that the app's document allows: `maxLength`, or a number in the description."""
    field = offer.prompt_input
    if field is None:
        return None
    if field.max_length is not None and field.max_length <= _LONGEST_LIMIT:
        return field.max_length
    digits = "".join(
        char if char.isdecimal() else " " for char in field.description.replace(",", "").replace("_", "")
    )
    numbers = [
        int(number) for number in digits.split() if len(number) < 9 and 10 <= int(number) <= _LONGEST_LIMIT
    ]
    return max(numbers, default=None)


def _oversized(session: Session, offer: Offer) -> Iterator[Probe]:
    criterion = "validation.oversized_prompt"
    limit = API_LIMIT.get(offer.kind) or documented_limit(offer)
    if limit is None:
        # judged as a failure: the text's limit is the app's own to set, and it set none
        yield Probe(criterion=criterion, kind=offer.kind, asked="a prompt longer than the documented limit")
        return
    yield _send(session, criterion, offer, f"a prompt of {limit + 1} characters", prompt="a" * (limit + 1))


def _wrong_type(session: Session, offer: Offer) -> Iterator[Probe]:
    criterion, asked = "validation.wrong_file_type", "a file type that is not offered"
    if offer.type_input:
        yield _send(session, criterion, offer, f"the file type “{_NO_FILE_TYPE}”", type=_NO_FILE_TYPE)
    elif offer.kind_by_extension:
        name = f"probe-{nonce()}.xyz"
        yield _send(session, criterion, offer, f"a file that ends with .xyz ({name})", path=name)
    else:
        yield _absent(criterion, offer, asked, "the design has no input that chooses the file type")


def _extension(session: Session, offer: Offer) -> Iterator[Probe]:
    criterion, asked = "validation.extension_mismatch", "an extension that contradicts the kind"
    if offer.path_input is None:
        yield _absent(criterion, offer, asked, "the caller does not name the file")
    elif not offer.extension_given:
        yield _absent(criterion, offer, asked, "the app chooses the extension")
    elif offer.kind_by_extension:
        yield _absent(
            criterion, offer, asked, "the extension itself chooses the kind, so they can't disagree"
        )
    else:
        other: Kind = next(kind for kind in ("image", "text") if kind != offer.kind)
        name = f"probe-{nonce()}.{EXTENSIONS[other][0]}"
        yield _send(session, criterion, offer, f"{_a(offer.kind)} to be kept as {name}", path=name)


def _unsafe_path(session: Session, offer: Offer) -> Iterator[Probe]:
    criterion, asked = "validation.unsafe_path", "a path that leaves its folder"
    if offer.path_input is None:
        yield _absent(criterion, offer, asked, "the caller does not name the file")
        return
    values = decoded(offer.values)
    usual = str(values.get((offer.path_input.location, offer.path_input.name), ""))
    extension = usual.rpartition(".")[2] if "." in usual else EXTENSIONS[offer.kind][0]
    traversal = f"{_TRAVERSAL}-{nonce()}.{extension}"
    yield _send(session, criterion, offer, f"the path {traversal}", path=traversal)
    yield _send(session, criterion, offer, "an empty path", path="")
    yield _send(session, criterion, offer, "a path with an empty name (folder/)", path=f"probe-{nonce()}/")


# criterion → what goes wrong, in words, and as a fault of OpenAI's or S3's
OPENAI_FAULTS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("errors.rate_limit", "OpenAI says: too many requests (429)", {"status": 429}),
    (
        "errors.quota",
        "OpenAI says: the quota is used up (429 insufficient_quota)",
        {"code": "insufficient_quota"},
    ),
    ("errors.bad_key", "OpenAI refuses the key (401)", {"status": 401}),
    (
        "errors.content_policy",
        "OpenAI refuses the prompt (400 content_policy_violation)",
        {"code": "content_policy_violation"},
    ),
    ("errors.server_error", "OpenAI fails (500)", {"status": 500}),
    ("errors.malformed", "OpenAI's body breaks off in the middle", {"effect": "malformed"}),
    ("errors.malformed", "OpenAI sends a page of HTML instead", {"effect": "wrong_type"}),
    ("errors.empty_result", "OpenAI's result is empty", {"effect": "empty"}),
)
S3_FAULTS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("errors.storage_down", "the bucket is gone", {"code": "NoSuchBucket"}),
    ("errors.storage_down", "S3 denies access", {"code": "AccessDenied"}),
    ("errors.storage_down", "S3 hangs up", {"effect": "unreachable"}),
)


def errors(session: Session, offer: Offer) -> Iterator[Probe]:
    """An ordinary request while something is wrong at one of the app's ends, then one while nothing is."""
    for criterion, asked, fault in OPENAI_FAULTS:
        with session.openai_fails(**fault):
            probe = _send(session, criterion, offer, asked)
        yield _and_after(session, offer, probe.model_copy(update={"met": bool(probe.calls)}))
    for criterion, asked, fault in S3_FAULTS:
        before = len(session.s3.requests)
        with session.s3_fails(**fault):
            probe = _send(session, criterion, offer, asked)
        met = len(session.s3.requests) > before
        yield _and_after(session, offer, probe.model_copy(update={"met": met}))


def timeouts(session: Session, offers: Sequence[Offer]) -> list[Probe]:
    """For every kind at once, an ordinary request that OpenAI never answers."""
    asked = "OpenAI never answers"
    requests = [request_of(offer) for offer in offers]
    with session.openai_fails(effect="hang", seconds=_HANG_SECONDS):
        exchanges = session.send_together(
            [
                (f"errors.timeout ({offer.kind}): {asked}", *request)
                for offer, request in zip(offers, requests, strict=True)
            ]
        )
    made = [
        _probe(session, "errors.timeout", offer.kind, asked, one)
        for offer, one in zip(offers, exchanges, strict=True)
    ]
    met = [probe.model_copy(update={"met": bool(probe.calls)}) for probe in made]
    return [_and_after(session, offer, probe) for offer, probe in zip(offers, met, strict=True)]


def slow_storage(session: Session, offers: Sequence[Offer]) -> list[Probe]:
    """For every kind at once, an ordinary request while S3 takes its time: waiting is right, giving up in time, too."""
    asked = f"S3 takes {_SLOW_SECONDS:g} seconds for each request"
    requests = [request_of(offer) for offer in offers]
    before = len(session.s3.requests)
    with session.s3_fails(effect="slow", seconds=_SLOW_SECONDS):
        exchanges = session.send_together(
            [
                (f"errors.storage_down ({offer.kind}): {asked}", *request)
                for offer, request in zip(offers, requests, strict=True)
            ]
        )
    met = len(session.s3.requests) > before
    made = [
        _probe(session, "errors.storage_down", offer.kind, asked, one, met=met, may_succeed=True)
        for offer, one in zip(offers, exchanges, strict=True)
    ]
    return [_and_after(session, offer, probe) for offer, probe in zip(offers, made, strict=True)]


def _and_after(session: Session, offer: Offer, probe: Probe) -> Probe:
    after = session.send(f"does it still serve, after: {probe.asked}", request_of(offer)[0])
    return probe.model_copy(update={"after": after.id})


def served(session: Session, offer: Offer, made: Probe, operations: list[Operation]) -> Probe:
    """The stored file, fetched over the app's own API: where the answer points, or else where a GET takes a name."""
    exchange = next(exchange for exchange in session.exchanges if exchange.id == made.exchange)
    made_by_openai = {output.sha256 for call in session.calls_of(exchange) for output in call.outputs}
    everything = session.objects_of(exchange)
    objects = [stored for stored in everything if stored.sha256 in made_by_openai] or everything
    if not objects:
        return _absent("endpoint.serves_file", offer, "the stored file", "nothing was stored")
    stored, best = objects[-1], None
    for request in _ways_to(session, exchange, stored, operations, offer):
        got = session.send("fetch the stored file", request)
        best = got if best is None or got.body_sha256 == stored.sha256 else best
        if got.body_sha256 == stored.sha256:
            break
    if best is None:
        return _absent(
            "endpoint.serves_file", offer, "the stored file", "the app has no GET that takes a name"
        )
    return _probe(session, "endpoint.serves_file", offer.kind, f"the stored file {stored.key}", best)


def _places(session: Session, exchange: Exchange) -> Iterator[str]:
    """What the answer points at, or, of a job, what told its end."""
    yield from pointers(session.url, exchange)
    ended = session.outcomes.get(exchange.id)
    for told in session.exchanges:
        if told.id == ended:
            yield from pointers(session.url, told)


def _ways_to(
    session: Session, exchange: Exchange, stored: StoredObject, operations: list[Operation], offer: Offer
) -> Iterator[Request]:
    generating = (
        {offer.path} if offer.method == "GET" else set()
    )  # asking there again would make another file
    seen: set[str] = set()
    for place in _places(session, exchange):
        if place not in seen:
            seen.add(place)
            yield Request("GET", place)
    names = dict.fromkeys(
        [stored.key, stored.key.rpartition("/")[2], stored.key.rpartition("/")[2].rpartition(".")[0]]
    )
    for operation in operations:
        fields = [
            field
            for field in operation.shapes[0]
            if field.is_text and (field.required or field.location == "path")
        ]
        if operation.method != "GET" or len(fields) != 1 or operation.path in generating:
            continue
        for name in names:
            request = build("GET", operation.path, {fields[0].key: name})
            if name and request.target not in seen:
                seen.add(request.target)
                yield request
