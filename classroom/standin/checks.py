"""Strictness: what the real API would refuse is refused here, in its words.

Each check takes the parsed body and raises `APIError`; the bounds come from `catalogue.toml`.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from classroom.standin import errors
from classroom.standin.catalogue import Catalogue, Kind, Model, Parameter, Rules
from classroom.standin.operations import Upload

_ROLES = ("developer", "system", "user", "assistant", "tool", "function")
_NAMES = {
    "string": "a string",
    "integer": "an integer",
    "number": "a decimal",
    "boolean": "a boolean",
    "array": "an array",
    "object": "an object",
    "null": "null",
    "file": "a file",
}
# parameters that reasoning models take at their default alone
_SAMPLING: Mapping[str, float | bool] = {
    "temperature": 1,
    "top_p": 1,
    "presence_penalty": 0,
    "frequency_penalty": 0,
    "logprobs": False,
    "top_logprobs": 0,
}


def json_type(value: Any) -> str:
    """The JSON name of a parsed value's type; a whole number is an "integer", an upload a "file"."""
    match value:
        case Upload():
            return "file"
        case None:
            return "null"
        case bool():
            return "boolean"
        case int():
            return "integer"
        case float():
            return "number"
        case str():
            return "string"
        case list():
            return "array"
        case _:
            return "object"


def _check_type(parameter: Parameter, value: Any, param: str) -> None:
    got = json_type(value)
    fits = got in parameter.types or (got == "integer" and "number" in parameter.types)
    if not fits:
        expected = " or ".join(_NAMES[name] for name in parameter.types)
        raise errors.invalid(
            f"Invalid type for '{param}': expected {expected}, but got {_NAMES[got]} instead.",
            param,
            "invalid_type",
        )


def _check_range(parameter: Parameter, value: float, param: str) -> None:
    kind = "integer" if "integer" in parameter.types else "decimal"
    if parameter.max is not None and value > parameter.max:
        raise errors.invalid(
            f"Invalid '{param}': {kind} above maximum value. "
            f"Expected a value <= {parameter.max:g}, but got {value:g} instead.",
            param,
            f"{kind}_above_max_value",
        )
    # written so that NaN, which compares as false, is refused too
    if parameter.min is not None and not value >= parameter.min:
        raise errors.invalid(
            f"Invalid '{param}': {kind} below minimum value. "
            f"Expected a value >= {parameter.min:g}, but got {value:g} instead.",
            param,
            f"{kind}_below_min_value",
        )


def _check_length(
    value: str | list[Any] | dict[str, Any], low: int | None, high: int | None, param: str
) -> None:
    kind = json_type(value)
    if low is not None and len(value) < low:
        code = "empty_array" if kind == "array" else f"{kind}_below_min_length"
        raise errors.invalid(
            f"Invalid '{param}': {kind} too short. Expected {_NAMES[kind]} with minimum length {low}, "
            f"but got one with length {len(value)} instead.",
            param,
            code,
        )
    if high is not None and len(value) > high:
        raise errors.invalid(
            f"Invalid '{param}': {kind} too long. Expected {_NAMES[kind]} with maximum length {high}, "
            f"but got one with length {len(value)} instead.",
            param,
            f"{kind}_above_max_length",
        )


def _check_choice(value: Any, choices: tuple[str, ...], param: str) -> None:
    if value not in choices:
        listed = ", ".join(f"'{choice}'" for choice in choices)
        raise errors.invalid(
            f"Invalid value: '{value}'. Supported values are: {listed}.", param, "invalid_value"
        )


def _check_value(parameter: Parameter, value: Any, *, legacy: bool) -> None:
    _check_type(parameter, value, parameter.name)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        _check_range(parameter, value, parameter.name)
    if isinstance(value, (str, list, dict)):
        _check_length(value, parameter.min_length, parameter.max_length, parameter.name)
    if isinstance(value, list):
        _check_length(value, None, parameter.max_items, parameter.name)
    if parameter.choices:
        _check_choice(value, parameter.choices + (parameter.legacy_choices if legacy else ()), parameter.name)


