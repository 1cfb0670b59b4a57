"""A voice that says the words, in each of the formats that OpenAI's speech endpoint offers."""

import io
import zlib
from functools import lru_cache

from classroom import extras
from classroom.media import listening, speakers
from classroom.media.speakers import SpeechError

__all__ = ["LONGEST", "SAMPLE_RATE", "SpeechError", "speak"]

SAMPLE_RATE = 24_000  # of OpenAI's pcm, https://developers.openai.com/api/docs/guides/text-to-speech
_SPOKEN_RATE = 22_050  # of eSpeak NG
_WORDS_PER_MINUTE = 165
LONGEST = 300  # seconds that the voice goes on: what the longest text takes, read as words

# container and codec of each format, by PyAV's names
_FORMATS = {
    "mp3": ("mp3", "libmp3lame"),
    "opus": ("ogg", "libopus"),
    "aac": ("adts", "aac"),
    "flac": ("flac", "flac"),
    "wav": ("wav", "pcm_s16le"),
    "pcmu": ("mulaw", "pcm_mulaw"),
    "pcma": ("alaw", "pcm_alaw"),
}
_TELEPHONE = ("pcmu", "pcma")  # G.711: 8 kHz, no header

# variants of eSpeak NG's voice, and a pitch, so that OpenAI's voices differ by ear
_VARIANTS = ("m1", "m2", "m3", "m4", "f1", "f2", "f3", "f4")


def _voice(name: str) -> tuple[str, int]:
    number = zlib.crc32(name.encode())
    return f"en-us+{_VARIANTS[number % len(_VARIANTS)]}", 35 + (number >> 8) % 40


@lru_cache(maxsize=4)
def _say(words: str, voice: str, speed: float, longest: int) -> bytes:
    """16-bit mono samples at eSpeak NG's rate, for so many seconds at most."""
    espeakng_loader = extras.load("espeakng_loader", "media", "Speech")
    variant, pitch = _voice(voice)
    order = {
        "library": espeakng_loader.get_library_path(),
        "data": espeakng_loader.get_data_path(),
        "text": words.replace("\0", " "),
        "voice": variant,
        "rate": max(80, min(450, round(_WORDS_PER_MINUTE * speed))),
        "pitch": pitch,
        "most": longest * _SPOKEN_RATE * 2,
    }
    spoken = speakers.samples(order)
    # words with nothing to say (punctuation, say) are a fifth of a second of silence, still a valid file
    return spoken or b"\0\0" * (_SPOKEN_RATE // 5)


def speak(
    words: str,
    *,
    voice: str = "alloy",
    speed: float = 1.0,
    format: str = "mp3",
    longest: int = LONGEST,
) -> bytes:
    """The words, spoken.

    Args:
        words: what to say.
        voice: any name; another name sounds different.
        speed: 1.0 is normal.
        format: "mp3", "opus", "aac", "flac", "wav", "pcm" (24 kHz, 16 bit, mono, no header), "pcmu" or "pcma" (G.711).
        longest: seconds after which the voice stops, whatever is left to say.

    Raises:
        SpeechError: eSpeak NG does not run on this machine.
        MissingExtra: the extra "media" is not installed.
    """
    samples = _say(words, voice, speed, longest)
    return _encode(samples, format, comment=listening.comment(words))


def _encode(samples: bytes, format: str, *, comment: str) -> bytes:
    # imported here: these libraries take longer to load than everything else, and not every lesson speaks
    av = extras.load("av", "media", "Speech")
    raw = av.AudioFrame(format="s16", layout="mono", samples=len(samples) // 2)
    raw.planes[0].update(samples)
    raw.sample_rate = _SPOKEN_RATE
    if format == "pcm":
        resampler = av.AudioResampler(format="s16", layout="mono", rate=SAMPLE_RATE)
        frames = [*resampler.resample(raw), *resampler.resample(None)]
        return b"".join(bytes(frame.planes[0])[: frame.samples * 2] for frame in frames)
    container, codec = _FORMATS[format]
    rate = 8_000 if format in _TELEPHONE else SAMPLE_RATE
    out = io.BytesIO()
    # bitexact: no random stream identifier, no version of the encoder in the file
    with av.open(out, "w", format=container, options={"fflags": "+bitexact"}) as file:
        file.metadata["comment"] = comment
        stream = file.add_stream(codec, rate=rate, layout="mono")
        context = stream.codec_context
        context.flags |= av.codec.context.Flags.bitexact
        resampler = av.AudioResampler(format=context.format, layout="mono", rate=rate)
        for frame in [*resampler.resample(raw), *resampler.resample(None)]:
            for packet in stream.encode(frame):
                file.mux(packet)
        for packet in stream.encode(None):
            file.mux(packet)
    return out.getvalue()
