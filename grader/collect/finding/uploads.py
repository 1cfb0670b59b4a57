"""Small files to upload, each a valid one of its format: which one an input wants, its words, a refusal or a try says."""

import base64
import io
import math
import struct
import wave
import zlib
from collections.abc import Callable, Iterator, Mapping

from grader.collect.exchange import wording
from grader.collect.finding.field_roles import kind_of_words, words_of
from grader.operations import Field

Upload = tuple[str, bytes, str]  # a name, the bytes, a media type

_PICTURE = base64.b64decode(  # one grey point, as PNG
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg=="
)
_RATE = 16_000  # samples a second
_SAMPLES = 8_000
_USUAL = "txt"


def upload(field: Field, words: str = "") -> Upload:
    """A file that an input takes, as its own words say; `words`: what else is known of it, such as an operation's words."""
    return next(uploads(field, words))


def uploads(field: Field, words: str = "") -> Iterator[Upload]:
    """One file of each format: those that the input's own words name come first, then those that other words name."""
    own = " ".join(
        [
            field.name,
            field.description,
            str(field.schema.get("contentMediaType", "")),
            *map(str, field.shown.values()),
        ]
    )
    for extension in sorted(
        _MADE, key=lambda each: (not _names(each, own), not _names(each, words), each != _USUAL)
    ):
        make, media_type = _MADE[extension]
        yield f"{wording.stem()}.{extension}", make(wording.plain().text), media_type


def is_text_file(value: object) -> bool:
    """Whether a value is an upload whose bytes are words and nothing else: a prompt may be what it holds."""
    return isinstance(value, tuple) and value[2] == "text/plain"


def with_text(file: Upload, text: str) -> Upload:
    """A file like another one, with another name and other words in it."""
    name, _, media_type = file
    return f"{wording.stem()}.{name.rpartition('.')[2]}", text.encode("utf-8", "replace"), media_type


def _names(extension: str, words: str) -> bool:
    kinds = {"png": "image", "wav": "audio"}
    return extension in words_of(words) or (extension in kinds and kind_of_words(words) == kinds[extension])


def pdf(text: str) -> bytes:
    """A document of one page with a line of text; its form: ISO 32000-1, 7.5 and 9.4."""
    drawn = zlib.compress(f"BT /F1 14 Tf 40 700 Td ({text}) Tj ET".encode("latin-1", "replace"))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d /Filter /FlateDecode >>\nstream\n%s\nendstream" % (len(drawn), drawn),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    out = bytearray(b"%PDF-1.4\n")
    places = []
    for number, content in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    begin = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    out += b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, begin)
    return bytes(out)


def _sound(_: str) -> bytes:
    """Half a second of a tone."""
    samples = (int(8_000 * math.sin(2 * math.pi * 440 * at / _RATE)) for at in range(_SAMPLES))
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(_RATE)
        file.writeframes(b"".join(struct.pack("<h", sample) for sample in samples))
    return out.getvalue()


_MADE: Mapping[str, tuple[Callable[[str], bytes], str]] = {
    "txt": (str.encode, "text/plain"),
    "pdf": (pdf, "application/pdf"),
    "png": (lambda text: _PICTURE, "image/png"),
    "wav": (_sound, "audio/wav"),
    "csv": (lambda text: f"number,words\n1,{text}\n".encode(), "text/csv"),
    "json": (lambda text: f'{{"text": "{text}"}}\n'.encode(), "application/json"),
    "md": (lambda text: f"# Notes\n\n{text}\n".encode(), "text/markdown"),
}