def check_shapes(rules: Rules, body: Mapping[str, Any]) -> dict[str, Any]:
    """What a lenient stand-in checks: required parameters are there, known ones are of their type.

    Returns:
        The body, filled up with empty texts and lists where the SDK's types let a required parameter be left out.

    Raises:
        APIError: 400 `missing_required_parameter` or `invalid_type`.
    """
    _check_required([parameter for parameter in rules.required if not parameter.optional_in_sdk], body)
    for name, value in body.items():
        if value is not None and name in rules:
            _check_type(rules[name], value, name)
    assumed = {
        name: ""
        for name, parameter in rules.items()
        if parameter.optional_in_sdk
        and body.get(name) is None
        and "string" in parameter.types
        and name != "model"
    }
    return {**body, **assumed}


def _check_required(required: Iterable[Parameter], body: Mapping[str, Any]) -> None:
    for parameter in required:
        if body.get(parameter.name) is not None or ("null" in parameter.types and parameter.name in body):
            continue
        raise errors.invalid(
            f"Missing required parameter: '{parameter.name}'.",
            parameter.name,
            "missing_required_parameter",
        )


def check_parameters(rules: Rules, body: Mapping[str, Any], *, legacy: bool = False) -> None:
    """Raises 400 for an unknown, missing, ill-typed or out-of-range parameter."""
    for name in body:
        parameter = rules.get(name)
        if parameter is None or (parameter.legacy and not legacy):
            raise errors.invalid(f"Unknown parameter: '{name}'.", name, "unknown_parameter")
        if parameter.preview:
            raise errors.invalid(
                f"'{name}' belongs to a preview that this organization has no access to.",
                name,
                "unsupported_parameter",
            )
    _check_required(rules.required, body)
    for name, value in body.items():
        if value is not None:
            _check_value(rules[name], value, legacy=legacy)


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
    for name in _SAMPLING:
        value, default = body.get(name), _SAMPLING[name]
        if value is not None and (value != default or isinstance(value, bool) != isinstance(default, bool)):
            raise errors.invalid(
                f"Unsupported value: '{name}' does not support {value} with this model. "
                f"Only the default ({default}) is supported.",
                name,
                "unsupported_value",
            )


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


def _check_parts(parts: list[Any], param: str) -> None:
    if not parts:
        raise errors.invalid(
            f"Invalid '{param}': empty array. Expected at least one content part.", param, "empty_array"
        )
    for index, part in enumerate(parts):
        if not isinstance(part, dict):
            raise errors.invalid(
                f"Invalid type for '{param}[{index}]': expected an object, but got {_NAMES[json_type(part)]} instead.",
                f"{param}[{index}]",
                "invalid_type",
            )
        if not isinstance(part.get("type"), str):
            raise errors.invalid(
                f"Missing required parameter: '{param}[{index}].type'.",
                f"{param}[{index}].type",
                "missing_required_parameter",
            )


def check_messages(messages: list[Any], param: str = "messages") -> None:
    """Raises 400 for a message that isn't an object with a known role and content, naming its place."""
    for index, message in enumerate(messages):
        at = f"{param}[{index}]"
        if not isinstance(message, dict):
            raise errors.invalid(
                f"Invalid type for '{at}': expected an object, but got {_NAMES[json_type(message)]} instead.",
                at,
                "invalid_type",
            )
        role = message.get("role")
        if role is None:
            raise errors.invalid(
                f"Missing required parameter: '{at}.role'.", f"{at}.role", "missing_required_parameter"
            )
        _check_choice(role, _ROLES, f"{at}.role")
        content = message.get("content")
        if content is None and role == "assistant":
            continue  # an assistant's turn may hold tool calls alone
        if content is None:
            raise errors.invalid(
                f"Missing required parameter: '{at}.content'.", f"{at}.content", "missing_required_parameter"
            )
        if isinstance(content, list):
            _check_parts(content, f"{at}.content")
        elif not isinstance(content, str):
            raise errors.invalid(
                f"Invalid type for '{at}.content': expected a string or an array, "
                f"but got {_NAMES[json_type(content)]} instead.",
                f"{at}.content",
                "invalid_type",
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
        _check_length(prompt, None, model.max_prompt, "prompt")


def check_voice(model: Model, voice: Any, *, lenient: bool = False) -> str:
    """The voice's name; a custom voice's identifier is taken as it is, and so is any name by a lenient stand-in.

    Raises:
        APIError: 400 for a voice that the model doesn't have.
    """
    if isinstance(voice, dict):
        if not isinstance(voice.get("id"), str):
            raise errors.invalid(
                "Missing required parameter: 'voice.id'.", "voice.id", "missing_required_parameter"
            )
        return str(voice["id"])
    if not lenient:
        _check_choice(voice, model.voices, "voice")
    return str(voice)
