"""The services that an answer calls while it is checked: OpenAI, S3 and a class proxy, all watched by the check.

They are outside the learner's code: what was asked, when, and with which key is seen where it arrives.
"""

import json
import os
import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cached_property
from types import TracebackType
from typing import Any, Protocol, Self
from urllib.parse import parse_qs, quote
from xml.sax.saxutils import escape

from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from classroom.allowance import Allowance
from classroom.exercises.crowd import Crowd
from classroom.loopback import LoopbackServer, bind
from classroom.standin.app import Application
from classroom.standin.outgoing.pace import AT_ONCE, Pace
from classroom.standin.records.journal import Call
from classroom.standin.state import StandIn

_MOST_CALLS, _MOST_BYTES = 2_000, 256 * 1024 * 1024
_FEW_TOKENS = 16
_PAGE = 2  # names
_MOST_PAGES = 40  # in one check: more than ten times what is needed


class Storage(Protocol):
    """The bucket of the lesson, seen past the learner's code."""

    def get(self, key: str) -> "tuple[bytes, str] | None":
        """Bytes and type of an object; None if there is none."""

    def put(self, key: str, content: bytes, kind: str) -> None:
        """Store an object with a type."""

    def delete(self, key: str) -> None:
        """Leave nothing under a key."""


class OwnBucket:
    """The bucket that the environment of this process names."""

    @cached_property
    def _client(self) -> Any:
        import boto3

        return boto3.client("s3")  # kept for a check, since it takes longer to make than to use

    def get(self, key: str) -> tuple[bytes, str] | None:
        """Bytes and type of an object; None if there is none."""
        client = self._client
        try:
            stored = client.get_object(Bucket=os.environ["S3_BUCKET_NAME"], Key=key)
        except client.exceptions.NoSuchKey:
            return None
        return stored["Body"].read(), stored["ContentType"]

    def put(self, key: str, content: bytes, kind: str) -> None:
        """Store an object with a type."""
        self._client.put_object(Bucket=os.environ["S3_BUCKET_NAME"], Key=key, Body=content, ContentType=kind)

    def delete(self, key: str) -> None:
        """Leave nothing under a key."""
        self._client.delete_object(Bucket=os.environ["S3_BUCKET_NAME"], Key=key)


class _Shortening:
    """Before the stand-in: while `on`, every text that a model answers is cut after a few words, whatever was asked."""

    def __init__(self, inner: ASGIApp) -> None:
        self._inner = inner
        self.on = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.on and scope["type"] == "http" and scope["method"] == "POST":
            content = _shortened(scope["path"], await _whole(receive))
            headers = [pair for pair in scope["headers"] if pair[0] != b"content-length"]
            headers.append((b"content-length", str(len(content)).encode()))
            scope, receive = {**scope, "headers": headers}, _once(content, receive)
        await self._inner(scope, receive, send)


def _shortened(path: str, content: bytes) -> bytes:
    limit = {"responses": "max_output_tokens", "completions": "max_completion_tokens"}
    name = limit.get(path.rstrip("/").rpartition("/")[2])
    try:
        body = json.loads(content) if name else None
    except ValueError:
        return content
    if not isinstance(body, dict) or name is None:
        return content
    body.pop("max_tokens", None)
    return json.dumps({**body, name: _FEW_TOKENS}).encode()


async def _whole(receive: Receive) -> bytes:
    content = bytearray()
    while True:
        message = await receive()
        content += message.get("body", b"")
        if message["type"] == "http.disconnect" or not message.get("more_body", False):
            return bytes(content)


def _once(content: bytes, later: Receive) -> Receive:
    messages: list[Message] = [{"type": "http.request", "body": content, "more_body": False}]

    async def receive() -> Message:
        return messages.pop() if messages else await later()

    return receive


