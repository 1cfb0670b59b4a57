"""Bugs to hunt in notebooks 00, 09 and 11: a file that is no picture, a program that never gives up, a refusal that costs."""

import base64
import itertools

from classroom.exercises import words
from classroom.exercises.beginnings import model_s_words
from classroom.exercises.carrying import carries
from classroom.exercises.exercise import Bench, Exercise, Trial
from classroom.exercises.given import asking
from classroom.exercises.plain import describe, number_of, several
from classroom.exercises.trying import try_each
from classroom.standin.scripting.faults import fault

_PLACE = "exercise-00"
_SECONDS = 40.0
_RATE_LIMITS = 30  # more than anyone waits for


def _keep_picture(bench: Bench) -> str:
    from classroom.media.picture import draw  # here: it loads a library for pictures

    storage = bench.boundary.storage
    for _ in range(2):
        picture = draw(words.scene(bench.chance), seed=words.mark(bench.chance), size=(64, 64), format="jpeg")
        key = f"{_PLACE}/{words.mark(bench.chance)}.jpg"
        text = base64.b64encode(picture).decode()
        trial = bench.call(key, text, case=f'keep_picture("{key}", the base64 text of a picture)')
        expected = f"the {len(picture)} bytes of the picture under that key, as image/jpeg"
        try:
            trial.ended(expected)
            stored = storage.get(key)
        finally:
            storage.delete(key)
        if stored is None:
            raise trial.wrong("Nothing is stored under that key.", expected, "no object")
        if stored[0] == text.encode():
            raise trial.wrong(
                "The letters are stored, not the picture: decode them first.", expected, describe(stored[0])
            )
        if stored[0] != picture:
            raise trial.wrong("What is stored are not the picture's bytes.", expected, describe(stored[0]))
        if stored[1] != "image/jpeg":
            raise trial.wrong("It is stored with another type.", expected, f"the type {stored[1]}")
    return "The picture is stored as what it is: bytes, with the type of a JPEG."


def _give_up(bench: Bench) -> str:
    expected = "what the call returned, after one try"
    trial, tries, value = _called(bench, 0, "a call that works")
    found = trial.returned(expected)
    if not tries:
        raise trial.wrong("It never calls what it was given.", expected)
    if tries > 1:
        raise trial.wrong(
            "The first call worked, and it calls again all the same.", expected, f"{tries} calls"
        )
    if found != value:
        raise trial.wrong("It does not return what the call returned.", expected)
    trial, tries, _ = _called(bench, 12, "a call when the day's requests are used up")
    expected = "the RateLimitError, after one try"
    if tries > 1:
        raise trial.wrong(
            "It tries again, though the cap is reset only tomorrow.", expected, f"{tries} tries"
        )
    if not tries:
        raise trial.wrong("It never calls what it was given.", expected)
    if not trial.late and trial.raised is None:
        raise trial.wrong("It hides that the cap is reached: its caller can't know.", expected)
    trial.refused("RateLimitError", expected)
    trial, tries, value = _called(
        bench, _RATE_LIMITS, f"a call that meets {_RATE_LIMITS} other rate limits", "rate_limit_exceeded"
    )
    expected = "what the call returned, or the RateLimitError"
    if trial.late or tries > _RATE_LIMITS:
        problem = "After another rate limit it tries again and again. Give up after a few tries."
        raise trial.wrong(problem, "the RateLimitError, after a few tries", f"{_RATE_LIMITS} tries and more")
    if not trial.late and trial.raised is None and trial.value != (value or object()):
        raise trial.wrong(
            "After other rate limits it neither returns what the call returned nor lets its caller know.",
            expected,
        )
    return "It tries once, and its caller learns that the day's requests are used up."


def _called(
    bench: Bench, refusals: int, case: str, code: str = "daily_cap_reached"
) -> tuple[Trial, int, str | None]:
    """One run of the answer; how often it called, and what the last call returned."""
    openai = bench.boundary.openai
    before = bench.boundary.count
    for _ in itertools.repeat(None, refusals):
        openai.faults.add(fault(status=429, code=code, times=1))
    question = words.question(bench.chance)
    try:
        call = asking(f"{bench.boundary.url}/v1", question)
        trial = bench.call(call, case=f"give_up(call), {case}", seconds=_SECONDS)
    finally:
        openai.faults.clear()
    tries = [each for each in openai.journal[before:] if carries(each, question)]
    made = tries[-1].outputs if tries else ()
    return trial, len(tries), made[0].content.decode() if made else None


def _careful(bench: Bench) -> str:
    def look_at(prompt: str | None) -> None:
        trial = bench.call(prompt)
        blank = not (prompt or "").strip()
        expected = "(422, a sentence) and no call to OpenAI" if blank else "(201, the model's words)"
        value = several(trial.returned(expected))
        if value is None or len(value) != 2:
            raise trial.wrong("It returns something else than a status and a text.", expected)
        status, text = value
        if number_of(status) != (422 if blank else 201):
            raise trial.wrong("Another status is right here.", expected, f"status {describe(status)}")
        if not blank:
            model_s_words(_only(trial, text), str(prompt), expected)
        elif trial.calls:
            raise trial.wrong(
                "It refuses the prompt, but only after it asked OpenAI, which costs money.",
                expected,
                f"status 422 and {len(trial.calls)} call(s)",
            )
        elif not isinstance(text, str) or len(text.split()) < 2:
            raise trial.wrong("It does not say what is wrong.", expected, describe(text))

    short = words.mark(bench.chance)[:3]
    try_each(bench, [words.question(bench.chance), short, "", "   ", "\n\t ", None], look_at)
    return "What is refused costs nothing, and what is right is made."


def _only(trial: Trial, value: object) -> Trial:
    """The same trial with a part of what came back."""
    from dataclasses import replace

    return replace(trial, value=value)


EXERCISES = {
    "00.3": Exercise(
        "keep_picture",
        _keep_picture,
        (
            "What do the first characters of the stored file look like, and what does a JPEG begin with?",
            "The text is base64. What turned it into bytes in the first cell that made a picture?",
            'Body=base64.b64decode(text), with ContentType="image/jpeg" as before.',
        ),
    ),
    "09.3": Exercise(
        "give_up",
        _give_up,
        (
            "When is the cap reset, and what do tries before that achieve?",
            "Nothing has to be caught here: an error that nobody catches goes to the caller.",
            'return call(). Or: except openai.RateLimitError, and raise when error.code is "daily_cap_reached".',
        ),
    ),
    "11.3": Exercise(
        "careful",
        _careful,
        (
            "Which line costs money, and which one decides whether to spend it?",
            "Swap them: look at the prompt first. Remember that it may be None.",
            'if not (prompt or "").strip(): return 422, "The prompt is blank."; only then ask OpenAI.',
        ),
    ),
}
