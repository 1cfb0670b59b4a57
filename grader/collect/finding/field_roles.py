"""What probably goes into an input of an operation: by its schema first, and by the words of its name second."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

from grader.evidence import EXTENSIONS, KINDS, Kind
from grader.operations import Field

Role = Literal["words", "path", "folder", "type", "option", "file", "other"]

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
_SECRET = frozenset({"apikey", "token", "secret", "password", "passwd", "credential", "credentials"})
_FOLDER = frozenset({"folder", "directory", "prefix", "dir"})
TYPE_WORDS = frozenset(
    {
        "type",
        "kind",
        "format",
        "filetype",
        "mime",
        "mimetype",
        "extension",
        "ext",
        "media",
        "modality",
        "accept",
    }
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
# Options of OpenAI's own that apps pass through, with a value that the API takes.
OPTIONS: Mapping[str, Any] = {
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
    if field.key == ("header", "Content-Type"):  # of the request, not of the file
        return "other"
    if field.is_file:
        return "file"
    if any(kind_of_words(choice) for choice in field.choices):
        return "type"
    if not field.is_text:
        return "other"
    if any(isinstance(each, str) and _FILE_NAME.fullmatch(each) for each in field.shown.values()):
        return "path"
    if words & OPTIONS.keys() or "model" in words:
        return "option"
    if words & TYPE_WORDS and not words & _PROMPT:
        return "type"
    is_api_key = "key" in words and words & {"api", "access"}  # and not a file's
    if (is_api_key or words & _SECRET) and not words & _PROMPT:
        return "other"
    if words & _FOLDER:
        return "folder"
    if words & _PATH and not words & _PROMPT:
        return "path"
    return "words"


def is_named_like_a_prompt(field: Field) -> bool:
    """Whether the name alone suggests that the prompt goes there."""
    return bool(set(words_of(field.name.rpartition(".")[2])) & _PROMPT)


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
