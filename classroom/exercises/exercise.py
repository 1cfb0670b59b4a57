"""Checks an answer: chooses inputs, runs them in the learner's kernel, and judges what happened.

A check gets a `Bench`. It never touches what the learner wrote: it gets plain data back, and sees at the boundary what
reached OpenAI and S3. The kernel may be this process (in a lesson) or another one behind a wall (in a grading).
"""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from random import Random, SystemRandom
from typing import Any

from classroom.exercises.boundary import Boundary
from classroom.exercises.carrying import carries
from classroom.exercises.given import Given, Surroundings, given
from classroom.exercises.kernel import Kernel, KernelGone, ThisKernel
from classroom.exercises.plain import NotPlain, Thing, decode, describe, encode, shorten
from classroom.exercises.verdict import Verdict as Verdict
from classroom.lesson import current
from classroom.standin.records.journal import Call

SECONDS = 20.0  # that one call of an answer may take


class NotYet(Exception):
    """The answer does not do what was asked.

    `problem` is one sentence, `case` what was tried, `expected` what should have come back, `got` what came back.
    """

    def __init__(self, problem: str, case: str = "", expected: str = "", got: str = "") -> None:
        super().__init__(problem)
        self.problem, self.case, self.expected, self.got = problem, case, expected, got


class TooLate(NotYet):
    """It had to be stopped."""


@dataclass(frozen=True)
class Exercise:
    """`answer`: the name of what the learner writes. `look` returns the sentence for a right one, or raises `NotYet`.

    `hints`: a question, a pointer, and what is nearly the answer.
    """

    answer: str
    look: "Callable[[Bench], str]"
    hints: tuple[str, str, str]


@dataclass(frozen=True)
class Raised:
    """An exception of the learner's code: its name, the names of the classes that it is one of, its words."""

    name: str
    kinds: tuple[str, ...]
    message: str

    def __str__(self) -> str:
        return f"{self.name}: {shorten(self.message, 120)}" if self.message else self.name


@dataclass(frozen=True)
class Trial:
    """One call of an answer.

    Attributes:
        case: the call in words.
        value: what it returned, as plain data.
        printed, errors: what it wrote into the streams for results and for errors.
        raised: what it raised.
        stopped: what an app raised that answered with a status all the same.
        spread: of the time that an app's answer took, the share since its first piece, from 0 to 1.
        written: whether the function has a body.
        late: whether it had to be stopped.
        given: lists and dictionaries that it was given, as they are afterwards.
        asked: what became of a question that the returned client was given.
        calls: what reached OpenAI meanwhile; None where nobody can look.
        seconds: how long it may take.
    """

    case: str
    value: Any = None
    printed: str = ""
    errors: str = ""
    raised: Raised | None = None
    stopped: Raised | None = None
    spread: float = 0.0
    written: bool = False
    late: bool = False
    given: tuple[Any, ...] = ()
    asked: Raised | None = None
    calls: tuple[Call, ...] | None = None
    seconds: float = SECONDS

    def wrong(self, problem: str, expected: str, got: str | None = None) -> NotYet:
        """That it is not right yet."""
        return NotYet(problem, self.case, expected, describe(self.value) if got is None else got)

    def ended(self, expected: str) -> Any:
        """What it returned, nothing included.

        Raises:
            NotYet: it raised an exception, or did not end.
        """
        if self.late:
            problem = f"It did not end within {self.seconds:g} seconds. Is there a loop that never stops?"
            raise TooLate(problem, self.case, expected, "no answer")
        if self.raised:
            raise self.wrong(f"It stops with an error: {self.raised.name}.", expected, str(self.raised))
        return self.value

    def returned(self, expected: str) -> Any:
        """What it returned.

        Raises:
            NotYet: it returned nothing, raised an exception, or did not end.
        """
        value = self.ended(expected)
        if value is None and self.printed.strip():
            printed = shorten(self.printed)
            raise self.wrong(
                "It prints something and returns nothing. End it with return.",
                expected,
                f'nothing (None); it printed "{printed}"',
            )
        if value is None and self.written:
            raise self.wrong(
                "Here it returns nothing (None). Does each branch end with return, is the right branch taken, and has what "
                "it returns a value?",
                expected,
            )
        if value is None:
            raise self.wrong("It returns nothing so far. Write its body, and end it with return.", expected)
        if isinstance(value, Thing) and value.type == "coroutine":
            raise self.wrong("It returns a coroutine, which is no result yet. Is an await missing?", expected)
        return value

    def refused(self, kind: str, expected: str) -> Raised:
        """The exception that it was to raise: one of that class.

        Raises:
            NotYet: it raised another one or none, or did not end.
        """
        if self.late or self.raised is None:
            value = self.ended(expected)
            if isinstance(value, Thing) and value.type.endswith("Error"):
                raise self.wrong("It returns an error. Write raise, not return, before it.", expected)
            raise self.wrong(f"It raises no {kind}.", expected)
        if kind not in self.raised.kinds:
            raise self.wrong(f"It raises another error than a {kind}.", expected, str(self.raised))
        return self.raised

    @property
    def empty(self) -> bool:
        """Whether nothing came back that could be of use: it returned nothing, or an error that it should raise."""
        return self.value is None or (isinstance(self.value, Thing) and self.value.type.endswith("Error"))

    def calls_for(self, words: str, expected: str, *routes: str) -> tuple[Call, ...] | None:
        """The calls to these routes that were answered and carried the words; None where nobody can look.

        Raises:
            NotYet: there is no such call.
        """
        if self.calls is None:
            return None
        asked = tuple(call for call in self.calls if call.route in routes)
        if not asked:
            raise self.wrong("It did not ask OpenAI for this.", expected, "no call to OpenAI")
        with_words = tuple(call for call in asked if carries(call, words))
        if not with_words:
            raise self.wrong(
                "What it was given did not reach OpenAI. Is the argument used?",
                expected,
                "a call to OpenAI without these words",
            )
        return with_words


