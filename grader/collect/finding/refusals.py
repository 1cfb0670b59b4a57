"""What a refusal says about the request: which input is missing, and what another has to be.

Reads what frameworks and people write: FastAPI's and pydantic's lists of errors, problem details (RFC 9457), a serializer's
map of fields, a sentence, a page. What it understands is tried once more; what it does not is shown to people.
"""

import html
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from grader import reading
from grader.evidence import Exchange
from grader.operations import Field, Location

_LONGEST = 4_000  # characters of an answer that are read
_MOST = 20  # corrections of one answer
_LOCATIONS: Mapping[str, Location] = {
    "body": "json",
    "json": "json",
    "query": "query",
    "path": "path",
    "header": "header",
    "headers": "header",
    "form": "form",
    "data": "json",
}


def _listed(words: str) -> frozenset[str]:
    return frozenset(words.split())


_NAME = r"[A-Za-z_](?:[\w.\-\[\]]{0,60}[\w\]])?"
_QUOTED = re.compile(rf"[\"'`“‘]({_NAME})[\"'`”’]")
_ABOUT = (
    re.compile(rf"\b(?:field|parameter|key|property|argument|input)\b:? [\"'`“‘]?({_NAME})[\"'`”’]?", re.I),
    re.compile(
        rf"(?:missing|lacks?|require[sd]?|provide|supply|expected|without|fill in|no)\b[^.\"'`]{{0,40}}?[\"'`“‘]?\b({_NAME})[\"'`”’]?",
        re.I,
    ),
    re.compile(
        rf"[\"'`“‘]?\b({_NAME})[\"'`”’]?(?: \w+){{0,2}} (?:is|are|was|must|may|can|should|cannot|can't|has|not|field|missing|required|invalid)\b",
        re.I,
    ),
    re.compile(rf"KeyError: [\"']?({_NAME})"),
)
_PLAIN_WORDS = _listed(
    "the a an and or is are was were be must may can should field fields parameter parameters value values request json "
    "required missing invalid valid not no with for of in on to it this that please your you we error bad found empty "
    "blank string number integer keys at least most than more less one only provide provided supply given there such "
    "has have had been does do did unprocessable entity method allowed length detail msg loc ctx url pydantic server "
    "internal client http status errors fill"
)
_CHOICES = re.compile(
    r"(?:one of|either|choose|choices|allowed(?: values)?|supported(?: \w+)?|use|be|valid \w+(?: are)?|permitted|options|expected)"
    r"\W{0,4}((?:[\"'`“‘]?[\w./+\-]{1,40}[\"'`”’]?(?:\s*(?:,|\||/|\bor\b|\band\b)\s*)+)+[\"'`“‘]?[\w./+\-]{1,40}[\"'`”’]?)",
    re.I,
)
_SEPARATED = re.compile(r"\s*(?:,|\||\bor\b|\band\b)\s*")
_AT_LEAST = re.compile(
    r"(?:at least|greater than or equal to|minimum(?: is| of)?|>=|no less than)\s*(-?\d{1,9})( char| letter| word)?",
    re.I,
)
_AT_MOST = re.compile(
    r"(?:at most|less than or equal to|maximum(?: is| of)?|<=|no more than|up to)\s*(-?\d{1,9})( char| letter| word)?",
    re.I,
)
# of the body itself: what "tags must be a list" says is about one input
_WHOLE_LIST = re.compile(
    r"\bexpected (?:an? )?(?:json )?(?:list|array)\b"
    r"|\b(?:body|payload|request|data|json|input)\b[^.]{0,30}\b(?:should|must|has to|needs to)\b[^.]{0,20}\b(?:list|array)\b",
    re.I,
)
_TYPES: tuple[tuple[str, Mapping[str, Any]], ...] = (
    ("uuid", {"type": "string", "format": "uuid"}),
    ("email", {"type": "string", "format": "email"}),
    ("url", {"type": "string", "format": "uri"}),
    ("datetime", {"type": "string", "format": "date-time"}),
    ("date", {"type": "string", "format": "date"}),
    ("integer", {"type": "integer"}),
    ("whole number", {"type": "integer"}),
    ("number", {"type": "number"}),
    ("boolean", {"type": "boolean"}),
    ("list", {"type": "array", "items": {"type": "string"}}),
    ("array", {"type": "array", "items": {"type": "string"}}),
    ("dictionary", {"type": "object"}),
    ("object", {"type": "object"}),
)


