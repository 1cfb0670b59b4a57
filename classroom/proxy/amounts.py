"""What a request may cost at most, and what it did cost, in billionths of a dollar.

At most: every byte of a text is a token of its own at worst; an answer is as long as it may be. What has no price is refused.
"""

import json
import math
from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from typing import Any

from classroom.proxy.events import NANO
from classroom.standin.costs import Usage, cost_of

DEFAULT_ANSWER = 16_384  # tokens of an answer whose length nobody bounds: it is bounded so where money is
_PICTURE_IN = 6_000  # tokens of a picture that is shown to a model, at most
_PICTURE_OUT = 16_000  # tokens of a picture that a model draws, at most
_FILE_IN = 200_000
_PER_MESSAGE = 32
_STEP = 1_000  # units by which a price is asked for once; the price list has no step below that

LENGTH = {
    "chat/completions": ("max_completion_tokens", "max_tokens"),
    "completions": ("max_tokens",),
    "responses": ("max_output_tokens",),
}


@cache
def _price(model: str, unit: str) -> Decimal:
    """Of one unit, in dollars.

    Raises:
        Unpriced: it is not known.
    """
    units: dict[str, int | float] = {unit: _STEP}
    if unit == "output_image_tokens":
        units["output_tokens"] = _STEP
    if unit in ("input_image_tokens", "input_audio_tokens"):
        units["input_tokens"] = _STEP
    if unit == "audio_seconds":
        units["input_audio_seconds"] = _STEP
    return cost_of(Usage(model, units)) / _STEP


def cost(model: str, units: Mapping[str, int | float]) -> int:
    """What a call cost, rounded up.

    Raises:
        Unpriced: the model, or one of the units, has no known price.
    """
    used = {name: amount for name, amount in units.items() if amount}
    if not used:
        return 0
    if set(used) <= {"input_tokens", "output_tokens"} and max(used.values()) < 100_000:
        price = sum((_price(model, unit) * Decimal(amount) for unit, amount in used.items()), Decimal(0))
    else:
        price = cost_of(Usage(model, used))
    return math.ceil(price * NANO)


def longest(route: str, body: Mapping[str, Any]) -> tuple[str, int] | None:
    """The parameter that bounds the answer, and its value; None if there is none."""
    for name in LENGTH.get(route, ()):
        value = body.get(name)
        if isinstance(value, int) and not isinstance(value, bool):
            return name, value
    return None


def most(route: str, body: Mapping[str, Any], model: str) -> int:
    """What a JSON request may cost at most.

    Raises:
        Unpriced: its model has no known price.
    """
    words = _tokens({name: value for name, value in body.items() if name != "model"})
    if route == "embeddings":
        return cost(model, {"input_tokens": words})
    if route == "images/generations":
        count = _count(body)
        return _dearest(
            model,
            {"input_tokens": words, "output_tokens": _PICTURE_OUT * count},
            {
                "input_tokens": words,
                "output_tokens": _PICTURE_OUT * count,
                "output_image_tokens": _PICTURE_OUT * count,
            },
            {"output_images": count},
        )
    if route == "audio/speech":
        characters = len(str(body.get("input", "")))
        return _dearest(
            model,
            {"input_characters": characters},
            # a token of sound is a twentieth of a second, and a letter takes a tenth at most
            {"input_tokens": characters + _PER_MESSAGE, "output_tokens": 2 * characters + 200},
        )
    bound = longest(route, body)
    answer = bound[1] if bound else DEFAULT_ANSWER
    return cost(model, {"input_tokens": words, "output_tokens": max(1, answer) * _count(body)})


def most_of_sound(model: str, seconds: float) -> int:
    """What listening may cost at most.

    Raises:
        Unpriced: the model has no known price.
    """
    whole = math.ceil(seconds) + 1
    tokens = 25 * whole + 500
    return _dearest(
        model,
        {"audio_seconds": whole, "input_audio_seconds": whole},
        {"input_tokens": tokens, "input_audio_tokens": tokens, "output_tokens": tokens},
    )


