"""Tries cases in an order that nobody can guess, and refuses with a reason that does not depend on it."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from classroom.exercises.exercise import Bench, NotYet, TooLate, Trial

_Case = TypeVar("_Case")


def try_each(bench: Bench, cases: Sequence[_Case], look: Callable[[_Case], None]) -> None:
    """Look at each case, in an order of chance; a learner who checks the same answer again reads the same reason.

    An answer that counts its calls can't know which case it meets. What is reported is the first refused case in the
    order of `cases`, so they begin with what a learner should mend first. After a refusal only cases before it are
    tried, and after one that did not end in time none.

    Raises:
        NotYet: of the first case that was refused.
    """
    refused: dict[int, NotYet] = {}
    for number in bench.chance.sample(range(len(cases)), len(cases)):
        if refused and number > min(refused):
            continue
        try:
            look(cases[number])
        except TooLate as late:
            refused[number] = late
            break
        except NotYet as problem:
            refused[number] = problem
    if refused:
        raise refused[min(refused)]


def fails_by_assert(noticed: Sequence[Trial]) -> None:
    """That a learner's test which noticed faults failed with an AssertionError, for one of them at least.

    What is missing may end a right test with another error, such as a KeyError. With nothing but other errors, a reader
    can't tell a fault of the code from a fault of the test.

    Raises:
        NotYet: it failed with other errors alone.
    """
    if any({"AssertionError", "Failed"} & set(trial.raised.kinds) for trial in noticed if trial.raised):
        return
    for trial in noticed[:1]:
        raise trial.wrong(
            "It fails, and never with an AssertionError. Write what you expect after assert.",
            "an AssertionError",
            str(trial.raised),
        )
