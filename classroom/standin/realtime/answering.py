"""One Realtime response, from `response.created` to `response.done`, and its place in the journal."""

import asyncio
import base64
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from anyio import to_thread

from classroom.extras import MissingExtra
from classroom.standin.generation import text
from classroom.standin.incoming import errors, reading
from classroom.standin.incoming.errors import APIError
from classroom.standin.models.costs import Usage
from classroom.standin.realtime import items, speaking
from classroom.standin.records.journal import Output
from classroom.standin.scripting.faults import Fault
from classroom.standin.scripting.limits import Caller
from classroom.standin.state import StandIn

Send = Callable[[Mapping[str, Any]], Awaitable[None]]
Keep = Callable[[dict[str, Any]], str | None]

_PACE = 0.002  # seconds between two events: a client's cancellation gets through
_LIMITS = [
    {"name": "requests", "limit": 10_000, "remaining": 9_999, "reset_seconds": 0.006},
    {"name": "tokens", "limit": 10_000_000, "remaining": 9_999_000, "reset_seconds": 0.006},
]


class Dropped(Exception):
    """A scripted fault breaks the connection."""


@dataclass
class Response:
    """One response on its way.

    Attributes:
        id: its identifier; `mark`: of what was asked.
        settings: the session's, with its own.
        context: the items that it answers.
        in_conversation: whether its items stay in the conversation.
        metadata: as the client sent it.
        cancelled: whether the client wants no more of it.
    """

    id: str
    mark: str
    settings: Mapping[str, Any]
    context: Sequence[Mapping[str, Any]]
    in_conversation: bool
    metadata: Any = None
    cancelled: bool = False
    usage: Mapping[str, Any] | None = None
    output: list[dict[str, Any]] = field(default_factory=list)

    def described(self, status: str, details: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """The response as events show it."""
        output = self.settings["audio"]["output"]
        return {
            "object": "realtime.response",
            "id": self.id,
            "status": status,
            "status_details": details,
            "output": [items.show(item) for item in self.output],
            "conversation_id": f"conv_{self.mark[:21]}" if self.in_conversation else None,
            "output_modalities": self.settings["output_modalities"],
            "max_output_tokens": self.settings.get("max_output_tokens"),
            "audio": {"output": {"format": output.get("format"), "voice": output.get("voice")}},
            "usage": self.usage,
            "metadata": self.metadata,
        }


@dataclass(frozen=True)
class Answering:
    """Answers for one connection. `send` sends an event; `facts`: of the journal's calls; `key`: is blotted out there."""

    standin: StandIn
    send: Send
    caller: Caller
    facts: Mapping[str, Any]
    key: str = field(repr=False)

    async def answer(self, response: Response, keep: Keep) -> None:
        """Send all the events of a response, and record it. `keep` takes an item into the conversation.

        Raises:
            Dropped: a scripted fault breaks the connection.
        """
        await self.send({"type": "response.created", "response": response.described("in_progress")})
        await self.send({"type": "rate_limits.updated", "rate_limits": _LIMITS})
        fault = self.standin.faults.take("realtime")
        if fault is not None and fault.effect == "hang":
            self._record(response, fault, None, (), status=0)  # now: the client will hang up before it ends
            await asyncio.sleep(fault.seconds)
            raise Dropped(fault.effect)
        try:
            spoken = await self._spoken(response, fault)
        except (APIError, MissingExtra) as caught:
            error = errors.not_installed(caught) if isinstance(caught, MissingExtra) else caught
            problem = {"type": error.type, "code": error.code, "message": error.message}
            await self._end(response, "failed", {"type": "failed", "error": problem}, fault, error)
            return
        if fault is not None and fault.effect in ("empty", "malformed", "wrong_type", "drop", "truncate"):
            await self._spoil(response, spoken, fault)
            return
        response.usage = spoken.usage
        sent = await self._say(response, spoken, keep)
        if response.cancelled:
            response.usage = speaking.reduce_usage(spoken.usage, sent)
            await self._end(response, "cancelled", {"type": "cancelled", "reason": "client_cancelled"}, fault)
        elif spoken.turn.finish_reason == "length":
            await self._end(
                response, "incomplete", {"type": "incomplete", "reason": "max_output_tokens"}, fault
            )
        else:
            await self._end(response, "completed", None, fault, outputs=_outputs(response, spoken))

    async def _spoken(self, response: Response, fault: Fault | None) -> speaking.Spoken:
        """What the answer says.

        Raises:
            APIError: a fault or a limit refuses it.
        """
        if fault is not None and fault.effect == "error":
            raise fault.error()
        if fault is not None and fault.effect == "slow":
            await asyncio.sleep(fault.seconds)
        settings = response.settings
        messages = items.messages_of(self.standin, response.context, settings.get("instructions"))
        self.standin.limits.admit(self.caller, "realtime", text.count_message_tokens(messages))
        model = str(settings["model"])
        given = self.standin.scripted("realtime", model, {}, messages, speaking.offer_of(settings))
        return await to_thread.run_sync(
            speaking.speak, self.standin, settings, response.context, given, response.mark
        )

    async def _say(self, response: Response, spoken: speaking.Spoken, keep: Keep) -> float:
        """The events of the items; how much of them was sent, from 0 to 1."""
        if not spoken.turn.calls:
            return await self._say_words(response, spoken, keep)
        for index, call in enumerate(spoken.turn.calls):
            item = {
                "id": f"item_{text.digest(response.mark, index)[:21]}",
                "object": "realtime.item",
                "type": "function_call",
                "status": "completed",
                "call_id": call.id,
                "name": call.name,
                "arguments": call.arguments,
            }
            place = {"response_id": response.id, "item_id": item["id"], "output_index": index}
            await self._open(response, {**item, "status": "in_progress", "arguments": ""}, index, keep)
            for piece in text.pieces(call.arguments):
                event = {
                    "type": "response.function_call_arguments.delta",
                    **place,
                    "call_id": call.id,
                    "delta": piece,
                }
                await self._paced(event)
            done = {"type": "response.function_call_arguments.done", **place, "call_id": call.id}
            await self.send({**done, "name": call.name, "arguments": call.arguments})
            await self._close(response, item, index, keep)
        return 1.0

    async def _say_words(self, response: Response, spoken: speaking.Spoken, keep: Keep) -> float:
        words, audio = spoken.turn.text, spoken.audio
        id = f"item_{text.digest(response.mark, 'item')[:21]}"
        place = {"response_id": response.id, "item_id": id, "output_index": 0, "content_index": 0}
        item: dict[str, Any] = {
            "id": id,
            "object": "realtime.item",
            "type": "message",
            "status": "in_progress",
            "role": "assistant",
            "content": [],
        }
        await self._open(response, item, 0, keep)
        empty = {"type": "text", "text": ""} if audio is None else {"type": "audio", "transcript": ""}
        await self.send({"type": "response.content_part.added", **place, "part": empty})
        deltas = _deltas(words, audio)
        heard, sent = "", 0
        for name, delta in deltas:
            if response.cancelled:
                break
            await self._paced({"type": f"response.{name}.delta", **place, "delta": delta})
            heard += "" if name == "output_audio" else delta
            sent += 1
        if audio is None:
            await self.send({"type": "response.output_text.done", **place, "text": heard})
            part, content = {"type": "text", "text": heard}, {"type": "output_text", "text": heard}
        else:
            await self.send({"type": "response.output_audio.done", **place})
            await self.send({"type": "response.output_audio_transcript.done", **place, "transcript": heard})
            part = {"type": "audio", "transcript": heard}
            content = {"type": "output_audio", "transcript": heard}
        await self.send({"type": "response.content_part.done", **place, "part": part})
        whole = not response.cancelled and spoken.turn.finish_reason != "length"
        await self._close(
            response,
            {**item, "status": "completed" if whole else "incomplete", "content": [content]},
            0,
            keep,
        )
        return sent / max(1, len(deltas))

    async def _open(self, response: Response, item: dict[str, Any], index: int, keep: Keep) -> None:
        place = {"response_id": response.id, "output_index": index}
        await self.send({"type": "response.output_item.added", **place, "item": item})
        if response.in_conversation:
            before = keep(item)
            await self.send({"type": "conversation.item.added", "previous_item_id": before, "item": item})

    async def _close(self, response: Response, item: dict[str, Any], index: int, keep: Keep) -> None:
        response.output.append(item)
        place = {"response_id": response.id, "output_index": index}
        await self.send({"type": "response.output_item.done", **place, "item": item})
        if response.in_conversation:
            before = keep(item)
            await self.send({"type": "conversation.item.done", "previous_item_id": before, "item": item})

    async def _paced(self, event: Mapping[str, Any]) -> None:
        await self.send(event)
        await asyncio.sleep(_PACE)

    async def _spoil(self, response: Response, spoken: speaking.Spoken, fault: Fault) -> None:
        """What a scripted fault leaves of a response."""
        if fault.effect == "empty":
            response.usage = spoken.usage
            await self._end(response, "completed", None, fault)
            return
        self._record(response, fault, None, ())
        if fault.effect == "malformed":
            await self.send({"": '{"type": "response.output_audio.delta", "delta": "'})
        elif fault.effect == "wrong_type":
            await self.send({"": "<html><body>Service unavailable</body></html>"})
        elif fault.effect == "truncate":
            item = {"id": "item_1", "type": "message", "role": "assistant", "content": []}
            opened = {"response_id": response.id, "output_index": 0, "item": item}
            await self.send({"type": "response.output_item.added", **opened})
        raise Dropped(fault.effect)

    async def _end(
        self,
        response: Response,
        status: str,
        details: Mapping[str, Any] | None,
        fault: Fault | None,
        error: APIError | None = None,
        outputs: tuple[Output, ...] = (),
    ) -> None:
        self._record(response, fault, error, outputs)
        await self.send({"type": "response.done", "response": response.described(status, details)})

    def _record(
        self,
        response: Response,
        fault: Fault | None,
        error: APIError | None,
        outputs: tuple[Output, ...],
        status: int = 200,
    ) -> None:
        settings = response.settings
        body = {
            "model": settings["model"],
            "instructions": settings.get("instructions"),
            "input": [items.show(item) for item in response.context],
            "output_modalities": settings["output_modalities"],
            "voice": settings["audio"]["output"].get("voice"),
            "tools": settings.get("tools") or [],
        }
        self.standin.journal.record(
            **{
                **self.facts,
                "body": reading.redact(body, self.key),
                "status": error.status if error else status,
                "error_code": error.code if error else None,
                "outputs": outputs,
                "fault": fault.name if fault else None,
                "at": time.monotonic(),
                "usage": _bill(str(settings["model"]), response.usage) if response.usage else None,
            }
        )


def _deltas(words: str, audio: bytes | None) -> list[tuple[str, str]]:
    """What each event adds: the words, or the words of the transcript between the pieces of their sound."""
    pieces = text.pieces(words)
    if audio is None:
        return [("output_text", piece) for piece in pieces]
    sounds = [base64.b64encode(piece).decode() for piece in speaking.pieces_of(audio)]
    share = max(1, -(-len(pieces) // max(1, len(sounds))))
    out: list[tuple[str, str]] = []
    for index, piece in enumerate(sounds):
        mine = pieces[index * share : (index + 1) * share]
        out += [("output_audio_transcript", word) for word in mine]
        out.append(("output_audio", piece))
    return out


def _outputs(response: Response, spoken: speaking.Spoken) -> tuple[Output, ...]:
    if spoken.turn.calls:
        return ()
    words = Output("text", "text/plain", spoken.turn.text.encode("utf-8", "replace"))
    form = response.settings["audio"]["output"].get("format") or {}
    media_type = str(form.get("type") if isinstance(form, Mapping) else form) or "audio/pcm"
    return (words,) if spoken.audio is None else (Output("audio", media_type, spoken.audio), words)


def _bill(model: str, usage: Mapping[str, Any]) -> Usage:
    units = {
        "input_tokens": usage["input_tokens"],
        "input_audio_tokens": usage["input_token_details"]["audio_tokens"],
        "output_tokens": usage["output_tokens"],
        "output_audio_tokens": usage["output_token_details"]["audio_tokens"],
    }
    return Usage(model, units)
