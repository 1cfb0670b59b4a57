"""The arguments that a check passes to an answer: described here as data, created in the kernel by
`classroom.exercises.making`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from classroom.exercises.plain import describe, encode, shorten

GIVEN_PROJECT = "proj_given"  # in each request of a client of OpenAI's that an answer is given


@dataclass(frozen=True)
class Given:
    """One argument: `order` describes it to the kernel, `words` to people."""

    order: tuple[Any, ...]
    words: str


def given(value: Any) -> Given:
    """An argument from a plain value; one that is described already stays as it is."""
    return value if isinstance(value, Given) else Given(("plain", encode(value)), _argument(value))


def _argument(value: Any) -> str:
    """A value as people write it in a call."""
    if value is None:
        return "None"
    if isinstance(value, str) and len(value) > 70:
        return f"a text of {len(value)} characters"
    if isinstance(value, str):
        return f'"{value}"' if value.isprintable() else repr(value)
    if isinstance(value, bytes):
        return repr(value[:16]) + ("…" if len(value) > 16 else "")
    if isinstance(value, int):
        return f"{value:_}" if abs(value) >= 10_000 else str(value)
    if isinstance(value, Mapping):
        return (
            "{" + ", ".join(f"{_argument(name)}: {_argument(inner)}" for name, inner in value.items()) + "}"
        )
    if isinstance(value, list):
        return "[…]" if len(value) > 3 else "[" + ", ".join(map(_argument, value)) + "]"
    return shorten(str(value)) if isinstance(value, float) else describe(value)


def folder(files: Mapping[str, str], words: str) -> Given:
    """A path of a new folder with these files."""
    return Given(("folder", dict(files)), words)


def sdk_error(kind: str, status: int | None, code: str | None) -> Given:
    """An exception of OpenAI's SDK, by the name of its class; a status of None for one without an answer."""
    words = kind + (f" with status {status} and code {code}" if status else "")
    return Given(("error", kind, status, code), words)


def moderation(scores: Mapping[str, float]) -> Given:
    """A result of OpenAI's moderation with these scores; every other category has next to none."""
    return Given(("moderation", dict(scores)), "result")


def listing_client(url: str) -> Given:
    """An S3 client whose requests go to an address."""
    return Given(("s3", url), "client")


def asking(base_url: str, prompt: str) -> Given:
    """A function without arguments that asks OpenAI once, without the SDK's own retries, and returns the words."""
    return Given(("asking", base_url, prompt), "call")


def openai_client(base_url: str, *, asynchronous: bool = False) -> Given:
    """A client of OpenAI's SDK whose requests go to an address, once each."""
    return Given(("client", base_url, asynchronous), "client")


def chat_request(words: str) -> Given:
    """A request of the SDK's for a chat completion, as a transport gets it."""
    message = {"role": "user", "content": words}
    return Given(
        ("request", {"model": "gpt-5.4-mini", "messages": [message]}), f'a request that says "{words}"'
    )


def keeper() -> Given:
    """A function like `keep_text` of notebook 07, which asks the check what to do at each of its steps."""
    return Given(("keeper",), "keep")


def texts_client() -> Given:
    """A client of an app with `POST /v1/texts`, which asks the check what to do at each of its steps."""
    return Given(("texts client",), "client")


def texts_openai() -> Given:
    """The stand-in that this app asks, as a test has it by the fixture `openai_mock`."""
    return Given(("texts openai",), "openai_mock")


def held(name: str, value: Any, words: str) -> Given:
    """A value that stays the same object from call to call."""
    return Given(("held", name, encode(value)), words)


@dataclass(frozen=True)
class Surroundings:
    """What else a call meets: variables of the environment (None: not set), and a question for what it returns.

    `ask`: where the answer returns an OpenAI client, what that client is to ask.
    """

    environment: Mapping[str, str | None] = field(default_factory=dict)
    ask: str | None = None
