"""A voice by the Realtime API, as notebook 00 makes it: what the playground and the checks speak with."""

import base64
import io
import wave
from typing import Any

import openai

MODEL = "gpt-realtime-2.1-mini"
VOICE = "marin"
READ_ALOUD = "Read the user's text aloud, word for word."
_RATE = 24_000  # samples a second
_MP3_KILOBITS = 64  # a second


class NoVoice(Exception):
    """OpenAI refused to speak, or stopped before the end of the text."""


def say(words: str, client: openai.OpenAI | None = None) -> bytes:
    """The words, spoken: samples of 16 bits, 24,000 a second, without a header.

    Raises:
        NoVoice: OpenAI refused, or stopped early.
    """
    part: Any = {"type": "input_text", "text": words}
    asked: Any = {
        "conversation": "none",
        "instructions": READ_ALOUD,
        "input": [{"type": "message", "role": "user", "content": [part]}],
        "audio": {"output": {"voice": VOICE}},
    }
    sound = bytearray()
    with (client or openai.OpenAI()).realtime.connect(model=MODEL) as connection:
        connection.response.create(response=asked)
        for event in connection:
            if event.type == "response.output_audio.delta":
                sound += base64.b64decode(event.delta)
            elif event.type == "error":
                raise NoVoice(event.error.message)
            elif event.type == "response.done":
                if event.response.status == "completed" and sound:
                    return bytes(sound)
                details = event.response.status_details
                error: Any = details.error if details else None
                raise NoVoice(getattr(error, "message", None) or "OpenAI sent no whole sound.")
    raise NoVoice("The connection ended before the sound did.")


def as_file(samples: bytes, kind: str) -> bytes:
    """Samples as a file that can be played: "mp3" or "wav".

    Raises:
        ValueError: another kind.
    """
    if kind == "mp3":
        return _as_mp3(samples)
    if kind != "wav":
        raise ValueError(f"{kind}: a voice can be an mp3 or a wav.")
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(_RATE)
        file.writeframes(samples)
    return out.getvalue()


def _as_mp3(samples: bytes) -> bytes:
    import lameenc  # of the extra "lab"; the stand-in alone does without

    encoder = lameenc.Encoder()
    encoder.set_channels(1)
    encoder.set_in_sample_rate(_RATE)
    encoder.set_bit_rate(_MP3_KILOBITS)
    encoder.silence()  # it writes nothing to standard output
    return bytes(encoder.encode(samples) + encoder.flush())
