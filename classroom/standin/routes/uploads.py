"""`/uploads`: a large file in parts, put together at the end."""

import hashlib
from dataclasses import replace
from typing import Any

from classroom.standin.generation import text
from classroom.standin.incoming import errors
from classroom.standin.operations import Asked, Operation
from classroom.standin.outgoing.answers import CREATED, Answer
from classroom.standin.routes import files
from classroom.standin.state import StandIn, StoredUpload

_LARGEST = 8 * 1024**3  # bytes, openai/resources/uploads/uploads.py
_LARGEST_PART = 64 * 1024**2
_KEPT_SECONDS = 3600


def create(standin: StandIn, asked: Asked) -> Answer:
    """An upload, to which parts can be added."""
    body = asked.body
    if not standin.lenient and not 0 <= body["bytes"] <= _LARGEST:
        raise errors.invalid(f"Invalid 'bytes': at most {_LARGEST}.", "bytes", "invalid_value")
    number = standin.uploads.number()
    id = f"upload_{text.digest('upload', number, body)[:32]}"
    described: dict[str, Any] = {
        "id": id,
        "object": "upload",
        "bytes": body.get("bytes", 0),
        "created_at": CREATED + number,
        "expires_at": CREATED + number + _KEPT_SECONDS,
        "filename": body.get("filename", "upload"),
        "purpose": body.get("purpose", "user_data"),
        "status": "pending",
    }
    standin.uploads.put(id, StoredUpload(described))
    return Answer(data=described)


def _find(standin: StandIn, id: str) -> StoredUpload:
    stored = standin.uploads.get(id)
    if stored is None and standin.lenient:
        create(standin, Asked({"bytes": 0, "filename": "example.txt", "purpose": "user_data"}))
        made = standin.uploads.all()[-1]
        return replace(made, described={**made.described, "id": id})
    if stored is None:
        raise errors.not_found("upload", id)
    if stored.described["status"] != "pending" and not standin.lenient:
        raise errors.invalid(f"The upload '{id}' is {stored.described['status']}.", None, "invalid_request")
    return stored


def add_part(standin: StandIn, asked: Asked) -> Answer:
    """One part more."""
    id = asked.path["id"]
    stored, content = _find(standin, id), asked.body["data"].content
    if len(content) > _LARGEST_PART:
        raise errors.invalid(f"A part has at most {_LARGEST_PART} bytes.", "data", "invalid_value")
    part = f"part_{text.digest('part', id, len(stored.parts))[:32]}"
    standin.uploads.put(id, replace(stored, parts={**stored.parts, part: content}))
    return Answer(data={"id": part, "object": "upload.part", "created_at": CREATED, "upload_id": id})


def complete(standin: StandIn, asked: Asked) -> Answer:
    """The parts in the order that is asked for, as a file.

    Raises:
        APIError: 400 for a part that isn't there, or where the size or the sum is another one.
    """
    id, wanted = asked.path["id"], asked.body.get("part_ids") or []
    stored = _find(standin, id)
    unknown = [part for part in wanted if part not in stored.parts]
    if unknown and not standin.lenient:
        raise errors.invalid(f"No part '{unknown[0]}' was added to this upload.", "part_ids", "invalid_value")
    content = b"".join(stored.parts.get(part, b"") for part in wanted)
    if not standin.lenient:
        if len(content) != stored.described["bytes"]:
            raise errors.invalid(
                f"The parts have {len(content)} bytes together, not the {stored.described['bytes']} that were announced.",
                None,
                "invalid_request",
            )
        md5 = asked.body.get("md5")
        if md5 is not None and md5 != hashlib.md5(content, usedforsecurity=False).hexdigest():
            raise errors.invalid("The checksum of the parts is another one.", "md5", "invalid_value")
    file = files.keep(
        standin, str(stored.described["filename"]), content, str(stored.described["purpose"]), None
    )
    described = {**stored.described, "status": "completed", "file": file}
    standin.uploads.put(id, StoredUpload(described))
    return Answer(data=described)


def cancel(standin: StandIn, asked: Asked) -> Answer:
    """No part can be added from now on."""
    stored = _find(standin, asked.path["id"])
    described = {**stored.described, "status": "cancelled"}
    standin.uploads.put(asked.path["id"], StoredUpload(described))
    return Answer(data=described)


OPERATIONS = (
    Operation("POST", "uploads", create, "json", "uploads"),
    Operation("POST", "uploads/{id}/parts", add_part, "form", "uploads/{id}/parts"),
    Operation("POST", "uploads/{id}/complete", complete, "json", "uploads/{id}/complete"),
    Operation("POST", "uploads/{id}/cancel", cancel),
)
