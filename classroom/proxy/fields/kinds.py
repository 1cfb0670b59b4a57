"""The kinds of values that a field of a request may have. Reading one checks its type and counts what it may cost.

A kind returns what goes upstream, so that nothing passes that was not understood. Everything else is a 400 that names the field.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from classroom.proxy.fields.tally import PER_NUMBER, PER_OBJECT, Tally
from classroom.proxy.rules import refusals

_DEEPEST = 64
_LARGEST = 2**53  # what every JSON reader holds exactly


class Kind(Protocol):
    """A kind of value. `takes` are the Python types of the JSON values that can be one."""

    @property
    def takes(self) -> tuple[type, ...]:
        """Types of JSON values."""

    def read(self, value: Any, at: str, tally: Tally) -> Any:
        """The value as it goes upstream.

        Args:
            value: what came.
            at: where, as errors name it: "messages[0].content".
            tally: counts what is read.

        Raises:
            APIError: 400, it is not of this kind.
        """


def check_type(value: Any, kind: Kind, at: str, named: str) -> None:
    """Whether a value is of one of the types that a kind takes; true is no number.

    Raises:
        APIError: 400, it is not; `named` says what was wanted.
    """
    if (isinstance(value, bool) and bool not in kind.takes) or not isinstance(value, kind.takes):
        raise refusals.wrong_type(at, named, value)


def _check(value: str, at: str) -> str:
    try:
        value.encode()
    except UnicodeEncodeError:
        raise refusals.wrong_value(
            at, "it holds half of a surrogate pair, which is no character", "invalid_unicode"
        ) from None
    return value


@dataclass(frozen=True)
class Text:
    """A text of at most `longest` characters that matches `pattern`."""

    longest: int | None = None
    pattern: str | None = None
    takes = (str,)

    def read(self, value: Any, at: str, tally: Tally) -> str:
        """Counted by its bytes."""
        check_type(value, self, at, "a string")
        _check(value, at)
        if self.longest is not None and len(value) > self.longest:
            raise refusals.wrong_value(
                at, f"it is longer than {self.longest} characters", "string_above_max_length"
            )
        if self.pattern is not None and not re.fullmatch(self.pattern, value):
            raise refusals.wrong_value(at, "it has characters that such a name can't have")
        tally.take_text(value)
        return str(value)


@dataclass(frozen=True)
class Choice:
    """One of a few words. `refused`: other words of the API → why they are not offered here."""

    words: tuple[str, ...]
    refused: Mapping[str, str] = field(default_factory=dict)
    takes = (str,)

    def read(self, value: Any, at: str, tally: Tally) -> str:
        """As it is."""
        check_type(value, self, at, "a string")
        if value in self.refused:
            raise refusals.not_offered(at, self.refused[value])
        if value not in self.words:
            raise refusals.wrong_value(at, f"supported values are {', '.join(self.words)}")
        tally.take_text(value)
        return str(value)


@dataclass(frozen=True)
class Integer:
    """A whole number, written as one: neither 3.0 nor "3" nor true."""

    least: int = -_LARGEST
    most: int = _LARGEST
    takes = (int,)

    def read(self, value: Any, at: str, tally: Tally) -> int:
        """As it is."""
        check_type(value, self, at, "an integer")
        if not self.least <= value <= self.most:
            raise refusals.wrong_value(at, f"it must be from {self.least} to {self.most}")
        tally.text += PER_NUMBER
        return int(value)


@dataclass(frozen=True)
class Number:
    """Any finite number; the API itself says which it takes."""

    takes = (int, float)

    def read(self, value: Any, at: str, tally: Tally) -> int | float:
        """As it is."""
        check_type(value, self, at, "a number")
        if not math.isfinite(value) or abs(value) > _LARGEST:
            raise refusals.wrong_value(at, "it must be a finite number")
        tally.text += PER_NUMBER
        return value  # type: ignore[no-any-return]


@dataclass(frozen=True)
class Flag:
    """true or false. `only`: the one of them that is offered, and why."""

    only: tuple[bool, str] | None = None
    takes = (bool,)

    def read(self, value: Any, at: str, tally: Tally) -> bool:
        """As it is."""
        check_type(value, self, at, "a boolean")
        if self.only is not None and value is not self.only[0]:
            raise refusals.not_offered(at, self.only[1])
        return bool(value)


@dataclass(frozen=True)
class Items:
    """A list of one kind."""

    of: Kind
    most: int = 4096
    takes = (list,)

    def read(self, value: Any, at: str, tally: Tally) -> list[Any]:
        """Each in turn."""
        check_type(value, self, at, "an array")
        if len(value) > self.most:
            raise refusals.wrong_value(at, f"it has more than {self.most} items", "array_above_max_length")
        return [self.of.read(item, f"{at}[{place}]", tally) for place, item in enumerate(value)]


@dataclass(frozen=True)
class Table:
    """An object whose names are free and whose values are of one kind."""

    of: Kind
    most: int = 1024
    takes = (dict,)

    def read(self, value: Any, at: str, tally: Tally) -> dict[str, Any]:
        """Each in turn."""
        check_type(value, self, at, "an object")
        if len(value) > self.most:
            raise refusals.wrong_value(at, f"it has more than {self.most} entries")
        for name in value:
            tally.take_text(_check(name, at))
        return {name: self.of.read(inner, f"{at}.{name[:64]}", tally) for name, inner in value.items()}


@dataclass(frozen=True)
class Data:
    """Any JSON, such as the schema of a function's arguments. It is text to the upstream, and counted as that."""

    takes: tuple[type, ...] = (dict,)

    def read(self, value: Any, at: str, tally: Tally, deep: int = 0) -> Any:
        """As it is."""
        if not deep:
            check_type(value, self, at, "an object")
        if deep > _DEEPEST:
            raise refusals.wrong_value(at, f"it is nested more than {_DEEPEST} deep")
        if isinstance(value, str):
            tally.take_text(_check(value, at))
        elif isinstance(value, dict):
            tally.text += PER_OBJECT
            for name in value:
                tally.take_text(_check(name, at))
            return {name: self.read(inner, at, tally, deep + 1) for name, inner in value.items()}
        elif isinstance(value, list):
            tally.text += PER_NUMBER
            return [self.read(inner, at, tally, deep + 1) for inner in value]
        else:
            tally.text += len(repr(value)) + PER_NUMBER
        return value


@dataclass(frozen=True)
class Either:
    """One of several kinds, distinguished by their JSON types; `named` says which in errors."""

    kinds: tuple[Kind, ...]
    named: str

    @property
    def takes(self) -> tuple[type, ...]:
        """Those of all of them."""
        return tuple(taken for kind in self.kinds for taken in kind.takes)

    def read(self, value: Any, at: str, tally: Tally) -> Any:
        """By the first kind that takes its type."""
        check_type(value, self, at, self.named)
        for kind in self.kinds:
            if isinstance(value, kind.takes) and not (isinstance(value, bool) and bool not in kind.takes):
                return kind.read(value, at, tally)
        raise refusals.wrong_type(at, self.named, value)
