"""What a verdict says, as a template and its fields, so that a report can say it in another language.

English is what the code says: a `Sentence` is that English text, and carries the `Message` from which it was made. A template is looked
up in the catalogue of a language; fields are filled in as they are, unless they are messages themselves. Nothing of a submission's is
ever used as a format: a place is a name in braces, and is filled in once. Which characters are escaped, a report's sink decides, as for
any text.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Annotated

from pydantic import ConfigDict, Field

from grader.evidence import Writable

Says = Callable[[str], str]
_PLACE = re.compile(r"\{(\w+)\}")
_NUMBER = re.compile(r"\d+")
# bounds that no verdict comes near: a message in a record may have been written by a worker that is no longer ours
_MOST_PLACES, _LONGEST, _DEEPEST = 40, 100_000, 20


class Message(Writable):
    """A template with its fields; or, without a template, parts with a text between them.

    `is_sentence`: whether it begins with a capital letter and ends with a full stop, whatever it holds.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    template: str = ""
    fields: Annotated[dict[str, "Message | str"], Field(max_length=20)] = Field(default_factory=dict)
    parts: tuple["Message | str", ...] = ()
    between: str = ""
    is_sentence: bool = False


class Sentence(str):
    """The English text of a message."""

    __slots__ = ("message",)
    message: Message

    def __new__(cls, message: Message) -> "Sentence":
        """The text, in English."""
        made = super().__new__(cls, rendered(message, str))
        made.message = message
        return made


def sentence(template: str, /, **fields: str | int | None) -> Sentence:
    """A text with places in braces, filled in.

    Args:
        template: English, as the catalogues have it; a literal, so that a test finds those without a translation.
        fields: texts, numbers or other sentences.
    """
    return made_from(template, fields)


def made_from(template: str, fields: Mapping[str, str | int | None]) -> Sentence:
    """The same, for a template out of a list."""
    return Sentence(Message(template=template, fields={name: _kept(value) for name, value in fields.items()}))


def term(text: str) -> Sentence:
    """A text without places that a catalogue may have, such as what was asked; where it has not, the text as it is.

    A catalogue may have it with `{n1}`, `{n2}` … in place of its numbers.
    """
    return Sentence(Message(template=text))


def joined(parts: Iterable[str], between: str) -> Sentence:
    """Several texts with one between them; a word between them, such as " and ", may be a sentence itself."""
    texts = [_kept(part) for part in parts]
    if isinstance(between, Sentence):
        word = between.message
        texts = [each for text in texts for each in (word, text)][1:]
        return Sentence(Message(parts=tuple(texts)))
    return Sentence(Message(parts=tuple(texts), between=between))


def ended(text: str) -> Sentence:
    """A text with a capital letter at its beginning and a full stop at its end."""
    return Sentence(Message(parts=(_kept(text),), is_sentence=True))


def message_of(text: str) -> Message | None:
    """The message of a text, if it is a sentence."""
    return text.message if isinstance(text, Sentence) else None


def rendered(message: Message | str, say: Says, *, deepest: int = _DEEPEST) -> str:
    """A message in a language, of a bounded length.

    Args:
        say: looks a text up; gives back what it does not know.
        deepest: how many messages may lie within one another; what lies deeper is left out.
    """
    if isinstance(message, str):
        return message[:_LONGEST]
    if not deepest:
        return ""
    if message.template:
        fields = {name: rendered(value, say, deepest=deepest - 1) for name, value in message.fields.items()}
        text = _filled(_looked_up(message, say), fields)
    else:
        text = message.between.join(rendered(part, say, deepest=deepest - 1) for part in message.parts)
    text = text[:_LONGEST]
    if message.is_sentence:
        text = text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?")) else ".")
    return text


def _looked_up(message: Message, say: Says) -> str:
    found = say(message.template)
    if found != message.template or message.fields or not _NUMBER.search(found):
        return found
    numbers = _NUMBER.findall(found)
    places = iter(range(1, len(numbers) + 1))
    general = _NUMBER.sub(lambda _: f"{{n{next(places)}}}", found)
    translated = say(general)
    if translated == general:
        return found
    return _filled(translated, {f"n{at}": number for at, number in enumerate(numbers, 1)})


def _filled(template: str, fields: dict[str, str]) -> str:
    return _PLACE.sub(lambda place: fields.get(place[1], place[0]), template, count=_MOST_PLACES)


def _kept(value: str | int | None) -> Message | str:
    return value.message if isinstance(value, Sentence) else str(value)
