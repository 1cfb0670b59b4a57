"""Notebook 06: what to do when a call fails, and what calls cost."""

from typing import Any
from unittest.mock import patch

import httpx2
import openai

from classroom.exercises.looking import Exercise, NotYet, called
from classroom.standin.costs import Usage, cost_of

_MODEL = "gpt-5.4-mini"
_MOST_TRIES = 12


def _refused(kind: type[openai.APIStatusError], status: int) -> openai.APIStatusError:
    request = httpx2.Request("POST", "http://127.0.0.1/v1/responses")
    response = httpx2.Response(status, request=request, headers={"retry-after-ms": "5"})
    return kind("Try later.", response=response, body={"code": "rate_limit_exceeded"})


class _Failing:
    """Something to call that fails so many times first."""

    def __init__(self, times: int, error: Exception) -> None:
        self._left, self._error, self.tries = times, error, 0

    def __call__(self) -> str:
        self.tries += 1
        if self.tries > _MOST_TRIES:
            raise NotYet(f"it has tried {_MOST_TRIES} times and does not stop. Give up after a few.")
        if self.tries <= self._left:
            raise self._error
        return "an answer"


def _patiently(function: Any) -> str:
    busy = _refused(openai.RateLimitError, 429)
    with patch("time.sleep") as sleep:
        twice = _Failing(2, busy)
        if called(function, twice) != "an answer":
            raise NotYet("it does not return what the call returned in the end.")
        if not sleep.called:
            raise NotYet("it tries again at once. Wait first: that is what the limit asks for.")
        if called(function, _Failing(0, busy)) != "an answer":
            raise NotYet("a call that works at once does not come back.")
        _lets_through(function, _Failing(1000, busy), openai.RateLimitError)
        wrong = _Failing(1000, _refused(openai.BadRequestError, 400))
        _lets_through(function, wrong, openai.BadRequestError)
    if wrong.tries > 1:
        raise NotYet("it repeats a request that is wrong in itself (400). That never helps.")
    return "It waits, tries again, gives up in the end, and repeats nothing that is wrong in itself."


def _lets_through(function: Any, failing: _Failing, kind: type[Exception]) -> None:
    try:
        function(failing)
    except kind:
        return
    except NotYet:
        raise
    except Exception as error:
        raise NotYet(
            f"when it gives up, it raises {type(error).__name__} instead of {kind.__name__}."
        ) from error
    raise NotYet(f"it hides the {kind.__name__} that stays: whoever called it can't know.")


def _cost(function: Any) -> str:
    for given in ((1_000_000, 0), (0, 1_000_000), (1_200, 350)):
        units = {"input_tokens": given[0], "output_tokens": given[1]}
        right = float(cost_of(Usage(_MODEL, units)))
        said = called(function, *given)
        if isinstance(said, bool) or not isinstance(said, (int, float)):
            raise NotYet(f"it returns {type(said).__name__}, not a number.")
        if abs(said - right) > 1e-6 * max(1.0, right):
            raise NotYet(
                f"{given[0]} tokens in and {given[1]} out cost ${right:.6f}, and it says ${said:.6f}."
            )
    return f"1,200 tokens in and 350 out cost ${right:.6f}."


EXERCISES = {
    "06.1": Exercise(
        "patiently",
        _patiently,
        "A for loop over a few tries; inside it try: return call(), except openai.RateLimitError: time.sleep(…). "
        "On the last try, raise.",
    ),
    "06.2": Exercise("cost", _cost, "Prices are for a million tokens: divide by 1_000_000, then add both."),
}
