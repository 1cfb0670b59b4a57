"""`/images/generations`, `/images/edits`, `/images/variations`: real pictures that show their prompt."""

import base64
import hashlib
from collections.abc import Iterator, Mapping
from typing import Any

from classroom.standin.generation import text
from classroom.standin.incoming import errors, model_checks
from classroom.standin.incoming.uploaded import Upload
from classroom.standin.models.catalogue import Model
from classroom.standin.models.costs import Usage
from classroom.standin.multimodal import vision
from classroom.standin.operations import Asked, Operation, Retired
from classroom.standin.outgoing.answers import CREATED, Answer, frames
from classroom.standin.records.journal import Output
from classroom.standin.state import StandIn

# Output tokens of a square picture by quality; other sizes in proportion to their pixels.
# https://developers.openai.com/api/docs/guides/image-generation (cost and latency)
_TOKENS = {"low": 272, "medium": 1056, "high": 4160, "xhigh": 4160, "max": 4160}
_SQUARE = 1024 * 1024
_TOKENS_OF_INPUT = 323  # of one picture that is edited, at low fidelity
_MAX_INPUT = 50 * 1024 * 1024  # bytes of one picture (openai/types/image_edit_params.py)
_MAX_MASK = 4 * 1024 * 1024
_EDITABLE = ("png", "webp", "jpeg")


def generate(standin: StandIn, asked: Asked) -> Answer:
    """Pictures for a prompt.

    Raises:
        APIError: 400 for a size or a combination of options that the model refuses.
    """
    from classroom.media import picture  # here: few ask for pictures

    body = asked.body
    model = standin.model(body.get("model"), "image")
    if not standin.lenient:
        model_checks.check_image_options(model, body)
    size = _size(standin, model, body)
    mark = text.mark_of("image", body)
    given = _scripted(standin, "images/generations", model, body)
    pictures = [
        given
        or picture.draw(
            body["prompt"],
            seed=f"{mark}:{index}",
            size=size,
            format=body.get("output_format") or "png",
            transparent=body.get("background") == "transparent",
            quality=body.get("output_compression"),
            coarse=standin.hurried,
        )
        for index in range(body.get("n") or 1)
    ]
    return _answer(standin, asked, model, pictures, size, "image_generation", given=0)


def _scripted(standin: StandIn, route: str, model: Model, body: Mapping[str, Any]) -> bytes | None:
    """The picture that a test scripted, if any."""
    given = standin.scripted(route, model.id, {}, [{"role": "user", "content": body["prompt"]}])
    return given.image if given else None


def edit(standin: StandIn, asked: Asked) -> Answer:
    """The first picture, drawn over with what the prompt asks for; with a mask, only where it is transparent.

    Raises:
        APIError: 400 for a picture or a mask that can't be used, or options that the model refuses.
    """
    from classroom.media import picture  # here: few ask for pictures

    body = asked.body
    model = standin.model(body.get("model"), "image")
    uploads = _uploads(body["image"])
    if not standin.lenient:
        model_checks.check_image_options(model, body)
        for upload in uploads:
            _check_picture(upload, "image", _MAX_INPUT)
        _check_mask(body.get("mask"), uploads[0])
    size = _size(standin, model, body)
    mask = body.get("mask")
    described = {
        **body,
        "image": [upload.described() for upload in uploads],
        "mask": mask.described() if mask else None,
    }
    mark = text.mark_of("edit", described)
    given = _scripted(standin, "images/edits", model, body)
    pictures = [
        given
        or picture.redraw(
            uploads[0].content,
            body["prompt"],
            mask=mask.content if mask else None,
            seed=f"{mark}:{index}",
            size=size,
            format=body.get("output_format") or "png",
            quality=body.get("output_compression"),
        )
        for index in range(body.get("n") or 1)
    ]
    return _answer(standin, asked, model, pictures, size, "image_edit", given=len(uploads))


def vary(standin: StandIn, asked: Asked) -> Answer:
    """Other versions of a picture, as DALL·E 2 made them."""
    from classroom.media import picture  # here: few ask for pictures

    body = asked.body
    model = standin.model(body.get("model") or "dall-e-2", "image")
    if not standin.lenient:
        _check_picture(body["image"], "image", _MAX_MASK)
    size = _size(standin, model, body)
    mark = text.mark_of("variation", {**body, "image": body["image"].described()})
    pictures = [
        picture.redraw(
            body["image"].content,
            "",
            mask=None,
            seed=f"{mark}:{index}",
            size=size,
            format="png",
            quality=None,
        )
        for index in range(body.get("n") or 1)
    ]
    return _answer(standin, asked, model, pictures, size, "image_variation", given=1)


def _size(standin: StandIn, model: Model, body: Mapping[str, Any]) -> tuple[int, int]:
    wanted = body.get("size") or model.sizes[0]
    if not standin.lenient:
        return model_checks.parse_size(standin.catalogue, model, wanted)
    try:
        return model_checks.parse_size(standin.catalogue, model, wanted)
    except errors.APIError:
        return model_checks.parse_size(standin.catalogue, model, model.sizes[0])


def _uploads(given: Any) -> list[Upload]:
    uploads = given if isinstance(given, list) else [given]
    for upload in uploads:
        if not isinstance(upload, Upload):
            raise errors.invalid("Invalid type for 'image': expected a file.", "image", "invalid_type")
    return uploads


