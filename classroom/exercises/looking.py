"""How an answer is looked at: it is called, and what it does is seen at the other end."""

import reprlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from classroom.lesson import current


class NotYet(Exception):
    """The answer does not do what was asked; the text says what it did instead."""


@dataclass(frozen=True)
class Exercise:
    """`answer`: the name of what the learner writes. `look` returns the sentence for a right one, or raises `NotYet`."""

    answer: str
    look: Callable[[Any], str]
    hint: str


def called(function: Any, *arguments: Any) -> Any:
    """What a learner's function returns; `NotYet` if it is none, raises, or returns nothing."""
    if not callable(function):
        raise NotYet("it is no function any more. Run the cell above again.")
    try:
        result = function(*arguments)
    except Exception as error:
        shown = ", ".join(reprlib.repr(argument) for argument in arguments)
        raise NotYet(f"calling it with {shown} raised {type(error).__name__}: {error}") from error
    if result is None:
        raise NotYet("it returns nothing so far. Write its body, and end it with return.")
    return result


def calls_since(before: int) -> list[Any]:
    """What reached the stand-in since; nothing in live mode, where nobody can look."""
    lesson = current()
    return list(lesson.openai.calls)[before:] if lesson and lesson.openai else []


def asked_since(before: int) -> list[Any]:
    """The same, where something had to be asked: `NotYet` if nothing reached the stand-in."""
    calls = calls_since(before)
    lesson = current()
    if not calls and lesson and lesson.openai:
        raise NotYet("it did not ask OpenAI for this: nothing reached it.")
    return calls


def count() -> int:
    """How many calls have reached the stand-in."""
    lesson = current()
    return len(lesson.openai.calls) if lesson and lesson.openai else 0
