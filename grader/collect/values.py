"""Values for the inputs of an operation: words that can be recognised at OpenAI's end, and sense everywhere else."""

import base64
import random
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from classroom.standin.patterns import matching
from grader import patterns
from grader.collect import wording
from grader.collect.requests import Key
from grader.collect.wording import Words
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
_FILE_NAME = re.compile(r"[\w\-./]{0,200}\w\.[A-Za-z][A-Za-z0-9]{1,4}")  # what an example of one looks like
_LONGEST_BOUND = 10_000_000  # characters: more than any request to an app or to OpenAI holds
_LARGEST_NUMBER = 2**53  # beyond it JSON's readers disagree (RFC 8259, section 6)
_PICTURE = base64.b64decode(  # one grey point, as PNG
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg=="
)
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
    "role": "user",
}


def words_of(name: str) -> list[str]:
    """The words of an identifier: `file_path`, `filePath` and `file-path` are all [file, path]."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", re.sub(r"(?<=[a-z])2(?=[a-z])", " to ", name))
    return [word.lower() for word in re.split(r"[^A-Za-z0-9]+", spaced) if word]


def kind_of_words(value: Any) -> Kind | None:
    """The kind of file that a value such as "Image" or "audio/mpeg" names."""
    listed = words_of(str(value))
    if "to" in listed[:-1]:  # "text-to-speech" is speech
        listed = listed[len(listed) - listed[::-1].index("to") :]
    words = set(listed)
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
    if any(isinstance(each, str) and _FILE_NAME.fullmatch(each) for each in field.shown.values()):
        return "path"
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


def admits(schema: Mapping[str, Any], text: str) -> bool:
    """Whether a schema's pattern and lengths let a text through; a pattern that can't be read lets through any."""
    pattern, longest, shortest = (
        schema.get("pattern"),
        _length(schema, "maxLength"),
        _length(schema, "minLength"),
    )
    if longest is not None and len(text) > longest:
        return False
    if shortest is not None and len(text) < shortest:
        return False
    return not isinstance(pattern, str) or patterns.fits(pattern, text) is not False


def file_name(extension: str, schema: Mapping[str, Any], folder: str = "") -> str:
    """A path that no file had before, as a schema takes it; in a folder, or without extension, only if it must be.

    Args:
        extension: without the dot; empty for none.
        schema: the input's.
        folder: a folder to put it into, if the schema takes it so.
    """
    end = f".{extension}" if extension else ""
    stem, place = wording.stem(), folder or wording.folder()
    letters = wording.one_word()
    longest = _length(schema, "maxLength")
    short = letters if longest is None else wording.one_word(longest - len(end))
    names = (stem, stem.replace("-", "_"), letters, short)
    capital = tuple(written for name in (letters, short) for written in (name.capitalize(), name.upper()))
    tries = [f"{name}{end}" for name in (*names, *capital)] + [*names, *capital]
    tries += [f"{place}/{name}{end}" for name in names] + [f"{place}/{name}" for name in names]
    if folder:
        tries.insert(0, f"{folder}/{stem}{end}")
    return next((name for name in tries if admits(schema, name)), f"{stem}{end}")


def stem_of(name: str) -> str:
    """A file's name without folder and extension: its mark."""
    last = name.rpartition("/")[2]
    return last.rpartition(".")[0] or last


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
    """Values for a shape, and the words by which each of those that take any is recognised."""

    values: Mapping[Key, Any]
    marks: Mapping[Key, str]
    extension: str | None


def example_of(field: Field) -> Any:
    """The value that the document gives as an example, or else by default; None if it gives none."""
    schema = field.schema
    for name in ("default", "example"):
        if schema.get(name) is not None:
            return schema[name]
    if field.shown:
        return next(iter(field.shown.values()))
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
        return "user" if "user" in field.choices else field.choices[0]
    given = example_of(field)
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
            return f"{wording.one_word()}@example.org"
        case "uri" | "url":
            return "https://example.org/"
    return wording.one_word()


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


