"""Tries one operation as a person would: with the document's examples, then with what each refusal asks for.

A try changes one thing of the one before. Names only order the tries; a call that reaches OpenAI ends them.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any

from grader.collect.exchange.requests import Key
from grader.collect.finding.conversations import as_messages
from grader.collect.finding.crashes import corrections_of_crash
from grader.collect.finding.field_roles import is_named_like_a_prompt, kind_of_words, role
from grader.collect.finding.fitting import fit
from grader.collect.finding.refusals import Correction, corrections, wants
from grader.collect.finding.uploads import is_text_file, uploads, with_text
from grader.collect.finding.values import Assignment, assign
from grader.evidence import Exchange, Kind
from grader.operations import BODIES, Field, Location, Operation

MOST_TRIES = 9  # requests to one operation that was refused
_MOST_UPLOADS = 3  # kinds of file
_BODIES: tuple[Location, ...] = ("json", "form", "query")
# what people call a prompt, where neither the document, nor the code, nor a refusal says what it is called
_USUAL_NAMES = (
    "prompt", "text", "message", "input", "query", "question", "content", "description", "topic", "user_input",
    "userInput", "word", "words", "msg", "q", "data", "user_message", "instruction", "idea", "title",
)  # fmt: skip


GUESSED = "x-guessed"  # in the schema of an input whose name nothing in the submission says


@dataclass(frozen=True)
class Try:
    """One request: the inputs as they are known by now, and their values."""

    shape: tuple[Field, ...]
    assignment: Assignment


@dataclass
class Pursuit:
    """The tries of one operation for one kind, after a first one that did not come to OpenAI.

    Args:
        operation: which.
        shape: its inputs.
        kind: what is asked for.
        extension: of the file, where one is named.
        names: words by which the submission's code takes things out of requests.
    """

    operation: Operation
    shape: tuple[Field, ...]
    kind: Kind
    extension: str
    names: Callable[[], Sequence[str]] = tuple
    _seen: set[str] = field(default_factory=set)

    def tries(self, first: Exchange, assignment: Assignment) -> Iterator[tuple[Try, list[Exchange]]]:
        """Each try, with a list into which its answer is to be put before the next one is asked for."""
        self._seen.add(outline(self.shape, assignment.values))
        yield from self._corrected(self.shape, assignment, first, 4)
        yield from self._uploads(f"{self.operation.words} {first.body}", assignment)
        for example in self._examples():
            yield from self._from(self.shape, example)
        yield from self._from(self.shape, {}, everything=True)
        if self.operation.is_open and self.operation.method != "GET":
            yield from self._elsewhere()
        if self.operation.is_open:
            yield from self._guessed()
        if self.operation.is_open and self.operation.method != "GET":
            yield from self._from(as_words(self.shape), {}, depth=2)

    def _examples(self) -> Iterator[Mapping[Key, Any]]:
        """The document's examples, those of the kind first; each with words of ours as its prompt alone."""
        order = sorted(
            self.operation.examples,
            key=lambda each: kind_of_words(" ".join(map(str, each.values()))) not in (self.kind, None),
        )
        for example in order[:3]:
            prompt = likeliest(self.shape)
            yield {key: value for key, value in example.items() if prompt is None or key != prompt.key}

    def _uploads(self, words: str, assignment: Assignment) -> Iterator[tuple[Try, list[Exchange]]]:
        """Other kinds of file in the place of the one that was sent, those that a refusal or the document names first."""
        sent = next((one for one in self.shape if one.is_file and one.key in assignment.values), None)
        if sent is not None:
            tried = str(assignment.values[sent.key][0]).rpartition(".")[2]
            others = (each for each in uploads(sent, words) if not each[0].endswith(f".{tried}"))
            for each in islice(others, _MOST_UPLOADS):
                yield from self._from(self.shape, {sent.key: each}, depth=1)

    def _from(
        self, shape: tuple[Field, ...], given: Mapping[Key, Any], *, everything: bool = False, depth: int = 4
    ) -> Iterator[tuple[Try, list[Exchange]]]:
        """A try, and what its refusals make of it."""
        assignment = assign(shape, self.kind, self.extension, everything=everything, given=given)
        written = outline(shape, assignment.values)
        if written in self._seen:
            return
        self._seen.add(written)
        answers: list[Exchange] = []
        yield Try(shape, assignment), answers
        if answers:
            yield from self._corrected(shape, assignment, answers[0], depth)

    def _corrected(
        self, shape: tuple[Field, ...], assignment: Assignment, answer: Exchange, depth: int
    ) -> Iterator[tuple[Try, list[Exchange]]]:
        """What an answer asks for, tried."""
        if depth <= 0:
            return
        asked = corrections_of_crash(answer, shape, assignment.values) if not _says_why(answer) else []
        asked = asked or (corrections(answer, shape, assignment.values) if _is_refusal(answer) else [])
        usual = _usual_place(self.operation, shape, wants(answer))
        refined = shape
        for one in asked:
            refined = with_correction(refined, one, usual)
        refined = tuple(each for one in refined for each in as_messages(one)) if asked else refined
        if place := wants(answer):
            refined = move_body(refined, place)
        if refined == shape:
            return
        changed = {one.key for one in refined} - {one.key for one in shape}
        changed |= {
            one.key for one in refined for old in shape if one.key == old.key and one.schema != old.schema
        }
        kept = {
            key: value
            for key, value in assignment.values.items()
            if key not in changed and key not in assignment.marks
        }
        self.shape = refined
        yield from self._from(refined, kept, depth=depth - 1)

    def _elsewhere(self) -> Iterator[tuple[Try, list[Exchange]]]:
        """The same inputs in another kind of body."""
        movable = [one for one in self.shape if one.location in _BODIES]
        for place in _BODIES if movable else ():
            if any(one.location != place for one in movable):
                yield from self._from(move_body(self.shape, place), {}, depth=2)

    def _guessed(self) -> Iterator[tuple[Try, list[Exchange]]]:
        """Every name that an input may have, at once, each with words of its own: the call tells which it was."""
        known = {one.name for one in self.shape}
        names = [name for name in dict.fromkeys([*self.names(), *_USUAL_NAMES]) if name not in known]
        for place in _BODIES if self.operation.method != "GET" else ("query",):
            if place == "header" or not names:
                continue
            added = tuple(Field(place, name, {"type": "string", GUESSED: True}, True) for name in names)
            yield from self._from((*self.shape, *added), {}, depth=2)


