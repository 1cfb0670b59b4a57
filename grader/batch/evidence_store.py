"""Stores the evidence of a batch: in a folder, or in an S3 bucket that several machines share.

A record is one file, written whole or not at all: a line of JSON, how collecting went, and the evidence behind it, as a
worker packed it. Only a worker unpacks it (see `grader.worker.packing`).
"""

import hashlib
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, Protocol

from pydantic import ConfigDict, Field, ValidationError

from grader.batch.collector_version import collector
from grader.errors import EvidenceError
from grader.evidence import Writable
from grader.files import write

State = Literal["graded", "ungradable", "error"]


class Outcome(Writable):
    """How collecting one submission went. `ungradable` is the submission's trouble, `error` the grader's.

    `lost`: its worker died or took too long. `tries`: how often that has happened.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    state: State
    message: str = Field(default="", max_length=8_000)
    seconds: float = Field(default=0.0, ge=0)
    cpu_seconds: float = Field(default=0.0, ge=0)
    lost: bool = False
    tries: int = Field(default=0, ge=0)


class Vault(Protocol):
    """Bytes by name."""

    def get(self, name: str) -> bytes | None:
        """What is kept under a name; None if nothing is."""

    def put(self, name: str, content: bytes) -> None:
        """Keep it, whole or not at all."""


class Folder:
    """An evidence store on a disk, shared or not."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def get(self, name: str) -> bytes | None:
        """See `Vault`."""
        try:
            return (self._root / name).read_bytes()
        except FileNotFoundError:
            return None

    def put(self, name: str, content: bytes) -> None:
        """See `Vault`."""
        write(self._root / name, content)


class Bucket:
    """An evidence store in S3: `s3://bucket/prefix`, with the credentials that boto3 finds."""

    def __init__(self, url: str) -> None:
        import boto3

        # a key may hold ? and #, which no parser of URLs leaves alone
        self._bucket, _, prefix = url.removeprefix("s3://").partition("/")
        self._prefix = prefix.strip("/")
        self._client: Any = boto3.client("s3")

    def get(self, name: str) -> bytes | None:
        """See `Vault`."""
        try:
            answer = self._client.get_object(Bucket=self._bucket, Key=self._key(name))
        except self._client.exceptions.NoSuchKey:
            return None
        return bytes(answer["Body"].read())

    def put(self, name: str, content: bytes) -> None:
        """See `Vault`."""
        self._client.put_object(Bucket=self._bucket, Key=self._key(name), Body=content)

    def names(self) -> list[str]:
        """Everything there, without the prefix."""
        return [name for name, _ in self.listed()]

    def listed(self) -> list[tuple[str, datetime]]:
        """Everything there: its name without the prefix, and when it was written."""
        pages = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=f"{self._prefix}/" if self._prefix else ""
        )
        found = [
            (str(item["Key"]), item["LastModified"]) for page in pages for item in page.get("Contents", ())
        ]
        return [(name.removeprefix(self._prefix).lstrip("/"), changed) for name, changed in found]

    def _key(self, name: str) -> str:
        return f"{self._prefix}/{name}" if self._prefix else name


def open_vault(place: str) -> Vault:
    """The evidence store at a path or an `s3://` URL."""
    return Bucket(place) if place.startswith("s3://") else Folder(Path(place))


def name_of(digest: str, environment: str) -> str:
    """The name of a record: by what was handed in, what it is run with, and what looked at it."""
    return hashlib.sha256(f"{digest}\0{environment}\0{collector()}".encode()).hexdigest()[:40] + ".record"


def lost_name(record: str) -> str:
    """Where it is noted that a submission's worker was lost."""
    return f"{record}.lost"


def tries(place: Vault, record: str) -> int:
    """How often the worker of a submission has been lost."""
    content = place.get(lost_name(record))
    return parse_record(content)[0].tries if content else 0


def entry(outcome: Outcome, packed: bytes) -> bytes:
    """A record: how it went, and the evidence as a worker packed it."""
    return outcome.model_dump_json().encode() + b"\n" + packed


def parse_record(content: bytes) -> tuple[Outcome, bytes]:
    """What a record holds: how it went, and the packed evidence.

    Raises:
        EvidenceError: it isn't a record.
    """
    head, _, _ = content[: 1 << 16].partition(b"\n")
    try:
        return Outcome.model_validate_json(head), content[len(head) + 1 :]
    except ValidationError as error:
        raise EvidenceError("A record is not one that this grader wrote.") from error
