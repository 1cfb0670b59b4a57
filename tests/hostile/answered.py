"""What the fuzzer lets an app answer: OpenAPI documents, HTTP, pictures; and notebooks, which are JSON, too.

As in `made`: strategies give descriptions that print short, and `…_bytes` makes the bytes of them.
"""

import gzip
import json
import struct
import zlib
from typing import Any

from hypothesis import strategies as st

from tests.hostile.made import CHANGES, SIZES, Description, cut

# --- OpenAPI documents ------------------------------------------------------------------------------------------------

_REFERENCES = ("#", "#/", "#/components/schemas/A", "#/components/schemas/B", "#/paths/~1make/post", "file:///etc/passwd",
    "http://127.0.0.1:9/x", "/etc/passwd", "#/components/schemas/" + "A" * 9000, "\x00", "//x", "data:,{}")  # fmt: skip
_ODD = st.sampled_from(
    [None, True, -1, 0, 10**12, 10**400, 1.5, 1e308, "", "x", "\x1b[2J", "🦊" * 100, "prompt", "string", "object", "array",
     "^(a|a)*$", "(" * 3000, "a{1000000000}", "^(?!.*(a+)+$)", "\\ud800", [], {}, [[]], [None], "binary", "integer"]
)  # fmt: skip
_KEYWORDS = ("type", "properties", "required", "allOf", "anyOf", "oneOf", "not", "items", "pattern", "format", "enum", "const",
    "minLength", "maxLength", "minItems", "maxItems", "minimum", "maximum", "multipleOf", "default", "example", "examples",
    "additionalProperties", "patternProperties", "discriminator", "$dynamicRef", "$id", "$anchor", "contentMediaType")  # fmt: skip
_REFERENCE = st.builds(lambda to: {"$ref": to}, st.sampled_from(_REFERENCES))
SCHEMAS: Any = st.recursive(
    _ODD | _REFERENCE,
    lambda inner: (
        st.dictionaries(st.sampled_from(_KEYWORDS), inner, max_size=4)
        | st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["prompt", "path", "type", "a.b", ""]), inner, max_size=3)
    ),
    max_leaves=8,
)
DOCUMENTS = st.fixed_dictionaries(
    {
        "version": st.sampled_from(["3.1.0", "3.0.3", "2.0", "3.1", "", None, "9" * 500]),
        "A": SCHEMAS,
        "B": SCHEMAS,
        "body": SCHEMAS,
        "parameters": st.lists(SCHEMAS, max_size=3),
        "responses": SCHEMAS,
        "more": st.dictionaries(st.sampled_from(["paths", "components", "info", "servers", "webhooks", "$ref"]), SCHEMAS, max_size=1),
        "levels": st.sampled_from([0, 0, 0, 30, 500]),
        "doubling": st.sampled_from([0, 0, 12]),
        "change": CHANGES,
    }
)  # fmt: skip


def document_bytes(made: Description) -> bytes:
    """An OpenAPI document."""
    body = made["body"]
    for _ in range(made["levels"]):
        body = {"allOf": [body]}
    schemas = {"A": made["A"], "B": made["B"]}
    for level in range(made["doubling"]):
        schemas[f"L{level}"] = {"allOf": [{"$ref": f"#/components/schemas/L{level + 1}"}] * 2}
    if made["doubling"]:
        body = {"allOf": [body, {"$ref": "#/components/schemas/L0"}]}
    operation = {
        "parameters": made["parameters"],
        "requestBody": {"content": {"application/json": {"schema": body}}},
        "responses": made["responses"],
    }
    whole = {
        "openapi": made["version"],
        "info": {"title": "x", "version": "1"},
        "paths": {"/make": {"post": operation}, "/make/{a}": {"get": operation}},
        "components": {"schemas": schemas},
        **made["more"],
    }
    return cut(json.dumps(whole).encode(), made["change"])


# --- HTTP answers -----------------------------------------------------------------------------------------------------

