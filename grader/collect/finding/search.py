"""Searches for the generating operation: a quick try of everything, a closer one of the nearest, then the missing kinds."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from grader.collect.exchange.requests import build
from grader.collect.exchange.session import Session
from grader.collect.finding.carried import carries, is_passed_on, is_read, is_refused
from grader.collect.finding.conversations import find_conversations
from grader.collect.finding.discovery import (
    LOOKING,
    decode_values,
    find_made_beside,
    finish_offers,
    input_of,
    is_better_known,
    offer_of,
    works,
)
from grader.collect.finding.endings import attempts, named_endings, names_kinds, namings
from grader.collect.finding.field_roles import extensions, kind_of_words, role
from grader.collect.finding.handed_out import match_inputs, read_values
from grader.collect.finding.login import takes_a_password
from grader.collect.finding.misses import Missed, is_progress, keep_miss
from grader.collect.finding.tries import (
    MOST_TRIES,
    Pursuit,
    nearness,
    one_at_a_time,
    outline,
)
from grader.collect.finding.values import Assignment, assign, example_of
from grader.evidence import KINDS, Exchange, Kind, Miss, Offer
from grader.operations import Field, Operation

MAX_FIRST = 60  # requests that look at everything once
MAX_REQUESTS = 150  # requests of one search
_FEWER_TRIES = 4  # to an operation that was refused, where another one generates already
_MOST_CALLS = 20  # to OpenAI by one request; what makes more is not asked again
_MOST_CHOICES = 12  # values of one input that are tried
_MOST_MISSES = 5  # kept for the report
_MOST_NAMING, _MOST_GIVEN = 4, 12  # requests of a kind that may name the file; with what the app handed out
_MOST_PLACES = 4  # inputs that the prompt is looked for in, one at a time

Place = tuple[str, str]


@dataclass
class Search:
    """The search for what generates in one app.

    Args:
        session: with the app.
        operations: what it documents, the likeliest first.
        more: what it serves besides; asked for if none of the others generates at the first try.
        names: words by which its code takes things out of requests; asked for if nothing else helps.
        given: what other answers of the app handed out, by name.
    """

    session: Session
    operations: Sequence[Operation]
    more: Callable[[], Sequence[Operation]] = tuple
    names: Callable[[], Sequence[str]] = tuple
    given: dict[str, Any] = field(default_factory=dict)
    found: dict[Kind, Offer] = field(default_factory=dict)
    sent: int = 0
    _misses: dict[tuple[str, str], Missed] = field(default_factory=dict)
    _hits: dict[tuple[str, str], tuple[Operation, tuple[Field, ...], Assignment, Exchange]] = field(
        default_factory=dict
    )
    _seen: set[tuple[Place, str]] = field(default_factory=set)
    _dear: dict[Kind, Offer] = field(default_factory=dict)  # what only an expensive operation offers
    _beside: dict[Kind, Offer] = field(default_factory=dict)  # what came with a file of another kind
    _expensive: set[tuple[str, str]] = field(default_factory=set)

    def offers(self) -> list[Offer]:
        """At most one offer for each kind; an operation that leads to a call is one that generates."""
        self._look_at(self.operations)
        if not self.found:
            self._look_at(self.more())
        self._pursue()
        self._pursue_refused()
        self._pass_on()
        if not self.found:
            self.found = self._dear
        self._vary_choices()
        self.found = {**self._beside, **self.found}
        self._look_for_the_prompt()
        return finish_offers(self.found)

    def naming(self) -> dict[Kind, Offer]:
        """For kinds whose offer does not let the caller name the file: another operation that makes that kind, and does."""
        found: dict[Kind, Offer] = {}
        nameless = [kind for kind, offer in self.found.items() if offer.path_input is None]
        for kind in nameless:
            for operation, shape in self._that_may_name(self.found[kind]):
                if kind in found or self.sent >= MAX_REQUESTS:
                    break
                assignment = assign(shape, kind, extensions(kind, operation.words)[0])
                exchange = self._send(operation, assignment)
                offer = offer_of(self.session, operation, shape, assignment, exchange)
                if offer and offer.kind == kind and offer.path_input and works(self.session, offer):
                    found[kind] = offer
        return found

    def _that_may_name(self, offer: Offer) -> Iterator[tuple[Operation, tuple[Field, ...]]]:
        """Operations beside an offer's that take a file's name, and that did not turn out to ask nothing of OpenAI."""
        count = 0
        for operation in self.operations:
            place = operation.method, operation.path
            missed = place in self._misses and place not in self._hits
            if place == (offer.method, offer.path) or missed or place in self._expensive:
                continue
            for shape in operation.shapes:
                if any(role(one) == "path" for one in shape) and count < _MOST_NAMING:
                    count += 1
                    yield operation, tuple(shape)

    def misses(self) -> list[Miss]:
        """What came nearest without reaching OpenAI, the nearest first; none where something did."""
        if self.found:
            return []
        missed = self._misses.values()
        near = [one for one in missed if not takes_a_password(one.operation)] or list(missed)
        near.sort(key=lambda miss: nearness(miss.answer, miss.operation, 1))
        return [keep_miss(miss) for miss in near[:_MOST_MISSES]]

    @property
    def _is_over(self) -> bool:
        return self.sent >= MAX_REQUESTS or all(works(self.session, self.found.get(kind)) for kind in KINDS)

    def _look_at(self, operations: Sequence[Operation]) -> None:
        """Each operation once, as its document or its code describes it."""
        for operation, shape, kind, extension in attempts(operations):
            place = operation.method, operation.path
            if self.sent >= MAX_FIRST or self._is_over:
                return
            if place in self._expensive or (works(self.session, self.found.get(kind)) and names_kinds(shape)):
                continue
            assignment = assign(shape, kind, extension)
            seen = (place, outline(shape, assignment.values))
            if seen in self._seen:
                continue
            self._seen.add(seen)
            exchange = self._try(operation, shape, assignment)
            if place not in self._hits:
                self._misses.setdefault(
                    place,
                    Missed(operation, tuple(shape), kind, extension, assignment, exchange, tuple(shape)),
                )
            if any(role(one) == "path" for one in shape):
                self._try_endings(operation, shape, kind, named_endings(exchange.body, extension))

    def _try_endings(
        self, operation: Operation, shape: Sequence[Field], kind: Kind, endings: Sequence[str]
    ) -> None:
        """A file's name with each ending that a refusal named, once."""
        for ending in endings:
            other = assign(shape, kind, ending)
            seen = ((operation.method, operation.path), outline(shape, other.values))
            if seen not in self._seen and self.sent < MAX_FIRST:
                self._seen.add(seen)
                self._try(operation, shape, other)

    def _try(self, operation: Operation, shape: Sequence[Field], assignment: Assignment) -> Exchange:
        """Send a request, and keep what it offers."""
        exchange = self._send(operation, assignment)
        place = operation.method, operation.path
        if len(self.session.calls_of(exchange)) > _MOST_CALLS:
            self._expensive.add(place)
            dear = offer_of(self.session, operation, shape, assignment, exchange)
            if dear is not None and not exchange.withheld:
                self._dear.setdefault(dear.kind, dear)
            return exchange
        offer = offer_of(self.session, operation, shape, assignment, exchange)
        if offer is None:
            return exchange
        self._hits.setdefault(place, (operation, tuple(shape), assignment, exchange))
        if not is_better_known(self.session, self.found.get(offer.kind), offer, exchange):
            self.found[offer.kind] = offer
        for other in find_made_beside(self.session, offer, exchange):
            self._beside.setdefault(other.kind, other)
        return exchange

    def _send(self, operation: Operation, assignment: Assignment) -> Exchange:
        self.sent += 1
        request = build(operation.method, operation.path, assignment.values)
        exchange = self.session.send(LOOKING, request)
        self.given.update(read_values(exchange))
        return exchange

    def _pursue(self) -> None:
        """Follow what was refused: all of it if nothing was found; only what says why, if something was."""
        near = [
            miss
            for place, miss in self._misses.items()
            if place not in self._hits and place not in self._expensive
        ]
        near.sort(key=lambda miss: nearness(miss.answer, miss.operation))
        for miss in near:
            if self._is_over or (self.found and nearness(miss.answer, miss.operation) > 0):
                return
            self._pursue_one(miss, _FEWER_TRIES if self.found else MOST_TRIES)

    def _pursue_one(self, miss: Missed, most: int) -> None:
        place = miss.operation.method, miss.operation.path
        pursuit = Pursuit(miss.operation, miss.shape, miss.kind, miss.extension, self.names)
        for count, (each, answers) in enumerate(pursuit.tries(miss.answer, miss.assignment), 1):
            answers.append(self._try(miss.operation, each.shape, each.assignment))
            if is_progress(miss, answers[0]):
                miss.shape, miss.assignment, miss.answer = each.shape, each.assignment, answers[0]
            if place in self._hits:
                self._other_kinds(place)
            if place in self._hits or place in self._expensive or count >= most or self._is_over:
                return

    def _pursue_refused(self) -> None:
        """What led to calls that OpenAI refused, each: it may have been passed what no caller but the grader would send."""
        for place, (operation, shape, assignment, exchange) in list(self._hits.items()):
            if self._is_over or place in self._expensive or not is_refused(self.session, exchange):
                continue
            pursuit = Pursuit(operation, shape, KINDS[0], assignment.extension or "txt", self.names)
            before = dict(self.found)
            for count, (each, answers) in enumerate(pursuit.tries(exchange, assignment), 1):
                answers.append(self._try(operation, each.shape, each.assignment))
                calls = self.session.calls_of(answers[0])
                if calls and not is_refused(self.session, answers[0]):
                    self._hits[place] = operation, each.shape, each.assignment, answers[0]
                    break
                self.found = dict(before)
                if count >= _FEWER_TRIES or self._is_over:
                    break

    def _pass_on(self) -> None:
        """Where nothing was found: ask again for what has an input that an answer of the app's own handed out."""
        near = sorted(self._misses.values(), key=lambda miss: nearness(miss.answer, miss.operation))
        sent = 0
        for miss in near if not self.found else ():
            for shape in [miss.first] if miss.first == miss.shape else [miss.first, miss.shape]:
                given = match_inputs(shape, self.given)
                if not given or sent >= _MOST_GIVEN or self.found or self._is_over:
                    continue
                sent += 1
                assignment = assign(shape, miss.kind, miss.extension, given=given)
                answer = self._try(miss.operation, shape, assignment)
                if is_progress(miss, answer):
                    miss.shape, miss.assignment, miss.answer = shape, assignment, answer

    def _other_kinds(self, place: tuple[str, str]) -> None:
        """What was found out about an operation's inputs holds for the other kinds, too."""
        operation, shape, assignment, _ = self._hits[place]
        if not names_kinds(shape):
            return
        free = {key: value for key, value in assignment.values.items() if key not in assignment.marks}
        for kind in KINDS:
            for extension in extensions(kind, operation.words)[:2]:
                if works(self.session, self.found.get(kind)) or self._is_over:
                    break
                kept = {
                    one.key: free[one.key]
                    for one in shape
                    if one.key in free and role(one) not in ("path", "type")
                }
                self._try(operation, shape, assign(shape, kind, extension, given=kept))

    def _vary_choices(self) -> None:
        """Every other value of every choice, one at a time, while a kind is missing: the call that it leads to tells its kind.

        A value that is passed on to OpenAI as it is chooses a voice or a size, and no kind. One among the words that the model
        reads may be there by chance: a second one tells.
        """
        for operation, shape, assignment, exchange in list(self._hits.values()):
            for one in shape:
                tried = assignment.values.get(one.key)
                if len(one.choices) < 2 or (
                    tried is not None and is_passed_on(self.session, exchange, tried)
                ):
                    continue
                for choice in one.choices[:_MOST_CHOICES]:
                    if self._is_over:
                        return
                    named = kind_of_words(choice)
                    if choice != tried and not (named and works(self.session, self.found.get(named))):
                        answer = self._with_choice(operation, shape, assignment, one, choice)
                        if (
                            tried is not None
                            and is_read(self.session, exchange, tried)
                            and is_read(self.session, answer, choice)
                        ):
                            break

    def _with_choice(
        self, operation: Operation, shape: tuple[Field, ...], assignment: Assignment, one: Field, choice: Any
    ) -> Exchange:
        """The answer to the last try."""
        settled = {key: value for key, value in assignment.values.items() if key not in assignment.marks}
        missing = [kind for kind in KINDS if not works(self.session, self.found.get(kind))] or [KINDS[0]]
        before = dict(self.found)
        for kind, extension in namings(shape, missing, str(choice)):
            exchange = self._try(
                operation, shape, assign(shape, kind, extension, given={**settled, one.key: choice})
            )
            if self.session.calls_of(exchange) or self._is_over:
                break
        if self.found.keys() == before.keys():
            return exchange
        usual = assignment.values.get(one.key, example_of(one))
        for known, offer in list(self.found.items()):
            if (offer.method, offer.path) != (operation.method, operation.path) or offer.type_input:
                continue
            key = f"{one.location}:{one.name}"
            values = offer.values if key in offer.values or usual is None else {**offer.values, key: usual}
            if key in values:
                self.found[known] = offer.model_copy(update={"type_input": input_of(one), "values": values})
        return exchange

    def _look_for_the_prompt(self) -> None:
        """Where no words of ours came to a call, they are put into the other texts, one at a time."""
        for kind, offer in list(self.found.items()):
            hit = self._hits.get((offer.method, offer.path))
            if hit is None or carries(self.session, offer.exchange, hit[2]):
                continue
            operation, shape, assignment, exchange = hit
            if carries(self.session, exchange.id, assignment):
                continue
            # with the choice that made this kind
            own = replace(assignment, values=decode_values(offer.values))
            places = [*find_conversations(self.session, shape, own, exchange)]
            places += [(one, shape, changed) for one, changed in one_at_a_time(shape, own)]
            for one, inputs, changed in places[:_MOST_PLACES]:
                if self.sent >= MAX_REQUESTS:
                    return
                exchange = self._send(operation, changed)
                if self.session.ledger.carriers(exchange.id, changed.marks[one.key]):
                    better = offer_of(self.session, operation, inputs, changed, exchange)
                    if better is not None and better.kind == kind:
                        self.found[kind] = better
                    break