def assign(
    shape: Sequence[Field],
    kind: Kind,
    extension: str,
    *,
    everything: bool = False,
    given: Mapping[Key, Any] | None = None,
) -> Assignment:
    """Values for a request that asks for a kind.

    Args:
        shape: the inputs.
        kind: what to ask for, where the inputs allow to say so.
        extension: of the file, where the inputs name one.
        everything: give words to optional inputs too, and to those whose names suggest something else.
        given: values that are settled, such as those of an example.
    """
    settled = given or {}
    values: dict[Key, Any] = {}
    marks: dict[Key, str] = {}
    used: str | None = None
    for field in shape:
        what = role(field)
        if field.key in settled:
            values[field.key] = settled[field.key]
        elif what == "words" or (everything and what == "option" and not field.choices and field.required):
            if field.required or everything or is_named_like_a_prompt(field):
                words = fitted(field.schema)
                values[field.key], marks[field.key] = words.text, words.mark
        elif what == "path":
            if field.required or everything:
                name = file_name(extension, field.schema)
                values[field.key], marks[field.key], used = name, stem_of(name), extension
        elif what == "type":
            if field.required or everything or field.choices:
                values[field.key] = _type_value(field, kind, extension)
        elif not field.required:
            continue
        elif what == "folder":
            values[field.key] = wording.folder()
        elif what == "option":
            values[field.key] = _option(field)
        elif what == "file":
            values[field.key] = _upload(field)
        elif _takes_words(field):
            words = wording.plain()
            values[field.key], marks[field.key] = [words.text], words.mark
        else:
            values[field.key] = _simple(field)
    return Assignment(values, marks, used)


_LONGEST_PADDED = 100_000  # characters; an input that asks for more gets what its pattern makes
_MOST_TRIES = 20  # of making words for a pattern


def fitted(schema: Mapping[str, Any], first: Words | None = None) -> Words:
    """Words that a schema takes, and the mark by which they are known again.

    Args:
        schema: the input's.
        first: what to send if the schema takes it. Otherwise a prompt if possible; where a pattern or a short limit leaves
            no room for one, fewer words, one word, capitals, another script; where not even that fits, what the pattern makes.
    """
    shortest = _length(schema, "minLength") or 0
    room = _length(schema, "maxLength")
    tries = [*([first] if first else []), wording.plain(), wording.few(3), wording.few(2)]
    if 0 < shortest <= _LONGEST_PADDED:
        tries.append(wording.exactly(min(shortest + wording.SHORT, room or _LONGEST_PADDED)))
    word, other = wording.one_word(room), wording.one_word(room)
    tries += [Words(written, written) for written in (word, word.capitalize(), word.upper())]
    tries += [Words(written, written) for written in (f"{word.capitalize()} {other}", f"{word}-{other}")]
    tries += [wording.sentence(), *(wording.foreign(kind) for kind in KINDS)]
    fitting = next((words for words in tries if admits(schema, words.text)), None)
    pattern = schema.get("pattern")
    if fitting is None and isinstance(pattern, str):
        made = _made(pattern)
        if made:
            return Words(made, made)
    return fitting or tries[0]


def _made(pattern: str) -> str:
    """Words that a pattern makes; none if what is made doesn't fit it after all."""
    chance = random.SystemRandom()
    tries = (matching(pattern, chance) for _ in range(_MOST_TRIES))
    return next((made for made in tries if patterns.fits(pattern, made)), "")


def _upload(field: Field) -> tuple[str, bytes, str]:
    """A small file: a picture, where the input's own words ask for one."""
    if kind_of_words(f"{field.name} {field.description}") == "image":
        return f"{wording.stem()}.png", _PICTURE, "image/png"
    return f"{wording.stem()}.txt", wording.plain().text.encode(), "text/plain"


def _takes_words(field: Field) -> bool:
    items = field.schema.get("items")
    return (
        field.schema.get("type") == "array"
        and isinstance(items, dict)
        and items.get("type") == "string"
        and "enum" not in items
    )


def _option(field: Field) -> Any:
    given = example_of(field)
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