def likeliest(shape: Sequence[Field]) -> Field | None:
    """The input that is a prompt most likely: required words with a prompt's name, or words at all."""
    words = [one for one in shape if role(one) == "words"]
    words.sort(key=lambda one: (not is_named_like_a_prompt(one), not one.required))
    return words[0] if words else None


def one_at_a_time(shape: Sequence[Field], assignment: Assignment) -> Iterator[tuple[Field, Assignment]]:
    """Each file of text, and then each text, that had no words of ours yet, with some; a name that may be none has words in its place."""
    for one in sorted(shape, key=lambda each: not each.is_file):
        value = assignment.values.get(one.key)
        has_words = one.key in assignment.marks and role(one) != "path"
        if has_words or value is None:
            continue
        words = fit(one.schema)
        if is_text_file(value):
            value = with_text(value, words.text)
        elif one.is_text:
            value = words.text
        else:
            continue
        yield (
            one,
            Assignment(
                {**assignment.values, one.key: value},
                {**assignment.marks, one.key: words.mark},
                assignment.extension,
            ),
        )


def with_correction(shape: tuple[Field, ...], correction: Correction, usual: Location) -> tuple[Field, ...]:
    """The inputs, with what a refusal says of one of them."""
    if not correction.name and correction.schema.get("type") == "array":
        return _listed(shape)
    known = _named(shape, correction)
    if known is None:
        if not correction.name and correction.location in (None, "json"):
            return shape
        location = correction.location or usual
        if location == "json" and usual in ("form", "multipart"):
            location = usual  # frameworks call each of them the body
        first = "0." if location == "json" and _is_listed(shape) else ""
        correction = replace(correction, name=first + correction.name.removeprefix(first))
        added = Field(location, correction.name, {"type": "string", **correction.schema}, True)
        # what is inside an object takes the object's place
        rest = [
            one for one in shape if not correction.name.startswith(f"{one.name}.") or one.location != location
        ]
        return (*rest, added)
    if not correction.schema and known.required:
        return shape
    schema = dict(known.schema)
    if correction.schema:
        for name in ("enum", "const", "example", "examples", "default"):
            schema.pop(name, None)
    changed = replace(
        known,
        schema={**schema, **correction.schema},
        required=True,
        shown={} if correction.schema else known.shown,
    )
    return tuple(changed if one is known else one for one in shape)


