"""Answers clients in process, wherever and whenever they were created.

The transports of httpx2 and httpx ask the stand-in for what goes to OpenAI, and do as always for everything else.
"""

import importlib
import importlib.util
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from classroom.standin.transport import InProcess

_OPENAI = "api.openai.com"
_AZURE = (".openai.azure.com", ".services.ai.azure.com", ".cognitiveservices.azure.com")
_LIBRARIES = ("httpx2", "httpx")


def is_openai_s(host: str) -> bool:
    """Whether requests to a host are for OpenAI: its own, a resource of Azure's, or what `OPENAI_BASE_URL` names."""
    named = {
        urlsplit(os.environ.get(name, "")).hostname for name in ("OPENAI_BASE_URL", "AZURE_OPENAI_ENDPOINT")
    }
    return host == _OPENAI or host.endswith((f".{_OPENAI}", *_AZURE)) or host in named - {None}


@contextmanager
def answer_with(transport: InProcess) -> Iterator[None]:
    """Until the end, what any client of httpx2 or httpx sends to OpenAI is answered by a transport."""
    changed: list[tuple[Any, str, Any]] = []
    try:
        installed = filter(importlib.util.find_spec, _LIBRARIES)
        for library in map(importlib.import_module, installed):
            for kind, name in (
                (library.HTTPTransport, "handle_request"),
                (library.AsyncHTTPTransport, "handle_async_request"),
            ):
                usual = getattr(kind, name)
                changed.append((kind, name, usual))
                setattr(kind, name, _diverted(usual, getattr(transport, name)))
        yield
    finally:
        for kind, name, usual in changed:
            setattr(kind, name, usual)


def _diverted(usual: Any, instead: Any) -> Any:
    """A method of a transport. Async ones return what is awaited, so one function does for both."""

    def handle(self: Any, request: Any) -> Any:
        return instead(request) if is_openai_s(request.url.host) else usual(self, request)

    return handle
