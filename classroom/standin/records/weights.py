"""Estimates how much memory stored objects take."""

import sys
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

_SIMPLE = frozenset((str, bytes, int, float, bool, type(None)))  # that hold nothing: most of what is kept


def weight_of(value: Any) -> int:
    """Bytes of memory that a value and what it holds take; what is held twice counts twice."""
    total, left = 0, [value]
    while left:
        each = left.pop()
        total += sys.getsizeof(each)
        if type(each) in _SIMPLE:
            continue
        if isinstance(each, Mapping):
            left.extend(each.keys())
            left.extend(each.values())
        elif isinstance(each, (list, tuple, set, frozenset)):
            left.extend(each)
        elif is_dataclass(each) and not isinstance(each, type):
            left.extend(getattr(each, field.name) for field in fields(each))
    return total
