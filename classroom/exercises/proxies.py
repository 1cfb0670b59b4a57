"""Notebook 09: a client behind the class proxy, and what its refusals ask for."""

from contextlib import ExitStack

from classroom.exercises import words
from classroom.exercises.exercise import Bench, Exercise
from classroom.exercises.given import Surroundings, sdk_error
from classroom.exercises.trying import try_each

_ASK, _WAIT, _SHORTEN = "ask", "wait", "shorten"
_DO = {
    ("AuthenticationError", 401, "event_unknown"): _ASK,
    ("AuthenticationError", 401, "event_ended"): _ASK,
    ("AuthenticationError", 401, "attendee_unknown"): _ASK,
    ("PermissionDeniedError", 403, "model_not_allowed"): _ASK,
    ("RateLimitError", 429, "daily_cap_reached"): _WAIT,
    ("InternalServerError", 503, "upstream_failed"): _WAIT,
    ("BadRequestError", 400, "max_tokens_exceeded"): _SHORTEN,
}


def _client_for(bench: Bench) -> str:
    expected = "an OpenAI client whose requests reach this address, with this token"
    with ExitStack() as proxies:
        made = []
        for _ in range(2):
            token = f"event-{words.mark(bench.chance)}/learner-{words.mark(bench.chance)}"
            made.append((token, *proxies.enter_context(bench.boundary.proxy(token))))
        for token, url, gate in made:
            question = words.question(bench.chance)
            trial = bench.call(url, token, surroundings=Surroundings(ask=question))
            trial.returned(expected)
            if trial.asked and trial.asked.name in ("AttributeError", "TypeError"):
                raise trial.wrong("It returns no OpenAI client.", expected)
            arrived = gate.arrivals
            if not arrived:
                other = any(each.arrivals for _, _, each in made if each is not gate)
                problem = (
                    "Its requests go to another address than the one that it was given."
                    if other or trial.asked
                    else "Its requests did not come to the address that it was given. Is address used?"
                )
                raise trial.wrong(problem, expected, "no request at this address")
            if not any(each.token == token for each in arrived):
                raise trial.wrong(
                    "The proxy does not know its token. Is the token the api_key?", expected, "another token"
                )
            if trial.asked:
                raise trial.wrong(
                    "Its request did not get an answer. Does its address end with /v1?",
                    expected,
                    f"a request for {arrived[-1].path}: {trial.asked.name}",
                )
    return "It reaches the proxy, and the proxy knows who it is."


def _what_to_do(bench: Bench) -> str:
    def look_at(case: tuple[tuple[str, int, str | None], str]) -> None:
        (kind, status, code), right = case
        trial = bench.call(sdk_error(kind, status, code))
        if trial.returned(f'"{right}"') != right:
            raise trial.wrong("Something else would help here.", f'"{right}"')

    try_each(bench, list(_DO.items()), look_at)
    return "Each refusal leads to what helps."


EXERCISES = {
    "09.1": Exercise(
        "client_for",
        _client_for,
        (
            "Which two things differ between a client for OpenAI and a client for the proxy?",
            "OpenAI(base_url=…, api_key=…): the address ends with /v1, and the token takes the place of the key.",
            'return OpenAI(base_url=f"{address}/v1", api_key=token)',
        ),
    ),
    "09.2": Exercise(
        "what_to_do",
        _what_to_do,
        (
            "Which of the refusals goes away by itself, and which needs a person?",
            "error.status_code is enough for most: 401 and 403 ask, 429 and 503 wait, 400 shorten. error.code says it exactly.",
            'if error.status_code in (401, 403): return "ask". For the code max_tokens_exceeded "shorten"; everything else "wait".',
        ),
    ),
}
