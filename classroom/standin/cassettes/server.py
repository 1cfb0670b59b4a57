"""Recording and replaying as ASGI applications, and `Recorded`, which serves either on loopback."""

import asyncio
import base64
import json
import os
import time
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import httpx2
from starlette.datastructures import UploadFile
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from classroom.loopback import LOOPBACK, LoopbackServer
from classroom.redaction.notebooks import without_keys
from classroom.standin.cassettes.file import Asked, Cassette, CassetteError, Exchange, read
from classroom.standin.cassettes.names import Names
from classroom.standin.incoming.errors import APIError
from classroom.standin.incoming.reading import headers_of
from classroom.standin.incoming.uploaded import Upload
from classroom.standin.outgoing.browsers import share
from classroom.standin.transport import InProcess

DUMMY_KEY = "sk-mock-key"
_PATIENCE = 600.0  # seconds for an answer of the upstream
# of a request, what concerns the connection to us; of an answer, what a client acts on
_NOT_SENT = {"host", "connection", "content-length", "accept-encoding", "transfer-encoding", "keep-alive"}
_KEPT = {"content-type", "retry-after", "retry-after-ms", "x-should-retry"}
_FINAL = {"x-should-retry": "false"}


async def _asked_of(request: Request, content: bytes) -> Asked:
    """A request as data; of a form's files, their name, size and hash."""
    path = request.url.path.removeprefix("/v1")
    kind = request.headers.get("content-type", "")
    query = dict(request.query_params)
    if kind.startswith(("multipart/form-data", "application/x-www-form-urlencoded")):
        request._body = content  # Starlette's own cache: the form is parsed from it
        form: dict[str, list[Any]] = {}
        async with request.form() as sent:
            for name, value in sent.multi_items():
                form.setdefault(name, []).append(
                    Upload(value.filename or "", value.content_type or "", await value.read()).described()
                    if isinstance(value, UploadFile)
                    else value
                )
        return Asked(request.method, path, query, {"form": form})
    if not content:
        return Asked(request.method, path, query, {})
    try:
        return Asked(request.method, path, query, {"json": json.loads(content)})
    except (ValueError, RecursionError):
        return Asked(request.method, path, query, {"text": content.decode("utf-8", "replace")})


def _can_be_written(path: Path) -> bool:
    """Whether a file can be made there; folders that are missing are made with it."""
    if path.exists():
        return path.is_file() and os.access(path, os.W_OK)
    there = next(folder for folder in path.absolute().parents if folder.exists())
    return there.is_dir() and os.access(there, os.W_OK)


