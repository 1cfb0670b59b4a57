"""Keys that the kernel knows, however they are written in a notebook."""

import base64
import bz2
import codecs
import gzip
import textwrap
import zlib
from random import Random
from urllib.parse import quote

import pytest

from classroom.redaction.notebooks import BLOT, without_keys
from tests.classroom.redacted import CUSTOM, KEYS, cell, has, saved, shown, stream

# --- keys that the kernel knows -----------------------------------------------------------------------------------------

_WRITTEN = {
    "as it is": lambda key: key,
    "wrapped": lambda key: "\n".join(textwrap.wrap(key, 7)),
    "spaced": " ".join,
    "listed": lambda key: repr(list(key)),
    "quoted in pieces": lambda key: f'"{key[:10]}" + "{key[10:]}"',
    "Base64": lambda key: base64.b64encode(key.encode()).decode(),
    "Base64 within": lambda key: base64.b64encode(b"xy" + key.encode() + b"more").decode(),
    "Base64 in lines": lambda key: "\n".join(
        textwrap.wrap(base64.b64encode(b"abc" + key.encode()).decode(), 20)
    ),
    "Base64 for addresses": lambda key: base64.urlsafe_b64encode(b"z" + key.encode()).decode(),
    "hexadecimal": lambda key: key.encode().hex(),
    "percent": lambda key: "".join(f"%{ord(character):02X}" for character in key),
    "quoted for addresses": lambda key: quote(key, safe=""),
    "entities": lambda key: "".join(f"&#x{ord(character):x};" for character in key),
    "escapes": lambda key: "".join(f"\\x{ord(character):02x}" for character in key),
    "marked up": lambda key: f"<b>{key[:5]}</b><i>{key[5:]}</i>",
    "coloured": lambda key: f"\x1b[1m{key[:5]}\x1b[0m{key[5:]}",
    "backwards": lambda key: key[::-1],
    "Base64 of Base64": lambda key: base64.b64encode(base64.b64encode(key.encode())).decode(),
    "Base32 within": lambda key: base64.b32encode(b"xyz" + key.encode() + b"more").decode(),
    "Base85": lambda key: base64.b85encode(key.encode()).decode(),
    "Base85 within": lambda key: base64.b85encode(b"xyz" + key.encode() + b"more").decode(),
    "Ascii85 within": lambda key: base64.a85encode(b"x" + key.encode() + b"more").decode(),
    "rot13": lambda key: codecs.encode(key, "rot13"),
    "a list of bytes": lambda key: str(list(key.encode())),
    "a list in hexadecimal": lambda key: str([hex(byte) for byte in key.encode()]),
    "capitals": str.upper,
    "gzip in Base64": lambda key: base64.b64encode(gzip.compress(key.encode())).decode(),
    "zlib in Base64 in lines": lambda key: base64.encodebytes(
        zlib.compress(b"some words, and " + key.encode())
    ).decode(),
    "bzip2 in hexadecimal": lambda key: bz2.compress(key.encode()).hex(),
    "gzip as Python shows it": lambda key: repr(gzip.compress(key.encode())),
    "zlib in Base85": lambda key: base64.b85encode(zlib.compress(key.encode())).decode(),
    "gzip in Base64 of gzip": lambda key: base64.b64encode(
        gzip.compress(base64.b64encode(gzip.compress(key.encode())))
    ).decode(),
}


@pytest.mark.parametrize("written", _WRITTEN.values(), ids=_WRITTEN)
@pytest.mark.parametrize("key", KEYS.values(), ids=KEYS)
def test_a_known_key_is_found_however_it_is_written(key, written):
    text = f"before {written(key)} after"
    result = saved(cell("x", stream(text)), knows={key})["cells"][0]["outputs"][0]["text"]
    assert BLOT in result
    assert result.startswith("before ")
    assert result.endswith(" after")
    left = result.replace(BLOT, "")
    assert len(left) < len(text) - 10
    middle = len(written(key)) // 2
    assert written(key)[middle - 6 : middle + 6] not in left


@pytest.mark.parametrize("key", KEYS.values(), ids=KEYS)
def test_half_of_a_known_key_is_taken_out_of_each_of_two_cells(key):
    notebook = saved(
        cell("x", stream(f"first: {key[:18]}\n")), cell("y", stream(f"rest: {key[-18:]}\n")), knows={key}
    )
    if len(key) >= 24:
        assert not has(notebook, key)


def test_a_known_key_in_a_picture_leaves_no_picture():
    picture = base64.b64encode(b"\x89PNG\r\n\x1a\n" + b"\xff" * 10 + CUSTOM.encode() + b"\xff" * 9).decode()
    assert saved(cell("x", shown(image__png=picture)), knows={CUSTOM})["cells"][0]["outputs"][0]["data"] == {
        "image/png": BLOT
    }


def test_a_short_known_secret_is_taken_out_only_where_it_stands_alone():
    notebook = saved(cell("x", stream("hunter2024 and hunter2024s")), knows={"hunter2024"})
    assert notebook["cells"][0]["outputs"][0]["text"] == f"{BLOT} and hunter2024s"


_NAMES = (
    "cells",
    "outputs",
    "data",
    "source",
    "text",
    "metadata",
    "attachments",
    "text/plain",
    "image/png",
    CUSTOM,
)


def _anything(random, depth=0):
    """Any JSON, with a key or half of one in many of its texts."""
    if depth > 4 or random.random() < 0.3:
        texts = (
            CUSTOM,
            CUSTOM[:20],
            "x",
            f"token: {CUSTOM}",
            f"<b>{CUSTOM[:9]}</b>{CUSTOM[9:]}",
            f"\ud800{CUSTOM}",
            "",
        )
        return random.choice([*texts, None, 3, True, 1.5, ["a", CUSTOM], {}, []])
    count = range(random.randint(0, 4))
    if random.random() < 0.4:
        return [_anything(random, depth + 1) for _ in count]
    return {random.choice(_NAMES): _anything(random, depth + 1) for _ in count}


@pytest.mark.parametrize("seed", range(5))
def test_whatever_shape_a_notebook_has_no_half_of_a_known_key_is_left(seed):
    random = Random(seed)
    for _ in range(100):
        assert not has(without_keys(_anything(random), {CUSTOM}), CUSTOM, least=20)
