"""Notebooks 00 and 02: a picture, a type, a question, a role."""

from typing import Any

from classroom.exercises.looking import Exercise, NotYet, asked_since, called, count
from classroom.media.signatures import sniff

_TYPES = {
    "notes.txt": "text/plain",
    "pictures/kite.jpg": "image/jpeg",
    "two.dots.png": "image/png",
    "voice.mp3": "audio/mpeg",
    "backup.zip": "application/octet-stream",
    "mp3.old": "application/octet-stream",
}


def _draw(function: Any) -> str:
    before, prompt = count(), "a teapot on the moon"
    picture = called(function, prompt)
    if not isinstance(picture, bytes):
        raise NotYet(f"it returns {type(picture).__name__}, not bytes. b64_json is text: decode it.")
    if not sniff(picture).startswith("image/"):
        raise NotYet("the bytes it returns are no picture. Is b64_json decoded, once?")
    calls = asked_since(before)
    if calls and not any(call.mentions(prompt) for call in calls):
        raise NotYet("the prompt that it was given did not reach OpenAI.")
    return f"It draws what it is told to: {len(picture)} bytes of {sniff(picture)}."


def _mime_type(function: Any) -> str:
    for name, right in _TYPES.items():
        said = called(function, name)
        if said != right:
            raise NotYet(f"of {name!r} it says {said!r}, not {right!r}.")
    return "Each ending has its type, and what is not known is just bytes."


def _ask(function: Any) -> str:
    before, question = count(), "How deep is the sea?"
    answer = called(function, question)
    if not isinstance(answer, str):
        raise NotYet(
            f"it returns {type(answer).__name__}, not text. Which attribute of the answer holds the words?"
        )
    if not answer.strip():
        raise NotYet("it returns an empty text.")
    calls = asked_since(before)
    if calls and not any(call.mentions(question) for call in calls):
        raise NotYet("the question that it was given did not reach OpenAI.")
    return "It asks, and gives back the words of the answer."


def _advise(function: Any) -> str:
    before, question = count(), "Should I bring an umbrella?"
    answer = called(function, question)
    if not isinstance(answer, str):
        raise NotYet(f"it returns {type(answer).__name__}, not text.")
    calls = asked_since(before)
    if calls:
        body = calls[-1].body
        said = body.get("messages") or body.get("input")
        roles = (
            [part.get("role") for part in said if isinstance(part, dict)] if isinstance(said, list) else []
        )
        if not ({"system", "developer"} & set(roles) or body.get("instructions")):
            raise NotYet("no system message went with the question: the model was not told who to be.")
        if not calls[-1].mentions(question):
            raise NotYet("the question that it was given did not reach OpenAI.")
    return "The model is told who to be, and then asked."


EXERCISES = {
    "00.1": Exercise(
        "draw", _draw, "Two steps: client.images.generate(…), then base64.b64decode(…) of its first picture."
    ),
    "00.2": Exercise(
        "mime_type", _mime_type, 'name.endswith(".txt") is one way; a dictionary of endings is another.'
    ),
    "02.1": Exercise("ask", _ask, "client.responses.create(…) has all you need; its output_text is a str."),
    "02.2": Exercise(
        "advise", _advise, "messages= takes a list: first {'role': 'system', …}, then {'role': 'user', …}."
    ),
}
