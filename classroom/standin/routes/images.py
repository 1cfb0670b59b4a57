"""`POST /v1/images/generations`, whole and streamed: real pictures that show their prompt."""

import base64
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from classroom.media import picture
from classroom.standin import checks, text
from classroom.standin.answers import CREATED, Answer, frames
from classroom.standin.catalogue import Catalogue, Model
from classroom.standin.journal import Output

# Output tokens of a square picture by quality; other sizes in proportion to their pixels.
# https://developers.openai.com/api/docs/guides/image-generation (cost and latency)
_TOKENS = {"low": 272, "medium": 1056, "high": 4160, "xhigh": 4160, "max": 4160}
_SQUARE = 1024 * 1024


def answer(
    body: Mapping[str, Any], model: Model, catalogue: Catalogue, publish: Callable[[bytes, str], str]
) -> Answer:
    """Pictures for a body that was checked against the catalogue.

    Args:
        publish: puts a picture where a GET finds it and returns its URL; the retired models answer so.

    Raises:
        APIError: 400 for a size or a combination of options that the model refuses.
    """
    checks.check_image_options(model, body)
    width, height = checks.parse_size(catalogue, model, body.get("size") or model.sizes[0])
    asked = body.get("output_format") or "png"
    quality = body.get("quality") if body.get("quality") in _TOKENS else "high"
    background = "transparent" if body.get("background") == "transparent" else "opaque"
    pictures = [
        picture.draw(
            body["prompt"],
            seed=text.digest("image", body, index),
            size=(width, height),
            format=asked,
            transparent=background == "transparent",
            quality=body.get("output_compression"),
        )
        for index in range(body.get("n") or 1)
    ]
    outputs = tuple(Output("image", f"image/{asked}", content) for content in pictures)
    if model.answers_with_url:
        urls = body.get("response_format") != "b64_json"
        data = [
            {"url": publish(content, f"image/{asked}"), "revised_prompt": body["prompt"]}
            if urls
            else {"b64_json": _base64(content), "revised_prompt": body["prompt"]}
            for content in pictures
        ]
        return Answer(data={"created": CREATED, "data": data}, outputs=outputs)
    facts = {
        "background": background,
        "output_format": asked,
        "quality": quality,
        "size": f"{width}x{height}",
        "usage": _usage(body["prompt"], str(quality), width * height, len(pictures)),
    }
    if body.get("stream"):
        events = frames(_events(pictures, facts, body.get("partial_images") or 0), named=True, done=False)
        return Answer(events=events, media_type="text/event-stream", outputs=outputs)
    data = [{"b64_json": _base64(content)} for content in pictures]
    return Answer(data={"created": CREATED, **facts, "data": data}, outputs=outputs)


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode()


def _usage(prompt: str, quality: str, pixels: int, count: int) -> dict[str, Any]:
    words = text.count_tokens(prompt)
    drawn = count * max(1, round(_TOKENS[quality] * pixels / _SQUARE))
    return {
        "input_tokens": words,
        "input_tokens_details": {"text_tokens": words, "image_tokens": 0},
        "output_tokens": drawn,
        "output_tokens_details": {"text_tokens": 0, "image_tokens": drawn},
        "total_tokens": words + drawn,
    }


def _events(pictures: list[bytes], facts: Mapping[str, Any], partial: int) -> Iterator[Mapping[str, Any]]:
    plain = {name: value for name, value in facts.items() if name != "usage"} | {"created_at": CREATED}
    for content in pictures:
        for index in range(partial):
            yield {
                "type": "image_generation.partial_image",
                "partial_image_index": index,
                "b64_json": _base64(picture.preview(content, step=index + 1, steps=partial + 1)),
                **plain,
            }
        yield {
            "type": "image_generation.completed",
            "b64_json": _base64(content),
            "usage": facts["usage"],
            **plain,
        }