@dataclass(frozen=True)
class Correction:
    """What a refusal asks of one input. `location` is None where it does not say; `schema`: what it now has to be."""

    name: str
    location: Location | None = None
    schema: Mapping[str, Any] = field(default_factory=dict)


def corrections(
    exchange: Exchange, known: Sequence[Field], sent: Mapping[tuple[Location, str], Any] | None = None
) -> list[Correction]:
    """What an answer asks to change, the surest first.

    Args:
        exchange: the refused request and its answer.
        known: the inputs that are known of the operation.
        sent: the values that they had.
    """
    text = exchange.body[:_LONGEST]
    try:
        whole = reading.parse_json(exchange.body)
    except reading.Unreadable:
        whole = None
    found = list(_of_json(whole)) if isinstance(whole, (dict, list)) else []
    if not found:
        sentences = list(_texts(whole)) if whole is not None else [_as_text(text)]
        for sentence in sentences:
            found.extend(_of_sentence(sentence, known, sent or {}))
    unique: dict[tuple[str, Location | None], Correction] = {}
    for each in found:
        unique.setdefault((each.name, each.location), each)
    return list(unique.values())[:_MOST]


def wants(exchange: Exchange) -> Location | None:
    """Another kind of body, if the answer asks for one."""
    text = exchange.body[:_LONGEST].lower()
    if exchange.status == 415 or "content-type" in text or "content type" in text or "mimetype" in text:
        if "text/plain" in text:
            return "text"
        if "form" in text and "json" not in text:
            return "form"
        return "json" if not exchange.request_body.startswith(("{", "[", '"')) else "form"
    return None


def _as_text(page: str) -> str:
    """A page's words, without its tags."""
    if "<" not in page:
        return page
    page = re.sub(r"(?is)<(script|style)\b.*?</\1>", " ", page)
    return html.unescape(re.sub(r"<[^>]{0,500}>", " ", page))


def _of_json(value: Any) -> Iterator[Correction]:
    """From errors that name their inputs in fields of their own."""
    for each in _objects(value):
        place = next(
            (
                each[name]
                for name in ("loc", "pointer", "field", "param", "name", "path", "property", "key")
                if isinstance(each.get(name), (str, list)) and each.get(name)
            ),
            None,
        )
        sentence = " ".join(
            str(each[name])
            for name in ("msg", "message", "detail", "reason", "error", "type", "code", "description")
            if isinstance(each.get(name), str)
        )
        if place is None or not sentence:
            continue
        location, name = _located(place)
        if name is None:
            continue
        details = each.get("ctx")
        context: Mapping[str, Any] = details if isinstance(details, dict) else {}
        yield Correction(name, location, _schema(sentence, context))
    for each in value[:_MOST] if isinstance(value, list) else ():
        yield from _of_map(each)  # of the members of a list
    if isinstance(value, dict):
        for container in (value, value.get("errors"), value.get("detail"), value.get("messages")):
            yield from _of_map(container)


def _of_map(value: Any) -> Iterator[Correction]:
    """From a map of fields to lists of sentences, as serializers write it."""
    for name, content in value.items() if isinstance(value, dict) else ():
        if isinstance(content, list) and content and all(isinstance(each, str) for each in content):
            sentence = " ".join(content)
            if re.fullmatch(_NAME, str(name)) and name not in (
                "non_field_errors",
                "errors",
                "detail",
                "messages",
            ):
                yield Correction(str(name), None, _schema(sentence, {}))
        elif isinstance(content, dict) and name in ("json", "form", "query", "body"):
            yield from _of_map(content)


def _objects(value: Any, depth: int = 0) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict) and depth < 5:
        yield value
        for inner in value.values():
            yield from _objects(inner, depth + 1)
    elif isinstance(value, list) and depth < 5:
        for inner in value[:50]:
            yield from _objects(inner, depth + 1)


