"""The requests sent to an app for every kind of file that it offers. Nothing is judged here."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeGuard

from grader.collect.exchange.job_addresses import links_in, pointers
from grader.collect.exchange.requests import Request, build
from grader.collect.exchange.session import Session
from grader.collect.finding.discovery import request_of
from grader.collect.questioning.questions import Question, absent, probe_of
from grader.evidence import Exchange, Offer, Probe, StoredObject, a_file
from grader.operations import Operation
from grader.ordinary_requests import AFTER, GENERATES, SERVES_AGAIN, SERVES_FILE
from grader.upstream_failures import Injection, injections


def generate(session: Session, offer: Offer) -> Probe:
    """An ordinary request for a kind, with words that were never used before."""
    order = request_of(offer)
    exchange = session.send(f"generate {a_file(offer.kind)}", order.request)
    return probe_of(
        session, GENERATES.id, offer.kind, GENERATES.asked.format(kind=a_file(offer.kind)), exchange, order
    )


def errors(session: Session, offer: Offer) -> Iterator[Probe]:
    """Ordinary requests while something is wrong at one of the app's ends, and some while nothing is: see `_in_pairs`."""
    yield from _in_pairs(
        session, offer, [partial(_openai_failing, session, offer, *each) for each in injections("openai")]
    )
    # only an app that fetches pictures at all is asked what it does when that goes wrong
    fetches = offer.kind == "image" and session.openai.pictures_asked
    yield from _in_pairs(
        session,
        offer,
        [partial(_pictures_failing, session, offer, *each) for each in injections("picture") if fetches],
    )
    yield from _in_pairs(
        session, offer, [partial(_s3_failing, session, offer, *each) for each in injections("s3")]
    )


def _openai_failing(session: Session, offer: Offer, criterion: str, injected: Injection) -> "_Put":
    question = Question(criterion, offer, injected.asked, request_of(offer))
    before = len(session.openai.calls)
    with session.openai_fails(**injected.fault):
        probe = question.put(session)
    return _Put(_met(probe, bool(probe.calls)), len(session.openai.calls) > before)


def _pictures_failing(session: Session, offer: Offer, criterion: str, injected: Injection) -> "_Put":
    question = Question(criterion, offer, injected.asked, request_of(offer))
    before = session.openai.pictures_asked
    with session.openai_fails(route="pictures", **injected.fault):
        probe = question.put(session)
    met = session.openai.pictures_asked > before
    return _Put(_met(probe, met), met)


def _s3_failing(session: Session, offer: Offer, criterion: str, injected: Injection) -> "_Put":
    question = Question(criterion, offer, injected.asked, request_of(offer))
    before = len(session.s3.requests)
    with session.s3_fails(**injected.fault):
        probe = question.put(session)
    met = len(session.s3.requests) > before
    return _Put(_met(probe, met), met)


@dataclass(frozen=True)
class _Put:
    """A question that was put while something was wrong. `reached`: whether anything came to where that was."""

    probe: Probe
    reached: bool


def _in_pairs(session: Session, offer: Offer, faults: Sequence[Callable[[], _Put]]) -> Iterator[Probe]:
    """Two faults, then an ordinary request: the next one after both, if the second request got as far as its fault.

    A second request that came nowhere met with nothing but the app as the first fault left it. It is the ordinary request after
    that one, and the second fault is tried again. No more than two in a row, since an app may rightly stop calling a service
    that fails again and again.
    """
    for at in range(0, len(faults), 2):
        first, *rest = (faults[at]().probe, *faults[at + 1 : at + 2])
        second = rest[0]() if rest else None
        if second is None:
            yield from _and_after(session, offer, first)
        elif second.probe.met:
            yield from _and_after_both(session, offer, first, second.probe)
        elif second.reached or not _was_answered(session, second.probe):
            yield from _and_after(session, offer, first)
            yield from _and_after(session, offer, rest[0]().probe)
        else:
            yield first.model_copy(update={"after": second.probe.exchange})
            yield from _and_after(session, offer, rest[0]().probe)


