"""Exercises of the notebooks: `check("02.1")` answers with a sentence, `hint("02.1")` helps once more.

A check calls what the learner wrote and looks at what it does; how it is written is the learner's.
"""

from typing import Any

from classroom.exercises import (
    beginnings,
    endpoints,
    failures,
    keys,
    meaning,
    mocking,
    module,
    pictures,
    proxies,
    steering,
    storage,
)
from classroom.exercises.looking import Exercise, NotYet

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
            | endpoints.EXERCISES
            | module.EXERCISES
        ).items()
    )
)


def _exercise(id: str) -> Exercise:
    if id not in EXERCISES:
        raise KeyError(f"There is no exercise {id}. There are: {', '.join(EXERCISES)}.")
    return EXERCISES[id]


def _namespace() -> dict[str, Any]:
    from IPython.core.getipython import get_ipython

    shell = get_ipython()
    return dict(shell.user_ns) if shell else {}


def verdict(id: str, namespace: dict[str, Any]) -> str:
    """The sentence for an exercise, given the names that the learner defined.

    Raises:
        KeyError: there is no such exercise.
    """
    exercise = _exercise(id)
    if exercise.answer not in namespace:
        return f"Exercise {id}: not yet, there is nothing called {exercise.answer}. Run the cell above first."
    try:
        return f"Exercise {id}: done. {exercise.look(namespace[exercise.answer])}"
    except NotYet as problem:
        return f'Exercise {id}: not yet, {problem} (hint("{id}") helps.)'
    except Exception as error:  # an answer may give back anything at all
        return (
            f"Exercise {id}: not yet, what it gives can't be used: {type(error).__name__}: {error} "
            f'(hint("{id}") helps.)'
        )


def check(id: str) -> None:
    """Look at the answer to an exercise and say what was seen.

    Raises:
        KeyError: there is no such exercise.
    """
    print(verdict(id, _namespace()))


def hint(id: str) -> None:
    """One more hint.

    Raises:
        KeyError: there is no such exercise.
    """
    print(_exercise(id).hint)
