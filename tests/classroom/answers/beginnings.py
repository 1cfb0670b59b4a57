"""Notebooks 00 and 02."""

import base64
from pathlib import Path

from openai import OpenAI

MODEL = "gpt-5.4-mini"


def beginnings():
    client = OpenAI()

    def picture(words, **options):
        return client.images.generate(model="gpt-image-2", prompt=words, **options).data[0].b64_json

    def said(messages):
        return client.chat.completions.create(model=MODEL, messages=messages).choices[0].message.content

    def kind(words):
        return [{"role": "system", "content": "You are kind."}, {"role": "user", "content": words}]

    def plain(words):
        return [{"role": "user", "content": words}]

    def by_endings(name):
        if name.endswith(".txt"):
            return "text/plain"
        if name.endswith((".jpg", ".png")):
            return "image/png" if name.endswith("png") else "image/jpeg"
        return "audio/mpeg" if name.endswith(".mp3") else "application/octet-stream"

    def responses(words, **options):
        return client.responses.create(model=MODEL, input=words, **options)

    return {
        "00.1": (
            [
                lambda words: base64.b64decode(picture(words)),
                lambda words: base64.standard_b64decode(picture(words, output_format="webp")),
                lambda words: base64.b64decode(picture(f"A painting of {words}", size="1536x1024")),
            ],
            [
                (lambda words: None, "nothing"),
                (picture, "not bytes"),
                (lambda words: b"no picture", "no picture"),
            ],
        ),
        "00.2": (
            [
                lambda name: {
                    "txt": "text/plain",
                    "jpg": "image/jpeg",
                    "png": "image/png",
                    "mp3": "audio/mpeg",
                }.get(name.partition(".")[2] and name.rsplit(".", 1)[1], "application/octet-stream"),
                by_endings,
                lambda name: by_endings(name) if Path(name).suffix else "application/octet-stream",
            ],
            [
                (lambda name: None, "nothing"),
                (lambda name: "image/jpeg", "of 'notes.txt'"),
                (lambda name: by_endings(name).replace("application", "text"), "of 'backup.zip'"),
                (lambda name: by_endings(name.partition(".")[0] + "." + name.split(".")[1]), "two.dots.png"),
            ],
        ),
        "02.1": (
            [
                lambda words: responses(words).output_text,
                lambda words: said(plain(words)),
                lambda words: said(kind(words)).upper(),
            ],
            [
                (lambda words: None, "nothing"),
                (responses, "not text"),
                (lambda words: 1 / 0, "ZeroDivisionError"),
            ],
        ),
        "02.2": (
            [
                lambda words: said(kind(words)),
                lambda words: responses(words, instructions="Sail.").output_text,
                lambda words: (
                    responses([{"role": "developer", "content": "Sail."}, *plain(words)]).output_text
                ),
            ],
            [
                (lambda words: None, "nothing"),
                (lambda words: 7, "not text"),
                ("not a function", "no function"),
            ],
        ),
    }
