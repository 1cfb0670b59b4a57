"""Faults, replies, rate limits and the pace written in a file: what `classroom mock --script FILE` reads.

TOML (or the same as JSON). An entry of `fault` takes what `OpenAIMock.fail` takes, one of `reply` what
`OpenAIMock.reply` takes (an image as a path, seen from the file; `pattern` instead of `when` is a regular
expression), one of `limit` what `OpenAIMock.limit` takes:

```toml
[[fault]]
status = 429
times = 2
route = "images"

[[fault]]
effect = "slow"
seconds = 3
after = 1

[[reply]]
when = "weather"
tool_calls = { get_weather = { city = "Paris" } }

[[reply]]
when = "hello"
then = [{ text = "Hello!" }, { text = "Hello again." }]

[[limit]]
requests = 3
per = "key"

[pace]
first = 0.4               # seconds until the first token
tokens_per_second = 60
```
"""

import json
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, TypeVar

from classroom.standin.outgoing.pace import Pace
from classroom.standin.scripting.faults import Fault, fault
from classroom.standin.scripting.limits import RateLimit
from classroom.standin.scripting.replies import CONTENTS, Reply, reply

T = TypeVar("T")

_FAULT_FIELDS = frozenset({field.name for field in fields(Fault)} - {"name"})
_LIMIT_FIELDS = frozenset({field.name for field in fields(RateLimit)})
_PACE_FIELDS = frozenset({field.name for field in fields(Pace)})
_REPLY_FIELDS = frozenset({"when", "pattern", "then", "model", "route", "tools", "times", "after", *CONTENTS})
_TYPES: Mapping[str, tuple[type, ...]] = {
    "effect": (str,),
    "status": (int,),
    "message": (str,),
    "type": (str,),
    "code": (str,),
    "param": (str,),
    "headers": (dict,),
    "times": (int,),
    "after": (int,),
    "route": (str,),
    "seconds": (int, float),
    "first": (int, float),
    "tokens_per_second": (int, float),
    "requests": (int,),
    "tokens": (int,),
    "per": (str,),
    "when": (str,),
    "pattern": (str,),
    "then": (list,),
    "model": (str,),
    "tools": (str, list),
    "text": (str, list),
    "tool_calls": (str, list, dict),
    "json": (object,),
    "items": (list,),
    "image": (str,),
}


class ScriptError(Exception):
    """A file of faults and replies can't be used; the text says where and why."""


@dataclass(frozen=True)
class Script:
    """What a file asks for, in its order."""

    faults: tuple[Fault, ...]
    replies: tuple[Reply, ...]
    limits: tuple[RateLimit, ...]
    pace: Pace | None = None


def read_script(path: Path) -> Script:
    """The faults, replies, limits and the pace of a file.

    Raises:
        ScriptError: the file can't be read, is neither TOML nor JSON, or an entry makes no sense.
    """
    try:
        written = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ScriptError(f"{path} can't be read: {error}") from error
    try:
        table = json.loads(written) if path.suffix == ".json" else tomllib.loads(written)
    except ValueError as error:
        raise ScriptError(f"{path} is not {'JSON' if path.suffix == '.json' else 'TOML'}: {error}") from error
    return script_of(table, str(path), lambda image: (path.parent / image).read_bytes())


def script_of(table: Any, at: str, picture: Callable[[str], bytes]) -> Script:
    """The faults, replies, limits and the pace of a table.

    Args:
        table: as a file holds it.
        at: where it is from, for messages.
        picture: what the text `image` of a reply names, as bytes; raises OSError or ValueError.

    Raises:
        ScriptError: an entry makes no sense.
    """
    if not isinstance(table, dict):
        raise ScriptError(f"{at} must hold a table with lists named 'fault', 'reply' and 'limit'.")
    unknown = sorted(set(table) - {"fault", "reply", "limit", "pace"})
    if unknown:
        raise ScriptError(
            f"{at}: unknown entry '{unknown[0]}'; known are [[fault]], [[reply]], [[limit]] and [pace]."
        )
    paces = [table["pace"]] if "pace" in table else []
    return Script(
        tuple(_entries(at, table, "fault", _FAULT_FIELDS, lambda facts: fault(**facts))),
        tuple(_entries(at, table, "reply", _REPLY_FIELDS, lambda facts: _reply(picture, facts))),
        tuple(_entries(at, table, "limit", _LIMIT_FIELDS, lambda facts: RateLimit(**facts))),
        next(iter(_entries(at, {"pace": paces}, "pace", _PACE_FIELDS, lambda facts: Pace(**facts))), None),
    )


def _reply(picture: Callable[[str], bytes], facts: Mapping[str, Any]) -> Reply:
    """A reply as a file writes it.

    Raises:
        ValueError: it makes no sense, or its picture can't be read.
    """
    options = dict(facts)
    if "pattern" in options:
        try:
            options["when"] = re.compile(options.pop("pattern"))
        except re.error as error:
            raise ValueError(f"'pattern' is not a regular expression: {error}") from error
    try:
        if "image" in options:
            options["image"] = picture(options["image"])
        return reply(**options)
    except (OSError, TypeError) as error:
        raise ValueError(str(error)) from error


def _entries(
    origin: str, table: Mapping[str, Any], name: str, known: frozenset[str], build: Callable[[Any], T]
) -> list[T]:
    listed = table.get(name, [])
    if not isinstance(listed, list) or not all(isinstance(each, dict) for each in listed):
        raise ScriptError(f"{origin}: '{name}' must be a list of tables: write [[{name}]].")
    out = []
    for number, facts in enumerate(listed, 1):
        at = f"{origin}, {name} {number}"
        for field, value in facts.items():
            if field not in known:
                raise ScriptError(f"{at}: unknown field '{field}'; known are {', '.join(sorted(known))}.")
            if not isinstance(value, _TYPES[field]) or (isinstance(value, bool) and field != "json"):
                wanted = " or ".join(each.__name__ for each in _TYPES[field])
                raise ScriptError(f"{at}: '{field}' must be of type {wanted}.")
        try:
            out.append(build(facts))
        except ValueError as error:
            raise ScriptError(f"{at}: {error}.") from error
    return out
