"""Of every notebook: attempts that a check once judged wrongly, or that come near to it."""

import base64
import collections
import json
import os
import re
import time
import types
import typing
import urllib.request
from pathlib import Path

import boto3
import httpx
import httpx2
import openai
from dotenv import dotenv_values
from fastapi import FastAPI, HTTPException
from fastapi.responses import JSONResponse
from openai import AsyncOpenAI, OpenAI
from pydantic import BaseModel, Field

from classroom import voice

MODEL = "gpt-5.4-mini"
OTHER = "application/octet-stream"
Answers = dict[str, tuple[list, list]]


def further() -> Answers:
    found: Answers = {}
    for part in (_beginnings, _keys, _steering, _pictures, _meaning, _failures, _mocking, _storage, _routes):
        found |= part()
    return found


def _beginnings() -> Answers:
    client = OpenAI()
    types_by_ending = {
        ".txt": "text/plain",
        ".jpg": "image/jpeg",
        ".png": "image/png",
        ".mp3": "audio/mpeg",
    }

    def by_a_tool(words):
        answer = client.responses.create(model=MODEL, input=words, tools=[{"type": "image_generation"}])
        (result,) = [item.result for item in answer.output if item.type == "image_generation_call"]
        return base64.b64decode(result)

    def by_urllib_in_capitals(words):
        request = urllib.request.Request(
            f"{os.environ['OPENAI_BASE_URL']}/images/generations",
            data=json.dumps({"model": "gpt-image-2", "prompt": words.upper()}).encode(),
            headers={"Authorization": "Bearer any", "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request) as answer:
            return bytearray(base64.b64decode(json.load(answer)["data"][0]["b64_json"]))

    def by_stream(words):
        events = client.images.generate(model="gpt-image-2", prompt=words, stream=True, partial_images=1)
        return base64.b64decode([event.b64_json for event in events][-1])

    def picture(words):
        return client.images.generate(model="gpt-image-2", prompt=words).data[0].b64_json

    def by_suffix(name):
        return types_by_ending.get(os.path.splitext(name)[1], OTHER)

    def by_pattern(name):
        found = re.search(r"\.(txt|jpg|png|mp3)$", name)
        return types_by_ending[found[0]] if found else OTHER

    def without_the_dot(name):
        for ending, kind in types_by_ending.items():
            if name.endswith(ending[1:]):
                return kind
        return OTHER

    def dot_only_for_one(name):
        if name.endswith(".jpg"):
            return "image/jpeg"
        return without_the_dot(name) if name[-3:] != "jpg" else OTHER

    def response(words):
        return client.responses.create(model=MODEL, input=words)

    def advised(system, words, role="system"):
        messages = [{"role": role, "content": system}, {"role": "user", "content": words}]
        return client.chat.completions.create(model=MODEL, messages=messages).choices[0].message.content

    return {
        "00.1": (
            [by_a_tool, by_urllib_in_capitals, by_stream],
            [
                (lambda words: str(base64.b64decode(picture(words))), "not bytes"),
                (lambda words: base64.b64encode(base64.b64decode(picture(words))), "no picture"),
                (lambda words: base64.b64decode(picture("words")), "Is the argument used?"),
            ],
        ),
        "00.2": (
            [by_suffix, by_pattern],
            [(without_the_dot, "another type"), (dot_only_for_one, "another type")],
        ),
        "02.1": (
            [lambda words: f"Answer: {response(words).output_text}"],
            [
                (lambda words: str(response(words)), "other words"),
                (lambda words: response(words).model_dump_json(), "other words"),
                (lambda words: str(response(words).output[0].content), "other words"),
            ],
        ),
        "02.2": (
            [
                lambda words: advised([{"type": "text", "text": "Answer as a very cautious sailor."}], words),
                lambda words: (
                    client.responses.create(
                        model=MODEL,
                        instructions="You are a CAUTIOUS sailor.",
                        input=[{"role": "user", "content": words}],
                    ).output_text
                ),
            ],
            [
                (
                    lambda words: advised("You are a helpful assistant.", words),
                    "something other than a cautious",
                ),
                (lambda words: advised("", words), "no system message"),
                (lambda words: advised("You are a cautious sailor.", words, "assistant"), "no system"),
            ],
        ),
    }


def _keys() -> Answers:
    name = "OPENAI_API_KEY"

    def lines_of(folder):
        file = Path(folder) / ".env"
        return file.read_text().splitlines() if file.exists() else []

    def missing():
        raise LookupError(f"Set {name} in the environment, or write it into .env.")

    def by_lines(folder):
        if name in os.environ:
            return os.environ[name]
        for line in lines_of(folder):
            before, _, after = line.partition("=")
            if before.strip() == name:
                return after.strip()
        return missing()

    def by_chain(folder):
        return collections.ChainMap(os.environ, dotenv_values(f"{folder}/.env")).get(name) or missing()

    def takes_a_comment(folder):
        found = [line for line in lines_of(folder) if name in line]
        return os.environ.get(name) or (found[0].split("=")[1] if found else missing())

    def takes_another_name(folder):
        found = [line for line in lines_of(folder) if line.startswith(name)]
        return os.environ.get(name) or (found[0].split("=")[1] if found else missing())

    def found(text, shape):
        return [key for key in re.findall(shape, text) if re.search("[0-9]", key)]

    def by_iterating(text):
        words = re.finditer(r"sk-([A-Za-z0-9_-]+)", text)
        return [each[0] for each in words if len(each[1]) >= 20 and any(map(str.isdigit, each[1]))]

    return {
        "01.1": ([by_lines, by_chain], [(takes_a_comment, ".env"), (takes_another_name, ".env")]),
        "01.2": (
            [by_iterating],
            [
                (lambda text: found(text, r"sk-[A-Za-z0-9_-]{17,}"), "that is none"),
                (lambda text: found(text, r"sk-[A-Za-z0-9_-]{21,}"), "misses a key"),
                (
                    lambda text: re.findall(r"sk-[\w-]{20,}", text) if re.search(r"\d", text) else [],
                    "that is none",
                ),
            ],
        ),
    }


def _steering() -> Answers:
    client = OpenAI()

    class Rating(BaseModel):
        stars: int = Field(ge=1, le=5)
        reason: str

    class Judged(BaseModel):
        stars: typing.Literal[1, 2, 3, 4, 5]
        reason: str

    def summary(error=ValueError, **asked):
        answer = client.responses.create(model=MODEL, temperature=0, max_output_tokens=400, **asked)
        if answer.status != "completed":
            raise error("cut")
        return answer.output_text

    def instructed_after(text):
        return summary(
            input=[{"role": "user", "content": text}, {"role": "user", "content": "Sum that up, please."}]
        )

    def parsed(review, kind=Rating):
        asked = client.responses.parse(model=MODEL, input=f"Judge: {review}", text_format=kind)
        return asked.output_parsed

    class Slots:
        __slots__ = ("reason", "stars")

        def __init__(self, stars, reason):
            self.stars, self.reason = stars, reason

    class Properties:
        def __init__(self, rating):
            self._rating = rating

        stars = property(lambda self: self._rating.stars)
        reason = property(lambda self: self._rating.reason)

    return {
        "03.1": (
            [instructed_after, lambda text: summary(instructions="Summarize.", input=text)],
            [
                (lambda text: summary(input=text), "does not ask for a summary"),
                (
                    lambda text: summary(input=[{"role": "user", "content": text}]),
                    "does not ask for a summary",
                ),
                (lambda text: summary(KeyError, input=f"Summarize: {text}"), "another error"),
            ],
        ),
        "03.3": (
            [
                parsed,
                lambda review: parsed(review, Judged).model_dump(),
                lambda review: Slots(parsed(review).stars, parsed(review).reason),
                lambda review: Properties(parsed(review)),
                lambda review: types.SimpleNamespace(**dict(parsed(review))),
            ],
            [
                (lambda review: tuple(dict(parsed(review)).values()), "no object with two fields"),
                (lambda review: {**dict(parsed(review)), "stars": 2.5}, "no whole number"),
            ],
        ),
    }


def _pictures() -> Answers:
    beginnings = {b"\x89PNG\r\n\x1a\n": "image/png", b"\xff\xd8\xff": "image/jpeg", b"fLaC": "audio/flac"}
    beginnings |= {b"OggS": "audio/ogg"}
    beginnings |= dict.fromkeys((b"ID3", b"\xff\xfb", b"\xff\xf3", b"\xff\xf2"), "audio/mpeg")
    riff = {b"WEBP": "image/webp", b"WAVE": "audio/wav"}

    def simple(content):
        return next((kind for start, kind in beginnings.items() if content.startswith(start)), OTHER)

    def by_hexadecimal(content):
        head = content[:12].hex()
        if head.startswith("52494646"):
            return {"57454250": "image/webp", "57415645": "audio/wav"}.get(head[16:], OTHER)
        return simple(content)

    def without_riff(content):
        return riff.get(content[8:12]) or simple(content)

    def anywhere(content):
        return "audio/mpeg" if b"ID3" in content[:50] else by_hexadecimal(content)

    def spoken(words, kind):
        return voice.as_file(voice.say(words), kind)

    def ending_in_the_middle(words, file_name):
        for kind in ("mp3", "wav"):
            if f".{kind}" in file_name:
                return spoken(words, kind)
        raise ValueError(file_name)

    def by_suffix(words, file_name):
        match Path(file_name).suffix:
            case ".mp3":
                return spoken(words, "mp3")
            case ".wav":
                return spoken(words, "wav")
        raise ValueError(f"{file_name} is no sound's name.")

    return {
        "04.1": ([by_hexadecimal], [(without_riff, "another type"), (anywhere, "another type")]),
        "04.2": ([by_suffix], [(ending_in_the_middle, "accepts a name that is no sound's")]),
    }


def _meaning() -> Answers:
    client = OpenAI()

    def moderated(words):
        return client.moderations.create(model="omni-moderation-latest", input=words).results[0]

    def answer_to(words):
        return client.responses.create(model=MODEL, input=words).output_text

    def places(texts):
        made = client.embeddings.create(model="text-embedding-3-small", input=texts)
        return [item.embedding for item in made.data]

    def always(place):
        return lambda question, texts: places([question, *texts]) and texts[place]

    return {
        "05.1": (
            [lambda words: None if any(dict(moderated(words).categories).values()) else answer_to(words)],
            [
                (
                    lambda words: None if moderated(words).categories.harassment else answer_to(words),
                    "A flagged text is answered",
                ),
                (
                    lambda words: None if moderated(words).categories.violence else answer_to(words),
                    "A flagged text is answered",
                ),
                (
                    lambda words: "I'd rather not." if moderated(words).flagged else answer_to(words),
                    "flagged",
                ),
            ],
        ),
        "05.2": (
            [
                lambda result, limits: sorted(
                    filter(lambda name: result.to_dict()["category_scores"][name] > limits[name], limits)
                )
            ],
            [
                (
                    lambda result, limits: sorted(
                        name
                        for name, limit in limits.items()
                        if result.category_scores.model_dump().get(name, 0) > limit
                    ),
                    "not the categories",
                ),
            ],
        ),
        "05.3": ([], [(always(0), "not the nearest"), (always(-1), "not the nearest")]),
    }


def _failures() -> Answers:
    def retry(caught):
        def patiently(call):
            for wait in (0.5, 1, 2, None):
                try:
                    return call()
                except caught:
                    if wait is None:
                        raise
                    time.sleep(wait)
            return None

        return patiently

    def waits_in_the_end(call):
        for _ in range(4):
            try:
                return call()
            except openai.RateLimitError as error:
                last = error
        time.sleep(3)
        raise last

    return {
        "06.1": (
            [retry(openai.RateLimitError)],
            [
                (retry((openai.RateLimitError, openai.InternalServerError)), "another error than a rate"),
                (waits_in_the_end, "does not wait longer"),
            ],
        )
    }


def _mocking() -> Answers:
    refused = {"error": {"message": "No.", "code": "content_policy_violation"}}
    message = {"role": "assistant", "content": "Hello!"}
    completion = {"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": MODEL}
    completion["choices"] = [{"index": 0, "message": message, "finish_reason": "stop"}]

    def answer(request, library=httpx2, wrong=None):
        if b"be rude" in request.content:
            return library.Response(400, json=wrong or refused)
        return library.Response(200, json=completion)

    return {
        "07.1": (
            [
                lambda request: (
                    httpx2.Response(400, content=json.dumps(refused).encode())
                    if "be rude" in request.read().decode()
                    else httpx2.Response(200, text=json.dumps(completion))
                )
            ],
            [
                (lambda request: answer(request, httpx), "another library's response"),
                (lambda request: answer(request, wrong=refused["error"]), "an object under"),
            ],
        )
    }


def _storage() -> Answers:
    bucket = os.environ["S3_BUCKET_NAME"]
    s3 = boto3.client("s3")

    def by_a_link(key, content, content_type):
        asked = {"Bucket": bucket, "Key": key, "ContentType": content_type}
        link = s3.generate_presigned_url("put_object", Params=asked)
        httpx.put(link, content=content, headers={"content-type": content_type}).raise_for_status()

    def by_start_after(client, prefix):
        names = []
        while page := client.list_objects_v2(
            Bucket=bucket, Prefix=prefix, StartAfter=names[-1] if names else ""
        ).get("Contents"):
            names += [item["Key"] for item in page]
        return names

    def two_pages(client, prefix):
        first = client.list_objects_v2(Bucket=bucket, Prefix=prefix)
        names = [item["Key"] for item in first.get("Contents", [])]
        if first["IsTruncated"]:
            token = first["NextContinuationToken"]
            second = client.list_objects_v2(Bucket=bucket, Prefix=prefix, ContinuationToken=token)
            names += [item["Key"] for item in second["Contents"]]
        return names

    def searched(client, prefix):
        pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        return list(pages.search("Contents[].Key"))

    return {
        "08.1": (
            [by_a_link],
            [
                (
                    lambda key, content, content_type: (
                        s3.put_object(
                            Bucket=bucket, Key=key, Body=content, Metadata={"ContentType": content_type}
                        )
                        and None
                    ),
                    "another type",
                )
            ],
        ),
        "08.2": (
            [by_start_after, lambda client, prefix: [name for name in searched(client, prefix) if name]],
            [(two_pages, "names"), (searched, "For a prefix without objects")],
        ),
    }


def _routes() -> Answers:
    class Parts(typing.NamedTuple):
        status: int
        body: bytes

    class Order(BaseModel):
        prompt: str = Field(max_length=4000, pattern=r"\S")

    def named(answer):
        head, body = answer.split(b"\r\n\r\n", maxsplit=1)
        return Parts(int(head.split(b" ", 2)[1]), body)

    def texts(caught):
        app = FastAPI()

        @app.post("/v1/texts", status_code=201)
        def make_text(order: Order):
            try:
                return {"text": OpenAI().responses.create(model=MODEL, input=order.prompt).output_text}
            except openai.RateLimitError as error:
                raise HTTPException(429, "Wait a little.") from error
            except caught as error:
                raise HTTPException(502, "Try again later.") from error

        return app

    by_handlers, client = FastAPI(), AsyncOpenAI()

    @by_handlers.exception_handler(openai.OpenAIError)
    async def failed(request, error):
        status = 429 if isinstance(error, openai.RateLimitError) else 502
        return JSONResponse({"detail": "OpenAI did not answer."}, status)

    @by_handlers.post("/v1/texts", status_code=201)
    async def make_text(order: Order):
        return {"text": (await client.responses.create(model=MODEL, input=order.prompt)).output_text}

    return {
        "10.1": (
            [named],
            [(lambda answer: named(answer)[::-1], "status"), (lambda answer: named(answer).body, "two")],
        ),
        "10.3": (
            [texts(openai.OpenAIError), by_handlers],
            [(texts(openai.InternalServerError), "502"), (texts(openai.APIStatusError), "502")],
        ),
    }
