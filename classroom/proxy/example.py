"""A poem through the class proxy, in the manner of the first proxy's own SDK, with today's SDK and its exceptions.

    PROXY_ENDPOINT_URL=http://127.0.0.1:8080/v1 EVENT_TOKEN=hackathon/githubuser python -m classroom.proxy.example

What was `openai_proxy.api_base` is `base_url` now, `openai_proxy.api_key` is `api_key`, and the proxy needs no SDK of its own.
"""

import json
import os
import sys

import openai

POEM = [
    {"role": "system", "content": "You write poems in the style of William Shakespeare."},
    {"role": "user", "content": "Write a poem about Indian elephants."},
]


def main() -> int:
    """Ask, and print the answer or what went wrong; 0 if there is a poem."""
    client = openai.OpenAI(
        base_url=os.environ.get("PROXY_ENDPOINT_URL", "http://127.0.0.1:8080/v1"),
        api_key=os.environ.get("EVENT_TOKEN", "hackathon/githubuser"),
    )
    try:
        response = client.chat.completions.create(
            model="gpt-5.4-mini",
            messages=POEM,  # type: ignore[arg-type]
            max_completion_tokens=256,
            temperature=1.0,
        )
    except openai.BadRequestError as error:  # was InvalidRequestError
        print("The request is wrong:", error.message)
    except openai.AuthenticationError as error:  # the event is unknown, not on, or does not know you
        print("The event does not let you in:", error.message)
    except (
        openai.PermissionDeniedError
    ) as error:  # was PermissionError: a model that the event does not offer
        print("This is not offered:", error.message)
    except openai.RateLimitError as error:  # a cap, a budget, or OpenAI's own limit
        print("Too much:", error.message)
    except openai.APITimeoutError:  # was TryAgain
        print("No answer in time. Try again.")
    except openai.APIConnectionError as error:
        print("The proxy can't be reached:", error)
    except openai.APIStatusError as error:  # was APIError
        print("The service failed:", error.status_code, error.message)
    else:
        print(json.dumps(response.model_dump(), indent=4, sort_keys=True))
        return 0
    return 1


if __name__ == "__main__":
    sys.exit(main())