def most_of_pictures(model: str, prompt: str, pictures: int, count: int) -> int:
    """What editing pictures may cost at most.

    Raises:
        Unpriced: the model has no known price.
    """
    shown, drawn = _PICTURE_IN * pictures, _PICTURE_OUT * count
    words = len(prompt.encode()) + _PER_MESSAGE + shown
    return _dearest(
        model,
        {"input_tokens": words, "input_image_tokens": shown, "output_tokens": drawn},
        {
            "input_tokens": words,
            "input_image_tokens": shown,
            "output_tokens": drawn,
            "output_image_tokens": drawn,
        },
    )


def _dearest(model: str, *ways: Mapping[str, int | float]) -> int:
    """By whichever of several ways the model is billed: the dearest that has a price.

    Raises:
        Unpriced: none has.
    """
    from classroom.standin.costs import Unpriced

    found, last = [], None
    for units in ways:
        try:
            found.append(cost(model, units))
        except Unpriced as error:
            last = error
    if not found:
        assert last is not None
        raise last
    return max(found)


def _count(body: Mapping[str, Any]) -> int:
    value = body.get("n")
    return value if isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= 128 else 1


def _tokens(value: Any) -> int:
    """The most tokens that a part of a request can be."""
    if isinstance(value, str):
        return _PICTURE_IN if value.startswith("data:") else len(value.encode())
    if isinstance(value, Mapping):
        more = {
            "image_url": _PICTURE_IN,
            "input_image": _PICTURE_IN,
            "input_file": _FILE_IN,
            "file": _FILE_IN,
        }
        return more.get(str(value.get("type")), _PER_MESSAGE) + sum(
            len(str(name)) + _tokens(inner) for name, inner in value.items()
        )
    if isinstance(value, list):
        return sum(_tokens(inner) for inner in value)
    return 8


def units(route: str, usage: Any) -> dict[str, int | float] | None:
    """What an answer says that it used, by the price list's names; None if it says nothing that can be read."""
    if not isinstance(usage, Mapping):
        return None
    if usage.get("type") == "duration":
        seconds = usage.get("seconds")
        return _numbers({"audio_seconds": seconds, "input_audio_seconds": seconds})
    told: dict[str, Any] = {
        "input_tokens": usage.get("prompt_tokens", usage.get("input_tokens")),
        "output_tokens": usage.get("completion_tokens", usage.get("output_tokens", 0)),
    }
    details = usage.get("input_tokens_details") or usage.get("input_token_details") or {}
    cached = (usage.get("prompt_tokens_details") or details or {}).get("cached_tokens")
    if cached:
        told["cache_read_tokens"] = cached
    if route.startswith("images/"):
        told["input_image_tokens"] = details.get("image_tokens", 0)
    if route.startswith("audio/tran"):
        told["input_audio_tokens"] = details.get("audio_tokens", 0)
    return _numbers(told)


def _numbers(told: Mapping[str, Any]) -> dict[str, int | float] | None:
    if any(
        isinstance(value, bool) or not isinstance(value, (int, float)) or value < 0 for value in told.values()
    ):
        return None
    return {name: value for name, value in told.items() if value}


def charged(route: str, model: str, used: Mapping[str, int | float]) -> int:
    """What a call cost by what its answer says; pictures by the way in which their model is billed.

    Raises:
        Unpriced: no way has a price.
    """
    if route.startswith("images/"):
        apart = {**used, "output_image_tokens": used.get("output_tokens", 0)}
        return _dearest(model, used, apart)
    return cost(model, used)


def usage_in(content: bytes) -> Any:
    """The usage in a JSON answer."""
    try:
        value = json.loads(content)
    except (ValueError, RecursionError):
        return None
    return value.get("usage") if isinstance(value, dict) else None
