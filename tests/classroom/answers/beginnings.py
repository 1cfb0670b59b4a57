"""Notebooks 00 and 02."""

import base64
import mimetypes
import os
from pathlib import Path

import httpx
from openai import AsyncOpenAI, OpenAI

MODEL = "gpt-5.4-mini"


def beginnings():
    client = OpenAI()

    def picture(words, **options):
        return client.images.generate(model="gpt-image-2", prompt=words, **options).data[0].b64_json

    def answer_to(messages):
        return client.chat.completions.create(model=MODEL, messages=messages).choices[0].message.content

    def kind(words):
        return [
            {"role": "system", "content": "You are a cautious sailor."},
            {"role": "user", "content": words},
        ]

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

    def by_loop(words):
        content = b""
        for each in client.images.generate(model="gpt-image-2", prompt=words).data:
            content += base64.b64decode(each.b64_json)
        return content

    def by_http(words):
        answer = httpx.post(
            f"{os.environ['OPENAI_BASE_URL']}/images/generations",
            headers={"authorization": f"Bearer {os.environ['OPENAI_API_KEY']}"},
            json={"model": "gpt-image-2", "prompt": words},
            timeout=20,
        )
        return base64.b64decode(answer.json()["data"][0]["b64_json"])

    async def drawn(words):
        made = await AsyncOpenAI().images.generate(model="gpt-image-2", prompt=words)
        return base64.b64decode(made.data[0].b64_json)

    class Painter:
        def __call__(self, words):
            return base64.b64decode(picture(words, quality="low"))

    def swallows(words):
        try:
            return base64.b64decode(picture(words, size="7x7"))
        except Exception:
            return None

    def by_recursion(name):
        tail = name.partition(".")[2]
        if "." in tail:
            return by_recursion(tail)
        types = {"txt": "text/plain", "jpg": "image/jpeg", "png": "image/png", "mp3": "audio/mpeg"}
        return types.get(tail, "application/octet-stream")

    def by_match(name):
        match name.split("."):
            case [*_, _, "txt"]:
                return "text/plain"
            case [*_, _, "jpg"]:
                return "image/jpeg"
            case [*_, _, "png"]:
                return "image/png"
            case [*_, _, "mp3"]:
                return "audio/mpeg"
        return "application/octet-stream"

    def with_in(name):
        for part, kind in ((".txt", "text/plain"), (".jpg", "image/jpeg"), (".png", "image/png")):
            if part in name:
                return kind
        return "audio/mpeg" if ".mp3" in name else "application/octet-stream"

    def by_last_part(name):
        known = {"txt": "text/plain", "jpg": "image/jpeg", "png": "image/png", "mp3": "audio/mpeg"}
        return known.get(name.split(".")[-1], "application/octet-stream")

    def by_branches(name):
        for ending in (".txt", ".jpg", ".png", ".mp3"):
            if name.endswith(ending):
                return by_endings(name)
        return None

    async def asked(words):
        return (await AsyncOpenAI().responses.create(model=MODEL, input=words)).output_text

    def by_stream(words):
        with client.responses.create(model=MODEL, input=words, stream=True) as events:
            return "".join(event.delta for event in events if event.type == "response.output_text.delta")

    def by_parts(words):
        answer = responses(words)
        return "".join(part.text for item in answer.output for part in item.content)

    def plain_http(words):
        answer = httpx.post(
            f"{os.environ['OPENAI_BASE_URL']}/chat/completions",
            headers={"authorization": "Bearer any"},
            json={"model": MODEL, "messages": plain(words)},
            timeout=20,
        )
        return answer.json()["choices"][0]["message"]["content"]

    class Asker:
        def __call__(self, words):
            return responses(words).output_text

    def silent(words):
        try:
            return client.responses.create(model="gpt-99", input=words).output_text
        except Exception:
            return ""

    return {
        "00.1": (
            [
                lambda words: base64.b64decode(picture(words)),
                lambda words: base64.standard_b64decode(picture(words, output_format="webp")),
                lambda words: base64.b64decode(picture(f"A painting of {words}", size="1536x1024")),
                by_loop,
                by_http,
                drawn,
                Painter(),
            ],
            [
                (lambda words: None, "It returns nothing so far"),
                (lambda words: print(picture(words)[:9]), "It prints something and returns nothing"),
                (picture, "It returns text, not bytes"),
                (lambda words: picture(words).encode(), "no picture"),
                (lambda words: b"\x89PNG\r\n\x1a\n" + bytes(50), "It did not ask OpenAI"),
                (lambda words: base64.b64decode(picture("a red kite")), "Is the argument used?"),
                (lambda words: client.images.generate(model="gpt-image-2", prompt=words), "ImagesResponse"),
                (
                    lambda words: (base64.b64decode(picture(words)), b"\x89PNG\r\n\x1a\n" + bytes(50))[1],
                    "another picture",
                ),
                (swallows, "Does each branch end with return"),
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
                lambda name: mimetypes.guess_type(name)[0] or "application/octet-stream",
                by_recursion,
                by_match,
                lambda name: next(
                    (
                        kind
                        for ending, kind in (
                            (".txt", "text/plain"),
                            (".jpg", "image/jpeg"),
                            (".png", "image/png"),
                            (".mp3", "audio/mpeg"),
                        )
                        if name[-4:] == ending
                    ),
                    "application/octet-stream",
                ),
            ],
            [
                (lambda name: None, "It returns nothing so far"),
                (lambda name: print(by_endings(name)), "It prints something and returns nothing"),
                (lambda name: "image/jpeg", "another type"),
                (lambda name: by_endings(name).replace("application", "text"), "another type"),
                (lambda name: by_endings(name.partition(".")[0] + "." + name.split(".")[1]), "mime_type("),
                (with_in, "Only the end of the name counts"),
                (by_last_part, "This name has no ending"),
                (by_branches, "Does each branch end with return"),
                (lambda name: by_endings(name).replace("jpeg", "jpg"), "letter by letter"),
                (lambda name: by_endings(name).replace("plain", "plain; charset=utf-8"), "more in it than"),
                (lambda name: mimetypes.guess_type(name)[0], "Does each branch end with return"),
                (lambda name: mimetypes.guess_type(name), "A MIME type is a text"),
                (lambda name: name.rpartition(".")[2], "another type"),
            ],
        ),
        "02.1": (
            [
                lambda words: responses(words).output_text,
                lambda words: answer_to(plain(words)),
                lambda words: answer_to(kind(words)).upper(),
                asked,
                by_stream,
                by_parts,
                plain_http,
                Asker(),
            ],
            [
                (lambda words: None, "It returns nothing so far"),
                (lambda words: print(answer_to(plain(words))), "It prints something and returns nothing"),
                (responses, "It returns an object of type Response, not text"),
                (lambda words: responses(words).status, "other words than the model"),
                (lambda words: "It is deep.", "It did not ask OpenAI"),
                (lambda words: responses("How deep is the sea?").output_text, "Is the argument used?"),
                (lambda words: (responses(words), "It is deep.")[1], "other words than the model"),
                (lambda words: 1 / 0, "ZeroDivisionError"),
                (silent, "an empty text"),
            ],
        ),
        "02.2": (
            [
                lambda words: answer_to(kind(words)),
                lambda words: responses(words, instructions="Be a wary mariner.").output_text,
                lambda words: (
                    responses(
                        [{"role": "developer", "content": "Be a wary mariner."}, *plain(words)]
                    ).output_text
                ),
                lambda words: answer_to([*kind(words)[:1], *plain("Hello."), *plain(words)]),
                lambda words: "".join(
                    chunk.choices[0].delta.content or ""
                    for chunk in client.chat.completions.create(
                        model=MODEL, messages=kind(words), stream=True
                    )
                    if chunk.choices
                ),
                lambda words: (
                    client.chat.completions.create(model=MODEL, messages=kind(words), temperature=0.2)
                    .choices[0]
                    .message.content.strip()
                ),
            ],
            [
                (lambda words: None, "It returns nothing so far"),
                (lambda words: 7, "not text"),
                ("not a function", "not a function any more"),
                (lambda words: answer_to(plain(words)), "no system message"),
                (lambda words: answer_to([*plain(words), *kind(words)[:1]]), "no system message"),
                (lambda words: answer_to(kind("Should I sail?")), "Is the argument used?"),
                (
                    lambda words: answer_to([{"role": "system", "content": words}, *plain(words)]),
                    "no system message",
                ),
                (
                    lambda words: client.chat.completions.create(model=MODEL, messages=kind(words)).choices[
                        0
                    ],
                    "not text",
                ),
                (lambda words: responses(f"You are a sailor. {words}").output_text, "no system message"),
            ],
        ),
    }
