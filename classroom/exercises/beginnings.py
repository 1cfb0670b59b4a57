"""Notebooks 00 and 02: a picture, a type, a question, a role."""

from collections.abc import Iterable
from typing import Any

from classroom.exercises import words
from classroom.exercises.carrying import TEXT_ROUTES, texts_in
from classroom.exercises.exercise import Bench, Exercise, Trial
from classroom.exercises.plain import Thing, describe
from classroom.exercises.trying import try_each
from classroom.exercises.words import fold
from classroom.media.signatures import sniff
from classroom.standin.records.journal import Call

_OTHER = "application/octet-stream"
_LETTERS = ("txt", "jpg", "png", "mp3")
_CAUTIOUS_SAILOR = (("cauti", "careful", "prudent", "wary"), ("sail", "seaman", "seafar", "mariner"))
_PICTURE_ROUTES = ("images/generations", "images/edits", "responses")


def _draw(bench: Bench) -> str:
    expected = "the bytes of the picture that OpenAI drew"
    for _ in range(2):
        prompt = words.scene(bench.chance)
        trial = bench.call(prompt)
        picture = trial.returned(expected)
        if not isinstance(picture, bytes):
            raise trial.wrong(
                f"It returns {_kind(picture)}, not bytes. The picture comes as text (b64_json): decode it.",
                expected,
            )
        if not sniff(picture).startswith("image/"):
            raise trial.wrong("The bytes are no picture. Is b64_json decoded, once?", expected)
        calls = trial.calls_for(prompt, expected, *_PICTURE_ROUTES)
        if calls is not None and picture not in _contents(calls):
            raise trial.wrong("It returns another picture than the one that OpenAI drew.", expected)
        if calls is not None and len(calls) > 1:
            problem = "It has the picture drawn more than once, and each picture costs money. Ask once."
            raise trial.wrong(problem, "one call to OpenAI for one picture", f"{len(calls)} calls")
    return "It draws what you ask for, and returns the picture's bytes."


def _contents(calls: Iterable[Call]) -> list[bytes]:
    return [output.content for call in calls for output in call.outputs]


def _kind(value: Any) -> str:
    """What sort of value it is, with its article."""
    if isinstance(value, Thing):
        return f"an object of type {value.type}"
    names = {str: "text", bytes: "bytes", bool: "True or False", int: "a number", float: "a number"}
    return names.get(type(value), f"a {type(value).__name__}")


def _mime_type(bench: Bench) -> str:
    stem = words.mark(bench.chance)
    ending = f"x{words.mark(bench.chance)[:5]}"  # no list of types knows it
    types = {
        f"notes-{stem}.txt": "text/plain",
        f"pictures/{stem}.jpg": "image/jpeg",
        f"{stem}.png": "image/png",
        f"voice-{stem}.mp3": "audio/mpeg",
        f"{stem}.{ending}": _OTHER,
        f"two.dots.{stem}.png": "image/png",
        f"mp3.{ending}": _OTHER,
        f"my.png.{ending}": _OTHER,
        f"song.txt.{stem}.mp3": "audio/mpeg",
        f"mp3/{stem}": _OTHER,
        f"{stem}.png/{ending}": _OTHER,
        **{f"{stem}{letters}": _OTHER for letters in _LETTERS},
        **dict.fromkeys(_LETTERS, _OTHER),  # a whole name, which has no ending
    }

    def look_at(name: str) -> None:
        trial = bench.call(name)
        found = trial.returned(f'"{types[name]}"')
        if found != types[name]:
            problem = f"It gives another type. {_why_another(name, found, types[name], types.values())}"
            raise trial.wrong(problem, f'"{types[name]}"')

    try_each(bench, list(types), look_at)
    return "Each ending has its type, and everything else is just bytes."


def _why_another(name: str, found: Any, right: str, known: Iterable[str]) -> str:
    """What is wrong with a type: the text itself, or the choice among those that there are."""
    if not isinstance(found, str):
        return "A MIME type is a text."
    if found not in known and found.startswith(right):
        return "There is more in it than the type."
    if found not in known:
        return "No such type was asked for: a MIME type counts letter by letter."
    if name in _LETTERS:
        return "This name has no ending, for there is no dot in it."
    if found == _OTHER:
        return f"The ending .{name.rpartition('.')[2]} has a type of its own."
    return "Only the end of the name counts."


def model_s_words(trial: Trial, prompt: str, expected: str) -> str:
    """The text that was returned; `NotYet` unless it is what the model answered to a request with these words."""
    answer = trial.returned(expected)
    if not isinstance(answer, str):
        raise trial.wrong(
            f"It returns {_kind(answer)}, not text. Which attribute of the answer holds the words?", expected
        )
    if not answer.strip():
        raise trial.wrong("It returns an empty text.", expected)
    calls = trial.calls_for(prompt, expected, *TEXT_ROUTES)
    if calls is not None and not is_from(answer, calls):
        raise trial.wrong("It returns other words than the model answered.", expected)
    return answer


