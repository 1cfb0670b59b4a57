"""Files in one S3 bucket."""

import base64
import binascii
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import wraps
from typing import Any, ParamSpec, TypeVar

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from files_api.errors import FileMissing, InvalidFilePath, StorageUnavailable

MAX_PATH_LENGTH = 512
SEGMENT = re.compile(r"[A-Za-z0-9_\-][A-Za-z0-9_\-. ]*")

_P = ParamSpec("_P")
_R = TypeVar("_R")


@dataclass(frozen=True)
class StoredFile:
    """What is known of a file without reading it."""

    file_path: str
    media_type: str
    size_bytes: int
    last_modified: datetime


@dataclass(frozen=True)
class Page:
    """Some of the files, and the token that brings the next ones (None at the end)."""

    files: list[tuple[str, int, datetime]]
    next_page_token: str | None


def check_file_path(file_path: str) -> str:
    """The path itself, if it is one that we store at.

    Raises:
        InvalidFilePath: empty segments, `..`, a leading dot, characters other than letters, digits, `_-. `,
            or more than 512 characters.
    """
    segments = file_path.split("/")
    # a segment starts with a letter, digit, _ or -: so neither "", ".", ".." nor hidden files
    if len(file_path) > MAX_PATH_LENGTH or not all(SEGMENT.fullmatch(segment) for segment in segments):
        raise InvalidFilePath(
            "A file path is made of segments like 'notes/today.txt': letters, digits, '_', '-', '.' and spaces, "
            f"not starting with a dot or a slash, at most {MAX_PATH_LENGTH} characters."
        )
    return file_path


def _guarded(operation: Callable[_P, _R]) -> Callable[_P, _R]:
    """S3's own errors become ours: S3's own words are not for the caller."""

    @wraps(operation)
    def guarded(*args: _P.args, **kwargs: _P.kwargs) -> _R:
        try:
            return operation(*args, **kwargs)
        except (BotoCoreError, ClientError) as error:
            raise StorageUnavailable("The file storage can't be reached. Try again later.") from error

    return guarded


class Storage:
    """The bucket. Every method raises `StorageUnavailable` when S3 can't be used."""

    def __init__(self, bucket: str) -> None:
        self._bucket = bucket
        self._client = boto3.client(
            "s3", config=Config(connect_timeout=3, read_timeout=8, retries={"total_max_attempts": 2})
        )

    @_guarded
    def save(self, file_path: str, content: bytes, media_type: str) -> None:
        """Store a file whole, replacing what was there."""
        self._client.put_object(Bucket=self._bucket, Key=file_path, Body=content, ContentType=media_type)

    @_guarded
    def describe(self, file_path: str) -> StoredFile:
        """Raises `FileMissing` if there is none."""
        try:
            head = self._client.head_object(Bucket=self._bucket, Key=file_path)
        except ClientError as error:
            # an answer to HEAD has no body: "404" may mean the file or the whole bucket, which is our own trouble
            self._client.head_bucket(Bucket=self._bucket)
            raise _missing_or(error, file_path) from error
        return _described(file_path, head)

    @_guarded
    def read(self, file_path: str) -> tuple[StoredFile, Iterator[bytes]]:
        """The file and its content in pieces; raises `FileMissing` if there is none."""
        try:
            answer = self._client.get_object(Bucket=self._bucket, Key=file_path)
        except ClientError as error:
            raise _missing_or(error, file_path) from error
        return _described(file_path, answer), answer["Body"].iter_chunks(64 * 1024)

    @_guarded
    def delete(self, file_path: str) -> None:
        """Raises `FileMissing` if there is none."""
        self.describe(file_path)
        self._client.delete_object(Bucket=self._bucket, Key=file_path)

    @_guarded
    def list(self, directory: str, page_size: int, page_token: str | None) -> Page:
        """One page of the files under a directory, in the order of their paths.

        Raises:
            InvalidFilePath: the token is not one that a page gave.
        """
        after = {"StartAfter": _decoded(page_token)} if page_token else {}
        answer = self._client.list_objects_v2(
            Bucket=self._bucket, Prefix=directory, MaxKeys=page_size, **after
        )
        files = [(item["Key"], item["Size"], item["LastModified"]) for item in answer.get("Contents", [])]
        more = answer["IsTruncated"] and files
        return Page(files, base64.urlsafe_b64encode(files[-1][0].encode()).decode() if more else None)


def _decoded(page_token: str) -> str:
    try:
        return base64.b64decode(page_token.encode(), altchars=b"-_", validate=True).decode()
    except (binascii.Error, UnicodeError) as error:
        raise InvalidFilePath("The page token is not one that a page of this list gave.") from error


def _described(file_path: str, head: dict[str, Any]) -> StoredFile:
    return StoredFile(file_path, head["ContentType"], head["ContentLength"], head["LastModified"])


def _is_missing(error: ClientError) -> bool:
    return error.response["Error"]["Code"] in ("NoSuchKey", "404")


def _missing_or(error: ClientError, file_path: str) -> Exception:
    return FileMissing(f"There is no file at '{file_path}'.") if _is_missing(error) else error
