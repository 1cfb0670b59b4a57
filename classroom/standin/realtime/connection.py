"""One WebSocket of the Realtime API: the handshake, and events on their way in and out."""

import asyncio
import json
import time
from collections.abc import Mapping
from typing import Any

from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect

from classroom.standin.generation import text
from classroom.standin.incoming import errors, reading
from classroom.standin.incoming.errors import APIError
from classroom.standin.models.catalogue import Model
from classroom.standin.realtime.answering import Answering
from classroom.standin.realtime.conversation import Conversation
from classroom.standin.records.journal import fingerprint
from classroom.standin.scripting.faults import Fault
from classroom.standin.scripting.limits import Caller
from classroom.standin.state import StandIn

PATHS = ("/v1/realtime", "/openai/v1/realtime", "/openai/realtime", "/openai/deployments/realtime")
_KEY_PROTOCOL = "openai-insecure-api-key."  # how a browser sends a key, which can set no header
_REFUSED = 4000  # of a closed connection, where the API names no number
_INTERNAL = 1011
_HANDSHAKE_STATUSES = (401, 403, 404, 500, 502, 503)


class Connection:
    """One connection, from the handshake to its end."""

    def __init__(self, standin: StandIn, scope: Scope, receive: Receive, send: Send) -> None:
        self._standin = standin
        self._socket = WebSocket(scope, receive, send)
        self._headers = reading.headers_of(scope)
        self._query = dict(self._socket.query_params)
        self._path = scope["path"]
        self._sending = asyncio.Lock()
        self._events = 0

    async def serve(self) -> None:
        """Answer until either side hangs up."""
        await self._socket.receive()  # the request to connect
        try:
            if self._standin.allowance and not self._standin.allowance.take(self._headers):
                raise errors.too_much_for_a_stand_in()
            key = self._key()
            caller = Caller(fingerprint(key), self._headers.get("openai-organization"))
            fault = self._standin.faults.take("realtime", _is_of_the_handshake)
            if fault is not None and fault.effect == "error":
                raise fault.error()
        except APIError as error:
            await self._deny(error)
            return
        await self._socket.accept(subprotocol="realtime" if "realtime" in self._protocols() else None)
        try:
            model = self._standin.model(self._asked_model(), "realtime")
        except APIError as error:
            self._refuse(error, caller)
            await self._send_error(error, None)
            await self._socket.close(_REFUSED, error.code or "invalid_request_error")
            return
        await self._converse(model, caller, key)

    async def refuse(self, error: APIError) -> None:
        """Answer a handshake with an error, as HTTP does."""
        await self._socket.receive()  # the request to connect
        await self._deny(error)

    def _protocols(self) -> list[str]:
        return [each.strip() for each in self._headers.get("sec-websocket-protocol", "").split(",")]

    def _key(self) -> str:
        for protocol in self._protocols():
            if protocol.startswith(_KEY_PROTOCOL):
                return protocol.removeprefix(_KEY_PROTOCOL)
        return reading.key_of(self._headers)

    def _asked_model(self) -> Any:
        """The model of the query; Azure names a deployment.

        Raises:
            APIError: 400, none is named; 404, the deployment is unknown.
        """
        deployment = self._query.get("deployment")
        if deployment is not None:
            model = self._standin.deployments.get(deployment, deployment)
            if model not in self._standin.catalogue.models and not self._standin.lenient:
                raise errors.unknown_deployment(deployment)
            return model
        asked = self._query.get("model")
        if asked is None:
            raise errors.invalid("You must provide a model parameter.", "model", "missing_model")
        return self._standin.deployments.get(asked, asked)

    async def _deny(self, error: APIError) -> None:
        """An answer over HTTP instead of a connection."""
        self._refuse(error, None)
        if "websocket.http.response" in self._socket.scope.get("extensions", {}):
            await self._socket.send_denial_response(
                JSONResponse(error.body(), error.status, headers=dict(error.headers))
            )
        else:
            await self._socket.close(_REFUSED)

    def _facts(self, caller: Caller | None) -> dict[str, Any]:
        return {
            "method": "GET",
            "path": self._path,
            "route": "realtime",
            "key": caller.key if caller else None,
            "organization": self._headers.get("openai-organization"),
            "project": self._headers.get("openai-project"),
            "retry_count": 0,
        }

    def _refuse(self, error: APIError, caller: Caller | None, body: Any = None) -> None:
        """Record what was refused."""
        self._standin.journal.record(
            **self._facts(caller),
            body=body,
            status=error.status,
            error_code=error.code,
            outputs=(),
            fault=None,
            at=time.monotonic(),
        )

    async def _converse(self, model: Model, caller: Caller, key: str) -> None:
        facts = self._facts(caller)
        answering = Answering(self._standin, self._send, caller, facts, key)
        conversation = Conversation(self._standin, model, answering, self._hang_up)
        await conversation.begin()
        try:
            while (message := await self._socket.receive())["type"] != "websocket.disconnect":
                if not self._is_allowed(message):
                    exhausted = errors.too_much_for_a_stand_in()
                    self._refuse(exhausted, caller)
                    await self._send_error(exhausted, None)
                    await self._socket.close(_REFUSED, str(exhausted.code))
                    return
                await self._take(conversation, message, caller)
        except WebSocketDisconnect:
            return
        finally:
            conversation.stop()

    def _is_allowed(self, message: Mapping[str, Any]) -> bool:
        """Whether a message is within what the stand-in takes at most: each counts as a request."""
        size = len(message.get("text") or message.get("bytes") or "")
        return not self._standin.allowance or self._standin.allowance.take({"content-length": str(size)})

    async def _hang_up(self) -> None:
        await self._socket.close(_INTERNAL)

    async def _take(self, conversation: Conversation, message: Mapping[str, Any], caller: Caller) -> None:
        """One event of the client's."""
        event: Any = None
        try:
            event = _parse(message.get("text"))
            await conversation.take(event)
        except APIError as error:
            kind = event.get("type") if isinstance(event, dict) else None
            self._refuse(error, caller, {"type": kind})
            await self._send_error(error, event.get("event_id") if isinstance(event, dict) else None)

    async def _send(self, event: Mapping[str, Any]) -> None:
        """Send an event with its number; what a fault sends is no event, and goes as it is."""
        async with self._sending:
            self._events += 1
            if "" in event:
                await self._socket.send_text(event[""])
                return
            named = {"type": event["type"], "event_id": f"event_{text.digest(self._events)[:21]}", **event}
            await self._socket.send_text(json.dumps(named))

    async def _send_error(self, error: APIError, event_id: Any) -> None:
        problem = {**error.body()["error"], "event_id": event_id if isinstance(event_id, str) else None}
        await self._send({"type": "error", "error": problem})


def _is_of_the_handshake(fault: Fault) -> bool:
    return fault.effect == "error" and fault.status in _HANDSHAKE_STATUSES


def _parse(message: Any) -> dict[str, Any]:
    """A client's event.

    Raises:
        APIError: 400, it is no JSON object with a type.
    """
    try:
        event = json.loads(message) if isinstance(message, str) else None
    except (ValueError, RecursionError):
        event = None
    if not isinstance(event, dict) or not isinstance(event.get("type"), str):
        raise errors.invalid(
            "An event is a JSON object with a 'type', sent as text.", "type", "invalid_event"
        )
    return event
