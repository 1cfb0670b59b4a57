"""Notebook 10: a learner's test of an endpoint, tried on one that is right and on others with a fault."""

from collections.abc import Callable
from dataclasses import dataclass
from random import SystemRandom
from typing import Any

from classroom.exercises import words
from classroom.exercises.exercise import Bench, NotYet, Trial
from classroom.exercises.given import texts_client, texts_openai
from classroom.exercises.plain import NotPlain, decode, encode
from classroom.exercises.trying import fails_by_assert, try_each


@dataclass(frozen=True)
class _Endpoint:
    """What an endpoint that makes texts does. None, and the numbers as they are: what is right."""

    name: str
    prompt: Callable[[str], str] | None = None
    text: Callable[[str], str] | None = None
    made: int = 201
    blank: str = "refuse"  # or "make", or "refuse too late"
    busy: int = 429


_CHANCE = SystemRandom()


def _other(text: str) -> str:
    # drawn each time, and unlike what the test has: a test that sends the planted words itself could not notice them
    return words.another(_CHANCE, text)


_RIGHT = _Endpoint("everything is right")
_FAULTS = (
    _Endpoint("another prompt reaches OpenAI", prompt=_other),
    _Endpoint("the answer holds other words than OpenAI's", text=_other),
    _Endpoint("a text that was made is answered with 200", made=200),
    _Endpoint("a blank prompt is not refused", blank="make"),
    _Endpoint("a blank prompt is refused only after OpenAI was asked", blank="refuse too late"),
    _Endpoint("an OpenAI that is busy is answered with 201", busy=201),
    _Endpoint("an OpenAI that is busy is answered with 500", busy=500),
    _Endpoint("an OpenAI that is busy is answered with 502", busy=502),
)


def check_texts(bench: Bench) -> str:
    """The sentence for a test that notices each fault; raises `NotYet` otherwise."""
    noticed: list[Trial] = []

    def look_at(behaviour: _Endpoint) -> None:
        asked = 0

        def back(data: Any) -> Any:
            nonlocal asked
            asked += 1
            return _step(behaviour, data)

        case = f"check_texts(client, openai_mock), where {behaviour.name}"
        trial = bench.call(texts_client(), texts_openai(), case=case, back=back)
        if behaviour is _RIGHT:
            expected = "no error, since everything is right"
            trial.ended(expected)
            if not asked:
                raise trial.wrong("It sends no request to the endpoint.", expected, "a test of nothing")
            return
        if trial.late:
            trial.ended("an AssertionError")
        if trial.raised is None:
            problem = f"It does not notice when {behaviour.name}."
            raise NotYet(problem, trial.case, "an AssertionError", "no error: the test passes")
        noticed.append(trial)

    look_at(_RIGHT)
    try_each(bench, (_RIGHT, *_FAULTS), look_at)
    fails_by_assert(noticed)
    return f"It passes for what is right, and notices {len(_FAULTS)} faults."


def _step(behaviour: _Endpoint, data: Any) -> Any:
    """What the endpoint in the learner's kernel does next."""
    try:
        received = {name: decode(value) for name, value in data.items()} if isinstance(data, dict) else {}
    except NotPlain:
        received = {}
    if "prompt" in received:
        prompt = str(received["prompt"])
        blank = not prompt.strip()
        ask = not blank or behaviour.blank != "refuse"
        changed = behaviour.prompt(prompt) if behaviour.prompt and not blank else prompt
        return {"ask": ask, "input": encode(changed if not blank else "Say anything.")}
    if received.get("refused"):
        return {"status": behaviour.busy, "text": encode("")}
    if received.get("blank") and behaviour.blank != "make":
        return {"status": 422, "text": encode("")}
    text = str(received.get("text", ""))
    return {"status": behaviour.made, "text": encode(behaviour.text(text) if behaviour.text else text)}
