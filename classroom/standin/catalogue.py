"""The catalogue of models and the bounds of parameters, read from `catalogue.toml`."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache, cached_property
from importlib import resources
from typing import Any, Literal

Kind = Literal["chat", "completion", "image", "speech", "transcription", "embedding", "moderation"]


@dataclass(frozen=True)
class Model:
    """One model of the catalogue; fields that don't concern its kind keep their defaults."""

    id: str
    kind: Kind
    shutdown: date | None = None
    replacement: str | None = None
    context: int = 128_000
    sampling: bool = True
    any_size: bool = False
    sizes: tuple[str, ...] = ()
    max_prompt: int = 32_000
    answers_with_url: bool = False
    bills_pictures_apart: bool = False
    bills_characters: bool = False
    bills_seconds: bool = False
    voices: tuple[str, ...] = ()
    streams: bool = True
    formats: tuple[str, ...] = ()
    dimensions: int = 1536
    resizable: bool = True

    def is_retired(self, on: date) -> bool:
        """Whether the model had been shut down by that day."""
        return self.shutdown is not None and self.shutdown <= on


@dataclass(frozen=True)
class Parameter:
    """The bounds of one parameter of one route."""

    name: str
    types: tuple[str, ...]
    required: bool = False
    optional_in_sdk: bool = False
    min: float | None = None
    max: float | None = None
    min_length: int | None = None
    max_length: int | None = None
    max_items: int | None = None
    choices: tuple[str, ...] = ()
    legacy_choices: tuple[str, ...] = ()
    legacy: bool = False
    preview: bool = False


class Rules(dict[str, Parameter]):
    """The parameters of one route by name."""

    @cached_property
    def required(self) -> tuple[Parameter, ...]:
        """Those that no request may leave out."""
        return tuple(parameter for parameter in self.values() if parameter.required)


@dataclass(frozen=True)
class Catalogue:
    """Everything the stand-in knows without being told in a request."""

    as_of: date
    models: Mapping[str, Model]
    routes: Mapping[str, Rules]
    voices: tuple[str, ...]
    standard_sizes: tuple[str, ...]
    size_step: int
    widest_ratio: float
    largest_size: tuple[int, int]
    sources: Mapping[str, str] = field(default_factory=dict)


def _models(
    groups: list[dict[str, Any]], voices: tuple[str, ...], sizes: tuple[str, ...]
) -> dict[str, Model]:
    models: dict[str, Model] = {}
    for group in groups:
        facts: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in group.items()
        }
        ids = facts.pop("ids")
        if facts["kind"] == "speech":
            facts.setdefault("voices", voices)
        if facts["kind"] == "image":
            facts.setdefault("sizes", sizes)
        for id in ids:
            if id in models:
                raise ValueError(f"catalogue.toml names the model {id} twice")
            models[id] = Model(id=id, **facts)
    return models


def _parameter(name: str, facts: dict[str, Any]) -> Parameter:
    kind = facts.pop("type")
    types = tuple(kind) if isinstance(kind, list) else (kind,)
    rest: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value for key, value in facts.items()
    }
    return Parameter(name=name, types=types, **rest)


@cache
def load() -> Catalogue:
    """The table that ships with this package.

    Raises:
        ValueError: the table names a model twice.
    """
    table = tomllib.loads(resources.files(__package__).joinpath("catalogue.toml").read_text(encoding="utf-8"))
    voices = tuple(table["voices"]["names"])
    sizes = table["sizes"]
    standard = tuple(sizes["standard"])
    return Catalogue(
        as_of=table["as_of"],
        models=_models(table["models"], voices, standard),
        routes={
            route: Rules({name: _parameter(name, dict(facts)) for name, facts in rules["parameters"].items()})
            for route, rules in table["routes"].items()
        },
        voices=voices,
        standard_sizes=standard,
        size_step=sizes["step"],
        widest_ratio=sizes["widest_ratio"],
        largest_size=tuple(sizes["largest"]),
        sources={route: rules["source"] for route, rules in table["routes"].items()},
    )
