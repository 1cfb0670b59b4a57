"""Values that fit a JSON Schema: what structured output and tool calls are made of.

The part of JSON Schema that OpenAI takes: https://developers.openai.com/api/docs/guides/structured-outputs.
Values are functions of schema and seed.
"""

import math
import random
from collections.abc import Callable, Mapping
from typing import Any

from classroom.standin.generation.patterns import invent_match
from classroom.standin.incoming import errors
from classroom.standin.incoming.schema_limits import Budget

_FORMATS: Mapping[str, str] = {
    "date-time": "2026-11-21T09:30:00Z",
    "date": "2026-11-21",
    "time": "09:30:00Z",
    "duration": "PT5M",
    "email": "ada@example.com",
    "hostname": "example.com",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "uuid": "8c5b9a6e-2f0d-4c3a-9b1e-7d6f5a4c3b2a",
    "uri": "https://example.com/",
}
_DEEPEST = 12  # levels of a recursive schema, after which what may be left out or empty is
_MOST_ITEMS = 3


def invent(schema: Any, *, seed: str, words: str) -> Any:
    """A value that fits a schema.

    Args:
        schema: a JSON Schema; `$ref` into `$defs` or `definitions` of the same document is followed.
        seed: what chooses between values.
        words: what strings say where the schema leaves it open.

    Raises:
        APIError: 400 for a schema that makes no sense, or asks for more than any answer holds.
    """
    return Inventor(schema, seed, words).whole()