_HEADERS = (b"Content-Length: 5", b"Content-Length: -1", b"Content-Length: 99999999999999999999", b"Content-Length: 5, 6",
    b"Transfer-Encoding: chunked", b"Transfer-Encoding: gzip, chunked", b"Content-Encoding: gzip", b"Content-Encoding: deflate",
    b"Content-Encoding: gzip, gzip, gzip, gzip", b"Content-Encoding: br", b"Content-Type: application/json",
    b"Content-Type: text/html; charset=\xff", b"Location: /again", b"Location: http://127.0.0.1:9/", b"Location: //[", b"Set-Cookie: a=b",
    b"Connection: close", b"Connection: upgrade", b"Upgrade: h2c", b"X: " + b"y" * 70_000, b"\xff: \x00", b"No colon", b" folded",
    b"Retry-After: 99999", b"Content-Range: bytes */*")  # fmt: skip
ANSWERS = st.fixed_dictionaries(
    {
        "before": st.sampled_from([b"", b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 40, b"\r\n\r\n", b"\0"]),
        "line": st.sampled_from([b"HTTP/1.1 200 OK", b"HTTP/1.0 200", b"HTTP/1.1 202 Accepted", b"HTTP/1.1 302 Found", b"HTTP/1.1 101 X",
            b"HTTP/1.1 204 No", b"HTTP/1.1 999 X", b"HTTP/9.9 200 OK", b"HTTP/1.1 abc", b"<html>", b"HTTP/1.1 200 \xff\x1b[2J", b""]),
        "headers": st.lists(st.sampled_from(_HEADERS), max_size=4),
        "body": st.sampled_from([b"", b"hello", b"5\r\nhello\r\n0\r\n\r\n", b"ffffffffffffffff\r\nx", b"-1\r\n", b"{" * 10_000,
            b'{"status_url": "/x", "id": "\\ud800"}', b"\0" * 100_000]) | st.binary(max_size=32),
        "packed": st.sampled_from([0, 0, 1, 2, 3]),
        "change": CHANGES,
    }
)  # fmt: skip


def answer_bytes(made: Description) -> bytes:
    """What comes back over a connection, status line and all."""
    body = made["body"]
    if made["packed"] > 1:
        body = bytes(4 * 1024 * 1024)
    for _ in range(made["packed"]):
        body = gzip.compress(body, 1)
    head = b"\r\n".join([made["before"] + made["line"], *made["headers"]])
    return cut(head + b"\r\n\r\n" + body, made["change"])


# --- pictures ---------------------------------------------------------------------------------------------------------

PICTURES = st.fixed_dictionaries(
    {
        "as": st.sampled_from(["png", "gif", "bmp", "jpeg", "webp", "tiff", "eps", "psd", "none"]),
        "width": st.sampled_from([0, 1, 8, 13_000, 65_535]) | SIZES,
        "height": st.sampled_from([0, 1, 8, 13_000, 65_535]) | SIZES,
        "depth": st.sampled_from([0, 1, 8, 16, 255]),
        "colours": st.sampled_from([0, 2, 3, 4, 6, 255]),
        "pixels": st.sampled_from([0, 1, 100, 3_000_000]),
        "text": st.sampled_from([0, 0, 10, 5_000_000]),
        "change": CHANGES,
    }
)  # fmt: skip


