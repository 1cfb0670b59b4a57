"""Notebook 10: what an endpoint refuses, and what it answers when OpenAI fails."""

from typing import Any

import httpx2
import openai

from classroom.exercises.looking import Exercise, NotYet, called

_MOST = 4_000
_REQUEST = httpx2.Request("POST", "http://127.0.0.1/v1/responses")


def _problem_with(function: Any) -> str:
    fine, not_fine = (
        ("a kite", "é", " a kite with spaces ", "x" * _MOST),
        (None, "", "   ", "\n\t", "x" * (_MOST + 1)),
    )
    for prompt in fine:
        said = _asked(function, prompt)
        if said is not None:
            raise NotYet(f"it refuses {_shown(prompt)}: {said!r}.")
    for wrong in not_fine:
        said = _asked(function, wrong)
        if not isinstance(said, str) or len(said.split()) < 3:
            raise NotYet(f"for {_shown(wrong)} it returns {said!r}, not a sentence that says what to change.")
    return "It takes what can be generated, and says of the rest what to change."


def _asked(function: Any, prompt: str | None) -> Any:
    if not callable(function):
        raise NotYet("it is no function any more. Run the cell above again.")
    try:
        return function(prompt)
    except Exception as error:
        raise NotYet(f"for {_shown(prompt)} it raises {type(error).__name__}: {error}") from error


def _shown(prompt: str | None) -> str:
    return f"a prompt of {len(prompt)} characters" if prompt and len(prompt) > 40 else repr(prompt)


def _refusal(kind: type[openai.APIStatusError], status: int, code: str | None) -> openai.APIStatusError:
    return kind("…", response=httpx2.Response(status, request=_REQUEST), body={"code": code})


def _status_for(function: Any) -> str:
    cases: list[tuple[str, openai.APIError, int]] = [
        ("a rate limit", _refusal(openai.RateLimitError, 429, "rate_limit_exceeded"), 429),
        ("a refused prompt", _refusal(openai.BadRequestError, 400, "content_policy_violation"), 422),
        ("silence", openai.APITimeoutError(request=_REQUEST), 504),
        ("a lost connection", openai.APIConnectionError(request=_REQUEST), 502),
        ("a failure of OpenAI's", _refusal(openai.InternalServerError, 500, None), 502),
        ("a key that is not taken", _refusal(openai.AuthenticationError, 401, "invalid_api_key"), 502),
        ("a quota that is used up", _refusal(openai.RateLimitError, 429, "insufficient_quota"), 502),
    ]
    for name, error, right in cases:
        said = called(function, error)
        if said != right:
            raise NotYet(
                f"for {name} ({type(error).__name__}, code {error.code}) it says {said!r}, not {right}."
            )
    return "The caller is told what they can do, and is not blamed for what they can't."


EXERCISES = {
    "10.1": Exercise(
        "problem_with",
        _problem_with,
        "None first, then .strip(), then len(). Return None at the end: all is well.",
    ),
    "10.2": Exercise(
        "status_for",
        _status_for,
        "isinstance(error, openai.APITimeoutError) first: it is an APIConnectionError, too. A used-up quota is a "
        "RateLimitError that no waiting helps: look at error.code.",
    ),
}
