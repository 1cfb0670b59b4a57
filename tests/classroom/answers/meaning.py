"""Notebook 05."""

from openai import OpenAI

MODEL = "gpt-5.4-mini"


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