def _located(place: str | list[Any]) -> tuple[Location | None, str | None]:
    """Where an input is and its dotted name, from `["body", "size", "width"]`, `/size/width` or `body.size`."""
    if isinstance(place, str):
        parts: list[Any] = [part for part in re.split(r"[/.#]", place) if part]
    else:
        parts = place
    names = [str(part) for part in parts if isinstance(part, (str, int)) and not isinstance(part, bool)]
    location = None
    if len(names) > 1 and names[0] in _LOCATIONS:
        location = _LOCATIONS[names.pop(0)]
    if names in (["body"], ["query"], ["form"], ["json"]) and isinstance(place, list):
        return _LOCATIONS[names[0]], ""
    name = ".".join(names)
    return location, name if name and re.fullmatch(r"[\w.\-\[\] ]{1,200}", name) else None


def _schema(sentence: str, context: Mapping[str, Any]) -> dict[str, Any]:
    """What a sentence says that a value has to be."""
    schema: dict[str, Any] = {}
    lowered = sentence.lower()
    is_typed = "valid" in lowered and any(re.search(rf"\bvalid {word}\b", lowered) for word, _ in _TYPES)
    if not is_typed:
        expected = str(context.get("expected") or "")
        if choices := _choices(expected or sentence, quoted_only=bool(expected)):
            return {"enum": choices}
    for name, bound in (
        ("ge", "minimum"),
        ("le", "maximum"),
        ("gt", "exclusiveMinimum"),
        ("lt", "exclusiveMaximum"),
        ("min_length", "minLength"),
        ("max_length", "maxLength"),
        ("pattern", "pattern"),
    ):
        if isinstance(context.get(name), (int, float, str)):
            schema[bound] = context[name]
    for pattern, of_number, of_text in (
        (_AT_LEAST, "minimum", "minLength"),
        (_AT_MOST, "maximum", "maxLength"),
    ):
        bounded = pattern.search(sentence)
        if bounded and of_number not in schema and of_text not in schema:
            schema[of_text if bounded[2] else of_number] = int(bounded[1])
    if matched := re.search(r"match pattern '([^']{1,300})'", sentence):
        schema["pattern"] = matched[1]
    if re.search(r"valid|should be|must be|expected|not an? ", lowered) and "valid string" not in lowered:
        kind = next((facts for word, facts in _TYPES if re.search(rf"\b{word}\b", lowered)), None)
        if kind:
            schema = {**kind, **schema}
    if not schema.get("type") and ("minimum" in schema or "maximum" in schema):
        schema["type"] = "integer"
    return schema


def _choices(sentence: str, *, quoted_only: bool = False) -> list[str]:
    """The words that a sentence lists as those that may stand there."""
    if quoted_only:
        return re.findall(r"'([^']{1,100})'", sentence)
    if found := _CHOICES.search(sentence):
        words = [each.strip(" \"'`“‘”’[]().") for each in _SEPARATED.split(found[1])]
        return [word for word in words if word and word.lower() not in ("a", "an", "the")]
    return []


def _texts(value: Any, depth: int = 0) -> Iterator[str]:
    if isinstance(value, str):
        yield value[:_LONGEST]
    elif isinstance(value, dict) and depth < 5:
        for inner in value.values():
            yield from _texts(inner, depth + 1)
    elif isinstance(value, list) and depth < 5:
        for inner in value[:50]:
            yield from _texts(inner, depth + 1)


def _of_sentence(
    sentence: str, known: Iterable[Field], sent: Mapping[tuple[Location, str], Any]
) -> Iterator[Correction]:
    """From a sentence: an input that it names or quotes the value of, or else a name that it says to be missing."""
    words = {word.lower() for word in re.findall(r"[\w\-]+", sentence)}
    named = [one for one in known if one.name and one.name.rpartition(".")[2].lower() in words]
    schema = _schema(sentence, {})
    if not named:
        named = [
            one
            for one in known
            if isinstance(sent.get(one.key), str)
            and 2 < len(sent[one.key]) < 300
            and sent[one.key] in sentence
        ]
    for one in named:
        yield Correction(one.name, one.location, schema)
    if named:
        return
    if _WHOLE_LIST.search(sentence):
        yield Correction("", "json", {"type": "array"})
        return
    names = list(_QUOTED.findall(sentence))
    for pattern in _ABOUT:
        names += [found if isinstance(found, str) else found[0] for found in pattern.findall(sentence)]
    choices = set(schema.get("enum", ()))
    for name in dict.fromkeys(names):
        if name.lower() not in _PLAIN_WORDS and name not in choices and len(name) > 1:
            plain = name.lower() if name[1:].islower() else name
            yield Correction(plain, None, schema)
