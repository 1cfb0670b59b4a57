"""Values for the inputs of an operation: words that can be recognised at OpenAI's end, and sense everywhere else."""

import random
import re
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from classroom.standin.patterns import matching
from grader import patterns
from grader.collect.requests import Key
from grader.evidence import KINDS, Kind
from grader.operations import Field

Role = Literal["words", "path", "folder", "type", "option", "file", "other"]

EXTENSIONS: Mapping[Kind, tuple[str, ...]] = {
    "text": ("txt", "md"),
    "image": ("png", "jpg", "jpeg", "webp"),
    "audio": ("mp3", "wav", "flac", "opus", "aac"),
}
KIND_WORDS: Mapping[Kind, frozenset[str]] = {
    "text": frozenset(
        {
            "text",
            "txt",
            "plain",
            "story",
            "poem",
            "article",
            "markdown",
            "md",
            "document",
            "chat",
            "completion",
        }
    ),
    "image": frozenset({"image", "img", "picture", "photo", "png", "jpg", "jpeg", "webp", "drawing", "art"}),
    "audio": frozenset(
        {"audio", "sound", "speech", "voice", "mp3", "wav", "flac", "opus", "aac", "tts", "mpeg"}
    ),
}
# Words in a name that tell what goes there. They order what is tried first; nothing is decided by them alone.
_PATH = frozenset(
    {
        "path",
        "key",
        "filename",
        "filepath",
        "name",
        "file",
        "destination",
        "location",
        "object",
        "output",
        "dest",
    }
)
_FOLDER = frozenset({"folder", "directory", "prefix", "dir"})
_TYPE = frozenset(
    {"type", "kind", "format", "filetype", "mime", "mimetype", "extension", "ext", "media", "modality"}
)
_PROMPT = frozenset(
    {
        "prompt",
        "text",
        "input",
        "query",
        "message",
        "content",
        "word",
        "words",
        "description",
        "instruction",
        "topic",
        "question",
        "q",
    }
)
_LONGEST_BOUND = 10_000_000  # characters: more than any request to an app or to OpenAI holds
_LARGEST_NUMBER = 2**53  # beyond it JSON's readers disagree (RFC 8259, section 6)
_DEEPEST = 5  # lists of lists
# Options of OpenAI's own that apps pass through, with a value that the API takes.
_OPTIONS: Mapping[str, Any] = {
    "voice": "alloy",
    "size": "1024x1024",
    "quality": "low",
    "temperature": 1,
    "n": 1,
    "speed": 1,
    "language": "en",
}


def words_of(name: str) -> list[str]:
    """The words of an identifier: `file_path`, `filePath` and `file-path` are all [file, path]."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name)
    return [word.lower() for word in re.split(r"[^A-Za-z0-9]+", spaced) if word]


def kind_of_words(value: Any) -> Kind | None:
    """The kind of file that a value such as "Image" or "audio/mpeg" names."""
    words = set(words_of(str(value)))
    return next((kind for kind in KINDS if words & KIND_WORDS[kind]), None)


def role(field: Field) -> Role:
    """What probably goes there, by its schema first and its name second."""
    words = set(words_of(field.name.rpartition(".")[2]))
    if field.is_file:
        return "file"
    if any(kind_of_words(choice) for choice in field.choices):
        return "type"
    if not field.is_text:
        return "other"
    if words & _OPTIONS.keys() or "model" in words:
        return "option"
    if words & _TYPE and not words & _PROMPT:
        return "type"
    if words & _FOLDER:
        return "folder"
    if words & _PATH and not words & _PROMPT:
        return "path"
    return "words"


def is_named_like_a_prompt(field: Field) -> bool:
    """Whether the name alone suggests that the prompt goes there."""
    return bool(set(words_of(field.name.rpartition(".")[2])) & _PROMPT)


def nonce() -> str:
    """A word that no one has seen before."""
    # small letters alone: an input with a pattern takes those if it takes any word
    return "zq" + secrets.token_hex(6).translate(_LETTERS)


_LETTERS = str.maketrans("0123456789", "ghijklmnop")


def prompt_words(mark: str) -> str:
    """A prompt that any model would take, with a mark to recognise it by."""
    return f"a lighthouse named {mark}"


def file_name(mark: str, extension: str, schema: Mapping[str, Any]) -> str:
    """A path that no file had before, as a schema takes it; with a folder, or without extension, only if it must be."""
    end = f".{extension}" if extension else ""
    tries = (f"probe-{mark}{end}", f"{mark}{end}", mark, f"probes/{mark}{end}", f"probes/{mark}")
    pattern, longest = schema.get("pattern"), _length(schema, "maxLength")
    for name in tries:
        if longest is not None and len(name) > longest:
            continue
        if not isinstance(pattern, str) or patterns.fits(pattern, name) is not False:
            return name
    return tries[0]


def _length(schema: Mapping[str, Any], name: str) -> int | None:
    """A bound on a text's length, if it is one; what no request could ever reach is none."""
    bound = schema.get(name)
    fits = isinstance(bound, int) and not isinstance(bound, bool) and 0 <= bound <= _LONGEST_BOUND
    return bound if fits else None


