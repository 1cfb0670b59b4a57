"""What a call would have cost: prices of `genai-prices`, whose tables follow OpenAI's price list.

A price that isn't known is an error, never 0: a lesson on cost must not call anything free that isn't.
"""

import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from classroom.standin.models import catalogue

# https://developers.openai.com/api/docs/guides/moderation: the endpoint is free of charge
# of OpenAI's own tools, in dollars; https://developers.openai.com/api/docs/pricing, "Built-in tools": $2.50 for a thousand searches of
# files; $0.03 for a container of a gigabyte and twenty minutes, by the minute since 2026-06-02, five at least
_OF_TOOLS = {"file_searches": Decimal("0.0025"), "containers": Decimal("0.0075")}
_SNAPSHOT = re.compile(r"-\d{4}-\d{2}-\d{2}$")
_FREE_KINDS = ("omni-moderation-", "text-moderation-")


class Unpriced(Exception):
    """No price is known for `model`, or for a unit that it was used by."""

    def __init__(self, model: str, why: str) -> None:
        super().__init__(f"no price is known for {model}{why}")
        self.model = model


@dataclass(frozen=True)
class Usage:
    """What one call used.

    Attributes:
        model: its identifier.
        units: amounts by genai-prices' names: input_tokens, output_tokens, output_image_tokens,
            input_characters, audio_seconds …; a part (image tokens) is counted in its whole as well. Beside these,
            file_searches and containers (of five minutes), which that list does not have.
        also: what other models and tools were used for the same call.
        share: of the list's price; requests of a batch cost half.
    """

    model: str
    units: Mapping[str, int | float]
    also: tuple["Usage", ...] = ()
    share: float = 1.0


def cost_of(usage: Usage) -> Decimal:
    """The price in US dollars, of everything that the call used; of a dated snapshot that isn't listed, its model's; else what its family names.

    Raises:
        Unpriced: the model or one of the units has no known price.
    """
    if usage.also:
        return sum((cost_of(each) for each in usage.also), cost_of(replace(usage, also=())))
    if usage.model.startswith(_FREE_KINDS):
        return Decimal(0)
    used = {unit: amount for unit, amount in usage.units.items() if amount}
    beside = sum((price * Decimal(str(used.pop(unit, 0))) for unit, price in _OF_TOOLS.items()), Decimal(0))
    if beside and not used:
        return beside * Decimal(str(usage.share))
    try:
        price = _price(usage.model, used)
    except (LookupError, ValueError, Warning) as error:
        raise Unpriced(usage.model, f" by {', '.join(used) or 'nothing'}: {error}") from error
    if used and price <= 0 and not _is_free(usage.model):
        raise Unpriced(usage.model, f" by {', '.join(used)}: the list says nothing")
    return (price + beside) * Decimal(str(usage.share))


def _is_free(model: str) -> bool:
    """Whether the catalogue itself says that a model costs nothing: the stand-in's own."""
    known = catalogue.load().models.get(model)
    return known is not None and known.ngrams


def _price(model: str, used: Mapping[str, int | float]) -> Decimal:
    """By the list; where it doesn't know the model, by what the catalogue says of its family."""
    known = catalogue.load().models.get(model)
    if known is not None and known.prices:
        return _reckoned(known.prices, used)
    names = [model, _SNAPSHOT.sub("", model), *([known.priced_as] if known and known.priced_as else [])]
    for name in dict.fromkeys(names):
        try:
            return _listed(name, used)
        except LookupError as error:
            unknown = error
    raise unknown


_UNITS = {
    "input_tokens": "input_mtok",
    "cache_read_tokens": "cache_read_mtok",
    "output_tokens": "output_mtok",
}


def _reckoned(prices: Mapping[str, float], used: Mapping[str, int | float]) -> Decimal:
    """Prices for a million tokens, times what was used; cached tokens are a part of those that came in.

    Raises:
        LookupError: a unit has no price.
    """
    unknown = [unit for unit in used if _UNITS.get(unit) not in prices]
    if unknown:
        raise LookupError(f"no price for {unknown[0]}")
    cached = used.get("cache_read_tokens", 0)
    amounts = {**used, "input_tokens": used.get("input_tokens", 0) - cached}
    million = Decimal(1_000_000)
    return sum(
        (
            Decimal(str(prices[_UNITS[unit]])) * Decimal(str(amount)) / million
            for unit, amount in amounts.items()
            if amount
        ),
        Decimal(0),
    )


def _listed(model: str, used: Mapping[str, int | float]) -> Decimal:
    import genai_prices  # here: its tables take a while to load, and few lessons are on cost

    with warnings.catch_warnings():
        # a unit that the price list doesn't know is only warned of, and priced at 0; what others are warned of meanwhile
        # (a socket that nobody closed) is no error
        warnings.simplefilter("error", UserWarning)
        return genai_prices.calc_price(genai_prices.Usage(**used), model, provider_id="openai").total_price
