"""The operations of an app and their inputs, read from its OpenAPI document.

A stranger wrote the document. References are followed inside it only, and the number of steps for one document is bounded: what
is left then counts as empty.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, islice, product
from typing import Any, Literal

from grader.examples import inside, list_examples, whole_requests
from grader.schemas import Document, as_list, resolve, scalar

# "text": the body is the words themselves, as text/plain
Location = Literal["path", "query", "header", "json", "form", "multipart", "text"]
BODIES: tuple[Location, ...] = ("json", "form", "multipart", "text")
_MEDIA_TYPES: Mapping[str, Location] = {
    "application/json": "json",
    "application/x-www-form-urlencoded": "form",
    "multipart/form-data": "multipart",
}
_USUAL = frozenset({*_MEDIA_TYPES, "text/plain"})  # what requests say of their bodies by themselves
_OF_FILES = frozenset({"text", "image", "audio"})  # top-level media types
_METHODS = ("post", "put", "patch", "get")
_MAX_DEPTH = 6
_MAX_SHAPES = 8
_MAX_OPERATIONS = 500
_MAX_FIELDS = 200  # of one body
_MAX_CHOICES = 200
_MAX_WORDS = 10_000  # characters of what an operation says of itself
_MAX_NAME = 200  # characters of an input's name


@dataclass(frozen=True)
class Field:
    """One input. `name` of a JSON input is its path, dotted; empty if the body is the value itself.

    `shown`: the document's examples of it, by the names that they have there.
    """

    location: Location
    name: str
    schema: Mapping[str, Any]
    required: bool = False
    description: str = ""
    shown: Mapping[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> tuple[Location, str]:
        """What tells it from the other inputs of its operation."""
        return self.location, self.name

    @property
    def choices(self) -> tuple[Any, ...]:
        """The only values, if the document names them."""
        if "const" in self.schema:
            return (self.schema["const"],)
        values = self.schema.get("enum")
        return tuple(values[:_MAX_CHOICES]) if isinstance(values, list) else ()

    @property
    def is_text(self) -> bool:
        """Whether any words may go there."""
        kind = self.schema.get("type", "string" if not self.schema.get("properties") else "object")
        return kind == "string" and not self.choices and self.schema.get("format") in (None, "", "password")

    @property
    def is_file(self) -> bool:
        """Whether it is an upload."""
        return self.schema.get("format") == "binary" or "contentMediaType" in self.schema


@dataclass(frozen=True)
class Operation:
    """One method of one path. `shapes`: the sets of inputs that it takes (several where its body is a union).

    `examples`: whole requests that the document shows, by their names. `is_open`: whether it may take inputs that nothing
    describes; `is_read`: whether its source was found to name some.
    """

    method: str
    path: str
    words: str
    shapes: tuple[tuple[Field, ...], ...] = field(default=())
    examples: tuple[Mapping[tuple[Location, str], Any], ...] = ()
    is_open: bool = False
    is_read: bool = False


def operations(whole: Mapping[str, Any]) -> list[Operation]:
    """Every operation that may generate: POST, PUT, PATCH and GET, the likeliest first."""
    document = Document(whole)
    each_place = list(islice(_list_operations(whole), _MAX_OPERATIONS))
    return sorted((_operation(document, *each) for each in each_place), key=_likelihood)


def base_path(whole: Mapping[str, Any]) -> str:
    """The path of the document's first server, which its paths are relative to: "/api" of a mounted application."""
    first = next(iter(as_list(whole.get("servers"))), None)
    url = first.get("url") if isinstance(first, dict) else None
    return url.rstrip("/") if isinstance(url, str) and url.startswith("/") and "{" not in url else ""


def _list_operations(whole: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any], str]]:
    paths = whole.get("paths")
    for path, item in (paths if isinstance(paths, dict) else {}).items():
        for method in _METHODS:
            if isinstance(item, dict) and isinstance(item.get(method), dict):
                yield path, item, method


def _likelihood(operation: Operation) -> tuple[int, int]:
    words = operation.words.lower()
    hints = ("generat", "openai", "prompt", "gpt", "speech", "image", "audio", "text", "creat", "ai")
    return _METHODS.index(operation.method.lower()), -sum(hint in words for hint in hints)


