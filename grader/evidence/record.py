"""What every record of evidence is: frozen, without fields that it does not know, and always possible to write down."""

import hashlib
from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, model_validator

from grader.escaping import whole_characters

Kind = Literal["text", "image", "audio"]
KINDS: tuple[Kind, ...] = ("text", "image", "audio")
# of the files of each kind that are asked for, the usual one first
EXTENSIONS: Mapping[Kind, tuple[str, ...]] = {
    "text": ("txt", "md"),
    "image": ("png", "jpg", "jpeg", "webp"),
    "audio": ("mp3", "wav", "flac", "opus", "aac"),
}

MAX_TEXT = 20_000  # characters of a body, a log, a test run's output
MAX_BLOB = 32 * 1024 * 1024  # bytes of one object or body


class Writable(BaseModel):
    """A record that can always be written down: half a surrogate pair, which no encoding knows, becomes text."""

    @model_validator(mode="before")
    @classmethod
    def _written_out(cls, data: Any) -> Any:
        return whole_characters(data)


class Record(Writable):
    """A part of the evidence."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def cap(text: str, limit: int = MAX_TEXT) -> str:
    """Shorten a text to at most `limit` characters by leaving out its middle."""
    if len(text) <= limit:
        return text
    half = limit // 2
    return f"{text[:half]}\n… {len(text) - limit} characters left out …\n{text[-half:]}"


def a_file(kind: Kind) -> str:
    """A kind with its article, as a sentence has it: "a text", "an image", "audio"."""
    return {"text": "a text", "image": "an image", "audio": "audio"}[kind]


def sha256_of(content: bytes) -> str:
    """Hex digest."""
    return hashlib.sha256(content).hexdigest()
