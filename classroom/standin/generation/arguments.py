"""The arguments of a tool's call: taken from the words of the prompt, by each field's name and type.

What the prompt doesn't say is left out if it may be, null if it may be, and invented otherwise; the result fits the schema.
"""

import itertools
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from classroom.standin.generation.schema import Inventor, fits, type_of
from classroom.standin.meanings import field_meanings, plausible
from classroom.standin.meanings.proper_names import find_unplaced, places, proper
from classroom.standin.meanings.words import meanings, parts_of, words_of

_READ = 2_000  # characters of a prompt that are looked at: its beginning and its end
_MOST_FIELDS, _LONGEST_NAME = 200, 64  # what more a schema has is invented, without a look at the prompt
_LONGEST = 60  # characters of a prompt that stand for words which it doesn't give
_NUMBER = re.compile(r"(?<![\w.])[-+]?\d+(?:\.\d+)?(?![\w])")
_EXPRESSION = re.compile(r"[-+(\d][\d\s.,()+*/^%×÷-]*[\d)]")
_OPERATOR = re.compile(r"\d\s*[-+*/^%×÷]\s*[\d(]")
_QUOTED = re.compile(r"[\"“”«]([^\"“”»]+)[\"“”»]|(?<!\w)['‘]([^'’]+)['’](?!\w)")
_VALUE = r"([^\s\"”'’,;.?!]+(?:[ -](?-i:[A-Z0-9])[^\s\"”'’,;.?!]*)*)"
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_URL = re.compile(r"https?://[^\s<>\"')]+")
_DAY = re.compile(r"\b\d{4}-\d\d-\d\d\b")
_CODED = re.compile(r"(?<![\w-])#?((?=[\w-]*\d)[A-Za-z0-9][\w-]*)")
_SMALL = re.compile(
    r"\b(?:in|at|near|to|from|of|for)\s+(?:the\s+|my\s+|an?\s+)?(?!the\b|my\b)([^\W\d_]{3,})"
)  # "weather in paris"
_CAPITALS = re.compile(r"\b[A-Z]{2,5}\b")
_WHEN = re.compile(
    r"\b(today|tomorrow|tonight|yesterday|now|(?:next |this )?(?:mon|tues|wednes|thurs|fri|satur|sun)day|"
    r"next (?:week|month|year)|\d{1,2}:\d\d|\d{1,2} ?[ap]m)\b",
    re.IGNORECASE,
)


def fill(parameters: Any, prompt: str, *, seed: str, several: bool = False) -> list[dict[str, Any]]:
    """The arguments for a tool, as a list of calls.

    Args:
        parameters: the tool's JSON Schema.
        prompt: the user's words.
        seed: what chooses between values that the prompt leaves open.
        several: whether there may be a call for each thing that the prompt names.

    Returns:
        At least one object that fits the schema.
    """
    prompt = readable(prompt)
    root = parameters if isinstance(parameters, Mapping) else {"type": "object"}
    if "type" not in root and "properties" not in root:
        root = {"type": "object", **root}
    names = _only_place(root)
    named = places(prompt) if several and names else ()
    if len(named) > 1:
        return [_fill(root, prompt, seed, {names: place}) for place in named]
    return [_fill(root, prompt, seed, {})]


def answer(schema: Any, prompt: str, *, seed: str) -> Any:
    """A value that fits the schema of a structured answer, from the words of the prompt where it has them.

    Raises:
        APIError: 400 for a schema that makes no sense, or asks for more than any answer holds.
    """
    return _Listener(schema, seed, readable(prompt), {}, writes=True).whole()


def readable(prompt: str) -> str:
    """As much of a prompt as is looked at."""
    return prompt if len(prompt) <= _READ else f"{prompt[: _READ // 2]}\n{prompt[-_READ // 2 :]}"


def _fill(root: Mapping[str, Any], prompt: str, seed: str, known: Mapping[str, str]) -> dict[str, Any]:
    made = _Listener(root, seed, prompt, known).whole()
    return made if isinstance(made, dict) else {}


def _only_place(root: Mapping[str, Any]) -> str:
    """The one field that names a place, where every other field may stay the same; "" if there is none."""
    fields = root.get("properties") or {}
    found = [
        name
        for name, field in fields.items()
        if isinstance(field, Mapping)
        and type_of(field) == "string"
        and "enum" not in field
        and field_meanings.PLACES & set(parts_of(name))
    ]
    return found[0] if len(found) == 1 else ""


