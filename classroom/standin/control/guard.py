"""Who may use the control port: programs, and the page that it serves itself. No other page in a browser.

A page of another site can send requests to this computer, and a name that its owner controls can lead to 127.0.0.1
(DNS rebinding). The first is known by `Origin`, the second by `Host`: such a name has a dot and is no address.
"""

import ipaddress
import json
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Receive, Scope, Send


class Guard:
    """Lets through what comes from no other site; everything else gets a 403."""

    def __init__(self, inner: ASGIApp) -> None:
        self._inner = inner

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or refuse."""
        if scope["type"] != "http":
            return
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        why = refusal_of(headers.get("host", ""), headers.get("origin"))
        if why is None:
            await self._inner(scope, receive, send)
            return
        body = json.dumps({"error": why}).encode()
        kind = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": 403, "headers": kind})
        await send({"type": "http.response.body", "body": body})


def refusal_of(host: str, origin: str | None) -> str | None:
    """Why a request is refused; None if it is not.

    Args:
        host: the header, with its port.
        origin: the header, which browsers send along with what changes something.
    """
    name = urlsplit(f"//{host}").hostname or ""
    if not _is_near(name):
        return f"The control port is not reached by the name '{name}'. Use an address, localhost or a name without a dot."
    if origin is not None and origin != f"http://{host}":
        return f"A page of {origin} may not use the control port."
    return None


def _is_near(name: str) -> bool:
    """Whether a name can't be one that somebody on the internet made lead here."""
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return bool(name) and ("." not in name or name.endswith(".localhost"))
    return True
