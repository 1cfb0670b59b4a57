"""The highest price that a request can reach, in billionths of a dollar, from what was counted while it was read.

At most: every byte of a text is a token of its own at worst; an answer is as long as it may be. What has no price is refused.
"""

import math
import re
from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from typing import Any

from classroom.proxy import fields
from classroom.proxy.fields.tally import Tally
from classroom.proxy.prices import keeping
from classroom.proxy.rules.events import NANO
from classroom.standin.models.costs import Unpriced, Usage, cost_of

DEFAULT_ANSWER = 16_384  # tokens of an answer whose length nobody bounds: it is bounded so
USUAL_COMPLETION = 16  # tokens; of /completions, where a request does not say
_PICTURE_IN = (
    50_000  # tokens of a picture that is shown to a model; gpt-4o-mini counts 48,169 for the largest
)
_SMALL_PICTURE_IN = 3_000  # with detail "low"; gpt-4o-mini counts 2,833
_EDITED_IN = 20_000  # tokens of a picture that is drawn over
_PICTURE_OUT = 16_000  # tokens of a picture that a model draws, of the usual sizes
_PER_SQUARE = 10_000  # of larger ones, for each 1024 x 1024
_PLANNED = 25_000  # tokens that a model may think before it draws
_PARTIAL = 200
_SECOND = 25  # tokens of a second of sound
_SEARCHED = 128_000  # tokens that a search may put into the prompt
_OVERHEAD = 256  # what an upstream may put before a prompt by itself
_WINDOW = 1_050_000  # tokens: the longest prompt of any model
_WINDOWS = (
    ("gpt-4o", 128_000),  # ends on purpose: the instructor who offers it pays for it
    ("gpt-4-turbo", 128_000),  # ends on purpose
    ("gpt-5.4-mini", 400_000),
    ("gpt-5.4-nano", 400_000),  # ends on purpose
)
_STEP = 1_000  # units by which a price is asked for once
_LONG = 100_000  # tokens; the price list has no step below that
_DEAREST_TIER = Decimal("2.5")  # "priority" costs 1.7 to 2.5 times as much, by model
# each call of these costs extra, by units that no answer tells; or they answer over other protocols
_CHARGED_OTHERWISE = re.compile(r"search|deep-research|computer-use|realtime|-live|^gpt-live")
_SHORT_ANSWERS = re.compile(
    r"(?P<small>gpt-4(?:-0314|-0613)?$)|gpt-3\.5|gpt-4-turbo|gpt-4-32k|gpt-4-.*preview|gpt-4o-2024-05-13"
)

LENGTH = {
    "chat/completions": ("max_completion_tokens", "max_tokens"),
    "completions": ("max_tokens",),
    "responses": ("max_output_tokens",),
}


@cache
def _price(model: str, *units: str) -> Decimal | None:
    """Of one unit, in dollars, or of one that is counted under several names; None where the list has no price for it alone."""
    try:
        return cost_of(Usage(model, dict.fromkeys(units, _STEP))) / _STEP
    except Unpriced:
        return None


def _by_unit(model: str, used: Mapping[str, int | float]) -> Decimal | None:
    """The price where it grows by the unit, from prices that were asked for once; None where the list has to be asked."""
    written = used.get("cache_write_tokens")
    if (
        not set(used) <= {"input_tokens", "output_tokens", "cache_write_tokens"}
        or max(used.values()) >= _LONG
    ):
        return None
    if written is None:
        prices = [(_price(model, unit), amount) for unit, amount in used.items()]
    elif written == used.get("input_tokens"):
        prices = [(_price(model, "input_tokens", "cache_write_tokens"), written)]
        if "output_tokens" in used:
            prices.append((_price(model, "output_tokens"), used["output_tokens"]))
    else:
        return None
    total = Decimal(0)
    for price, amount in prices:
        if price is None:
            return None
        total += price * Decimal(amount)
    return total


def cost(model: str, units: Mapping[str, int | float]) -> int:
    """What a call cost, rounded up.

    Raises:
        Unpriced: the model, or one of the units, has no known price.
    """
    used = {name: amount for name, amount in units.items() if amount}
    if not used:
        return 0
    price = _by_unit(model, used)
    if price is None:
        price = cost_of(Usage(model, used))
    return math.ceil(price * NANO)


