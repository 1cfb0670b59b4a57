"""Exercises: unlike right answers are right, typical wrong ones are told why."""

import base64
import json
import os
import re
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace

import boto3
import httpx2
import openai
import pytest
from dotenv import dotenv_values, load_dotenv
from openai import AzureOpenAI, OpenAI
from pydantic import BaseModel

from classroom import OpenAIMock, exercises
from classroom.exercises.module import LabModule, ModuleProblem, open_module

ROOT = Path(__file__).resolve().parents[2]
MODEL = "gpt-5.4-mini"

# An answer is (right ones, [(wrong one, words of what is said of it)]).


def told_apart(id, right, wrong):
    assert len(right) >= 3
    assert len(wrong) >= 3
    name = exercises.EXERCISES[id].answer
    for answer in right:
        assert exercises.verdict(id, {name: answer}).startswith(f"Exercise {id}: done.")
    for answer, reason in wrong:
        said = exercises.verdict(id, {name: answer})
        assert said.startswith(f"Exercise {id}: not yet")
        assert reason in said
    assert "there is nothing called" in exercises.verdict(id, {})


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


def keys():
    name = "OPENAI_API_KEY"

    def by_hand(folder):
        if name in os.environ:
            return os.environ[name]
        for line in (folder / ".env").read_text().splitlines() if (folder / ".env").exists() else ():
            if line.startswith(f"{name}="):
                return line.partition("=")[2]
        raise LookupError(f"There is no {name}: put it into the environment or into .env.")

    def by_loading(folder):
        load_dotenv(folder / ".env")
        if not os.environ.get(name):
            raise KeyError(f"{name} is not set: write it into {folder}/.env")
        return os.environ[name]

    def by_merging(folder):
        found = {**dotenv_values(folder / ".env"), **os.environ}
        try:
            return found[name]
        except KeyError as error:
            raise LookupError(f"Please set {name} first, for instance in .env") from error

    pattern = re.compile(r"sk-[\w-]{20,}")

    def split(text):
        words = re.split(r"[^A-Za-z0-9_-]+", text)
        return {
            word for word in words if word.startswith("sk-") and len(word) > 22 and re.search(r"\d", word)
        }

    return {
        "01.1": (
            [by_hand, by_loading, by_merging],
            [
                (lambda folder: None, "nothing"),
                (lambda folder: dotenv_values(folder / ".env").get(name), "does not win"),
                (lambda folder: os.environ[name], "KeyError"),
                (
                    lambda folder: dotenv_values(folder / ".env").get(name) or os.environ.get(name),
                    "does not win",
                ),
                (lambda folder: {**dotenv_values(folder / ".env"), **os.environ}[name], "says only"),
                (
                    lambda folder: os.environ.get(name) or dotenv_values(folder / ".env").get(name, ""),
                    "Raise a LookupError",
                ),
            ],
        ),
        "01.2": (
            [
                lambda text: [key for key in pattern.findall(text) if any(map(str.isdigit, key))],
                lambda text: tuple(re.findall(r"\bsk-(?=[\w-]*\d)[A-Za-z0-9_-]{20,}", text)),
                split,
            ],
            [
                (lambda text: None, "nothing"),
                (lambda text: pattern.findall(text), "takes"),
                (lambda text: re.findall(r"sk-[a-z0-9]{20,}", text), "misses"),
                (lambda text: "sk-" in text, "not a list"),
            ],
        ),
        "01.3": (
            [
                ["make", "place", "restart", "revoke", "look"],
                ("look", "make", "place", "restart", "revoke"),
                ["make", "place", "restart", "look", "revoke"],
            ],
            [
                ([...], "list of these"),
                (["revoke", "make", "place", "restart", "look"], "stand still"),
                (["make", "restart", "place", "revoke", "look"], "before the new key"),
                (["make", "place", "restart", "revoke"], "each of the five"),
            ],
        ),
    }


