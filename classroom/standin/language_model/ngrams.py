"""An n-gram model with back-off: how probable each token is after the two before it.

The table is `ngrams.bin`, written by `python -m classroom.standin.language_model.training`. Where the two tokens before
were never counted together, the model backs off to one, and then to none (absolute discounting, as in Ney, Essen and Kneser, 1994).
"""

import array
import sys
import zlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from pathlib import Path

from classroom.standin.models import tokenizer

TABLE = Path(__file__).with_name("ngrams.bin")
END = 199_999  # the tokenizer's own number for the end of a text
ORDER = 3
_DISCOUNT = 0.75  # what is taken from each count, and given to what was not counted
_START = 0  # the place before a text's first token; no token of the vocabulary has this index
Context = tuple[int, ...]


@dataclass(frozen=True)
class Table:
    """What was counted.

    Attributes:
        vocabulary: the tokenizer's numbers, in order; the model's own index of one is its place here plus one.
        trigrams: three indices and how often they follow each other; 0 is the place before a text.
    """

    vocabulary: tuple[int, ...]
    trigrams: Mapping[tuple[int, int, int], int]

    def packed(self) -> bytes:
        """The bytes of `ngrams.bin`: 16-bit numbers in columns, the vocabulary in two of them, compressed with zlib."""
        rows = sorted(self.trigrams.items())
        columns: list[Iterable[int]] = [
            [len(self.vocabulary), len(rows) >> 16, len(rows) & 0xFFFF],
            [number >> 16 for number in self.vocabulary],
            [number & 0xFFFF for number in self.vocabulary],
            *([gram[place] for gram, _ in rows] for place in range(ORDER)),
            [count for _, count in rows],
        ]
        return zlib.compress(_little_endian(array.array("H", [n for column in columns for n in column])), 9)

    @classmethod
    def unpacked(cls, content: bytes) -> "Table":
        """The table of such bytes."""
        numbers = array.array("H", zlib.decompress(content))
        if sys.byteorder == "big":
            numbers.byteswap()
        size, rows = numbers[0], (numbers[1] << 16) + numbers[2]
        at = 3 + 2 * size
        vocabulary = tuple(
            (high << 16) + low
            for high, low in zip(numbers[3 : 3 + size], numbers[3 + size : at], strict=True)
        )
        first, second, third, counts = (numbers[at + rows * n : at + rows * (n + 1)] for n in range(4))
        grams = zip(first, second, third, strict=True)
        return cls(vocabulary, dict(zip(grams, counts, strict=True)))


def _little_endian(numbers: "array.array[int]") -> bytes:
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers.tobytes()


def count(texts: Iterable[str]) -> Table:
    """Count which token follows which two, in texts that each begin and end by themselves."""
    encoded = [[*tokenizer.encode(text), END] for text in texts]
    vocabulary = tuple(sorted({number for text in encoded for number in text}))
    index = {number: place for place, number in enumerate(vocabulary, 1)}
    trigrams: dict[tuple[int, int, int], int] = defaultdict(int)
    for text in encoded:
        places = [_START, _START, *(index[number] for number in text)]
        for gram in zip(places, places[1:], places[2:], strict=False):
            trigrams[gram] += 1
    return Table(vocabulary, dict(trigrams))


class NgramModel:
    """The probabilities of the next token."""

    def __init__(self, table: Table) -> None:
        self.vocabulary = table.vocabulary
        self._index = {number: place for place, number in enumerate(table.vocabulary)}
        self._followers: dict[Context, dict[int, int]] = defaultdict(lambda: defaultdict(int))
        for (first, second, third), counted in table.trigrams.items():
            for context in ((first, second), (second,), ()):
                self._followers[context][third - 1] += counted
        self.distribution = lru_cache(maxsize=256)(self._distribution)

    @cached_property
    def end(self) -> int:
        """The place of the end of a text in the vocabulary."""
        return self._index[END]

    def place(self, number: int) -> int | None:
        """Where a token is in the vocabulary; None if it was never counted."""
        return self._index.get(number)

    def context(self, numbers: Sequence[int]) -> Context:
        """What the model sees of a text: its last two tokens, by the model's own indices. -1: one that it never met."""
        last = [self._index.get(number, -2) + 1 for number in numbers[-(ORDER - 1) :]]
        return (*[_START] * (ORDER - 1 - len(last)), *last)

    def following(self, context: Context, place: int) -> Context:
        """The context after one more token, given by its place in the vocabulary."""
        return (*context[1:], place + 1)

    def _distribution(self, context: Context) -> tuple[float, ...]:
        """The probability of each token of the vocabulary; together they are 1."""
        size = len(self.vocabulary)
        probabilities = [1 / size] * size
        for length in range(ORDER):
            counts = self._followers.get(context[len(context) - length :])
            if not counts:
                continue  # never seen: back off to what fewer tokens say
            total = sum(counts.values())
            left = _DISCOUNT * len(counts) / total
            probabilities = [left * each for each in probabilities]
            for place, counted in counts.items():
                probabilities[place] += (counted - _DISCOUNT) / total
        return tuple(probabilities)


@cache
def load() -> NgramModel:
    """The model that ships with this package."""
    return NgramModel(Table.unpacked(TABLE.read_bytes()))
