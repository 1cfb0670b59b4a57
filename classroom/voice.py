"""A voice by the Realtime API, as notebook 00 makes it: what the playground and the checks speak with."""

import base64
import io
from typing import Any

import openai

MODEL = "gpt-realtime-2.1-mini"
VOICE = "marin"
READ_ALOUD = "Read the user's text aloud, word for word."
_RATE = 24_000  # samples a second
_CONTAINERS = {"opus": ("OGG", "OPUS")}


class NoVoice(Exception):
    """OpenAI refused to speak, or stopped before it had said everything."""


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
    """Samples as a file that can be played: "mp3", "wav", "flac" or "opus"."""
    import soundfile  # loads slowly

    form, subtype = _CONTAINERS.get(kind, (kind.upper(), None))
    out = io.BytesIO()
    with soundfile.SoundFile(out, "w", samplerate=_RATE, channels=1, format=form, subtype=subtype) as file:
        file.buffer_write(samples, "int16")
    return out.getvalue()