class Bench:
    """One exercise on the bench. `chance` chooses new inputs each time; a test may give one with a seed."""

    def __init__(self, answer: str, kernel: Kernel, boundary: Boundary, chance: Random | None = None) -> None:
        self.answer, self.boundary = answer, boundary
        self.chance = chance or SystemRandom()
        self._kernel = kernel
        self._number = 0
        self._changed: NotYet | None = None

    def call(
        self,
        *arguments: Any,
        case: str | None = None,
        seconds: float = SECONDS,
        surroundings: Surroundings | None = None,
        back: Callable[[Any], Any] = lambda data: None,
        may_change: bool = False,
    ) -> Trial:
        """Call the answer in the learner's kernel, and see what comes of it.

        Args:
            arguments: plain values, or what `classroom.exercises.given` describes.
            case: the call in words, if its arguments don't tell.
            seconds: when to stop it.
            surroundings: what else it meets.
            back: answers what a given function asks.
            may_change: whether it is to change a list or a dictionary that it is given.

        Raises:
            NotYet: there is no such function.
            KernelGone: the kernel ended.
        """
        described: list[Given] = [given(argument) for argument in arguments]
        around = surroundings or Surroundings()
        order = {
            "do": "call",
            "arguments": [each.order for each in described],
            "environment": dict(around.environment),
            "ask": around.ask,
        }
        words = case or f"{self.answer}({', '.join(each.words for each in described)})"
        trial = self._tried(order, words, seconds, back)
        for before, after in zip(arguments, trial.given, strict=False):
            if not may_change and isinstance(before, (list, dict)) and after != decode(encode(before)):
                kind = "list" if isinstance(before, list) else "dictionary"
                problem = f"It changes the {kind} that it was given, which its caller may still need."
                self._changed = trial.wrong(problem, f"the {kind} as it was", shorten(describe(after), 120))
        return trial

    def leaves_alone(self) -> None:
        """That no call changed what belongs to its caller.

        Raises:
            NotYet: one did.
        """
        if self._changed:
            raise self._changed

    def value(self) -> Trial:
        """The answer itself, where it is no function."""
        return self._tried({"do": "value"}, self.answer, SECONDS)

    def request(self, method: str, address: str, **body: Any) -> Trial:
        """A request to an app, or to the lab's OpenAI module; `body`: `json=`, or `form=` and `file=(name, encoded content, type)`."""
        order = {"do": "http", "method": method, "address": address, **body}
        return self._tried(order, f"{method} {address}", SECONDS)

    def _tried(
        self,
        order: dict[str, Any],
        case: str,
        seconds: float,
        back: Callable[[Any], Any] = lambda data: None,
    ) -> Trial:
        self._number += 1
        before = self.boundary.count
        order = {**order, "name": self.answer, "seconds": seconds, "number": self._number}
        seen = self._kernel.ask(order, back, seconds)
        calls = self.boundary.calls_since(before)
        if seen.get("missing") is True:
            raise NotYet(f"There is nothing called {self.answer}. Run the cell above first.")
        if seen.get("callable") is False:
            problem = f"{self.answer} is not a function any more. Run the cell above again."
            raise NotYet(problem, case, "a function", describe(_trial(seen, case, calls, seconds).value))
        return _trial(seen, case, calls, seconds)