def steering():
    client = OpenAI()

    class Rating(BaseModel):
        stars: int
        reason: str

    def summary(text, *, ask="Summarize", temperature=0, most=100, look=True):
        answer = client.responses.create(
            model=MODEL, input=f"{ask}:\n{text}", temperature=temperature, max_output_tokens=most
        )
        if look and answer.incomplete_details:
            raise ValueError("cut")
        return answer.output_text

    def by_chat(text):
        choice = client.chat.completions.create(
            model=MODEL,
            messages=[{"role": "system", "content": "Summarize."}, {"role": "user", "content": text}],
            temperature=0.0,
            max_completion_tokens=300,
        ).choices[0]
        if choice.finish_reason == "length":
            raise ValueError("The answer was cut.")
        return choice.message.content

    def by_parts(text):
        answer = client.responses.create(
            model=MODEL, instructions="Summarize.", input=text, temperature=0, max_output_tokens=400
        )
        if answer.status == "completed":
            return answer.output_text
        raise ValueError(answer.status)

    def asked(history):
        return client.chat.completions.create(model=MODEL, messages=history).choices[0].message

    def reply(history, words):
        history.append({"role": "user", "content": words})
        history.append({"role": "assistant", "content": asked(history).content})
        return history[-1]["content"]

    def with_objects(history, words):
        history += [{"role": "user", "content": words}]
        history.append(asked(history))
        return history[-1].content

    def by_responses(history, words):
        history.append({"role": "user", "content": words})
        text = client.responses.create(model=MODEL, input=history).output_text
        history.append({"role": "assistant", "content": text})
        return text

    def forgets_the_answer(history, words):
        history.append({"role": "user", "content": words})
        return asked(history).content

    def sends_one(history, words):
        history.append({"role": "user", "content": words})
        said = asked(history[-1:]).content
        history.append({"role": "assistant", "content": said})
        return said

    def by_schema(review):
        kept = {"type": "object", "additionalProperties": False, "required": ["stars", "reason"]}
        kept["properties"] = {"stars": {"type": "integer"}, "reason": {"type": "string"}}
        form = {"type": "json_schema", "name": "rating", "schema": kept, "strict": True}
        answer = client.responses.create(model=MODEL, input=review, text={"format": form})
        return json.loads(answer.output_text)

    return {
        "03.1": (
            [summary, by_chat, by_parts],
            [
                (lambda text: None, "nothing"),
                (lambda text: summary(text, temperature=1), "temperature 1"),
                (lambda text: summary(text, most=1000), "at most 400"),
                (lambda text: summary(text, look=False), "cut off"),
                (lambda text: summary("something else"), "did not reach"),
            ],
        ),
        "03.2": (
            [reply, with_objects, by_responses],
            [
                (lambda history, words: None, "nothing"),
                (forgets_the_answer, "roles are system, user, user"),
                (sends_one, "without what was said before"),
                (
                    lambda history, words: asked([{"role": "user", "content": words}]).content,
                    "roles are system",
                ),
            ],
        ),
        "03.3": (
            [
                lambda review: (
                    client.responses.parse(model=MODEL, input=review, text_format=Rating).output_parsed
                ),
                lambda review: (
                    client.chat.completions.parse(
                        model=MODEL,
                        messages=[{"role": "user", "content": review}],
                        response_format=Rating,
                    )
                    .choices[0]
                    .message.parsed
                ),
                by_schema,
            ],
            [
                (lambda review: None, "nothing"),
                (
                    lambda review: client.responses.create(model=MODEL, input=review).output_text,
                    "stars is None",
                ),
                (lambda review: {"stars": 3, "reason": "made up"}, "did not ask"),
                (
                    lambda review: (
                        client.responses.create(model=MODEL, input=review),
                        {"stars": 3, "reason": "so"},
                    )[1],
                    "no description",
                ),
            ],
        ),
    }


