"""Finds credentials that a file holds in another writing: put together from parts, in base64, hexadecimal, base85, packed,
backwards or in rot13.

Only what the form of a key alone identifies counts. What is decoded by chance has no such form; words that are read
backwards may have, so that whatever can be spoken as it stands is nothing else.
"""

import base64
import binascii
import codecs
import re
from collections.abc import Collection, Iterator
from itertools import islice

from classroom.redaction.packed import layers
from grader.collect.scanning.credentials import MAY_HOLD, are_words, secrets_in
from grader.collect.scanning.joined import join_parts

# as long as a key is in any of them; pictures in base64 are longer
_RUN = re.compile(r"(?<![A-Za-z0-9_+/=.-])[A-Za-z0-9_+/=.-]{36,1200}(?![A-Za-z0-9_+/=.-])")
_QUOTED = re.compile(r"([\"'`])((?:(?!\1)[!-~]){36,1200})\1")
_MOST_OF_A_TEXT = 1_000
_MOST = 20_000  # of one submission


class Concealed:
    """Looks through the files of one submission, up to so many writings of all together."""

    def __init__(self) -> None:
        self._left = _MOST

    def secrets_in(self, text: str) -> Iterator[tuple[str, str, int]]:
        """Each credential that a text holds in another writing: its kind, itself, and the line of what holds it."""
        found: list[str] = []
        for kind, value, line in self._all(text):
            if not any(value in each for each in found):
                found.append(value)
                yield kind, value, line

    def _all(self, text: str) -> Iterator[tuple[str, str, int]]:
        yield from self._in(text)
        whole = join_parts(text)
        if whole == text:
            return
        for kind, value, _ in secrets_in(whole, strict=True):
            if value not in text:
                yield f"{kind}, put together", value, _line_of(value, text)
        seen = set(_words(text))
        for kind, value, line in self._in(whole, seen):
            yield kind, value, min(line, text.count("\n") + 1)

    def _in(self, text: str, seen: Collection[str] = ()) -> Iterator[tuple[str, str, int]]:
        """`seen`: the words that were looked at before."""
        for match in islice(_RUN.finditer(text), _MOST_OF_A_TEXT):
            if match.group() in seen:
                continue
            if not self._may_look():
                return
            yield from _named(_in_letters(match.group()), text, match.start())
        for match in islice(_QUOTED.finditer(text), _MOST_OF_A_TEXT):
            if match[2] in seen:
                continue
            if not self._may_look():
                return
            yield from _named(_in_signs(match[2]), text, match.start())

    def _may_look(self) -> bool:
        self._left -= 1
        return self._left >= 0


def _words(text: str) -> Iterator[str]:
    yield from (match.group() for match in islice(_RUN.finditer(text), _MOST_OF_A_TEXT))
    yield from (match[2] for match in islice(_QUOTED.finditer(text), _MOST_OF_A_TEXT))


def _line_of(value: str, text: str) -> int:
    """The line in which the longest beginning of a value stands that is there."""
    for length in range(min(len(value), 40), 2, -1):
        at = text.find(value[:length])
        if at >= 0:
            return text.count("\n", 0, at) + 1
    return 1


def _named(decoded: Iterator[bytes], text: str, at: int) -> Iterator[tuple[str, str, int]]:
    for each in filter(MAY_HOLD.search, decoded):
        for kind, value, _ in secrets_in(each.decode("utf-8", "replace"), strict=True):
            yield f"{kind}, encoded", value, text.count("\n", 0, at) + 1
            return


def _in_letters(run: str) -> Iterator[bytes]:
    """What a run of letters and digits may stand for."""
    if re.fullmatch(r"(?:[0-9a-fA-F]{2})+", run):
        yield from layers(bytes.fromhex(run))
    yield from islice(layers(run.encode()), 1, None)
    if not are_words(run):
        yield run[::-1].encode()
        yield codecs.encode(run, "rot13").encode()


def _in_signs(quoted: str) -> Iterator[bytes]:
    """What a text in quotation marks may stand for."""
    for decode in (base64.b85decode, base64.a85decode, base64.b32decode):
        try:
            yield from layers(decode(quoted.encode()))
        except (ValueError, binascii.Error):
            continue
