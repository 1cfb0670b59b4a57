"""Kinds that are objects, and those that say whether something is offered at all: see `classroom.proxy.fields.kinds`."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from classroom.proxy.fields.kinds import Kind, check_type
from classroom.proxy.fields.tally import PER_OBJECT, Tally
from classroom.proxy.rules import refusals


@dataclass(frozen=True)
class Dropped:
    """What the API tells with its answers and programs send back: it says nothing to a model, and does not go upstream."""

    takes = (object,)

    def read(self, value: Any, at: str, tally: Tally) -> None:
        """Nothing."""


@dataclass(frozen=True)
class Sources:
    """Azure's `dataSources` of 2023. Its service for pictures adds nothing that today's models don't see; others are refused.

    Attributes:
        why: the others are refused.
    """

    why: str
    takes = (list,)

    def read(self, value: Any, at: str, tally: Tally) -> None:
        """Nothing goes upstream."""
        check_type(value, self, at, "an array")
        for number, source in enumerate(value):
            if not isinstance(source, Mapping) or source.get("type") != "AzureComputerVision":
                raise refusals.not_offered(f"{at}[{number}]", self.why)


@dataclass(frozen=True)
class Emptied:
    """The same, where the API wants the list to be there."""

    takes = (list,)

    def read(self, value: Any, at: str, tally: Tally) -> list[Any]:
        """An empty list."""
        return []


@dataclass(frozen=True)
class Shape:
    """An object with these fields and no others. A field that is null is one that is not there.

    Attributes:
        fields: name → kind.
        required: those that must be there.
        counted: whether an upstream may wrap it in tokens of its own.
    """

    fields: Mapping[str, Kind]
    required: tuple[str, ...] = ()
    counted: bool = True
    takes = (dict,)

    def read(self, value: Any, at: str, tally: Tally) -> dict[str, Any]:
        """Each field that is there."""
        check_type(value, self, at, "an object")
        if self.counted:
            tally.text += PER_OBJECT
        before = f"{at}." if at else ""
        made = {}
        for name, inner in value.items():
            kind = self.fields.get(name)
            if kind is None and inner is None:
                continue  # clients of typed languages write every field that a message may have
            if kind is None:
                raise refusals.unknown_field(f"{before}{name[:64]}")
            if inner is not None and not isinstance(kind, Dropped):
                read = kind.read(inner, f"{before}{name}", tally)
                if read is not None:
                    made[name] = read
        for name in self.required:
            if name not in made:
                raise refusals.missing_field(f"{before}{name}")
        return made


@dataclass(frozen=True)
class Tagged:
    """An object whose shape depends on one of its fields.

    Attributes:
        tag: that field's name.
        shapes: its value → the object's shape.
        usual: the value where the field is missing; None: it must be there.
    """

    tag: str
    shapes: Mapping[str, Kind]
    usual: str | None = None
    takes = (dict,)

    def read(self, value: Any, at: str, tally: Tally) -> Any:
        """By the shape that its tag names."""
        check_type(value, self, at, "an object")
        where = f"{at}.{self.tag}"
        found = value.get(self.tag)
        tag = self.usual if found is None else found
        if tag is None:
            raise refusals.missing_field(where)
        if not isinstance(tag, str):
            raise refusals.wrong_type(where, "a string", tag)
        kind = self.shapes.get(tag)
        if kind is None:
            raise refusals.wrong_value(where, f"supported values are {', '.join(self.shapes)}")
        return kind.read(value, at, tally)


@dataclass(frozen=True)
class Refused:
    """Of the API, and not offered here; `why` is a clause: "…: no price is known for it"."""

    why: str
    takes = (object,)

    def read(self, value: Any, at: str, tally: Tally) -> Any:
        """Never."""
        raise refusals.not_offered(at, self.why)


@dataclass(frozen=True)
class Allowed:
    """What an event offers only if it was made with `--allow name`."""

    of: Kind
    name: str

    @property
    def takes(self) -> tuple[type, ...]:
        """Those of the kind."""
        return self.of.takes

    def read(self, value: Any, at: str, tally: Tally) -> Any:
        """As the kind does, where the event allows it."""
        if self.name not in tally.allows:
            raise refusals.not_offered(at, f"this event does not allow {self.name}")
        return self.of.read(value, at, tally)


@dataclass(frozen=True)
class Stored:
    """The identifier of something that the upstream stored; whose it is, is checked before anything is asked.

    Attributes:
        read_again: the upstream puts what is stored into the prompt, and charges for it.
        holds: "store" for a vector store, "file" for a file that is put into one: keeping either costs money.
    """

    read_again: bool = True
    holds: Literal["", "store", "file"] = ""
    takes = (str,)

    def read(self, value: Any, at: str, tally: Tally) -> str:
        """As it is; noted."""
        check_type(value, self, at, "a string")
        if not re.fullmatch(r"[A-Za-z0-9_.:-]{1,128}", value):
            raise refusals.wrong_value(at, "it is no identifier")
        tally.identifiers[at] = (value, self.read_again)
        if self.holds:
            tally.kept[value] = self.holds
        tally.take_text(value)
        return str(value)
