"""The layer in front of moto: limits and records requests, and injects faults."""

import gc
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import parse_qs, unquote
from xml.sax.saxutils import escape

from classroom.allowance import Allowance
from classroom.s3.bodies import MOST_HEARD, PIECE, Leaving, Measured, TooMuch
from classroom.s3.records import S3Fault, S3Request

_STATUS = {
    "NoSuchBucket": "404 Not Found",
    "AccessDenied": "403 Forbidden",
    "SlowDown": "503 Slow Down",
    "InternalError": "500 Internal Server Error",
    "NotImplemented": "501 Not Implemented",
}

# what of S3 reaches beyond the object that it names: other buckets, queries over contents, other services
_NOT_SERVED = frozenset(
    {"select", "notification", "replication", "logging", "inventory", "restore", "torrent"}
)
_LARGEST_OBJECT = 32 * 1024 * 1024
_LARGEST_XML = 2 * 1024 * 1024  # of a request about objects, such as the parts of an upload
_LONGEST_KEY = 1024  # bytes, https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html
_KEPT_OF_AN_OBJECT = 8 * 1024  # bytes that moto takes for each, beside its content
_MOST_AT_ONCE = 64 * 1024 * 1024  # bytes of objects on their way out


class Gate:
    """Stands before moto: keeps its control routes shut, bounds and notes requests, lets faults happen."""

    def __init__(self, inner: Callable[..., Iterable[bytes]], allowance: Allowance | None) -> None:
        self.inner = inner
        self._allowance = allowance
        self._going_out = 0
        self._lock = threading.Lock()
        # one thread: its memory is used again for the next body, and moto mixes up what is stored at once under one name
        self._large = ThreadPoolExecutor(1, thread_name_prefix="s3-large")
        self.fault: S3Fault | None = None
        self.requests: list[S3Request] = []
        self.hears: Callable[[bytes], object] | None = None

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "").encode("latin-1", "replace").decode("utf-8", "replace")
        bucket, _, key = path.lstrip("/").partition("/")
        fault = self.fault
        sent = _sent(environ, path) if self._allowance else {}
        if self._allowance and not self._is_allowed(environ, path, sent):
            return _error(start_response, "SlowDown", "This stand-in has been sent more than any lab needs.")
        self.requests.append(
            S3Request(
                environ["REQUEST_METHOD"],
                bucket,
                key,
                environ.get("CONTENT_TYPE") or None,
                fault.code if fault and fault.effect == "error" else fault.effect if fault else None,
                "\n".join(f"{name}: {value}" for name, value in sent.items()),
            )
        )
        if bucket == "moto-api":
            return _error(start_response, "AccessDenied", "Not reachable from here.")
        if fault is None:
            return self._served(environ, start_response, bucket, key)
        if fault.effect == "error":
            self._overhear(environ)
            return _error(start_response, fault.code, "Injected by the stand-in.")
        if fault.effect == "slow":
            time.sleep(fault.seconds)
            return self._served(environ, start_response, bucket, key)
        environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
        raise ConnectionError("the stand-in hung up")

    def _is_allowed(self, environ: Mapping[str, Any], path: str, sent: Mapping[str, str]) -> bool:
        assert self._allowance is not None
        kept = _KEPT_OF_AN_OBJECT if environ["REQUEST_METHOD"] in ("PUT", "POST") else len(path)
        return self._allowance.take(sent) and self._allowance.spend(kept)

    def _served(
        self, environ: dict[str, Any], start_response: Callable[..., Any], bucket: str, key: str
    ) -> Iterable[bytes]:
        """moto's answer, if the request is one that S3 and this computer's memory allow."""
        method, asked = environ["REQUEST_METHOD"], set(parse_qs(environ.get("QUERY_STRING", ""), True))
        if asked & _NOT_SERVED:
            self._overhear(environ)
            return _error(start_response, "NotImplemented", "The stand-in doesn't do that.")
        if len(key.encode("utf-8", "replace")) > _LONGEST_KEY:
            return _error(start_response, "KeyTooLongError", "Your key is too long.")
        if self._allowance is None:
            return self._taken_in(environ, start_response)
        is_about_objects = bool(asked) and not asked & {"partNumber", "x-id", "X-Amz-Signature", "Signature"}
        most = _LARGEST_XML if is_about_objects and method in ("PUT", "POST") else _LARGEST_OBJECT
        if (
            int(environ.get("CONTENT_LENGTH") or 0) > most + PIECE
        ):  # a signed body has lines of its own between
            return _error(
                start_response, "EntityTooLarge", "Your proposed upload exceeds the maximum allowed size."
            )
        # an announced length was counted when the request came
        counting = None if environ.get("CONTENT_LENGTH") else self._allowance
        body = Measured(environ["wsgi.input"], counting, most + PIECE, hears=self.hears)
        environ["wsgi.input"] = body
        copied = _size_of(*_source(environ.get("HTTP_X_AMZ_COPY_SOURCE", "")))
        leaving = _size_of(bucket, key) if method == "GET" else 0
        if (copied and not self._allowance.spend(copied)) or not self._let_out(leaving):
            return _error(start_response, "SlowDown", "Please reduce your request rate.")
        try:
            answer = self._taken_in(environ, start_response)
        except TooMuch:
            self._is_out(leaving)
            return _error(
                start_response, "EntityTooLarge", "Your proposed upload exceeds the maximum allowed size."
            )
        except BaseException:
            self._is_out(leaving)
            raise
        finally:
            body.show()
        return Leaving(answer, lambda: self._is_out(leaving))

    def _overhear(self, environ: Mapping[str, Any]) -> None:
        """The beginning of a body that is refused: who waits to be asked for it (`Expect`) has not sent it."""
        length = int(environ.get("CONTENT_LENGTH") or 0)
        if self.hears and length and "HTTP_EXPECT" not in environ:
            self.hears(environ["wsgi.input"].read(min(length, MOST_HEARD)))

    def _taken_in(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """moto's answer. It copies a body several times, so large ones are handed to it one at a time.

        A body arrives in a file first: one that comes slowly, or never to its end, keeps no other waiting.
        """
        length = int(environ.get("CONTENT_LENGTH") or 0)
        if environ["REQUEST_METHOD"] not in ("PUT", "POST") or (
            0 < length <= PIECE or not (length or environ.get("wsgi.input_terminated"))
        ):
            return self.inner(environ, start_response)
        with tempfile.SpooledTemporaryFile(max_size=PIECE) as arrived:
            left = length or None
            while left != 0 and (part := environ["wsgi.input"].read(min(PIECE, left or PIECE))):
                arrived.write(part)
                left = left - len(part) if left is not None else None
            arrived.seek(0)
            environ["wsgi.input"] = arrived
            return self._large.submit(self._handed_over, environ, start_response).result()

    def _handed_over(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        try:
            return self.inner(environ, start_response)
        finally:
            gc.collect(1)  # moto's request refers to itself, and holds the body until it is collected

    def _let_out(self, size: int) -> bool:
        with self._lock:
            if size and self._going_out + size > _MOST_AT_ONCE:
                return False
            self._going_out += size
            return True

    def _is_out(self, size: int) -> None:
        with self._lock:
            self._going_out -= size


def _sent(environ: Mapping[str, Any], path: str) -> dict[str, str]:
    """The headers of a request, their names in small letters, and its address as `path`."""
    sent = {name[5:].lower(): value for name, value in environ.items() if name.startswith("HTTP_")}
    sent["path"] = f"{path}?{environ.get('QUERY_STRING', '')}"
    sent["content-length"] = environ.get("CONTENT_LENGTH", "")
    sent["content-type"] = environ.get("CONTENT_TYPE", "")
    return sent


def _source(header: str) -> tuple[str, str]:
    bucket, _, key = unquote(header).lstrip("/").partition("/")
    return bucket, key.partition("?versionId=")[0]


def _size_of(bucket: str, key: str) -> int:
    """How large an object is; 0 if there is none."""
    from moto.backends import get_backend

    for account in get_backend("s3").values():
        found = account["aws"].buckets.get(bucket)
        kept = found.keys.get(key) if found is not None and key else None
        if kept is not None:
            return int(kept.size)
    return 0


def _error(start_response: Callable[..., Any], code: str, message: str) -> Iterable[bytes]:
    body = f'<?xml version="1.0" encoding="UTF-8"?><Error><Code>{escape(code)}</Code><Message>{escape(message)}</Message></Error>'
    start_response(_STATUS.get(code, "400 Bad Request"), [("Content-Type", "application/xml")])
    return [body.encode()]
