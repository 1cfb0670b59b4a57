"""Notebook 12."""

import json
import os
import re
import string
from contextlib import suppress

import boto3
import httpx
from openai import AsyncOpenAI, OpenAI

MODEL = "gpt-5.4-mini"


def _tool(name, **arguments):
    properties = {key: {"type": kind} for key, kind in arguments.items()}
    schema = {"type": "object", "properties": properties, "required": list(properties)}
    return {"type": "function", "name": name, "description": name, "parameters": schema}


TOOLS = [_tool("weather", city="string"), _tool("add", a="number", b="number")]
CHAT_TOOLS = [
    {"type": "function", "function": {key: value for key, value in each.items() if key != "type"}}
    for each in TOOLS
]
FUNCTIONS = {"weather": lambda city: f"{len(city)} degrees in {city}", "add": lambda a, b: a + b}


def agents():
    return _running() | _looping() | _keeping()


def _running():
    def looks_before(name, arguments):
        if name not in FUNCTIONS:
            return f"error: no tool {name}"
        try:
            return str(FUNCTIONS[name](**json.loads(arguments)))
        except (ValueError, TypeError) as problem:
            return f"error: {problem}"

    def tries_all(name, arguments):
        try:
            return str(FUNCTIONS[name](**json.loads(arguments)))
        except Exception as problem:
            return "Error: " + repr(problem)

    def by_match(name, arguments):
        try:
            given = json.loads(arguments)
        except json.JSONDecodeError:
            return "ERROR - this is no JSON"
        match name, given:
            case "weather", {"city": city}:
                return FUNCTIONS["weather"](city)
            case "add", {"a": a, "b": b}:
                return f"{a + b}"
        return "error: no such tool, or other arguments than it takes"

    def as_json(name, arguments):
        function = FUNCTIONS.get(name)
        with suppress(Exception):
            if function:
                return json.dumps(function(**json.loads(arguments)))
        return "error: there is no such tool, or it takes other arguments"

    class Runner:
        def __call__(self, name, arguments):
            try:
                return "{}".format(getattr(self, f"on_{name}")(**json.loads(arguments)))
            except (AttributeError, TypeError, ValueError):
                return "error: this call can't be run"

        def on_weather(self, city):
            return f"{len(city)} degrees in {city}"

        def on_add(self, a, b):
            return a + b

    async def later(name, arguments):
        return looks_before(name, arguments)

    def raises(name, arguments):
        return str(FUNCTIONS[name](**json.loads(arguments)))

    def unknown_only(name, arguments):
        if name not in FUNCTIONS:
            return "error: unknown"
        return str(FUNCTIONS[name](**json.loads(arguments)))

    def weather_alone(name, arguments):
        try:
            return FUNCTIONS["weather"](**json.loads(arguments))
        except Exception:
            return "error"

    def swallows(name, arguments):
        try:
            return str(FUNCTIONS[name](**json.loads(arguments)))
        except Exception:
            return ""

    def a_number(name, arguments):
        try:
            return FUNCTIONS[name](**json.loads(arguments))
        except Exception:
            return "error"

    return {
        "12.1": (
            [looks_before, tries_all, by_match, as_json, Runner(), later],
            [
                (lambda name, arguments: None, "It returns nothing so far"),
                (lambda name, arguments: print(looks_before(name, arguments)), "It prints something"),
                (lambda name, arguments: "14 degrees in Oslo", "not what the function returns"),
                (lambda name, arguments: FUNCTIONS[name](arguments), "not what the function returns"),
                (lambda name, arguments: FUNCTIONS[name](**arguments), "TypeError"),
                (raises, "KeyError"),
                (unknown_only, "JSONDecodeError"),
                (weather_alone, "not what the function returns"),
                (swallows, "does not learn what was wrong"),
                (a_number, "an output is a text"),
            ],
        )
    }


