"""Validates an OpenAPI document within bounds, without following references outside it.

The document is a stranger's. Nothing that it refers to elsewhere is fetched; patterns in it are matched in linear time;
what it takes to check it is counted, and where processes can be interrupted, timed.
"""

import signal
import threading
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import Any, Literal

from grader.criteria import formats  # noqa: F401 - before jsonschema, which takes seconds without it

# isort: split
from jsonschema.exceptions import ValidationError
from jsonschema.validators import extend
from jsonschema_path import SchemaPath
from openapi_spec_validator.shortcuts import get_validator_cls
from openapi_spec_validator.validation import keywords

from grader import patterns

_MOST_PARTS = 50_000  # values in a document: fifty times what a generated one of a lab's app has
_MOST_STEPS = 20_000  # schemas and keywords that are looked at
_MOST_SECONDS = 10.0
_SHOWN = 200
_REFERENCES = ("$ref", "$dynamicRef", "$recursiveRef", "operationRef")
_DATA = ("example", "default", "const", "enum")  # where a reference is a text like any other
_OF_NAMES = (
    "properties",
    "patternProperties",
    "$defs",
    "definitions",
    "schemas",
)  # whose members have any name


@dataclass(frozen=True)
class Checked:
    """What came of it. `problem`: what is wrong, or where it leads, or which bound was reached."""

    result: Literal["valid", "invalid", "outside", "unbounded"]
    problem: str = ""


class _Unbounded(Exception):
    """A bound is reached; the text says which."""


