"""Notebook 13."""

import base64
import heapq
import io
import os
import re
import textwrap

import boto3
import httpx
from openai import AsyncOpenAI, OpenAI
from PIL import Image

MODEL, PLACES = "gpt-5.4-mini", "text-embedding-3-small"


def finding():
    return _looking() | _reading() | _cutting() | _searching() | _answering()


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
                (latin, "is another one"),
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


def _searching():
    client = OpenAI()

    def places(texts):
        return [each.embedding for each in client.embeddings.create(model=PLACES, input=texts).data]

    def dot(one, other):
        return sum(a * b for a, b in zip(one, other, strict=True))

    def by_sorting(question, index, most=3, least=0.25):
        (asked,) = places([question])
        near = sorted(((dot(asked, place), key, text) for key, text, place in index), reverse=True)
        return [(key, text) for score, key, text in near if score >= least][:most]

    def by_heap(question, index, most=3, least=0.25):
        asked = places(question)[0]
        best = heapq.nlargest(most, index, key=lambda entry: dot(asked, entry[2]))
        return [entry[:2] for entry in best if dot(asked, entry[2]) >= least]

    def by_loop(question, index, most=3, least=0.25):
        asked, left, found = places([question])[0], list(index), []
        while left and len(found) < most:
            best = left[0]
            for entry in left:
                if dot(asked, entry[2]) > dot(asked, best[2]):
                    best = entry
            if dot(asked, best[2]) < least:
                break
            left.remove(best)
            found.append([best[0], best[1]])
        return found

    def by_numpy(question, index, most=3, least=0.25):
        import numpy

        scores = numpy.array([place for _, _, place in index]) @ numpy.array(places([question])[0])
        return [index[at][:2] for at in numpy.argsort(-scores)[:most] if scores[at] >= least]

    async def later(question, index, most=3, least=0.25):
        async with AsyncOpenAI() as asking:
            asked = (await asking.embeddings.create(model=PLACES, input=question)).data[0].embedding
        order = sorted(index, key=lambda entry: -dot(asked, entry[-1]))[:most]
        return tuple((key, text) for key, text, place in order if dot(place, asked) >= least)

    class Finder:
        def __call__(self, question, index, most=3, least=0.25):
            (self.asked,) = places([question])
            kept = filter(lambda entry: self.near(entry) >= least, index)
            return [(key, text) for key, text, _ in sorted(kept, key=self.near, reverse=True)][:most]

        def near(self, entry):
            return dot(self.asked, entry[2])

    def by_http(question, index, most=3, least=0.25):
        with httpx.Client(
            base_url=os.environ["OPENAI_BASE_URL"], headers={"authorization": "Bearer any"}
        ) as http:
            made = http.post("/embeddings", json={"model": PLACES, "input": question}).json()
        asked = made["data"][0]["embedding"]
        scores = {(key, text): dot(asked, place) for key, text, place in index}
        return [pair for pair in sorted(scores, key=scores.get, reverse=True) if scores[pair] >= least][:most]

    def no_line(question, index, most=3, least=0.25):
        return by_sorting(question, index, most, -2)

    def embeds_all(question, index, most=3, least=0.25):
        asked, *stored = places([question, *(text for _, text, _ in index)])
        scored = [(dot(asked, place), key, text) for (key, text, _), place in zip(index, stored, strict=True)]
        return [(key, text) for score, key, text in sorted(scored, reverse=True) if score >= least][:most]

    def backwards(question, index, most=3, least=0.25):
        return by_sorting(question, index, most, least)[::-1]

    def farthest(question, index, most=3, least=0.25):
        (asked,) = places([question])
        near = sorted((dot(asked, place), key, text) for key, text, place in index)
        return [(key, text) for _, key, text in near][:most]

    def first_ones(question, index, most=3, least=0.25):
        (asked,) = places([question])
        return [(key, text) for key, text, place in index if dot(asked, place) >= least][:most]

    def by_words(question, index, most=3, least=0.25):
        words = set(question.lower().split())
        near = sorted(
            ((len(words & set(text.lower().split())), key, text) for key, text, _ in index), reverse=True
        )
        return [(key, text) for _, key, text in near][:most]

    return {
        "13.4": (
            [by_sorting, by_heap, by_loop, by_numpy, later, Finder(), by_http],
            [
                (lambda question, index, most=3, least=0.25: None, "It returns nothing so far"),
                (
                    lambda question, index, most=3, least=0.25: print(by_sorting(question, index)),
                    "It prints something",
                ),
                (lambda question, index, most=3, least=0.25: by_sorting("Hello.", index, most, least), ""),
                (no_line, "too many"),
                (lambda question, index, most=3, least=0.25: by_sorting(question, index), ""),
                (
                    lambda question, index, most=3, least=0.25: by_sorting(question, index, 9, least),
                    "too many",
                ),
                (embeds_all, "the index has the passages' places already"),
                (backwards, "another order"),
                (farthest, "not the nearest"),
                (first_ones, ""),
                (by_words, ""),
                (
                    lambda question, index, most=3, least=0.25: [
                        text for _, text in by_sorting(question, index, most, least)
                    ],
                    "should be a pair",
                ),
                (
                    lambda question, index, most=3, least=0.25: dict(
                        by_sorting(question, index, most, least)
                    ),
                    "no list",
                ),
            ],
        )
    }


