"""Notebook 09: a client behind the class proxy, and what its refusals ask for."""

from typing import Any

import httpx2
import openai

from classroom.exercises.looking import Exercise, NotYet, called

_ASK, _WAIT, _SHORTEN = "ask", "wait", "shorten"
_DO = {
    ("event_unknown", 401): _ASK,
    ("event_ended", 401): _ASK,
    ("attendee_unknown", 401): _ASK,
    ("daily_cap_reached", 429): _WAIT,
    ("upstream_failed", 503): _WAIT,
    ("max_tokens_exceeded", 400): _SHORTEN,
}


def _client_for(function: Any) -> str:
    from classroom.proxy.lesson import running

    proxy = running()
    if proxy is None:
        raise NotYet("the proxy does not run: run the cell with start_proxy() first.")
    client = called(function, proxy.url, "hackathon/exercise")
    if not isinstance(client, openai.OpenAI):
        raise NotYet(f"it returns {type(client).__name__}, not a client.")
    try:
        client.with_options(max_retries=0).models.list()
    except openai.AuthenticationError as error:
        raise NotYet("the proxy does not know its token: is the token the api_key?") from error
    except openai.APIError as error:
        raise NotYet(
            f"it does not reach the proxy: {type(error).__name__}. Does its address end with /v1?"
        ) from error
    if not str(client.base_url).startswith(proxy.url):
        raise NotYet(f"it leads to {client.base_url}, not to the proxy.")
    return "It reaches the proxy, and the proxy knows who it is."


def _what_to_do(function: Any) -> str:
    for (code, status), right in _DO.items():
        request = httpx2.Request("POST", "http://127.0.0.1/v1/responses")
        kind = {
            401: openai.AuthenticationError,
            429: openai.RateLimitError,
            503: openai.InternalServerError,
        }.get(status, openai.BadRequestError)
        error = kind("…", response=httpx2.Response(status, request=request), body={"code": code})
        said = called(function, error)
        if said != right:
            raise NotYet(f"for {code} ({status}) it says {said!r}; {right!r} would help.")
    return "Each refusal leads to what helps."


EXERCISES = {
    "09.1": Exercise("client_for", _client_for, "OpenAI(base_url=…, api_key=…): the address ends with /v1."),
    "09.2": Exercise(
        "what_to_do",
        _what_to_do,
        "error.status_code is enough for most: 401 ask, 429 and 503 wait, 400 shorten. error.code says it exactly.",
    ),
}
