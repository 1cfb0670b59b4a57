"""`/vector_stores`: files that are searched by what they mean, as far as the stand-in's embeddings know."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from classroom.standin import errors, searching, text
from classroom.standin.answers import CREATED, Answer
from classroom.standin.operations import Asked, Operation
from classroom.standin.pagination import page
from classroom.standin.routes import files
from classroom.standin.state import StandIn, StoredStore

_CHUNKING = {"type": "static", "static": {"max_chunk_size_tokens": 800, "chunk_overlap_tokens": 400}}
_USUAL_RESULTS = 10
_MOST_ATTRIBUTES = 16  # openai/types/vector_stores/file_create_params.py


def create(standin: StandIn, asked: Asked) -> Answer:
    """A vector store, perhaps with its first files."""
    body = asked.body
    number = len(standin.vector_stores) + 1
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
    made = _with_files(
        standin, StoredStore(described), id, [{"file_id": each} for each in body.get("file_ids") or []]
    )
    standin.vector_stores.put(id, made)
    return Answer(data=_shown(made))


def _shown(store: StoredStore) -> dict[str, Any]:
    return {
        **store.described,
        "file_counts": _counts(store.files.values()),
        "usage_bytes": sum(file["usage_bytes"] for file in store.files.values()),
    }


def _counts(listed: Any) -> dict[str, int]:
    states = [file["status"] for file in listed]
    counts = {name: states.count(name) for name in ("in_progress", "completed", "failed", "cancelled")}
    return {**counts, "total": len(states)}


def _with_files(
    standin: StandIn, store: StoredStore, id: str, wanted: Sequence[Mapping[str, Any]]
) -> StoredStore:
    """The store with more files.

    Raises:
        APIError: 404 for a file that isn't kept, 400 for attributes that are not allowed.
    """
    added = dict(store.files)
    for each in wanted:
        file_id, attributes = str(each.get("file_id")), each.get("attributes") or {}
        _check_attributes(attributes)
        file = files.find(standin, file_id)
        readable = _words(file.content) is not None
        added[file_id] = {
            "id": file_id,
            "object": "vector_store.file",
            "created_at": CREATED + len(added),
            "vector_store_id": id,
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


def _check_attributes(attributes: Any) -> None:
    allowed = isinstance(attributes, Mapping) and all(
        isinstance(value, (str, int, float, bool)) for value in attributes.values()
    )
    if not allowed or len(attributes) > _MOST_ATTRIBUTES:
        raise errors.invalid(
            f"Invalid 'attributes': at most {_MOST_ATTRIBUTES}, each a string, a number or a boolean.",
            "attributes",
            "invalid_value",
        )


def _words(content: bytes) -> str | None:
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
    return Answer(data=_shown(find(standin, asked.path["id"])))


def list_stores(standin: StandIn, asked: Asked) -> Answer:
    """The vector stores, the newest first."""
    found = [_shown(store) for store in standin.vector_stores.all()]
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
    return Answer(data=_shown(changed))


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
            words = _words(kept.content) if kept is not None else None
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


# --- files of a store -----------------------------------------------------------------------------------------------------


def create_file(standin: StandIn, asked: Asked) -> Answer:
    """One file more."""
    id = asked.path["id"]
    changed = _with_files(standin, find(standin, id), id, [asked.body])
    standin.vector_stores.put(id, changed)
    return Answer(data=changed.files[str(asked.body.get("file_id"))])


def _file(standin: StandIn, asked: Asked) -> Mapping[str, Any]:
    store = find(standin, asked.path["id"])
    file = store.files.get(asked.path["file_id"])
    if file is None and standin.lenient:
        wanted = [{"file_id": asked.path["file_id"]}]
        return _with_files(standin, store, asked.path["id"], wanted).files[asked.path["file_id"]]
    if file is None:
        raise errors.not_found("file of this vector store", asked.path["file_id"])
    return file


def retrieve_file(standin: StandIn, asked: Asked) -> Answer:
    """What is known of a file of a store."""
    return Answer(data=_file(standin, asked))


def update_file(standin: StandIn, asked: Asked) -> Answer:
    """Other attributes."""
    attributes = asked.body.get("attributes") or {}
    _check_attributes(attributes)
    changed = {**_file(standin, asked), "attributes": dict(attributes)}
    store = find(standin, asked.path["id"])
    standin.vector_stores.put(
        asked.path["id"], replace(store, files={**store.files, asked.path["file_id"]: changed})
    )
    return Answer(data=changed)


def list_files(standin: StandIn, asked: Asked) -> Answer:
    """The files of a store, the newest first, perhaps of one status."""
    store = find(standin, asked.path["id"])
    wanted = asked.query.get("filter")
    found = [file for file in store.files.values() if wanted in (None, file["status"])]
    return page(found, asked.query, newest_first=True, lenient=standin.lenient)


def read_file(standin: StandIn, asked: Asked) -> Answer:
    """The text of a file, in the pieces that are searched."""
    file = _file(standin, asked)
    words = _words(files.find(standin, str(file["id"])).content) or ""
    pieces = [{"type": "text", "text": piece} for piece in searching.pieces(words)]
    return Answer(
        data={
            "object": "vector_store.file_content.page",
            "data": pieces,
            "has_more": False,
            "next_page": None,
        }
    )


def delete_file(standin: StandIn, asked: Asked) -> Answer:
    """Take a file out of a store; the file itself stays."""
    _file(standin, asked)
    store = find(standin, asked.path["id"])
    left = {id: file for id, file in store.files.items() if id != asked.path["file_id"]}
    standin.vector_stores.put(asked.path["id"], replace(store, files=left))
    return Answer(data={"id": asked.path["file_id"], "object": "vector_store.file.deleted", "deleted": True})


# --- several files at once ------------------------------------------------------------------------------------------------


def create_batch(standin: StandIn, asked: Asked) -> Answer:
    """Several files more; they are there at once."""
    body, id = asked.body, asked.path["id"]
    shared = {name: body[name] for name in ("attributes", "chunking_strategy") if body.get(name)}
    wanted: list[Mapping[str, Any]] = [{"file_id": each, **shared} for each in body.get("file_ids") or []]
    wanted += [each for each in body.get("files") or [] if isinstance(each, Mapping)]
    if not wanted and not standin.lenient:
        raise errors.invalid(
            "One of 'file_ids' and 'files' is needed.", "file_ids", "missing_required_parameter"
        )
    changed = _with_files(standin, find(standin, id), id, wanted)
    standin.vector_stores.put(id, changed)
    ids = [str(each.get("file_id")) for each in wanted]
    number = len(standin.file_batches) + 1
    described = {
        "id": f"vsfb_{text.digest('file batch', number, id, ids)[:32]}",
        "object": "vector_store.files_batch",
        "created_at": CREATED + number,
        "vector_store_id": id,
        "status": "completed",
        "file_counts": _counts([changed.files[each] for each in ids]),
    }
    standin.file_batches.put(str(described["id"]), {"described": described, "ids": ids})
    return Answer(data=described)


def _batch(standin: StandIn, asked: Asked) -> Mapping[str, Any]:
    kept = standin.file_batches.get(asked.path["batch_id"])
    if kept is not None and kept["described"]["vector_store_id"] == asked.path["id"]:
        return kept
    if standin.lenient:
        made = create_batch(standin, Asked({}, {"id": asked.path["id"]})).data or {}
        return {"described": {**made, "id": asked.path["batch_id"]}, "ids": []}
    raise errors.not_found("file batch of this vector store", asked.path["batch_id"])


def retrieve_batch(standin: StandIn, asked: Asked) -> Answer:
    """How far several files are."""
    return Answer(data=_batch(standin, asked)["described"])


def cancel_batch(standin: StandIn, asked: Asked) -> Answer:
    """Too late: the files are there. It stays as it is."""
    return Answer(data=_batch(standin, asked)["described"])


def list_batch_files(standin: StandIn, asked: Asked) -> Answer:
    """The files that came together."""
    ids = _batch(standin, asked)["ids"]
    wanted = asked.query.get("filter")
    store = find(standin, asked.path["id"])
    found = [
        store.files[id] for id in ids if id in store.files and wanted in (None, store.files[id]["status"])
    ]
    return page(found, asked.query, newest_first=True, lenient=standin.lenient)


_FILE = "vector_stores/{id}/files/{file_id}"
_BATCH = "vector_stores/{id}/file_batches/{batch_id}"
OPERATIONS = (
    Operation("POST", "vector_stores", create, "json", "vector_stores"),
    Operation("GET", "vector_stores", list_stores),
    Operation("GET", "vector_stores/{id}", retrieve),
    Operation("POST", "vector_stores/{id}", update, "json", "vector_stores/{id}"),
    Operation("DELETE", "vector_stores/{id}", delete),
    Operation("POST", "vector_stores/{id}/search", search, "json", "vector_stores/{id}/search", slow=True),
    Operation("POST", "vector_stores/{id}/files", create_file, "json", "vector_stores/{id}/files"),
    Operation("GET", "vector_stores/{id}/files", list_files),
    Operation("GET", _FILE, retrieve_file),
    Operation("POST", _FILE, update_file, "json", _FILE),
    Operation("DELETE", _FILE, delete_file),
    Operation("GET", f"{_FILE}/content", read_file),
    Operation(
        "POST", "vector_stores/{id}/file_batches", create_batch, "json", "vector_stores/{id}/file_batches"
    ),
    Operation("GET", _BATCH, retrieve_batch),
    Operation("POST", f"{_BATCH}/cancel", cancel_batch),
    Operation("GET", f"{_BATCH}/files", list_batch_files),
)
