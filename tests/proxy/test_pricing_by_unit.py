"""Prices that are kept, beside the price list itself: to the last digit."""

import math
import random

import pytest

from classroom.proxy.prices import pricing
from classroom.proxy.rules.events import NANO
from classroom.standin.models import catalogue
from classroom.standin.models.costs import Unpriced, Usage, cost_of


def _listed(model: str, units: dict[str, int]) -> int | str:
    try:
        return math.ceil(cost_of(Usage(model, units)) * NANO)
    except Unpriced:
        return "unpriced"


def _reckoned(model: str, units: dict[str, int]) -> int | str:
    try:
        return pricing.cost(model, units)
    except Unpriced:
        return "unpriced"


@pytest.mark.parametrize("model", sorted(catalogue.load().models))
def test_a_price_by_the_unit_is_the_price_list_s(model):
    draw = random.Random(model)
    for _ in range(3):
        given, made = draw.randrange(1, 99_999), draw.randrange(1, 99_999)
        for units in (
            {"input_tokens": given},
            {"input_tokens": given, "output_tokens": made},
            {"input_tokens": given, "output_tokens": made, "cache_write_tokens": given},
            {"input_tokens": given, "cache_write_tokens": given},
            {"input_tokens": given, "cache_write_tokens": given // 2},
            {"input_tokens": given + 200_000, "output_tokens": made, "cache_write_tokens": given + 200_000},
        ):
            assert _reckoned(model, units) == _listed(model, units), units


def test_a_model_without_a_price_is_refused_each_time():
    for _ in range(2):
        with pytest.raises(Unpriced):
            pricing.cost("nobody-s-model", {"input_tokens": 1})
