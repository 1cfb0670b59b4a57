"""Finds known values in a text: whole, split, escaped, encoded, or a long part of one."""

import base64
import binascii
import codecs
import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field

from classroom.redaction import views
from classroom.redaction.packing import packed_ranges
from classroom.redaction.shapes import SHORTEST, is_random, keys_in

_LONG = 24  # characters of a value of which parts are searched for, too
_PART = 16  # characters of a part that can be no chance
_WINDOW = 12
_STEP = _PART - _WINDOW + 1
_ENCODED = re.compile(r"[A-Za-z0-9+/_-]{27,8192}={0,2}")


@dataclass
class Values:
    """Values to be found. `plain`: as they are; `tight`: as a tight view shows them and their encodings; `long`: those of
    them that can be nowhere by chance."""

    plain: list[str] = field(default_factory=list)
    long: list[str] = field(default_factory=list)
    tight: list[str] = field(default_factory=list)
    _windows: dict[str, list[tuple[str, int]]] = field(default_factory=dict)

    @classmethod
    def of(cls, secrets: Collection[str]) -> "Values":
        """What to look for."""
        made = cls()
        for secret in sorted(set(secrets), key=lambda text: (-len(text), text)):
            if len(secret) < SHORTEST:
                continue
            made.plain.append(secret)
            whole = views.tighten(secret)
            if not is_random(secret) or len(whole) < _PART:
                continue
            made.long.append(secret)
            made.tight += [whole, *encodings(secret)]
            if len(whole) >= _LONG:
                for offset in range(len(whole) - _WINDOW + 1):
                    window = whole[offset : offset + _WINDOW]
                    made._windows.setdefault(window, []).append((whole, offset))
        return made

    def ranges(self, text: str) -> Iterator[list[tuple[int, int]]]:
        """Where values stand; each as the ranges of its parts."""
        for value in self.plain:
            yield from ([found] for found in _alone(text, value))
        if not self.plain:
            return
        yield from ([found] for found in packed_ranges(text, self.long))
        seen = views.seen(text)
        for value in self.plain:
            for start, end in _alone(seen.text, value):
                yield list(seen.back(start, end))
        tight = views.tight(text)
        for value in self.tight:
            for start, end in _found(tight.text, value):
                yield list(tight.back(start, end))
        for start, end in self._parts(tight.text):
            yield list(tight.back(start, end))

    def encoded_ranges(self, text: str) -> Iterator[list[tuple[int, int]]]:
        """Where values are in a text that is all Base64; all of it, where a part of the file is compressed."""
        if any(packed_ranges(text, self.long)):
            yield [(0, len(text))]
        for value in self.tight:
            yield from ([found] for found in _found(text, value))

    def _parts(self, text: str) -> Iterator[tuple[int, int]]:
        if not self._windows:
            return
        done = 0
        for at in range(0, len(text) - _WINDOW + 1, _STEP):
            if at < done:
                continue
            for whole, offset in self._windows.get(text[at : at + _WINDOW], ()):
                start, end, left, right = at, at + _WINDOW, offset, offset + _WINDOW
                while start and left and text[start - 1] == whole[left - 1]:
                    start, left = start - 1, left - 1
                while end < len(text) and right < len(whole) and text[end] == whole[right]:
                    end, right = end + 1, right + 1
                if end - start >= _PART:
                    yield start, end
                    done = end


def _found(text: str, value: str) -> Iterator[tuple[int, int]]:
    """Every place of a value."""
    at = text.find(value)
    while at >= 0:
        yield at, at + len(value)
        at = text.find(value, at + len(value))


def _alone(text: str, value: str) -> Iterator[tuple[int, int]]:
    """Every place of a value; of one that a person may have thought of, only those where it is no part of a word."""
    for start, end in _found(text, value):
        before, after = text[start - 1 : start] if start else "", text[end : end + 1]
        if is_random(value) or not (before.isalnum() or after.isalnum()):
            yield start, end


def encodings(secret: str) -> list[str]:
    """A value in other ways of writing it that programs use, as a tight view shows them.

    In Base64 (also of Base64), Base32, Base85 and Ascii85, wherever in a longer text it begins; in hexadecimal; as a list of
    its bytes; in other cases of its letters; backwards; and in rot13.
    """
    content = secret.encode("utf-8", "surrogatepass")
    made = [
        content.hex(),
        content.hex().upper(),
        secret[::-1],
        secret.upper(),
        secret.lower(),
        secret.swapcase(),
    ]
    made += ["".join(map(str, content)), "".join(map(hex, content))]
    twice = _cores(base64.b64encode(content).rstrip(b"="), base64.b64encode, 3, 6)
    for core in (*_cores(content, base64.b64encode, 3, 6), *twice):
        made += [core, core.replace("+", "-").replace("/", "_")]
    made += _cores(content, base64.b32encode, 5, 5)
    made += [codecs.encode(secret, "rot13"), *_groups(content)]
    return [views.tighten(text) for text in dict.fromkeys(made)]


def _cores(content: bytes, encode: Callable[[bytes], bytes], positions: int, bits: int) -> list[str]:
    """What of an encoded text depends on the content alone, for each position that it may begin at.

    `positions`: after so many bytes they repeat; `bits`: of one character.
    """
    cores = []
    for before in range(positions):
        encoded = encode(b"\0" * before + content).decode()
        cores.append(encoded[-(-before * 8 // bits) : (before + len(content)) * 8 // bits])
    return cores


def _groups(content: bytes) -> list[str]:
    """What of a text in Base85 or Ascii85 depends on the content alone: five characters for each four bytes of it."""
    return [
        encode(b"\1" * before + content).decode()[5 if before else 0 : (before + len(content)) // 4 * 5]
        for encode in (base64.b85encode, base64.a85encode)
        for before in range(4)
    ]


def encoded_keys(text: str) -> Iterator[str]:
    """Runs of Base64 that hold a key by its shape or its name."""
    for match in _ENCODED.finditer(text):
        plain = decode(match[0])
        if plain is not None and plain.isprintable() and any(keys_in(plain)):
            yield match[0]


def decode(text: str) -> str | None:
    """What a text in Base64 says; None if it is none, or says nothing that can be read."""
    plain = re.sub(r"\s", "", text).replace("-", "+").replace("_", "/").rstrip("=")
    try:
        return base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True).decode("utf-8")
    except (binascii.Error, ValueError):
        return None
