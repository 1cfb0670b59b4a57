"""Leads what an app sends to OpenAI's own host to the stand-in, as the name service of a laboratory would.

Clients that take their address from a variable need none of it. Old ones (openai 1.0 to 1.2), and code that writes the address
into a request of httpx, requests, aiohttp or urllib, would find no network instead.
"""

import functools
import importlib.machinery
import sys
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit, urlunsplit

_HOST = "api.openai.com"


def install(base_url: str) -> None:
    """From now on requests to OpenAI's host go to a stand-in, by whichever of the known clients.

    Args:
        base_url: the stand-in's, as `OPENAI_BASE_URL` has it; nothing changes if it is no address.
    """
    place = urlsplit(base_url)
    if not place.netloc:
        return

    def led(address: str) -> str:
        """The address to ask in the place of another one."""
        parts = urlsplit(address)
        if parts.hostname != _HOST:
            return address
        return urlunsplit((place.scheme, place.netloc, parts.path, parts.query, ""))

    patches: dict[str, Callable[[Any], None]] = {
        "httpx._transports.default": functools.partial(_lead_httpx, led),
        "httpx2._transports.default": functools.partial(_lead_httpx, led),
        "requests.adapters": functools.partial(_lead_requests, led),
        "aiohttp.client": functools.partial(_lead_aiohttp, led),
        "urllib.request": functools.partial(_lead_urllib, led),
    }
    for name, patch in patches.items():
        if name in sys.modules:
            patch(sys.modules[name])
    sys.meta_path.insert(0, PatchingFinder(patches))


class PatchingFinder:
    """Finds modules as Python would, and has some of them changed once they are loaded."""

    def __init__(self, patches: Mapping[str, Callable[[Any], None]]) -> None:
        self._patches = patches

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        """The module's place; None if it is none of those."""
        patch = self._patches.get(name)
        spec = importlib.machinery.PathFinder.find_spec(name, path, target) if patch else None
        if spec is None or patch is None or not isinstance(spec.loader, importlib.machinery.SourceFileLoader):
            return None
        execute = spec.loader.exec_module

        def execute_and_patch(module: Any) -> None:
            execute(module)
            patch(module)

        spec.loader.exec_module = execute_and_patch  # type: ignore[method-assign]
        return spec


def _wrap(owner: Any, name: str, change: Callable[..., tuple[Any, ...]]) -> None:
    """Have the positional arguments of a method changed before it is called; nothing if there is no such method."""
    original = getattr(owner, name, None)
    if original is None:
        return

    @functools.wraps(original)
    def called(self: Any, *arguments: Any, **named: Any) -> Any:
        return original(self, *change(*arguments), **named)

    setattr(owner, name, called)


def _lead_httpx(led: Callable[[str], str], module: Any) -> None:
    def change(request: Any, *rest: Any) -> tuple[Any, ...]:
        before = str(request.url)
        after = led(before)
        if after != before:
            request.url = type(request.url)(after)
            request.headers["Host"] = urlsplit(after).netloc
        return request, *rest

    _wrap(getattr(module, "HTTPTransport", None), "handle_request", change)
    _wrap(getattr(module, "AsyncHTTPTransport", None), "handle_async_request", change)


def _lead_requests(led: Callable[[str], str], module: Any) -> None:
    def change(request: Any, *rest: Any) -> tuple[Any, ...]:
        request.url = led(request.url)
        return request, *rest

    _wrap(getattr(module, "HTTPAdapter", None), "send", change)


def _lead_aiohttp(led: Callable[[str], str], module: Any) -> None:
    def change(method: Any, address: Any, *rest: Any) -> tuple[Any, ...]:
        after = led(str(address))
        return method, address if after == str(address) else after, *rest

    _wrap(getattr(module, "ClientSession", None), "_request", change)


def _lead_urllib(led: Callable[[str], str], module: Any) -> None:
    def change(address: Any, *rest: Any) -> tuple[Any, ...]:
        if isinstance(address, str):
            return led(address), *rest
        before = address.full_url
        if led(before) != before:
            address.full_url = led(before)
        return address, *rest

    _wrap(getattr(module, "OpenerDirector", None), "open", change)
