"""Requests that can be sent in any order: input that an app should refuse, and ordinary input that it should serve."""

import re
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

from grader.collect import wording
from grader.collect.discovery import Order, decoded, request_of
from grader.collect.field_roles import kind_of_words
from grader.collect.fitting import admits
from grader.collect.session import Session
from grader.collect.wording import Words
from grader.evidence import EXTENSIONS, Exchange, Kind, Offer, Probe

# Longest input of each kind, in characters, as the API documents it; a text's limit is the app's own to document.
API_LIMIT: dict[Kind, int] = {"image": 32_000, "audio": 4_096}
_MOST_ALLOWED = 32_000  # characters of the longest prompt that is sent because a document allows it
_WORTH_ASKING = 2 * wording.SHORT  # characters; shorter ones are sent all the time
_HEAD = ("query", "path", "header")
_MOST_IN_HEAD = 50_000  # characters: servers take some 64 KB of all that comes before a body
_NO_FILE_TYPES = ("spreadsheet", "presentation", "archive", "font", "contract", "database")
_NO_EXTENSIONS = ("xlsx", "pptx", "zip", "ttf", "psd", "sqlite", "dwg", "exe")


def a_file(kind: Kind) -> str:
    """A kind with its article."""
    return {"text": "a text", "image": "an image", "audio": "audio"}[kind]


def probe_of(
    session: Session,
    criterion: str,
    kind: Kind | None,
    asked: str,
    exchange: Exchange,
    order: Order | None = None,
    **more: Any,
) -> Probe:
    """The probe of an exchange: what it led to, and where the words of its prompt came to."""
    mark = order.mark if order else None
    return Probe(
        criterion=criterion,
        kind=kind,
        asked=asked,
        exchange=exchange.id,
        calls=tuple(call.id for call in session.calls_of(exchange)),
        objects=tuple(stored.id for stored in session.objects_of(exchange)),
        mark=mark,
        carriers=session.ledger.carriers(exchange.id, mark) if mark else (),
        astray=session.ledger.astray(exchange.id, mark) if mark else (),
        name=order.name if order else None,
        outcome=session.outcomes.get(exchange.id),
        **more,
    )


def absent(criterion: str, offer: Offer, asked: str, reason: str) -> Probe:
    """A probe that does not apply to the design."""
    return Probe(criterion=criterion, kind=offer.kind, asked=asked, not_applicable=reason)


@dataclass(frozen=True)
class Question:
    """A request that is still to be sent, and which criterion it is for. `refused`: whether OpenAI refuses meanwhile; `documented`: see `Probe`."""

    criterion: str
    offer: Offer
    asked: str
    order: Order
    refused: bool = False
    documented: bool = True

    def put(self, session: Session) -> Probe:
        """Send it."""
        purpose = f"{self.criterion} ({self.offer.kind}): {self.asked}"
        with session.openai_fails(code="content_policy_violation") if self.refused else nullcontext():
            exchange = session.send(purpose, self.order.request)
        met = not self.refused or session.ledger.mentions(exchange.id, self.order.mark)
        return probe_of(
            session,
            self.criterion,
            self.offer.kind,
            self.asked,
            exchange,
            self.order,
            met=met,
            documented=self.documented,
        )


def put_in_any_order(session: Session, questions: Sequence[Question | Probe]) -> list[Probe]:
    """The answers in the order of the questions, which are put in an order that an app can't foresee.

    What needs no request comes as a probe, and goes through as it is.
    """
    answers: dict[int, Probe] = {}
    for number in wording.in_any_order(len(questions)):
        question = questions[number]
        answers[number] = question if isinstance(question, Probe) else question.put(session)
    return [answers[number] for number in range(len(questions))]


def ordinary(offer: Offer) -> Iterator[Question]:
    """Requests unlike the others that the app's document allows just as well."""
    yield Question(
        "endpoint.ordinary",
        offer,
        "a prompt with capitals, digits and punctuation",
        request_of(offer, wording.sentence(), in_folder=True),
    )
    if offer.prompt_input and offer.prompt_input.location != "header":
        words = wording.foreign(offer.kind)
        if admits(offer.prompt_input.bounds, words.text):
            yield Question(
                "endpoint.foreign", offer, "a prompt in another language", request_of(offer, words)
            )
    other = _other_type(offer)
    if other is not None:
        yield Question(
            "endpoint.choice", offer, f"the documented type “{other}”", request_of(offer, type=other)
        )


def _other_type(offer: Offer) -> str | None:
    """Another documented value that asks for the same kind, where nothing else would have to change with it."""
    if offer.type_input is None or (offer.path_input is not None and offer.extension_given):
        return None
    used = offer.values.get(f"{offer.type_input.location}:{offer.type_input.name}")
    return next(
        (each for each in offer.type_input.choices if each != used and kind_of_words(each) == offer.kind),
        None,
    )


def validation(offer: Offer, naming: Offer | None = None) -> Iterator[Question | Probe]:
    """Requests that a careful app refuses before it spends anything, and the longest prompt that it has to take.

    `naming`: another operation for the kind that lets the caller name the file, where `offer` does not.
    """
    for criterion, asked, changes in (
        ("validation.missing_prompt", "no prompt at all", {"prompt": None}),
        ("validation.blank_prompt", "an empty prompt", {"prompt": ""}),
        ("validation.blank_prompt", "a prompt of spaces only", {"prompt": wording.blank()}),
    ):
        yield Question(criterion, offer, asked, request_of(offer, **changes))
    yield from _lengths(offer)
    names = offer if offer.path_input or naming is None else naming
    yield from _wrong_type(offer if offer.type_input or offer.kind_by_extension else names)
    yield from _extension(names)
    yield from _unsafe_path(names)


