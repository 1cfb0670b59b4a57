"""jsonschema without the seconds that it takes to load: two packages behind its formats wait until a text is checked by them.

`rfc3987_syntax` compiles a grammar (formats `iri` and `iri-reference`), `isoduration` loads a calendar (`duration`). What they
find valid is the same; documents with such texts pay for them.
"""

import importlib
import sys
from importlib.util import find_spec
from types import ModuleType
from typing import Any

_GRAMMAR, _DURATIONS = "rfc3987_syntax", "isoduration"


class _DurationParsingException(ValueError):
    """No duration; by the name that jsonschema looks for."""


def _is_valid_syntax(term: str, text: str) -> Any:
    return importlib.import_module(_GRAMMAR).is_valid_syntax(term, text)


def _parse_duration(text: str) -> Any:
    package = importlib.import_module(_DURATIONS)
    try:
        return package.parse_duration(text)
    except package.DurationParsingException as error:
        raise _DurationParsingException(str(error)) from error


def _module(name: str, **members: Any) -> ModuleType:
    made = ModuleType(name)
    vars(made).update(members)
    return made


def load_jsonschema() -> None:
    """Load it; a process that has it already keeps what it has."""
    if "jsonschema._format" in sys.modules:
        return
    later = [
        _module(_GRAMMAR, is_valid_syntax=_is_valid_syntax),
        _module(
            _DURATIONS, parse_duration=_parse_duration, DurationParsingException=_DurationParsingException
        ),
    ]
    # a format whose package is not installed is not checked, as ever
    placed = {
        made.__name__: made
        for made in later
        if made.__name__ not in sys.modules and find_spec(made.__name__) is not None
    }
    sys.modules.update(placed)
    try:
        importlib.import_module("jsonschema")
    finally:
        for name in placed:
            del sys.modules[name]  # an import gets the package itself


load_jsonschema()
