"""Notebook 04."""

import io
import os
import re
import wave
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType

import lameenc
import openai
from openai import AsyncOpenAI, OpenAI

from classroom import voice
from classroom.media import sound as speaking

OTHER = "application/octet-stream"


def pictures():
    client = OpenAI()
    table = {b"\x89PNG\r\n\x1a\n": "image/png", b"\xff\xd8\xff": "image/jpeg", b"ID3": "audio/mpeg"}
    table |= dict.fromkeys((b"\xff\xfb", b"\xff\xf3", b"\xff\xf2"), "audio/mpeg")
    table |= {b"fLaC": "audio/flac", b"OggS": "audio/ogg"}

    def by_table(content):
        if content.startswith(b"RIFF"):
            return {b"WEBP": "image/webp", b"WAVE": "audio/wav"}.get(
                content[8:12], "application/octet-stream"
            )
        return next(
            (kind for start, kind in table.items() if content.startswith(start)), "application/octet-stream"
        )

    def by_pattern(content):
        patterns = {rb"RIFF.{4}WEBP": "image/webp", rb"RIFF.{4}WAVE": "audio/wav"}
        patterns |= {re.escape(start): kind for start, kind in table.items()}
        for pattern, kind in patterns.items():
            if re.match(pattern, content, re.DOTALL):
                return kind
        return "application/octet-stream"

    def by_match(content):
        match content[:4], content[8:12]:
            case b"RIFF", b"WEBP":
                return "image/webp"
            case b"RIFF", b"WAVE":
                return "audio/wav"
            case b"fLaC", _:
                return "audio/flac"
            case b"OggS", _:
                return "audio/ogg"
        if content[:8] == b"\x89PNG\r\n\x1a\n":
            return "image/png"
        if content[:3] == b"\xff\xd8\xff":
            return "image/jpeg"
        sounds = content[:3] == b"ID3" or content[:2] in (b"\xff\xfb", b"\xff\xf3", b"\xff\xf2")
        return "audio/mpeg" if sounds else "application/octet-stream"

    def spoken(words, kind):
        return client.audio.speech.create(
            model="gpt-4o-mini-tts", voice="nova", input=words, response_format=kind
        ).read()

    def speak(words, file_name):
        kind = Path(file_name).suffix.lstrip(".")
        if kind not in {"mp3", "wav"}:
            raise ValueError(kind)
        return spoken(words, kind)

    def by_stream(words, file_name):
        formats = {".mp3": "mp3", ".wav": "wav"}
        ending = os.path.splitext(file_name)[1]
        if ending not in formats:
            raise ValueError(f"no sound ends with {ending}")
        with client.audio.speech.with_streaming_response.create(
            model="gpt-4o-mini-tts", voice="onyx", input=words, response_format=formats[ending]
        ) as stream:
            return b"".join(stream.iter_bytes())

    def asks_first(words, file_name):
        sounds = {kind: spoken(words, kind) for kind in ("mp3", "wav")}
        try:
            return sounds[file_name.rpartition(".")[2]]
        except KeyError as error:
            raise ValueError from error

    def heard(sound, name, **options):
        return client.audio.transcriptions.create(
            model="gpt-4o-mini-transcribe", file=(name, sound), **options
        )

    def caption(sound, name):
        return heard(sound, name).text if by_table(sound).startswith("audio") else None

    def mp3_alone(sound, name):
        return heard(sound, name).text if sound[:3] == b"ID3" else None

    def by_name(sound, name):
        return heard(sound, name).text if name.endswith((".mp3", ".wav")) else None

    async def caption_async(sound, name):
        if not by_table(sound).startswith("audio/"):
            return None
        made = AsyncOpenAI().audio.transcriptions
        return (await made.create(model="gpt-4o-mini-transcribe", file=(name, sound))).text

    class Listener:
        def __call__(self, sound, name):
            return self.hear(sound, name) if self.is_sound(sound) else None

        def is_sound(self, sound):
            return by_pattern(sound).partition("/")[0] == "audio"

        def hear(self, sound, name):
            return heard(sound, name, language="en").text

    class Kinds:
        riff = MappingProxyType({b"WEBP": "image/webp", b"WAVE": "audio/wav"})

        def __call__(self, content):
            if content[:4] == b"RIFF":
                return self.riff.get(content[8:12], "application/octet-stream")
            for size in (8, 4, 3, 2):
                if content[:size] in table:
                    return table[content[:size]]
            return "application/octet-stream"

    def by_recursion(content, left=None):
        if content[:4] == b"RIFF":
            return Kinds.riff.get(content[8:12], "application/octet-stream")
        left = list(table) if left is None else left
        if not left:
            return "application/octet-stream"
        return table[left[0]] if content.startswith(left[0]) else by_recursion(content, left[1:])

    async def speak_async(words, file_name):
        kind = file_name.rsplit(".", 1)[-1]
        if kind not in ("mp3", "wav"):
            raise ValueError(file_name)
        made = AsyncOpenAI().audio.speech
        answer = await made.create(model="gpt-4o-mini-tts", voice="nova", input=words, response_format=kind)
        return answer.content

    def samples_of(words):
        return voice.say(words)

    def by_realtime(words, file_name):
        kind = file_name.rpartition(".")[2]
        if kind not in ("mp3", "wav"):
            raise ValueError(file_name)
        samples = samples_of(words)
        if kind == "mp3":
            encoder = lameenc.Encoder()
            encoder.set_in_sample_rate(24_000)
            encoder.set_channels(1)
            encoder.set_bit_rate(64)
            return encoder.encode(samples) + encoder.flush()  # a bytearray
        out = io.BytesIO()
        with wave.open(out, "wb") as file:
            file.setparams((1, 2, 24_000, 0, "NONE", ""))
            file.writeframes(samples)
        return out.getvalue()

    def without_a_header(words, file_name):
        if not file_name.endswith((".mp3", ".wav")):
            raise ValueError(file_name)
        return samples_of(words)

    def another_sound(words, file_name):
        samples_of(words)
        return speaking.speak("These are other words altogether.", format=file_name.rpartition(".")[2])

    class Speaker:
        class NoSound(ValueError):
            pass

        def __call__(self, words, file_name):
            for kind in ("mp3", "wav"):
                if file_name.endswith(f".{kind}"):
                    return spoken(words, kind)
            raise self.NoSound(file_name)

    def by_index(words, file_name):
        kinds = ["mp3", "wav"]
        return spoken(words, kinds[kinds.index(file_name.rpartition(".")[2])])

    def ask_and_give_the_answer(words, file_name):
        return client.audio.speech.create(
            model="gpt-4o-mini-tts", voice="nova", input=words, response_format=file_name.rpartition(".")[2]
        )

    def refuses_by_none(words, file_name):
        try:
            return speak(words, file_name)
        except ValueError:
            return None

    def defaults_to_mp3(words, file_name):
        kind = file_name.rpartition(".")[2]
        return spoken(words, kind if kind in ("mp3", "wav") else "mp3")

    def as_words(sound, name):
        if sound[:3] != b"ID3" and sound[8:12] != b"WAVE":
            return None
        return client.audio.transcriptions.create(
            model="whisper-1", file=(name, sound), response_format="text"
        ).strip()

    def by_whisper(sound, name):
        if not by_pattern(sound).startswith("audio/"):
            return None
        return client.audio.transcriptions.create(model="whisper-1", file=(name, sound)).text

    def subtitles(sound, name):
        if not by_pattern(sound).startswith("audio/"):
            return None
        return client.audio.transcriptions.create(
            model="whisper-1", file=(name, sound), response_format="srt"
        )

    def somewhere_in_riff(content):
        if content[:4] != b"RIFF":
            return by_table(content)
        return "image/webp" if b"WEBP" in content else "audio/wav" if b"WAVE" in content else OTHER

    def by_letters(words, file_name):
        if not file_name.endswith(("mp3", "wav")):
            raise ValueError(file_name)
        return spoken(words, file_name[-3:])

    def too_late(sound, name):
        with suppress(openai.APIError):
            return heard(sound, name).text
        return None

    return {
        "04.1": (
            [
                by_table,
                by_pattern,
                by_match,
                lambda content: (
                    "audio/mpeg"
                    if content[:1] == b"\xff" and content[1:2] in b"\xfb\xf3\xf2"
                    else by_match(content)
                ),
                Kinds(),
                lambda content: [
                    *(kind for start, kind in table.items() if content[: len(start)] == start),
                    *(
                        kind
                        for part, kind in Kinds.riff.items()
                        if content[:4] == b"RIFF" and content[8:12] == part
                    ),
                    OTHER,
                ][0],
                by_recursion,
            ],
            [
                (lambda content: None, "It returns nothing so far"),
                (lambda content: print(by_table(content)), "It prints something"),
                (
                    lambda content: "image/webp" if content[:4] == b"RIFF" else by_table(content),
                    "another type",
                ),
                (lambda content: "image/png" if b"PNG" in content else by_table(content), "another type"),
                (
                    lambda content: "image/png" if content[:4] == b"\x89PNG" else by_table(content),
                    "another type",
                ),
                (somewhere_in_riff, "another type"),
                (lambda content: table.get(content[:3], "text/plain"), "another type"),
                (lambda content: "image/png", "another type"),
                (lambda content: by_table(content).partition("/")[0], "another type"),
                (lambda content: by_table(content.decode()), "It stops with an error"),
                (
                    lambda content: "image/jpeg" if content[:1] == b"\xff" else by_table(content),
                    "another type",
                ),
            ],
        ),
        "04.2": (
            [
                speak,
                by_stream,
                lambda words, file_name: speak(words, file_name.lower()),
                speak_async,
                Speaker(),
                by_index,
                by_realtime,
            ],
            [
                (without_a_header, "a sound of another type"),
                (another_sound, "another sound than the one that OpenAI made"),
                (lambda words, file_name: None, "It returns nothing so far"),
                (lambda words, file_name: print(speak(words, file_name)), ""),
                (lambda words, file_name: spoken(words, "mp3"), "a sound of another type"),
                (asks_first, "asked OpenAI first"),
                (lambda words, file_name: spoken(words, file_name.rpartition(".")[2]), "ValueError"),
                (lambda words, file_name: speak("Hello.", file_name), "Is the argument used?"),
                (ask_and_give_the_answer, "no bytes"),
                (refuses_by_none, "raises no ValueError"),
                (by_letters, "accepts a name that is no sound's"),
                (defaults_to_mp3, "accepts a name that is no sound's"),
            ],
        ),
        "04.3": (
            [
                caption,
                as_words,
                by_whisper,
                caption_async,
                lambda sound, name: (
                    heard(io.BytesIO(sound), name).text if by_match(sound)[:5] == "audio" else None
                ),
                Listener(),
            ],
            [
                (lambda sound, name: None, "It returns nothing so far"),
                (lambda sound, name: print(caption(sound, name)), "It prints something"),
                (heard, "no text"),
                (lambda sound, name: heard(sound, name).text, "It stops with an error"),
                (too_late, "sent to OpenAI"),
                (lambda sound, name: "some words", "The sound says something else"),
                (lambda sound, name: caption(sound, name) or "", "returns something"),
                (by_name, "It stops with an error"),
                (subtitles, "more than the words"),
                (mp3_alone, "Does each branch end with return"),
            ],
        ),
    }
