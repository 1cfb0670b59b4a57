"""Requests that can be sent in any order: input that an app should refuse, and ordinary input that it should serve."""

from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

from grader.bad_input import BAD_INPUTS, NotApplicable, Part, WrongRequest
from grader.collect.exchange import wording
from grader.collect.exchange.session import Session
from grader.collect.exchange.wording import Words
from grader.collect.finding.discovery import Order, request_of
from grader.collect.finding.field_roles import kind_of_words, words_of
from grader.collect.finding.fitting import admits, file_name
from grader.evidence import EXTENSIONS, Exchange, Kind, Offer, Probe
from grader.ordinary_requests import CHOICE, FOREIGN, LONGEST, ORDINARY
from grader.prompt_limits import allowed_length

_WORTH_ASKING = 2 * wording.SHORT  # characters; shorter ones are sent all the time


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
        ORDINARY.id,
        offer,
        ORDINARY.asked,
        request_of(offer, wording.sentence(), in_folder=True),
    )
    if offer.prompt_input and offer.prompt_input.location != "header":
        words = wording.foreign(offer.kind)
        if admits(offer.prompt_input.bounds, words.text):
            yield Question(FOREIGN.id, offer, FOREIGN.asked, request_of(offer, words))
    other = _other_type(offer)
    if other is not None:
        yield Question(CHOICE.id, offer, CHOICE.asked.format(type=other), request_of(offer, type=other))
    elif extension := _other_extension(offer):
        assert offer.path_input is not None
        name = file_name(extension, offer.path_input.bounds)
        yield Question(CHOICE.id, offer, CHOICE.asked.format(type=extension), request_of(offer, path=name))


def _other_extension(offer: Offer) -> str | None:
    """Another extension of the same kind that the pattern of the file's name lists, where the extension chooses the kind."""
    named = offer.path_input
    if named is None or not offer.kind_by_extension or not named.pattern:
        return None
    used = str(offer.values.get(f"{named.location}:{named.name}", "")).rpartition(".")[2]
    listed = set(words_of(named.pattern))
    others = (each for each in EXTENSIONS[offer.kind] if each != used and each in listed)
    return next((each for each in others if admits(named.bounds, file_name(each, named.bounds))), None)


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
    for declared in BAD_INPUTS:
        asked = _with_part(declared.part, offer, naming)
        for request in declared.requests(asked, wording):
            if isinstance(request, NotApplicable):
                yield absent(declared.id, asked, request.asked, request.reason)
            else:
                order = _order(asked, request)
                yield Question(declared.id, asked, request.asked, order, documented=request.documented)
        if declared.has_longest:
            yield from _longest(offer)


def _with_part(part: Part, offer: Offer, naming: Offer | None) -> Offer:
    """The operation that lets the caller give a part of the request; the first one, if none does."""
    lacks_type = part == "type" and not (offer.type_input or offer.kind_by_extension)
    if part == "path" or lacks_type:
        return offer if offer.path_input or naming is None else naming
    return offer


def _order(offer: Offer, request: WrongRequest) -> Order:
    if request.length is None:
        return request_of(offer, **request.change)
    return request_of(offer, prompt=_words(offer, request.length).text)


def _words(offer: Offer, length: int) -> Words:
    """Words of that many characters, whatever length the input's schema allows."""
    bounds = {} if offer.prompt_input is None else {**offer.prompt_input.bounds, "maxLength": None}
    return wording.exactly(length, lambda text: admits(bounds, text))


def _longest(offer: Offer) -> Iterator[Question]:
    longest = allowed_length(offer)
    if longest is not None and longest >= _WORTH_ASKING:
        allowed = _words(offer, longest)
        if offer.prompt_input is not None and admits(offer.prompt_input.bounds, allowed.text):
            asked = LONGEST.asked.format(length=longest)
            yield Question(LONGEST.id, offer, asked, request_of(offer, allowed), refused=True)
