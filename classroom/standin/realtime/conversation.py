"""A Realtime conversation: its settings, its items, its sound, and what a client may do with them.

Events and their order: https://developers.openai.com/api/docs/guides/realtime-conversations and
`openai/types/realtime/realtime_client_event.py`, `realtime_server_event.py` (openai 3.54.0).
"""

import asyncio
import base64
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from starlette.websockets import WebSocketDisconnect

from classroom.standin.generation import text
from classroom.standin.incoming import errors
from classroom.standin.incoming.errors import APIError
from classroom.standin.models.catalogue import Model
from classroom.standin.realtime import items, session
from classroom.standin.realtime.answering import Answering, Dropped, Response
from classroom.standin.state import StandIn

_MOST_ITEMS = 1_000
_MOST_SOUND = 64_000_000  # bytes in the buffer and in the conversation
_LEAST_SOUND = 4_800  # bytes: a tenth of a second
_MOST_AT_ONCE = 8  # responses


class Conversation:
    """One session's conversation.

    Args:
        standin: which answers.
        model: that talks.
        answering: sends events and answers.
        hang_up: closes the connection.
    """

    def __init__(
        self, standin: StandIn, model: Model, answering: Answering, hang_up: Callable[[], Awaitable[None]]
    ) -> None:
        self._standin = standin
        self._model = model
        self._answering = answering
        self._hang_up = hang_up
        self._made = 0
        self._session = session.begin(model, text.digest("realtime", model.id))
        self._items: list[dict[str, Any]] = []
        self._buffer = bytearray()
        self._running: dict[str, tuple[Response, asyncio.Task[None]]] = {}

    async def begin(self) -> None:
        """Tell the client its settings."""
        await self._answering.send({"type": "session.created", "session": self._session})

    def stop(self) -> None:
        """Say nothing more."""
        for _, task in self._running.values():
            task.cancel()

    async def take(self, event: dict[str, Any]) -> None:
        """Do what an event asks.

        Raises:
            APIError: 400, it asks for what can't be.
        """
        handlers = self._handlers()
        handler = handlers.get(event["type"])
        if handler is None:
            listed = ", ".join(f"'{each}'" for each in handlers)
            raise errors.invalid(
                f"Invalid value: '{event['type']}'. Supported values are: {listed}.", "type", "invalid_value"
            )
        await handler(event)

    def _handlers(self) -> Mapping[str, Callable[[dict[str, Any]], Awaitable[None]]]:
        return {
            "session.update": self._update,
            "conversation.item.create": self._create_item,
            "conversation.item.retrieve": self._retrieve_item,
            "conversation.item.delete": self._delete_item,
            "conversation.item.truncate": self._truncate_item,
            "input_audio_buffer.append": self._append,
            "input_audio_buffer.commit": self._commit,
            "input_audio_buffer.clear": self._clear,
            "response.create": self._respond,
            "response.cancel": self._cancel,
        }

    def _next_id(self, kind: str) -> str:
        self._made += 1
        return f"{kind}_{text.digest(kind, self._made)[:21]}"

    def _keep(self, item: dict[str, Any]) -> str | None:
        """Put an item at its place in the conversation; the identifier of the one before it.

        Raises:
            APIError: 400, the conversation is full.
        """
        for index, kept in enumerate(self._items):
            if kept["id"] == item["id"]:
                self._items[index] = item
                return str(self._items[index - 1]["id"]) if index else None
        sound = items.seconds_in([*self._items, item]) * items.BYTES_PER_SECOND
        if len(self._items) >= _MOST_ITEMS or sound > _MOST_SOUND:
            raise errors.invalid(
                "The conversation is full. Open another session.", "item", "conversation_full"
            )
        self._items.append(item)
        return str(self._items[-2]["id"]) if len(self._items) > 1 else None

    def _find(self, event: Mapping[str, Any]) -> dict[str, Any]:
        wanted = event.get("item_id")
        found = next((item for item in self._items if item["id"] == wanted), None)
        if found is None:
            raise errors.invalid(
                f"The item with id '{wanted}' does not exist in the conversation.",
                "item_id",
                "item_not_found",
            )
        return found

    # --- what a client may ask

    async def _update(self, event: dict[str, Any]) -> None:
        spoke = any(item.get("role") == "assistant" for item in self._items)
        self._session = session.update(self._session, event.get("session"), self._model, spoke=spoke)
        await self._answering.send({"type": "session.updated", "session": self._session})

    async def _create_item(self, event: dict[str, Any]) -> None:
        item = items.read_item(event.get("item"), self._next_id("item"))
        if any(kept["id"] == item["id"] for kept in self._items):
            raise errors.invalid(f"The item with id '{item['id']}' exists already.", "item.id", "item_exists")
        before = self._keep(item)
        if (after := event.get("previous_item_id")) is not None:
            self._items.remove(item)
            places = [index for index, kept in enumerate(self._items) if kept["id"] == after]
            if after != "root" and not places:
                raise errors.invalid(
                    f"The item with id '{after}' does not exist in the conversation.",
                    "previous_item_id",
                    "item_not_found",
                )
            self._items.insert(places[0] + 1 if places else 0, item)
            before = after if places else None
        await self._announce(item, before)

    async def _announce(self, item: dict[str, Any], before: str | None) -> None:
        for name in ("added", "done"):
            shown = {"previous_item_id": before, "item": items.show(item)}
            await self._answering.send({"type": f"conversation.item.{name}", **shown})

    async def _retrieve_item(self, event: dict[str, Any]) -> None:
        await self._answering.send({"type": "conversation.item.retrieved", "item": self._find(event)})

    async def _delete_item(self, event: dict[str, Any]) -> None:
        item = self._find(event)
        self._items.remove(item)
        await self._answering.send({"type": "conversation.item.deleted", "item_id": item["id"]})

    async def _truncate_item(self, event: dict[str, Any]) -> None:
        item = self._find(event)
        if item.get("role") != "assistant":
            raise errors.invalid("Only assistant messages can be truncated.", "item_id", "invalid_value")
        place = {"content_index": event.get("content_index", 0), "audio_end_ms": event.get("audio_end_ms", 0)}
        await self._answering.send({"type": "conversation.item.truncated", "item_id": item["id"], **place})

    async def _append(self, event: dict[str, Any]) -> None:
        self._buffer.extend(items.sound_of(event.get("audio"), "audio"))
        if len(self._buffer) > _MOST_SOUND:
            self._buffer.clear()
            raise errors.invalid(
                "The input audio buffer is full, and was cleared.", "audio", "input_audio_buffer_full"
            )

    async def _commit(self, event: dict[str, Any]) -> None:
        if len(self._buffer) < _LEAST_SOUND:
            raise errors.invalid(
                "Error committing input audio buffer: buffer too small. Expected at least 100ms of audio, "
                f"but buffer only has {len(self._buffer) / items.BYTES_PER_SECOND * 1000:.2f}ms of audio.",
                None,
                "input_audio_buffer_commit_empty",
            )
        sound = bytes(self._buffer)
        self._buffer.clear()
        transcribed = self._session["audio"]["input"].get("transcription")
        words = items.words_of_sound(self._standin, sound)
        part = {"type": "input_audio", "audio": base64.b64encode(sound).decode(), "transcript": None}
        item = items.read_item({"type": "message", "role": "user", "content": [part]}, self._next_id("item"))
        before = self._keep(item)
        place = {"item_id": item["id"], "previous_item_id": before}
        await self._answering.send({"type": "input_audio_buffer.committed", **place})
        await self._announce(item, before)
        if transcribed:
            usage = {"type": "duration", "seconds": len(sound) / items.BYTES_PER_SECOND}
            heard = {"item_id": item["id"], "content_index": 0, "transcript": words, "usage": usage}
            await self._answering.send(
                {"type": "conversation.item.input_audio_transcription.completed", **heard}
            )

    async def _clear(self, event: dict[str, Any]) -> None:
        self._buffer.clear()
        await self._answering.send({"type": "input_audio_buffer.cleared"})

    async def _respond(self, event: dict[str, Any]) -> None:
        options = event.get("response") or {}
        if not isinstance(options, dict):
            raise errors.invalid(
                "Invalid type for 'response': expected an object.", "response", "invalid_type"
            )
        session.check(options, "response", session.OPTIONS, self._model)
        apart = options.get("conversation") == "none"
        active = [response for response, task in self._running.values() if not task.done()]
        if not apart and any(each.in_conversation for each in active):
            raise errors.invalid(
                "Conversation already has an active response. Wait until it is done, or cancel it.",
                None,
                "conversation_already_has_active_response",
            )
        if len(active) >= _MOST_AT_ONCE:
            raise errors.invalid("Too many responses at once.", None, "too_many_responses")
        if self._standin.allowance and not self._standin.allowance.take({}):
            raise errors.too_much_for_a_stand_in()
        context = self._context(options)
        settings = session.for_response(self._session, options)
        mark = text.digest("realtime", [items.show(item) for item in context], settings)
        id = self._next_id("resp")
        response = Response(id, mark, settings, context, not apart, options.get("metadata"))
        task = asyncio.create_task(self._answer(response))
        self._running = {name: each for name, each in self._running.items() if not each[1].done()}
        self._running[id] = (response, task)

    def _context(self, options: Mapping[str, Any]) -> list[dict[str, Any]]:
        """The items that a response answers: the conversation's, or those that came with it."""
        given = options.get("input")
        if given is None:
            return list(self._items)
        out = []
        for index, each in enumerate(given[:_MOST_ITEMS]):
            if isinstance(each, Mapping) and each.get("type") == "item_reference":
                out.append(self._find({"item_id": each.get("id")}))
            else:
                out.append(items.read_item(each, f"item_{index}", f"response.input[{index}]"))
        return out

    async def _answer(self, response: Response) -> None:
        try:
            await self._answering.answer(response, self._keep)
        except Dropped:
            await self._hang_up()
        except APIError as error:  # the conversation is full
            await self._answering.send({"type": "error", "error": error.body()["error"]})
        except (WebSocketDisconnect, RuntimeError, OSError):
            return  # the client has gone

    async def _cancel(self, event: dict[str, Any]) -> None:
        wanted = event.get("response_id")
        active = {id: response for id, (response, task) in self._running.items() if not task.done()}
        chosen = [
            each for id, each in active.items() if id == wanted or (wanted is None and each.in_conversation)
        ]
        if not chosen:
            raise errors.invalid(
                "Cancellation failed: no active response found.", "response_id", "response_cancel_not_active"
            )
        chosen[0].cancelled = True
