"""Notebook 04: what bytes are, which format a sound has, what it says."""

import secrets

from classroom.exercises import words
from classroom.exercises.exercise import Bench, Exercise, Trial
from classroom.exercises.trying import try_each
from classroom.media import similarity
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
    b"\xff\xf2\x40\xc4\x00": "audio/mpeg",
    b"fLaC\x00\x00\x00\x22": "audio/flac",
    b"OggS\x00\x02\x00": "audio/ogg",
    b"RIFF\x24\x08\x00\x00AVI LIST": _OTHER,
    b"RIFX\x00\x00\x08\x24WAVEfmt ": _OTHER,
    b"\x00\x00\x00\x00\x00\x00\x00\x00WEBPVP8 ": _OTHER,
    b"a song of ID3 and fLaC": _OTHER,
    b"<html><body>Not found": _OTHER,
    b"RIFF\x24\x08\x00\x00AVI LISTWAVEfmt ": _OTHER,
    b"RIFF\x24\x08\x00\x00AVI LISTWEBPVP8 ": _OTHER,
    b"\xff\xfeA\x00 \x00t\x00e\x00x\x00t\x00": _OTHER,  # UTF-16, which begins with a byte of MP3's
    b"\xff\xd8 and no more of it": _OTHER,
    b"ID, please": _OTHER,
    b"Oggi": _OTHER,
    b"PNG": _OTHER,
    b"\x89PNG and no more of it": _OTHER,
    b"a text about RIFF, WAVE and OggS": _OTHER,
}
_FORMATS = {"mp3": "audio/mpeg", "wav": "audio/wav"}
_SPEECH, _HEARING = ("realtime", "audio/speech"), ("audio/transcriptions", "audio/translations")


def _media_type(bench: Bench) -> str:
    cases = [(beginning + secrets.token_bytes(40), kind) for beginning, kind in _BEGINNINGS.items()]
    cases.append((b"", _OTHER))

    def look_at(case: tuple[bytes, str]) -> None:
        content, right = case
        trial = bench.call(content)
        if trial.returned(f'"{right}"') != right:
            raise trial.wrong("That is another type. Only the first bytes count.", f'"{right}"')

    try_each(bench, cases, look_at)
    return "It knows 7 types by their bytes, and admits what it doesn't know."


def _speak(bench: Bench) -> str:
    def look_at(case: tuple[str, str]) -> None:
        ending, right = case
        sentence, name = words.sentence(bench.chance), f"tide-{words.mark(bench.chance)}.{ending}"
        trial = bench.call(sentence, name)
        expected = f"a sound of the type {right}"
        sound = trial.returned(expected)
        if not isinstance(sound, bytes | bytearray):
            raise trial.wrong("It returns no bytes.", expected)
        sound = bytes(sound)
        if sniff(sound) != right:
            raise trial.wrong("It returns a sound of another type.", expected, sniff(sound))
        calls = trial.calls_for(sentence, expected, *_SPEECH)
        if calls is not None and not any(
            similarity.holds(sound, output.content, output.media_type)
            for call in calls
            for output in call.outputs
            if output.kind == "audio"
        ):
            raise trial.wrong("It returns another sound than the one that OpenAI made.", expected)

    try_each(bench, list(_FORMATS.items()), look_at)
    stem = words.mark(bench.chance)
    wrong = [
        f"{stem}.png",
        f"{stem}.flac",
        f"{stem}.ogg",
        f"{stem}.x{stem[:4]}",
        stem,
        f"{stem}.mp3.txt",
        f"{stem}.wav.{stem[:4]}",
    ]
    for name in (*wrong, f"{stem}mp3", f"{stem}wav"):
        trial = bench.call(words.sentence(bench.chance), name)
        expected = "a ValueError, and no call to OpenAI"
        if trial.raised is None and not trial.late and not trial.empty:
            raise trial.wrong("It accepts a name that is no sound's.", expected)
        trial.refused("ValueError", expected)
        if trial.calls:
            raise trial.wrong(
                "It asked OpenAI first, and refused then: that costs money.",
                expected,
                "a ValueError after a call",
            )
    return "Each ending gets its format, and what is no sound is refused at no cost."


def _caption(bench: Bench) -> str:
    expected_none = "None, and no call to OpenAI"
    for ending in ("mp3", "wav"):
        sentence = words.sentence(bench.chance)
        sound = bench.boundary.speech(sentence, ending)
        name = f"{words.mark(bench.chance)}.{ending}"
        trial = bench.call(sound, name, case=f'caption(a sound, "{name}")')
        expected = f'the words "{sentence}"'
        heard = trial.returned(expected)
        if not isinstance(heard, str):
            raise trial.wrong("It returns no text. The answer has it as .text.", expected)
        if not _says(heard, sentence):
            raise trial.wrong("The sound says something else.", expected)
        if len(_plain(heard)) > 1.1 * len(_plain(sentence)) + 4:
            raise trial.wrong("It returns more than the words of the sound.", expected)
        if trial.calls is not None and not any(call.route in _HEARING for call in trial.calls):
            raise trial.wrong("It did not ask OpenAI for this.", expected, "no call to OpenAI")
        _refuses_other_bytes(
            bench.call(_no_sound(), name, case=f'caption(the bytes of a picture, "{name}")'), expected_none
        )
    _refuses_other_bytes(
        bench.call(b"Not found", "a.mp3", case='caption(the bytes of a text, "a.mp3")'), expected_none
    )
    return "A sound becomes words, and what is no sound is never sent."


def _no_sound() -> bytes:
    return b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + secrets.token_bytes(60)


def _says(heard: str, sentence: str) -> bool:
    return _plain(sentence) in _plain(heard)


def _plain(text: str) -> str:
    return "".join(letter for letter in text.casefold() if letter.isalnum())


def _refuses_other_bytes(trial: Trial, expected: str) -> None:
    if trial.ended(expected) is not None:
        raise trial.wrong("For bytes that are no sound it returns something.", expected)
    if trial.calls:
        raise trial.wrong(
            "Bytes that are no sound were sent to OpenAI: look at them first.", expected, "None, after a call"
        )


EXERCISES = {
    "04.1": Exercise(
        "media_type",
        _media_type,
        (
            "Which rows of the table begin with the same four bytes?",
            'content.startswith(b"…") is enough for most; RIFF files differ in content[8:12].',
            'First the two kinds that begin with b"RIFF"; then a dictionary of beginnings in a loop; at the end the rest.',
        ),
    ),
    "04.2": Exercise(
        "speak",
        _speak,
        (
            "When can you know that a name is no sound's: before or after you ask?",
            'file_name.rpartition(".")[2] is the ending; as_file from above takes just these two names.',
            "If the ending is neither of the two: raise ValueError(…). Otherwise return as_file(say(words), ending).",
        ),
    ),
    "04.3": Exercise(
        "caption",
        _caption,
        (
            "What can tell you, without asking anyone, that bytes are no sound?",
            'media_type(sound).startswith("audio/") tells; file=(file_name, sound) gives the upload a name.',
            "If it is no sound: return None. Otherwise return .text of client.audio.transcriptions.create(model=…, file=…).",
        ),
    ),
}
