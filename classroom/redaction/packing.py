"""Finds known values that a text holds compressed: in Base64, hexadecimal, Base85, or as Python shows bytes."""

import ast
import base64
import re
from collections.abc import Callable, Iterator, Sequence
from itertools import islice

from classroom.redaction.packed import layers

_MOST_TRIED = 200  # runs of one text
_MOST_READ = 64 * 1024  # characters of a run
_GOES_ON = r"(?:\\n|\r?\n|['\"][\s+,\\]{0,40}['\"])"  # in the next line, or in the next quoted part
_BASE64 = re.compile(
    rf"[A-Za-z0-9+/_-]{{20,}}(?:{_GOES_ON}[A-Za-z0-9+/_-]{{20,}}){{0,400}}(?:{_GOES_ON}[A-Za-z0-9+/_-]{{1,19}})?={{0,2}}"
)
_HEXADECIMAL = re.compile(r"[0-9A-Fa-f]{40,}")
_BYTES = re.compile(r"\bb(['\"])(?:\\.|(?!\1)[^\\\n]){16,60000}\1")
_SIGNS = re.compile(r"(?<![!-~])[!-~]{25,}(?![!-~])|(?<=['\"])[!#-&(-~]{25,}(?=['\"])")
_NOT_IN_WORDS = re.compile(r"[0-9+/]|[a-z][A-Z]")


def packed_ranges(text: str, values: Sequence[str]) -> Iterator[tuple[int, int]]:
    """The runs of a text that hold one of the values compressed."""
    wanted = [value.encode("utf-8", "surrogatepass") for value in values]
    for match, decode in _candidates(text):
        try:
            content = decode(match[0][:_MOST_READ])
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            continue
        within = islice(layers(content), 1, None) if content else ()
        if any(value in inner for inner in within for value in wanted):
            yield match.span()


def _candidates(text: str) -> Iterator[tuple[re.Match[str], Callable[[str], bytes]]]:
    for shape, decodings in (
        (_BYTES, (_shown, _shown_in_signs)),
        (_HEXADECIMAL, (bytes.fromhex,)),
        (_BASE64, (_from_base64,)),
        (_SIGNS, (base64.b85decode, base64.a85decode)),
    ):
        for match in islice(shape.finditer(text), _MOST_TRIED):
            if _NOT_IN_WORDS.search(match[0], 0, _MOST_READ):
                yield from ((match, decode) for decode in decodings)


def _shown(literal: str) -> bytes:
    value = ast.literal_eval(literal)
    return value if isinstance(value, bytes) else b""


def _shown_in_signs(literal: str) -> bytes:
    return base64.b85decode(_shown(literal))


def _from_base64(run: str) -> bytes:
    plain = re.sub(r"\\n|[^A-Za-z0-9+/_-]", "", run).replace("-", "+").replace("_", "/")
    plain = plain[: len(plain) - (len(plain) % 4 == 1)]
    return base64.b64decode(plain + "=" * (-len(plain) % 4))
