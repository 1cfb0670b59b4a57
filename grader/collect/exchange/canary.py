"""Looks for the key that an app was given, the canary, in whatever leaves the app.

It is recognised by any part of it that is long enough, whatever its case and whatever stands between its characters; also
backwards, in rot13, as numbers, in the codes that libraries offer, packed, and one of these within another. What is encrypted
isn't.
"""

import base64
import codecs
import hashlib
import secrets
import string
from collections.abc import Iterable, Iterator

import re2

from classroom.redaction.packed import layers

PART = 24  # characters of a key: each part that is as long is recognised, shorter ones are what masks leave to be seen
_STEP = 8
_MOST_CLEAN = 20_000  # contents that are remembered
_ALPHABET = string.ascii_letters + string.digits
_TO_SMALL = bytes(byte + 32 if 65 <= byte <= 90 else byte for byte in range(256))
_NEITHER = bytes(byte for byte in range(256) if chr(byte) not in _ALPHABET)
_OPTIONS = re2.Options()
_OPTIONS.max_mem = 32 * 1024 * 1024
_OPTIONS.log_errors = False
_OPTIONS.encoding = re2.Options.Encoding.LATIN1


def new_key() -> str:
    """A key that nothing tells from those that OpenAI gives out for a project."""
    halves = ("".join(secrets.choice(_ALPHABET) for _ in range(74)) for _ in range(2))
    return f"sk-proj-{'T3BlbkFJ'.join(halves)}"


class CanarySearch:
    """Where the canary was seen, a sentence each, in order."""

    def __init__(self, canary: str) -> None:
        self._canary = canary
        drawn = canary.split("-", 2)[-1]  # what it begins with is every key's
        secret = drawn if len(drawn) >= PART else canary
        self._squeezed = _any_of(_squeezed_forms(secret))
        self._exact = _any_of(_exact_forms(secret))
        self.seen: list[str] = []
        self._clean: set[bytes] = set()  # digests of contents without it: a file comes by several ways

    def look(self, where: str, *contents: str | bytes) -> bool:
        """Note the place, if the canary is in one of the contents; whether it is."""
        found = any(self.is_in(each) for each in contents)
        if found:
            self.note(where)
        return found

    def note(self, where: str) -> None:
        """Note a place, once."""
        if where not in self.seen:
            self.seen.append(where)

    def hide(self, text: str) -> str:
        """The text without it, where it is written plainly."""
        return text.replace(self._canary, "(the key)")

    def is_in(self, content: str | bytes) -> bool:
        """Whether the canary, or a part of it, is in a text or in bytes."""
        whole = content.encode("utf-8", "surrogatepass") if isinstance(content, str) else content
        digest = hashlib.sha256(whole).digest()
        if digest in self._clean:
            return False
        found = any(self._is_plainly_in(each) for each in layers(whole))
        if not found and len(self._clean) < _MOST_CLEAN:
            self._clean.add(digest)
        return found

    def _is_plainly_in(self, content: bytes) -> bool:
        return bool(self._squeezed.search(_squeezed(content)) or self._exact.search(content))


def _any_of(forms: Iterable[bytes]) -> "re2._Regexp[bytes]":
    return re2.compile(b"|".join(re2.escape(form) for form in dict.fromkeys(forms)), _OPTIONS)


def _squeezed(content: bytes) -> bytes:
    """Letters and digits alone, small: what is left of a key in another case, or with something between its characters."""
    return content.translate(_TO_SMALL, _NEITHER)


def _parts(form: bytes, size: int, step: int) -> Iterator[bytes]:
    """Parts of a form, so many that each longer part of it holds one."""
    last = max(0, len(form) - size)
    yield from (form[start : start + size] for start in range(0, last + 1, step))


def _squeezed_forms(secret: str) -> Iterator[bytes]:
    """Parts of the canary in each code that consists of letters and digits, squeezed."""
    key = secret.encode()
    for form in (key, key[::-1], codecs.encode(secret, "rot13").encode()):
        yield from _parts(_squeezed(form), PART - _STEP, _STEP)
    # each byte as a number: 73 6b 2d, \x73\x6b\x2d, 0x73 0x6b, \u0073\u006b, &#115;&#107;
    for before, number in (("", "02x"), ("x", "02x"), ("0x", "x"), ("u00", "02x"), ("", "d"), ("", "08b")):
        written = [f"{before}{byte:{number}}".encode() for byte in key]
        yield from (
            b"".join(written[start : start + PART - _STEP])
            for start in range(0, len(key) - PART + _STEP + 1, _STEP)
        )
    for encode, group, size in ((base64.b64encode, 3, 4), (base64.b32encode, 5, 8)):
        for skipped in range(group):
            # the first and the last group hold bits of what is beside the key
            written_whole = _squeezed(encode(b"\0" * skipped + key))
            yield from _parts(written_whole[size:-size], 3 * size, size)


def _exact_forms(secret: str) -> Iterator[bytes]:
    """Parts of the canary in the codes that use other characters, too."""
    key = secret.encode()
    for encode in (base64.b85encode, base64.a85encode):
        for skipped in range(4):
            yield from _parts(encode(b"\0" * skipped + key)[5:-5], 15, 5)
