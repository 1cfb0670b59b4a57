"""A Realtime upstream that takes every event, and charges the most that it could for it: `tests.proxy.meter` over a WebSocket."""

import base64
import binascii
import json
from dataclasses import dataclass, field
from typing import Any

from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from tests.proxy.meter import integer, words

# dollars for a token of gpt-realtime-2.1-mini, by its page in OpenAI's documentation
TEXT_IN, SOUND_IN, SOUND_OUT = 0.6e-6, 10e-6, 20e-6
LONGEST = 32_000  # tokens of an answer that nobody bounds
WINDOW = 128_000


@dataclass
class TalkingMeter:
    """What came, and what it cost.

    `tells`: whether responses say what they used; `breaks`: hang up after so many events; `ended`: sessions that are over.
    """

    tells: bool = True
    breaks: int | None = None
    dollars: float = 0.0
    ended: int = 0
    events: list[dict[str, Any]] = field(default_factory=list)

    def app(self) -> Starlette:
        """Serves the one address."""
        return Starlette(routes=[WebSocketRoute("/v1/realtime", self._talk)])

    async def _talk(self, socket: WebSocket) -> None:
        await socket.accept()
        text = sound = spoken = 0
        await socket.send_json({"type": "session.created", "session": {}})
        try:
            while True:
                event = json.loads(await socket.receive_text())
                self.events.append(event)
                more_text, more_sound = measured(event)
                text, sound = text + more_text, sound + more_sound
                if event["type"] == "session.update":
                    await socket.send_json({"type": "session.updated", "session": {}})
                if event["type"] != "response.create":
                    continue
                asked = event.get("response") or {}
                made = integer(asked.get("max_output_tokens"), LONGEST)
                heard = min(sound + spoken, WINDOW)
                read = min(text, WINDOW)
                self.dollars += read * TEXT_IN + heard * SOUND_IN + made * SOUND_OUT
                spoken += made
                if self.breaks is not None and len(self.events) >= self.breaks:
                    await socket.close(1011)
                    return
                usage = {
                    "input_tokens": read + heard,
                    "output_tokens": made,
                    "input_token_details": {"text_tokens": read, "audio_tokens": heard},
                    "output_token_details": {"audio_tokens": made},
                }
                done = {"id": "resp_1", "status": "completed", "usage": usage if self.tells else None}
                await socket.send_json({"type": "response.created", "response": {"id": "resp_1"}})
                await socket.send_json({"type": "response.done", "response": done})
        except WebSocketDisconnect:
            return
        finally:
            self.ended += 1


def measured(value: Any, name: str = "") -> tuple[int, int]:
    """Tokens of text and of sound in an event."""
    if isinstance(value, str) and name == "audio":
        try:
            return 0, -(-len(base64.b64decode(value)) // 800)
        except (binascii.Error, ValueError):
            return words(value), 0
    if isinstance(value, str):
        return words(value), 0
    if isinstance(value, dict):
        pairs = [measured(inner, key) for key, inner in value.items()]
    elif isinstance(value, list):
        pairs = [measured(inner, name) for inner in value]
    else:
        return (0, 0) if value is None or isinstance(value, bool) else (1, 0)
    return sum(pair[0] for pair in pairs), sum(pair[1] for pair in pairs)
