"""Notebook 03."""

import json

from openai import OpenAI
from pydantic import BaseModel

MODEL = "gpt-5.4-mini"


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