def _is_listed(shape: Sequence[Field]) -> bool:
    """Whether the body is a list of objects."""
    return any(one.location == "json" and one.name.partition(".")[0] == "0" for one in shape)


def _listed(shape: tuple[Field, ...]) -> tuple[Field, ...]:
    """The inputs, with a list of one object as the body."""
    if _is_listed(shape):
        return shape
    rest = tuple(one for one in shape if one.location not in BODIES)
    members = tuple(
        replace(one, name=f"0.{one.name}") for one in shape if one.location == "json" and one.name
    )
    return (*rest, *(members or (Field("json", "0", {"type": "object"}, True),)))


def _named(shape: Sequence[Field], correction: Correction) -> Field | None:
    exact = [one for one in shape if one.name.lower() == correction.name.lower()]
    last = [one for one in shape if one.name.rpartition(".")[2].lower() == correction.name.lower()]
    fitting = [one for one in exact or last if correction.location in (None, one.location)]
    return next(iter(fitting or ([] if correction.location == "path" else exact)), None)


def move_body(shape: tuple[Field, ...], place: Location) -> tuple[Field, ...]:
    """The inputs, with those of the body in another kind of body."""
    if place == "text":
        return as_words(shape)
    return tuple(
        replace(one, location=place)
        if one.location in _BODIES and one.name and one.location != place
        else one
        for one in shape
    )


def as_words(shape: tuple[Field, ...]) -> tuple[Field, ...]:
    """The inputs, with a body that is nothing but the prompt in place of any other."""
    bodies = [one for one in shape if one.location in BODIES]
    prompt = likeliest(bodies)
    words = Field("text", "", prompt.schema if prompt else {"type": "string", GUESSED: True}, True)
    return (*(one for one in shape if one not in bodies), words)


def _usual_place(operation: Operation, shape: Sequence[Field], wanted: Location | None) -> Location:
    if operation.method == "GET":
        return "query"
    bodies: list[Location] = [one.location for one in shape if one.location in BODIES]
    if wanted is not None:
        return wanted
    return bodies[0] if bodies else "json"


def _says_why(answer: Exchange) -> bool:
    """Whether the app itself refused the request: what breaks, or passes on what OpenAI says, is read about elsewhere."""
    return answer.status is not None and 400 <= answer.status < 500


def _is_refusal(answer: Exchange) -> bool:
    return answer.status is not None and answer.status >= 400


def outline(shape: Sequence[Field], values: Mapping[Key, Any]) -> str:
    """What distinguishes a try from another: everything but our own words and names, which are new each time."""
    parts = []
    for one in shape:
        value, what = values.get(one.key), role(one)
        is_ours = value is not None and not one.choices and value not in one.shown.values()
        if is_ours and what in ("words", "folder"):
            value = "words"
        elif is_ours and what == "path":
            value = str(value).rpartition(".")[2]
        parts.append(f"{one.key}={value!r}")
    return repr(sorted(parts))


def nearness(answer: Exchange, operation: Operation, guarded: int = 4) -> int:
    """How near an answer is to what is looked for: smaller is nearer.

    A refusal that says what is wrong is nearer than a page, and a page nearer than "no such thing".
    `guarded`: how near an answer is that asks for a right to ask; in a report it says more than a page does.
    """
    status = answer.status
    if status in (400, 415, 422):
        return 0
    if status == 500:
        return 1
    if status in (401, 403):
        return guarded
    if status is None or status in (404, 405, 410):
        return 4
    return 2 if operation.is_open else 3
