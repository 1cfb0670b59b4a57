"""Notebook 13: looking, reading, cutting into passages; the rest is in `searching.py`."""

import base64
import io
import os
import re
import textwrap

import boto3
import httpx
from openai import AsyncOpenAI, OpenAI
from PIL import Image

from tests.classroom.answers.searching import searching

MODEL, PLACES = "gpt-5.4-mini", "text-embedding-3-small"


def finding():
    return _looking() | _reading() | _cutting() | searching()


def _looking():
    client = OpenAI()

    def kind_of(picture):
        return "image/png" if picture[:4] == b"\x89PNG" else "image/jpeg"

    def url(picture, kind=None):
        return f"data:{kind or kind_of(picture)};base64,{base64.b64encode(picture).decode()}"

    def asked(question, *parts):
        content = [{"type": "input_text", "text": question}, *parts]
        return client.responses.create(model=MODEL, input=[{"role": "user", "content": content}])

    def shown(picture, question, **more):
        return asked(question, {"type": "input_image", "image_url": url(picture), **more}).output_text

    def by_chat(picture, question):
        parts = [
            {"type": "image_url", "image_url": {"url": url(picture), "detail": "low"}},
            {"type": "text", "text": question},
        ]
        made = client.chat.completions.create(model=MODEL, messages=[{"role": "user", "content": parts}])
        return made.choices[0].message.content

    def by_file(picture, question):
        file = client.files.create(file=("a.png", picture), purpose="vision")
        return asked(question, {"type": "input_image", "file_id": file.id}).output_text

    def by_library(picture, question):
        kind = Image.open(io.BytesIO(picture)).get_format_mimetype()
        return asked(question, {"type": "input_image", "image_url": url(picture, kind)}).output_text

    async def later(picture, question):
        content = [
            {"type": "input_image", "image_url": url(picture)},
            {"type": "input_text", "text": question},
        ]
        async with AsyncOpenAI() as asking:
            made = await asking.responses.create(model=MODEL, input=[{"role": "user", "content": content}])
        return made.output_text

    def by_http(picture, question):
        content = [
            {"type": "input_text", "text": question},
            {"type": "input_image", "image_url": url(picture)},
        ]
        with httpx.Client(
            base_url=os.environ["OPENAI_BASE_URL"], headers={"authorization": "Bearer any"}
        ) as http:
            body = {"model": MODEL, "input": [{"role": "user", "content": content}]}
            return http.post("/responses", json=body).json()["output"][0]["content"][0]["text"]

    class Eye:
        def __call__(self, picture, question):
            made = client.responses.create(
                model=MODEL,
                instructions=question,
                input=[{"role": "user", "content": [{"type": "input_image", "image_url": url(picture)}]}],
            )
            return made.output_text

    def letters_in_the_question(picture, question):
        return asked(f"{question} {url(picture)}").output_text

    def without_encoding(picture, question):
        return asked(
            question, {"type": "input_image", "image_url": f"data:image/png;base64,{picture}"}
        ).output_text

    def always_png(picture, question):
        return asked(question, {"type": "input_image", "image_url": url(picture, "image/png")}).output_text

    def another_picture(picture, question):
        out = io.BytesIO()
        Image.new("RGB", (8, 8)).save(out, "PNG")
        return shown(out.getvalue(), question)

    return {
        "13.1": (
            [shown, by_chat, by_file, by_library, later, by_http, Eye()],
            [
                (lambda picture, question: None, "It returns nothing so far"),
                (lambda picture, question: print(shown(picture, question)), "It prints something"),
                (lambda picture, question: "A red circle.", "did not ask OpenAI"),
                (lambda picture, question: asked(question).output_text, "without a picture"),
                (lambda picture, question: shown(picture, "What is this?"), "Is the argument used?"),
                (
                    lambda picture, question: asked(
                        question, {"type": "input_image", "image_url": url(picture)}
                    ),
                    "not text",
                ),
                (letters_in_the_question, "without a picture"),
                (without_encoding, "written in base64"),
                (always_png, "another type than the bytes"),
                (another_picture, "Another picture arrived"),
            ],
        )
    }


