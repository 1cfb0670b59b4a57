"""Structured output, tools and log probabilities: in the shape asked for, whole and streamed."""

import json
import math
import time
from typing import Literal

import openai
import pytest
from jsonschema import Draft202012Validator
from pydantic import BaseModel

from classroom.standin import arguments, json_mode, proper_names, schema

MODEL = "gpt-5.4-mini"
ASK = [{"role": "user", "content": "What is the weather in Turin?"}]
WEATHER = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "unit": {"type": "string", "enum": ["C", "F"]}},
    "required": ["city", "unit"],
    "additionalProperties": False,
}
TOOL = {"type": "function", "function": {"name": "get_weather", "parameters": WEATHER, "strict": True}}
OTHER_TOOL = {
    "type": "function",
    "function": {"name": "send_mail", "parameters": {"type": "object", "properties": {}}},
}
RESPONSE_TOOL = {"type": "function", "name": "get_weather", "parameters": WEATHER, "strict": True}

SCHEMAS = [
    {
        "type": "object",
        "properties": {"a": {"type": "integer", "minimum": 3, "maximum": 5}},
        "required": ["a"],
    },
    {
        "type": "object",
        "properties": {"a": {"type": "integer", "multipleOf": 7, "minimum": 10}},
        "required": ["a"],
    },
    {
        "type": "object",
        "properties": {"a": {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 0.01}},
        "required": ["a"],
    },
    {"type": "object", "properties": {"a": {"type": "number", "maximum": -3}}, "required": ["a"]},
    {
        "type": "object",
        "properties": {"a": {"type": "string", "minLength": 80, "maxLength": 90}},
        "required": ["a"],
    },
    {"type": "object", "properties": {"a": {"type": "string", "maxLength": 3}}, "required": ["a"]},
    {
        "type": "object",
        "properties": {"a": {"type": "string", "pattern": r"^[A-Z]{3}-\d{4}$"}},
        "required": ["a"],
    },
    {"type": "object", "properties": {"a": {"type": "string", "format": "date"}}, "required": ["a"]},
    {"type": "object", "properties": {"a": {"type": "string", "format": "uuid"}}, "required": ["a"]},
    {"type": "object", "properties": {"a": {"type": ["string", "null"]}}, "required": ["a"]},
    {
        "type": "object",
        "properties": {"a": {"const": 7}, "b": {"enum": ["x", 2, None]}},
        "required": ["a", "b"],
    },
    {
        "type": "object",
        "properties": {"a": {"type": "array", "items": {"type": "boolean"}, "minItems": 5, "maxItems": 6}},
        "required": ["a"],
    },
    {
        "type": "object",
        "properties": {
            "a": {"type": "array", "items": {"type": "string"}, "minItems": 3, "uniqueItems": True}
        },
        "required": ["a"],
    },
    {
        "type": "object",
        "properties": {"a": {"anyOf": [{"type": "integer"}, {"type": "string"}]}},
        "required": ["a"],
    },
    {
        "type": "object",
        "properties": {
            "a": {
                "allOf": [
                    {"type": "object", "properties": {"x": {"type": "integer"}}, "required": ["x"]},
                    {"properties": {"y": {"type": "string"}}, "required": ["y"]},
                ]
            }
        },
        "required": ["a"],
    },
    {
        "type": "object",
        "properties": {"value": {"type": "string"}, "next": {"anyOf": [{"$ref": "#"}, {"type": "null"}]}},
        "required": ["value", "next"],
        "additionalProperties": False,
    },
    {
        "type": "object",
        "properties": {"tree": {"$ref": "#/$defs/node"}},
        "required": ["tree"],
        "$defs": {
            "node": {
                "type": "object",
                "properties": {
                    "name": {"type": "string"},
                    "children": {"type": "array", "items": {"$ref": "#/$defs/node"}},
                },
                "required": ["name", "children"],
            }
        },
    },
]


class Recipe(BaseModel):
    title: str
    minutes: int
    level: Literal["easy", "hard"]
    steps: list[str]


@pytest.mark.parametrize("wanted", SCHEMAS)
@pytest.mark.parametrize("seed", ["1", "2", "3"])
def test_an_invented_value_fits_its_schema(wanted, seed):
    validator = Draft202012Validator(wanted, format_checker=Draft202012Validator.FORMAT_CHECKER)
    assert not list(validator.iter_errors(schema.invent(wanted, seed=seed, words="a hot-dog stand")))


