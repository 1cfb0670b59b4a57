"""What the stand-ins take at most: an app that sends too much is refused, and they go on serving."""

import base64
import io
import json
import socket
import struct
import time
import wave
import zlib

import httpx
import pytest
from PIL import Image

from classroom.allowance import Allowance
from classroom.media import listening, picture, sound
from classroom.standin.mock import OpenAIMock

KEY = {"Authorization": "Bearer sk-mock-key"}
MEGABYTE = 1024 * 1024


@pytest.fixture(scope="module")
def openai():
    with OpenAIMock(legacy=True) as mock:
        yield mock


@pytest.fixture(autouse=True)
def still_serves(request):
    """After every attack an ordinary request is answered, and soon."""
    began = time.process_time()
    yield
    assert time.process_time() - began < 20
    if "openai" in request.fixturenames:
        mock = request.getfixturevalue("openai")
        assert asked(mock, "chat/completions", chat()).status_code == 200


def asked(mock, route: str, body: object = None, **more) -> httpx.Response:
    content = {} if body is None else {"json": body}
    with httpx.Client(trust_env=False, timeout=60) as client:
        return client.post(f"{mock.base_url}/{route}", headers=KEY, **content, **more)


def until_it_fails(times: int, kind: type[Exception], action) -> Exception | None:
    for number in range(times):
        try:
            action(number)
        except kind as error:
            return error
    return None


def chat(**more: object) -> dict:
    return {"model": "gpt-5.4-mini", "messages": [{"role": "user", "content": "hello"}], **more}


def of_schema(schema: object, strict: bool = False) -> dict:
    named = {"name": "x", "strict": strict, "schema": schema}
    return chat(response_format={"type": "json_schema", "json_schema": named})


def strict_object(properties: dict) -> dict:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def nested(levels: int) -> dict:
    schema: dict = {"type": "string"}
    for _ in range(levels):
        schema = strict_object({"a": schema})
    return schema


def array(**bounds: object) -> dict:
    return strict_object({"a": {"type": "array", "items": {"type": "string"}, **bounds}})


TOO_LARGE = {
    "items": array(minItems=10**12),
    "items of items": array(minItems=1_000, items={"type": "array", "minItems": 1_000, "items": {"type": "integer"}}),
    "letters": strict_object({"a": {"type": "string", "minLength": 10**12}}),
    "many letters": array(minItems=100, items={"type": "string", "minLength": 100_000}),
    "six thousand properties": strict_object({f"p{n}": {"type": "string"} for n in range(6_000)}),
    "eleven levels": nested(11),
    "long names": strict_object({"x" * 130_000: {"type": "string"}}),
    "many choices": strict_object({"a": {"type": "string", "enum": [f"v{n}" for n in range(1_001)]}}),
    "long choices": strict_object({"a": {"type": "string", "enum": [f"{n:0>80}" for n in range(300)]}}),
    "references that double": {
        **strict_object({"a": {"$ref": "#/$defs/S0"}}),
        "$defs": {
            **{
                f"S{n}": strict_object({name: {"$ref": f"#/$defs/S{n + 1}"} for name in "abcdefghijklmnopqrstuvwxyz"})
                for n in range(9)
            },
            "S9": {"type": "string"},
        },
    },
}  # fmt: skip
NONSENSE = {
    "a step of nothing": strict_object({"a": {"type": "number", "multipleOf": 0}}),
    "a bound of letters": strict_object({"a": {"type": "number", "minimum": "x"}}),
    "a huge bound": strict_object({"a": {"type": "number", "minimum": 10**400}}),
    "an enum that is none": strict_object({"a": {"enum": 5}}),
    "unions of nothing": strict_object({"a": {"anyOf": 5}}),
    "items that are none": strict_object({"a": {"type": "array", "items": 5, "minItems": "x"}}),
}


