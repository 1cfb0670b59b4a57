"""Sends answers as HTTP responses, including those that a fault cuts short."""

import asyncio
from collections.abc import Mapping

from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from classroom.standin.outgoing.answers import Answer
from classroom.standin.outgoing.pace import AT_ONCE, Pace, pace_frames


def response_of(answer: Answer, headers: Mapping[str, str], pace: Pace = AT_ONCE) -> Response:
    """The response that carries an answer; a stream at its pace."""
    if answer.events is not None:
        return StreamingResponse(pace_frames(answer, pace), media_type=answer.media_type, headers=headers)
    if answer.content is not None:
        return Response(answer.content, media_type=answer.media_type, headers=headers)
    return JSONResponse(answer.data, headers=headers)


class Hanging(Response):
    """Never answers: waits until the caller has gone, or the seconds are over, then hangs up."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            async with asyncio.timeout(self._seconds):
                while (await receive())["type"] != "http.disconnect":
                    pass
        except TimeoutError:
            await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"1")]})


class Broken(Response):
    """Sends the head and a part of the body, then closes the connection."""

    def __init__(self, whole: Response, keep: float) -> None:
        super().__init__()
        self._whole, self._keep = whole, keep

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = await _body_of(self._whole)
        headers = [(name, value) for name, value in self._whole.raw_headers if name != b"content-length"]
        headers.append((b"content-length", str(len(body) + 1).encode()))
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        kept = body[: int(len(body) * self._keep)]
        await send({"type": "http.response.body", "body": kept, "more_body": True})
        # returning with more_body unanswered makes the server close the connection


async def _body_of(response: Response) -> bytes:
    if not isinstance(response, StreamingResponse):
        return bytes(response.body)
    parts = [
        chunk.encode() if isinstance(chunk, str) else bytes(chunk) async for chunk in response.body_iterator
    ]
    return b"".join(parts)