def pictures():
    client = OpenAI()
    table = {b"\x89PNG\r\n\x1a\n": "image/png", b"\xff\xd8\xff": "image/jpeg", b"ID3": "audio/mpeg"}
    table |= dict.fromkeys((b"\xff\xfb", b"\xff\xf3", b"\xff\xf2"), "audio/mpeg")
    table |= {b"fLaC": "audio/flac", b"OggS": "audio/ogg"}

    def by_table(content):
        if content.startswith(b"RIFF"):
            return {b"WEBP": "image/webp", b"WAVE": "audio/wav"}.get(
                content[8:12], "application/octet-stream"
            )
        return next(
            (kind for start, kind in table.items() if content.startswith(start)), "application/octet-stream"
        )

    def by_pattern(content):
        patterns = {rb"RIFF.{4}WEBP": "image/webp", rb"RIFF.{4}WAVE": "audio/wav"}
        patterns |= {re.escape(start): kind for start, kind in table.items()}
        for pattern, kind in patterns.items():
            if re.match(pattern, content, re.DOTALL):
                return kind
        return "application/octet-stream"

    def by_match(content):
        match content[:4], content[8:12]:
            case b"RIFF", b"WEBP":
                return "image/webp"
            case b"RIFF", b"WAVE":
                return "audio/wav"
            case b"fLaC", _:
                return "audio/flac"
            case b"OggS", _:
                return "audio/ogg"
        if content[:8] == b"\x89PNG\r\n\x1a\n":
            return "image/png"
        if content[:3] == b"\xff\xd8\xff":
            return "image/jpeg"
        sounds = content[:3] == b"ID3" or content[:2] in (b"\xff\xfb", b"\xff\xf3", b"\xff\xf2")
        return "audio/mpeg" if sounds else "application/octet-stream"

    def spoken(words, kind):
        return client.audio.speech.create(
            model="gpt-4o-mini-tts", voice="nova", input=words, response_format=kind
        ).read()

    def speak(words, file_name):
        kind = Path(file_name).suffix.lstrip(".")
        if kind not in {"mp3", "wav", "flac", "opus"}:
            raise ValueError(kind)
        return spoken(words, kind)

    def by_stream(words, file_name):
        formats = {".mp3": "mp3", ".wav": "wav", ".flac": "flac", ".opus": "opus"}
        ending = os.path.splitext(file_name)[1]
        if ending not in formats:
            raise ValueError(f"no sound ends with {ending}")
        with client.audio.speech.with_streaming_response.create(
            model="gpt-4o-mini-tts", voice="onyx", input=words, response_format=formats[ending]
        ) as stream:
            return b"".join(stream.iter_bytes())

    def asks_first(words, file_name):
        sounds = {kind: spoken(words, kind) for kind in ("mp3", "wav", "flac", "opus")}
        try:
            return sounds[file_name.rpartition(".")[2]]
        except KeyError as error:
            raise ValueError from error

    def heard(sound, name, **options):
        return client.audio.transcriptions.create(
            model="gpt-4o-mini-transcribe", file=(name, sound), **options
        )

    def caption(sound, name):
        return heard(sound, name).text if by_table(sound).startswith("audio") else None

    def as_words(sound, name):
        if sound[:3] != b"ID3":
            return None
        return client.audio.transcriptions.create(
            model="whisper-1", file=(name, sound), response_format="text"
        ).strip()

    def by_whisper(sound, name):
        if not by_pattern(sound).startswith("audio/"):
            return None
        return client.audio.transcriptions.create(model="whisper-1", file=(name, sound)).text

    def too_late(sound, name):
        with suppress(openai.APIError):
            return heard(sound, name).text
        return None

    return {
        "04.1": (
            [by_table, by_pattern, by_match],
            [
                (lambda content: None, "nothing"),
                (lambda content: "image/webp" if content[:4] == b"RIFF" else by_table(content), "audio/wav"),
                (lambda content: "image/png" if b"PNG" in content else by_table(content), "octet-stream"),
                (lambda content: table.get(content[:3], "text/plain"), "image/png"),
            ],
        ),
        "04.2": (
            [speak, by_stream, lambda words, file_name: speak(words, file_name.lower())],
            [
                (lambda words, file_name: None, "nothing"),
                (lambda words, file_name: spoken(words, "mp3"), "returns audio/mpeg"),
                (asks_first, "asked OpenAI first"),
                (lambda words, file_name: spoken(words, file_name.rpartition(".")[2]), "not a ValueError"),
                (lambda words, file_name: speak("Hello.", file_name), "did not reach"),
            ],
        ),
        "04.3": (
            [caption, as_words, by_whisper],
            [
                (lambda sound, name: None, "nothing"),
                (heard, "not text"),
                (lambda sound, name: heard(sound, name).text, "return None"),
                (too_late, "sent to OpenAI"),
                (lambda sound, name: "some words", "it returns 'some words'"),
            ],
        ),
    }