def _was_answered(session: Session, probe: Probe) -> bool:
    """Whether an answer says something of the app: neither was it kept from answering, nor from being asked."""
    exchange = next(each for each in session.exchanges if each.id == probe.exchange)
    return exchange.sent and not exchange.withheld


def _and_after_both(session: Session, offer: Offer, first: Probe, second: Probe) -> Iterator[Probe]:
    """One ordinary request for two faults; if it fails, that is the second's doing: after the first the app went as far as before."""
    after, asked = _ordinary_after(session, offer, second)
    served = after.status is not None and after.status < 300
    yield first.model_copy(update={"after": after.id}) if served else first
    yield second.model_copy(update={"after": after.id})
    yield asked


def _met(probe: Probe, met: bool) -> Probe:
    return probe.model_copy(update={"met": met})


def slow_errors(
    session: Session, offers: Sequence[Offer], criterion: str, injected: Injection
) -> list[Probe]:
    """For every kind at once, an ordinary request while OpenAI or S3 takes its time."""
    before = len(session.s3.requests)
    fails = session.s3_fails if injected.at == "s3" else session.openai_fails
    with fails(**injected.fault):
        made = _put_together(session, criterion, injected.asked, offers)
    asked_s3 = len(session.s3.requests) > before
    met = [
        probe.model_copy(
            update={
                "met": asked_s3 if injected.at == "s3" else bool(probe.calls),
                "may_succeed": injected.may_succeed,
            }
        )
        for probe in made
    ]
    return [
        each for offer, probe in zip(offers, met, strict=True) for each in _and_after(session, offer, probe)
    ]


def _put_together(session: Session, criterion: str, asked: str, offers: Sequence[Offer]) -> list[Probe]:
    """The same question for every kind, at once."""
    orders = [request_of(offer) for offer in offers]
    exchanges = session.send_together(
        [
            (f"{criterion} ({offer.kind}): {asked}", order.request, order.mark)
            for offer, order in zip(offers, orders, strict=True)
        ]
    )
    return [
        probe_of(session, criterion, offer.kind, asked, exchange, order)
        for offer, exchange, order in zip(offers, exchanges, orders, strict=True)
    ]


def _and_after(session: Session, offer: Offer, probe: Probe) -> Iterator[Probe]:
    """The probe, with an ordinary request after it; and that request's own probe, since it is one as good as any."""
    after, asked = _ordinary_after(session, offer, probe)
    yield probe.model_copy(update={"after": after.id})
    yield asked


def _ordinary_after(session: Session, offer: Offer, probe: Probe) -> tuple[Exchange, Probe]:
    """An ordinary request while nothing is wrong."""
    order = request_of(offer)
    after = session.send(f"does it still serve, after: {probe.asked}", order.request)
    return after, probe_of(session, AFTER.id, offer.kind, AFTER.asked, after, order)


def fetch_file(session: Session, offer: Offer, made: Probe, operations: list[Operation]) -> Probe:
    """The stored file, fetched over the app's own API: where the answer points, or else where a GET takes a name."""
    exchange = next(exchange for exchange in session.exchanges if exchange.id == made.exchange)
    outputs = [output for call in session.calls_of(exchange) for output in call.outputs]
    of_the_kind = {output.sha256 for output in outputs if output.kind == offer.kind}
    everything = session.objects_of(exchange)
    objects = [stored for stored in everything if stored.origin in of_the_kind] or everything
    if not objects:
        return absent(SERVES_FILE.id, offer, SERVES_FILE.asked, "nothing was stored")
    stored, asked = objects[-1], f"the stored file {objects[-1].key}"
    if exchange.redirected_with is not None and _serves(exchange, stored):
        return probe_of(session, SERVES_FILE.id, offer.kind, asked, exchange)
    pointed = _first_that_serves(session, stored, _pointed_at(session, exchange, offer))
    if _serves(pointed, stored):
        return probe_of(session, SERVES_FILE.id, offer.kind, asked, pointed)
    other = _first_that_serves(session, stored, _by_name(session, stored, operations))
    if pointed is not None and _is_promise(session, exchange, pointed, operations):
        # `after`: another way to the file, which is no excuse for an address that leads elsewhere
        after = other.id if other is not None and _serves(other, stored) else None
        return probe_of(session, SERVES_FILE.id, offer.kind, asked, pointed, after=after)
    best = other or pointed
    if best is None:
        return absent(SERVES_FILE.id, offer, SERVES_FILE.asked, "the app has no GET that takes a name")
    return probe_of(session, SERVES_FILE.id, offer.kind, asked, best)