def evidence(parameters: Any, prompt: str) -> float:
    """How much a prompt holds of what a tool's parameters ask for."""
    fields = parameters.get("properties") if isinstance(parameters, Mapping) else None
    if not isinstance(fields, Mapping):
        return 0.0
    heard = meanings(words_of(prompt))
    score, numeric = 0.0, 0
    for name, field in itertools.islice(fields.items(), _MOST_FIELDS):
        parts = set(parts_of(str(name)[:_LONGEST_NAME]))
        kind = type_of(field) if isinstance(field, Mapping) else "string"
        numeric += kind in ("integer", "number")
        numeric += 2 * (kind == "array" and isinstance(field, Mapping) and _is_numeric(field.get("items")))
        if parts & {"expression", "equation", "formula"} and _OPERATOR.search(prompt):
            score += 2
        elif ("email" in parts and _EMAIL.search(prompt)) or ("url" in parts and _URL.search(prompt)):
            score += 1.5
        elif parts & field_meanings.PLACES and places(prompt):
            score += 0.75
        elif parts & field_meanings.FREE or meanings(parts) & heard:
            score += 0.5
    if numeric >= 2 and len(_NUMBER.findall(prompt)) >= 2:
        score += 1.5
    return score


def _is_numeric(field: Any) -> bool:
    return isinstance(field, Mapping) and type_of(field) in ("integer", "number")


