"""Answers as ASGI messages."""

from collections.abc import Mapping

from starlette.types import Message, Send

from classroom.proxy.rules.events import Event

_PASSED = ("content-type", "x-request-id", "openai-processing-ms", "retry-after", "retry-after-ms")


def start(status: int, headers: Mapping[str, str]) -> Message:
    """How an answer begins."""
    pairs = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    return {"type": "http.response.start", "status": status, "headers": pairs}


def messages(status: int, content: bytes, headers: Mapping[str, str]) -> list[Message]:
    """A whole answer."""
    whole = {"content-type": "application/json", **headers, "content-length": str(len(content))}
    return [start(status, whole), {"type": "http.response.body", "body": content}]


async def send_whole(send: Send, status: int, content: bytes, headers: Mapping[str, str]) -> None:
    """Send a whole answer."""
    for message in messages(status, content, headers):
        await send(message)


def about(event: Event) -> dict[str, str]:
    """What every answer tells learners in its headers."""
    return {"x-prompts-kept": "yes" if event.keeps_prompts else "no"}


def select_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """Those of an upstream's answer, by their names in lower case, that a learner's client reads."""
    named = {name: headers[name] for name in _PASSED if name in headers}
    return named | {name: value for name, value in headers.items() if name.startswith("x-ratelimit-")}
