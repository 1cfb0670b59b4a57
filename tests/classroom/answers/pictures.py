"""Notebook 04."""

import os
import re
from contextlib import suppress
from pathlib import Path

import openai
from openai import OpenAI


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
        if kind not in {"mp3", "wav", "flac", "opus"}:
            raise ValueError(kind)
        return spoken(words, kind)

    def by_stream(words, file_name):
        formats = {".mp3": "mp3", ".wav": "wav", ".flac": "flac", ".opus": "opus"}
        ending = os.path.splitext(file_name)[1]
        if ending not in formats:
            raise ValueError(f"no sound ends with {ending}")
        with client.audio.speech.with_streaming_response.create(
            model="gpt-4o-mini-tts", voice="onyx", input=words, response_format=formats[ending]
        ) as stream:
            return b"".join(stream.iter_bytes())

    def asks_first(words, file_name):
        sounds = {kind: spoken(words, kind) for kind in ("mp3", "wav", "flac", "opus")}
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

    def as_words(sound, name):
        if sound[:3] != b"ID3":
            return None
        return client.audio.transcriptions.create(
            model="whisper-1", file=(name, sound), response_format="text"
        ).strip()

    def by_whisper(sound, name):
        if not by_pattern(sound).startswith("audio/"):
            return None
        return client.audio.transcriptions.create(model="whisper-1", file=(name, sound)).text

    def too_late(sound, name):
        with suppress(openai.APIError):
            return heard(sound, name).text
        return None

    return {
        "04.1": (
            [by_table, by_pattern, by_match],
            [
                (lambda content: None, "nothing"),
                (lambda content: "image/webp" if content[:4] == b"RIFF" else by_table(content), "audio/wav"),
                (lambda content: "image/png" if b"PNG" in content else by_table(content), "octet-stream"),
                (lambda content: table.get(content[:3], "text/plain"), "image/png"),
            ],
        ),
        "04.2": (
            [speak, by_stream, lambda words, file_name: speak(words, file_name.lower())],
            [
                (lambda words, file_name: None, "nothing"),
                (lambda words, file_name: spoken(words, "mp3"), "returns audio/mpeg"),
                (asks_first, "asked OpenAI first"),
                (lambda words, file_name: spoken(words, file_name.rpartition(".")[2]), "not a ValueError"),
                (lambda words, file_name: speak("Hello.", file_name), "did not reach"),
            ],
        ),
        "04.3": (
            [caption, as_words, by_whisper],
            [
                (lambda sound, name: None, "nothing"),
                (heard, "not text"),
                (lambda sound, name: heard(sound, name).text, "return None"),
                (too_late, "sent to OpenAI"),
                (lambda sound, name: "some words", "it returns 'some words'"),
            ],
        ),
    }
