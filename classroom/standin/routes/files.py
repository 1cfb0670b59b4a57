"""`/files`: kept in memory, until the stand-in ends."""

import hashlib
import json
from typing import Any

from classroom.standin.generation import text
from classroom.standin.incoming import errors
from classroom.standin.operations import Asked, Operation
from classroom.standin.outgoing.answers import CREATED, Answer
from classroom.standin.outgoing.pagination import page
from classroom.standin.state import StandIn, StoredFile

# openai/types/file_create_params.py and file_list_params.py
_SOONEST, _LATEST = 3600, 2_592_000  # seconds after which a file may expire
_BATCH_DAYS = 30
_LONGEST_LIST = 10_000
_LINES = ("batch", "fine-tune")  # purposes whose files are JSON, one object a line


def create(standin: StandIn, asked: Asked) -> Answer:
    """Keep a file.

    Raises:
        APIError: 400 for an expiry out of bounds, or lines that are not JSON where they have to be.
    """
    body = asked.body
    file, purpose = body["file"], body["purpose"]
    expires = body.get("expires_after")
    if not standin.lenient:
        _check_expiry(expires)
        if purpose in _LINES:
            _check_lines(file.filename, file.content, named=not standin.legacy)  # openai 0.28 sends no name
    return Answer(data=keep(standin, file.filename, file.content, purpose, expires))


def keep(standin: StandIn, filename: str, content: bytes, purpose: str, expires: Any) -> dict[str, Any]:
    """Keep a file; its description."""
    number = standin.files.number()
    sha256 = hashlib.sha256(content).hexdigest()
    id = f"file-{text.digest('file', number, filename, sha256, purpose)[:24]}"
    described: dict[str, Any] = {
        "id": id,
        "object": "file",
        "bytes": len(content),
        "created_at": CREATED + number,
        "filename": filename,
        "purpose": purpose,
        "status": "processed",
        "status_details": None,
        "expires_at": _expires_at(expires, purpose, CREATED + number),
    }
    standin.files.put(id, StoredFile(described, content))
    return described


def _check_expiry(expires: Any) -> None:
    if expires is None:
        return
    if expires.get("anchor") != "created_at":
        raise errors.invalid(
            f"Invalid value: '{expires.get('anchor')}'. Supported values are: 'created_at'.",
            "expires_after.anchor",
            "invalid_value",
        )
    seconds = _whole(expires.get("seconds"))
    if seconds is None or not _SOONEST <= seconds <= _LATEST:
        raise errors.invalid(
            f"Invalid 'expires_after.seconds': expected an integer from {_SOONEST} to {_LATEST}.",
            "expires_after.seconds",
            "invalid_value",
        )


def _whole(given: Any) -> int | None:
    text_of_it = str(given)
    return int(text_of_it) if text_of_it.isascii() and text_of_it.isdigit() else None


def _expires_at(expires: Any, purpose: str, created: int) -> int | None:
    if expires:
        return created + (_whole(expires.get("seconds")) or 0)
    return created + _BATCH_DAYS * 86_400 if purpose == "batch" else None


def _check_lines(filename: str, content: bytes, *, named: bool) -> None:
    if named and not filename.endswith(".jsonl"):
        raise errors.invalid(
            f"Invalid file '{filename}': this purpose takes JSON Lines, in a file whose name ends in .jsonl.",
            "file",
            "invalid_file_format",
        )
    for number, line in enumerate(content.splitlines(), 1):
        try:
            fits = isinstance(json.loads(line), dict)
        except ValueError:
            fits = False
        if line.strip() and not fits:
            raise errors.invalid(
                f"Invalid file format: line {number} of '{filename}' is not a JSON object.",
                "file",
                "invalid_file_format",
            )


def list_files(standin: StandIn, asked: Asked) -> Answer:
    """The kept files, the newest first."""
    purpose = asked.query.get("purpose")
    found = [file.described for file in standin.files.all() if purpose in (None, file.described["purpose"])]
    return page(
        found,
        asked.query,
        newest_first=True,
        most=_LONGEST_LIST,
        usual=_LONGEST_LIST,
        lenient=standin.lenient,
    )


def find(standin: StandIn, id: str) -> StoredFile:
    """A kept file.

    Raises:
        APIError: 404 if there is none.
    """
    stored = standin.files.get(id)
    if stored is None and standin.lenient:
        facts = {"object": "file", "bytes": 0, "created_at": CREATED, "filename": "example.txt"}
        return StoredFile({"id": id, **facts, "purpose": "user_data", "status": "processed"}, b"")
    if stored is None:
        raise errors.not_found("file", id)
    return stored


def retrieve(standin: StandIn, asked: Asked) -> Answer:
    """What is known of a file."""
    return Answer(data=find(standin, asked.path["id"]).described)


def content(standin: StandIn, asked: Asked) -> Answer:
    """A file's bytes."""
    return Answer(content=find(standin, asked.path["id"]).content, media_type="application/octet-stream")


def delete(standin: StandIn, asked: Asked) -> Answer:
    """Forget a file."""
    find(standin, asked.path["id"])
    standin.files.take(asked.path["id"])
    return Answer(data={"id": asked.path["id"], "object": "file", "deleted": True})


OPERATIONS = (
    Operation("POST", "files", create, "form", "files"),
    Operation("GET", "files", list_files),
    Operation("GET", "files/{id}", retrieve),
    Operation("DELETE", "files/{id}", delete),
    Operation("GET", "files/{id}/content", content),
)