def _number(schema: Mapping[str, Any], name: str) -> int | float | None:
    """A bound on a number, if it is one that can be sent."""
    bound = schema.get(name)
    fits = isinstance(bound, (int, float)) and not isinstance(bound, bool) and abs(bound) <= _LARGEST_NUMBER
    return bound if fits else None


@dataclass(frozen=True)
class Assignment:
    """Values for a shape, and the mark in each of those that take words."""

    values: Mapping[Key, Any]
    marks: Mapping[Key, str]
    extension: str | None


def _example(field: Field) -> Any:
    schema = field.schema
    for name in ("default", "example"):
        if schema.get(name) is not None:
            return schema[name]
    examples = schema.get("examples")
    if isinstance(examples, list) and examples:
        return examples[0]
    if isinstance(examples, dict) and examples:
        first = next(iter(examples.values()))
        return first.get("value") if isinstance(first, dict) else first
    return None


def _simple(field: Field, depth: int = 0) -> Any:
    """A value of the right type for an input that takes no words."""
    if field.choices:
        return field.choices[0]
    given = _example(field)
    if given is not None:
        return given
    schema = field.schema
    match schema.get("type"):
        case "integer" | "number":
            low, above, high = (_number(schema, name) for name in ("minimum", "exclusiveMinimum", "maximum"))
            lowest = low if low is not None else above + 1 if above is not None else 1
            return lowest if high is None else min(lowest, high)
        case "boolean":
            return False
        case "array":
            items = schema.get("items")
            if not isinstance(items, dict) or depth >= _DEEPEST:
                return ["probe"]
            return [_simple(Field(field.location, field.name, items), depth + 1)]
        case "object":
            return {}
    match schema.get("format"):
        case "uuid":
            return "00000000-0000-4000-8000-000000000000"
        case "date-time":
            return "2026-01-01T00:00:00Z"
        case "date":
            return "2026-01-01"
        case "email":
            return "probe@example.org"
        case "uri" | "url":
            return "https://example.org/"
    return "probe"


def _type_value(field: Field, kind: Kind, extension: str) -> Any:
    """The choice that names the kind; the one that names the extension if there is one."""
    for choice in field.choices:
        if extension in words_of(str(choice)):
            return choice
    for choice in field.choices:
        if kind_of_words(choice) == kind:
            return choice
    if field.choices:
        return field.choices[0]
    names = set(words_of(field.name))
    if names & {"mime", "mimetype", "media", "content"}:
        return {"text": "text/plain", "image": "image/png", "audio": "audio/mpeg"}[kind]
    return extension if names & {"extension", "ext", "format"} else kind