def meaning():
    client = OpenAI()

    def flagged(words):
        return client.moderations.create(model="omni-moderation-latest", input=words).results[0].flagged

    def said(words):
        return client.responses.create(model=MODEL, input=words).output_text

    def chat(words):
        if not flagged(words):
            messages = [{"role": "user", "content": words}]
            return client.chat.completions.create(model=MODEL, messages=messages).choices[0].message.content
        return None

    def by_scores(words):
        scores = client.moderations.create(input=words).results[0].category_scores.model_dump()
        return None if max(scores.values()) > 0.5 else said(words)

    def answers_first(words):
        text = said(words)
        return None if flagged(words) else text

    def scores_of(result):
        return result.category_scores.model_dump(by_alias=True)

    def by_attribute(result, limits):
        scores = {
            field.alias or name: getattr(result.category_scores, name)
            for name, field in type(result.category_scores).model_fields.items()
        }
        return sorted(name for name in scores if scores[name] > limits.get(name, 1))

    def by_loop(result, limits):
        found = []
        for name, score in sorted(scores_of(result).items()):
            if name in limits and score > limits[name]:
                found.append(name)
        return tuple(found)

    def places(texts):
        made = client.embeddings.create(model="text-embedding-3-small", input=texts)
        return [item.embedding for item in made.data]

    def dot(one, other):
        return sum(a * b for a, b in zip(one, other, strict=True))

    def nearest(question, texts):
        asked, *stored = places([question, *texts])
        return texts[max(range(len(texts)), key=lambda at: dot(asked, stored[at]))]

    def by_two_calls(question, texts):
        (asked,), stored = places([question]), places(texts)
        return sorted(zip(texts, stored, strict=True), key=lambda pair: -dot(asked, pair[1]))[0][0]

    def by_distance(question, texts):
        asked, *stored = places([question, *texts])
        distances = [sum((a - b) ** 2 for a, b in zip(asked, place, strict=True)) for place in stored]
        return texts[distances.index(min(distances))]

    def one_by_one(question, texts):
        (asked,) = places([question])
        return max(texts, key=lambda text: dot(asked, places([text])[0]))

    return {
        "05.1": (
            [lambda words: None if flagged(words) else said(words), chat, by_scores],
            [
                (lambda words: None, "nothing"),
                (said, "is answered"),
                (answers_first, "check first"),
                (lambda words: 1 / 0 if flagged(words) else said(words), "ZeroDivisionError"),
            ],
        ),
        "05.2": (
            [
                lambda result, limits: sorted(
                    n for n, limit in limits.items() if scores_of(result)[n] > limit
                ),
                by_attribute,
                by_loop,
            ],
            [
                (lambda result, limits: None, "nothing"),
                (lambda result, limits: [name for name in limits if result.flagged], "it returns []"),
                (
                    lambda result, limits: sorted(n for n, s in scores_of(result).items() if s > 0.2),
                    "it returns",
                ),
                (lambda result, limits: set(limits), "not a list"),
                (
                    lambda result, limits: [n for n, limit in limits.items() if scores_of(result)[n] > limit],
                    "not ['harassment', 'violence']",
                ),
            ],
        ),
        "05.3": (
            [nearest, by_two_calls, by_distance],
            [
                (lambda question, texts: None, "nothing"),
                (lambda question, texts: texts[0], "it returns"),
                (one_by_one, "times for 4 texts"),
                (lambda question, texts: min(texts, key=len), "it returns"),
            ],
        ),
    }


def patiently(*waits, hide=False, everything=False):
    """A retry by hand: right or wrong in one way."""
    import time

    caught = openai.APIError if everything else openai.RateLimitError

    def retry(call):
        for wait in waits:
            try:
                return call()
            except caught:
                if wait is None:
                    if hide:
                        return None
                    raise
                if wait:
                    time.sleep(wait)
        return None if hide else call()

    return retry


def recursive(call, tries=4):
    import time

    try:
        return call()
    except openai.RateLimitError as error:
        if tries == 1:
            raise
        time.sleep(int(error.response.headers.get("retry-after-ms", "100")) / 1000)
        return recursive(call, tries - 1)


def by_while(call):
    import time

    wait = 0.1
    while wait < 2:
        with suppress(openai.RateLimitError):
            return call()
        time.sleep(wait)
        wait *= 2
    return call()


