"""What it costs to keep files in vector stores, and to search them: OpenAI's prices, with margins for what they leave open.

https://developers.openai.com/api/docs/pricing, "Built-in tools": file search costs $0.10 for a gigabyte and day of what is stored, and $2.50 for a
thousand searches. The first gigabyte of the whole organization is free there; it is not counted here, since nobody knows who uses it. OpenAI's gigabyte is
of 2**30 bytes; the smaller one that is counted here costs the learner a little more.
"""

import math

from classroom.proxy.fields.kept import MOST_DAYS
from classroom.proxy.rules.events import NANO

SEARCH = NANO * 25 // 10_000  # of one search, in billionths of a dollar
_KILOBYTE_AND_DAY = NANO // 10 / 1_000_000
# a text is kept in pieces that overlap, each with an embedding: a piece of 50 bytes has one of a kilobyte
_PER_BYTE = 24
# of files that are no texts: five million tokens are the most that a store takes of one
_UNREADABLE = 200_000


def kilobytes(content: bytes) -> int:
    """What a file takes in a vector store, at most."""
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return _UNREADABLE
    return _UNREADABLE if b"\0" in content else max(1, math.ceil(len(content) * _PER_BYTE / 1000))


def stored(kilobytes_of_file: int) -> int:
    """The same, of a file of which the books know it; 0 if they don't."""
    return kilobytes_of_file or _UNREADABLE


def cost(kept: int) -> int:
    """Of a vector store until it is gone if nobody uses it again, in billionths of a dollar.

    Args:
        kept: kilobytes.
    """
    return math.ceil(kept * _KILOBYTE_AND_DAY * MOST_DAYS)
