"""S3 on this computer: moto's implementation over real HTTP, with faults in your hands.

moto keeps its buckets in global state, so all `S3Mock`s of one process share them: one a process.
"""

import gc
import logging
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, ClassVar, Literal, Self
from urllib.parse import parse_qs, quote, unquote
from xml.sax.saxutils import escape

from classroom.allowance import Allowance

REGION = "us-east-1"
DUMMY_ACCESS_KEY = "testing"

S3Effect = Literal["error", "unreachable", "slow"]
_STATUS = {
    "NoSuchBucket": "404 Not Found",
    "AccessDenied": "403 Forbidden",
    "SlowDown": "503 Slow Down",
    "InternalError": "500 Internal Server Error",
    "NotImplemented": "501 Not Implemented",
}


@dataclass(frozen=True)
class S3Fault:
    """What every request meets until cleared. `code` is one of S3's error codes, `seconds` the wait of "slow"."""

    effect: S3Effect
    code: str = "InternalError"
    seconds: float = 60.0


@dataclass(frozen=True)
class S3Request:
    """One request that reached S3; `key` is empty for a request about the bucket itself."""

    method: str
    bucket: str
    key: str
    content_type: str | None
    fault: str | None


@dataclass(frozen=True)
class StoredObject:
    """One object in a bucket, its content included. `metadata`: what was stored beside it, tags included."""

    bucket: str
    key: str
    content_type: str
    content: bytes
    metadata: Mapping[str, str] = field(default_factory=dict)


# what of S3 reaches beyond the object that it names: other buckets, queries over contents, other services
_NOT_SERVED = frozenset(
    {"select", "notification", "replication", "logging", "inventory", "restore", "torrent"}
)
_LARGEST_OBJECT = 32 * 1024 * 1024
_LARGEST_XML = 2 * 1024 * 1024  # of a request about objects, such as the parts of an upload
_LONGEST_KEY = 1024  # bytes, https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html
_KEPT_OF_AN_OBJECT = 8 * 1024  # bytes that moto takes for each, beside its content
_MOST_AT_ONCE = 64 * 1024 * 1024  # bytes of objects on their way out
_MOST_CONNECTIONS = 64


class _Measured:
    """A request's body, counted as it is read."""

    def __init__(self, inner: Any, allowance: Allowance | None, most: int) -> None:
        self._inner, self._allowance, self._left = inner, allowance, most

    def _counted(self, content: bytes) -> bytes:
        self._left -= len(content)
        if self._left < 0 or (self._allowance and not self._allowance.spend(len(content))):
            raise _TooMuch
        return content

    def read(self, size: int = -1) -> bytes:
        """As of a file, a piece at a time."""
        if size is None or size < 0:
            return b"".join(iter(lambda: self.read(_PIECE), b""))
        return self._counted(self._inner.read(min(size, _PIECE)))

    def readline(self, size: int = -1) -> bytes:
        """As of a file."""
        return self._counted(self._inner.readline(_PIECE if size is None or size < 0 else min(size, _PIECE)))

    def readlines(self, hint: int = -1) -> list[bytes]:
        """As of a file."""
        return list(iter(self.readline, b""))

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.readline, b"")


_PIECE = 1024 * 1024


class _Leaving:
    """An answer on its way out; says when it is out, or its reader is gone."""

    def __init__(self, answer: Iterable[bytes], done: Callable[[], None]) -> None:
        self._answer, self._done = answer, done

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._answer)

    def close(self) -> None:
        """As WSGI's servers call it at the end, whatever that was (PEP 3333)."""
        try:
            getattr(self._answer, "close", lambda: None)()
        finally:
            self._done()


class _TooMuch(Exception):
    """A body is larger than it may be."""