class Listing:
    """S3 that lists names, a few a page, and holds only what it was given: bytes and type, in `contents`.

    `requests`: how many reached it.
    """

    def __init__(self, names: Sequence[str], contents: Mapping[str, tuple[bytes, str]] | None = None) -> None:
        self._names = sorted(names)
        self._contents = contents or {}
        self._most = _MOST_PAGES + 3 * len(self._contents)
        self.requests = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        self.requests += 1
        bucket, _, key = scope["path"].lstrip("/").partition("/")
        if self.requests > self._most:
            response = _s3_error(400, "TooManyRequests", "The same list was asked for again and again.")
        elif key and self._contents and scope["method"] in ("GET", "HEAD"):
            response = self._object(key)
        elif scope["method"] != "GET" or key or not bucket:
            response = _s3_error(501, "NotImplemented", "This S3 only lists the names in a bucket.")
        else:
            query = {name: values[-1] for name, values in parse_qs(scope["query_string"].decode()).items()}
            response = Response(self._page(bucket, query), media_type="application/xml")
        await response(scope, receive, send)

    def _object(self, key: str) -> Response:
        if key not in self._contents:
            return _s3_error(404, "NoSuchKey", "The specified key does not exist.")
        content, kind = self._contents[key]
        facts = {"content-type": kind, "etag": '"0"', "last-modified": "Thu, 01 Jan 2026 00:00:00 GMT"}
        return Response(content, headers=facts)

    def _page(self, bucket: str, query: Mapping[str, str]) -> str:
        prefix = query.get("prefix", "")
        after = query.get("continuation-token") or query.get("start-after") or query.get("marker") or ""
        asked = query.get("max-keys", "")
        size = min(_PAGE, int(asked)) if asked.isdigit() else _PAGE
        below = {name: name.removeprefix(prefix) for name in self._names if name.startswith(prefix)}
        cut = query.get("delimiter") or "\0"  # what is behind it is summed up, as if it were in a folder
        left = [name for name, rest in below.items() if name > after and cut not in rest]
        listed, more = left[:size], len(left) > size
        folders = {
            f"{prefix}{rest.partition(cut)[0]}{cut}" for rest in below.values() if cut in rest and not more
        }
        escaped = quote if query.get("encoding-type") == "url" else escape
        contents = "".join(
            f"<Contents><Key>{escaped(name)}</Key><LastModified>2026-01-01T00:00:00.000Z</LastModified>"
            f'<ETag>"0"</ETag><Size>1</Size><StorageClass>STANDARD</StorageClass></Contents>'
            for name in listed
        )
        contents += "".join(
            f"<CommonPrefixes><Prefix>{escaped(each)}</Prefix></CommonPrefixes>" for each in sorted(folders)
        )
        token = escape(listed[-1]) if more and listed else ""
        names = ("NextContinuationToken", "NextMarker") if token else ()
        following = "".join(f"<{name}>{token}</{name}>" for name in names)
        encoded = "<EncodingType>url</EncodingType>" if query.get("encoding-type") == "url" else ""
        return (
            '<?xml version="1.0" encoding="UTF-8"?>'
            '<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
            f"<Name>{escape(bucket)}</Name><Prefix>{escaped(prefix)}</Prefix><KeyCount>{len(listed)}</KeyCount>"
            f"<MaxKeys>{size}</MaxKeys>{encoded}<IsTruncated>{str(more).lower()}</IsTruncated>"
            f"{contents}{following}</ListBucketResult>"
        )


def _s3_error(status: int, code: str, message: str) -> Response:
    body = f'<?xml version="1.0" encoding="UTF-8"?><Error><Code>{code}</Code><Message>{message}</Message></Error>'
    return Response(body, status, media_type="application/xml")


@dataclass(frozen=True)
class Arrival:
    """One request that came to a proxy: its path, and the token that it showed."""

    path: str
    token: str


class ProxyGate:
    """A class proxy that lets one token through to the stand-in, and notes who came."""

    def __init__(self, inner: ASGIApp, token: str) -> None:
        self._inner, self._token = inner, token
        self.arrivals: list[Arrival] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let one request through, or refuse it."""
        if scope["type"] != "http":
            return
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        bearer = headers.get("authorization", "").removeprefix("Bearer ").strip()
        token = headers.get("openai-event-code") or headers.get("api-key") or bearer
        self.arrivals.append(Arrival(scope["path"], token))
        if token != self._token:
            error = {"message": "No such event.", "type": "invalid_request_error", "code": "event_unknown"}
            await JSONResponse({"error": {**error, "param": None}}, 401)(scope, receive, send)
            return
        await self._inner({**scope, "path": _as_openai(scope["path"])}, receive, send)


def _as_openai(path: str) -> str:
    """The address that OpenAI has for one of the proxy's: clients of every generation are served."""
    path = path.removeprefix("/api")
    for prefix in ("/v1/openai/deployments/", "/v1/deployments/"):
        if path.startswith(prefix):
            return f"/openai/deployments/{path.removeprefix(prefix)}"
    return path