def _trial(seen: Mapping[str, Any], case: str, calls: tuple[Call, ...] | None, seconds: float) -> Trial:
    try:
        value = decode(seen["value"]) if "value" in seen else None
        after = seen.get("given")
        arguments = tuple(decode(each) for each in after[:20]) if isinstance(after, list) else ()
    except NotPlain:
        value, arguments = Thing("unknown"), ()
    asked, spread = seen.get("asked"), seen.get("spread")
    return Trial(
        case=case,
        value=value,
        printed=str(seen.get("printed", ""))[:2_000],
        errors=str(seen.get("errors", ""))[:2_000],
        raised=_raised(seen.get("raised")),
        stopped=_raised(seen.get("stopped")),
        spread=spread if isinstance(spread, float) else 0.0,
        written=seen.get("written") is True,
        late=seen.get("late") is True,
        given=arguments,
        asked=_raised(asked.get("raised")) if isinstance(asked, dict) else None,
        calls=calls,
        seconds=seconds,
    )


def _raised(data: Any) -> Raised | None:
    if not isinstance(data, dict):
        return None
    kinds = data.get("kinds")
    names = tuple(str(kind)[:80] for kind in kinds[:20]) if isinstance(kinds, list) else ()
    return Raised(shorten(str(data.get("name"))), names, str(data.get("message", ""))[:500])


def judge(
    id: str, exercise: Exercise, kernel: Kernel, boundary: Boundary, chance: Random | None = None
) -> Verdict:
    """Check one exercise; whatever goes wrong is in the verdict."""
    try:
        bench = Bench(exercise.answer, kernel, boundary, chance)
        sentence = exercise.look(bench)
        bench.leaves_alone()
        return Verdict(id, "done", sentence)
    except NotYet as problem:
        return Verdict(id, "open", problem.problem, problem.case, problem.expected, problem.got)
    except KernelGone as gone:
        return Verdict(id, "open", str(gone))
    except Exception as error:  # the check's own fault, or a stand-in's
        words = f"The check itself failed ({type(error).__name__}: {shorten(str(error))}). That is not your fault."
        return Verdict(id, "unclear", words)


def judge_here(
    id: str, exercise: Exercise, namespace: Mapping[str, Any], chance: Random | None = None
) -> Verdict:
    """The same in this process: the lesson's stand-in gives way to a watched one meanwhile."""
    lesson = current()
    live = lesson is not None and lesson.live
    with Boundary(live=live) as boundary:
        mock = lesson.openai if lesson else None
        away: AbstractContextManager[None] = mock.diverted(boundary.application) if mock else nullcontext()
        with away:
            return judge(id, exercise, ThisKernel(namespace), boundary, chance)