def _check_picture(upload: Upload, param: str, largest: int) -> tuple[int, int]:
    from classroom.media import picture  # here: few ask for pictures

    if len(upload.content) > largest:
        raise errors.invalid(
            f"Invalid {param}: the file has {len(upload.content)} bytes; at most {largest} are allowed.",
            param,
            "image_too_large",
        )
    try:
        facts = picture.measure(upload.content)
    except picture.NotPicture:
        facts = None
    if facts is None or facts.format not in _EDITABLE:
        raise errors.invalid(
            f"Invalid {param} file '{upload.filename}': expected a PNG, WebP or JPEG picture.",
            param,
            "invalid_image_file",
        )
    return facts.size


def _check_mask(mask: Upload | None, image: Upload) -> None:
    from classroom.media import picture  # here: few ask for pictures

    if mask is None:
        return
    size = _check_picture(mask, "mask", _MAX_MASK)
    if picture.measure(mask.content).format != "png":
        raise errors.invalid("Invalid mask: expected a PNG picture.", "mask", "invalid_image_file")
    if size != picture.measure(image.content).size:
        raise errors.invalid(
            "Invalid mask: it must have the same width and height as the image.", "mask", "invalid_image_file"
        )
    if not picture.measure(mask.content).transparent:
        raise errors.invalid(
            "Invalid mask: it has no transparent area, so nothing would be edited.",
            "mask",
            "invalid_image_file",
        )


def _answer(
    standin: StandIn,
    asked: Asked,
    model: Model,
    pictures: list[bytes],
    size: tuple[int, int],
    kind: str,
    *,
    given: int,
) -> Answer:
    body = asked.body
    prompt = body.get("prompt") or ""
    media_type = f"image/{body.get('output_format') or 'png'}"
    outputs = tuple(Output("image", media_type, content) for content in pictures)
    for content in pictures:
        vision.remember(standin, content, prompt)
    if model.answers_with_url:
        return Answer(
            data={"created": CREATED, "data": _legacy_data(standin, asked, pictures, media_type)},
            outputs=outputs,
            usage=Usage(model.id, {"output_images": len(pictures)}),
        )
    quality = body.get("quality") if body.get("quality") in _TOKENS else "high"
    usage = _usage(prompt, str(quality), size[0] * size[1], len(pictures), given)
    facts = {
        "background": "transparent" if body.get("background") == "transparent" else "opaque",
        "output_format": body.get("output_format") or "png",
        "quality": quality if quality in ("low", "medium", "high") else "high",
        "size": f"{size[0]}x{size[1]}",
        "usage": usage,
    }
    billed = Usage(
        model.id,
        {
            "input_tokens": usage["input_tokens"],
            "input_image_tokens": usage["input_tokens_details"]["image_tokens"],
            "output_tokens": usage["output_tokens"],
            **({"output_image_tokens": usage["output_tokens"]} if model.bills_pictures_apart else {}),
        },
    )
    if body.get("stream"):
        partial = body.get("partial_images") or 0
        events = frames(_events(pictures, facts, partial, kind), named=True, done=False)
        return Answer(events=events, media_type="text/event-stream", outputs=outputs, usage=billed)
    data = [{"b64_json": _base64(content)} for content in pictures]
    return Answer(data={"created": CREATED, **facts, "data": data}, outputs=outputs, usage=billed)


def _legacy_data(
    standin: StandIn, asked: Asked, pictures: list[bytes], media_type: str
) -> list[dict[str, Any]]:
    """What the retired models answered: addresses, unless base64 was asked for."""
    revised = {"revised_prompt": asked.body["prompt"]} if asked.body.get("prompt") else {}
    if asked.body.get("response_format") == "b64_json":
        return [{"b64_json": _base64(content), **revised} for content in pictures]
    out = []
    for content in pictures:
        name = f"{hashlib.sha256(content).hexdigest()[:32]}.{media_type.partition('/')[2]}"
        standin.published.put(name, (content, media_type))
        out.append({"url": f"{asked.base_url}/pictures/{name}", **revised})
    return out


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode()


def _usage(prompt: str, quality: str, pixels: int, count: int, given: int) -> dict[str, Any]:
    words = text.count_tokens(prompt)
    seen = given * _TOKENS_OF_INPUT
    drawn = count * max(1, round(_TOKENS[quality] * pixels / _SQUARE))
    return {
        "input_tokens": words + seen,
        "input_tokens_details": {"text_tokens": words, "image_tokens": seen},
        "output_tokens": drawn,
        "output_tokens_details": {"text_tokens": 0, "image_tokens": drawn},
        "total_tokens": words + seen + drawn,
    }


def _events(
    pictures: list[bytes], facts: Mapping[str, Any], partial: int, kind: str
) -> Iterator[Mapping[str, Any]]:
    from classroom.media import picture  # here: few ask for pictures

    plain = {name: value for name, value in facts.items() if name != "usage"} | {"created_at": CREATED}
    for content in pictures:
        for index in range(partial):
            yield {
                "type": f"{kind}.partial_image",
                "partial_image_index": index,
                "b64_json": _base64(picture.preview(content, step=index + 1, steps=partial + 1)),
                **plain,
            }
        yield {"type": f"{kind}.completed", "b64_json": _base64(content), "usage": facts["usage"], **plain}


OPERATIONS = (
    Operation("POST", "images/generations", generate, "json", "images/generations", slow=True),
    Operation("POST", "images/edits", edit, "form", "images/edits", slow=True),
    Operation(
        "POST",
        "images/variations",
        vary,
        "form",
        "images/variations",
        slow=True,
        retired=Retired("2026-05-12", "/v1/images/edits with a GPT image model"),
    ),
)