def _reading():
    bucket = os.environ["S3_BUCKET_NAME"]

    def keys(client, prefix):
        for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
            yield from (item["Key"] for item in page.get("Contents", []))

    def by_paginator(client, prefix):
        found = {}
        for key in keys(client, prefix):
            stored = client.get_object(Bucket=bucket, Key=key)
            if stored["ContentType"].startswith("text/"):
                found[key] = stored["Body"].read().decode()
        return found

    def by_comprehension(client, prefix):
        stored = {key: client.get_object(Bucket=bucket, Key=key) for key in keys(client, prefix)}
        return {
            key: str(each["Body"].read(), "utf-8")
            for key, each in stored.items()
            if each["ContentType"].partition("/")[0] == "text"
        }

    def by_token(client, prefix):
        found, more = {}, {}
        while True:
            page = client.list_objects_v2(Bucket=bucket, Prefix=prefix, **more)
            for item in page.get("Contents", []):
                answer = client.get_object(Bucket=bucket, Key=item["Key"])
                if re.match("text/", answer["ContentType"]):
                    found |= {item["Key"]: answer["Body"].read().decode("utf-8")}
            if not page["IsTruncated"]:
                return found
            more = {"ContinuationToken": page["NextContinuationToken"]}

    def by_head(client, prefix):
        def is_text(key):
            return client.head_object(Bucket=bucket, Key=key)["ContentType"].startswith("text/")

        return {
            key: client.get_object(Bucket=bucket, Key=key)["Body"].read().decode()
            for key in filter(is_text, keys(client, prefix))
        }

    def by_recursion(client, prefix, **more):
        page = client.list_objects_v2(Bucket=bucket, Prefix=prefix, **more)
        found = {}
        for item in page.get("Contents", []):
            stored = client.get_object(Bucket=bucket, Key=item["Key"])
            if "text/" in stored["ContentType"]:
                found[item["Key"]] = io.TextIOWrapper(io.BytesIO(stored["Body"].read()), "utf-8").read()
        if page.get("NextContinuationToken"):
            found.update(by_recursion(client, prefix, ContinuationToken=page["NextContinuationToken"]))
        return found

    class Reader:
        def __call__(self, client, prefix):
            return dict(self.pairs(client, prefix))

        def pairs(self, client, prefix):
            for key in keys(client, prefix):
                stored = client.get_object(Bucket=bucket, Key=key)
                if stored["ContentType"][:5] == "text/":
                    yield key, stored["Body"].read().decode()

    async def later(client, prefix):
        return by_paginator(client, prefix)

    def first_page(client, prefix):
        found = {}
        for item in client.list_objects_v2(Bucket=bucket, Prefix=prefix).get("Contents", []):
            stored = client.get_object(Bucket=bucket, Key=item["Key"])
            if stored["ContentType"].startswith("text/"):
                found[item["Key"]] = stored["Body"].read().decode()
        return found

    def every_object(client, prefix):
        return {
            key: client.get_object(Bucket=bucket, Key=key)["Body"].read().decode()
            for key in keys(client, prefix)
        }

    def ignoring(client, prefix):
        return {
            key: client.get_object(Bucket=bucket, Key=key)["Body"].read().decode(errors="ignore")
            for key in keys(client, prefix)
        }

    def by_ending(client, prefix):
        return {
            key: client.get_object(Bucket=bucket, Key=key)["Body"].read().decode(errors="replace")
            for key in keys(client, prefix)
            if key.endswith((".txt", ".md", ".csv"))
        }

    def plain_alone(client, prefix):
        found = {}
        for key in keys(client, prefix):
            stored = client.get_object(Bucket=bucket, Key=key)
            if stored["ContentType"] == "text/plain":
                found[key] = stored["Body"].read().decode()
        return found

    def no_contents(client, prefix):
        found = {}
        for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
            for item in page["Contents"]:
                stored = client.get_object(Bucket=bucket, Key=item["Key"])
                if stored["ContentType"].startswith("text/"):
                    found[item["Key"]] = stored["Body"].read().decode()
        return found

    def no_prefix(client, prefix):
        return by_paginator(client, "")

    def latin(client, prefix):
        found = {}
        for key in keys(client, prefix):
            stored = client.get_object(Bucket=bucket, Key=key)
            if stored["ContentType"].startswith("text/"):
                found[key] = stored["Body"].read().decode("latin-1")
        return found

    def another_client(client, prefix):
        return by_paginator(boto3.client("s3"), prefix)

    return {
        "13.2": (
            [by_paginator, by_comprehension, by_token, by_head, by_recursion, Reader(), later],
            [
                (lambda client, prefix: None, "It returns nothing so far"),
                (lambda client, prefix: print(by_paginator(client, prefix)), "It prints something"),
                (lambda client, prefix: {}, "did not ask the client"),
                (lambda client, prefix: list(by_paginator(client, prefix).values()), "no dictionary"),
                (first_page, "in pages"),
                (every_object, "UnicodeDecodeError"),
                (ignoring, "is among the texts. Its ContentType decides"),
                (by_ending, "is among the texts. Its ContentType decides"),
                (plain_alone, "Some texts are missing"),
                (no_contents, "KeyError"),
                (no_prefix, "not the object keys"),
                (latin, "is not the one that is stored"),
                (another_client, "did not ask the client"),
            ],
        )
    }


