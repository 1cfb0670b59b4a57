"""The files of `/vector_stores`, one by one and several at once."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from classroom.standin.generation import text
from classroom.standin.incoming import errors
from classroom.standin.operations import Asked, Operation
from classroom.standin.outgoing.answers import CREATED, Answer
from classroom.standin.outgoing.pagination import page
from classroom.standin.responses import searching
from classroom.standin.routes import files, vector_stores
from classroom.standin.state import StandIn


def create_file(standin: StandIn, asked: Asked) -> Answer:
    """Add a file to a vector store."""
    id = asked.path["id"]
    changed = vector_stores.with_files(standin, vector_stores.find(standin, id), [asked.body])
    standin.vector_stores.put(id, changed)
    return Answer(data=changed.files[str(asked.body.get("file_id"))])


def _file(standin: StandIn, asked: Asked) -> Mapping[str, Any]:
    store = vector_stores.find(standin, asked.path["id"])
    file = store.files.get(asked.path["file_id"])
    if file is None and standin.lenient:
        wanted = [{"file_id": asked.path["file_id"]}]
        return vector_stores.with_files(standin, store, wanted).files[asked.path["file_id"]]
    if file is None:
        raise errors.not_found("file of this vector store", asked.path["file_id"])
    return file


def retrieve_file(standin: StandIn, asked: Asked) -> Answer:
    """What is known of a file of a store."""
    return Answer(data=_file(standin, asked))


def update_file(standin: StandIn, asked: Asked) -> Answer:
    """Other attributes."""
    attributes = asked.body.get("attributes") or {}
    vector_stores.check_attributes(attributes)
    changed = {**_file(standin, asked), "attributes": dict(attributes)}
    store = vector_stores.find(standin, asked.path["id"])
    standin.vector_stores.put(
        asked.path["id"], replace(store, files={**store.files, asked.path["file_id"]: changed})
    )
    return Answer(data=changed)


def list_files(standin: StandIn, asked: Asked) -> Answer:
    """The files of a store, the newest first, perhaps of one status."""
    store = vector_stores.find(standin, asked.path["id"])
    wanted = asked.query.get("filter")
    found = [file for file in store.files.values() if wanted in (None, file["status"])]
    return page(found, asked.query, newest_first=True, lenient=standin.lenient)


def read_file(standin: StandIn, asked: Asked) -> Answer:
    """The text of a file, in the pieces that are searched."""
    file = _file(standin, asked)
    words = vector_stores.words_in(files.find(standin, str(file["id"])).content) or ""
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
    store = vector_stores.find(standin, asked.path["id"])
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
    changed = vector_stores.with_files(standin, vector_stores.find(standin, id), wanted)
    standin.vector_stores.put(id, changed)
    ids = [str(each.get("file_id")) for each in wanted]
    number = standin.file_batches.number()
    described = {
        "id": f"vsfb_{text.digest('file batch', number, id, ids)[:32]}",
        "object": "vector_store.files_batch",
        "created_at": CREATED + number,
        "vector_store_id": id,
        "status": "completed",
        "file_counts": vector_stores.count_states([changed.files[each] for each in ids]),
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
    store = vector_stores.find(standin, asked.path["id"])
    found = [
        store.files[id] for id in ids if id in store.files and wanted in (None, store.files[id]["status"])
    ]
    return page(found, asked.query, newest_first=True, lenient=standin.lenient)


_FILE = "vector_stores/{id}/files/{file_id}"
_BATCH = "vector_stores/{id}/file_batches/{batch_id}"
OPERATIONS = (
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