def dearest(model: str, *ways: Mapping[str, int | float]) -> int:
    """By whichever of several ways the model is billed: the dearest that has a price.

    Raises:
        Unpriced: none has.
    """
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


def usual_answer(model: str) -> int:
    """Tokens to which an answer is bounded where the request does not say: no more than the model takes."""
    short = _SHORT_ANSWERS.match(model)
    if short is None:
        return DEFAULT_ANSWER
    return 2048 if short["small"] else 4096


def most(route: str, body: Mapping[str, Any], model: str) -> int:
    """What a JSON request may cost at most.

    Raises:
        APIError: 400, it is none.
        Unpriced: its model has no known price.
    """
    tally = Tally()
    return reckon(route, fields.read(route, body, tally), tally, model)


def reckon(
    route: str, body: Mapping[str, Any], tally: Tally, model: str, *, seconds: float = 0, stored: int = 0
) -> int:
    """What a request may cost at most.

    Args:
        route: one of `classroom.proxy.fields.ROUTES`.
        body: as it was read.
        tally: what was counted meanwhile.
        model: the upstream's name.
        seconds: how long its recordings are.
        stored: tokens of what the upstream stored before and reads again.

    Raises:
        Unpriced: its model, or something that it asks for, has no known price.
    """
    if _CHARGED_OTHERWISE.search(model):
        raise Unpriced(model, " by the call")
    text = tally.text + _OVERHEAD
    if route == "moderations":
        return cost(model, {"input_tokens": text})
    if route == "embeddings":
        return cost(model, {"input_tokens": text})
    if route.startswith("images/"):
        return _drawing(model, body, text, _EDITED_IN * tally.pictures)
    if route == "audio/speech":
        return _speaking(model, body, text)
    if route.startswith("audio/"):
        return _listening(model, text, seconds)
    if route == "completions":
        answers = max(body.get("n", 1), body.get("best_of", 1)) * tally.prompts
        length = body.get("max_tokens", USUAL_COMPLETION)
        return cost(model, {"input_tokens": text, "output_tokens": max(1, length) * answers})
    return _talking(route, model, body, tally, text + stored, seconds)


def of_input(
    route: str, body: Mapping[str, Any], tally: Tally, model: str, *, seconds: float = 0, stored: int = 0
) -> int | None:
    """What the input of a request may cost at most, without any answer; arguments as of `reckon`.

    None: its answer is not counted by its length, or the upstream may work on what nobody sees, such as searches.
    """
    if route not in LENGTH or tally.calls:
        return None
    silent = {**body, **dict.fromkeys(LENGTH[route], 0), "n": 1, "best_of": 1}
    return reckon(route, silent, tally, model, seconds=seconds, stored=stored)


def broken_off(model: str, body: Mapping[str, Any], given: int, letters: int, sound: int) -> int:
    """What a stream cost that broke off, by what came of it.

    Args:
        model: the upstream's name.
        body: the request.
        given: what its input may cost at most.
        letters: bytes of text that came; a token has one at least.
        sound: bytes of sound that came, 24 kHz and 16 bits.

    Raises:
        Unpriced: it has no known price.
    """
    heard = math.ceil(sound / 48_000 * _SECOND)
    units: dict[str, int | float] = {"output_tokens": letters + heard}
    if heard:
        units["output_audio_tokens"] = heard
    return given + tier(cost(model, units), body.get("service_tier"))


def _talking(
    route: str, model: str, body: Mapping[str, Any], tally: Tally, given: int, seconds: float
) -> int:
    given += _beside_text(tally, model)
    if tally.calls:
        given = given * (tally.calls + 1) + found_by(tally)
    bound = [body[name] for name in LENGTH[route] if name in body]
    made = max(bound, default=usual_answer(model)) * body.get("n", 1)
    made += tally.predicted * body.get("n", 1)
    heard = math.ceil(seconds * _SECOND) + (50 if seconds else 0)
    units: dict[str, int | float] = {"input_tokens": given + heard, "output_tokens": made}
    if tally.calls and tally.searches_web:
        units["web_searches"] = tally.calls
    if heard or "audio" in body.get("modalities", ()):
        _want_price_of_sound(model)
        # earlier turns are stored as sound, and read as sound again
        units |= {"input_audio_tokens": given + heard, "output_audio_tokens": made}
        most = cost(model, units)
    else:
        # newer models charge more for what they keep in their cache than for reading it
        most = dearest(model, units, {**units, "cache_write_tokens": given})
    searches = (tally.calls or 0) * keeping.SEARCH if tally.found else 0
    return tier(most, body.get("service_tier")) + searches


