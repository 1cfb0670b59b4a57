"""Structured output and log probabilities: in the shape asked for, whole and streamed."""

import json
import math
from typing import Literal

import openai
import pytest
from jsonschema import Draft202012Validator
from pydantic import BaseModel

from classroom.standin.generation import arguments, schema
from classroom.standin.meanings import proper_names

MODEL = "gpt-5.4-mini"
ASK = [{"role": "user", "content": "What is the weather in Turin?"}]

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
    from classroom.standin.generation import arguments

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