def picture_bytes(made: Description) -> bytes:
    """The beginning of a picture, whose header may lie of what follows."""
    wide, high = made["width"] % 2**32, made["height"] % 2**32
    pixels = bytes(made["pixels"])
    match made["as"]:
        case "png":
            facts = struct.pack(">IIBBBBB", wide, high, made["depth"], made["colours"], 0, 0, 0)
            text = _chunk(b"zTXt", b"x\0\0" + zlib.compress(bytes(made["text"]))) if made["text"] else b""
            whole = b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", facts) + text
            whole += _chunk(b"IDAT", zlib.compress(pixels)) + _chunk(b"IEND", b"")
        case "gif":
            whole = (
                b"GIF89a"
                + struct.pack("<HHBBB", wide % 65536, high % 65536, 0x80, 0, 0)
                + b"\0\0\0\xff\xff\xff"
            )
            whole += b"," + struct.pack("<HHHHB", 0, 0, wide % 65536, high % 65536, 0) + b"\2\2\x4c\1\0;"
        case "bmp":
            whole = b"BM" + struct.pack(
                "<IHHIIiiHHIIiiII", 54, 0, 0, 54, 40, wide % 2**31, high % 2**31, 1, 24, 0, 0, 1, 1, 0, 0
            )
            whole += pixels
        case "jpeg":
            frame = struct.pack(">HBHHB", 17, 8, high % 65536, wide % 65536, 3) + b"\1\x22\0\2\x11\1\3\x11\1"
            whole = (
                b"\xff\xd8\xff\xe0\0\x10JFIF\0\1\1\0\0\1\0\1\0\0\xff\xc0"
                + frame
                + b"\xff\xda\0\x0c\3\1\0\2\x11\3\x11\0\x3f\0\xff\xd9"
            )
        case "webp":
            size = b"".join(struct.pack("<I", (each - 1) % 2**24)[:3] for each in (wide, high))
            whole = b"RIFF\x40\0\0\0WEBPVP8X\x0a\0\0\0\x10\0\0\0" + size + b"VP8 \x08\0\0\0" + pixels[:8]
        case "tiff":
            tags = [
                (256, 4, 1, wide),
                (257, 4, 1, high),
                (258, 3, 1, 8),
                (259, 3, 1, made["colours"]),
                (273, 4, 1, 8),
                (279, 4, 2**31, 8),
            ]
            whole = b"II*\0\x08\0\0\0" + struct.pack("<H", len(tags))
            whole += (
                b"".join(struct.pack("<HHII", *tag) for tag in tags) + b"\x08\0\0\0"
            )  # the next directory is this one
        case "eps":
            whole = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\n(/etc/passwd) run\n"
        case "psd":
            whole = b"8BPS\0\1" + bytes(6) + struct.pack(">HIIHH", 3, high, wide, 8, 3) + bytes(64)
        case _:
            whole = b"{" * 100
    return cut(whole, made["change"])  # fmt: skip


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


# --- notebooks --------------------------------------------------------------------------------------------------------

_SCALARS: Any = st.sampled_from(
    [
        None,
        1,
        -1,
        1e308,
        "",
        "code",
        "x = 1",
        "check('x.y')",
        "sk-" + "proj-" + "A1b2" * 8,
        "\ud800",
        "\x1b[2J",
        "\r" * 2000,
    ]
)
_JSON = st.recursive(
    _SCALARS | st.text(max_size=6),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["source", "cells", "outputs", "text", "data", "metadata", "x"]),
            inner,
            max_size=3,
        )
    ),
    max_leaves=8,
)
NOTEBOOKS = st.fixed_dictionaries(
    {
        "cells": _JSON | st.lists(st.fixed_dictionaries({"cell_type": st.sampled_from(["code", "markdown", None, "x"]), "source": _JSON,
            "metadata": _JSON, "outputs": _JSON}), max_size=4),
        "more": st.dictionaries(st.sampled_from(["nbformat", "nbformat_minor", "metadata", "worksheets"]), _JSON, max_size=3),
        "levels": st.sampled_from([0, 0, 0, 90, 5_000]),
        "repeated": st.sampled_from([1, 1, 1, 3_000]),
        "bytes": st.sampled_from([b"", b"", b"\xef\xbb\xbf", b"\xff\xfe", b"NaN"]),
        "change": CHANGES,
    }
)  # fmt: skip


def notebook_bytes(made: Description) -> bytes:
    """A notebook."""
    cells = made["cells"] * made["repeated"] if isinstance(made["cells"], list) else made["cells"]
    text = json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, **made["more"], "cells": "HERE"})
    deep = "[" * made["levels"] + json.dumps(cells) + "]" * made["levels"]
    return cut(made["bytes"] + text.replace('"HERE"', deep).encode("utf-8", "surrogatepass"), made["change"])
