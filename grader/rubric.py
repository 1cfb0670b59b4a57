"""What each criterion is worth. A rubric is data; the shipped one is `rubric.toml` beside this file."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from grader.criteria import BY_ID
from grader.errors import RubricError

SHIPPED = Path(__file__).with_name("rubric.toml")


class Worth(BaseModel):
    """Points, and whether a submission is incomplete without it; "one": at least one of these so marked must pass."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    points: float = Field(ge=0, le=1000, allow_inf_nan=False)
    required: bool | Literal["one"] = False


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    title: str = Field(min_length=1)
    points: dict[str, Worth] = Field(min_length=1)


@dataclass(frozen=True)
class Rubric:
    """A title, and the worth of each criterion by its identifier."""

    title: str
    worth: Mapping[str, Worth]


def read(path: Path = SHIPPED) -> Rubric:
    """A rubric from a TOML file.

    Raises:
        RubricError: it isn't there, isn't TOML, names a criterion that doesn't exist, or gives it a worth that
            makes no sense; the text names the file and the line.
    """
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
    for id in table.points:
        if id not in BY_ID:
            raise RubricError(
                f"{path}{_line(text, (id,))}: there is no criterion {id!r}. The shipped rubric lists them all."
            )
    return Rubric(table.title, table.points)


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
    return Rubric(rubric.title, worth)


def _line(text: str, location: tuple[int | str, ...]) -> str:
    """ ", line 7" for the first line that names the longest part of a location that occurs in the file."""
    for name in sorted((str(part) for part in location), key=len, reverse=True):
        for number, line in enumerate(text.splitlines(), 1):
            if not line.lstrip().startswith("#") and name in line:
                return f", line {number}"
    return ""
