"""Filters on the attributes of files in vector stores (openai/types/shared_params/compound_filter.py)."""

from dataclasses import dataclass
from typing import Any

from classroom.proxy.fields.kinds import Choice, Either, Flag, Items, Kind, Number, Table, Text, check_type
from classroom.proxy.fields.shapes import Shape, Tagged
from classroom.proxy.fields.tally import Tally
from classroom.proxy.rules import refusals

_DEEPEST = 8
_ONE: Kind = Either((Text(512), Flag(), Number()), "a string, a number or a boolean")
_COMPARISONS = ("eq", "ne", "gt", "gte", "lt", "lte", "in", "nin")
ATTRIBUTES = Table(_ONE, 16)


@dataclass(frozen=True)
class _Filters:
    """The filters that another one combines."""

    takes = (list,)

    def read(self, value: Any, at: str, tally: Tally) -> Any:
        """Each; not deeper than anybody needs."""
        check_type(value, self, at, "an array")
        if at.count(".filters") >= _DEEPEST:
            raise refusals.wrong_value(at, f"it is nested more than {_DEEPEST} deep")
        return Items(FILTER, 64).read(value, at, tally)


FILTER: Kind = Tagged(
    "type",
    {
        **{
            name: Shape(
                {
                    "type": Choice((name,)),
                    "key": Text(256),
                    "value": Either(
                        (Text(512), Flag(), Number(), Items(_ONE, 256)),
                        "a string, a number, a boolean or an array",
                    ),
                },
                ("type", "key", "value"),
            )
            for name in _COMPARISONS
        },
        **{
            name: Shape({"type": Choice((name,)), "filters": _Filters()}, ("type", "filters"))
            for name in ("and", "or")
        },
    },
)