def test_chat_parses_into_a_model_of_one_s_own(client):
    completion = client.chat.completions.parse(model=MODEL, messages=ASK, response_format=Recipe)
    assert isinstance(completion.choices[0].message.parsed, Recipe)


def test_responses_parse_into_a_model_of_one_s_own(client):
    assert isinstance(
        client.responses.parse(model=MODEL, input="soup", text_format=Recipe).output_parsed, Recipe
    )


def test_json_mode_answers_with_an_object(client):
    completion = client.chat.completions.create(
        model=MODEL,
        messages=[{"role": "user", "content": "say hi in JSON"}],
        response_format={"type": "json_object"},
    )
    assert isinstance(json.loads(completion.choices[0].message.content), dict)


KEYS = {
    "listed": ("Ada is 36 and from London. Return JSON with keys name, age and city", {"name": str, "age": int, "city": str}),
    "with two": ("Name a city and its country, as JSON with name and country.", {"name": str, "country": str}),
    "in order": (
        "Respond with a JSON object in the following order of fields: `thought`, then `tool` (must be formatted as a valid "
        "Python Literal['look', 'finish']), then `arguments` (must adhere to the JSON schema: {\"type\": \"object\"}), then `more` (must be formatted as a valid Python dict[str, Any]).",
        {"thought": str, "tool": str, "arguments": dict, "more": dict},
    ),
    "quoted": ("respond in JSON only. The keys must be 'summary' and 'score'.", {"summary": str, "score": int}),
    "typed": ("Give me a JSON object with the fields `ok` (boolean) and `reason`.", {"ok": bool, "reason": str}),
    "an example": (
        'As JSON, like {"name": "Bob", "items": [{"sku": "x", "qty": 1}]}',
        {"name": str, "items": list},
    ),
    "what only looks like JSON": (
        'Extract as JSON: {"title": string, "year": number, "tags": [string]}',
        {"title": str, "year": (int, float), "tags": list},
    ),
    "a schema": (
        'Follow this JSON schema: {"properties": {"mood": {"enum": ["good", "bad"]}}, "required": ["mood"]}',
        {"mood": str},
    ),
    "one": ("reply in json with a key called sentiment", {"sentiment": str}),
    "an example, and what to say if there is nothing": (
        'As JSON: {"memory": [{"id": "0", "text": "A fact"}]}. If there is nothing, return {"memory": []}',
        {"memory": list},
    ),
    "an example before data": (
        'Return JSON like {"summary": "…"}. Known: [{"id": "0", "text": "a"}, {"id": "1", "text": "b"}]',
        {"summary": str},
    ),
    "a key beside data": (
        'Data: {"orders": [1, 2]}. Return JSON with the keys total and average_price.',
        {"total": int, "average_price": int},
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", KEYS)
def test_json_mode_has_the_keys_that_the_conversation_asks_for(client, case):
    prompt, wanted = KEYS[case]
    completion = client.chat.completions.create(
        model=MODEL, messages=[{"role": "user", "content": prompt}], response_format={"type": "json_object"}
    )
    answer = json.loads(completion.choices[0].message.content)
    assert answer.keys() == wanted.keys()
    assert all(isinstance(answer[name], kind) for name, kind in wanted.items())


def test_json_mode_takes_values_from_the_words_and_keys_from_the_instructions(client):
    response = client.responses.create(
        model=MODEL,
        instructions='Answer in JSON: {"city": "…", "days": 3}',
        input="a trip of 5 days to Lisbon, as json",
        text={"format": {"type": "json_object"}},
    )
    assert json.loads(response.output_text) == {"city": "Lisbon", "days": 5}


def test_json_mode_fills_lists_as_the_fuller_of_two_examples_does():
    prompt = (
        'As JSON: {"memory": [{"id": "0", "text": "A fact"}]}. If there is nothing, return {"memory": []}'
    )
    wanted = json_mode.infer_schema([{"role": "user", "content": prompt}])
    assert wanted["properties"]["memory"]["items"]["required"] == ["id", "text"]


def test_a_block_of_json_that_words_alone_ask_for_is_written(client):
    shape = json.dumps({"properties": {"city": {"type": "string"}}, "required": ["city"], "type": "object"})
    messages = [
        {"role": "system", "content": f"Answer as this schema says:\n{shape}"},
        {"role": "user", "content": "I live in Paris."},
        {"role": "user", "content": "Return the JSON within a ```json codeblock."},
    ]
    content = client.chat.completions.create(model=MODEL, messages=messages).choices[0].message.content
    assert json.loads(content.removeprefix("```json").removesuffix("```")) == {"city": "Paris"}


FOLLOW = '{"properties": {"name": {"type": "string"}}, "required": ["name"]}'
IN_WORDS = {
    "a schema to follow": (f"A city in France.\nA JSON schema to follow:\n{FOLLOW}\n\nOutput a valid JSON object.", dict),
    "a template's braces": (
        "A city.\nA JSON schema to follow:\n" + FOLLOW.replace("{", "{{").replace("}", "}}") + "\nOutput a valid JSON object.",
        dict,
    ),
    "an instance that conforms": (
        f"The output should be formatted as a JSON instance that conforms to the JSON schema below.\n```\n{FOLLOW}\n```\nA city",
        dict,
    ),
    "a list with bare keys": (
        "Which is about taxes?\nThe output should be ONLY JSON formatted as a JSON instance.\nAn example:\n"
        '[\n    {\n        choice: 1,\n        reason: "<why>"\n    },\n    ...\n]\n',
        list,
    ),
    "keys": ("Ada is 36. Return JSON with keys name and age.", dict),
}  # fmt: skip


@pytest.mark.parametrize("case", IN_WORDS)
def test_json_that_words_alone_ask_for_is_written(client, case):
    prompt, kind = IN_WORDS[case]
    answer = json.loads(client.responses.create(model=MODEL, input=prompt).output_text)
    assert isinstance(answer, kind)
    assert answer


@pytest.mark.parametrize(
    "prompt",
    [
        'What is JSON? How do I return a dict such as {"a": 1} from Flask?',
        'Action Input: the input, in a JSON format representing the arguments (e.g. {"input": "hello"})',
        'Write a function that parses JSON such as {"a": 1}',
        "Answer in JSON",
    ],
)
def test_words_that_only_speak_of_json_are_answered_in_words(client, prompt):
    assert "You asked" in client.responses.create(model=MODEL, input=prompt).output_text


@pytest.mark.parametrize(
    "prompt",
    [
        "{" * 500_000,
        "keys " * 200_000,
        '{"a":' * 200_000,
        "[{" * 300_000,
        "[" + " " * 500_000,
        "[{" + "a" * 500_000,
        "output " + "the " * 200_000,
        "keys a," + "b," * 300_000,
        "keys a (" + "(b" * 200_000,
    ],
)
def test_json_mode_reads_a_prompt_made_to_be_slow_quickly(prompt):
    start = time.perf_counter()
    json_mode.infer_schema([{"role": "user", "content": prompt}])
    json_mode.asked_in_words([{"role": "user", "content": prompt}])
    assert time.perf_counter() - start < 2


@pytest.mark.parametrize("choice", ["required", {"type": "function", "function": {"name": "get_weather"}}])
def test_a_forced_tool_is_called_with_arguments_that_fit(client, choice):
    completion = client.chat.completions.create(
        model=MODEL, messages=ASK, tools=[OTHER_TOOL, TOOL], tool_choice=choice
    )
    [call] = completion.choices[0].message.tool_calls
    assert call.function.name == "get_weather"
    Draft202012Validator(WEATHER).validate(json.loads(call.function.arguments))
    assert completion.choices[0].message.content is None


def test_a_tool_that_the_prompt_speaks_of_is_called_and_others_are_not(client):
    spoken = client.chat.completions.create(model=MODEL, messages=ASK, tools=[TOOL])
    unspoken = client.chat.completions.create(model=MODEL, messages=ASK, tools=[OTHER_TOOL])
    forbidden = client.chat.completions.create(model=MODEL, messages=ASK, tools=[TOOL], tool_choice="none")
    assert spoken.choices[0].finish_reason == "tool_calls"
    assert unspoken.choices[0].message.tool_calls is None
    assert forbidden.choices[0].message.tool_calls is None


def test_after_a_tool_s_result_the_model_speaks_of_it(client):
    first = client.chat.completions.create(model=MODEL, messages=ASK, tools=[TOOL])
    message = first.choices[0].message
    result = {"role": "tool", "tool_call_id": message.tool_calls[0].id, "content": "14 degrees and fog"}
    second = client.chat.completions.create(model=MODEL, messages=[*ASK, message, result], tools=[TOOL])
    assert "14 degrees and fog" in second.choices[0].message.content


def test_a_streamed_tool_call_adds_up_to_the_whole_one(client):
    order = {"model": MODEL, "messages": ASK, "tools": [TOOL], "tool_choice": "required"}
    whole = client.chat.completions.create(**order).choices[0].message.tool_calls[0]
    with client.chat.completions.create(**order, stream=True) as stream:
        parts = [part for chunk in stream for part in chunk.choices[0].delta.tool_calls or []]
    assert (parts[0].id, parts[0].function.name) == (whole.id, whole.function.name)
    assert "".join(part.function.arguments for part in parts) == whole.function.arguments


def test_the_older_form_of_functions_is_answered_in_its_own_form(client):
    completion = client.chat.completions.create(
        model=MODEL, messages=ASK, functions=[TOOL["function"]], function_call={"name": "get_weather"}
    )
    assert completion.choices[0].message.function_call.name == "get_weather"


def test_a_response_calls_a_tool_and_goes_on_with_its_output(client):
    first = client.responses.create(
        model=MODEL, input="weather in Turin?", tools=[RESPONSE_TOOL], tool_choice="required"
    )
    [call] = first.output
    Draft202012Validator(WEATHER).validate(json.loads(call.arguments))
    output = {"type": "function_call_output", "call_id": call.call_id, "output": "14 degrees"}
    second = client.responses.create(
        model=MODEL, input=[output], previous_response_id=first.id, tools=[RESPONSE_TOOL]
    )
    assert "14 degrees" in second.output_text


def test_a_response_streams_a_tool_s_arguments(client):
    with client.responses.create(
        model=MODEL, input="weather in Turin?", tools=[RESPONSE_TOOL], tool_choice="required", stream=True
    ) as stream:
        events = list(stream)
    assert list(dict.fromkeys(event.type for event in events)) == [
        "response.created",
        "response.in_progress",
        "response.output_item.added",
        "response.function_call_arguments.delta",
        "response.function_call_arguments.done",
        "response.output_item.done",
        "response.completed",
    ]
    deltas = [event.delta for event in events if event.type == "response.function_call_arguments.delta"]
    assert "".join(deltas) == events[-1].response.output[0].arguments


@pytest.mark.parametrize("words", ["plain words", "日本 🎉 é"])
def test_log_probabilities_cover_the_text_token_by_token(client, words):
    order = {
        "model": MODEL,
        "messages": [{"role": "user", "content": words}],
        "logprobs": True,
        "top_logprobs": 3,
    }
    choice = client.chat.completions.create(**order).choices[0]
    listed = choice.logprobs.content
    assert b"".join(bytes(token.bytes) for token in listed).decode() == choice.message.content
    assert all(len(token.top_logprobs) == 3 and token.logprob <= 0 for token in listed)
    assert all(sum(math.exp(other.logprob) for other in token.top_logprobs) <= 1.001 for token in listed)
    with client.chat.completions.create(**order, stream=True) as stream:
        chunks = [chunk.choices[0] for chunk in stream]
    streamed = [token for chunk in chunks if chunk.logprobs for token in chunk.logprobs.content]
    assert streamed == listed
    assert "".join(chunk.delta.content or "" for chunk in chunks) == choice.message.content


@pytest.mark.parametrize(
    ("wanted", "place"),
    [
        ({"type": "object", "properties": {}}, "additionalProperties"),
        (
            {"type": "object", "properties": {"a": {"type": "string"}}, "additionalProperties": False},
            "required",
        ),
        ({"type": "array", "items": {}}, "root"),
    ],
)
def test_a_strict_schema_that_openai_refuses_is_refused(client, wanted, place):
    form = {"type": "json_schema", "json_schema": {"name": "x", "strict": True, "schema": wanted}}
    with pytest.raises(openai.BadRequestError, match=place) as caught:
        client.chat.completions.create(model=MODEL, messages=ASK, response_format=form)
    assert (caught.value.param, caught.value.code) == ("response_format", "invalid_json_schema")


def _object_of(**fields):
    return {"type": "object", "properties": fields, "required": list(fields), "additionalProperties": False}


_TEXT, _WHOLE, _NUMBER, _FLAG = ({"type": kind} for kind in ("string", "integer", "number", "boolean"))


@pytest.mark.parametrize(
    ("fields", "prompt", "found"),
    [
        (
            {"city": _TEXT, "days": _WHOLE, "with_children": _FLAG},
            "We stay in Porto for four days, with our two kids.",
            {"city": "Porto", "days": 4, "with_children": True},
        ),
        ({"city": _TEXT, "with_children": _FLAG}, "To Oslo, without children.", {"with_children": False}),
        ({"city": _TEXT, "temperature": _NUMBER}, "It is 14 degrees in Oslo.", {"city": "Oslo", "temperature": 14}),
        ({"name": _TEXT, "price": _NUMBER}, "A bicycle named Swift for 349.50 euros", {"name": "Swift", "price": 349.5}),
        ({"email": _TEXT}, "Write to ada@example.com today", {"email": "ada@example.com"}),
    ],
)  # fmt: skip
def test_structured_output_takes_its_values_from_the_words_of_the_prompt(client, fields, prompt, found):
    format = {"type": "json_schema", "name": "found", "schema": _object_of(**fields), "strict": True}
    answer = client.responses.create(model="gpt-5.4-mini", input=prompt, text={"format": format})
    assert json.loads(answer.output_text).items() >= found.items()


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize(
    ("name", "field", "low", "high"),
    [
        ("stars", _WHOLE, 1, 5),
        ("confidence", _NUMBER, 0, 1),
        ("percentage", _NUMBER, 0, 100),
        ("anything", {"type": "number", "minimum": 7, "maximum": 8}, 7, 8),
        ("score", {"type": "integer", "exclusiveMinimum": 0, "maximum": 2}, 1, 2),
    ],
)
def test_a_number_that_the_prompt_does_not_give_is_plausible(name, field, low, high, seed):
    made = arguments.answer(_object_of(**{name: field}), "The soup was cold.", seed=str(seed))[name]
    assert low <= made <= high
    assert round(made, 2) == made


@pytest.mark.parametrize("seed", range(10))
def test_a_scale_in_the_prompt_is_a_scale_and_no_value(seed):
    prompt = "Rate this review from 2 to 4 stars: The soup was cold."
    assert 2 <= arguments.answer(_object_of(stars=_WHOLE), prompt, seed=str(seed))["stars"] <= 4


@pytest.mark.parametrize("name", ["scene", "improved", "idea", "detailed_description", "prompt"])
def test_a_text_without_a_known_meaning_is_about_the_whole_prompt(name):
    from classroom.standin import arguments

    schema = {"type": "object", "properties": {name: {"type": "string"}}, "required": [name]}
    prompt = 'The harbour of Marseille at five, with a sign that says "open" and a cat named Milo, painted by a child of seven'
    assert arguments.answer(schema, prompt, seed="x") == {name: prompt}


@pytest.mark.parametrize(
    ("prompt", "found"),
    [
        ("Name a city in France", ("France",)),
        ("Name three rivers", ()),
        ("Observation:\n14 degrees", ()),
        ("Ada is 36 years old", ("Ada",)),
        ("Paris weather please", ("Paris",)),
        ("Is it cold? Oslo, I mean.", ("Oslo",)),
    ],
)
def test_what_begins_an_order_is_no_name(prompt, found):
    assert proper_names.proper(prompt) == found


def test_the_name_of_a_place_goes_to_the_field_that_asks_for_one():
    city = {"type": "object", "properties": {"name": {"type": "string"}, "country": {"type": "string"}}}
    city["required"] = ["name", "country"]
    assert arguments.answer(city, "Name a city in France", seed="a")["country"] == "France"
    [given] = arguments.fill(city, "Book for Ada in France", seed="a")
    assert given == {"name": "Ada", "country": "France"}