def _operation(document: Document, path: str, item: Mapping[str, Any], method: str) -> Operation:
    facts = item[method]
    named = [*as_list(item.get("parameters")), *as_list(facts.get("parameters"))]
    found = (_parameter(document, entry) for entry in named[:_MAX_FIELDS])
    parameters = [parameter for parameter in found if parameter]
    accept = _accept(document, facts.get("responses"))
    if (
        accept
    ):  # the document's own parameter of that name has no meaning (OpenAPI 3.1, "Parameter Object", `name`)
        parameters = [one for one in parameters if one.name.lower() != "accept"]
    # the header comes last: an input of the app's own that names the type says more
    bodies = list(_bodies(document, facts.get("requestBody"))) or [()]
    shapes = tuple((*parameters, *body, *accept) for body in bodies)
    texts = [path, *(facts.get(name, "") for name in ("summary", "operationId", "description"))]
    names = [one.name for shape in shapes for one in shape]
    about = [each for shape in shapes for one in shape for each in (one.description, one.schema)]
    words = _words([*texts, *names, *about], _MAX_WORDS)
    examples = whole_requests((one.key, one.shown) for shape in shapes[:_MAX_SHAPES] for one in shape)
    # a body that no schema describes, or none at all where there may be one: the code may read more than is written
    is_open = not any(one.location in BODIES for shape in shapes for one in shape)
    return Operation(method.upper(), path, words, shapes[:_MAX_SHAPES], examples, is_open)


def _words(values: Sequence[Any], room: int) -> str:
    """Every text and number in some values, with the names of their members, as far as there is room."""
    out: list[str] = []
    waiting = list(reversed(values))
    while waiting and room > 0:
        value = waiting.pop()
        if isinstance(value, dict):
            for name, inner in reversed(list(islice(value.items(), room))):
                waiting += [inner, name]
        elif isinstance(value, list):
            waiting += reversed(value[:room])
        else:
            out.append(str(value)[:room])
            room -= len(out[-1]) + 1
    return " ".join(out)


def _text(value: Any) -> str:
    return value[:_MAX_WORDS] if isinstance(value, str) else ""


def _parameter(document: Document, parameter: Any) -> Field | None:
    facts = resolve(document, parameter)
    place = facts.get("in")
    if place not in ("path", "query", "header") or not _is_name(facts.get("name")):
        return None
    schema = scalar(document, resolve(document, facts.get("schema")))
    named = list_examples(facts, schema, document.resolve)
    if named:
        schema = {**schema, "example": next(iter(named.values()))}
    required = bool(facts.get("required")) or place == "path"
    return Field(
        place,
        facts["name"],
        schema,
        required,
        _text(facts.get("description")) or _text(schema.get("description")),
        named,
    )


def _accept(document: Document, responses: Any) -> tuple[Field, ...]:
    """The header by which a caller chooses a file's type, where an answer comes as one of several (RFC 9110, 12.5.1)."""
    offered: dict[str, None] = {}
    for status, raw in (responses if isinstance(responses, dict) else {}).items():
        content = resolve(document, raw).get("content") if str(status).startswith("2") else None
        for media_type in content if isinstance(content, dict) else ():
            if media_type.partition("/")[0] in _OF_FILES and "*" not in media_type and _is_name(media_type):
                offered.setdefault(media_type.partition(";")[0].strip())
    if len({media_type.partition("/")[0] for media_type in offered}) < 2:
        return ()
    return (Field("header", "Accept", {"type": "string", "enum": list(offered)[:_MAX_CHOICES]}, True),)


def _is_name(name: Any) -> bool:
    return isinstance(name, str) and len(name) <= _MAX_NAME


def _bodies(document: Document, body: Any) -> Iterator[tuple[Field, ...]]:
    facts_of_body = resolve(document, body)
    content, described = facts_of_body.get("content"), _text(facts_of_body.get("description"))
    for media_type, facts in (content if isinstance(content, dict) else {}).items():
        media_type = media_type.partition(";")[0].strip().lower()
        location = _body_location(media_type)
        if location is None or not isinstance(facts, dict):
            continue
        schema = resolve(document, facts.get("schema"))
        named = list_examples(facts, schema, document.resolve)
        example = next(iter(named.values()), None)
        for shape in islice(_shapes(document, location, schema, example), _MAX_SHAPES):
            fields = tuple(_with_shown(_described(one, described), named) for one in shape)
            yield fields if media_type in _USUAL else (*fields, _content_type(media_type))


