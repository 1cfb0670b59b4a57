"""The requests sent to an app for every kind of file that it offers. Nothing is judged here."""

import re
from collections.abc import Iterator, Sequence
from typing import TypeGuard

from grader.collect.discovery import request_of
from grader.collect.job_addresses import pointers
from grader.collect.questions import Question, absent, probe_of
from grader.collect.requests import Request, build
from grader.collect.session import Session
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
    """An ordinary request while something is wrong at one of the app's ends, then one while nothing is."""
    for criterion, injected in injections("openai"):
        question = Question(criterion, offer, injected.asked, request_of(offer))
        with session.openai_fails(**injected.fault):
            probe = question.put(session)
        yield from _and_after(session, offer, _met(probe, bool(probe.calls)))
    # only an app that fetches pictures at all is asked what it does when that goes wrong
    for criterion, injected in injections("picture") if session.openai.pictures_asked else ():
        if offer.kind != "image":
            break
        before = session.openai.pictures_asked
        question = Question(criterion, offer, injected.asked, request_of(offer))
        with session.openai_fails(route="pictures", **injected.fault):
            probe = question.put(session)
        yield from _and_after(session, offer, _met(probe, session.openai.pictures_asked > before))
    for criterion, injected in injections("s3"):
        before = len(session.s3.requests)
        question = Question(criterion, offer, injected.asked, request_of(offer))
        with session.s3_fails(**injected.fault):
            probe = question.put(session)
        yield from _and_after(session, offer, _met(probe, len(session.s3.requests) > before))


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
    order = request_of(offer)
    after = session.send(f"does it still serve, after: {probe.asked}", order.request)
    yield probe.model_copy(update={"after": after.id})
    yield probe_of(session, AFTER.id, offer.kind, AFTER.asked, after, order)


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
    """Whether an answer gave an address as the file's: one that it says is an address, or that the app documents.

    What a job answers is about the job; a resource of JSON may describe the file; and a name may begin with a slash.
    """
    if exchange.status == 202 or (got.status == 200 and "json" in got.content_type):
        return False
    location = exchange.headers.get("location", "")
    if location.endswith(got.url) or f"{session.url}{got.url}" in exchange.body:
        return True
    path = got.url.partition("?")[0]
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
