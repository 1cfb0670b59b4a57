"""Notebook 13: searching, and answering from what was found."""

import heapq
import os
import re

import httpx
from openai import AsyncOpenAI, OpenAI

MODEL, PLACES = "gpt-5.4-mini", "text-embedding-3-small"


def searching():
    return _searching() | _answering()


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

    def answer_to(question, found):
        return client.responses.create(model=MODEL, input=prompt(question, found)).output_text

    def by_keys(question, found):
        if not found:
            return unknown, []
        words = answer_to(question, found)
        return words, [key for key in dict(found) if key in words]

    def by_brackets(question, found):
        if len(found) == 0:
            return (unknown, [])
        words, sources = answer_to(question, found), []
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
                    words = answer_to(question, found)
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
        words = answer_to(question, found)
        return words, [key for key in dict(found) if key in words]

    def trusts(question, found):
        if not found:
            return unknown, []
        words = answer_to(question, found)
        return words, list(dict.fromkeys(re.findall(r"guide/\w+\.txt", words)))

    def names_all(question, found):
        return (answer_to(question, found), [key for key, _ in found]) if found else (unknown, [])

    def without_keys(question, found):
        if not found:
            return unknown, []
        listed = "\n".join(text for _, text in found)
        words = client.responses.create(model=MODEL, input=f"{listed}\n{question}").output_text
        return words, [key for key in dict(found) if key in words]

    def first_passage(question, found):
        if not found:
            return unknown, []
        words = answer_to(question, found[:1])
        return words, [key for key in dict(found) if key in words]

    def twice(question, found):
        if not found:
            return unknown, []
        words = answer_to(question, found)
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
