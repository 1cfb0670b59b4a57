"""Gives tiktoken a table where it would download one: an app that counts tokens before it asks can be graded without a network.

The table is that of the stand-in's tokenizer, `o200k_base`. Of older encodings it has as many tokens as they have, which are
others: counts are near the real ones, numbers are not theirs. A table that is there already is taken first.
"""

import functools
import os
import sys
import zlib
from collections.abc import Callable
from typing import Any

from .rerouting import PatchingFinder

_TABLE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../classroom/standin/models/tokens.bin")
# how many tokens an encoding has beside the special ones: tiktoken_ext/openai_public.py
_TOKENS = {
    "o200k_base.tiktoken": 199_998,
    "cl100k_base.tiktoken": 100_256,
    "p50k_base.tiktoken": 50_280,
    "r50k_base.tiktoken": 50_256,
    "vocab.bpe": 50_256,
}
_BETWEEN = {"p50k_base.tiktoken": 50_256}  # the number of a special token in the middle of the others


def install() -> None:
    """From now on tiktoken has its tables, in this process."""
    if "tiktoken.load" in sys.modules:
        _patch(sys.modules["tiktoken.load"])
    sys.meta_path.insert(0, PatchingFinder({"tiktoken.load": _patch}))


def _patch(module: Any) -> None:
    for name in ("load_tiktoken_bpe", "data_gym_to_mergeable_bpe_ranks"):
        if original := getattr(module, name, None):
            setattr(module, name, _with_a_table(original))


def _with_a_table(original: Callable[..., dict[bytes, int]]) -> Callable[..., dict[bytes, int]]:
    @functools.wraps(original)
    def load(*places: Any, **named: Any) -> dict[bytes, int]:
        try:
            return original(*places, **named)
        except Exception:
            name = str([*places, *named.values()][0]).rpartition("/")[2]
            count = _TOKENS.get(name)
            if count is None or not os.path.exists(_TABLE):
                raise
            ranks = dict(list(_ranks().items())[:count])
            left_out = _BETWEEN.get(name, count)
            return {token: rank + (rank >= left_out) for token, rank in ranks.items()}

    return load


@functools.cache
def _ranks() -> dict[bytes, int]:
    """Each token with its number, in their order; packed as `classroom/standin/models/tokenizer.py` says."""
    with open(_TABLE, "rb") as file:
        packed = zlib.decompress(file.read())
    ranks: dict[bytes, int] = {}
    at = 0
    while at < len(packed):
        end = at + 1 + packed[at]
        ranks[packed[at + 1 : end]] = len(ranks)
        at = end
    return ranks