def check(document: Mapping[str, Any]) -> Checked:
    """Check a document as OpenAPI 3."""
    try:
        elsewhere = _leads_out(document)
        if elsewhere:
            return Checked("outside", elsewhere)
        asked: list[str] = []
        with _bounded_time(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                error = _first_error(document, asked)
            except _Unbounded:
                raise
            except Exception as trouble:  # a document can be so wrong that the validator itself stumbles
                if asked:
                    return Checked("outside", asked[0][:_SHOWN])
                return Checked("invalid", f"The document can't be read as OpenAPI: {type(trouble).__name__}.")
    except _Unbounded as bound:
        return Checked("unbounded", str(bound))
    if asked:
        return Checked("outside", asked[0][:_SHOWN])
    if error is None:
        return Checked("valid")
    where = "/".join(str(part) for part in error.absolute_path)[:_SHOWN]
    message = (str(error.message).splitlines() or [""])[0][:_SHOWN]
    return Checked("invalid", f"The document is not valid{f' at {where}' if where else ''}: {message}.")


def _leads_out(document: Mapping[str, Any]) -> str:
    """The first reference that leads elsewhere; empty if none does."""
    found = ""
    waiting: list[tuple[Any, bool, bool]] = [(document, False, False)]
    parts = 0
    while waiting:
        value, is_data, has_own_names = waiting.pop()
        parts += 1
        if parts > _MOST_PARTS:
            raise _Unbounded(f"it has more than {_MOST_PARTS} values")
        if isinstance(value, list):
            waiting += [(inner, is_data, False) for inner in value]
        elif isinstance(value, dict):
            references = (value.get(name) for name in (() if is_data or has_own_names else _REFERENCES))
            found = found or next(
                (each[:_SHOWN] for each in references if isinstance(each, str) and not each.startswith("#")),
                "",
            )
            for name, inner in value.items():
                below = is_data or (name in _DATA and not has_own_names)
                waiting.append((inner, below, name in _OF_NAMES and not has_own_names))
    return found


def _first_error(document: Mapping[str, Any], asked: list[str]) -> ValidationError | None:
    kind = get_validator_cls(dict(document))
    path = SchemaPath.from_dict(dict(document), handlers=_Refusing(asked), resolved_cache_maxsize=128)
    budget = _Budget(_MOST_STEPS)
    checker = kind(path)
    checker.keyword_validators_registry = type(checker.keyword_validators_registry)(
        {name: _bounded(each, budget) for name, each in kind.keyword_validators.items()}
    )
    return next(iter(checker.iter_errors()), None)


class _Refusing(dict[str, Callable[[str], Any]]):
    """Handlers for references to elsewhere, of any scheme: each notes that it was asked, and fetches nothing."""

    def __init__(self, asked: list[str]) -> None:
        super().__init__()
        self._asked = asked

    def __contains__(self, scheme: object) -> bool:
        return True

    def __getitem__(self, scheme: str) -> Callable[[str], Any]:
        return self._refuse

    def _refuse(self, address: str) -> Any:
        self._asked.append(address)
        raise LookupError("references to elsewhere are not followed")


class _Budget:
    def __init__(self, steps: int) -> None:
        self._left = steps

    def spend(self) -> None:
        self._left -= 1
        if self._left < 0:
            raise _Unbounded(f"its references lead through more than {_MOST_STEPS} schemas")


class _Ids(set[int]):
    """What was visited; the validator appends to it as to a list, in which looking would take long."""

    append = set.add


def _bounded(kind: type[keywords.KeywordValidator], budget: _Budget) -> type[keywords.KeywordValidator]:
    """One of the validator's parts, counted."""
    bounded: type[keywords.KeywordValidator] = kind
    if issubclass(kind, keywords.SchemaValidator):
        bounded = _bounded_schemas(kind, budget)
    elif issubclass(kind, keywords.ValueValidator):
        bounded = _bounded_values(kind, budget)
    return bounded


def _bounded_schemas(kind: Any, budget: _Budget) -> Any:
    class Schemas(kind):  # type: ignore[misc]  # which of them depends on the document's version
        def __init__(self, registry: Any) -> None:
            super().__init__(registry)
            self.visited_schema_ids = _Ids()
            self.meta_checked_schema_ids = _Ids()

        def __call__(self, *arguments: Any, **named: Any) -> Iterator[ValidationError]:
            budget.spend()
            yield from super().__call__(*arguments, **named)

        def _collect_properties(self, schema: Any) -> Any:
            budget.spend()
            return super()._collect_properties(schema)

    return Schemas


def _bounded_values(kind: Any, budget: _Budget) -> Any:
    def counted(keyword: Callable[..., Any]) -> Callable[..., Any]:
        def check_keyword(
            validator: Any, value: Any, instance: Any, schema: Any
        ) -> Iterator[ValidationError]:
            budget.spend()
            yield from keyword(validator, value, instance, schema) or ()

        return check_keyword

    base = kind.value_validator_cls

    def check_additional(validator: Any, value: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
        if "patternProperties" not in schema:
            yield from base.VALIDATORS["additionalProperties"](validator, value, instance, schema) or ()

    own = {
        "pattern": _check_pattern,
        "format": _check_format,
        "additionalProperties": check_additional,
        "patternProperties": _check_nothing,
        "unevaluatedProperties": _check_nothing,
    }
    named = {name: own.get(name, keyword) for name, keyword in base.VALIDATORS.items()}
    bounded = extend(base, {name: counted(each) for name, each in named.items()})
    return type(kind.__name__, (kind,), {"value_validator_cls": bounded})


def _check_pattern(validator: Any, pattern: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
    if isinstance(instance, str) and patterns.fits(pattern, instance) is False:
        yield ValidationError(f"{instance[:_SHOWN]!r} does not match {str(pattern)[:_SHOWN]!r}")


def _check_format(validator: Any, name: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
    """Formats are matched by regular expressions, some of them slow: long texts are left out."""
    checker = validator.format_checker
    if checker is None or (isinstance(instance, str) and len(instance) > _SHOWN):
        return
    if isinstance(name, str) and not checker.conforms(instance, name):
        yield ValidationError(f"{instance!r} is not a {name[:_SHOWN]!r}")


def _check_nothing(validator: Any, value: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
    """Of a default's members by the patterns of their names nothing is asked."""
    return iter(())


@contextmanager
def _bounded_time() -> Iterator[None]:
    """Interrupt what takes too long, where that can be done: in the main thread of a POSIX process."""
    if not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise _Unbounded(f"it was not checked within {_MOST_SECONDS:g} seconds")

    before = signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, _MOST_SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


__all__ = ["Checked", "check"]