class _Listener(Inventor):
    """Values that fit a schema, taken from a prompt where it has them.

    `writes`: whether a text without a known meaning is written about the whole prompt, as in a structured answer; else it is
    a name or a quotation in it, as an argument of a tool.
    """

    def __init__(
        self, root: Any, seed: str, prompt: str, known: Mapping[str, str], *, writes: bool = False
    ) -> None:
        words = " ".join(prompt.split())
        super().__init__(root, seed, words if len(words) <= _LONGEST else words[:_LONGEST].rstrip() + " …")
        self._prompt = prompt
        self._known = known
        self._writes = writes
        self._figures = plausible.with_digits(prompt)
        self._numbers = [match[0] for match in _NUMBER.finditer(self._figures)]
        self._used: set[str] = set()
        fields = root.get("properties") if isinstance(root, Mapping) else None
        names = itertools.islice(fields or (), _MOST_FIELDS) if isinstance(fields, Mapping) else ()
        self._has_place = any(
            field_meanings.PLACES & set(parts_of(str(name)[:_LONGEST_NAME])) for name in names
        )
        self._fields = 0

    def property(self, name: str, schema: Any, depth: int, *, required: bool) -> tuple[bool, Any]:
        """Whether a field is given, and its value."""
        self._fields += 1
        if self._fields > _MOST_FIELDS or len(name) > _LONGEST_NAME:
            return required, self.value(schema, depth)
        field = self.resolved(schema) if isinstance(schema, Mapping) else {}
        branches = field.get("anyOf") or field.get("oneOf")
        optional = not required or _takes_null(field)
        options = [self.resolved(each) for each in branches or [field] if isinstance(each, Mapping)]
        for option in options:
            heard = self._heard(name, option, required=not optional)
            if heard is not None and fits(heard, option):
                return True, heard
        if optional and not any(type_of(option) in ("object", "array") for option in options):
            return required, None if _takes_null(field) else self.value(self._likely(name, field), depth)
        return True, self.value(self._likely(name, field), depth)

    def _likely(self, name: str, field: Mapping[str, Any]) -> Mapping[str, Any]:
        """A field with plausible bounds, if it is a number that the prompt does not give."""
        number = "enum" not in field and type_of(field) in ("integer", "number")
        return plausible.add_bounds(name, field) if number else field

    def _heard(self, name: str, field: Mapping[str, Any], *, required: bool) -> Any:
        """What the prompt says of a field; None if nothing."""
        if "const" in field:
            return field["const"]
        if "allOf" in field:
            return None
        if field.get("enum"):
            return self._one_of(field["enum"])
        match type_of(field):
            case "string":
                return self._string_of(name, field)
            case "integer" | "number":
                graded = plausible.scale(name, self._figures) if required else None
                if graded:
                    return self._chance.randint(*graded)
                return self._number_of(name, whole=type_of(field) == "integer")
            case "array":
                return self._list_of(name, field.get("items"))
            case "boolean":
                return plausible.flag(name, self._prompt)
        return None

    def _one_of(self, choices: Any) -> Any:
        heard = set(words_of(self._prompt))
        for each in choices:
            words = words_of(str(each))
            if words and (set(words) <= heard or (len(words[0]) > 3 and meanings(words) <= meanings(heard))):
                return each
        return None

    def _string_of(self, name: str, field: Mapping[str, Any]) -> str | None:
        if name in self._known:
            return self._known[name]
        value = None if field.get("format") else self._after_its_name(name)
        if value is None:
            value = next(filter(None, (find() for find in self._finders(set(parts_of(name)), field))), None)
        if value is not None:
            self._used.add(value)
        return value

    def _finders(self, parts: set[str], field: Mapping[str, Any]) -> Iterator[Callable[[], str | None]]:
        """Where to look for a text, by what its field is called; the last resort last."""
        form = field.get("format")
        if form == "email" or (not form and parts & field_meanings.MAIL):
            yield lambda: self._next(_EMAIL)
        if form in ("uri", "url") or (not form and parts & field_meanings.LINK):
            yield lambda: self._next(_URL)
        if form == "date" or (not form and parts & field_meanings.TIMES):
            yield lambda: self._next(_DAY)
        if form:
            return  # words would not fit it
        if parts & field_meanings.MATHS:
            yield self._expression
        if parts & field_meanings.PLACES:
            yield lambda: self._unused(places(self._prompt))
            yield lambda: self._next(_SMALL)
        if parts & field_meanings.MONEY:
            yield lambda: self._next(_CAPITALS)
        if parts & field_meanings.TIMES:
            yield lambda: self._next(_WHEN)
        if parts & field_meanings.COUNTED:
            yield lambda: self._next(_CODED)
        if self._writes and not parts & field_meanings.SPECIAL and self._is_open(parts):
            yield lambda: " ".join(self._prompt.split())
        yield lambda: self._next(_QUOTED)
        if parts & field_meanings.FREE:
            yield lambda: " ".join(self._prompt.split())
        if parts & field_meanings.NAMES or len(parts) == 1:
            yield lambda: self._unused(self._named(parts)) if self._is_open(parts) else None

    def _named(self, parts: set[str]) -> Sequence[str]:
        """Names of the prompt; without those of places, where another field asks for these."""
        asked_elsewhere = self._has_place and not parts & field_meanings.PLACES
        return find_unplaced(self._prompt) if asked_elsewhere else proper(self._prompt)

    def _is_open(self, parts: set[str]) -> bool:
        """Whether a field may be any name that the prompt holds: not one of a small set, such as a unit."""
        return not parts & {"unit", "units", "format", "kind", "type", "mode", "style", "status"}

    def _after_its_name(self, name: str) -> str | None:
        """What "the title is Dune", "title: Dune", "subject "Hello"" and "named Ada" say of a field."""
        spoken = r"[\s_-]*".join(map(re.escape, parts_of(name)))
        if not spoken:
            return None
        quoted = re.search(rf"\b{spoken}\b\W{{0,3}}?{_QUOTED.pattern}", self._prompt, re.IGNORECASE)
        if quoted:
            return quoted[1] or quoted[2]
        match = re.search(
            rf"\b{spoken}d?\b\s*(?:is|are|=|:|called|named)\s*{_VALUE}", self._prompt, re.IGNORECASE
        )
        return match[1] if match else None

    def _expression(self) -> str | None:
        found = [
            match[0].strip() for match in _EXPRESSION.finditer(self._prompt) if _OPERATOR.search(match[0])
        ]
        return max(found, key=len, default=None)

    def _next(self, pattern: re.Pattern[str]) -> str | None:
        """The first match that no other field has taken; the part in brackets, if the pattern has any."""
        found = [next(filter(None, (*match.groups(), match[0]))) for match in pattern.finditer(self._prompt)]
        return self._unused(found)

    def _unused(self, found: Sequence[str]) -> str | None:
        return next((each for each in found if each not in self._used), None)

    def _number_of(self, name: str, *, whole: bool) -> int | float | None:
        spoken = "|".join(re.escape(part) for part in parts_of(name) if len(part) > 1)
        beside = spoken and re.search(
            rf"\b(?:{spoken})\b\D{{0,4}}([-+]?\d+(?:\.\d+)?)|([-+]?\d+(?:\.\d+)?)\s*(?:{spoken})",
            self._figures,
            re.IGNORECASE,
        )
        written = (beside[1] or beside[2]) if beside else (self._numbers[0] if self._numbers else None)
        if written is None or (whole and not float(written).is_integer()) or len(written) > 15:
            return None
        if written in self._numbers:
            self._numbers.remove(written)
        value = float(written)
        return int(value) if whole or value.is_integer() else value

    def _list_of(self, name: str, items: Any) -> list[Any] | None:
        field = self.resolved(items) if isinstance(items, Mapping) else {}
        if type_of(field) in ("integer", "number"):
            values = [float(each) for each in self._numbers if len(each) <= 15]
            return [int(each) if each.is_integer() else each for each in values] or None
        if type_of(field) == "string" and "enum" not in field:
            found = (
                places(self._prompt) if set(parts_of(name)) & field_meanings.PLACES else proper(self._prompt)
            )
            return [each for each in found if each not in self._used] or None
        return None


def _takes_null(field: Mapping[str, Any]) -> bool:
    kinds = [
        field.get("type"),
        *(each.get("type") for each in field.get("anyOf") or [] if isinstance(each, Mapping)),
    ]
    return any(kind == "null" or (isinstance(kind, list) and "null" in kind) for kind in kinds)
