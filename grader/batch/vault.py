"""Where a batch keeps what it saw: a folder, or an S3 bucket that several machines share.

A record is one file, written whole or not at all: a ZIP of `outcome.json`, and `evidence.json` with its blobs if the
submission could be graded.
"""

import hashlib
import io
import json
import zipfile
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal, Protocol
from urllib.parse import urlsplit

from pydantic import ValidationError

import classroom
import grader
from grader.errors import EvidenceError
from grader.evidence import Evidence, sha256_of
from grader.files import write

State = Literal["graded", "ungradable", "error"]
_MOST_BYTES = 1024 * 1024 * 1024  # of one record, unpacked


@dataclass(frozen=True)
class Outcome:
    """How collecting one submission went. `ungradable` is the submission's trouble, `error` the grader's."""

    state: State
    message: str = ""
    seconds: float = 0.0
    cpu_seconds: float = 0.0


class Vault(Protocol):
    """Bytes by name."""

    def get(self, name: str) -> bytes | None:
        """What is kept under a name; None if nothing is."""

    def put(self, name: str, content: bytes) -> None:
        """Keep it, whole or not at all."""


class Folder:
    """A vault on a disk, shared or not."""

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
    """A vault in S3: `s3://bucket/prefix`, with the credentials that boto3 finds."""

    def __init__(self, url: str) -> None:
        import boto3

        parts = urlsplit(url)
        self._bucket, self._prefix = parts.netloc, parts.path.strip("/")
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
        pages = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=f"{self._prefix}/" if self._prefix else ""
        )
        found = [str(item["Key"]) for page in pages for item in page.get("Contents", ())]
        return [name.removeprefix(self._prefix).lstrip("/") for name in found]

    def _key(self, name: str) -> str:
        return f"{self._prefix}/{name}" if self._prefix else name


def opened(place: str) -> Vault:
    """The vault at a path or an `s3://` URL."""
    return Bucket(place) if place.startswith("s3://") else Folder(Path(place))


@cache
def collector() -> str:
    """The version of whatever can change what is seen: a digest of that code. Judging and reporting are not part of it."""
    package = Path(grader.__file__).parent
    parts = [package / name for name in ("collect", "inside", "sandbox")]
    parts += [Path(classroom.__file__).parent]
    files = [file for part in parts for file in part.rglob("*") if file.suffix in (".py", ".toml")]
    files += [
        package / f"{name}.py"
        for name in (
            "submission",
            "escaping",
            "evidence",
            "operations",
            "manifest",
            "environments",
            "jobs",
            "media_types",
        )
    ]
    whole = hashlib.sha256()
    for file in sorted(files):
        whole.update(file.read_bytes())
    return whole.hexdigest()


def name_of(digest: str, environment: str) -> str:
    """The name of a record: by what was handed in, what it is run with, and what looked at it."""
    return hashlib.sha256(f"{digest}\0{environment}\0{collector()}".encode()).hexdigest()[:40] + ".zip"


def packed(outcome: Outcome, evidence: Evidence | None) -> bytes:
    """A record."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as bundle:
        bundle.writestr("outcome.json", json.dumps(asdict(outcome)))
        if evidence is not None:
            bundle.writestr("evidence.json", evidence.model_dump_json(by_alias=True))
            for name, content in evidence.blobs.items():
                bundle.writestr(f"blobs/{name}", content)
    return out.getvalue()


def unpacked(content: bytes) -> tuple[Outcome, Evidence | None]:
    """What a record holds.

    Raises:
        EvidenceError: it isn't one, or was changed.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as bundle:
            if sum(member.file_size for member in bundle.infolist()) > _MOST_BYTES:
                raise EvidenceError("A record is larger than any that this grader writes.")
            outcome = Outcome(**json.loads(bundle.read("outcome.json")))
            names = bundle.namelist()
            if "evidence.json" not in names:
                return outcome, None
            evidence = Evidence.model_validate_json(bundle.read("evidence.json"))
            blobs = {name[6:]: bundle.read(name) for name in names if name.startswith("blobs/")}
    except (zipfile.BadZipFile, KeyError, TypeError, ValueError, ValidationError, OSError) as error:
        raise EvidenceError(f"A record is not one that this grader wrote: {type(error).__name__}.") from error
    if any(sha256_of(blob) != name for name, blob in blobs.items()):
        raise EvidenceError("A record was changed after it was written.")
    return outcome, evidence.with_blobs(blobs)