class Recorder:
    """Passes requests on to an upstream, and writes down what it answered, without keys and identifiers.

    Args:
        path: of the cassette; what it held is replaced with the first answer.
        upstream: its base URL, such as "https://api.openai.com/v1".

    Raises:
        CassetteError: the file can't be written, or the upstream is no address.
    """

    def __init__(self, path: Path, upstream: str) -> None:
        parts = urlsplit(upstream)
        if parts.scheme not in ("http", "https") or not parts.netloc:
            raise CassetteError(
                f"{upstream} is no address of an API. Give one such as https://api.openai.com/v1."
            )
        if not _can_be_written(path):
            raise CassetteError(f"{path} can't be written. Name a file in a folder that is there and yours.")
        self._path, self._upstream = path, upstream.rstrip("/")
        self._cassette, self._names = Cassette(), Names()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on."""
        if scope["type"] != "http":
            return
        request = Request(scope, receive)
        try:
            content = await request.body()
        except ClientDisconnect:
            return
        asked = await _asked_of(request, content)
        inside = asked.path if self._upstream.endswith("/v1") else request.url.path
        headers = {name: value for name, value in headers_of(scope).items() if name not in _NOT_SENT}
        keys = {
            headers.get("authorization", "").partition(" ")[2].strip(),
            headers.get("api-key", "").strip(),
        }
        began = time.monotonic()
        try:
            async with (
                httpx2.AsyncClient(timeout=_PATIENCE) as client,
                client.stream(
                    request.method,
                    self._upstream + inside,
                    params=list(request.query_params.multi_items()),
                    content=content,
                    headers={**headers, "accept-encoding": "identity"},
                ) as answer,
            ):
                parts = await _pass_on(answer, send)
        except httpx2.HTTPError as error:
            failed = APIError(
                502,
                f"{self._upstream} can't be reached, or broke off: {error}",
                "server_error",
                code="upstream_failed",
                headers=_FINAL,
            )
            await JSONResponse(failed.body(), failed.status, _FINAL)(scope, receive, send)
            return
        recorded = _recorded(answer, [(at - began, part) for at, part in parts])
        clean = self._names.rename(without_keys([asked.written(), recorded], keys - {""}))
        written = clean[0]
        facts = {name: written.pop(name) for name in ("method", "path", "query")}
        self._cassette.add(Exchange(Asked(**facts, content=written), clean[1]), self._path)


async def _pass_on(answer: httpx2.Response, send: Send) -> list[tuple[float, bytes]]:
    """Send an answer on as it comes; its parts, each with the moment it came."""
    headers = [
        (name.encode(), value.encode("latin-1")) for name, value in answer.headers.items() if name in _KEPT
    ]
    await send({"type": "http.response.start", "status": answer.status_code, "headers": headers})
    parts = []
    async for part in answer.aiter_raw():
        parts.append((time.monotonic(), part))
        await send({"type": "http.response.body", "body": part, "more_body": True})
    await send({"type": "http.response.body", "body": b"", "more_body": False})
    return parts


def _recorded(answer: httpx2.Response, parts: list[tuple[float, bytes]]) -> dict[str, Any]:
    """An answer as the file has it."""
    kind = answer.headers.get("content-type", "")
    headers = {name: value for name, value in answer.headers.items() if name in _KEPT}
    facts: dict[str, Any] = {"status": answer.status_code, "headers": headers}
    if kind.startswith("text/event-stream"):
        return {**facts, "events": _events(parts)}
    content = b"".join(part for _, part in parts)
    facts["after"] = round(parts[-1][0], 3) if parts else 0.0
    if "json" in kind:
        try:
            return {**facts, "json": json.loads(content)}
        except ValueError:
            pass
    try:
        return {**facts, "text": content.decode("utf-8")}
    except UnicodeDecodeError:
        return {**facts, "base64": base64.b64encode(content).decode()}


def _events(parts: list[tuple[float, bytes]]) -> list[dict[str, Any]]:
    """The events of a stream, each with the seconds since the one before. What is not JSON stays a text."""
    out: list[dict[str, Any]] = []
    rest, before = b"", 0.0
    for at, part in [*parts, (parts[-1][0] if parts else 0.0, b"\n\n")]:
        rest = (rest + part).replace(b"\r\n", b"\n")
        *whole, rest = rest.split(b"\n\n")
        for frame in filter(bytes.strip, whole):
            fields: dict[str, list[str]] = {}
            for line in frame.decode("utf-8", "replace").splitlines():
                name, _, value = line.partition(":")
                fields.setdefault(name, []).append(value.removeprefix(" "))
            data = "\n".join(fields.get("data", []))
            event: dict[str, Any] = {"after": round(at - before, 3)}
            if "event" in fields:
                event["event"] = fields["event"][0]
            try:
                event["data"] = json.loads(data)
            except ValueError:
                event["data"] = data
            out.append(event)
            before = at
    return out


class Replayer:
    """Answers as a cassette does, and refuses what it doesn't know, with the difference.

    Args:
        cassette: what was recorded.
        pace: 1 keeps the times that were recorded, 0.5 halves them, 0 waits for nothing.
    """

    def __init__(self, cassette: Cassette, pace: float = 1.0) -> None:
        self._cassette, self._pace = cassette, pace

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        request = Request(scope, receive)
        try:
            asked = await _asked_of(request, await request.body())
        except ClientDisconnect:
            return
        headers = headers_of(scope)
        keys = {
            headers.get("authorization", "").partition(" ")[2].strip(),
            headers.get("api-key", "").strip(),
        }
        written = without_keys(asked.written(), keys - {""})
        facts = {name: written.pop(name) for name in ("method", "path", "query")}
        found = self._cassette.take(Asked(**facts, content=written))
        await self._response(found)(scope, receive, send)

    def _response(self, found: Exchange | str) -> Response:
        if isinstance(found, str):
            stale = APIError(400, f"The cassette is stale. {found}\nRecord it again.", code="cassette_stale")
            return JSONResponse(stale.body(), stale.status, headers=_FINAL)
        answer = found.answer
        status, headers = (
            int(answer["status"]),
            {str(name): str(value) for name, value in answer.get("headers", {}).items()},
        )
        if "events" in answer:
            return StreamingResponse(self._streamed(answer["events"]), status, headers)
        return StreamingResponse(self._late(_content(answer), float(answer.get("after", 0))), status, headers)

    async def _streamed(self, events: list[Mapping[str, Any]]) -> AsyncIterator[str]:
        for event in events:
            await asyncio.sleep(float(event.get("after", 0)) * self._pace)
            data = (
                event["data"]
                if isinstance(event["data"], str)
                else json.dumps(event["data"], ensure_ascii=False)
            )
            name = f"event: {event['event']}\n" if "event" in event else ""
            lines = "".join(f"data: {line}\n" for line in data.split("\n"))
            yield f"{name}{lines}\n"

    async def _late(self, content: bytes, after: float) -> AsyncIterator[bytes]:
        await asyncio.sleep(after * self._pace)
        yield content


def _content(answer: Mapping[str, Any]) -> bytes:
    if "json" in answer:
        return json.dumps(answer["json"], ensure_ascii=False).encode()
    if "base64" in answer:
        return base64.b64decode(answer["base64"])
    return str(answer.get("text", "")).encode()


class Recorded:
    """A cassette, served: replayed, or recorded from an upstream.

    ```python
    with Recorded(Path("weather.json")) as openai:  # with upstream="https://api.openai.com/v1", it is recorded
        client = OpenAI(base_url=openai.base_url, api_key="any")
    ```

    Args:
        path: of the cassette's file.
        upstream: the base URL to record from; None replays.
        pace: 1 keeps the times that were recorded, 0 waits for nothing.
        port: where to listen; 0 lets the system choose.
        host: the address to listen on.

    Raises:
        CassetteError: it is to be replayed and can't be read, or to be recorded and can't be.
        PortTaken: another program listens on that port.
    """

    def __init__(
        self,
        path: Path,
        *,
        upstream: str | None = None,
        pace: float = 1.0,
        port: int = 0,
        host: str = LOOPBACK,
    ) -> None:
        self._cassette = Cassette() if upstream else read(path)
        self._application: ASGIApp = Recorder(path, upstream) if upstream else Replayer(self._cassette, pace)
        self._server = LoopbackServer(share(self._application), port, host=host)

    @property
    def base_url(self) -> str:
        """What `OPENAI_BASE_URL` should be."""
        return f"{self._server.url}/v1"

    @property
    def environment(self) -> dict[str, str]:
        """The variables that point the SDK here; while a real API is recorded, the key has to be a real one."""
        if isinstance(self._application, Recorder):
            return {"OPENAI_BASE_URL": self.base_url}
        return {"OPENAI_API_KEY": DUMMY_KEY, "OPENAI_BASE_URL": self.base_url}

    @property
    def transport(self) -> InProcess:
        """The same without a server: see `OpenAIMock.transport`."""
        return InProcess(self._application)

    @property
    def unused(self) -> list[Asked]:
        """The recorded requests that nobody has asked yet."""
        return self._cassette.unused

    def start(self) -> Self:
        """Begin to listen."""
        self._server.start()
        return self

    def stop(self) -> None:
        """Stop listening."""
        self._server.stop()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


__all__ = ["CassetteError", "Recorded", "Recorder", "Replayer"]
