"""The shape of code as a set of numbers, by which copies are found: winnowing (Schleimer, Wilkerson, Aiken, 2003).

Names, texts, numbers, comments and layout don't count, so that renaming changes nothing.
"""

import hashlib
import io
import keyword
import tokenize
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from grader import reading

_GRAM = 14  # tokens
_WINDOW = 6  # grams of which one is kept
_MOST = 4_000
_LARGEST = 512 * 1024  # bytes of one file that are looked at
_LARGEST_TOGETHER = 2 * 1024 * 1024
_LAYOUT = frozenset(
    {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENCODING}
)


def fingerprints(files: Iterable[Path]) -> set[int]:
    """Those of all files together."""
    found: set[int] = set()
    left = _LARGEST_TOGETHER
    for file in files:
        try:
            content = reading.read_bytes(file, _LARGEST)
        except reading.Unreadable:
            continue
        left -= len(content)
        if left < 0:
            break
        found.update(_choose(list(_grams(list(_shapes(content))))))
        if len(found) >= _MOST:
            break
    return set(sorted(found)[:_MOST])


def locate_fingerprints(content: bytes) -> list[tuple[int, int, int]]:
    """Where the fingerprints of a text come from: first line, last line, fingerprint; each as often as it is there."""
    words = list(_placed_shapes(content))
    grams = list(_grams([word for word, _ in words]))
    kept = set(_choose(grams))
    return [
        (words[at][1], words[at + _GRAM - 1][1], number) for at, number in enumerate(grams) if number in kept
    ]


def _shapes(content: bytes) -> Iterator[str]:
    return (word for word, _ in _placed_shapes(content))


def _placed_shapes(content: bytes) -> Iterator[tuple[str, int]]:
    """One word for each token, and its line: operators and keywords as they are."""
    try:
        for token in tokenize.tokenize(io.BytesIO(content).readline):
            if token.type in _LAYOUT:
                continue
            if token.type == tokenize.NAME:
                yield token.string if keyword.iskeyword(token.string) else "name", token.start[0]
            else:
                yield token.string if token.type == tokenize.OP else str(token.type), token.start[0]
    except (tokenize.TokenError, SyntaxError, ValueError, RecursionError):
        return  # as far as it could be read


def _grams(words: Sequence[str]) -> Iterator[int]:
    for at in range(len(words) - _GRAM + 1):
        text = " ".join(words[at : at + _GRAM])
        yield int.from_bytes(hashlib.blake2b(text.encode(), digest_size=6).digest(), "big")


def _choose(grams: Sequence[int]) -> Iterator[int]:
    """The smallest of each window: whatever long enough two files share, they share a choice."""
    for at in range(max(0, len(grams) - _WINDOW + 1)):
        yield min(grams[at : at + _WINDOW])
