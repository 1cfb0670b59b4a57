"""An upstream that takes everything, as clumsily as any server might, and charges the most that it could for it.

It knows nothing of the proxy: what it charges is worked out from the request that arrived.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from classroom.standin.generation import text

# dollars for a million tokens in and out, written here by hand from OpenAI's price list
PRICES = {
    "gpt-5.4-mini": (0.75, 4.5),
    "gpt-4o-mini": (0.15, 0.6),
    "gpt-3.5-turbo-instruct": (1.5, 2.0),
    "text-embedding-3-small": (0.02, 0.0),
}
OF_A_PICTURE = 48_169  # tokens: the most that gpt-4o-mini counts for one
OF_A_SMALL_PICTURE = 2_833  # the same, with detail "low"
OF_A_SEARCH = 0.01
READ_IN_A_SEARCH = 10_000
OF_A_PICTURE_DRAWN = 6_240  # output tokens of gpt-image-1.5, 1536 x 1024 at quality high
OF_A_MINUTE = 0.006  # dollars; whisper-1
LONGEST = 30_000  # tokens of an answer that nobody bounds


@dataclass
class Meter:
    """What came, and what it cost. `tells`: whether answers say what they used; `also`: items that the next response lists beside its own."""

    tells: bool = True
    dollars: float = 0.0
    bodies: list[dict[str, Any]] = field(default_factory=list)
    stored: dict[str, int] = field(default_factory=dict)
    also: list[dict[str, Any]] = field(default_factory=list)
    seconds: Callable[[bytes], float] = lambda content: 0.0

    def app(self) -> Starlette:
        """Serves every address."""
        return Starlette(routes=[Route("/v1/{route:path}", self._answer, methods=["GET", "POST"])])

    async def _answer(self, request: Request) -> Response:
        route = request.path_params["route"]
        if request.method == "GET":
            return JSONResponse({"error": {"message": "no such model"}}, 404)
        if "json" in request.headers.get("content-type", ""):
            body = json.loads(await request.body())
        else:
            body = {}
            async with request.form() as form:
                for name, value in form.multi_items():
                    content = value if isinstance(value, str) else await value.read()
                    # the last of several wins, and a list is a list by any spelling
                    body[name.partition("[")[0]] = content
                    body.setdefault("parts", []).append((name, content))
        self.bodies.append(body)
        return self._charge(route, body)

    def _charge(self, route: str, body: dict[str, Any]) -> Response:
        if route in ("images/generations", "images/edits"):
            drawn = OF_A_PICTURE_DRAWN * max(1, integer(body.get("n"), 1))
            shown = 6_500 * sum(isinstance(part, bytes) for _, part in body.get("parts", []))
            self.dollars += (words(body.get("prompt")) * 5 + shown * 8 + drawn * 32) / 1e6
            counts = {
                "input_tokens": words(body.get("prompt")) + shown,
                "output_tokens": drawn,
                "input_tokens_details": {"image_tokens": shown},
            }
            return self._with_usage({"data": [{"b64_json": "eA=="}]}, counts)
        if route == "audio/speech":
            self.dollars += 15 * len(str(body.get("input"))) / 1e6
            return Response(b"ID3", media_type="audio/mpeg")
        if route.startswith("audio/"):
            seconds = self.seconds(body["file"] if isinstance(body.get("file"), bytes) else b"")
            self.dollars += OF_A_MINUTE * seconds / 60
            return self._with_usage({"text": "hello"}, {"type": "duration", "seconds": seconds})
        return self._say(route, body)

    def _say(self, route: str, body: dict[str, Any]) -> Response:
        given_price, made_price = PRICES[body["model"]]
        given, pictures = measure({name: value for name, value in body.items() if name != "model"})
        given += OF_A_PICTURE * pictures + self.stored.get(str(body.get("previous_response_id")), 0)
        bounds = [
            integer(body[name], LONGEST)
            for name in ("max_completion_tokens", "max_output_tokens", "max_tokens")
            if name in body
        ]
        prompts = body.get("prompt")
        several = (
            len(prompts) if isinstance(prompts, list) and not all(type(p) is int for p in prompts) else 1
        )
        answers = max(integer(body.get("n"), 1), integer(body.get("best_of"), 1)) * several
        made = 0 if route == "embeddings" else max(bounds, default=16 if prompts else LONGEST) * answers
        searches = 0
        if "web_search_options" in body or any("search" in str(tool) for tool in body.get("tools") or []):
            searches = integer(body.get("max_tool_calls"), 12)
            given += READ_IN_A_SEARCH * searches
        dearer = 2.0 if body.get("service_tier") in ("priority", "fast") else 1.0
        cost = (given * given_price + made * made_price) / 1e6 * dearer + searches * OF_A_SEARCH
        self.dollars += cost
        id = f"resp_{len(self.bodies)}"
        self.stored[id] = given + made
        if route == "responses":
            counts: dict[str, Any] = {
                "input_tokens": given,
                "output_tokens": made,
                "total_tokens": given + made,
            }
            output = [{"type": "web_search_call", "id": f"ws_{id}_{at}"} for at in range(searches)]
            output += [
                {"type": "reasoning", "id": f"rs_{id}"},
                {"type": "message", "id": f"msg_{id}"},
                *self.also,
            ]
            answer = {"id": id, "object": "response", "output": output}
            if body.get("stream") is True:
                whole = answer | ({"usage": counts} if self.tells else {})
                return _events([{"type": "response.completed", "response": whole}])
            return self._with_usage(answer, counts)
        counts = {"prompt_tokens": given, "completion_tokens": made, "total_tokens": given + made}
        if body.get("stream") is True:
            usage = [{"id": id, "choices": [], "usage": counts}] if self.tells else []
            return _events([{"id": id, "choices": [{"index": 0, "delta": {"content": "x"}}]}, *usage])
        return self._with_usage({"id": id, "choices": [{"message": {"content": "x"}}]}, counts)

    def _with_usage(self, answer: dict[str, Any], usage: dict[str, Any]) -> Response:
        return JSONResponse(answer | {"usage": usage} if self.tells else answer)


def _events(events: list[dict[str, Any]]) -> Response:
    def parts() -> Iterator[bytes]:
        for event in events:
            yield f"data: {json.dumps(event)}\n\n".encode()
        yield b"data: [DONE]\n\n"

    return StreamingResponse(parts(), media_type="text/event-stream")


def integer(value: Any, usual: int) -> int:
    """As a server that is not strict reads one."""
    try:
        return int(float(value.decode() if isinstance(value, bytes) else value))
    except (TypeError, ValueError, AttributeError, OverflowError):
        return usual


def words(value: Any) -> int:
    """Tokens of a text."""
    return text.count_tokens(value) if isinstance(value, str) else 0


def measure(value: Any) -> tuple[int, int]:
    """Tokens of all texts in it, and pictures where the API has pictures."""
    if isinstance(value, str):
        return words(value), 0
    if isinstance(value, bool) or value is None:
        return 0, 0
    if isinstance(value, (int, float)):
        return 1, 0
    if isinstance(value, dict):
        shown = value.get("image_url")
        address = shown.get("url") if isinstance(shown, dict) else shown
        if value.get("type") in ("image_url", "input_image") and isinstance(address, str):
            rest = {name: inner for name, inner in value.items() if name != "image_url"}
            how = (shown if isinstance(shown, dict) else value).get("detail")
            return measure(rest)[0] + (OF_A_SMALL_PICTURE if how == "low" else 0), int(how != "low")
        pairs = [measure(inner) for inner in value.values()] + [(words(name), 0) for name in value]
    else:
        pairs = [measure(inner) for inner in value]
    return sum(pair[0] for pair in pairs) + 3, sum(pair[1] for pair in pairs)


@contextmanager
def metered(meter: Meter, served: Callable[..., Any]) -> Iterator[str]:
    """The address of a meter that serves, with /v1."""
    with served(meter.app()) as url:
        yield f"{url}/v1"
