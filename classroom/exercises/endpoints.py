"""Notebook 11: what an endpoint refuses, and what it answers when OpenAI fails."""

from classroom.exercises import words
from classroom.exercises.exercise import Bench, Exercise
from classroom.exercises.given import sdk_error
from classroom.exercises.trying import try_each

_MOST = 4_000
_CASES = (
    ("RateLimitError", 429, "rate_limit_exceeded", 429),
    ("BadRequestError", 400, "content_policy_violation", 422),
    ("BadRequestError", 400, "unknown_parameter", 502),
    ("APITimeoutError", None, None, 504),
    ("APIConnectionError", None, None, 502),
    ("InternalServerError", 500, None, 502),
    ("AuthenticationError", 401, "invalid_api_key", 502),
    ("RateLimitError", 429, "insufficient_quota", 502),
)


def _problem_with(bench: Bench) -> str:
    letter = bench.chance.choice("abcxyz")
    long = bench.chance.randrange(_MOST + 1, 3 * _MOST)
    fine: list[str | None] = [
        words.scene(bench.chance),
        "é",
        " a kite with spaces ",
        letter * _MOST,
        "é" * _MOST,
    ]
    wrong: list[str | None] = [None, "", "   ", "\n\t", letter * (_MOST + 1), f"{letter} " * (long // 2 + 1)]
    cases = [(prompt, True) for prompt in fine] + [(prompt, False) for prompt in wrong]

    def look_at(case: tuple[str | None, bool]) -> None:
        prompt, well = case
        trial = bench.call(prompt)
        expected = "None: nothing is wrong with it" if well else "a sentence that says what to change"
        answer = trial.ended(expected)
        if well and answer is not None:
            problem = "It finds something wrong with a prompt that is fine, for it does not return None."
            raise trial.wrong(problem, expected)
        if not well and answer is not None and not isinstance(answer, str):
            raise trial.wrong("It returns something other than a sentence.", expected)
        if not well and (answer is None or len(answer.split()) < 2):
            raise trial.wrong("It does not say what to change.", expected)

    try_each(bench, cases, look_at)
    return "It accepts what can be generated, and says of the rest what to change."


def _status_for(bench: Bench) -> str:
    def look_at(case: tuple[str, int | None, str | None, int]) -> None:
        kind, status, code, right = case
        trial = bench.call(sdk_error(kind, status, code))
        if trial.returned(f"{right}") != right or isinstance(trial.value, bool):
            raise trial.wrong("Another status helps the caller more.", f"{right}")

    try_each(bench, _CASES, look_at)
    return "The caller learns what they can do, and is not blamed for what they can't."


EXERCISES = {
    "11.1": Exercise(
        "problem_with",
        _problem_with,
        (
            "Which of the three must come first, so that the others don't stop with an error?",
            "None first, then .strip(), then len(). Return None at the end: nothing is wrong.",
            'if prompt is None or not prompt.strip(): return "…"; if len(prompt) > 4000: return "…"; return None.',
        ),
    ),
    "11.2": Exercise(
        "status_for",
        _status_for,
        (
            "Two of the errors look alike, and only one of them goes away when the caller waits. How do you tell them apart?",
            "isinstance(error, openai.APITimeoutError) first: it is an APIConnectionError, too. A used-up quota is a "
            "RateLimitError: look at error.code.",
            "504 for a timeout; 429 for a RateLimitError whose code is not insufficient_quota; 422 for the code "
            "content_policy_violation; 502 for the rest.",
        ),
    ),
}
