"""Notebook 15: many calls at once, answers of a batch, what a thousand calls cost."""

import asyncio
import json
import re
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from fractions import Fraction

from openai import OpenAI

MODEL = "gpt-5.4-mini"


def scaling():
    return {"15.1": _asking(), "15.2": _reading(), "15.3": _reckoning()}


async def _ask(client, prompt):
    return (await client.responses.create(model=MODEL, input=prompt)).output_text


def _asking():
    async def by_gather(client, prompts, most):
        gate = asyncio.Semaphore(most)

        async def one(prompt):
            async with gate:
                return await _ask(client, prompt)

        return await asyncio.gather(*map(one, prompts))

    async def by_workers(client, prompts, most):
        texts, left = [None] * len(prompts), list(enumerate(prompts))

        async def work():
            while left:
                at, prompt = left.pop()
                texts[at] = await _ask(client, prompt)

        await asyncio.gather(*(work() for _ in range(most)))
        return texts

    async def by_queue(client, prompts, most):
        queue, texts = asyncio.Queue(), {}
        for pair in enumerate(prompts):
            queue.put_nowait(pair)

        async def work():
            while not queue.empty():
                at, prompt = await queue.get()
                texts[at] = await _ask(client, prompt)

        async with asyncio.TaskGroup() as group:
            for _ in range(most):
                group.create_task(work())
        return [texts[at] for at in range(len(prompts))]

    async def in_waves(client, prompts, most):
        texts = []
        for at in range(0, len(prompts), most):
            texts += await asyncio.gather(*(_ask(client, prompt) for prompt in prompts[at : at + most]))
        return texts

    async def cut_short(client, prompts, most):
        gate = asyncio.Semaphore(most)

        async def one(prompt):
            async with gate:
                made = await client.responses.create(model=MODEL, input=prompt, max_output_tokens=16)
                return made.output_text

        return await asyncio.gather(*map(one, prompts))

    async def other_words(client, prompts, most):
        return [f"Answer {number}" for number, _ in enumerate(await by_gather(client, prompts, most))]

    async def by_chat(client, prompts, most):
        gate = asyncio.Semaphore(most)

        async def one(prompt):
            async with gate:
                messages = [{"role": "user", "content": prompt}]
                made = await client.chat.completions.create(model=MODEL, messages=messages)
                return made.choices[0].message.content

        tasks = [asyncio.create_task(one(prompt)) for prompt in prompts]
        return [await task for task in tasks]

    class Asker:
        async def __call__(self, client, prompts, most):
            self.client, self.gate = client, asyncio.BoundedSemaphore(most)
            return tuple(await asyncio.gather(*(self.one(prompt) for prompt in prompts)))

        async def one(self, prompt):
            async with self.gate, self.client.responses.stream(model=MODEL, input=prompt) as stream:
                return (await stream.get_final_response()).output_text

    def by_threads(client, prompts, most):
        plain = OpenAI(base_url=client.base_url, api_key=client.api_key, project=client.project)
        with ThreadPoolExecutor(most) as pool:
            return list(
                pool.map(
                    lambda prompt: plain.responses.create(model=MODEL, input=prompt).output_text, prompts
                )
            )

    async def one_by_one(client, prompts, most):
        return [await _ask(client, prompt) for prompt in prompts]

    async def all_at_once(client, prompts, most):
        return await asyncio.gather(*(_ask(client, prompt) for prompt in prompts))

    async def always_three(client, prompts, most):
        return await in_waves(client, prompts, 3)

    async def as_they_come(client, prompts, most):
        gate = asyncio.Semaphore(most)

        async def one(prompt):
            async with gate:
                return await _ask(client, prompt)

        return [await each for each in asyncio.as_completed([one(prompt) for prompt in prompts])]

    async def a_gate_each(client, prompts, most):
        async def one(prompt):
            async with asyncio.Semaphore(most):
                return await _ask(client, prompt)

        return await asyncio.gather(*(one(prompt) for prompt in prompts))

    async def objects(client, prompts, most):
        gate = asyncio.Semaphore(most)

        async def one(prompt):
            async with gate:
                return await client.responses.create(model=MODEL, input=prompt)

        return await asyncio.gather(*(one(prompt) for prompt in prompts))

    async def the_first(client, prompts, most):
        return await by_gather(client, prompts[:most], most)

    async def returns_nothing(client, prompts, most):
        await by_gather(client, prompts, most)

    async def prints(client, prompts, most):
        print(await by_gather(client, prompts, most))

    async def one_text(client, prompts, most):
        return "\n".join(await by_gather(client, prompts, most))

    async def the_same_prompt(client, prompts, most):
        return await by_gather(client, ["Say hello."] * len(prompts), most)

    async def forgets_to_await(client, prompts, most):
        return [client.responses.create(model=MODEL, input=prompt) for prompt in prompts]

    async def twice(client, prompts, most):
        await by_gather(client, prompts, most)
        return await by_gather(client, prompts, most)

    return (
        [by_gather, by_workers, by_queue, in_waves, by_chat, Asker(), by_threads, cut_short],
        [
            (returns_nothing, "Does each branch end with return"),
            (prints, "It prints something"),
            (one_by_one, "waits for each answer"),
            (all_at_once, "more calls at once than it may"),
            (always_three, "more calls at once than it may"),
            (a_gate_each, "more calls at once than it may"),
            (as_they_come, "not in the order of the prompts"),
            (objects, "something else than texts"),
            (the_first, "did not send a call for each prompt"),
            (one_text, "It returns no list"),
            (the_same_prompt, "did not reach OpenAI"),
            (lambda client, prompts, most: prompts, "did not send a call for each prompt"),
            (twice, "more often than once"),
            (other_words, "other words"),
        ],
    )


