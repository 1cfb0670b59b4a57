"""Exercises of the notebooks: `check("02.1")` shows what was seen, `hint("02.1")` helps, one step at a time.

A check calls what the learner wrote with inputs that it chooses, and judges what happens; how it is written is the
learner's. In a grading the same checks run outside the learner's kernel.
"""

from collections import Counter
from collections.abc import Mapping
from functools import cache
from random import Random
from typing import Any

from classroom.exercises import (
    agents,
    beginnings,
    endpoints,
    exercise,
    failures,
    finding,
    further_hunts,
    hunts,
    jobs,
    keys,
    looking,
    meaning,
    mocking,
    modules,
    pictures,
    proxies,
    routes,
    safety,
    scaling,
    steering,
    storage,
    streams,
)
from classroom.exercises.exercise import Exercise, Verdict

EXERCISES: dict[str, Exercise] = dict(
    sorted(
        (
            beginnings.EXERCISES
            | keys.EXERCISES
            | steering.EXERCISES
            | pictures.EXERCISES
            | meaning.EXERCISES
            | failures.EXERCISES
            | mocking.EXERCISES
            | storage.EXERCISES
            | proxies.EXERCISES
            | routes.EXERCISES
            | endpoints.EXERCISES
            | modules.EXERCISES
            | hunts.EXERCISES
            | further_hunts.EXERCISES
            | agents.EXERCISES
            | looking.EXERCISES
            | finding.EXERCISES
            | safety.EXERCISES
            | scaling.EXERCISES
            | jobs.EXERCISES
            | streams.EXERCISES
        ).items()
    )
)
_STEPS = ("a question", "a pointer", "nearly there")


def _exercise(id: str) -> Exercise:
    if id not in EXERCISES:
        raise KeyError(f"There is no exercise {id}. There are: {', '.join(EXERCISES)}.")
    return EXERCISES[id]


def exercises_of(notebook: str) -> tuple[str, ...]:
    """The exercises of a notebook of the course, by its number, such as "02"; none if it has none."""
    return tuple(id for id in EXERCISES if id.partition(".")[0] == notebook)


def _namespace() -> dict[str, Any]:
    from IPython.core.getipython import get_ipython

    shell = get_ipython()
    return dict(shell.user_ns) if shell else {}


def judge_answer(id: str, namespace: Mapping[str, Any], chance: Random | None = None) -> Verdict:
    """The verdict on an exercise, given the names that the learner defined in this process.

    Args:
        chance: what chooses the inputs, where a test of the checks wants the same ones each time; by default the
            system's own chance, which nobody can guess.

    Raises:
        KeyError: there is no such exercise.
    """
    return exercise.judge_here(id, _exercise(id), namespace, chance)


def verdict(id: str, namespace: Mapping[str, Any]) -> str:
    """The same in words.

    Raises:
        KeyError: there is no such exercise.
    """
    return str(judge_answer(id, namespace))


def _advice(id: str) -> str:
    """What helps after a refusal."""
    stopped = _stopped_before(_exercise(id).answer)
    return f'{stopped}Stuck? hint("{id}") helps, one step at a time.'


def _stopped_before(answer: str) -> str:
    """What to know of an answer whose cell stopped with an error when it was run last: an older one is still defined."""
    from IPython.core.getipython import get_ipython

    last = getattr(get_ipython(), "last_execution_result", None)
    if last is None or last.success or answer not in str(last.info.raw_cell):
        return ""
    error = last.error_before_exec or last.error_in_exec
    return (
        f"The cell that you ran last stopped with {type(error).__name__}, so {answer} may be what an earlier run defined: "
        "repair that cell first. "
    )


def check(id: str) -> None:
    """Try the answer to an exercise, and show what was seen.

    Raises:
        KeyError: there is no such exercise.
    """
    from classroom.exercises.card import show_verdict  # here: it loads IPython, which a grading does without

    found = judge_answer(id, _namespace())
    show_verdict(found, _advice(id) if found.state == "open" else "")
    if found.state == "done":
        from classroom.learning_record import note_done

        note_done(id)


@cache
def _asked() -> Counter[str]:
    """How many hints were asked for, by exercise."""
    return Counter()


def hint(id: str) -> None:
    """Show a hint: a question first, asked again a pointer, and then what is nearly the answer.

    Raises:
        KeyError: there is no such exercise.
    """
    from classroom.exercises.card import show_hint

    hints = _exercise(id).hints
    _asked()[id] += 1
    number = min(_asked()[id], len(hints))
    more = f' Another one: hint("{id}").' if number < len(hints) else " This was the last one."
    title = f"Hint {number} of {len(hints)} for exercise {id}, {_STEPS[number - 1]}:"
    show_hint(title, hints[number - 1] + more)
