"""JSON mode, and JSON that words alone ask for."""

import json
import time

import pytest

from classroom.standin.generation import json_mode
from classroom.standin.generation.worked_examples import find_worked_example

MODEL = "gpt-5.4-mini"


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


FEW_SHOT = """Split the question into smaller ones, for these tools.

# Example 1
<Tools>
```json
{"rivers": "Lengths of rivers", "lakes": "Depths of lakes"}
```
<Question>
Is the Rhine longer than Lake Constance is deep?
<Output>
```json
{"items": [{"question": "How long is the Rhine?", "tool": "rivers"}, {"question": "How deep is it?", "tool": "lakes"}]}
```

# Example 2
<Tools>
```json
{"boats": "Facts about boats", "trains": "Facts about trains"}
```
<Question>
How fast are trains in France?
<Output>
"""


def test_an_example_with_its_answer_shows_how_to_answer_the_next(client):
    written = client.chat.completions.create(model=MODEL, messages=[{"role": "user", "content": FEW_SHOT}])
    block = written.choices[0].message.content
    assert block.startswith("```json\n")
    items = json.loads(block.removeprefix("```json").removesuffix("```"))["items"]
    assert {(each["question"], each["tool"]) for each in items} == {
        ("How fast are trains in France?", "trains")
    }


def test_the_last_of_several_examples_ends_where_the_prompt_does(client):
    prompt = (
        'Extract.\n\nText: Anna lives in Rome.\nJSON: {"name": "Anna", "city": "Rome"}\n\n'
        'Text: Kim lives in Oslo.\nJSON: {"name": "Kim", "city": "Oslo"}\n\nText: Bob lives in Paris.\nJSON:'
    )
    written = client.chat.completions.create(model=MODEL, messages=[{"role": "user", "content": prompt}])
    assert json.loads(written.choices[0].message.content) == {"name": "Bob", "city": "Paris"}


@pytest.mark.parametrize(
    "prompt",
    [
        'JSON: {"a": 1}\nWhat is JSON',
        "JSON:\nJSON:",
        'Out: {"a": \nOut:',
        "Out: []\nOut:",
        "\n" * 20_000 + "Out:",
        "Out:\n" * 4_000,
    ],
    ids=["another end", "no example", "half of one", "an empty list", "lines", "labels"],
)
def test_without_an_answered_example_none_is_followed(prompt):
    began = time.process_time()
    assert find_worked_example(prompt) is None
    assert time.process_time() - began < 1


def in_turns(*contents):
    roles = ("user", "assistant") * len(contents)
    return [{"role": role, "content": content} for role, content in zip(roles, contents, strict=False)]


def test_after_answers_in_json_the_next_has_their_keys(client):
    written = client.chat.completions.create(
        model=MODEL,
        messages=in_turns("Anna lives in Rome.", '{"name": "Anna", "city": "Rome"}', "Bob lives in Paris."),
    )
    assert json.loads(written.choices[0].message.content) == {"name": "Bob", "city": "Paris"}


@pytest.mark.parametrize(
    "turns",
    [
        ("hello", "hello to you", "again"),
        ("hello", '{"a": 1}', "and", '{"b": 1}', "again"),
        ("hello", '{"a": 1} is what you asked for', "again"),
    ],
    ids=["words", "other keys", "words beside it"],
)
def test_after_other_answers_the_next_is_words(client, turns):
    written = client.chat.completions.create(model=MODEL, messages=in_turns(*turns))
    assert "again" in written.choices[0].message.content


@pytest.mark.parametrize(
    ("hint", "field"),
    [
        ("(0..1)", {"type": "number", "minimum": 0.0, "maximum": 1.0}),
        ("(between 0 and 1)", {"type": "number", "minimum": 0.0, "maximum": 1.0}),
        ("(integer from 1 to 5)", {"type": "integer", "minimum": 1, "maximum": 5}),
        ("(1-10)", {"type": "integer", "minimum": 1, "maximum": 10}),
        ("(string, 2-3 sentences)", {"type": "string"}),
        ("(as in 01-02-2024)", {"type": "integer"}),
    ],
)
def test_a_range_beside_a_key_bounds_its_value(hint, field):
    words = f"Return JSON only, with the keys answer (string) and confidence {hint}."
    assert json_mode.infer_schema([{"role": "user", "content": words}])["properties"]["confidence"] == field
