"""What lies within bytes: compressed, or in a base64 of something else. Bounded in number, size and depth."""

import base64
import binascii
import bz2
import lzma
import re
import zlib
from collections import deque
from collections.abc import Callable, Iterator

_DEEPEST = 3  # one within the other
_MOST_LAYERS = 64  # of one content, all together
_MOST_TRIED = 24  # places of one content at which something may begin
_MOST_GIVEN = 64 * 1024  # bytes that one of them gives at most
_MOST_LOOKED_AT = 512 * 1024  # bytes of a content in which a beginning is looked for
_MOST_MEMORY = 16 * 1024 * 1024  # of xz
# what gzip, zlib, bzip2 and xz begin with; a zlib stream's two bytes are common, so that most of those tries come to nothing
_BEGINNING = re.compile(rb"\x1f\x8b\x08|\x78[\x01\x5e\x9c\xda]|BZh[1-9]1AY&SY|\xfd7zXZ\x00")
_BASE64 = re.compile(rb"[A-Za-z0-9+/_-]{32,65536}")

_Decompress = Callable[[bytes, int], bytes]
# by the first byte; made for each stream, and only the one that it needs: that of xz alone takes longer than most streams
_ENGINES: dict[bytes, Callable[[], _Decompress]] = {
    b"\x1f": lambda: zlib.decompressobj(16 + zlib.MAX_WBITS).decompress,
    b"\x78": lambda: zlib.decompressobj().decompress,
    b"B": lambda: bz2.BZ2Decompressor().decompress,
    b"\xfd": lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_MOST_MEMORY).decompress,
}


def layers(content: bytes) -> Iterator[bytes]:
    """The bytes themselves, then what they hold, and what that holds."""
    waiting = deque([(content, 0)])
    for _ in range(_MOST_LAYERS):
        if not waiting:
            return
        found, depth = waiting.popleft()
        yield found
        if depth < _DEEPEST and len(waiting) < _MOST_LAYERS:
            waiting.extend((inner, depth + 1) for inner in _within(found[:_MOST_LOOKED_AT]))


def _within(content: bytes) -> Iterator[bytes]:
    for number, found in enumerate(_BEGINNING.finditer(content)):
        if number >= _MOST_TRIED:
            break
        given = _unpacked(content[found.start() :], found.group()[:1])
        if given:
            yield given
    if given := _bounded(zlib.decompressobj(-zlib.MAX_WBITS).decompress, content[:_MOST_GIVEN]):
        yield given
    for number, found in enumerate(_BASE64.finditer(content)):
        if number >= _MOST_TRIED:
            break
        text = found.group().translate(bytes.maketrans(b"-_", b"+/"))
        try:
            whole = text[:-1] if len(text) % 4 == 1 else text
            yield base64.b64decode(whole + b"=" * (-len(whole) % 4))
        except binascii.Error:
            continue


def _unpacked(content: bytes, first: bytes) -> bytes:
    return _bounded(_ENGINES[first](), content[:_MOST_GIVEN])


def _bounded(decompress: _Decompress, content: bytes) -> bytes:
    try:
        return decompress(content, _MOST_GIVEN)
    except (zlib.error, lzma.LZMAError, OSError, EOFError, ValueError):
        return b""
