"""Notebook 04: what a file is, speech in the format that was asked for, and the words of a sound."""

from functools import cache
from typing import Any

from classroom.exercises.looking import Exercise, NotYet, asked_since, called, calls_since, count
from classroom.media.signatures import sniff

_OTHER = "application/octet-stream"
# first bytes → type, by the table of the notebook
_BEGINNINGS = {
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR": "image/png",
    b"\xff\xd8\xff\xe0\x00\x10JFIF": "image/jpeg",
    b"\xff\xd8\xff\xe1\x00\x10Exif": "image/jpeg",
    b"RIFF\x24\x08\x00\x00WEBPVP8 ": "image/webp",
    b"RIFF\x24\x08\x00\x00WAVEfmt ": "audio/wav",
    b"ID3\x04\x00\x00\x00\x00": "audio/mpeg",
    b"\xff\xfb\x90\x64\x00": "audio/mpeg",
    b"\xff\xf3\x40\xc4\x00": "audio/mpeg",
    b"fLaC\x00\x00\x00\x22": "audio/flac",
    b"OggS\x00\x02\x00": "audio/ogg",
    b"RIFF\x24\x08\x00\x00AVI LIST": _OTHER,
    b"<html><body>Not found": _OTHER,
    b"PNG": _OTHER,
    b"": _OTHER,
}
_FORMATS = {"mp3": "audio/mpeg", "wav": "audio/wav", "flac": "audio/flac", "opus": "audio/ogg"}


def _media_type(function: Any) -> str:
    for content, right in _BEGINNINGS.items():
        said = called(function, content)
        if said != right:
            raise NotYet(f"of a file that begins with {content[:16]!r} it says {said!r}, not {right!r}.")
    return f"It knows {len(set(_BEGINNINGS.values())) - 1} types by their bytes, and admits what it doesn't know."


def _speak(function: Any) -> str:
    words = "Low tide."
    for ending, right in _FORMATS.items():
        before = count()
        sound = called(function, words, f"tide.{ending}")
        if not isinstance(sound, bytes):
            raise NotYet(f"it returns {type(sound).__name__}, not bytes: .read() of the answer gives them.")
        if sniff(sound) != right:
            raise NotYet(f"for tide.{ending} it returns {sniff(sound)}.")
        if any(not call.mentions(words) for call in asked_since(before)):
            raise NotYet("the words that it was given did not reach OpenAI.")
    for name in ("tide.png", "tide"):
        before = count()
        try:
            function(words, name)
        except ValueError:
            if calls_since(before):
                raise NotYet(
                    f"for {name} it asked OpenAI first, and refused then: that costs money."
                ) from None
        except Exception as error:
            raise NotYet(f"for {name} it raises {type(error).__name__}, not a ValueError.") from error
        else:
            raise NotYet(f"it takes {name}, which is no sound. Raise a ValueError.")
    return "Each ending gets its format, and what is no sound is refused at no cost."


@cache
def _spoken() -> tuple[str, bytes]:
    from openai import OpenAI

    words = "Nine boats are back."
    speech = OpenAI().audio.speech.create(model="gpt-4o-mini-tts", voice="nova", input=words)
    return words, speech.read()


def _caption(function: Any) -> str:
    words, sound = _spoken()
    said = called(function, sound, "boats.mp3")
    if not isinstance(said, str):
        raise NotYet(f"it returns {type(said).__name__}, not text: .text of the answer.")
    if words.rstrip(".").lower() not in said.lower():
        raise NotYet(f"the sound says {words!r}, and it returns {said!r}.")
    before = count()
    try:
        said = function(b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "boats.mp3")
    except Exception as error:
        raise NotYet(f"for bytes that are no sound it raises {type(error).__name__}: return None.") from error
    if said is not None:
        raise NotYet(f"for bytes that are no sound it returns {said!r}, not None.")
    if calls_since(before):
        raise NotYet("bytes that are no sound were sent to OpenAI: look at them first.")
    return "A sound becomes words, and what is no sound stays at home."


EXERCISES = {
    "04.1": Exercise(
        "media_type",
        _media_type,
        'content.startswith(b"…") for most; RIFF files differ in content[8:12].',
    ),
    "04.2": Exercise(
        "speak",
        _speak,
        'file_name.rpartition(".")[2] is the ending; response_format= takes just these four names.',
    ),
    "04.3": Exercise(
        "caption",
        _caption,
        'media_type(sound).startswith("audio/") tells; file=(file_name, sound) gives the upload a name.',
    ),
}