def _cutting():
    def by_loop(text, most):
        found, current = [], ""
        for word in text.split():
            if current and len(current) + 1 + len(word) > most:
                found.append(current)
                current = word
            else:
                current = f"{current} {word}".strip()
        return [*found, current] if current else found

    def by_library(text, most):
        return textwrap.wrap(text, most, break_long_words=False, break_on_hyphens=False)

    def by_pattern(text, most):
        return [each.strip() for each in re.findall(rf"(?s)\S.{{0,{most - 1}}}(?=\s|$)", text)]

    def by_recursion(text, most):
        text = " ".join(text.split())
        if len(text) <= most:
            return [text] if text else []
        at = text.rindex(" ", 0, most + 1)
        return [text[:at], *by_recursion(text[at + 1 :], most)]

    def by_paragraph(text, most):
        return [piece for part in text.split("\n\n") for piece in by_loop(part, most)]

    def by_generator(text, most):
        def run():
            line = []
            for word in text.split():
                if sum(map(len, line)) + len(line) + len(word) > most:
                    yield " ".join(line)
                    line = []
                line.append(word)
            if line:
                yield " ".join(line)

        return tuple(run())

    class Cutter:
        def __call__(self, text, most):
            self.found = []
            for word in text.split():
                self.add(word, most)
            return self.found

        def add(self, word, most):
            if self.found and len(self.found[-1]) + len(word) < most:
                self.found[-1] += " " + word
            else:
                self.found.append(word)

    def forgets_the_last(text, most):
        found, current = [], ""
        for word in text.split():
            if len(current) + 1 + len(word) > most:
                found.append(current)
                current = word
            else:
                current = f"{current} {word}".strip()
        return found

    def drops_a_word(text, most):
        found, current = [], ""
        for word in text.split():
            if len(current) + 1 + len(word) > most:
                found.append(current)
                current = ""
            else:
                current = f"{current} {word}".strip()
        return [*found, current] if current else found

    return {
        "13.3": (
            [by_loop, by_library, by_pattern, by_recursion, by_paragraph, by_generator, Cutter()],
            [
                (lambda text, most: None, "It returns nothing so far"),
                (lambda text, most: print(by_loop(text, most)), "It prints something"),
                (lambda text, most: text, "no list of texts"),
                (lambda text, most: [text], "too long"),
                (
                    lambda text, most: [text[at : at + most] for at in range(0, len(text), most)],
                    "not the text",
                ),
                (lambda text, most: text.split("\n\n"), "too long"),
                (lambda text, most: text.split(), "would fit into one"),
                (lambda text, most: by_loop(text, 100), ""),
                (lambda text, most: by_loop(text, 139), ""),
                (lambda text, most: by_loop(text, most + 25), "too long"),
                (lambda text, most: [text[:most]], "not the text"),
                (lambda text, most: by_loop(text, most) or [""], "no passages"),
                (forgets_the_last, "not the text"),
                (drops_a_word, "not the text"),
            ],
        )
    }
