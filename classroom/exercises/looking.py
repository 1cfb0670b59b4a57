"""Notebook 13: show a picture to a model."""

import base64
import binascii
import io
import random
from collections.abc import Iterator
from typing import Any

from classroom.exercises import words
from classroom.exercises.beginnings import model_s_words
from classroom.exercises.carrying import TEXT_ROUTES, carries
from classroom.exercises.exercise import Bench, Exercise
from classroom.exercises.plain import describe
from classroom.standin.records.journal import Call

_COLOURS = ("#d02020", "#2a60d0", "#2f9a48", "#f5d746", "#141414")


def paint(chance: random.Random, form: str) -> bytes:
    """A picture with a shape in it, somewhere."""
    from PIL import Image, ImageDraw  # here: it loads a library for pictures

    ground, colour = chance.sample(_COLOURS, 2)
    image = Image.new("RGB", (chance.randrange(80, 160), chance.randrange(80, 160)), ground)
    left, top = chance.randrange(5, 30), chance.randrange(5, 30)
    ImageDraw.Draw(image).ellipse((left, top, left + 40, top + 40), fill=colour)
    out = io.BytesIO()
    image.save(out, form)
    return out.getvalue()


def _pictures(bench: Bench, call: Call) -> Iterator[tuple[str, bytes]]:
    """Type and bytes of each picture that a call carried; the type of an uploaded one is ""."""
    waiting: list[Any] = [call.body]
    while waiting:
        each = waiting.pop()
        if isinstance(each, dict):
            waiting.extend(each.values())
        elif isinstance(each, list):
            waiting.extend(each)
        elif isinstance(each, str) and each.startswith("data:"):
            head, _, data = each.partition(",")
            try:
                yield head.removeprefix("data:").partition(";")[0], base64.b64decode(data, validate=True)
            except (binascii.Error, ValueError):
                yield head, b""
        elif isinstance(each, str) and each.startswith("file-"):
            stored = bench.boundary.openai.files.get(each)
            if stored is not None:
                yield "", stored.content


def _look(bench: Bench) -> str:
    for form, kinds in (("PNG", ("image/png",)), ("JPEG", ("image/jpeg", "image/jpg"))):
        picture, question = paint(bench.chance, form), words.question(bench.chance)
        trial = bench.call(picture, question, case=f'look(the bytes of a {form}, "{question}")')
        expected = "the model's words on the question and the picture"
        model_s_words(trial, question, expected)
        calls = [call for call in trial.calls or () if call.route in TEXT_ROUTES and carries(call, question)]
        if trial.calls is None:
            continue
        sent = [each for call in calls for each in _pictures(bench, call)]
        if not sent:
            raise trial.wrong(
                "The question arrived without a picture.",
                "a data URL (data:image/…;base64,…) in a part of the type input_image",
                "no picture in the request",
            )
        if all(content != picture for _, content in sent):
            raise trial.wrong(
                "Another picture arrived than the one that it was given. Are the bytes written in base64?",
                expected,
                describe(sent[0][1]),
            )
        found = next(kind for kind, content in sent if content == picture)
        if found and found not in kinds:
            raise trial.wrong(
                "The data URL names another type than the bytes have. Their beginning tells it.",
                f"data:{kinds[0]};base64,…",
                f"data:{found};base64,…",
            )
    return "Question and picture arrive together, with the right type."


EXERCISES = {
    "13.1": Exercise(
        "look",
        _look,
        (
            "How did the picture travel in the first cell, and which part of its address depends on the format?",
            'content.startswith(b"\\x89PNG") tells a PNG from a JPEG; f"data:{kind};base64,{text}" is its address.',
            'kind = "image/png" if picture.startswith(b"\\x89PNG") else "image/jpeg"; then the same request as above, with your question as input_text, and return its output_text.',
        ),
    ),
}