def failures():
    return {
        "06.1": (
            [patiently(0.1, 0.2, 0.4, None), recursive, by_while],
            [
                (lambda call: None, "nothing"),
                (lambda call: call(), "RateLimitError"),
                (patiently(0, 0, 0, None), "Wait first"),
                (patiently(0.1, 0.1, 0.1, None, everything=True), "wrong in itself"),
                (patiently(0.1, 0.1, 0.1, None, hide=True), "hides"),
                (patiently(*[0.1] * 50), "does not stop"),
            ],
        ),
        "06.2": (
            [
                lambda given, made: (given * 0.75 + made * 4.5) / 1_000_000,
                lambda given, made: given / 1e6 * 0.75 + made / 1e6 * 4.5,
                lambda given, made: sum(n * p for n, p in ((given, 0.75e-6), (made, 4.5e-6))),
            ],
            [
                (lambda given, made: given * 0.75 + made * 4.5, "cost $"),
                (lambda given, made: (given + made) * 0.75 / 1_000_000, "cost $"),
                (lambda given, made: f"${given}", "not a number"),
            ],
        ),
    }


def mocking():
    refused = {
        "error": {"message": "No.", "type": "invalid_request_error", "code": "content_policy_violation"}
    }

    def completion(words="Hello!"):
        message = {"role": "assistant", "content": words}
        choice = {"index": 0, "finish_reason": "stop", "message": message}
        return {"id": "c", "object": "chat.completion", "created": 1, "model": MODEL, "choices": [choice]}

    def respond(request):
        if "be rude" in request.content.decode():
            return httpx2.Response(400, json=refused)
        return httpx2.Response(200, json=completion())

    def by_messages(request):
        said = json.loads(request.content)["messages"][-1]["content"]
        if "be rude" in said:
            return httpx2.Response(status_code=400, content=json.dumps(refused))
        return httpx2.Response(
            200, content=json.dumps(completion()), headers={"content-type": "application/json"}
        )

    def with_the_types(request):
        from openai.types.chat import ChatCompletion

        if b"be rude" in request.read():
            return httpx2.Response(400, json=refused)
        return httpx2.Response(200, json=ChatCompletion.model_validate(completion()).model_dump())

    def exact(keep):
        s3, bucket = boto3.client("s3"), os.environ["S3_BUCKET_NAME"]
        s3.delete_object(Bucket=bucket, Key="kept.txt")
        with OpenAIMock() as mock:
            keep(OpenAI(base_url=mock.base_url), s3, bucket, "kept.txt", "three gulls")
            assert mock.calls[-1].mentions("three gulls")
            stored = s3.get_object(Bucket=bucket, Key="kept.txt")
            assert stored["Body"].read() == mock.calls[-1].outputs[0].content
            assert stored["ContentType"].split(";")[0] == "text/plain"

    def by_transport(keep):
        sent = []

        def respond(request):
            sent.append(json.loads(request.content)["input"])
            text = {"type": "output_text", "text": "Three gulls.", "annotations": []}
            message = {
                "type": "message",
                "id": "m",
                "role": "assistant",
                "status": "completed",
                "content": [text],
            }
            made = {"id": "r", "object": "response", "created_at": 0, "model": MODEL, "output": [message]}
            made |= {"status": "completed", "parallel_tool_calls": False, "tool_choice": "auto", "tools": []}
            return httpx2.Response(200, json=made)

        client = OpenAI(http_client=httpx2.Client(transport=httpx2.MockTransport(respond)))
        s3, bucket, key = boto3.client("s3"), os.environ["S3_BUCKET_NAME"], f"kept-{os.urandom(4).hex()}.txt"
        keep(client, s3, bucket, key, "gulls")
        assert sent == ["gulls"]
        stored = s3.get_object(Bucket=bucket, Key=key)
        assert (stored["Body"].read(), stored["ContentType"][:10]) == (b"Three gulls.", "text/plain")

    def with_a_fake_client(keep):
        asked, fresh = [], f"kept-{os.urandom(4).hex()}.txt"

        def create(model, input):
            asked.append(input)
            return SimpleNamespace(output_text="Gulls!")

        s3, bucket = boto3.client("s3"), os.environ["S3_BUCKET_NAME"]
        keep(SimpleNamespace(responses=SimpleNamespace(create=create)), s3, bucket, fresh, "a prompt")
        if asked != ["a prompt"]:
            raise AssertionError(asked)
        head = s3.head_object(Bucket=bucket, Key=fresh)
        assert head["ContentType"].startswith("text/")
        assert s3.get_object(Bucket=bucket, Key=fresh)["Body"].read() == b"Gulls!"

    def too_exact(keep):
        exact(keep)
        head = boto3.client("s3").head_object(Bucket=os.environ["S3_BUCKET_NAME"], Key="kept.txt")
        assert head["ContentType"] == "text/plain; charset=utf-8"

    def looks_at_nothing(keep):
        with OpenAIMock() as mock:
            keep(
                OpenAI(base_url=mock.base_url), boto3.client("s3"), os.environ["S3_BUCKET_NAME"], "a.txt", "a"
            )

    def trusts_the_prompt(keep):
        s3, bucket = boto3.client("s3"), os.environ["S3_BUCKET_NAME"]
        with OpenAIMock() as mock:
            keep(OpenAI(base_url=mock.base_url), s3, bucket, "a.txt", "a")
            assert (
                s3.get_object(Bucket=bucket, Key="a.txt")["Body"].read() == mock.calls[-1].outputs[0].content
            )

    return {
        "07.1": (
            [respond, by_messages, with_the_types],
            [
                (lambda request: None, "not an httpx2.Response"),
                (lambda request: httpx2.Response(200, json=completion()), "is answered"),
                (lambda request: httpx2.Response(500), "InternalServerError"),
                (lambda request: httpx2.Response(200, text="Hello!"), "friendly question"),
                (lambda request: httpx2.Response(200, json=completion("Hi")), "says Hello!"),
                (
                    lambda request: (
                        respond(request)
                        if b"rude" not in request.content
                        else httpx2.Response(429, json=refused)
                    ),
                    "status should be 400",
                ),
                (
                    lambda request: (
                        respond(request) if b"rude" not in request.content else httpx2.Response(400, json={})
                    ),
                    "code is None",
                ),
            ],
        ),
        "07.2": (
            [exact, by_transport, with_a_fake_client],
            [
                (lambda keep: None, "does not notice"),
                (looks_at_nothing, "does not notice"),
                (trusts_the_prompt, "the prompt is replaced"),
                (too_exact, "fails for a function that is right"),
                (lambda keep: 1 / 0, "ZeroDivisionError"),
            ],
        ),
    }