def _answering():
    client = OpenAI()
    unknown = "I don't know."

    def prompt(question, found):
        listed = "\n".join(f"[{key}] {text}" for key, text in found)
        return f"Answer from these passages alone.\n{listed}\nQuestion: {question}"

    def said(question, found):
        return client.responses.create(model=MODEL, input=prompt(question, found)).output_text

    def by_keys(question, found):
        if not found:
            return unknown, []
        words = said(question, found)
        return words, [key for key in dict(found) if key in words]

    def by_brackets(question, found):
        if len(found) == 0:
            return (unknown, [])
        words, sources = said(question, found), []
        for key in re.findall(r"\[(.+?)\]", words):
            if key in [each[0] for each in found] and key not in sources:
                sources.append(key)
        return words, sources

    def by_chat(question, found):
        if not found:
            return ["I don’t know.", []]
        messages = [
            {"role": "system", "content": f"Passages: {found}"},
            {"role": "user", "content": question},
        ]
        words = client.chat.completions.create(model=MODEL, messages=messages).choices[0].message.content
        return [words, sorted({key for key, _ in found if key in words})]

    def by_instructions(question, found):
        if not found:
            return "Sorry, I don't know that.", ()
        listed = "\n\n".join(f"{key}:\n{text}" for key, text in found)
        words = client.responses.create(model=MODEL, instructions=listed, input=question).output_text
        return words, tuple(dict.fromkeys(key for key, _ in found if f"[{key}]" in words))

    async def later(question, found):
        if not found:
            return unknown, []
        async with AsyncOpenAI() as asking:
            words = (await asking.responses.create(model=MODEL, input=prompt(question, found))).output_text
        return words, list(filter(words.__contains__, dict(found)))

    class Desk:
        def __call__(self, question, found):
            match found:
                case []:
                    return unknown, []
                case _:
                    words = said(question, found)
                    return words, list(self.named(words, found))

        def named(self, words, found):
            seen = set()
            for key, _ in found:
                if key in words and key not in seen:
                    seen.add(key)
                    yield key

    def by_stream(question, found):
        if not found:
            return unknown, []
        words = ""
        for event in client.responses.create(model=MODEL, input=prompt(question, found), stream=True):
            if event.type == "response.output_text.delta":
                words += event.delta
        return words, [key for key in dict(found) if key in words]

    def asks_always(question, found):
        words = said(question, found)
        return words, [key for key in dict(found) if key in words]

    def trusts(question, found):
        if not found:
            return unknown, []
        words = said(question, found)
        return words, list(dict.fromkeys(re.findall(r"guide/\w+\.txt", words)))

    def names_all(question, found):
        return (said(question, found), [key for key, _ in found]) if found else (unknown, [])

    def without_keys(question, found):
        if not found:
            return unknown, []
        listed = "\n".join(text for _, text in found)
        words = client.responses.create(model=MODEL, input=f"{listed}\n{question}").output_text
        return words, [key for key in dict(found) if key in words]

    def first_passage(question, found):
        if not found:
            return unknown, []
        words = said(question, found[:1])
        return words, [key for key in dict(found) if key in words]

    def twice(question, found):
        if not found:
            return unknown, []
        words = said(question, found)
        return words, [key for key in re.findall(r"\[(.+?)\]", words) if key in dict(found)]

    return {
        "13.5": (
            [by_keys, by_brackets, by_chat, by_instructions, later, Desk(), by_stream],
            [
                (lambda question, found: None, "It returns nothing so far"),
                (lambda question, found: print(by_keys(question, found)), "It prints something"),
                (lambda question, found: by_keys(question, found)[0], "return two things"),
                (lambda question, found: (unknown, []), "did not ask OpenAI"),
                (asks_always, "asks the model although nothing was found"),
                (trusts, "that the model invented"),
                (names_all, "a source that the answer does not"),
                (without_keys, "does not learn which object key"),
                (first_passage, "Not every passage"),
                (twice, "each once"),
                (lambda question, found: by_keys("Hello?", found), "Is the argument used?"),
                (
                    lambda question, found: (by_keys(question, found)[0].upper() + "!", found),
                    "no list of object keys",
                ),
            ],
        )
    }