class Inventor:
    """Makes values for the parts of one schema, the `root`; `words` are what strings say where it is left open."""

    def __init__(self, root: Any, seed: str, words: str) -> None:
        self._root, self._words = root, words
        self._chance = random.Random(seed)  # noqa: S311 - an example, not a secret
        self._budget = Budget()

    def whole(self) -> Any:
        """A value for the root.

        Raises:
            APIError: 400 for a schema that makes no sense, or asks for more than any answer holds.
        """
        try:
            return self.value(self._root, 0)
        except (ArithmeticError, TypeError, ValueError, AttributeError, LookupError, RecursionError):
            raise errors.invalid(
                "Invalid schema: a bound, a type or a reference in it makes no sense.",
                "response_format",
                "invalid_json_schema",
            ) from None

    def value(self, schema: Any, depth: int) -> Any:
        """A value for a part of the schema, so many levels below its root."""
        self._budget.spend(1)
        if not isinstance(schema, Mapping):
            return self._words
        schema = self.resolved(schema)
        if "const" in schema:
            return schema["const"]
        if schema.get("enum"):
            return self._chance.choice(schema["enum"])
        for union in ("anyOf", "oneOf"):
            if schema.get(union):
                return self.value(self._branch(schema[union], depth), depth)
        if schema.get("allOf"):
            return self.value(_merge([self.resolved(part) for part in schema["allOf"]], schema), depth)
        return self._of_type(type_of(schema), schema, depth)

    def resolved(self, schema: Mapping[str, Any]) -> Mapping[str, Any]:
        """A schema with what its `$ref` leads to."""
        for _ in range(_DEEPEST):  # a reference that leads to itself ends here
            reference = schema.get("$ref")
            if not isinstance(reference, str) or not reference.startswith("#"):
                break
            found: Any = self._root
            for step in filter(None, reference[1:].split("/")):
                key = step.replace("~1", "/").replace("~0", "~")
                found = found.get(key) if isinstance(found, Mapping) else None
            rest = {name: value for name, value in schema.items() if name != "$ref"}
            schema = {**found, **rest} if isinstance(found, Mapping) else rest
        return schema

    def _branch(self, branches: list[Any], depth: int) -> Any:
        """The first branch, as a model that has something to say; a leaf where the schema goes too deep."""
        if depth < _DEEPEST // 2:
            return branches[0]
        leaves = [branch for branch in branches if isinstance(branch, Mapping) and "$ref" not in branch]
        plain = [leaf for leaf in leaves if type_of(leaf) not in ("object", "array")]
        return (plain or leaves or branches)[0]

    def _of_type(self, kind: str, schema: Mapping[str, Any], depth: int) -> Any:
        match kind:
            case "object":
                return self._object(schema, depth)
            case "array":
                return self._array(schema, depth)
            case "string":
                return self._string(schema)
            case "integer" | "number":
                return self._number(schema, whole=kind == "integer")
            case "boolean":
                return self._chance.random() < 0.5
            case _:
                return None

    def _object(self, schema: Mapping[str, Any], depth: int) -> dict[str, Any]:
        properties = schema.get("properties") or {}
        required = schema.get("required") or []
        names = [name for name in properties if name in required or depth < _DEEPEST // 2]
        out = {}
        for name in names:
            given, made = self.property(name, properties[name], depth + 1, required=name in required)
            if given:
                out[name] = made
        for name in required:
            if name not in out:
                extra = schema.get("additionalProperties")
                out[name] = self.value(extra, depth + 1) if isinstance(extra, Mapping) else self._words
        return out

    def property(self, name: str, schema: Any, depth: int, *, required: bool) -> tuple[bool, Any]:
        """Whether a field is given, and its value. Every field is given here."""
        return True, self.value(schema, depth)

    def _array(self, schema: Mapping[str, Any], depth: int) -> list[Any]:
        least = int(schema.get("minItems") or 0)
        most = int(schema.get("maxItems", max(least, _MOST_ITEMS)))
        count = (
            least if depth >= _DEEPEST // 2 else min(most, max(least, self._chance.randint(1, _MOST_ITEMS)))
        )
        prefix = schema.get("prefixItems") or []
        items = schema.get("items", {"type": "string"})
        self._budget.spend(count)
        out: list[Any] = []
        for attempt in range(count * 20):
            if len(out) == count:
                break
            made = self.value(prefix[len(out)] if len(out) < len(prefix) else items, depth + 1)
            if not schema.get("uniqueItems") or made not in out:
                out.append(made)
            elif isinstance(made, str) and type_of(self.resolved(items)) == "string" and "enum" not in items:
                out.append(f"{made} {attempt}")
        return out

    def _string(self, schema: Mapping[str, Any]) -> str:
        if isinstance(schema.get("pattern"), str):
            return invent_match(schema["pattern"], self._chance)
        if schema.get("format") in _FORMATS:
            return _FORMATS[schema["format"]]
        text = self._words
        least, most = schema.get("minLength"), schema.get("maxLength")
        self._budget.spend(max(len(text), least if isinstance(least, int) else 0))
        if isinstance(least, int) and len(text) < least:
            text = (text + " ") * math.ceil(least / (len(text) + 1))
            text = text[:least].rstrip().ljust(least, ".")
        if isinstance(most, int):
            text = text[:most]
        return text

    def _number(self, schema: Mapping[str, Any], *, whole: bool) -> int | float:
        step = schema.get("multipleOf") or (1 if whole else None)
        low, high = schema.get("minimum"), schema.get("maximum")
        above, below = schema.get("exclusiveMinimum"), schema.get("exclusiveMaximum")
        tiny = step or 1e-6
        if isinstance(above, (int, float)):
            low = above + tiny
        if isinstance(below, (int, float)):
            high = below - tiny
        if low is None:
            low = min(0, high) if high is not None else 0
        if high is None:
            high = low + 100
        if step:
            first, last = math.ceil(low / step), math.floor(high / step)
            found = self._chance.randint(first, max(first, last)) * step
            return int(found) if whole else round(found, 10)
        made = low + (high - low) * self._chance.random()
        short = round(made, 2)  # as people write numbers, if the bounds leave room for it
        return short if low <= short <= high else round(made, 6)


def type_of(schema: Mapping[str, Any]) -> str:
    """The JSON type that a schema asks for; of several, the first that isn't null."""
    kind = schema.get("type")
    if isinstance(kind, list):
        return next((str(each) for each in kind if each != "null"), "null")
    if isinstance(kind, str):
        return kind
    if "properties" in schema:
        return "object"
    return "array" if "items" in schema else "string"


def _merge(parts: list[Mapping[str, Any]], whole: Mapping[str, Any]) -> dict[str, Any]:
    out: dict[str, Any] = {name: value for name, value in whole.items() if name != "allOf"}
    for part in parts:
        for name, value in part.items():
            if name == "properties":
                out[name] = {**out.get(name, {}), **value}
            elif name == "required":
                out[name] = [*out.get(name, []), *value]
            else:
                out.setdefault(name, value)
    return out


def fits(value: Any, field: Mapping[str, Any]) -> bool:
    """Whether a value keeps to a field's bounds, as far as they are looked at here."""
    if isinstance(value, str):
        pattern = field.get("pattern")
        if isinstance(pattern, str):
            return False  # invented to fit: looking for a match could take for ever
        least, most = field.get("minLength"), field.get("maxLength")
        return (not isinstance(least, int) or len(value) >= least) and (
            not isinstance(most, int) or len(value) <= most
        )
    if isinstance(value, list):
        least, most = field.get("minItems"), field.get("maxItems")
        unique = not field.get("uniqueItems") or len(set(map(str, value))) == len(value)
        inner = field.get("items")
        return (
            (not isinstance(least, int) or len(value) >= least)
            and (not isinstance(most, int) or len(value) <= most)
            and unique
            and (not isinstance(inner, Mapping) or all(fits(each, inner) for each in value))
        )
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return True
    if type_of(field) == "integer" and not isinstance(value, int):
        return False
    bounds: list[tuple[str, Callable[[float], bool]]] = [
        ("minimum", lambda bound: value >= bound),
        ("maximum", lambda bound: value <= bound),
        ("exclusiveMinimum", lambda bound: value > bound),
        ("exclusiveMaximum", lambda bound: value < bound),
        ("multipleOf", lambda bound: bound > 0 and value % bound == 0),
    ]
    return all(keeps(field[name]) for name, keeps in bounds if isinstance(field.get(name), (int, float)))


# structured outputs guide: "some type-specific keywords are not yet supported", composition among them
_NOT_PERMITTED = ("allOf", "oneOf", "not", "dependentRequired", "dependentSchemas", "if", "then", "else")


def check_strict(schema: Any, *, param: str, name: str) -> None:
    """What OpenAI asks of a schema that is to be followed strictly.

    Raises:
        APIError: 400 `invalid_json_schema`, naming the place: the root is no object, an object lacks
            `additionalProperties: false`, or one of its properties is not required.
    """
    if not isinstance(schema, Mapping) or schema.get("type") != "object":
        raise _bad_schema(param, name, "()", "the schema's root must be of type 'object'")
    _check_objects(schema, param, name, ())


def _check_objects(schema: Any, param: str, name: str, at: tuple[str, ...]) -> None:
    if isinstance(schema, list):
        for index, item in enumerate(schema):
            _check_objects(item, param, name, (*at, str(index)))
        return
    if not isinstance(schema, Mapping):
        return
    for word in _NOT_PERMITTED:
        if word in schema:
            raise _bad_schema(param, name, repr(at), f"'{word}' is not permitted")
    if schema.get("type") == "object" or "properties" in schema:
        if schema.get("additionalProperties") is not False:
            raise _bad_schema(
                param, name, repr(at), "'additionalProperties' is required to be supplied and to be false"
            )
        properties = schema.get("properties") or {}
        missing = [each for each in properties if each not in (schema.get("required") or [])]
        if missing:
            raise _bad_schema(
                param, name, repr(at), f"'required' must list every property; it lacks '{missing[0]}'"
            )
    for group in ("properties", "$defs", "definitions"):
        for each, part in (schema.get(group) or {}).items():
            _check_objects(part, param, name, (*at, group, each))
    for key in ("items", "anyOf"):
        _check_objects(schema.get(key), param, name, (*at, key))


def _bad_schema(param: str, name: str, at: str, problem: str) -> errors.APIError:
    return errors.invalid(
        f"Invalid schema for '{name}': In context={at}, {problem}.", param, "invalid_json_schema"
    )