def storage():
    s3, bucket = boto3.client("s3"), os.environ["S3_BUCKET_NAME"]

    def every(client, prefix):
        found, token = [], {}
        while True:
            page = client.list_objects_v2(Bucket=bucket, Prefix=prefix, **token)
            found += [item["Key"] for item in page.get("Contents", [])]
            if not page["IsTruncated"]:
                return found
            token = {"ContinuationToken": page["NextContinuationToken"]}

    def paged(client, prefix):
        pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        return [item["Key"] for page in pages for item in page.get("Contents", [])]

    def put(key, content, **named):
        s3.put_object(Bucket=bucket, Key=key, Body=content, **named)

    return {
        "08.1": (
            [
                lambda key, content, kind: put(key, content, ContentType=kind),
                lambda key, content, kind: (
                    boto3.resource("s3").Bucket(bucket).put_object(Key=key, Body=content, ContentType=kind)
                ),
                lambda key, content, kind: s3.upload_fileobj(
                    __import__("io").BytesIO(content), bucket, key, ExtraArgs={"ContentType": kind}
                ),
            ],
            [
                (lambda key, content, kind: None, "nothing is stored"),
                (lambda key, content, kind: put(key, content), "binary/octet-stream"),
                (lambda key, content, kind: put(key, b"x", ContentType=kind), "not the bytes"),
                (lambda key, content: put(key, content), "TypeError"),
            ],
        ),
        "08.2": (
            [every, paged, lambda client, prefix: set(paged(client, prefix))],
            [
                (lambda client, prefix: None, "nothing"),
                (
                    lambda client, prefix: [
                        item["Key"]
                        for item in client.list_objects_v2(Bucket=bucket, Prefix=prefix).get("Contents", [])
                    ],
                    "first page is not all",
                ),
                (lambda client, prefix: paged(client, ""), "not those that begin"),
                (
                    lambda client, prefix: client.list_objects_v2(Bucket=bucket, Prefix=prefix),
                    "not a list",
                ),
            ],
        ),
    }


