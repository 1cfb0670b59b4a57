"""`/containers`: where OpenAI's own tools run code. They are described and keep files; no code is run in them here."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from classroom.standin.generation import text
from classroom.standin.incoming import errors
from classroom.standin.models.costs import Usage
from classroom.standin.operations import Asked, Operation
from classroom.standin.outgoing.answers import CREATED, Answer
from classroom.standin.outgoing.pagination import page
from classroom.standin.routes import files
from classroom.standin.state import StandIn, StoredContainer

_USUAL_EXPIRY = {
    "anchor": "last_active_at",
    "minutes": 20,
}  # what the code interpreter's guide says of every container
_FOLDER = "/mnt/data"
# of how many gigabytes a container is, by which it is paid
_SIZES = {"1g": 1, "4g": 4, "16g": 16, "64g": 64}


def create(standin: StandIn, asked: Asked) -> Answer:
    """A container, with copies of files that are kept."""
    body = asked.body
    expires = body.get("expires_after") or _USUAL_EXPIRY
    minutes = expires.get("minutes")
    if not standin.lenient and (expires.get("anchor") != "last_active_at" or not _is_from_1_to_20(minutes)):
        raise errors.invalid(
            "Invalid 'expires_after': the anchor is 'last_active_at', and 'minutes' an integer from 1 to 20.",
            "expires_after",
            "invalid_value",
        )
    number = len(standin.containers) + 1
    id = f"cntr_{text.digest('container', number, body)[:40]}"
    size = body.get("memory_limit") or "1g"
    described = {
        "id": id,
        "object": "container",
        "created_at": CREATED + number,
        "status": "running",
        "expires_after": expires,
        "last_active_at": CREATED + number,
        "memory_limit": size,
        "network_policy": body.get("network_policy") or {"type": "disabled"},
        "name": body.get("name") or "container",
    }
    stored = StoredContainer(described)
    for file_id in body.get("file_ids") or []:
        kept = files.find(standin, str(file_id))
        stored = _with_file(stored, str(kept.described["filename"]), kept.content)
    standin.containers.put(id, stored)
    return Answer(data=described, usage=Usage("containers", {"containers": _SIZES[size]}))


def _is_from_1_to_20(minutes: Any) -> bool:
    return isinstance(minutes, int) and not isinstance(minutes, bool) and 1 <= minutes <= 20


def _with_file(stored: StoredContainer, name: str, content: bytes) -> StoredContainer:
    container = str(stored.described["id"])
    number = len(stored.files) + 1
    described: dict[str, Any] = {
        "id": f"cfile_{text.digest('container file', container, number, name)[:40]}",
        "object": "container.file",
        "created_at": CREATED + number,
        "bytes": len(content),
        "container_id": container,
        "path": f"{_FOLDER}/{name.rpartition('/')[2] or 'file'}",
        "source": "user",
    }
    return replace(stored, files={**stored.files, described["id"]: (described, content)})


def _find(standin: StandIn, id: str) -> StoredContainer:
    stored = standin.containers.get(id)
    if stored is None and standin.lenient:
        made = create(standin, Asked({"name": "example"})).data or {}
        return StoredContainer({**made, "id": id})
    if stored is None:
        raise errors.not_found("container", id)
    return stored


def list_containers(standin: StandIn, asked: Asked) -> Answer:
    """The containers, the newest first, all or those of one name."""
    name = asked.query.get("name")
    found = [
        each.described for each in standin.containers.all() if name is None or each.described["name"] == name
    ]
    return page(found, asked.query, newest_first=True, lenient=standin.lenient)


def retrieve(standin: StandIn, asked: Asked) -> Answer:
    """What is known of a container."""
    return Answer(data=_find(standin, asked.path["id"]).described)


def delete(standin: StandIn, asked: Asked) -> Answer:
    """Forget a container and its files."""
    id = asked.path["id"]
    _find(standin, id)
    standin.containers.take(id)
    return Answer(data={"id": id, "object": "container.deleted", "deleted": True})


# --- files ------------------------------------------------------------------------------------------------------------


def add_file(standin: StandIn, asked: Asked) -> Answer:
    """Put a file into a container: one that comes with the request, or a copy of one that is kept."""
    id = asked.path["id"]
    stored, file, file_id = _find(standin, id), asked.body.get("file"), asked.body.get("file_id")
    if file is None and file_id is None and not standin.lenient:
        raise errors.invalid("One of 'file' and 'file_id' is needed.", "file", "missing_required_parameter")
    name, content = "example.txt", b""
    if file is not None:
        name, content = file.filename or "file", file.content
    elif file_id is not None:
        kept = files.find(standin, str(file_id))
        name, content = str(kept.described["filename"]), kept.content
    stored = _with_file(stored, name, content)
    standin.containers.put(id, stored)
    return Answer(data=list(stored.files.values())[-1][0])


def _file_of(standin: StandIn, asked: Asked) -> tuple[Mapping[str, Any], bytes]:
    stored = _find(standin, asked.path["id"])
    file_id = asked.path["file_id"]
    if file_id not in stored.files and standin.lenient:
        described, content = list(_with_file(stored, "example.txt", b"").files.values())[-1]
        return {**described, "id": file_id}, content
    if file_id not in stored.files:
        raise errors.not_found("file of this container", file_id)
    return stored.files[file_id]


def list_files(standin: StandIn, asked: Asked) -> Answer:
    """The files in a container, the newest first."""
    found = [described for described, _ in _find(standin, asked.path["id"]).files.values()]
    return page(found, asked.query, newest_first=True, lenient=standin.lenient)


def retrieve_file(standin: StandIn, asked: Asked) -> Answer:
    """What is known of a file in a container."""
    return Answer(data=_file_of(standin, asked)[0])


def content(standin: StandIn, asked: Asked) -> Answer:
    """The bytes of a file in a container."""
    return Answer(content=_file_of(standin, asked)[1], media_type="application/octet-stream")


def delete_file(standin: StandIn, asked: Asked) -> Answer:
    """Take a file out of a container."""
    _file_of(standin, asked)
    id, file_id = asked.path["id"], asked.path["file_id"]
    stored = _find(standin, id)
    left = {name: each for name, each in stored.files.items() if name != file_id}
    standin.containers.put(id, replace(stored, files=left))
    return Answer(data={"id": file_id, "object": "container.file.deleted", "deleted": True})


_FILES = "containers/{id}/files"
OPERATIONS = (
    Operation("POST", "containers", create, "json", "containers"),
    Operation("GET", "containers", list_containers),
    Operation("GET", "containers/{id}", retrieve),
    Operation("DELETE", "containers/{id}", delete),
    Operation("POST", _FILES, add_file, "either", _FILES),
    Operation("GET", _FILES, list_files),
    Operation("GET", f"{_FILES}/{{file_id}}", retrieve_file),
    Operation("DELETE", f"{_FILES}/{{file_id}}", delete_file),
    Operation("GET", f"{_FILES}/{{file_id}}/content", content),
)
