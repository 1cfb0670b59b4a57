"""What each criterion is worth. A rubric is data; two are shipped beside this file.

`rubric.toml`, "core", is the lab's own. `rubric-original.toml`, "original", reads the success criteria of the lab's first
version literally: blank prompts and the mapping of errors are advice there.
"""

import tomllib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from grader.criteria import BY_ID
from grader.errors import RubricError

SHIPPED = Path(__file__).with_name("rubric.toml")
BY_NAME = {"core": SHIPPED, "original": Path(__file__).with_name("rubric-original.toml")}


class Worth(BaseModel):
    """Points, and whether a submission is incomplete without it; "one": at least one of these so marked must pass.

    `extra`: extra credit, which adds to the score and not to what can be reached.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    points: float = Field(ge=0, le=1000, allow_inf_nan=False)
    required: bool | Literal["one"] = False
    extra: bool = False

    @model_validator(mode="after")
    def _extra_is_a_choice(self) -> "Worth":
        if self.extra and self.required:
            raise ValueError("what earns extra credit can't be required")
        return self


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    title: str = Field(min_length=1)
    pass_mark: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    sections: dict[str, str] = {}
    points: dict[str, Worth] = Field(min_length=1)


@dataclass(frozen=True)
class Rubric:
    """A title, and the worth of each criterion by its identifier.

    `pass_mark`: the points that are enough, if any are. `sections`: titles in place of the usual ones.
    """

    title: str
    worth: Mapping[str, Worth]
    pass_mark: float | None = None
    sections: Mapping[str, str] = field(default_factory=dict)


def read(path: Path = SHIPPED, criteria: Collection[str] = BY_ID) -> Rubric:
    """A rubric from a TOML file; "core" and "original" are names of the shipped ones.

    `criteria`: the identifiers of those that it may name: the lab's, or an assignment's as well.

    Raises:
        RubricError: it isn't there, isn't TOML, names a criterion that doesn't exist, or gives it a worth that
            makes no sense; the text names the file and the line.
    """
    path = path if path.exists() else BY_NAME.get(str(path), path)
    try:
        text = path.read_text(encoding="utf-8")
        table = _Table.model_validate(tomllib.loads(text))
    except OSError as error:
        raise RubricError(f"The rubric {path} can't be read: {error.strerror}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise RubricError(f"The rubric {path} is not valid TOML: {error}.") from error
    except ValidationError as error:
        first = error.errors()[0]
        raise RubricError(
            f"{path}{_line(text, first['loc'])}: {'.'.join(map(str, first['loc']))}: {first['msg']}."
        ) from error
    points = _expand(table.points, criteria)
    for id in points:
        if id not in criteria:
            near = get_close_matches(id, criteria, 1)
            raise RubricError(
                f"{path}{_line(text, (id,))}: there is no criterion {id!r}."
                f"{f' Do you mean {near[0]!r}?' if near else ''} docs/contract.md lists those of the lab."
            )
    reachable = sum(worth.points for worth in points.values() if not worth.extra)
    if table.pass_mark is not None and table.pass_mark > reachable:
        raise RubricError(
            f"{path}{_line(text, ('pass_mark',))}: pass_mark is {table.pass_mark:g}, but only {reachable:g} points can be reached."
        )
    known = {id.partition(".")[0] for id in criteria}
    for section in table.sections:
        if section not in known:
            raise RubricError(
                f"{path}{_line(text, (section,))}: there is no section {section!r}; there are {', '.join(sorted(known))}."
            )
    return Rubric(table.title, points, table.pass_mark, table.sections)


def _expand(points: Mapping[str, Worth], criteria: Collection[str]) -> dict[str, Worth]:
    """The worth of each criterion, where `section.*` means each of its section that is not named itself."""
    out: dict[str, Worth] = {}
    for id, worth in points.items():
        out |= {each: worth for each in expand_name(id, criteria) if each == id or each not in points}
    return out


def expand_name(id: str, criteria: Collection[str] = BY_ID) -> tuple[str, ...]:
    """The identifiers that one in a table names: `section.*` each of its section, any other itself."""
    section = [each for each in criteria if id.endswith(".*") and each.startswith(id.removesuffix("*"))]
    return tuple(section) or (id,)


def as_table(rubric: Rubric) -> dict[str, Any]:
    """A rubric as JSON has it."""
    return _Table(
        title=rubric.title,
        pass_mark=rubric.pass_mark,
        sections=dict(rubric.sections),
        points=dict(rubric.worth),
    ).model_dump(mode="json")


def from_table(table: Mapping[str, Any]) -> Rubric:
    """The rubric that `as_table` wrote."""
    read = _Table.model_validate(table)
    return Rubric(read.title, read.points, read.pass_mark, read.sections)


def only(rubric: Rubric, prefixes: Sequence[str]) -> Rubric:
    """The rubric, cut down to the criteria whose identifiers begin so; all of it, if no prefix is given.

    Raises:
        RubricError: no criterion begins so.
    """
    if not prefixes:
        return rubric
    worth = {id: worth for id, worth in rubric.worth.items() if id.startswith(tuple(prefixes))}
    if not worth:
        raise RubricError(
            f"No criterion begins with {' or '.join(prefixes)}. Identifiers look like endpoint.mime_type."
        )
    return Rubric(rubric.title, worth, None, rubric.sections)


def _line(text: str, location: tuple[int | str, ...]) -> str:
    """ ", line 7" for the first line that names the longest part of a location that occurs in the file."""
    for name in sorted((str(part) for part in location), key=len, reverse=True):
        for number, line in enumerate(text.splitlines(), 1):
            if not line.lstrip().startswith("#") and name in line:
                return f", line {number}"
    return ""
