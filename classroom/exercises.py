"""Exercises of the notebooks: `check("02.1")` answers with a sentence, `hint("02.1")` helps once more.

A check calls what the learner wrote and looks at what it does; how it is written is the learner's.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from classroom.lesson import current
from classroom.media.signatures import sniff


class NotYet(Exception):
    """The answer does not do what was asked; the text says what it did instead."""


@dataclass(frozen=True)
class Exercise:
    """`answer`: the name of what the learner writes. `look` returns the sentence for a right one, or raises `NotYet`."""

    answer: str
    look: Callable[[Any], str]
    hint: str


def _called(function: Any, *arguments: Any) -> Any:
    """What a learner's function returns; `NotYet` if it is none, raises, or returns nothing."""
    if not callable(function):
        raise NotYet("it is no function any more. Run the cell above again.")
    try:
        result = function(*arguments)
    except Exception as error:
        shown = ", ".join(repr(argument) for argument in arguments)
        raise NotYet(f"calling it with {shown} raised {type(error).__name__}: {error}") from error
    if result is None:
        raise NotYet("it returns nothing so far. Write its body, and end it with return.")
    return result


def _calls_since(count: int) -> list[Any]:
    lesson = current()
    return list(lesson.openai.calls)[count:] if lesson and lesson.openai else []


def _count() -> int:
    lesson = current()
    return len(lesson.openai.calls) if lesson and lesson.openai else 0


def _draw(function: Any) -> str:
    before, prompt = _count(), "a teapot on the moon"
    picture = _called(function, prompt)
    if not isinstance(picture, bytes):
        raise NotYet(f"it returns {type(picture).__name__}, not bytes. b64_json is text: decode it.")
    if not sniff(picture).startswith("image/"):
        raise NotYet("the bytes it returns are no picture. Is b64_json decoded, once?")
    calls = _calls_since(before)
    if calls and not any(call.mentions(prompt) for call in calls):
        raise NotYet("the prompt that it was given did not reach OpenAI.")
    return f"It draws what it is told to: {len(picture)} bytes of {sniff(picture)}."


def _ask(function: Any) -> str:
    before, question = _count(), "How deep is the sea?"
    answer = _called(function, question)
    if not isinstance(answer, str):
        raise NotYet(
            f"it returns {type(answer).__name__}, not text. Which attribute of the answer holds the words?"
        )
    if not answer.strip():
        raise NotYet("it returns an empty text.")
    calls = _calls_since(before)
    if calls and not any(call.mentions(question) for call in calls):
        raise NotYet("the question that it was given did not reach OpenAI.")
    return "It asks, and gives back the words of the answer."


def _advise(function: Any) -> str:
    before, question = _count(), "Should I bring an umbrella?"
    answer = _called(function, question)
    if not isinstance(answer, str):
        raise NotYet(f"it returns {type(answer).__name__}, not text.")
    calls = _calls_since(before)
    if calls:
        body = calls[-1].body
        roles = [message.get("role") for message in body.get("messages", []) if isinstance(message, dict)]
        if not ({"system", "developer"} & set(roles) or body.get("instructions")):
            raise NotYet("no system message went with the question: the model was not told who to be.")
        if not calls[-1].mentions(question):
            raise NotYet("the question that it was given did not reach OpenAI.")
    return "The model is told who to be, and then asked."


EXERCISES = {
    "00.1": Exercise(
        "draw", _draw, "Two steps: client.images.generate(…), then base64.b64decode(…) of its first picture."
    ),
    "02.1": Exercise("ask", _ask, "client.responses.create(…) has all you need; its output_text is a str."),
    "02.2": Exercise(
        "advise", _advise, "messages= takes a list: first {'role': 'system', …}, then {'role': 'user', …}."
    ),
}


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