class Boundary:
    """The outside of one notebook, for as long as its exercises are checked.

    Args:
        listen: makes a socket for a server that the learner's code is to reach.
        storage: the lesson's bucket.
        live: calls go to OpenAI itself, where nobody can look.
    """

    def __init__(
        self,
        storage: Storage | None = None,
        listen: Callable[[], socket.socket] = bind,
        *,
        live: bool = False,
    ) -> None:
        self._listen, self.live = listen, live
        self.storage: Storage = storage or OwnBucket()
        self._allowance = Allowance(_MOST_CALLS, _MOST_BYTES)
        self.openai = StandIn(allowance=self._allowance)
        self._shortening = _Shortening(Application(self.openai))
        self._crowd = Crowd(self._shortening)
        self._running = ExitStack()
        self._url: str | None = None

    @property
    def application(self) -> ASGIApp:
        """OpenAI's stand-in, as an ASGI application."""
        return self._crowd

    @property
    def url(self) -> str:
        """Where the stand-in listens, without a path."""
        if self._url is None:
            self._url = self._serve(self.application, self._running)
        return self._url

    @property
    def count(self) -> int:
        """How many calls have reached the stand-in."""
        return len(self.openai.journal)

    def calls_since(self, before: int) -> tuple[Call, ...] | None:
        """What has reached the stand-in since; None where nobody can look."""
        return None if self.live else tuple(self.openai.journal[before:])

    @contextmanager
    def shortened(self) -> Iterator[None]:
        """Cut every text that a model answers."""
        self._shortening.on = True
        try:
            yield
        finally:
            self._shortening.on = False

    @contextmanager
    def crowded(self, pace: Pace) -> Iterator[Crowd]:
        """Let answers take their time, and count how many are waited for at once."""
        self.openai.tempo.change(pace)
        self._crowd.watch()
        try:
            yield self._crowd
        finally:
            self.openai.tempo.change(AT_ONCE)

    @contextmanager
    def listing(
        self, names: Sequence[str], contents: Mapping[str, tuple[bytes, str]] | None = None
    ) -> Iterator[tuple[str, Listing]]:
        """An S3 with these names, in small pages, and its address; `contents` are the objects that can be read."""
        made = Listing(names, contents)
        with ExitStack() as running:
            yield self._serve(made, running), made

    @contextmanager
    def proxy(self, token: str) -> Iterator[tuple[str, ProxyGate]]:
        """A class proxy that knows one token, and its address."""
        made = ProxyGate(self.application, token)
        with ExitStack() as running:
            yield self._serve(made, running), made

    def speech(self, words: str, form: str = "mp3") -> bytes:
        """Words as a sound; by OpenAI itself in live mode."""
        from classroom import voice
        from classroom.media import sound

        if self.live:
            return voice.as_file(voice.say(words), form)
        return sound.speak(words, voice=voice.VOICE, format=form)

    def embeddings(self, texts: Sequence[str], model: str) -> list[list[float]]:
        """Where texts lie, as the model of that name places them; by OpenAI itself in live mode."""
        if self.live:
            from openai import OpenAI

            made = OpenAI().embeddings.create(model=model, input=list(texts))
            return [list(each.embedding) for each in made.data]
        from classroom.standin.routes.embeddings import embed

        size = self.openai.model(model, "embedding").dimensions
        return [list(embed(text, size)) for text in texts]

    def _serve(self, application: ASGIApp, running: ExitStack) -> str:
        server = LoopbackServer(application, listener=self._listen(), websockets=True)
        server.start()
        running.callback(server.stop)
        return server.url

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._running.close()
