"""What a call would have cost: prices of `genai-prices`, whose tables follow OpenAI's price list.

A price that isn't known is an error, never 0: a lesson on cost must not call anything free that isn't.
"""

import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

# https://developers.openai.com/api/docs/guides/moderation: the endpoint is free of charge
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
            input_characters, audio_seconds …; a part (image tokens) is counted in its whole as well.
    """

    model: str
    units: Mapping[str, int | float]


def cost_of(usage: Usage) -> Decimal:
    """The price in US dollars; of a dated snapshot that isn't listed, its model's.

    Raises:
        Unpriced: the model or one of the units has no known price.
    """
    if usage.model.startswith(_FREE_KINDS):
        return Decimal(0)
    used = {unit: amount for unit, amount in usage.units.items() if amount}
    try:
        try:
            price = _listed(usage.model, used)
        except LookupError:
            price = _listed(_SNAPSHOT.sub("", usage.model), used)
    except (LookupError, ValueError, Warning) as error:
        raise Unpriced(usage.model, f" by {', '.join(used) or 'nothing'}: {error}") from error
    if used and price <= 0:
        raise Unpriced(usage.model, f" by {', '.join(used)}: the list says nothing")
    return price


def _listed(model: str, used: Mapping[str, int | float]) -> Decimal:
    import genai_prices  # here: its tables take a while to load, and few lessons are on cost

    with warnings.catch_warnings():
        # a unit that the price list doesn't know is only warned of, and priced at 0
        warnings.simplefilter("error")
        return genai_prices.calc_price(genai_prices.Usage(**used), model, provider_id="openai").total_price
