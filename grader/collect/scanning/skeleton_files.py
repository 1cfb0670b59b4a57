"""The files that the lab hands out with words in them that a learner's tests seldom have.

Nobody has to look at such a file while it is as it was handed out: to the byte, line ends aside. The test of this module says what to write
here when one of them changes.
"""

from hashlib import sha256
from pathlib import Path

from grader import reading

_MOST = 64 * 1024  # bytes; each of these is shorter

# of the lab's skeleton: tests/stages/stage_6_tests.py, which plants a fault into a learner's tests
_UNCHANGED = frozenset({"86d791bc1f2dd17d6ce364fc52337e65aa752b241f6826d9eea992c836b49092"})


def is_as_handed_out(file: Path) -> bool:
    """Whether a file is one of these."""
    try:
        return digest_of(reading.read_bytes(file, _MOST)) in _UNCHANGED
    except reading.Unreadable:
        return False


def digest_of(content: bytes) -> str:
    """A file's digest; the line ends that git makes on Windows count for nothing."""
    return sha256(content.replace(b"\r\n", b"\n")).hexdigest()
