"""The tokenizer of OpenAI's models since gpt-4o, `o200k_base`: byte-pair encoding over a table of 199,998 tokens.

A package that brings the table compiled weighs 76 MB and takes 80 MB of memory; this module with its table weighs 1 MB and takes 25 MB
(`python -m benchmarks.tokenizer`). The table is OpenAI's, published with tiktoken under the MIT licence; `tokens.bin` holds it packed:
each token, in the order of its number, as one byte that gives its length, then its bytes; all of it compressed with zlib.

Source of the algorithm and of the pattern: https://github.com/openai/tiktoken.
"""

import heapq
import zlib
from collections.abc import Iterable, Sequence
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

_TABLE = Path(__file__).with_name("tokens.bin")
_WORD = 40  # characters
_SHORT = 64 * 1024  # characters of a text that is cut at once

_CONTRACTION = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
_BEFORE = r"[^\r\n\p{L}\p{N}]?"  # one sign or space that a word takes along
_UPPER, _LOWER = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]", r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"
_PIECE = "|".join(
    (
        f"{_BEFORE}{_UPPER}*{_LOWER}+{_CONTRACTION}",
        f"{_BEFORE}{_UPPER}+{_LOWER}*{_CONTRACTION}",
        r"\p{N}{1,3}",
        r" ?[^\s\p{L}\p{N}]+[\r\n/]*",
        r"\s*[\r\n]+",
        r"\s+(?!\S)",
        r"\s+",
    )
)


@cache
def _pieces() -> Any:
    """A text is first cut into these; no token crosses a cut."""
    import regex  # here: its tables take 6 MB, and a stand-in may never be asked for a text

    return regex.compile(_PIECE)


@cache
def _tokens() -> tuple[bytes, ...]:
    """The bytes of each token, by its number."""
    packed = zlib.decompress(_TABLE.read_bytes())
    tokens, at = [], 0
    while at < len(packed):
        end = at + 1 + packed[at]
        tokens.append(packed[at + 1 : end])
        at = end
    return tuple(tokens)


@cache
def _numbers() -> dict[bytes, int]:
    return {token: number for number, token in enumerate(_tokens())}


def encode(text: str) -> list[int]:
    """The numbers of a text's tokens. A lone surrogate, valid in JSON and not in UTF-8, counts as a question mark."""
    return [number for piece in _cut_into_pieces(text) for number in _tokens_of(piece)]


def count(text: str) -> int:
    """How many tokens a text has."""
    return sum([len(_tokens_of(piece)) for piece in _cut_into_pieces(text)])


def join(numbers: Sequence[int]) -> bytes:
    """The bytes of some tokens. They need not be whole characters.

    Raises:
        ValueError: a number is no token's.
    """
    known = _tokens()
    if any(not 0 <= number < len(known) for number in numbers):
        raise ValueError("there is no such token")
    return b"".join(known[number] for number in numbers)


def split(text: str) -> list[bytes]:
    """A text as the bytes of its tokens."""
    return [join([number]) for number in encode(text)]


def _cut_into_pieces(text: str) -> Iterable[str]:
    if not text.isascii():
        text = text.encode("utf-8", "replace").decode()
    if len(text) <= _SHORT:
        found: list[str] = _pieces().findall(text)
        return found
    return (each[0] for each in _pieces().finditer(text))


@lru_cache(maxsize=20_000)
def _remember(word: str) -> tuple[int, ...]:
    return _merge(word.encode())


def _tokens_of(piece: str) -> tuple[int, ...]:
    """The tokens of one piece; words of usual length are remembered, since they come again."""
    return _remember(piece) if len(piece) <= _WORD else _merge(piece.encode())


def _merge(piece: bytes) -> tuple[int, ...]:
    """The tokens of one piece: neighbours are joined, the pair with the lowest number first, the left one of equals.

    A heap of possible pairs keeps the time for n bytes at n log n, however long a word is.
    """
    numbers = _numbers()
    whole = numbers.get(piece)
    if whole is not None:
        return (whole,)
    length = len(piece)
    end = list(range(1, length + 1))  # where the part that begins here ends; 0: no part begins here any more
    before = list(range(-1, length))  # where the part before it begins
    pairs = [
        (number, at) for at in range(length - 1) if (number := numbers.get(piece[at : at + 2])) is not None
    ]
    heapq.heapify(pairs)

    def offer(at: int) -> None:
        """Put the pair that begins here on the heap, if it is a token."""
        second = end[at]
        if second < length and (number := numbers.get(piece[at : end[second]])) is not None:
            heapq.heappush(pairs, (number, at))

    while pairs:
        number, at = heapq.heappop(pairs)
        second = end[at]
        if not second or second == length or numbers.get(piece[at : end[second]]) != number:
            continue  # one of the two was joined with another part meanwhile
        end[at], end[second] = end[second], 0
        if end[at] < length:
            before[end[at]] = at
        offer(at)
        if at:
            offer(before[at])
    merged, at = [], 0
    while at < length:
        merged.append(numbers[piece[at : end[at]]])
        at = end[at]
    return tuple(merged)
