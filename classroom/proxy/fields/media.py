"""Fields of the image, speech and transcription routes. Routes with form bodies have `Upload` fields."""

from dataclasses import dataclass
from typing import Any

from classroom.proxy.fields.kinds import Choice, Either, Flag, Integer, Items, Kind, Number, Text
from classroom.proxy.fields.parts import MODEL, OWNERS, UNPRICED, Sound
from classroom.proxy.fields.shapes import Refused, Shape
from classroom.proxy.fields.tally import Tally
from classroom.proxy.rules import refusals

MOST_PICTURES = 16
_FORMATS = Choice(("png", "webp", "jpeg", "gif"), {"svg": UNPRICED})


@dataclass(frozen=True)
class File:
    """A part of a form that is a file: its name and its content."""

    name: str
    content: bytes


@dataclass(frozen=True)
class Upload:
    """A file. `holds`: what is counted."""

    holds: str
    takes = (File,)

    def read(self, value: Any, at: str, tally: Tally) -> File:
        """As it is."""
        if not isinstance(value, File):
            raise refusals.wrong_type(at, "a file", value)
        if not value.content:
            raise refusals.wrong_value(at, "it is an empty file")
        if self.holds == "sound":
            tally.sounds.append(value.content)
        else:
            tally.pictures += 1
        return value


@dataclass(frozen=True)
class Reference:
    """A short recording of a speaker, as a data URL: it is listened to like the rest."""

    takes = (str,)

    def read(self, value: Any, at: str, tally: Tally) -> str:
        """As it is; measured."""
        head, comma, data = str(value).partition(",")
        if not comma or not head.startswith("data:audio/") or not head.endswith(";base64"):
            raise refusals.wrong_value(at, "send data:audio/…;base64,…")
        Sound().read(data, at, tally)
        return str(value)


_DRAWN: dict[str, Kind] = {
    "model": MODEL,
    "prompt": Text(32_000),
    "background": Choice(("transparent", "opaque", "auto")),
    "complexity": Choice(("low", "medium", "high")),
    "frame_count": Integer(1, 16),
    "frame_duration_ms": Integer(1, 60_000),
    "n": Integer(1, 10),
    "output_compression": Integer(0, 100),
    "output_format": _FORMATS,
    "partial_images": Integer(0, 3),
    "quality": Choice(("low", "medium", "high", "xhigh", "max", "auto", "standard", "hd")),
    "response_format": Choice(("url", "b64_json")),
    "safety_identifier": Text(256),
    "size": Text(16, r"auto|[1-9][0-9]{1,3}x[1-9][0-9]{1,3}"),
    "stream": Flag(),
    "svg": Refused(UNPRICED),
    "user": Text(256),
}
DRAWING = Shape(
    {**_DRAWN, "moderation": Choice(("low", "auto")), "style": Choice(("vivid", "natural"))}, ("prompt",)
)
EDITING = Shape(
    {
        **_DRAWN,
        "image": Either((Upload("picture"), Items(Upload("picture"), MOST_PICTURES)), "a file, or several"),
        "mask": Upload("picture"),
        "markup": Upload("picture"),
        "input_fidelity": Choice(("high", "low")),
    },
    ("prompt", "image"),
)
SPEAKING = Shape(
    {
        "model": MODEL,
        "input": Text(4096),
        "voice": Either(
            (Text(64), Shape({"id": Refused(OWNERS)}, ("id",))), "the name of a voice of the API"
        ),
        "instructions": Text(4096),
        "response_format": Choice(("mp3", "opus", "aac", "flac", "wav", "pcm")),
        "speed": Number(),
        "stream_format": Choice(("sse", "audio")),
    },
    ("input", "voice"),
)
_HEARD: dict[str, Kind] = {
    "file": Upload("sound"),
    "model": MODEL,
    "prompt": Text(),
    "response_format": Choice(("json", "text", "srt", "verbose_json", "vtt", "diarized_json")),
    "temperature": Number(),
    "language": Text(32),
}
TRANSCRIBING = Shape(
    {
        **_HEARD,
        "chunking_strategy": Either(
            (
                Choice(("auto",)),
                Shape(
                    {
                        "type": Choice(("server_vad",)),
                        "prefix_padding_ms": Integer(0, 60_000),
                        "silence_duration_ms": Integer(0, 60_000),
                        "threshold": Number(),
                    },
                    ("type",),
                ),
            ),
            '"auto" or an object',
        ),
        "include": Items(Choice(("logprobs",)), 4),
        "keywords": Items(Text(256), 256),
        "known_speaker_names": Items(Text(128), 8),
        "known_speaker_references": Items(Reference(), 8),
        "languages": Items(Text(32), 64),
        "stream": Flag(),
        "timestamp_granularities": Items(Choice(("word", "segment")), 2),
    },
    ("file",),
)
TRANSLATING = Shape(_HEARD, ("file",))
