"""Notebook 09."""

import httpx2
import openai
from openai import AsyncOpenAI, AzureOpenAI, OpenAI


def proxies():
    def by_code(error):
        code = error.code
        return (
            "shorten"
            if "tokens" in code
            else "ask"
            if code.startswith(("event", "attendee", "model"))
            else "wait"
        )

    def by_status(error):
        return {401: "ask", 403: "ask", 400: "shorten"}.get(error.status_code, "wait")

    class Connection(OpenAI):
        def __init__(self, url, token):
            super().__init__(base_url=f"{url}/v1/", api_key=token, max_retries=5)

    def by_environment(url, token):
        named = {"base_url": url + "/v1", "api_key": token}
        return OpenAI(**named, timeout=60, organization="class")

    def by_table(error):
        return {"max_tokens_exceeded": "shorten", "daily_cap_reached": "wait", "upstream_failed": "wait"}.get(
            error.code, "ask"
        )

    class Advice:
        def __call__(self, error):
            return (
                "ask"
                if isinstance(error, (openai.AuthenticationError, openai.PermissionDeniedError))
                else self.others(error)
            )

        def others(self, error):
            return "shorten" if isinstance(error, openai.BadRequestError) else "wait"

    def by_match(error):
        match error.status_code, error.code:
            case 401 | 403, _:
                return "ask"
            case _, "max_tokens_exceeded":
                return "shorten"
        return "wait"

    return {
        "09.1": (
            [
                lambda url, token: OpenAI(base_url=f"{url}/v1", api_key=token),
                lambda url, token: OpenAI(base_url=f"{url}/api/v1/", api_key=token, timeout=20),
                lambda url, token: AzureOpenAI(base_url=f"{url}/v1", api_key=token, api_version="2024-02-01"),
                lambda url, token: AzureOpenAI(
                    azure_endpoint=f"{url}/v1", api_key=token, api_version="2023-09-01-preview"
                ),
                lambda url, token: OpenAI(
                    base_url=f"{url}/v1", api_key="none", default_headers={"openai-event-code": token}
                ),
                lambda url, token: OpenAI().with_options(base_url=f"{url}/v1", api_key=token),
                lambda url, token: AsyncOpenAI(base_url="/".join([url, "v1"]), api_key=token),
                Connection,
                by_environment,
            ],
            [
                (lambda url, token: None, "It returns nothing so far"),
                (
                    lambda url, token: print(OpenAI(base_url=f"{url}/v1", api_key=token)),
                    "It prints something",
                ),
                (lambda url, token: httpx2.Client(base_url=url), "no OpenAI client"),
                (lambda url, token: OpenAI(base_url=f"{url}/v1", api_key="sk-mine"), "api_key"),
                (lambda url, token: OpenAI(base_url=f"{url}/v2", api_key=token), "Does its address end"),
                (lambda url, token: OpenAI(base_url=url, api_key=token), "Does its address end"),
                (lambda url, token: OpenAI(api_key=token), "Is address used?"),
                (
                    lambda url, token: OpenAI(base_url="http://127.0.0.1:9/v1", api_key=token),
                    "another address",
                ),
                (lambda url, token: OpenAI(base_url=f"{url}/v1"), "api_key"),
                (lambda url, token: f"{url}/v1", "no OpenAI client"),
                (lambda url, token: OpenAI(base_url=f"{url}/v1", api_key=token.partition("/")[0]), "api_key"),
            ],
        ),
        "09.2": (
            [
                by_code,
                by_status,
                lambda error: "wait" if error.status_code in (429, 503) else by_status(error),
                by_table,
                Advice(),
                by_match,
            ],
            [
                (lambda error: None, "It returns nothing so far"),
                (lambda error: print(by_code(error)), "It prints something"),
                (lambda error: "wait", "Something else would help"),
                (lambda error: "ask" if error.status_code < 500 else "wait", "Something else would help"),
                (lambda error: error.code, "Something else would help"),
                (lambda error: by_status(error).capitalize(), "Something else would help"),
                (lambda error: [by_status(error)], "Something else would help"),
                (lambda error: by_status(error) if error.status_code != 503 else "ask", "Something else"),
            ],
        ),
    }