def _text_of(body):
    return "".join(
        part["text"] for item in body["output"] if item["type"] == "message" for part in item["content"]
    )


def _lines(text):
    return [json.loads(line) for line in text.splitlines()]


def _reading():
    def by_loops(output, errors):
        found = {}
        for entry in _lines(output):
            found[entry["custom_id"]] = _text_of(entry["response"]["body"])
        for entry in _lines(errors):
            found[entry["custom_id"]] = None
        return found

    def by_comprehension(output, errors):
        answered = {entry["custom_id"]: _text_of(entry["response"]["body"]) for entry in _lines(output)}
        return answered | {entry["custom_id"]: None for entry in _lines(errors)}

    def all_lines(output, errors):
        found = {}
        for entry in _lines(output + errors):
            response = entry["response"] or {}
            body = response.get("body", {})
            found[entry["custom_id"]] = _text_of(body) if response.get("status_code") == 200 else None
        return found

    def by_catching(output, errors):
        def read(entry):
            try:
                return _text_of(entry["response"]["body"])
            except (KeyError, TypeError):
                return None

        return {entry["custom_id"]: read(entry) for entry in _lines(output + errors)}

    class Reader(dict):
        def __call__(self, output, errors):
            self.clear()
            self.update(dict.fromkeys(re.findall(r'"custom_id": "([^"]+)"', errors)))
            for entry in map(json.loads, filter(None, output.split("\n"))):
                self[entry["custom_id"]] = _text_of(entry["response"]["body"])
            return dict(self)

    async def later(output, errors):
        return by_comprehension(output, errors)

    def by_recursion(output, errors):
        head, _, rest = (output or errors).partition("\n")
        if not head:
            return {}
        entry = json.loads(head)
        if output:
            return {entry["custom_id"]: _text_of(entry["response"]["body"])} | by_recursion(rest, errors)
        return {entry["custom_id"]: None} | by_recursion("", rest)

    def output_alone(output, errors):
        return {entry["custom_id"]: _text_of(entry["response"]["body"]) for entry in _lines(output)}

    def numbered(output, errors):
        return dict(enumerate(by_loops(output, errors).values()))

    def a_list(output, errors):
        return list(by_loops(output, errors).values())

    def whole_bodies(output, errors):
        return {entry["custom_id"]: entry["response"]["body"] for entry in _lines(output)} | dict.fromkeys(
            entry["custom_id"] for entry in _lines(errors)
        )

    def messages_of_errors(output, errors):
        found = output_alone(output, errors)
        return found | {entry["custom_id"]: "failed" for entry in _lines(errors)}

    def first_item(output, errors):
        found = {
            entry["custom_id"]: entry["response"]["body"]["output"][0]["content"][0]["text"]
            for entry in _lines(output)
        }
        return found | {entry["custom_id"]: None for entry in _lines(errors)}

    def one_document(output, errors):
        return {entry["custom_id"]: None for entry in json.loads(output)}

    def shifted(output, errors):
        found = by_loops(output, errors)
        texts = [text for text in found.values() if text]
        answered = [name for name, text in found.items() if text]
        return found | dict(zip(answered, texts[1:] + texts[:1], strict=True))

    return (
        [by_loops, by_comprehension, all_lines, by_catching, Reader(), later, by_recursion],
        [
            (lambda output, errors: None, "It returns nothing so far"),
            (lambda output, errors: print(by_loops(output, errors)), "It prints something"),
            (output_alone, "that failed is missing"),
            (numbered, "missing"),
            (a_list, "no dictionary"),
            (whole_bodies, "another text than its own"),
            (messages_of_errors, "something else than None"),
            (first_item, "KeyError"),
            (one_document, "It stops with an error"),
            (lambda output, errors: {}, "missing"),
            (shifted, "another text than its own"),
            (lambda output, errors: by_loops(output, errors) | {"tent": "good"}, "more in it"),
        ],
    )