def _looping():
    client = OpenAI()

    def run_tool(name, arguments):
        if name not in FUNCTIONS:
            return f"error: no tool {name}"
        return str(FUNCTIONS[name](**json.loads(arguments)))

    def run(call):
        return run_tool(call.name, call.arguments)

    def output(call):
        return {"type": "function_call_output", "call_id": call.call_id, "output": run(call)}

    def calls_in(response):
        return [item for item in response.output if item.type == "function_call"]

    def ask(items, **more):
        return client.responses.create(model=MODEL, input=items, tools=TOOLS, **more)

    def by_for(question, most=5):
        items = [{"role": "user", "content": question}]
        for _ in range(most):
            response = ask(items)
            calls = calls_in(response)
            if not calls:
                return response.output_text
            items += [*response.output, *map(output, calls)]
        raise RuntimeError(f"no answer after {most} rounds")

    def by_previous(question, most=5):
        response, rounds = ask(question), 1
        while calls := calls_in(response):
            if rounds == most:
                raise RuntimeError("too many rounds")
            response = ask([output(call) for call in calls], previous_response_id=response.id)
            rounds += 1
        return response.output_text

    def by_chat(question, most=5):
        messages = [{"role": "user", "content": question}]
        for _ in range(most):
            choice = client.chat.completions.create(model=MODEL, messages=messages, tools=CHAT_TOOLS).choices[
                0
            ]
            if not choice.message.tool_calls:
                return choice.message.content
            messages.append(choice.message)
            for call in choice.message.tool_calls:
                content = run(call.function)
                messages.append({"role": "tool", "tool_call_id": call.id, "content": content})
        raise RuntimeError

    def by_recursion(question, most=5):
        def go_on(items, left):
            if left == 0:
                raise RuntimeError("no answer")
            response = ask(items)
            calls = calls_in(response)
            if not calls:
                return response.output_text
            return go_on([*items, *response.output, *map(output, calls)], left - 1)

        return go_on([{"role": "user", "content": question}], most)

    async def by_async(question, most=5):
        items = [{"role": "user", "content": question}]
        async with AsyncOpenAI() as asking:
            for _ in range(most):
                response = await asking.responses.create(model=MODEL, input=items, tools=TOOLS)
                if not calls_in(response):
                    return response.output_text
                items += [*response.output, *map(output, calls_in(response))]
        raise RuntimeError

    class Agent:
        class TooLong(RuntimeError):
            pass

        def __call__(self, question, most=5):
            self.items = [{"role": "user", "content": question}]
            for _ in range(most):
                words = self.step()
                if words is not None:
                    return words
            raise self.TooLong

        def step(self):
            response = ask(self.items)
            self.items.extend(response.output)
            self.items.extend(output(call) for call in calls_in(response))
            return None if calls_in(response) else response.output_text

    def by_http(question, most=5):
        items = [{"role": "user", "content": question}]
        with httpx.Client(
            base_url=os.environ["OPENAI_BASE_URL"], headers={"authorization": "Bearer any"}
        ) as http:
            for _ in range(most):
                body = {"model": MODEL, "input": items, "tools": TOOLS}
                found = http.post("/responses", json=body).json()["output"]
                calls = [item for item in found if item["type"] == "function_call"]
                if not calls:
                    return found[-1]["content"][0]["text"]
                items += found
                for call in calls:
                    text = run_tool(call["name"], call["arguments"])
                    items.append({"type": "function_call_output", "call_id": call["call_id"], "output": text})
        raise RuntimeError

    def asks_once(question, most=5):
        return ask([{"role": "user", "content": question}]).output_text

    def no_tools(question, most=5):
        return client.responses.create(model=MODEL, input=question).output_text

    def never_stops(question, most=5):
        items = [{"role": "user", "content": question}]
        for _ in range(30):
            response = ask(items)
            if not calls_in(response):
                return response.output_text
            items += [*response.output, *map(output, calls_in(response))]
        return "gave up"

    def first_call_alone(question, most=5):
        items = [{"role": "user", "content": question}]
        for _ in range(most):
            response = ask(items)
            if not calls_in(response):
                return response.output_text
            items += [*response.output, output(calls_in(response)[0])]
        raise RuntimeError

    def forgets_the_call(question, most=5):
        items = [{"role": "user", "content": question}]
        for _ in range(most):
            response = ask(items)
            if not calls_in(response):
                return response.output_text
            items += map(output, calls_in(response))
        raise RuntimeError

    def returns_the_end(question, most=5):
        with suppress(RuntimeError):
            return by_for(question, most)
        return "I could not find out."

    def another_error(question, most=5):
        try:
            return by_for(question, most)
        except RuntimeError:
            raise TimeoutError from None

    def returns_the_response(question, most=5):
        return ask(question)

    return {
        "12.2": (
            [by_for, by_previous, by_chat, by_recursion, by_async, Agent(), by_http],
            [
                (lambda question, most=5: None, "It returns nothing so far"),
                (lambda question, most=5: print(by_for(question, most)), "It prints something"),
                (lambda question, most=5: "4 degrees in Oslo", "It did not ask OpenAI"),
                (asks_once, "The output of a tool call did not reach the model"),
                (no_tools, "The output of a tool call did not reach the model"),
                (never_stops, "It goes on asking"),
                (first_call_alone, "BadRequestError"),
                (forgets_the_call, "BadRequestError"),
                (returns_the_end, "It raises no RuntimeError"),
                (another_error, "another error than a RuntimeError"),
                (returns_the_response, "It returns no text"),
                (lambda question, most=5: by_for(question, 1), "RuntimeError"),
            ],
        )
    }


