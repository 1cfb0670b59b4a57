"""Which tests of a suite exercise the generating operation: only those earn the points of `tests.*`."""

from collections.abc import Mapping
from dataclasses import dataclass

from grader.collect.suites.deciding import Notes, Planted
from grader.evidence import Kind
from grader.inside.faults import Boundary


@dataclass(frozen=True)
class Generating:
    """What a suite's passing tests showed of the operation that generates.

    Attributes:
        tests: those that ask it, or have the app's code ask OpenAI.
        made: for each of them, the kinds that it had the app make, through the app's own door.
        reached: fault → those of them that come near it.
        passed: for each of them, the boundaries that the app's calls passed.
        asked: the kinds that the app asked OpenAI for meanwhile.
    """

    tests: frozenset[str]
    made: Mapping[str, frozenset[Kind]]
    reached: Mapping[Planted, frozenset[str]]
    passed: Mapping[str, frozenset[Boundary]]
    asked: frozenset[Kind]

    @property
    def replaced(self) -> frozenset[tuple[Boundary, Kind]]:
        """The boundaries that a test had replaced while it had the app make a kind: there it may look by itself."""
        return frozenset(
            (place, kind)
            for test, kinds in self.made.items()
            for kind in kinds
            for place in ("s3", "openai")
            if place not in self.passed.get(test, ())
        )


def generating(notes: Notes, *, known: bool) -> Generating:
    """What is about the operation that generates, of what a suite's first run showed.

    Args:
        notes: of that run.
        known: whether the operation was known, so that only its answers are among the notes. Where it was not, those are
            about it that are answered where the app asked OpenAI.
    """
    green = {test for test in notes.began if test not in notes.red}
    asks_openai = {test for test in green if notes.openai.get(test)}
    if known:
        about = {test for test in green if "app" in notes.passed.get(test, ())} | asks_openai
        made = {test: frozenset(notes.made.get(test, ())) for test in about}
    else:
        places = {place for test in asks_openai for place in notes.places.get(test, ())}
        about = {test for test in green if places & notes.places.get(test, set())} | asks_openai
        made = {
            test: frozenset(notes.openai.get(test, ())) if notes.made.get(test) else frozenset()
            for test in about
        }
    return Generating(
        tests=frozenset(about),
        made={test: kinds for test, kinds in made.items() if kinds},
        reached={planted: frozenset(tests & about) for planted, tests in notes.reached.items()},
        passed={test: frozenset(notes.passed.get(test, ())) for test in about},
        asked=frozenset(kind for test in about for kind in notes.openai.get(test, ())),
    )
