"""A text as a reader sees it, mapped back to its source: without markup and escapes and, on demand, without separators."""

import html
import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

_ESCAPED = (
    r"\x1b\[[0-9;]{0,20}[A-Za-z]"  # a terminal's colours
    r"|</?[A-Za-z!][^<>]{0,2000}>"
    r"|&(?:\#\d{1,7}|\#x[0-9A-Fa-f]{1,6}|[A-Za-z]{2,8});"
    r"|\\u[0-9A-Fa-f]{4}|\\x[0-9A-Fa-f]{2}"
    r"|%[0-9A-Fa-f]{2}"
    r"|[\u00ad\u200b-\u200f\u2060\ufeff]"
)
_SEPARATORS = r"[\s\"'`+\\(),|\[\]{}*_~]+"
_SEEN = re.compile(_ESCAPED)
_TIGHT = re.compile(f"{_ESCAPED}|{_SEPARATORS}")
_NOT_TIGHT = re.compile(_SEPARATORS)


@dataclass(frozen=True)
class View:
    """A text made from another. `places`: for each part of it, where it begins here and there, and its length there.

    A part that is one character here may be several there (`&quot;`); every other part has the same length.
    """

    text: str
    places: tuple[tuple[int, int, int], ...]

    def back(self, start: int, end: int) -> Iterator[tuple[int, int]]:
        """The ranges of the first text that a range of this one was made from."""
        index = bisect_right(self.places, (start, 1 << 60, 0)) - 1
        while index < len(self.places) and self.places[index][0] < end:
            here, there, length = self.places[index]
            following = self.places[index + 1][0] if index + 1 < len(self.places) else len(self.text)
            if following - here == length:
                first, last = max(start, here), min(end, following)
                yield there + first - here, there + last - here
            else:
                yield there, there + length
            index += 1


def seen(text: str) -> View:
    """Without markup, colours and escapes."""
    return _made(text, _SEEN)


def tight(text: str) -> View:
    """Without what separates parts either: spaces, quotes, line ends and the like."""
    return _made(text, _TIGHT)


def spaced(text: str) -> str:
    """With a space in the place of each mark-up, as between the cells of a table; without a way back."""
    return seen(re.sub(r"<[^<>]{1,2000}>", " ", text)).text


def tighten(value: str) -> str:
    """A value as `tight` shows it, if it stands there unescaped."""
    return _NOT_TIGHT.sub("", value)


def _made(text: str, left_out: re.Pattern[str]) -> View:
    parts: list[str] = []
    places: list[tuple[int, int, int]] = []
    at = here = 0

    def take(part: str, there: int, length: int) -> None:
        nonlocal here
        if part:
            parts.append(part)
            places.append((here, there, length))
            here += len(part)

    for match in left_out.finditer(text):
        take(text[at : match.start()], at, match.start() - at)
        take(_meaning(match[0]), match.start(), len(match[0]))
        at = match.end()
    take(text[at:], at, len(text) - at)
    return View("".join(parts), tuple(places))


def _meaning(escape: str) -> str:
    """The one character that an escape means; nothing for the rest."""
    character = ""
    if escape[0] == "&":
        character = html.unescape(escape)
    elif escape[:2] in ("\\u", "\\x"):
        character = chr(int(escape[2:], 16))
    elif escape[0] == "%":
        character = chr(int(escape[1:], 16))
    return character if len(character) == 1 and not character.isspace() else ""