def assign(shape: Sequence[Field], kind: Kind, extension: str, *, everything: bool = False) -> Assignment:
    """Values for a request that asks for a kind.

    Args:
        shape: the inputs.
        kind: what to ask for, where the inputs allow to say so.
        extension: of the file, where the inputs name one.
        everything: give words to optional inputs too, and to those whose names suggest something else.
    """
    values: dict[Key, Any] = {}
    marks: dict[Key, str] = {}
    used: str | None = None
    for field in shape:
        what = role(field)
        mark = nonce()
        if what == "words" or (everything and what == "option" and not field.choices and field.required):
            if field.required or everything or is_named_like_a_prompt(field):
                values[field.key], marks[field.key] = fitted(mark, field.schema)
        elif what == "path":
            if field.required or everything:
                values[field.key] = file_name(mark, extension, field.schema)
                marks[field.key], used = mark, extension
        elif what == "type":
            if field.required or everything or field.choices:
                values[field.key] = _type_value(field, kind, extension)
        elif not field.required:
            continue
        elif what == "folder":
            values[field.key] = "probes"
        elif what == "option":
            values[field.key] = _option(field)
        elif what == "file":
            values[field.key] = ("probe.txt", b"hello", "text/plain")
        elif _takes_words(field):
            values[field.key], marks[field.key] = [prompt_words(mark)], mark
        else:
            values[field.key] = _simple(field)
    return Assignment(values, marks, used)


_SHORTEST_MARK = 5  # characters by which words are still known again
_MOST_TRIES = 20  # of making words for a pattern


def fitted(mark: str, schema: Mapping[str, Any]) -> tuple[str, str]:
    """Words with a mark that a schema takes, and the mark as it stands in them.

    A prompt if possible; where a pattern or a short limit leaves no room for one, the mark alone, cut or in capitals;
    where not even that fits, whatever the pattern makes.
    """
    longest, shortest = _length(schema, "maxLength"), _length(schema, "minLength") or 0
    short = mark[:longest]
    words = prompt_words(mark)
    padded = words + ", seen from the sea on a clear day" * (1 + max(0, shortest - len(words)) // 30)
    tries = [(words, mark), (padded, mark)]
    tries += [(written, written) for written in (short, short.capitalize(), short.upper())]
    tries += [(f"{short.capitalize()} {short}", short)]
    pattern = schema.get("pattern")
    for written, known in tries:
        room = shortest <= len(written) and (longest is None or len(written) <= longest)
        fits = not isinstance(pattern, str) or patterns.fits(pattern, written) is not False
        if known and room and fits and len(known) >= min(_SHORTEST_MARK, 99 if longest is None else longest):
            return written, known
    made = _made(pattern, mark) if isinstance(pattern, str) else ""
    return (made, made) if made else (words, mark)


def _made(pattern: str, mark: str) -> str:
    """Words that a pattern makes; none if what is made doesn't fit it after all."""
    chance = random.Random(mark)  # noqa: S311 - an example, not a secret
    tries = (matching(pattern, chance) for _ in range(_MOST_TRIES))
    return next((made for made in tries if patterns.fits(pattern, made)), "")


def _takes_words(field: Field) -> bool:
    items = field.schema.get("items")
    return (
        field.schema.get("type") == "array"
        and isinstance(items, dict)
        and items.get("type") == "string"
        and "enum" not in items
    )


def _option(field: Field) -> Any:
    given = _example(field)
    if given is not None:
        return given
    return next((value for word, value in _OPTIONS.items() if word in words_of(field.name)), "gpt-5.4-mini")


def extensions(kind: Kind, words: str) -> list[str]:
    """The extensions to try for a kind: those that the operation's own words name come first."""
    named = set(words_of(words))
    return sorted(EXTENSIONS[kind], key=lambda extension: extension not in named)


def offered_kinds(shapes: Iterable[Sequence[Field]], words: str) -> list[Kind]:
    """The kinds in the order in which to try them: those that the operation's own words name come first."""
    named = set(words_of(words))
    named |= {
        word
        for shape in shapes
        for field in shape
        for choice in field.choices
        for word in words_of(str(choice))
    }
    return sorted(KINDS, key=lambda kind: not named & KIND_WORDS[kind])