def _reckoning():
    def whole(used, prices, batch=False):
        full = used["in"] - used["cached"]
        dollars = full * prices["in"] + used["cached"] * prices["cached"] + used["out"] * prices["out"]
        return dollars * 1000 / 1_000_000 / (2 if batch else 1)

    def in_floats(used, prices, batch=False):
        price = {name: float(each) / 1e6 for name, each in prices.items()}
        one = (
            (used["in"] - used["cached"]) * price["in"]
            + used["cached"] * price["cached"]
            + used["out"] * price["out"]
        )
        return 1000 * one * (0.5 if batch else 1.0)

    def by_sum(used, prices, batch=False):
        amounts = {**used, "in": used["in"] - used["cached"]}
        total = sum(prices[name] * amount for name, amount in amounts.items())
        return total / 1000 * (Decimal("0.5") if batch else 1)

    def by_loop(used, prices, batch=False):
        dollars = Decimal(0)
        for name in ("in", "cached", "out"):
            dollars += Decimal(used[name]) * prices[name]
        dollars -= used["cached"] * prices["in"]
        if batch:
            dollars /= 2
        return dollars / 1000

    class Forecast:
        def __call__(self, used, prices, batch=False):
            self.share = Fraction(1, 2) if batch else Fraction(1)
            exact = {name: Fraction(price) for name, price in prices.items()}
            discount = used["cached"] * (exact["in"] - exact["cached"])
            return float(
                (used["in"] * exact["in"] + used["out"] * exact["out"] - discount) / 1000 * self.share
            )

    async def later(used, prices, batch=False):
        return whole(used, prices, batch)

    def all_full(used, prices, batch=False):
        return (used["in"] * prices["in"] + used["out"] * prices["out"]) / 1000 / (2 if batch else 1)

    def twice(used, prices, batch=False):
        return sum(used[name] * prices[name] for name in used) / 1000 / (2 if batch else 1)

    return (
        [whole, in_floats, by_sum, by_loop, Forecast(), later],
        [
            (lambda used, prices, batch=False: None, "It returns nothing so far"),
            (lambda used, prices, batch=False: print(whole(used, prices, batch)), "It prints something"),
            (all_full, "a price of their own"),
            (twice, "paid twice"),
            (lambda used, prices, batch=False: whole(used, prices), "A batch costs half"),
            (lambda used, prices, batch=False: whole(used, prices, True), "A batch costs half"),
            (lambda used, prices, batch=False: whole(used, prices, batch) / 1000, "the price of one call"),
            (lambda used, prices, batch=False: round(whole(used, prices, batch)), "It is rounded"),
            (lambda used, prices, batch=False: f"${whole(used, prices, batch):.2f}", "no number"),
            (lambda used, prices, batch=False: whole(used, prices, batch) * 1e3, "TypeError"),
            (lambda used, prices, batch=False: Decimal("1.23"), "another price"),
            (lambda used, prices: whole(used, prices), "TypeError"),
        ],
    )
