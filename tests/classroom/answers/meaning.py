"""Notebook 05."""

import os
import re

import httpx
from openai import AsyncOpenAI, OpenAI

MODEL = "gpt-5.4-mini"


def meaning():
    client = OpenAI()

    def flagged(words):
        return client.moderations.create(model="omni-moderation-latest", input=words).results[0].flagged

    def answer_to(words):
        return client.responses.create(model=MODEL, input=words).output_text

    def chat(words):
        if not flagged(words):
            messages = [{"role": "user", "content": words}]
            return client.chat.completions.create(model=MODEL, messages=messages).choices[0].message.content
        return None

    def by_scores(words):
        scores = client.moderations.create(input=words).results[0].category_scores.model_dump()
        return None if max(scores.values()) > 0.5 else answer_to(words)

    def answers_first(words):
        text = answer_to(words)
        return None if flagged(words) else text

    async def asked(words):
        aclient = AsyncOpenAI()
        if (await aclient.moderations.create(input=words)).results[0].flagged:
            return None
        return (await aclient.responses.create(model=MODEL, input=words)).output_text

    def by_http(words):
        http = httpx.Client(base_url=os.environ["OPENAI_BASE_URL"], headers={"authorization": "Bearer any"})
        with http:
            if http.post("/moderations", json={"input": words}).json()["results"][0]["flagged"]:
                return None
            answer = http.post("/responses", json={"model": MODEL, "input": words}).json()
            return answer["output"][0]["content"][0]["text"]

    class Guard:
        def __call__(self, words):
            results = client.moderations.create(input=[words]).results
            return answer_to(words) if not any(result.flagged for result in results) else None

    def with_conversation(words):
        if flagged(words):
            return None
        asked = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": words}]
        return client.responses.create(model=MODEL, input=asked).output_text

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

    def by_numpy(question, texts):
        import numpy

        made = numpy.array(places([question, *texts]))
        return texts[int((made[1:] @ made[0]).argmax())]

    async def nearest_async(question, texts):
        made = await AsyncOpenAI().embeddings.create(model="text-embedding-3-small", input=[*texts, question])
        asked = made.data[-1].embedding
        return max(zip(texts, made.data[:-1], strict=True), key=lambda pair: dot(asked, pair[1].embedding))[0]

    def by_loop_over(question, texts):
        asked, *stored = places([question, *texts])
        best, found = -2.0, None
        for text, place in zip(texts, stored, strict=True):
            if dot(asked, place) > best:
                best, found = dot(asked, place), text
        return found

    def by_words(question, texts):
        words = set(re.findall(r"\w{4}", question.lower()))
        return max(texts, key=lambda text: len(words & set(re.findall(r"\w{4}", text.lower()))))

    def farthest(question, texts):
        asked, *stored = places([question, *texts])
        return min(zip(texts, stored, strict=True), key=lambda pair: dot(asked, pair[1]))[0]

    return {
        "05.1": (
            [
                lambda words: None if flagged(words) else answer_to(words),
                chat,
                by_scores,
                asked,
                by_http,
                Guard(),
                with_conversation,
            ],
            [
                (lambda words: None, "It returns nothing so far"),
                (lambda words: print(answer_to(words)), "It prints something"),
                (answer_to, "was not moderated"),
                (lambda words: None if "hurt" in words else answer_to(words), "was not moderated"),
                (lambda words: None if flagged(words) else "It is deep.", "did not ask OpenAI"),
                (
                    lambda words: None if flagged(words) else answer_to("How deep is it?"),
                    "Is the argument used?",
                ),
                (lambda words: None if flagged("Hello.") else answer_to(words), "was not moderated"),
                (
                    lambda words: "I can't answer that." if flagged(words) else answer_to(words),
                    "Return None.",
                ),
                (lambda words: flagged(words), "not text"),
                (answers_first, "check first"),
                (lambda words: 1 / 0 if flagged(words) else answer_to(words), "ZeroDivisionError"),
                (lambda words: None if [flagged(words)] else answer_to(words), "This text is not flagged"),
            ],
        ),
        "05.2": (
            [
                lambda result, limits: sorted(
                    n for n, limit in limits.items() if scores_of(result)[n] > limit
                ),
                by_attribute,
                by_loop,
                lambda result, limits: list(
                    filter(lambda name: scores_of(result)[name] > limits[name], sorted(limits))
                ),
                lambda result, limits: sorted(
                    dict(item for item in scores_of(result).items() if item[1] > limits.get(item[0], 2))
                ),
                lambda result, limits: sorted(
                    name
                    for name in limits
                    if getattr(result.category_scores, name.replace("/", "_").replace("-", "_"))
                    > limits[name]
                ),
            ],
            [
                (lambda result, limits: None, "It returns nothing so far"),
                (lambda result, limits: print(limits), "It prints something"),
                (lambda result, limits: [name for name in limits if result.flagged], "not the categories"),
                (
                    lambda result, limits: sorted(n for n, s in scores_of(result).items() if s > 0.2),
                    "not the categories",
                ),
                (lambda result, limits: set(limits), "no list"),
                (lambda result, limits: sorted(limits), "not the categories"),
                (
                    lambda result, limits: sorted(n for n, s in limits.items() if scores_of(result)[n] >= s),
                    "A score at its limit is not above it",
                ),
                (
                    lambda result, limits: {
                        n: scores_of(result)[n] for n in limits if scores_of(result)[n] > limits[n]
                    },
                    "no list",
                ),
                (
                    lambda result, limits: sorted(
                        n for n, s in scores_of(result).items() if s > limits.get(n, 0.01)
                    ),
                    "not the categories",
                ),
                (
                    lambda result, limits: [n for n, limit in limits.items() if scores_of(result)[n] > limit],
                    "",
                ),
            ],
        ),
        "05.3": (
            [
                nearest,
                by_two_calls,
                by_distance,
                by_numpy,
                nearest_async,
                by_loop_over,
            ],
            [
                (lambda question, texts: None, "It returns nothing so far"),
                (lambda question, texts: print(nearest(question, texts)), "It prints something"),
                (lambda question, texts: "Ask at the desk.", "not the nearest"),
                (one_by_one, "times for 7 texts"),
                (by_words, "did not ask OpenAI"),
                (
                    lambda question, texts: texts.index(nearest(question, texts)),
                    "other than one of the texts",
                ),
                (lambda question, texts: [nearest(question, texts)], "other than one of the texts"),
                (farthest, "not the nearest"),
            ],
        ),
    }