_MOST_CHARACTERS = 1_000_000  # a limit above that is none: no model of OpenAI's takes so much
_ENDLESS = ("heron " * (_MOST_CHARACTERS // 6 + 1))[: _MOST_CHARACTERS + 1]
_STATED = re.compile(r"(\d{1,7}) ?(?:characters|chars|letters)\b", re.IGNORECASE)


def documented_limit(offer: Offer) -> int | None:
    """The longest prompt that the app's document allows: `maxLength`, or a number in the description."""
    field = offer.prompt_input
    if field is None:
        return None
    if field.max_length is not None:
        return field.max_length if field.max_length <= _MOST_CHARACTERS else None
    digits = "".join(char if char.isdecimal() else " " for char in _unseparated(field.description))
    numbers = [int(number) for number in digits.split()[:100] if len(number) <= 7]
    return max((number for number in numbers if 10 <= number <= _MOST_CHARACTERS), default=None)


def _unseparated(text: str) -> str:
    """A text in which no number has a separator."""
    return text.replace(",", "").replace("_", "")


def allowed_length(offer: Offer) -> int | None:
    """How long a prompt may be for certain: by every limit that the document states as one, and by the API's own."""
    field = offer.prompt_input
    if field is None:
        return None
    stated = [int(number) for number in _STATED.findall(_unseparated(field.description))]
    documented = [*stated, *([field.max_length] if field.max_length is not None else [])]
    return min([*documented, API_LIMIT.get(offer.kind, _MOST_ALLOWED), _MOST_ALLOWED]) if documented else None


def _lengths(offer: Offer) -> Iterator[Question | Probe]:
    criterion = "validation.oversized_prompt"
    bounds = {} if offer.prompt_input is None else {**offer.prompt_input.bounds, "maxLength": None}

    def words(length: int) -> Words:
        return wording.exactly(length, lambda text: admits(bounds, text))

    limit = API_LIMIT.get(offer.kind) or documented_limit(offer)
    place = offer.prompt_input.location if offer.prompt_input else None
    if place in _HEAD and (limit is None or limit > _MOST_IN_HEAD):
        asked = f"a prompt of {limit or _MOST_CHARACTERS} characters"
        reason = (
            "a prompt in an address or a header can't be long: servers refuse such a request by themselves"
        )
        yield absent(criterion, offer, asked, reason)
    elif limit is None:
        # a text's limit is the app's own to set: where it states none, it is asked with more than any limit allows
        asked = f"a prompt of {_MOST_CHARACTERS + 1} characters (no limit is documented)"
        yield Question(criterion, offer, asked, request_of(offer, prompt=_ENDLESS), documented=False)
    else:
        order = request_of(offer, prompt=words(limit + 1).text)
        yield Question(criterion, offer, f"a prompt of {limit + 1} characters", order)
    longest = allowed_length(offer)
    if longest is not None and longest >= _WORTH_ASKING:
        allowed = words(longest)
        if offer.prompt_input is not None and admits(offer.prompt_input.bounds, allowed.text):
            asked = f"a prompt of {longest} characters, which your document allows"
            yield Question("endpoint.longest", offer, asked, request_of(offer, allowed), refused=True)


def _wrong_type(offer: Offer) -> Iterator[Question | Probe]:
    criterion, asked = "validation.wrong_file_type", "a file type that is not offered"
    if offer.type_input and offer.type_input.name.lower() == "accept":
        yield absent(criterion, offer, asked, "a server may disregard the header Accept (RFC 9110, 12.5.1)")
    elif offer.type_input:
        unknown = wording.one_of([each for each in _NO_FILE_TYPES if each not in offer.type_input.choices])
        yield Question(criterion, offer, asked, request_of(offer, type=unknown))
    elif offer.kind_by_extension:
        name = f"{wording.stem()}.{wording.one_of(_NO_EXTENSIONS)}"
        yield Question(
            criterion, offer, "a file whose extension is not offered", request_of(offer, path=name)
        )
    else:
        yield absent(criterion, offer, asked, "the design has no input that chooses the file type")


def _extension(offer: Offer) -> Iterator[Question | Probe]:
    criterion, asked = "validation.extension_mismatch", "an extension that contradicts the kind"
    if offer.path_input is None:
        yield absent(criterion, offer, asked, "the caller does not name the file")
    elif not offer.extension_given:
        yield absent(criterion, offer, asked, "the app chooses the extension")
    else:
        # where the extension chooses the kind, what comes of another one shows whether it does
        other: Kind = next(kind for kind in ("image", "text") if kind != offer.kind)
        end = EXTENSIONS[other][0]
        order = request_of(offer, path=f"{wording.stem()}.{end}")
        yield Question(
            criterion, offer, f"{a_file(offer.kind)} to be kept in a file that ends with .{end}", order
        )


def _unsafe_path(offer: Offer) -> Iterator[Question | Probe]:
    criterion, asked = "validation.unsafe_path", "a path that leaves its folder"
    if offer.path_input is None:
        yield absent(criterion, offer, asked, "the caller does not name the file")
        return
    values = decoded(offer.values)
    usual = str(values.get((offer.path_input.location, offer.path_input.name), ""))
    extension = usual.rpartition(".")[2] if "." in usual else EXTENSIONS[offer.kind][0]
    up = f"../../{wording.folder()}/{wording.stem()}.{extension}"
    for words, path in (
        ("a path that begins with ../../", up),
        ("an empty path", ""),
        ("a path with an empty name (folder/)", f"{wording.folder()}/"),
    ):
        yield Question(criterion, offer, words, request_of(offer, path=path))
