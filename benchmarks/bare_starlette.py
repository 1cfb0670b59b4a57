"""The floor: a Starlette route that parses a chat request and sends a fixed completion, whole or streamed."""

import json
import sys

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

_WORDS = (
    "This is a fixed answer of about the length that a practice answer has, so that both send as much. " * 3
)
_COMPLETION = {
    "id": "chatcmpl-1",
    "object": "chat.completion",
    "created": 1_760_000_000,
    "model": "fixed",
    "choices": [
        {
            "index": 0,
            "message": {"role": "assistant", "content": _WORDS},
            "logprobs": None,
            "finish_reason": "stop",
        }
    ],
    "usage": {"prompt_tokens": 16, "completion_tokens": 60, "total_tokens": 76},
}


async def _chat(request: Request) -> Response:
    body = json.loads(await request.body())
    if body.get("stream"):

        async def events():  # type: ignore[no-untyped-def]
            for word in _WORDS.split():
                chunk = {**_COMPLETION, "choices": [{"index": 0, "delta": {"content": word}}]}
                yield f"data: {json.dumps(chunk)}\n\n"
            yield "data: [DONE]\n\n"

        return StreamingResponse(events(), media_type="text/event-stream")
    return JSONResponse(_COMPLETION)


app = Starlette(routes=[Route("/v1/chat/completions", _chat, methods=["POST"])])

if __name__ == "__main__":
    uvicorn.run(
        app, host="127.0.0.1", port=int(sys.argv[1]), log_level="critical", access_log=False, lifespan="off"
    )