@pytest.mark.parametrize("schema", TOO_LARGE.values(), ids=TOO_LARGE)
def test_a_schema_beyond_the_documented_limits_is_refused(openai, schema):
    answer = asked(openai, "chat/completions", of_schema(schema, strict=True))
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "invalid_json_schema"
    tool = {"type": "function", "name": "f", "parameters": schema, "strict": True}
    body = {"model": "gpt-5.4-mini", "input": "f", "tools": [tool], "tool_choice": "required"}
    assert asked(openai, "responses", body).status_code == 400


@pytest.mark.parametrize("schema", NONSENSE.values(), ids=NONSENSE)
def test_a_schema_that_makes_no_sense_is_refused_or_answered(openai, schema):
    assert asked(openai, "chat/completions", of_schema(schema)).status_code in (200, 400)


def test_schemas_within_the_limits_are_answered(openai):
    for schema in (
        nested(10),
        array(minItems=50),
        strict_object({f"p{n}": {"type": "string"} for n in range(1_000)}),
    ):
        answer = asked(openai, "chat/completions", of_schema(schema, strict=True))
        assert answer.status_code == 200, answer.text
        json.loads(answer.json()["choices"][0]["message"]["content"])


@pytest.mark.parametrize(
    "pattern",
    [
        "^(a+)+$",
        "((((a{100}){100}){100}){100})",
        "(" * 3_000,
        "[\\x00-\\U0010ffff]{60000}",
        "\\ud800",
        "a{1000000000}",
    ],
)
def test_a_pattern_is_answered_within_bounds(openai, pattern):
    schema = strict_object({"a": {"type": "string", "pattern": pattern}})
    answer = asked(openai, "chat/completions", of_schema(schema))
    assert answer.status_code in (200, 400)
    assert len(answer.content) < MEGABYTE


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"[" * 100_000 + b"]" * 100_000, 400),
        (b'{"a":' * 900 + b"1" + b"}" * 900, 400),
        (b'{"model": NaN}', 400),
        (b'{"model": 1e999}', 400),
        (b'{"model": ' + b"9" * 5_000 + b"}", 400),
        (b'{"a": [' + b"[]," * 600_000 + b"1]}", 413),
        (b'"' + b"x" * 26 * MEGABYTE + b'"', 413),
        (b"", 400),
        (b"\xff\xfe", 400),
    ],
    ids=range(9),
)
def test_a_body_beyond_the_bounds_is_refused_in_openai_s_shape(openai, content, status):
    answer = asked(openai, "chat/completions", content=content)
    assert answer.status_code == status
    assert set(answer.json()["error"]) == {"message", "type", "param", "code"}


def test_a_form_s_names_are_bounded(openai):
    files = {"image": ("a.png", b"x"), "x" + "[a]" * 50_000: (None, "1")}
    assert asked(openai, "images/edits", files=files).status_code == 400


# --- pictures and sounds -----------------------------------------------------------------------------------------------