def _beside_text(tally: Tally, model: str) -> int:
    """Tokens of pictures and files that a model is shown."""
    shown = _PICTURE_IN * tally.pictures + _SMALL_PICTURE_IN * tally.small_pictures
    return shown + (_window(model) if tally.files else 0)


def found_by(tally: Tally) -> int:
    """Tokens of all that the upstream's own searches find, at most."""
    return max(_SEARCHED if tally.searches_web else 0, tally.found) * (tally.calls or 0)


def length_of(tally: Tally, model: str = "") -> int:
    """Tokens of all that a request says and shows, at most.

    Args:
        tally: what was counted while it was read.
        model: that reads it; any, if it is not known.
    """
    return tally.text + _beside_text(tally, model)


def tier(amount: int, name: str | None) -> int:
    """An amount of the usual tier in another one; "flex" costs less, and is counted as the usual one."""
    return math.ceil(amount * _DEAREST_TIER) if name in ("priority", "fast") else amount


def _window(model: str) -> int:
    return next((size for name, size in _WINDOWS if model.startswith(name)), _WINDOW)


def _want_price_of_sound(model: str) -> None:
    """A model whose sound the price list has no price for would be charged as text.

    Raises:
        Unpriced: it has none.
    """
    for side in ("input", "output"):
        apart = cost(model, {f"{side}_tokens": _STEP, f"{side}_audio_tokens": _STEP})
        if apart <= cost(model, {f"{side}_tokens": _STEP}):
            raise Unpriced(model, " by sound")


def _drawing(model: str, body: Mapping[str, Any], text: int, shown: int) -> int:
    count = body.get("n", 1)
    if body.get("output_format") == "gif" or "frame_count" in body:
        count *= body.get("frame_count", 16)
    drawn = (_size(body) + _PARTIAL * body.get("partial_images", 0)) * count
    if "complexity" in body:
        drawn += _PLANNED * count
    units: dict[str, int | float] = {"input_tokens": text + shown, "output_tokens": drawn}
    if shown:
        units["input_image_tokens"] = shown
    return dearest(model, units, {**units, "output_image_tokens": drawn}, {"output_images": count})


def _size(body: Mapping[str, Any]) -> int:
    """Tokens of one picture: the guide's table by size, with a margin; better qualities than "high" by another."""
    width, _, height = body.get("size", "auto").partition("x")
    squares = int(width) * int(height) / 1024**2 if height else 1
    tokens = max(_PICTURE_OUT, math.ceil(squares * _PER_SQUARE))
    return tokens * 3 if body.get("quality") in ("xhigh", "max") else tokens


def _speaking(model: str, body: Mapping[str, Any], text: int) -> int:
    characters = len(body["input"])
    slow = 1 / min(1.0, max(0.25, body.get("speed", 1.0)))
    # a letter takes a fifteenth of a second, and a fifth where someone speaks very slowly
    spoken = math.ceil((characters / 5 + 10) * _SECOND * slow)
    return dearest(model, {"input_characters": characters}, {"input_tokens": text, "output_tokens": spoken})


@cache
def is_charged_by_letters(model: str) -> bool:
    """Whether speech of this model is charged by the letters of its text."""
    try:
        return cost(model, {"input_characters": _STEP}) > 0
    except Unpriced:
        return False


def spoken(model: str, body: Mapping[str, Any], seconds: float | None) -> int | None:
    """What speech did cost, by how long it is; None if that is unknown.

    Raises:
        Unpriced: the model has no known price.
    """
    if is_charged_by_letters(model):
        return cost(model, {"input_characters": len(body["input"])})
    if seconds is None:
        return None
    given = len((body["input"] + body.get("instructions", "")).encode())
    return cost(model, {"input_tokens": given, "output_tokens": math.ceil(seconds * _SECOND)})


def _listening(model: str, text: int, seconds: float) -> int:
    whole = math.ceil(seconds) + 1
    tokens = _SECOND * whole + 500
    return dearest(
        model,
        {"audio_seconds": whole, "input_audio_seconds": whole},
        {"input_tokens": tokens + text, "input_audio_tokens": tokens, "output_tokens": tokens},
    )
