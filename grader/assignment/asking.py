"""An assignment's own questions, put to a running app: what came back, and what reached OpenAI and S3, is a probe each."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

from grader.assignment.declaration import Declaration, Operation, Question
from grader.collect.exchange import wording
from grader.collect.exchange.requests import Key
from grader.collect.exchange.session import Session
from grader.collect.exchange.wording import Words
from grader.collect.finding.discovery import Order, decode_values, encode_values, request_of
from grader.collect.questioning.questions import probe_of
from grader.evidence import Input, Offer, Probe

_WORDS = "{words}"


@dataclass(frozen=True)
class _Order:
    """One request of a question's, still to be sent. `prompt` is None for an ordinary one."""

    question: Question
    offer: Offer
    prompt: str | None = None


def ask(session: Session, declared: Declaration, found: Sequence[Offer]) -> list[Probe]:
    """Put every question, in an order that an app can't foresee.

    Args:
        session: with the app.
        declared: the assignment's questions, and the operations that its text fixes.
        found: what the app was found to generate; asked where the text fixes nothing.
    """
    stated = {one.name: _offer_of(one) for one in declared.operation}
    orders = [order for question in declared.question for order in _orders(question, stated, found)]
    answers: dict[int, Probe] = {}
    for number in wording.in_any_order(len(orders)):
        answers[number] = _put(session, orders[number])
    unasked = [
        Probe(criterion=one.name, kind=None, asked=one.asked, not_applicable="no operation was found to ask")
        for one in declared.question
        if not any(order.question is one for order in orders)
    ]
    return [*(answers[number] for number in range(len(orders))), *unasked]


def _orders(question: Question, stated: dict[str, Offer], found: Sequence[Offer]) -> Iterator[_Order]:
    if stated:
        offers = [stated[question.to] if question.to else next(iter(stated.values()))]
    else:
        offers = [offer for offer in found if question.to in (None, offer.kind)]
    for offer in offers:
        for prompt in question.prompts or (None,):
            yield _Order(question, offer, prompt)


def _offer_of(operation: Operation) -> Offer:
    """An operation that the assignment's text fixes, as one that was found."""
    values: dict[Key, object] = {
        (operation.place_of(name), name): value for name, value in operation.fixed.items()
    }
    prompt = Input(location=operation.prompt_place, name=operation.prompt, required=True)
    kind = operation.kinds[0] if operation.kinds else "text"
    return Offer(
        kind=kind,
        method=operation.method,
        path=operation.path,
        prompt_input=prompt,
        values=encode_values(values),
        exchange="",
    )


def _put(session: Session, order: _Order) -> Probe:
    question = order.question
    request = _request(order)
    faults = len(session.openai.calls), len(session.s3.requests)
    with ExitStack() as meanwhile:
        for fault in question.openai:
            meanwhile.enter_context(session.openai_fails(**fault))
        if question.s3 is not None:
            meanwhile.enter_context(session.s3_fails(**question.s3))
        for each in question.replies:
            session.openai.reply(**each)
            meanwhile.callback(session.openai.clear_replies)
        exchange = session.send(f"{question.name}: {question.asked}", request.request)
    hit = any(call.fault for call in list(session.openai.calls)[faults[0] :])
    met = (not question.openai or hit) and (
        question.s3 is None or any(one.fault for one in list(session.s3.requests)[faults[1] :])
    )
    probe = probe_of(session, question.name, order.offer.kind, question.asked, exchange, request, met=met)
    if not question.after:
        return probe
    again = request_of(order.offer)
    after = session.send(f"does it still serve, after: {question.asked}", again.request)
    return probe.model_copy(update={"after": after.id})


def _request(order: _Order) -> Order:
    """The request, with the words by which it is recognised at OpenAI."""
    question, offer = order.question, order.offer
    ordinary = wording.plain()
    words = Words(
        (_WORDS if order.prompt is None else order.prompt).replace(_WORDS, ordinary.text), ordinary.mark
    )
    usual = request_of(offer, ordinary, prompt=None if question.without_prompt else words.text)
    if not question.fixed:
        return Order(usual.request, words.mark)
    values = decode_values(offer.values)
    beside = offer.prompt_input.location if offer.prompt_input else "json"
    place = {name: location for location, name in values}
    for name, value in question.fixed.items():
        values[place.get(name, beside), name] = value
    changed = offer.model_copy(update={"values": encode_values(values)})
    again = request_of(changed, ordinary, prompt=None if question.without_prompt else words.text)
    return Order(again.request, words.mark)
