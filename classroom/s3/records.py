"""What S3's stand-in notes and keeps: faults, requests, and objects."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

REGION = "us-east-1"
DUMMY_ACCESS_KEY = "testing"

S3Effect = Literal["error", "unreachable", "slow"]


@dataclass(frozen=True)
class S3Fault:
    """What every request meets until cleared. `code` is one of S3's error codes, `seconds` the wait of "slow"."""

    effect: S3Effect
    code: str = "InternalError"
    seconds: float = 60.0


@dataclass(frozen=True)
class S3Request:
    """One request that reached S3; `key` is empty for a request about the bucket itself.

    `sent`: its address and its headers, where an allowance bounds them; else empty.
    """

    method: str
    bucket: str
    key: str
    content_type: str | None
    fault: str | None
    sent: str = field(default="", repr=False)


@dataclass(frozen=True)
class StoredObject:
    """One object in a bucket, its content included. `metadata`: what was stored beside it, tags included.

    `stored_at`: when it was put, in seconds since 1970: another put of the same bytes has another.
    """

    bucket: str
    key: str
    content_type: str
    content: bytes
    metadata: Mapping[str, str] = field(default_factory=dict)
    stored_at: float = field(default=0.0, repr=False, compare=False)
