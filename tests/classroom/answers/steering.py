"""Notebook 03."""

import json
import os
from collections import namedtuple
from dataclasses import dataclass

import httpx
from openai import AsyncOpenAI, OpenAI
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
        answer = asked(history[-1:]).content
        history.append({"role": "assistant", "content": answer})
        return answer

    def by_schema(review):
        kept = {"type": "object", "additionalProperties": False, "required": ["stars", "reason"]}
        kept["properties"] = {"stars": {"type": "integer"}, "reason": {"type": "string"}}
        form = {"type": "json_schema", "name": "rating", "schema": kept, "strict": True}
        answer = client.responses.create(model=MODEL, input=review, text={"format": form})
        return json.loads(answer.output_text)

    def by_http(text):
        body = {"model": MODEL, "input": f"Summarize:\n{text}", "temperature": 0, "max_output_tokens": 120}
        answer = httpx.post(
            f"{os.environ['OPENAI_BASE_URL']}/responses",
            headers={"authorization": "Bearer any"},
            json=body,
            timeout=20,
        ).json()
        if answer["status"] != "completed":
            raise ValueError(answer["incomplete_details"]["reason"])
        return answer["output"][0]["content"][0]["text"]

    async def summarized(text):
        answer = await AsyncOpenAI().responses.create(
            model=MODEL, input=f"Summarize: {text}", temperature=0, max_output_tokens=400
        )
        if answer.status == "incomplete":
            raise ValueError("It was cut.")
        return answer.output_text

    class Summarizer:
        class Cut(ValueError):
            pass

        def __call__(self, text):
            answer = client.chat.completions.create(
                model=MODEL,
                messages=[{"role": "user", "content": f"In short: {text}"}],
                temperature=0,
                max_tokens=200,
            )
            (choice,) = answer.choices
            if choice.finish_reason != "stop":
                raise self.Cut(choice.finish_reason)
            return choice.message.content.strip()

    def by_stream(text):
        answer = ""
        with client.responses.create(
            model=MODEL, input=f"Sum up: {text}", temperature=0, max_output_tokens=300, stream=True
        ) as events:
            for event in events:
                if event.type == "response.output_text.delta":
                    answer += event.delta
                elif event.type == "response.incomplete":
                    raise ValueError("cut off")
        return answer

    def looks_for_an_exception(text):
        try:
            return summary(text, look=False)
        except Exception as error:
            raise ValueError from error

    def another_error(text):
        answer = client.responses.create(
            model=MODEL, input=f"Sum up: {text}", temperature=0, max_output_tokens=100
        )
        assert answer.status == "completed"
        return answer.output_text

    async def reply_async(history, words):
        history.append({"role": "user", "content": words})
        answer = await AsyncOpenAI().responses.create(model=MODEL, input=history)
        history.append({"role": "assistant", "content": answer.output_text})
        return answer.output_text

    class Conversation:
        def __call__(self, history, words):
            history.extend([{"role": "user", "content": words}])
            answer = asked(list(history)).content
            history.extend([{"content": answer, "role": "assistant"}])
            return answer

    def with_items(history, words):
        history.append({"role": "user", "content": [{"type": "input_text", "text": words}]})
        answer = client.responses.create(model=MODEL, input=history)
        history.extend(answer.output)
        return answer.output_text

    def a_new_list(history, words):
        history = [*history, {"role": "user", "content": words}]
        answer = asked(history).content
        history = [*history, {"role": "assistant", "content": answer}]
        return answer

    def wrong_role(history, words):
        history.append({"role": "user", "content": words})
        answer = asked(history).content
        history.append({"role": "system", "content": answer})
        return answer

    def says_another_thing(history, words):
        history.append({"role": "user", "content": words})
        answer = asked(history).content
        history.append({"role": "assistant", "content": "I have answered that."})
        return answer

    @dataclass
    class Rated:
        stars: int
        reason: str

    async def rated(review):
        made = AsyncOpenAI().responses
        return (await made.parse(model=MODEL, input=[user(review)], text_format=Rating)).output_parsed

    def user(words):
        return {"role": "user", "content": words}

    def by_tool(review):
        wanted = {"stars": {"type": "integer"}, "reason": {"type": "string"}}
        schema = {
            "type": "object",
            "properties": wanted,
            "required": [*wanted],
            "additionalProperties": False,
        }
        tool = {"type": "function", "function": {"name": "rate", "parameters": schema, "strict": True}}
        choice = {"type": "function", "function": {"name": "rate"}}
        answer = client.chat.completions.create(
            model=MODEL, messages=[user(review)], tools=[tool], tool_choice=choice
        )
        return json.loads(answer.choices[0].message.tool_calls[0].function.arguments)

    def by_named_tuple(review):
        found = by_schema(review)
        return namedtuple("Judgement", "stars reason")(found["stars"], found["reason"])

    return {
        "03.1": (
            [
                summary,
                by_chat,
                by_parts,
                by_http,
                summarized,
                Summarizer(),
                by_stream,
            ],
            [
                (lambda text: None, "It returns nothing so far"),
                (lambda text: print(summary(text)), "It prints something"),
                (lambda text: text[:30], "did not ask OpenAI"),
                (lambda text: summary(text, temperature=1), "temperature 1"),
                (lambda text: summary(text, most=1000), "at most 400"),
                (lambda text: summary(text, most=None), "no limit on tokens"),
                (lambda text: summary(text, look=False), "cut off"),
                (lambda text: summary("something else"), "Is the argument used?"),
                (looks_for_an_exception, "cut off"),
                (another_error, "another error than a ValueError"),
            ],
        ),
        "03.2": (
            [
                reply,
                with_objects,
                by_responses,
                reply_async,
                Conversation(),
                with_items,
                lambda history, words: (
                    history.append({"role": "user", "content": words})
                    or history.append({"role": "assistant", "content": asked(history).content})
                    or history[-1]["content"]
                ),
            ],
            [
                (lambda history, words: None, "It returns nothing so far"),
                (lambda history, words: print(reply(history, words)), "It prints something"),
                (forgets_the_answer, "the roles system, user, user"),
                (sends_one, "without what was said before"),
                (
                    lambda history, words: asked([{"role": "user", "content": words}]).content,
                    "the roles system",
                ),
                (a_new_list, "the roles system"),
                (lambda history, words: reply(history, words) and asked(history), "not text"),
                (lambda history, words: reply(history, "And then?"), "Is the argument used?"),
                (wrong_role, "the roles system, user, system"),
                (says_another_thing, "not in the history as it was returned"),
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
                rated,
                lambda review: Rated(**by_schema(review)),
                by_tool,
                by_named_tuple,
            ],
            [
                (lambda review: None, "It returns nothing so far"),
                (lambda review: print(by_schema(review)), "It prints something"),
                (lambda review: json.dumps(by_schema(review)), "no object with two fields"),
                (lambda review: by_schema("The soup was hot."), "Is the argument used?"),
                (lambda review: {**by_schema(review), "stars": "five"}, "no whole number"),
                (lambda review: {"stars": by_schema(review)["stars"]}, "Its reason is no text"),
                (
                    lambda review: by_schema(review) and {"stars": 3, "reason": "fine"},
                    "not the one that the model",
                ),
                (
                    lambda review: client.responses.parse(model=MODEL, input=review, text_format=Rating),
                    "Which attribute of it holds the object with both?",
                ),
                (
                    lambda review: client.responses.create(model=MODEL, input=review).output_text,
                    "no object with two fields",
                ),
                (lambda review: {"stars": 3, "reason": "made up"}, "did not ask OpenAI"),
                (
                    lambda review: (
                        client.responses.create(model=MODEL, input=review),
                        {"stars": 3, "reason": "so"},
                    )[1],
                    "No description",
                ),
            ],
        ),
    }
