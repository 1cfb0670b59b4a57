"""`/conversations`: items that are kept, and to which responses add theirs."""

from collections.abc import Mapping, Sequence
from typing import Any

from classroom.standin.generation import text
from classroom.standin.incoming import errors
from classroom.standin.operations import Asked, Operation
from classroom.standin.outgoing.answers import CREATED, Answer
from classroom.standin.outgoing.pagination import page
from classroom.standin.state import StandIn, StoredConversation

_MOST_AT_ONCE = 20  # openai/types/conversations/conversation_create_params.py
_MOST_ITEMS = 2_000  # the stand-in's own bound


def create(standin: StandIn, asked: Asked) -> Answer:
    """A conversation, perhaps with its first items."""
    number = standin.conversations.number()
    id = f"conv_{text.digest('conversation', number, asked.body)[:48]}"
    described = {
        "id": id,
        "object": "conversation",
        "created_at": CREATED + number,
        "metadata": asked.body.get("metadata") or {},
    }
    standin.conversations.put(id, StoredConversation(described))
    add(standin, id, _given(asked.body, required=False), most=_MOST_AT_ONCE)
    return Answer(data=described)


def _given(body: Mapping[str, Any], *, required: bool) -> list[Mapping[str, Any]]:
    items = body.get("items") or []
    if any(not isinstance(item, Mapping) for item in items):
        raise errors.invalid("Invalid type for 'items': expected objects.", "items", "invalid_type")
    if required and not items:
        raise errors.invalid("Invalid 'items': at least one item is needed.", "items", "empty_array")
    return list(items)


def find(standin: StandIn, id: str) -> StoredConversation:
    """A kept conversation.

    Raises:
        APIError: 404 if there is none.
    """
    stored = standin.conversations.get(id)
    if stored is None and standin.lenient:
        described = {"id": id, "object": "conversation", "created_at": CREATED, "metadata": {}}
        return StoredConversation(described, (_item({"role": "user", "content": "hello"}, id, 0),))
    if stored is None:
        raise errors.not_found("conversation", id)
    return stored


def add(
    standin: StandIn, id: str, items: Sequence[Mapping[str, Any]], *, most: int = _MOST_ITEMS
) -> list[Mapping[str, Any]]:
    """Append items to a conversation; as they are kept, each with an identifier.

    Raises:
        APIError: 404 if there is no such conversation, 400 for too many items.
    """
    stored = find(standin, id)
    if len(items) > most or len(stored.items) + len(items) > _MOST_ITEMS:
        raise errors.invalid(
            f"Invalid 'items': at most {most} at once, and {_MOST_ITEMS} in a conversation.",
            "items",
            "array_above_max_length",
        )
    made = [_item(item, id, stored.added + number) for number, item in enumerate(items)]
    standin.conversations.put(
        id, StoredConversation(stored.described, (*stored.items, *made), stored.added + len(made))
    )
    return made


def _item(item: Mapping[str, Any], id: str, number: int) -> Mapping[str, Any]:
    filled = {"type": "message", **item}
    if filled["type"] == "message":
        content = filled.get("content")
        part = "output_text" if filled.get("role") == "assistant" else "input_text"
        if isinstance(content, str):
            facts: dict[str, Any] = {"annotations": [], "logprobs": []} if part == "output_text" else {}
            filled["content"] = [{"type": part, "text": content, **facts}]
        filled.setdefault("status", "completed")
    prefix = {"message": "msg", "function_call": "fc", "reasoning": "rs"}.get(str(filled["type"]), "item")
    filled.setdefault("id", f"{prefix}_{text.digest('item', id, number)[:48]}")
    return filled


def retrieve(standin: StandIn, asked: Asked) -> Answer:
    """What is known of a conversation."""
    return Answer(data=find(standin, asked.path["id"]).described)


def update(standin: StandIn, asked: Asked) -> Answer:
    """Another metadata."""
    stored = find(standin, asked.path["id"])
    described = {**stored.described, "metadata": asked.body.get("metadata") or {}}
    standin.conversations.put(asked.path["id"], StoredConversation(described, stored.items, stored.added))
    return Answer(data=described)


def delete(standin: StandIn, asked: Asked) -> Answer:
    """Forget a conversation."""
    find(standin, asked.path["id"])
    standin.conversations.take(asked.path["id"])
    return Answer(data={"id": asked.path["id"], "object": "conversation.deleted", "deleted": True})


def create_items(standin: StandIn, asked: Asked) -> Answer:
    """More items."""
    made = add(
        standin, asked.path["id"], _given(asked.body, required=not standin.lenient), most=_MOST_AT_ONCE
    )
    return page(made, {"limit": "100"}, newest_first=False)


def list_items(standin: StandIn, asked: Asked) -> Answer:
    """The items by pages, the newest first."""
    return page(
        find(standin, asked.path["id"]).items, asked.query, newest_first=True, lenient=standin.lenient
    )


def _find_item(standin: StandIn, asked: Asked) -> Mapping[str, Any]:
    stored, wanted = find(standin, asked.path["id"]), asked.path["item_id"]
    for item in stored.items:
        if item["id"] == wanted:
            return item
    if standin.lenient:
        return stored.items[0]
    raise errors.not_found("item", wanted)


def retrieve_item(standin: StandIn, asked: Asked) -> Answer:
    """One item."""
    return Answer(data=_find_item(standin, asked))


def delete_item(standin: StandIn, asked: Asked) -> Answer:
    """A conversation without one of its items."""
    gone = _find_item(standin, asked)
    stored = find(standin, asked.path["id"])
    left = tuple(item for item in stored.items if item is not gone)
    if not standin.lenient:
        standin.conversations.put(asked.path["id"], StoredConversation(stored.described, left, stored.added))
    return Answer(data=stored.described)


OPERATIONS = (
    Operation("POST", "conversations", create, "json", "conversations"),
    Operation("GET", "conversations/{id}", retrieve),
    Operation("POST", "conversations/{id}", update, "json", "conversations/{id}"),
    Operation("DELETE", "conversations/{id}", delete),
    Operation("POST", "conversations/{id}/items", create_items, "json", "conversations/{id}/items"),
    Operation("GET", "conversations/{id}/items", list_items),
    Operation("GET", "conversations/{id}/items/{item_id}", retrieve_item),
    Operation("DELETE", "conversations/{id}/items/{item_id}", delete_item),
)