def png(width: int, height: int) -> bytes:
    """A picture of one colour, by hand: its rows are packed a thousand to one."""
    row = b"\0" * (1 + (width + 7) // 8)
    packer = zlib.compressobj(9)
    packed = b"".join(packer.compress(row) for _ in range(height)) + packer.flush()

    def chunk(kind: bytes, content: bytes) -> bytes:
        return (
            struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
        )

    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")


@pytest.mark.parametrize("size", [(13_000, 13_000), (2_000_000, 100), (60_000, 60_000)])
def test_a_picture_of_too_many_pixels_is_refused_by_its_header(openai, size):
    content = png(*size) if size[0] * size[1] < 200_000_000 else png(100, 100).replace(
        struct.pack(">II", 100, 100), struct.pack(">II", *size)
    )  # fmt: skip
    with pytest.raises(picture.NotPicture):
        picture.measure(content)
    form = {"model": "gpt-image-2", "prompt": "x"}
    answer = asked(openai, "images/edits", data=form, files={"image": ("a.png", content, "image/png")})
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "invalid_image_file"


def test_a_photograph_is_edited_within_memory(openai):
    out = io.BytesIO()
    Image.new("RGB", (6_000, 4_000)).save(out, "JPEG")
    form = {"model": "gpt-image-2", "prompt": "x"}
    answer = asked(
        openai, "images/edits", data=form, files={"image": ("a.jpg", out.getvalue(), "image/jpeg")}
    )
    assert answer.status_code == 200
    assert picture.measure(base64.b64decode(answer.json()["data"][0]["b64_json"])).format == "png"


@pytest.mark.parametrize(
    "content",
    [
        b"v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=x\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 5004 RTP/AVP 0\r\n",
        b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n",
        b"#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1:1/x\n",
        b"ffconcat version 1.0\nfile /etc/passwd\n",
        b"<?xml version='1.0'?><MPD><BaseURL>http://127.0.0.1:1/</BaseURL></MPD>",
        b"RIFF" + b"\xff" * 100,
        b"fLaC" + b"\0" * 100,
        b"OggS",
        b"ID3" + b"\xff" * 50,
        b"\0\0\0\x08ftyp" + b"\0" * 50,
        b"\x1aE\xdf\xa3" + b"\xff" * 50,
        b"\xff\xfb" + b"\0" * 50,
        b"",
    ],
)
def test_what_is_no_sound_is_refused_and_names_no_other_place(openai, content, monkeypatch):
    began = time.monotonic()
    for read in (listening.measure, listening.words_in):
        try:
            read(content)
        except listening.NotSound:
            continue
        assert content[:1] not in (b"#", b"v", b"f", b"<", b"")
    assert time.monotonic() - began < 5
    form = {"model": "gpt-transcribe"}
    answer = asked(openai, "audio/transcriptions", data=form, files={"file": ("a.mp3", content)})
    assert answer.status_code in (200, 400)


@pytest.mark.parametrize("format", ["mp3", "opus", "aac", "flac", "wav"])
def test_every_sound_of_the_voice_is_still_read(format):
    made = sound.speak("hello there", format=format)
    assert listening.measure(made) > 0.3


def test_an_hour_of_silence_is_measured_soon():
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(1)
        file.setframerate(8_000)
        file.writeframes(bytes(24 * MEGABYTE))
    assert listening.measure(out.getvalue()) > 600


def test_what_a_voice_says_has_an_end():
    assert (
        len(sound._say("wwwwwwwwww " * 370, "alloy", 0.25, sound.LONGEST))
        <= sound.LONGEST * sound._SPOKEN_RATE * 2
    )


# --- allowances ----------------------------------------------------------------------------------------------------------


def test_bodies_without_a_length_are_counted_as_they_are_read():
    allowance = Allowance(1_000, 4 * MEGABYTE)
    with OpenAIMock(allowance=allowance) as mock:
        for _ in range(3):  # little is little, whatever its length is known
            assert (
                asked(mock, "chat/completions", content=iter([json.dumps(chat()).encode()])).status_code
                == 200
            )
        many = (b" " * MEGABYTE for _ in range(20))
        assert asked(mock, "chat/completions", content=many).status_code in (413, 429)
        assert asked(mock, "chat/completions", chat()).status_code == 429


def test_what_is_made_and_many_small_values_are_counted_too():
    with OpenAIMock(allowance=Allowance(1_000, 2 * MEGABYTE)) as mock:
        small = chat(metadata={}, stop=None, user="x", logit_bias={str(n): 1 for n in range(20_000)})
        assert asked(mock, "chat/completions", small).status_code == 200
        assert asked(mock, "chat/completions", small).status_code == 429


def test_a_head_without_end_is_cut_off():
    with OpenAIMock() as mock:
        host, port = "127.0.0.1", int(mock.base_url.rpartition(":")[2].partition("/")[0])
        with socket.create_connection((host, port), timeout=5) as connection:
            connection.sendall(b"POST /v1/responses HTTP/1.1\r\n")
            assert until_it_fails(
                1_000, OSError, lambda n: connection.sendall(b"A: " + b"b" * 10_000 + b"\r\n")
            )
        assert asked(mock, "chat/completions", chat()).status_code == 200
