"""The Realtime API's boundary: the events that a client sends over a WebSocket, by the SDK or without it."""

import functools
import importlib
import json
from typing import Any

from .boundaries import Boundaries, put_in_place
from .faults import ASKED, GO_ON, OTHER, REFUSE

_CLIENTS = ("websockets.sync.client", "websockets.asyncio.client")
# the client's events that say what the model is to do: openai/types/realtime/realtime_client_event.py
_ASKING = frozenset({"session.update", "conversation.item.create", "response.create"})
_WORDS = ("text", "instructions", "transcript")  # the fields that the model reads
_DEEPEST = 12


class Talking:
    """Shows the grader each event that asks something of a Realtime model, and sends it as it comes back."""

    def __init__(self, boundaries: Boundaries) -> None:
        self._boundaries = boundaries

    def watch(self) -> None:
        """Wrap the one method through which a client sends, of both kinds of client."""
        for name in _CLIENTS:
            self._watch_client(importlib.import_module(name).ClientConnection)

    def _watch_client(self, place: Any) -> None:
        real = place.send

        def send(connection: Any, message: Any, *rest: Any, **named: Any) -> Any:
            event = _asking(message)
            if event is not None:
                message = self._asked(message, event, self._boundaries.origin(place, "send", hook))
            return real(connection, message, *rest, **named)

        hook = self._boundaries.keeper.hide(functools.wraps(real)(send))
        put_in_place(place, "send", hook)

    def _asked(self, message: Any, event: dict[str, Any], origin: dict[str, Any]) -> Any:
        call = {"prompt": ASKED, "model": "", "then": GO_ON}
        now = self._boundaries.decided("openai", call, url="/realtime", **origin)
        if now["then"] == REFUSE:
            from websockets.exceptions import ConnectionClosedError

            raise ConnectionClosedError(None, None)
        return json.dumps(_replaced(event, now["words"])) if now["prompt"] == OTHER else message


def _asking(message: Any) -> dict[str, Any] | None:
    """A message as an event that asks something; None if it is none."""
    try:
        event = json.loads(message) if isinstance(message, (str, bytes)) else None
    except (ValueError, RecursionError):
        return None
    is_one = isinstance(event, dict) and isinstance(event.get("type"), str) and event["type"] in _ASKING
    return event if is_one else None


def _replaced(value: Any, words: str, name: str = "", depth: int = 0) -> Any:
    """Other words wherever the model reads some; the shape stays."""
    if isinstance(value, dict) and depth < _DEEPEST:
        return {inner: _replaced(each, words, inner, depth + 1) for inner, each in value.items()}
    if isinstance(value, list) and depth < _DEEPEST:
        return [_replaced(each, words, name, depth + 1) for each in value]
    return words if name in _WORDS and isinstance(value, str) else value