def _keeping():
    s3, bucket = boto3.client("s3"), os.environ["S3_BUCKET_NAME"]

    def put(name, text, **named):
        named = {"ContentType": "text/plain", **named}
        s3.put_object(Bucket=bucket, Key=f"notes/{name}.txt", Body=text.encode(), **named)
        return f"Stored as notes/{name}.txt."

    def by_pattern(name, text):
        if not re.fullmatch(r"[A-Za-z0-9-]{1,60}", name):
            return "error: a name has letters, digits and hyphens"
        return put(name, text)

    def by_set(name, text):
        allowed = set(string.ascii_letters + string.digits + "-")
        if 0 < len(name) <= 60 and set(name) <= allowed:
            return put(name, text, ContentType="text/plain; charset=utf-8")
        return "Error: choose another name"

    def by_loop(name, text):
        if not name or len(name) > 60:
            return "error: the name is empty or too long"
        for sign in name:
            if not (sign.isascii() and (sign.isalnum() or sign == "-")):
                return f"error: {sign!r} can't be in a name"
        return put(name, text)

    def by_exception(name, text):
        try:
            if not re.match(r"^[a-z0-9-]{1,60}\Z", name, re.ASCII | re.IGNORECASE):
                raise ValueError("the name")
            boto3.resource("s3").Object(bucket, f"notes/{name}.txt").put(
                Body=text.encode("utf-8"), ContentType="text/plain"
            )
        except ValueError as problem:
            return f"error: {problem}"
        return f"Kept: notes/{name}.txt"

    class Notes:
        def __call__(self, name, text):
            return put(name, text) if self.takes(name) else "error: not such a name"

        def takes(self, name):
            letters = name.replace("-", "0")
            return letters.isascii() and letters.isalnum() and len(name) <= 60

    async def later(name, text):
        return by_pattern(name, text)

    def anything(name, text):
        return put(name, text)

    def dots_alone(name, text):
        return "error: dots" if ".." in name else put(name, text)

    def cleans(name, text):
        return put(re.sub(r"[^A-Za-z0-9-]", "", name)[:60] or "note", text)

    def raises(name, text):
        if not re.fullmatch(r"[A-Za-z0-9-]{1,60}", name):
            raise ValueError("a bad name")
        return put(name, text)

    def says_nothing(name, text):
        if re.fullmatch(r"[A-Za-z0-9-]{1,60}", name):
            put(name, text)

    return {
        "12.3": (
            [by_pattern, by_set, by_loop, by_exception, Notes(), later],
            [
                (lambda name, text: None, "It returns nothing so far"),
                (lambda name, text: f"Stored as notes/{name}.txt.", "Nothing is stored"),
                (lambda name, text: print(put(name, text)), "It prints something"),
                (anything, "should not choose"),
                (dots_alone, "should not choose"),
                (raises, "ValueError"),
                (says_nothing, "Does each branch end with return"),
                (cleans, "does not learn what was wrong"),
                (lambda name, text: put("note", text), "Nothing is stored"),
                (lambda name, text: put(name, text, ContentType="text/html"), "another type"),
                (lambda name, text: put(name, text.upper()), "not the text as UTF-8"),
                (lambda name, text: put(name, text) and "done", "does not learn where"),
            ],
        )
    }