def fetch_again(session: Session, offer: Offer, made: Sequence[Probe]) -> Iterator[Probe]:
    """The file that came back, fetched once more after others were made: whether its address is that file's."""
    asked = {probe.exchange for probe in made if probe.criterion == GENERATES.id}
    for probe in made:
        if probe.kind == offer.kind and probe.criterion == SERVES_FILE.id and probe.exchange:
            got = next(exchange for exchange in session.exchanges if exchange.id == probe.exchange)
            # asked once more, an address that makes a file and leads to it would make another one
            if got.status == 200 and got.id not in asked:
                again = session.send("fetch the stored file again", Request("GET", got.url, place=got.place))
                yield probe_of(session, SERVES_AGAIN.id, offer.kind, SERVES_AGAIN.asked, again)


def _serves(got: Exchange | None, stored: StoredObject) -> TypeGuard[Exchange]:
    return got is not None and got.body_sha256 == stored.sha256


def _is_promise(session: Session, exchange: Exchange, got: Exchange, operations: Sequence[Operation]) -> bool:
    """Whether an answer gave an address as the file's: one that it says or names as an address, or that the app documents.

    What a job answers is about the job; a resource of JSON may describe the file; and a name may begin with a slash.
    """
    if exchange.status == 202 or (got.status == 200 and "json" in got.content_type):
        return False
    location = exchange.headers.get("location", "")
    if location.endswith(got.url) or f"{session.url}{got.url}" in exchange.body:
        return True
    path = got.url.partition("?")[0]
    if got.url in links_in(exchange.body):
        return True
    patterns = (re.sub(r"\\{[^{}]*\\}", ".+", re.escape(each.path)) for each in operations)
    return any(re.fullmatch(pattern, path) for pattern in patterns)


def _first_that_serves(
    session: Session, stored: StoredObject, requests: Iterator[Request]
) -> Exchange | None:
    """The first answer with the file's bytes; the first answer, if none has them; None if nothing was asked."""
    first: Exchange | None = None
    for request in requests:
        got = session.send("fetch the stored file", request)
        if got.body_sha256 == stored.sha256:
            return got
        first = first or got
    return first


def _pointed_at(session: Session, exchange: Exchange, offer: Offer) -> Iterator[Request]:
    """Where the answer points, or, of a job, what reported its end; then where the answer there points, one step further."""
    answers = [exchange, *(one for one in session.exchanges if one.id == session.outcomes.get(exchange.id))]
    seen: set[str] = set()
    for step in range(2):
        fetched = len(session.exchanges)
        for place in (place for answer in answers for place in pointers(session.url, answer)):
            generates = offer.method == "GET" and place.partition("?")[0] == exchange.url.partition("?")[0]
            if place not in seen and not generates:
                seen.add(place)
                yield Request("GET", place)
        answers = session.exchanges[fetched:] if step == 0 else []


def _by_name(session: Session, stored: StoredObject, operations: list[Operation]) -> Iterator[Request]:
    """Each GET of the app's that takes one text and asks nothing of OpenAI, with the name of the file."""
    generating = {each.place for each in session.exchanges if each.method == "GET" and session.calls_of(each)}
    name = stored.key.rpartition("/")[2]
    names = dict.fromkeys([stored.key, name, name.rpartition(".")[0]])
    for operation in operations:
        fields = [
            field
            for field in operation.shapes[0]
            if field.is_text and (field.required or field.location == "path")
        ]
        if operation.method != "GET" or len(fields) != 1 or operation.path in generating:
            continue
        for each in filter(None, names):
            yield build("GET", operation.path, {fields[0].key: each})