def proxies():
    def by_code(error):
        code = error.code
        return "shorten" if "tokens" in code else "ask" if code.startswith(("event", "attendee")) else "wait"

    def by_status(error):
        return {401: "ask", 400: "shorten"}.get(error.status_code, "wait")

    return {
        "09.1": (
            [
                lambda url, token: OpenAI(base_url=f"{url}/v1", api_key=token),
                lambda url, token: OpenAI(base_url=f"{url}/api/v1/", api_key=token, timeout=20),
                lambda url, token: AzureOpenAI(base_url=f"{url}/v1", api_key=token, api_version="2024-02-01"),
            ],
            [
                (lambda url, token: None, "nothing"),
                (lambda url, token: httpx2.Client(base_url=url), "not a client"),
                (lambda url, token: OpenAI(base_url=f"{url}/v1", api_key="sk-mine"), "api_key"),
                (lambda url, token: OpenAI(base_url=f"{url}/v2", api_key=token), "does not reach"),
            ],
        ),
        "09.2": (
            [
                by_code,
                by_status,
                lambda error: "wait" if error.status_code in (429, 503) else by_status(error),
            ],
            [
                (lambda error: None, "nothing"),
                (lambda error: "wait", "'ask' would help"),
                (lambda error: "ask" if error.status_code < 500 else "wait", "'wait' would help"),
            ],
        ),
    }


def endpoints():
    def by_pattern(prompt):
        if not re.fullmatch(r"(?s).{1,4000}", prompt or "") or not re.search(r"\S", prompt):
            return "Send a prompt of 1 to 4000 characters."
        return None

    def plain(prompt):
        if not prompt or prompt.isspace():
            return "The prompt is missing."
        return "The prompt is too long." if len(prompt) > 4000 else None

    def collected(prompt):
        problems = []
        if not (prompt or "").strip():
            problems.append("Please write a prompt.")
        if len(prompt or "") > 4000:
            problems.append("Please use at most 4000 characters.")
        return problems[0] if problems else None

    def by_match(error):
        match error:
            case openai.APITimeoutError():
                return 504
            case openai.RateLimitError(code="rate_limit_exceeded"):
                return 429
            case openai.APIError(code="content_policy_violation"):
                return 422
        return 502

    def by_code(error):
        if type(error) is openai.APITimeoutError:
            return 504
        return {"content_policy_violation": 422, "rate_limit_exceeded": 429}.get(error.code, 502)

    def by_status(error):
        if getattr(error, "status_code", None) == 429:
            return 502 if error.code == "insufficient_quota" else 429
        if isinstance(error, openai.BadRequestError):
            return 422
        return 504 if isinstance(error, openai.APITimeoutError) else 502

    return {
        "10.1": (
            [plain, by_pattern, collected],
            [
                (lambda prompt: None, "for None it returns None"),
                (lambda prompt: None if prompt.strip() else "It is blank.", "AttributeError"),
                (lambda prompt: plain(prompt) if prompt != "\n\t" else None, "not a sentence"),
                (lambda prompt: "Write another prompt." if prompt != "a kite" else None, "it refuses"),
                (lambda prompt: False if plain(prompt) else None, "not a sentence"),
            ],
        ),
        "10.2": (
            [by_match, by_code, by_status],
            [
                (lambda error: None, "nothing"),
                (lambda error: 500, "not 429"),
                (lambda error: error.status_code, "not 422"),
                (
                    lambda error: 502 if isinstance(error, openai.APIConnectionError) else by_code(error),
                    "not 504",
                ),
                (
                    lambda error: 429 if isinstance(error, openai.RateLimitError) else by_code(error),
                    "insufficient_quota",
                ),
            ],
        ),
    }


