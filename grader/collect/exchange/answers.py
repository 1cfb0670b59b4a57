"""Decodes the body of an HTTP answer as it arrives, within limits of size and time."""

import time
import zlib
from collections.abc import Iterable, Iterator

import httpx

_PIECE = 64 * 1024  # bytes that one step of unpacking gives at most
_MOST_CODINGS = 3
_GZIP = 16 + zlib.MAX_WBITS


class TooLong(Exception):
    """An answer that never ended."""


class NotDecodable(Exception):
    """An answer whose body is not what its Content-Encoding says."""


def read_body(answer: httpx.Response, deadline: float, most: int) -> bytes:
    """The body, up to `most` bytes; more of it is not waited for.

    Unpacked of gzip and deflate, which Python knows; of any other coding it stays as it is.

    Raises:
        TooLong: `deadline`, a moment of `time.monotonic()`, came first.
        NotDecodable: the body is not in the coding that the headers name.
    """
    parts: Iterable[bytes] = answer.iter_raw(_PIECE)
    named = answer.headers.get("content-encoding", "").lower().split(",")
    codings = [coding for name in named if (coding := name.strip()) not in ("", "identity")]
    if len(codings) > _MOST_CODINGS:
        raise NotDecodable(f"{len(codings)} codings, one within the other")
    for coding in reversed(codings):
        if coding in ("gzip", "x-gzip", "deflate"):
            parts = _inflate(parts, deflate=coding == "deflate")
        else:
            break
    content = bytearray()
    try:
        for part in parts:
            content += part
            if len(content) >= most:
                break
            if time.monotonic() > deadline:
                raise TooLong
    except zlib.error as error:
        raise NotDecodable(str(error)) from error
    return bytes(content[:most])


def _inflate(parts: Iterable[bytes], *, deflate: bool) -> Iterator[bytes]:
    """Unpacked pieces, each of bounded size; an empty one where nothing comes of much, so that time can be looked at."""
    engine = zlib.decompressobj(zlib.MAX_WBITS if deflate else _GZIP)
    first = True
    for part in parts:
        left = part
        while left and not engine.eof:
            try:
                piece = engine.decompress(left, _PIECE)
            except zlib.error:
                if not (deflate and first):
                    raise
                engine = zlib.decompressobj(-zlib.MAX_WBITS)  # some servers leave zlib's header out
                piece = engine.decompress(left, _PIECE)
            first = False
            left = engine.unconsumed_tail
            yield piece
        yield b""
