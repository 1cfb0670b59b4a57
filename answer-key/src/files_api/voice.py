# BEGIN SOLUTION
"""Speech from OpenAI's Realtime API: events over a WebSocket until the response is done."""

import asyncio
import base64
import io
import wave
from typing import Any

import lameenc
from openai import AsyncOpenAI
from openai.types.realtime import RealtimeResponse
from websockets.exceptions import InvalidStatus, WebSocketException

SAMPLE_RATE = (
    24_000  # https://developers.openai.com/api/docs/guides/realtime-conversations: 16 bits, one channel
)

_READ_ALOUD = "Read the user's text aloud, word for word. Add nothing and leave nothing out."
_CLOSING_SECONDS = 1.0
_SAMPLE_BYTES = 2
_MP3_KILOBITS = 64  # a second: plenty for one voice


class VoiceError(Exception):
    """No sound came. `status` and `code` are OpenAI's, as far as it gave any."""

    def __init__(self, message: str, *, status: int | None = None, code: str | None = None) -> None:
        super().__init__(message)
        self.status, self.code = status, code


def read_aloud(client: AsyncOpenAI, words: str, *, model: str, voice: str, seconds: float) -> bytes:
    """The sound of a voice that reads the words: samples without a header, as OpenAI sends them (PCM).

    Raises:
        VoiceError: OpenAI refused, hung up, or sent no sound.
        TimeoutError: it took longer than `seconds`, all in all: a WebSocket waits for ever by itself.
    """
    try:
        return asyncio.run(asyncio.wait_for(_heard(client, words, model, voice), seconds))
    except InvalidStatus as error:
        raise VoiceError("OpenAI refused the connection.", status=error.response.status_code) from error
    except WebSocketException as error:
        raise VoiceError("The connection to OpenAI broke.") from error


async def _heard(client: AsyncOpenAI, words: str, model: str, voice: str) -> bytes:
    message = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": words}]}
    response: Any = {
        "conversation": "none",  # one answer, beside any conversation
        "input": [message],
        "instructions": _READ_ALOUD,
        "output_modalities": ["audio"],
        "audio": {"output": {"voice": voice, "format": {"type": "audio/pcm", "rate": SAMPLE_RATE}}},
    }
    samples = bytearray()
    closing: Any = {"close_timeout": _CLOSING_SECONDS}
    async with client.realtime.connect(model=model, websocket_connection_options=closing) as connection:
        await connection.response.create(response=response)
        async for event in connection:
            if event.type == "response.output_audio.delta":
                samples += base64.b64decode(event.delta)
            elif event.type == "error":
                raise VoiceError(event.error.message, code=event.error.code)
            elif event.type == "response.done":
                if event.response.status != "completed":
                    raise VoiceError("OpenAI did not finish the sound.", code=_reason(event.response))
                break
    if not samples or len(samples) % _SAMPLE_BYTES:
        raise VoiceError("OpenAI sent no whole sound.")
    return bytes(samples)


def _reason(response: RealtimeResponse) -> str | None:
    """Why a response ended early, in OpenAI's own word."""
    details = response.status_details
    if details is None:
        return None
    return details.error.code if details.error else details.reason


def as_file(samples: bytes, format: str) -> bytes:
    """Samples as a file that can be played: "wav" or "mp3"."""
    return {"wav": _as_wav, "mp3": _as_mp3}[format](samples)


def _as_wav(samples: bytes) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(_SAMPLE_BYTES)
        sound.setframerate(SAMPLE_RATE)
        sound.writeframes(samples)
    return file.getvalue()


def _as_mp3(samples: bytes) -> bytes:
    encoder = lameenc.Encoder()
    encoder.set_channels(1)
    encoder.set_in_sample_rate(SAMPLE_RATE)
    encoder.set_bit_rate(_MP3_KILOBITS)
    encoder.silence()  # it writes nothing to standard output
    encoded = encoder.encode(samples) + encoder.flush()
    return bytes(encoded)


# END SOLUTION