def module():
    """The answer key's module, as it is and with one thing changed."""
    source = (ROOT / "answer-key" / "src" / "files_api" / "openai_module.py").read_text()

    def changed(before, after):
        assert before in source
        return written(source.replace(before, after))

    def written(text):
        place = Path(os.environ["MODULE_PLACE"]) / f"module_{abs(hash(text))}.py"
        place.write_text(text)
        return LabModule(place)

    skeleton = LabModule(ROOT / "lab" / "src" / "files_api" / "openai_module.py")
    right = [
        written(source),
        changed("exclude_unset=True", "exclude_unset=True, by_alias=True"),
        changed("read(MAX_UPLOAD + 1)", "read()"),
    ]
    return {
        "02.3": (
            right,
            [
                (skeleton, "answers nothing so far"),
                (changed('"GET", f"models/{model_id}"', '"GET", "models/gpt-5.4"'), "describes 'gpt-5.4'"),
                (changed("in (404, 410) else answer", "in () else answer"), "not 410"),
                (changed("(content, answer.status_code,", "(content, 200,"), "not 404"),
                ("something else", "run the cell with open_module() again"),
            ],
        ),
        "03.4": (
            right,
            [
                (skeleton, "answers nothing so far"),
                (
                    changed(
                        '"chat/completions", json=body.model_dump(exclude_unset=True)',
                        '"chat/completions", json={"model": body.model, "messages": [m.model_dump(exclude_unset=True) for m in body.messages]}',
                    ),
                    "not all that the caller sent",
                ),
                (changed("(content, answer.status_code,", "(content, 200,"), "not 400"),
                (changed("in (404, 410) else answer", "in () else answer"), "not 410"),
            ],
        ),
        "04.4": (
            right,
            [
                (skeleton, "answers nothing so far"),
                (changed('.lstrip(".") not in SOUNDS', '.lstrip(".") in ()'), "sent to OpenAI"),
                (
                    changed(
                        'asked = {"model": IMAGE_MODEL, **body.model_dump(exclude_unset=True)}',
                        'asked = {"model": IMAGE_MODEL, "prompt": "a kite"}',
                    ),
                    "did not reach",
                ),
                (
                    changed(
                        'return await _heard(client, "audio/transcriptions", file, model, options)',
                        'return problem(500, "…", "x")',
                    ),
                    "not 200",
                ),
            ],
        ),
    }


BY_NOTEBOOK = {
    "00": beginnings,
    "01": keys,
    "02": beginnings,
    "03": steering,
    "04": pictures,
    "05": meaning,
    "06": failures,
    "07": mocking,
    "08": storage,
    "09": proxies,
    "10": endpoints,
}
_OF_THE_MODULE = ("02.3", "03.4", "04.4")


@pytest.fixture
def lesson(openai_mock, s3_bucket, monkeypatch, tmp_path):
    """What a notebook has when its first cell was run, and a proxy for the notebook that starts one."""
    from classroom.exercises import looking
    from classroom.lesson import Lesson

    running = Lesson("mock", s3_bucket, openai_mock)
    monkeypatch.setattr(looking, "current", lambda: running)
    monkeypatch.setenv("MODULE_PLACE", str(tmp_path))
    return running


@pytest.fixture
def proxy(monkeypatch, lesson):
    from classroom.proxy import lesson as proxies

    proxies.start_proxy.cache_clear()
    monkeypatch.setattr(proxies, "_running", [])
    return proxies.start_proxy()


@pytest.mark.parametrize("id", exercises.EXERCISES)
def test_unlike_right_answers_are_right_and_typical_wrong_ones_are_told_why(id, lesson, request):
    if id.startswith("09"):
        request.getfixturevalue("proxy")
    answers = module() if id in _OF_THE_MODULE else BY_NOTEBOOK[id[:2]]()
    told_apart(id, *answers[id])


@pytest.mark.parametrize("id", exercises.EXERCISES)
def test_every_exercise_is_asked_in_its_notebook_and_has_a_hint(id):
    (notebook,) = (ROOT / "answer-key" / "notebooks").glob(f"{id[:2]}-*.ipynb")
    text = notebook.read_text(encoding="utf-8")
    assert f"**Exercise {id}.**" in text
    assert f'check(\\"{id}\\")' in text
    assert len(exercises.EXERCISES[id].hint) > 20


def test_an_answer_that_gives_back_something_strange_is_told_and_no_traceback(lesson):
    class Strange(list):
        def __len__(self):
            raise RuntimeError("no length")

    said = exercises.verdict("08.2", {"names_of": lambda client, prefix: Strange()})
    assert said.startswith("Exercise 08.2: not yet")


def test_a_file_that_can_not_be_run_is_told_with_its_line(tmp_path):
    broken = tmp_path / "openai_module.py"
    broken.write_text("router = 1\ndef (:\n")
    with pytest.raises(ModuleProblem, match=r"openai_module\.py can't be run, line 2: SyntaxError"):
        LabModule(broken)


def test_no_module_beside_the_notebook_is_told(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ModuleProblem, match=r"There is no lab/src/files_api/openai_module\.py"):
        open_module()