def _described(one: Field, body: str) -> Field:
    """The input; what the document says of a whole body, it says of a value that is one."""
    return one if one.name or one.description else replace(one, description=body)


def _content_type(media_type: str) -> Field:
    return Field("header", "Content-Type", {"type": "string", "const": media_type}, True)


def _body_location(media_type: str) -> Location | None:
    if media_type.endswith("+json"):  # RFC 6839, section 3.1
        return "json"
    return "text" if media_type.startswith("text/") else _MEDIA_TYPES.get(media_type)


def _with_shown(one: Field, whole: Mapping[str, Any]) -> Field:
    """The input with its part of the whole body's examples, or else with its own."""
    parts = {name: part for name, value in whole.items() if (part := inside(value, one.name)) is not None}
    return replace(one, shown=parts or list_examples({}, one.schema))


def _shapes(
    document: Document, location: Location, schema: Mapping[str, Any], example: Any
) -> Iterator[tuple[Field, ...]]:
    options = as_list(schema.get("oneOf")) or as_list(schema.get("anyOf"))
    items = _listed_object(document, schema)
    if items is not None:
        yield from _objects(document, location, items, None, prefix="0.", required=True, depth=1)
        return
    if not schema:
        return
    if not options and not _is_object(schema):
        yield (Field(location, "", scalar(document, schema), True, _text(schema.get("description"))),)
        return
    yield from _objects(document, location, schema, example, prefix="", required=True, depth=0)


def _listed_object(document: Document, schema: Mapping[str, Any]) -> dict[str, Any] | None:
    """What a list's members are, if they are objects of known members, such as a chat's messages."""
    if schema.get("type") != "array":
        return None
    items = resolve(document, schema.get("items"))
    return items if isinstance(items.get("properties"), dict) and items["properties"] else None


def _is_object(schema: Mapping[str, Any]) -> bool:
    return schema.get("type") == "object" or "properties" in schema


def _objects(
    document: Document,
    location: Location,
    schema: Mapping[str, Any],
    example: Any,
    *,
    prefix: str,
    required: bool,
    depth: int,
) -> list[tuple[Field, ...]]:
    """The ways to fill an object: one, or as many as there are members of the unions in it."""
    options = [
        resolve(document, option) for option in as_list(schema.get("oneOf")) or as_list(schema.get("anyOf"))
    ]
    if options and depth > _MAX_DEPTH:
        return []
    if options:
        ways = [
            _objects(document, location, option, example, prefix=prefix, required=required, depth=depth + 1)
            for option in options
            if _is_object(option)
        ]
        return [way for several in ways for way in several][:_MAX_SHAPES]
    examples = example or schema.get("example") or next(iter(as_list(schema.get("examples"))), None)
    needed = as_list(schema.get("required"))
    properties = schema.get("properties")
    parts: list[list[tuple[Field, ...]]] = []
    for name, raw in islice((properties if isinstance(properties, dict) else {}).items(), _MAX_FIELDS):
        if not _is_name(name) or not document.spend(1 + len(needed)):
            continue
        facts = resolve(document, raw)
        is_required = required and name in needed
        sample = examples.get(name) if isinstance(examples, dict) else None
        members = [
            resolve(document, one) for one in as_list(facts.get("oneOf")) or as_list(facts.get("anyOf"))
        ]
        if (_is_object(facts) or any(_is_object(member) for member in members)) and depth < _MAX_DEPTH:
            inner = f"{prefix}{name}."
            parts.append(
                _objects(
                    document, location, facts, sample, prefix=inner, required=is_required, depth=depth + 1
                )
            )
            continue
        items = _listed_object(document, facts)
        if items is not None and depth < _MAX_DEPTH and is_required:
            inner = f"{prefix}{name}.0."
            first = inside(sample, "0")
            parts.append(
                _objects(
                    document, location, items, first, prefix=inner, required=is_required, depth=depth + 1
                )
            )
            continue
        facts = scalar(document, facts)
        if sample is not None:
            facts = {"example": sample, **facts}
        parts.append(
            [(Field(location, f"{prefix}{name}", facts, is_required, _text(facts.get("description"))),)]
        )
    shapes = islice(product(*parts), _MAX_SHAPES)
    return [tuple(islice(chain.from_iterable(choice), _MAX_FIELDS)) for choice in shapes]