def is_from(answer: str, calls: Iterable[Call]) -> bool:
    """Whether a text is what one of the calls answered, or most of it; case and white space don't matter."""
    text = fold(answer)
    for call in calls:
        for output in call.outputs:
            whole = fold(output.content.decode("utf-8", "replace"))
            # a whole object as text holds the words, too, and much else
            if whole and whole in text and len(text) < 1.5 * len(whole) + 40:
                return True
            if whole and text in whole and 2 * len(text) > len(whole):
                return True
    return False


def _ask(bench: Bench) -> str:
    for _ in range(2):
        question = words.question(bench.chance)
        model_s_words(bench.call(question), question, "the words of the model's answer, as text")
    return "It asks, and returns the words of the answer."


def _advise(bench: Bench) -> str:
    expected = (
        "a system message that makes it a cautious sailor, then the question; the answer's words come back"
    )
    for _ in range(2):
        question = words.question(bench.chance)
        trial = bench.call(question)
        model_s_words(trial, question, expected)
        for call in (trial.calls_for(question, expected, *TEXT_ROUTES) or ())[-1:]:
            role = _role_before(call.body, question) or _role_in_turns_before(trial, call, question)
            if role is None:
                raise trial.wrong(
                    "The model does not learn who to be: no system message comes before the question.",
                    expected,
                    f"a request with {_roles_shown(call.body)}",
                )
            if not all(any(word in role.casefold() for word in words) for words in _CAUTIOUS_SAILOR):
                raise trial.wrong(
                    "The system message makes the model something other than a cautious sailor.",
                    expected,
                    f"the system message {describe(role)}",
                )
    return "The model learns who to be, and is asked then."


def _messages(body: Any) -> list[dict[str, Any]]:
    listed = body.get("messages") or body.get("input") if isinstance(body, dict) else None
    return [each for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []


def _role_before(body: Any, question: str) -> str | None:
    """The role that the model is given before it is asked; None if it is given none, or only the question."""
    instructions = [str(body.get("instructions") or "")] if isinstance(body, dict) else []
    for message in _messages(body):
        if message.get("role") in ("system", "developer"):
            instructions.append(" ".join(texts_in(message.get("content"))))
        if message.get("role") == "user":
            break
    role = " ".join(instructions).strip()
    return role if role and fold(question) not in fold(role) else None


def _role_in_turns_before(trial: Trial, call: Call, question: str) -> str | None:
    """The role that an earlier turn of the same conversation gave, where OpenAI keeps it."""
    if not call.body.get("previous_response_id"):
        return None
    calls = trial.calls or ()
    earlier = (each for each in calls[: calls.index(call)] if each.route == "responses")
    return next(filter(None, (_role_before(each.body, question) for each in earlier)), None)


def _roles_shown(body: Any) -> str:
    roles = [str(message.get("role")) for message in _messages(body)]
    return (
        f"messages of these roles: {', '.join(roles)}"
        if roles
        else f"the input {describe(body.get('input'))}"
    )


EXERCISES = {
    "00.1": Exercise(
        "draw",
        _draw,
        (
            "The first cell that made a picture took two steps after the request. What does the second one turn into what?",
            "client.images.generate(…) draws. Its answer has a list called data, and the picture is text in b64_json.",
            "return base64.b64decode(images.data[0].b64_json), where images is the answer to a request with prompt=words.",
        ),
    ),
    "00.2": Exercise(
        "mime_type",
        _mime_type,
        (
            "Which part of a name decides: any part of it, or its end?",
            'name.endswith(".txt") is one way; a dictionary of endings is another.',
            'for ending, kind in {".txt": "text/plain", …}.items(): if name.endswith(ending), return kind. After the loop: '
            'return "application/octet-stream".',
        ),
    ),
    "02.1": Exercise(
        "ask",
        _ask,
        (
            "What did the first call of this notebook return, and where in it were the words?",
            "client.responses.create(model=…, input=…) asks; its answer has an attribute with all the text.",
            "return the output_text of client.responses.create(…, input=question).",
        ),
    ),
    "02.2": Exercise(
        "advise",
        _advise,
        (
            "Which of the roles tells a model how to behave, and must it come before or after the question?",
            "messages= takes a list of dictionaries, each with a role and a content. Its first role is system.",
            'messages=[{"role": "system", "content": "You are a cautious sailor."}, {"role": "user", "content": question}]',
        ),
    ),
}
