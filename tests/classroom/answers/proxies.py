"""Notebook 09."""

import httpx2
from openai import AzureOpenAI, OpenAI


def proxies():
    def by_code(error):
        code = error.code
        return "shorten" if "tokens" in code else "ask" if code.startswith(("event", "attendee")) else "wait"

    def by_status(error):
        return {401: "ask", 400: "shorten"}.get(error.status_code, "wait")

    return {
        "09.1": (
            [
                lambda url, token: OpenAI(base_url=f"{url}/v1", api_key=token),
                lambda url, token: OpenAI(base_url=f"{url}/api/v1/", api_key=token, timeout=20),
                lambda url, token: AzureOpenAI(base_url=f"{url}/v1", api_key=token, api_version="2024-02-01"),
            ],
            [
                (lambda url, token: None, "nothing"),
                (lambda url, token: httpx2.Client(base_url=url), "not a client"),
                (lambda url, token: OpenAI(base_url=f"{url}/v1", api_key="sk-mine"), "api_key"),
                (lambda url, token: OpenAI(base_url=f"{url}/v2", api_key=token), "does not reach"),
            ],
        ),
        "09.2": (
            [
                by_code,
                by_status,
                lambda error: "wait" if error.status_code in (429, 503) else by_status(error),
            ],
            [
                (lambda error: None, "nothing"),
                (lambda error: "wait", "'ask' would help"),
                (lambda error: "ask" if error.status_code < 500 else "wait", "'wait' would help"),
            ],
        ),
    }
