"""Bugs to hunt in notebooks 01, 02 and 04: a log that leaks, a number out of bounds, a name that contradicts its file."""

from classroom.exercises import words
from classroom.exercises.beginnings import model_s_words
from classroom.exercises.carrying import TEXT_ROUTES
from classroom.exercises.exercise import Bench, Exercise
from classroom.exercises.plain import describe, number_of, several
from classroom.exercises.trying import try_each

# Values of these letters and of those: what a text has more of with the first than with the second comes from a value.
# None of them is a digit or a hexadecimal letter, so that a time, a number or a checksum in the text is no such part.
_LETTERS, _OTHER_LETTERS = "gjkqvwxz", "hilmnoprstuy"
_LOWEST, _HIGHEST = 0, 2  # https://developers.openai.com/api/reference: temperature
_PICTURES = {"png": (".png",), "jpeg": (".jpg", ".jpeg"), "webp": (".webp",)}
_OTHERS = (
    (b"<html><body>Not found", "the bytes of a web page"),
    (b"ID3\x04\x00\x00\x00\x00", "the bytes of an MP3"),
    (b"RIFF\x24\x08\x00\x00WAVEfmt ", "the bytes of a WAV"),
    (b"", "no bytes"),
)


def _starting_line(bench: Bench) -> str:
    token = f"token_{words.mark(bench.chance)[:4]}"
    for _ in range(3):
        others = bench.chance.sample(["model", "key", "database"], bench.chance.randrange(1, 4))
        names = bench.chance.sample([token, *others], len(others) + 1)
        case = f"starting_line(settings), with the settings {', '.join(names)}"
        expected = "a text with each name, and with no part of any value"
        settings = _settings(bench, names, _LETTERS)
        trial = bench.call(settings, case=case)
        line = trial.returned(expected)
        other = bench.call(_settings(bench, names, _OTHER_LETTERS), case=case).returned(expected)
        if not isinstance(line, str) or not isinstance(other, str):
            raise trial.wrong("It returns no text.", expected, "something else than a text")
        if any(line.count(letter) > other.count(letter) for letter in _LETTERS):
            problem = "The log would hold a value, or a part of one. Names are enough."
            shown_of = max(names, key=lambda name: _longest_part(settings[name], line))
            raise trial.wrong(problem, expected, f"a text with a part of the value of {shown_of}")
        missing = [name for name in names if name not in line]
        if missing:
            raise trial.wrong(
                "The reader of the log does not learn what is set.", expected, f"a text without {missing[0]}"
            )
    return "The log says what is set, and gives nothing away."


def _settings(bench: Bench, names: list[str], letters: str) -> dict[str, str]:
    """Settings whose values, after what each begins with, are of these letters."""
    begins = {"model": "gpt-", "key": "sk-", "database": "db://ada:"}
    return {name: begins.get(name, "") + "".join(bench.chance.choices(letters, k=24)) for name in names}


def _longest_part(value: str, line: str) -> int:
    """How many characters of a value the line has in a row."""
    return max(
        (
            end - at
            for at in range(len(value))
            for end in range(at + 1, len(value) + 1)
            if value[at:end] in line
        ),
        default=0,
    )


def _ask_creatively(bench: Bench) -> str:
    chosen: list[float] = [0.7, 0, 2, bench.chance.randrange(3, 100), -bench.chance.randrange(2, 100) / 10]

    def look_at(creativity: float) -> None:
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

    try_each(bench, chosen, look_at)
    return "What is allowed is sent as it is, and what is not becomes the nearest number that is."


def _file_for(bench: Bench) -> str:
    from classroom.media.picture import draw  # here: it loads a library for pictures

    def look_at_a_picture(known: tuple[str, tuple[str, ...]]) -> None:
        form, endings = known
        kind = f"image/{form}"
        stem = f"pictures/no.{bench.chance.randrange(1, 9)}-{words.mark(bench.chance)}"
        picture = draw(words.scene(bench.chance), seed=words.mark(bench.chance), size=(64, 64), format=form)
        case = f'file_for("{stem}", the bytes of a picture of the type {kind})'
        trial = bench.call(stem, picture, case=case)
        expected = f'("{stem}{endings[0]}", "{kind}")'
        value = several(trial.returned(expected))
        if value is None or len(value) != 2:
            raise trial.wrong("It returns something else than a name and a type.", expected)
        name, media_type = value
        if media_type != kind:
            raise trial.wrong("The type is not what the bytes say.", expected)
        if name not in [f"{stem}{ending}" for ending in endings]:
            raise trial.wrong("The name does not fit: it is the stem and the format's ending.", expected)

    try_each(bench, sorted(_PICTURES.items()), look_at_a_picture)

    def look_at_no_picture(case: tuple[bytes, str]) -> None:
        content, what = case
        trial = bench.call("robot", content, case=f'file_for("robot", {what})')
        expected = "a ValueError: this is no picture"
        if trial.raised is None and not trial.late and not trial.empty:
            raise trial.wrong("It gives a picture's name to what is no picture.", expected)
        trial.refused("ValueError", expected)

    try_each(bench, _OTHERS, look_at_no_picture)
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
