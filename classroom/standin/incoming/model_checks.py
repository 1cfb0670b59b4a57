"""Strictness about models: which there are, and what each of them takes."""

from collections.abc import Mapping
from typing import Any

from classroom.standin.incoming import errors
from classroom.standin.incoming.checks import check_choice, check_length
from classroom.standin.models.catalogue import Catalogue, Kind, Model

# parameters that reasoning models take at their default alone
_SAMPLING: Mapping[str, float | bool] = {
    "temperature": 1,
    "top_p": 1,
    "presence_penalty": 0,
    "frequency_penalty": 0,
    "logprobs": False,
    "top_logprobs": 0,
}


def check_lifetime(catalogue: Catalogue, name: Any, *, legacy: bool) -> None:
    """Raises 404 for a model that was retired, before anything else of the request is looked at."""
    model = catalogue.models.get(name) if isinstance(name, str) else None
    if model is not None and model.is_retired(catalogue.as_of) and not legacy:
        raise errors.retired_model(model.id, str(model.shutdown), model.replacement)


def find_model(catalogue: Catalogue, name: str, kind: Kind, *, legacy: bool) -> Model:
    """The model asked for.

    Raises:
        APIError: 404 `model_not_found` if unknown or retired (retired ones answer under `legacy`),
            400 if it is of another kind.
    """
    model = catalogue.models.get(name)
    if name in catalogue.unsupported:
        raise errors.unsupported_model(name)
    if model is None:
        raise errors.unknown_model(name)
    if model.is_retired(catalogue.as_of) and not legacy:
        raise errors.retired_model(name, str(model.shutdown), model.replacement)
    if model.kind != kind:
        raise errors.invalid(
            f"The model '{name}' is {_A[model.kind]}; this endpoint needs {_A[kind]}.",
            "model",
            "invalid_value",
        )
    return model


_A: Mapping[Kind, str] = {
    "chat": "a text model",
    "completion": "a model for /completions",
    "image": "an image model",
    "speech": "a speech model",
    "transcription": "a transcription model",
    "embedding": "an embedding model",
    "moderation": "a moderation model",
    "realtime": "a model for /realtime",
    "other": "a model that the stand-in has no endpoint for",
}


def check_sampling(model: Model, body: Mapping[str, Any]) -> None:
    """Reasoning models take no sampling parameters, and count tokens by `max_completion_tokens`."""
    if model.sampling:
        return
    if body.get("max_tokens") is not None:
        raise errors.invalid(
            "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
            "max_tokens",
            "unsupported_parameter",
        )
    if body.get("stop"):
        raise errors.invalid(
            "Unsupported parameter: 'stop' is not supported with this model.", "stop", "unsupported_parameter"
        )
    for name in _SAMPLING:
        value, default = body.get(name), _SAMPLING[name]
        if value is not None and (value != default or isinstance(value, bool) != isinstance(default, bool)):
            raise errors.invalid(
                f"Unsupported value: '{name}' does not support {value} with this model. "
                f"Only the default ({default}) is supported.",
                name,
                "unsupported_value",
            )


def check_context(model: Model, tokens: int, param: str) -> None:
    """Raises 400 `context_length_exceeded` when the input alone fills the model's context."""
    if tokens > model.context:
        raise errors.invalid(
            f"This model's maximum context length is {model.context} tokens, but the input has {tokens}. "
            "Shorten the input.",
            param,
            "context_length_exceeded",
        )


def parse_size(catalogue: Catalogue, model: Model, size: str) -> tuple[int, int]:
    """Width and height in pixels; "auto" is the first standard size.

    Raises:
        APIError: 400 for a size that the model doesn't draw.
    """
    if size == "auto" and not model.answers_with_url:
        size = model.sizes[0]
    width, _, height = size.partition("x")
    if size in model.sizes:
        return int(width), int(height)
    if not model.any_size:
        listed = ", ".join(f"'{choice}'" for choice in (*model.sizes, "auto"))
        raise errors.invalid(
            f"Invalid value: '{size}'. Supported values are: {listed}.", "size", "invalid_value"
        )
    if not (
        width.isascii() and width.isdigit() and height.isascii() and height.isdigit() and len(size) <= 11
    ):
        raise errors.invalid(
            f"Invalid size '{size}'. Expected WIDTHxHEIGHT, for example 1536x864.", "size", "invalid_value"
        )
    wide, high = int(width), int(height)
    long, short = max(wide, high), min(wide, high)
    largest = catalogue.largest_size
    problem = None
    if short == 0 or wide % catalogue.size_step or high % catalogue.size_step:
        problem = f"Width and height must both be divisible by {catalogue.size_step}."
    elif long > catalogue.widest_ratio * short:
        problem = "The aspect ratio must be between 1:3 and 3:1."
    elif long > max(largest) or short > min(largest):
        problem = f"The maximum supported resolution is {largest[0]}x{largest[1]}."
    if problem:
        raise errors.invalid(f"Invalid size '{size}'. {problem}", "size", "invalid_value")
    return wide, high


def check_image_options(model: Model, body: Mapping[str, Any]) -> None:
    """Options of an image that exclude each other."""
    output_format = body.get("output_format") or "png"
    if body.get("background") == "transparent" and output_format not in ("png", "webp"):
        raise errors.invalid(
            "Transparent background is not supported for JPEG output format. Use 'png' or 'webp'.",
            "background",
            "invalid_value",
        )
    if body.get("output_compression") not in (None, 100) and output_format == "png":
        raise errors.invalid(
            "Compression less than 100 is not supported for PNG output format. Use 'webp' or 'jpeg'.",
            "output_compression",
            "invalid_value",
        )
    if body.get("partial_images") is not None and not body.get("stream"):
        raise errors.invalid("'partial_images' needs 'stream' to be true.", "partial_images", "invalid_value")
    prompt = body["prompt"]
    if len(prompt) > model.max_prompt:
        check_length(prompt, None, model.max_prompt, "prompt")


def check_voice(model: Model, voice: Any, *, lenient: bool = False, param: str = "voice") -> str:
    """The voice's name; a custom voice's identifier is taken as it is, and so is any name by a lenient stand-in.

    Raises:
        APIError: 400 for a voice that the model doesn't have.
    """
    if isinstance(voice, dict):
        if not isinstance(voice.get("id"), str):
            raise errors.invalid(
                f"Missing required parameter: '{param}.id'.", f"{param}.id", "missing_required_parameter"
            )
        return str(voice["id"])
    if not lenient:
        check_choice(voice, model.voices, param)
    return str(voice)


# what a model that only goes on with words can't do
_BEYOND_WORDS = ("tools", "functions", "response_format", "audio", "web_search_options", "reasoning_effort")


def check_words_alone(model: Model, body: Mapping[str, Any]) -> None:
    """The n-gram model goes on with words: it has no tools, no format and no thoughts.

    Raises:
        APIError: 400 `unsupported_parameter`.
    """
    if not model.ngrams:
        return
    asked = [name for name in _BEYOND_WORDS if body.get(name)]
    asked += ["reasoning"] if (body.get("reasoning") or {}).get("effort") else []
    if (body.get("response_format") or {}).get("type") == "text":
        asked.remove("response_format")
    if ((body.get("text") or {}).get("format") or {}).get("type", "text") != "text":
        asked.append("text.format")
    if asked:
        raise errors.invalid(
            f"Unsupported parameter: '{asked[0]}' is not supported with this model.",
            asked[0],
            "unsupported_parameter",
        )