class _Gate:
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

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "").encode("latin-1", "replace").decode("utf-8", "replace")
        bucket, _, key = path.lstrip("/").partition("/")
        fault = self.fault
        if self._allowance and not self._is_allowed(environ, path):
            return _error(start_response, "SlowDown", "This stand-in has been sent more than any lab needs.")
        self.requests.append(
            S3Request(
                environ["REQUEST_METHOD"],
                bucket,
                key,
                environ.get("CONTENT_TYPE") or None,
                fault.code if fault and fault.effect == "error" else fault.effect if fault else None,
            )
        )
        if bucket == "moto-api":
            return _error(start_response, "AccessDenied", "Not reachable from here.")
        if fault is None:
            return self._served(environ, start_response, bucket, key)
        if fault.effect == "error":
            return _error(start_response, fault.code, "Injected by the stand-in.")
        if fault.effect == "slow":
            time.sleep(fault.seconds)
            return self._served(environ, start_response, bucket, key)
        environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
        raise ConnectionError("the stand-in hung up")

    def _is_allowed(self, environ: Mapping[str, Any], path: str) -> bool:
        assert self._allowance is not None
        sent = {name[5:].lower(): value for name, value in environ.items() if name.startswith("HTTP_")}
        sent["path"] = path + environ.get("QUERY_STRING", "")
        sent["content-length"] = environ.get("CONTENT_LENGTH", "")
        kept = _KEPT_OF_AN_OBJECT if environ["REQUEST_METHOD"] in ("PUT", "POST") else len(path)
        return self._allowance.take(sent) and self._allowance.spend(kept)

    def _served(
        self, environ: dict[str, Any], start_response: Callable[..., Any], bucket: str, key: str
    ) -> Iterable[bytes]:
        """moto's answer, if the request is one that S3 and this computer's memory allow."""
        method, asked = environ["REQUEST_METHOD"], set(parse_qs(environ.get("QUERY_STRING", ""), True))
        if asked & _NOT_SERVED:
            return _error(start_response, "NotImplemented", "The stand-in doesn't do that.")
        if len(key.encode("utf-8", "replace")) > _LONGEST_KEY:
            return _error(start_response, "KeyTooLongError", "Your key is too long.")
        if self._allowance is None:
            return self._taken_in(environ, start_response)
        is_about_objects = bool(asked) and not asked & {"partNumber", "x-id", "X-Amz-Signature", "Signature"}
        most = _LARGEST_XML if is_about_objects and method in ("PUT", "POST") else _LARGEST_OBJECT
        if (
            int(environ.get("CONTENT_LENGTH") or 0) > most + _PIECE
        ):  # a signed body has lines of its own between
            return _error(
                start_response, "EntityTooLarge", "Your proposed upload exceeds the maximum allowed size."
            )
        # an announced length was counted when the request came
        counting = None if environ.get("CONTENT_LENGTH") else self._allowance
        environ["wsgi.input"] = _Measured(environ["wsgi.input"], counting, most + _PIECE)
        copied = _size_of(*_source(environ.get("HTTP_X_AMZ_COPY_SOURCE", "")))
        leaving = _size_of(bucket, key) if method == "GET" else 0
        if (copied and not self._allowance.spend(copied)) or not self._let_out(leaving):
            return _error(start_response, "SlowDown", "Please reduce your request rate.")
        try:
            answer = self._taken_in(environ, start_response)
        except _TooMuch:
            self._is_out(leaving)
            return _error(
                start_response, "EntityTooLarge", "Your proposed upload exceeds the maximum allowed size."
            )
        except BaseException:
            self._is_out(leaving)
            raise
        return _Leaving(answer, lambda: self._is_out(leaving))

    def _taken_in(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """moto's answer. It copies a body several times, so large ones are handed to it one at a time.

        A body arrives in a file first: one that comes slowly, or never to its end, keeps no other waiting.
        """
        length = int(environ.get("CONTENT_LENGTH") or 0)
        if environ["REQUEST_METHOD"] not in ("PUT", "POST") or (
            0 < length <= _PIECE or not (length or environ.get("wsgi.input_terminated"))
        ):
            return self.inner(environ, start_response)
        with tempfile.SpooledTemporaryFile(max_size=_PIECE) as arrived:
            left = length or None
            while left != 0 and (part := environ["wsgi.input"].read(min(_PIECE, left or _PIECE))):
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


def _bound_connections(server: Any) -> None:
    """Let a threaded server hold so many connections, and hang up on the others: each takes a thread."""
    places = threading.BoundedSemaphore(_MOST_CONNECTIONS)
    begin, work = server.process_request, server.process_request_thread

    def process_request(request: socket.socket, address: Any) -> None:
        if not places.acquire(blocking=False):
            server.shutdown_request(request)
            return
        try:
            begin(request, address)
        except BaseException:
            places.release()
            raise

    def process_request_thread(request: socket.socket, address: Any) -> None:
        try:
            work(request, address)
        finally:
            places.release()

    server.process_request, server.process_request_thread = process_request, process_request_thread


class S3Mock:
    """S3 at `endpoint_url`, with one bucket ready.

    Args:
        bucket: the name of the bucket to make; None makes none.
        port: where to listen; 0 lets the system choose.
        listener: listen on this socket instead, which listens already.
        allowance: refuse what is more than that.
    """

    VARIABLES: ClassVar[tuple[str, ...]] = (
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_DEFAULT_REGION",
        "AWS_REGION",
        "AWS_ENDPOINT_URL",
        "AWS_ENDPOINT_URL_S3",
        "S3_BUCKET_NAME",
    )

    def __init__(
        self,
        bucket: str | None = "lab-files",
        port: int = 0,
        listener: socket.socket | None = None,
        allowance: Allowance | None = None,
    ) -> None:
        # imported here: moto takes a second to load, and a command's --help should not
        from moto.moto_server.werkzeug_app import create_backend_app
        from werkzeug.serving import WSGIRequestHandler, make_server

        from classroom.loopback import bind

        class QuietHandler(WSGIRequestHandler):
            """Neither a line for each request nor a traceback for each connection that broke."""

            def log(self, type: str, message: str, *args: Any) -> None:
                """Nothing."""

        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        self.bucket = bucket
        self._gate = _Gate(create_backend_app("s3"), allowance)
        if listener is None:
            listener = bind(port)
            listener.listen(128)
        self.port: int = listener.getsockname()[1]
        self._server = make_server(
            "127.0.0.1",
            self.port,
            self._gate,
            threaded=True,
            request_handler=QuietHandler,
            fd=listener.detach(),
        )
        if allowance:
            _bound_connections(self._server)
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
        )

    @property
    def endpoint_url(self) -> str:
        """What `AWS_ENDPOINT_URL_S3` should be."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        """The variables that point boto3 here."""
        key, url = DUMMY_ACCESS_KEY, self.endpoint_url
        values = (key, key, REGION, REGION, url, url, self.bucket)
        return {name: value for name, value in zip(self.VARIABLES, values, strict=True) if value}

    @property
    def requests(self) -> list[S3Request]:
        """What reached S3 since the start or the last `reset()`."""
        return list(self._gate.requests)

    def client(self) -> Any:
        """A boto3 client that is pointed here, whatever the environment says."""
        import boto3
        import botocore.session
        from botocore.config import Config

        # no profile: AWS_PROFILE may name one that has nothing to do with a stand-in, or doesn't exist
        without_profile = botocore.session.Session(session_vars={"profile": (None, None, None, None)})
        return boto3.Session(botocore_session=without_profile).client(
            "s3",
            endpoint_url=self.endpoint_url,
            aws_access_key_id=DUMMY_ACCESS_KEY,
            aws_secret_access_key=DUMMY_ACCESS_KEY,
            region_name=REGION,
            config=Config(retries={"max_attempts": 1}),
        )

    def fail(self, code: str = "InternalError", *, effect: S3Effect = "error", seconds: float = 60.0) -> None:
        """From now on every request meets this fault.

        Args:
            code: "NoSuchBucket", "AccessDenied", "SlowDown", "InternalError".
            effect: "error" answers with the code, "unreachable" hangs up, "slow" waits first.
            seconds: how long "slow" waits.
        """
        self._gate.fault = S3Fault(effect, code, seconds)

    def clear_faults(self) -> None:
        """From now on everything works."""
        self._gate.fault = None

    def objects(self, wanted: Callable[[str, str], bool] = lambda bucket, key: True) -> list[StoredObject]:
        """Everything stored, in every bucket, read past any scripted fault; `wanted` chooses by bucket and key."""
        from moto.backends import get_backend

        found = []
        for account in get_backend("s3").values():
            for bucket in account["aws"].buckets.values():
                for key in list(bucket.keys.values()):
                    if not wanted(bucket.name, key.name):
                        continue
                    content_type = str(key.metadata.get("Content-Type") or "")
                    tags = account["aws"].tagger.get_tag_dict_for_resource(key.arn)
                    beside = {str(name): str(value) for name, value in (*key.metadata.items(), *tags.items())}
                    found.append(StoredObject(bucket.name, key.name, content_type, bytes(key.value), beside))
        return found

    def create_bucket(self, name: str) -> None:
        """Make a bucket, past any scripted fault.

        Raises:
            ValueError: S3 allows no such name, or it is there already.
        """
        from werkzeug.test import Client

        answer = Client(self._gate.inner).put(
            f"/{quote(name, safe='')}", headers={"Host": f"s3.{REGION}.amazonaws.com"}
        )
        if answer.status_code >= 300:
            raise ValueError(answer.text)

    def ensure_bucket(self, name: str) -> None:
        """Make a bucket if S3 allows its name; one that it doesn't allow stays missing, as it would be there."""
        with suppress(ValueError):
            self.create_bucket(name)

    def reset(self) -> None:
        """Empty: no objects, no faults, no requests noted; the bucket is there again."""
        from moto.backends import get_backend

        self.clear_faults()
        get_backend("s3").reset()
        if self.bucket:
            self.create_bucket(self.bucket)
        self._gate.requests.clear()

    def start(self) -> Self:
        """Begin to listen, with the bucket made."""
        self._thread.start()
        self.reset()
        return self

    def stop(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._thread.join(5)
        self._server.server_close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
