"""`/vector_stores`: files that are searched by what they mean, as far as the stand-in's embeddings know."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from classroom.standin.generation import text
from classroom.standin.incoming import errors
from classroom.standin.operations import Asked, Operation
from classroom.standin.outgoing.answers import CREATED, Answer
from classroom.standin.outgoing.pagination import page
from classroom.standin.responses import searching
from classroom.standin.routes import files
from classroom.standin.state import StandIn, StoredStore

_CHUNKING = {"type": "static", "static": {"max_chunk_size_tokens": 800, "chunk_overlap_tokens": 400}}
_USUAL_RESULTS = 10
_MOST_ATTRIBUTES = 16  # openai/types/vector_stores/file_create_params.py


def create(standin: StandIn, asked: Asked) -> Answer:
    """A vector store, perhaps with its first files."""
    body = asked.body
    number = standin.vector_stores.number()
    id = f"vs_{text.digest('vector store', number, body)[:32]}"
    described: dict[str, Any] = {
        "id": id,
        "object": "vector_store",
        "created_at": CREATED + number,
        "last_active_at": CREATED + number,
        "name": body.get("name") or "",
        "description": body.get("description"),
        "metadata": body.get("metadata") or {},
        "expires_after": body.get("expires_after"),
        "expires_at": None,
        "status": "completed",
    }
    first = [{"file_id": each} for each in body.get("file_ids") or []]
    made = with_files(standin, StoredStore(described), first)
    standin.vector_stores.put(id, made)
    return Answer(data=_describe(made))


def _describe(store: StoredStore) -> dict[str, Any]:
    return {
        **store.described,
        "file_counts": count_states(store.files.values()),
        "usage_bytes": sum(file["usage_bytes"] for file in store.files.values()),
    }


def count_states(listed: Any) -> dict[str, int]:
    """How many files are in each state."""
    states = [file["status"] for file in listed]
    counts = {name: states.count(name) for name in ("in_progress", "completed", "failed", "cancelled")}
    return {**counts, "total": len(states)}


def with_files(standin: StandIn, store: StoredStore, wanted: Sequence[Mapping[str, Any]]) -> StoredStore:
    """The store with more files.

    Args:
        wanted: for each file its `file_id`, and perhaps `attributes` and `chunking_strategy`.

    Raises:
        APIError: 404 for a file that isn't kept, 400 for attributes that are not allowed.
    """
    added = dict(store.files)
    for each in wanted:
        file_id, attributes = str(each.get("file_id")), each.get("attributes") or {}
        check_attributes(attributes)
        file = files.find(standin, file_id)
        readable = words_in(file.content) is not None
        added[file_id] = {
            "id": file_id,
            "object": "vector_store.file",
            "created_at": CREATED + len(added),
            "vector_store_id": store.described["id"],
            "status": "completed" if readable else "failed",
            "usage_bytes": len(file.content) if readable else 0,
            "last_error": None
            if readable
            else {"code": "unsupported_file", "message": "The stand-in reads texts alone."},
            "attributes": dict(attributes),
            "chunking_strategy": each.get("chunking_strategy") if _is_static(each) else _CHUNKING,
        }
    return replace(store, files=added)


def _is_static(wanted: Mapping[str, Any]) -> bool:
    return (
        isinstance(wanted.get("chunking_strategy"), Mapping)
        and wanted["chunking_strategy"].get("type") == "static"
    )


def check_attributes(attributes: Any) -> None:
    """Raises 400 for attributes that are not allowed."""
    allowed = isinstance(attributes, Mapping) and all(
        isinstance(value, (str, int, float, bool)) for value in attributes.values()
    )
    if not allowed or len(attributes) > _MOST_ATTRIBUTES:
        raise errors.invalid(
            f"Invalid 'attributes': at most {_MOST_ATTRIBUTES}, each a string, a number or a boolean.",
            "attributes",
            "invalid_value",
        )


def words_in(content: bytes) -> str | None:
    """A file as text; None if it is none."""
    try:
        return None if b"\0" in content else content.decode("utf-8")
    except UnicodeDecodeError:
        return None


def find(standin: StandIn, id: str) -> StoredStore:
    """A kept vector store.

    Raises:
        APIError: 404 if there is none.
    """
    stored = standin.vector_stores.get(id)
    if stored is None and standin.lenient:
        described = create(StandIn(lenient=True, catalogue=standin.catalogue), Asked()).data or {}
        empty = {
            name: value for name, value in described.items() if name not in ("file_counts", "usage_bytes")
        }
        return StoredStore({**empty, "id": id})
    if stored is None:
        raise errors.not_found("vector store", id)
    return stored


def retrieve(standin: StandIn, asked: Asked) -> Answer:
    """What is known of a vector store."""
    return Answer(data=_describe(find(standin, asked.path["id"])))


def list_stores(standin: StandIn, asked: Asked) -> Answer:
    """The vector stores, the newest first."""
    found = [_describe(store) for store in standin.vector_stores.all()]
    return page(found, asked.query, newest_first=True, lenient=standin.lenient)


def update(standin: StandIn, asked: Asked) -> Answer:
    """Another name, metadata or expiry."""
    stored = find(standin, asked.path["id"])
    given = {
        name: value for name, value in asked.body.items() if name in ("name", "metadata", "expires_after")
    }
    changed = replace(
        stored,
        described={
            **stored.described,
            **given,
            "metadata": given.get("metadata", stored.described["metadata"]) or {},
        },
    )
    standin.vector_stores.put(asked.path["id"], changed)
    return Answer(data=_describe(changed))


def delete(standin: StandIn, asked: Asked) -> Answer:
    """Forget a vector store; its files stay."""
    find(standin, asked.path["id"])
    standin.vector_stores.take(asked.path["id"])
    return Answer(data={"id": asked.path["id"], "object": "vector_store.deleted", "deleted": True})


def texts_of(standin: StandIn, stores: Sequence[StoredStore], filters: Any = None) -> list[searching.Text]:
    """The files of stores that can be searched, and fit a filter."""
    out = []
    for store in stores:
        for id, file in store.files.items():
            kept = standin.files.get(id)
            words = words_in(kept.content) if kept is not None else None
            if (
                kept is not None
                and words
                and (filters is None or searching.fits(file["attributes"], filters))
            ):
                out.append(searching.Text(id, str(kept.described["filename"]), file["attributes"], words))
    return out


def search(standin: StandIn, asked: Asked) -> Answer:
    """The pieces of files that are nearest to a query, or to any of several."""
    body = asked.body
    store = find(standin, asked.path["id"])
    queries = (
        [body["query"]]
        if isinstance(body.get("query"), str)
        else [str(each) for each in body.get("query") or [""]]
    )
    least = (body.get("ranking_options") or {}).get("score_threshold") or 0.0
    found = searching.search(
        queries,
        texts_of(standin, [store], body.get("filters")),
        most=body.get("max_num_results") or _USUAL_RESULTS,
        least_score=float(least),
    )
    return Answer(
        data={
            "object": "vector_store.search_results.page",
            "search_query": queries,
            "data": [each.shown() for each in found],
            "has_more": False,
            "next_page": None,
        }
    )


OPERATIONS = (
    Operation("POST", "vector_stores", create, "json", "vector_stores"),
    Operation("GET", "vector_stores", list_stores),
    Operation("GET", "vector_stores/{id}", retrieve),
    Operation("POST", "vector_stores/{id}", update, "json", "vector_stores/{id}"),
    Operation("DELETE", "vector_stores/{id}", delete),
    Operation("POST", "vector_stores/{id}/search", search, "json", "vector_stores/{id}/search", slow=True),
)
