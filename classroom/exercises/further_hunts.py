"""Bugs to hunt in notebooks 01, 02 and 04: a log that leaks, a number out of bounds, a name that contradicts its file."""

import secrets

from classroom.exercises import words
from classroom.exercises.beginnings import model_s_words
from classroom.exercises.exercise import TEXT_ROUTES, Bench, Exercise
from classroom.exercises.plain import describe, number_of

_PART = 6  # characters of a value that are too many
_LOWEST, _HIGHEST = 0, 2  # https://developers.openai.com/api/reference: temperature
_PICTURES = (
    (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "image/png", (".png",)),
    (b"\xff\xd8\xff\xe0\x00\x10JFIF", "image/jpeg", (".jpg", ".jpeg")),
    (b"RIFF\x24\x08\x00\x00WEBPVP8 ", "image/webp", (".webp",)),
)
_OTHERS = (
    (b"<html><body>Not found", "the bytes of a web page"),
    (b"ID3\x04\x00\x00\x00\x00", "the bytes of an MP3"),
    (b"RIFF\x24\x08\x00\x00WAVEfmt ", "the bytes of a WAV"),
    (b"", "no bytes"),
)


def _starting_line(bench: Bench) -> str:
    for _ in range(3):
        settings = {
            "model": f"gpt{words.mark(bench.chance)}",
            "key": "sk-" + "proj-0" + secrets.token_hex(20),
            f"token_{words.mark(bench.chance)[:4]}": secrets.token_urlsafe(24),
            "database": f"db://ada:{secrets.token_hex(8)}@{words.mark(bench.chance)}",
        }
        names = bench.chance.sample(sorted(settings), bench.chance.randrange(2, len(settings) + 1))
        given = {name: settings[name] for name in names}
        case = f"starting_line(settings), with the settings {', '.join(names)}"
        trial = bench.call(given, case=case)
        expected = "a text with each name, and with no part of any value"
        line = trial.returned(expected)
        if not isinstance(line, str):
            raise trial.wrong("It returns no text.", expected, "something else than a text")
        for name, value in given.items():
            if any(value[at : at + _PART] in line for at in range(len(value) - _PART + 1)):
                problem = "The log would hold a value, or a part of one. Names are enough."
                raise trial.wrong(problem, expected, f"a text with a part of the value of {name}")
        missing = [name for name in names if name not in line]
        if missing:
            raise trial.wrong(
                "The reader of the log does not learn what is set.", expected, f"a text without {missing[0]}"
            )
    return "The log says what is set, and gives nothing away."


def _ask_creatively(bench: Bench) -> str:
    chosen = [0, 0.7, 2, bench.chance.randrange(3, 100), -bench.chance.randrange(2, 100) / 10]
    for creativity in bench.chance.sample(chosen, len(chosen)):
        right = min(max(creativity, _LOWEST), _HIGHEST)
        question = words.question(bench.chance)
        trial = bench.call(question, creativity)
        expected = f"the model's words, asked for with temperature={right}"
        model_s_words(trial, question, expected)
        for call in (trial.calls_for(question, expected, *TEXT_ROUTES) or ())[-1:]:
            sent = call.body.get("temperature") if isinstance(call.body, dict) else None
            if sent is None:
                raise trial.wrong("No temperature was sent.", expected, "a call without a temperature")
            if number_of(sent) != right:
                raise trial.wrong("Another temperature was sent.", expected, f"temperature={describe(sent)}")
    return "What is allowed is sent as it is, and what is not becomes the nearest number that is."


def _file_for(bench: Bench) -> str:
    for beginning, kind, endings in bench.chance.sample(_PICTURES, len(_PICTURES)):
        stem = f"pictures/no.{bench.chance.randrange(1, 9)}-{words.mark(bench.chance)}"
        picture = beginning + secrets.token_bytes(40)
        case = f'file_for("{stem}", the bytes of a picture of the type {kind})'
        trial = bench.call(stem, picture, case=case)
        expected = f'("{stem}{endings[0]}", "{kind}")'
        value = trial.returned(expected)
        if not isinstance(value, (tuple, list)) or len(value) != 2:
            raise trial.wrong("It returns something else than a name and a type.", expected)
        name, media_type = value
        if media_type != kind:
            raise trial.wrong("The type is not what the bytes say.", expected)
        if name not in [f"{stem}{ending}" for ending in endings]:
            raise trial.wrong("The name does not fit: it is the stem and the format's ending.", expected)
    for content, what in bench.chance.sample(_OTHERS, len(_OTHERS)):
        trial = bench.call("robot", content, case=f'file_for("robot", {what})')
        expected = "a ValueError: this is no picture"
        if trial.raised is None and not trial.late:
            raise trial.wrong("It gives a picture's name to what is no picture.", expected)
        trial.refused("ValueError", expected)
    return "The bytes decide both, so name and type can't contradict each other."


EXERCISES = {
    "01.4": Exercise(
        "starting_line",
        _starting_line,
        (
            "What does somebody who reads the log need to know, and what not?",
            "sorted(settings) is a list of the names; a text is made of them with join.",
            'return "starting with " + ", ".join(sorted(settings)).',
        ),
    ),
    "02.4": Exercise(
        "ask_creatively",
        _ask_creatively,
        (
            "Which numbers did the error's message allow at most, and what is the least?",
            "min(creativity, 2) is never more than 2. What is never less than 0?",
            "temperature = min(max(creativity, 0), 2), and then the call as above, with temperature=temperature.",
        ),
    ),
    "04.5": Exercise(
        "file_for",
        _file_for,
        (
            "What is there before the name and the type, so that both can come from it?",
            'sniff(content) gives the type; a dictionary such as {"image/png": ".png"} gives the ending for it.',
            "kind = sniff(content); if kind is not in the dictionary, raise ValueError; return stem + ENDINGS[kind], kind.",
        ),
    ),
}
