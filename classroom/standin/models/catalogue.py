"""The catalogue of models and the bounds of parameters, read from `catalogue.toml` and `sdk_models.toml`."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache, cached_property
from importlib import resources
from typing import Any, Literal

Kind = Literal[
    "chat",
    "completion",
    "image",
    "speech",
    "transcription",
    "embedding",
    "moderation",
    "realtime",
    "other",
]


@dataclass(frozen=True)
class Model:
    """One model of the catalogue; fields that don't concern its kind keep their defaults."""

    id: str
    kind: Kind
    shutdown: date | None = None
    replacement: str | None = None
    context: int = 128_000
    sampling: bool = True
    reasons: bool = True
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
    responses_only: bool = False
    efforts: tuple[str, ...] = ()
    ngrams: bool = False
    speaks: bool = False
    priced_as: str | None = None
    prices: Mapping[str, float] = field(default_factory=dict)

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
    """Everything the stand-in knows that no request has to state."""

    as_of: date
    models: Mapping[str, Model]
    unsupported: frozenset[str]
    routes: Mapping[str, Rules]
    voices: tuple[str, ...]
    size_step: int
    widest_ratio: float
    largest_size: tuple[int, int]
    sources: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class _Family:
    """What the models have in common whose whole names the pattern fits."""

    pattern: re.Pattern[str]
    facts: Mapping[str, Any]

    def model(self, id: str, end: Mapping[str, Any]) -> Model | None:
        """The model of that name; None if it is of another family. `end`: its day and what replaces it, if any."""
        match = self.pattern.fullmatch(id)
        if match is None:
            return None
        facts = dict(self.facts)
        if "priced_as" in facts:
            facts["priced_as"] = match.expand(facts["priced_as"])
        return Model(id=id, shutdown=end.get("day"), replacement=end.get("replacement"), **facts)


def _families(groups: list[dict[str, Any]], voices: tuple[str, ...], sizes: tuple[str, ...]) -> list[_Family]:
    defaults = {"speech": {"voices": voices}, "image": {"sizes": sizes}}
    families = []
    for group in groups:
        facts: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in group.items()
            if name not in ("match", "ids")
        }
        families.append(_Family(re.compile(group["match"]), {**defaults.get(group["kind"], {}), **facts}))
    return families


def _models(ids: list[str], families: list[_Family], ends: list[dict[str, Any]]) -> dict[str, Model]:
    by_id: dict[str, dict[str, Any]] = {}
    for end in ends:
        for id in end["ids"]:
            if id in by_id:
                raise ValueError(f"catalogue.toml names two ends of the model {id}")
            by_id[id] = end
    models: dict[str, Model] = {}
    for id in ids:
        found = (family.model(id, by_id.get(id, {})) for family in families)
        model = next((each for each in found if each is not None), None)
        if model is None:
            raise ValueError(f"No family of catalogue.toml fits the model {id}. Add one.")
        models[id] = model
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
        ValueError: no family fits a model, or a model ends twice.
    """
    table, sdk = _read("catalogue.toml"), _read("sdk_models.toml")
    unsupported = frozenset(table["unsupported"]["ids"])
    added = [id for family in table["families"] for id in family.get("ids", [])]
    voices = tuple(table["voices"]["names"])
    sizes = table["sizes"]
    standard = tuple(sizes["standard"])
    return Catalogue(
        as_of=table["as_of"],
        models=_models(
            [id for id in (*sdk["ids"], *added) if id not in unsupported],
            _families(table["families"], voices, standard),
            table["ends"],
        ),
        unsupported=unsupported,
        routes={
            route: Rules({name: _parameter(name, dict(facts)) for name, facts in rules["parameters"].items()})
            for route, rules in table["routes"].items()
        },
        voices=voices,
        size_step=sizes["step"],
        widest_ratio=sizes["widest_ratio"],
        largest_size=tuple(sizes["largest"]),
        sources={route: rules["source"] for route, rules in table["routes"].items()},
    )


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads(resources.files(__package__).joinpath(name).read_text(encoding="utf-8"))
