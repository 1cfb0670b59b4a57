"""The start of a Realtime session: its attendee, its model, and the connection to the upstream."""

import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, quote, unquote

from starlette.types import Scope, Send
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus, WebSocketException

from classroom.proxy import sending
from classroom.proxy.calling.upstream import Upstream
from classroom.proxy.rules import refusals, tokens
from classroom.proxy.rules.events import Event
from classroom.proxy.rules.tokens import Token
from classroom.standin.incoming.errors import APIError

_ADDRESS = re.compile(r"(?:/api)?(?:/v1)?(?:/openai)?(?:/v1)?/realtime/?")
_IN_PROTOCOL = "openai-insecure-api-key."  # how a browser sends a key, which can set no header
_SECONDS = 10.0
LARGEST = 16 * 1024 * 1024  # bytes of one event of the upstream's
_CLOSED = 4000  # where a server can't answer a handshake over HTTP


class _Straight(connect):
    """Follows no redirect: the key goes to one address."""

    def process_redirect(self, exc: Exception) -> Exception | str:
        return exc


def is_here(path: str) -> bool:
    """Whether a path is the Realtime API's, in any generation's spelling."""
    return _ADDRESS.fullmatch(path) is not None and "/v1/v1" not in path


def protocols(scope: Scope) -> list[str]:
    """The subprotocols that the client offers."""
    return list(scope.get("subprotocols") or ())


def token_of(scope: Scope) -> Token:
    """The token, of a header or of a subprotocol; there the slash is written %2F, since it may have none.

    Raises:
        APIError: 401, there is none, or there are two.
    """
    headers: list[tuple[bytes, bytes]] = list(scope["headers"])
    for protocol in protocols(scope):
        if protocol.startswith(_IN_PROTOCOL):
            secret = unquote(protocol.removeprefix(_IN_PROTOCOL))
            headers.append((b"api-key", secret.encode("latin-1", "replace")))
    return tokens.read(headers)


def read_model(scope: Scope) -> str | None:
    """The model or deployment that the address names."""
    query = dict(parse_qsl(scope.get("query_string", b"").decode("latin-1")))
    return query.get("model") or query.get("deployment")


async def dial(
    upstream: Upstream, event: Event, model: str, safety: str | None, *, own_key: bool
) -> ClientConnection:
    """A connection to the upstream. `safety`: the attendee's pseudonym.

    Raises:
        APIError: 503, it can't be reached or refuses; with a key of one's own, what it says.
    """
    url = re.sub("^http", "ws", upstream.url("realtime")) + f"?model={quote(model, safe='')}"
    headers = upstream.headers(event)
    if safety is not None:
        headers["openai-safety-identifier"] = safety
    try:
        return await _Straight(
            url,
            additional_headers=headers,
            user_agent_header=None,
            open_timeout=_SECONDS,
            close_timeout=2.0,
            max_size=LARGEST,
            compression=None,
            proxy=None,
        )
    except InvalidStatus as error:
        status = error.response.status_code
        if own_key and status < 500:
            content = upstream.without_key(error.response.body or b"").decode("utf-8", "replace")
            raise APIError(status, content[:1000] or "OpenAI refuses the connection.") from None
        if status in (401, 403):
            raise refusals.upstream_failed("refuses this proxy; your instructor can see why") from None
        raise refusals.upstream_failed(f"refuses the connection ({status})") from None
    except (WebSocketException, OSError, TimeoutError):
        raise refusals.upstream_failed("can't be reached") from None


async def deny(scope: Scope, send: Send, error: APIError) -> None:
    """Refuse a handshake: over HTTP, where the server can."""
    if "websocket.http.response" not in scope.get("extensions", {}):
        await send({"type": "websocket.close", "code": _CLOSED, "reason": error.code or ""})
        return
    for message in sending.messages(error.status, json.dumps(error.body()).encode(), error.headers):
        await send({**message, "type": f"websocket.{message['type']}"})


def problem(error: APIError, event_id: Any) -> Mapping[str, Any]:
    """A refusal as an event of the Realtime API."""
    described = {**error.body()["error"], "event_id": event_id if isinstance(event_id, str) else None}
    return {"type": "error", "event_id": "event_of_the_proxy", "error": described}
