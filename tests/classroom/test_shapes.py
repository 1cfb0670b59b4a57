"""What is inside a request's parameters is checked by the types of OpenAI's SDK, at its place."""

import pytest
from openai import OpenAI

from classroom import OpenAIMock
from classroom.standin.incoming import sdk_shapes, shapes
from classroom.standin.incoming.errors import APIError
from tests.classroom.values import BODIES

FUNCTION = {"type": "function", "function": {"name": "f", "parameters": {"type": "object", "properties": {}}}}
CALL = {"id": "call_1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
ASKED = {"role": "assistant", "content": None, "tool_calls": [CALL, {**CALL, "id": "call_2"}]}
DONE = {"role": "tool", "tool_call_id": "call_1", "content": "1"}
USER = {"role": "user", "content": "hi"}

REFUSED = [
    (
        "chat/completions",
        {"response_format": {"type": "text", "strict": True}},
        "response_format.strict",
        "unknown_parameter",
    ),
    (
        "chat/completions",
        {
            "messages": [
                {"role": "user", "content": [{"type": "image_url", "image_url": "https://a.b/c.png"}]}
            ]
        },
        "messages[0].content[0].image_url",
        "invalid_type",
    ),
    (
        "chat/completions",
        {"messages": [{"role": "user", "content": [{"type": "input_text", "text": "x"}]}]},
        "messages[0].content[0].type",
        "invalid_value",
    ),
    ("chat/completions", {"messages": [{**USER, "name": "a <b>"}]}, "messages[0].name", "invalid_value"),
    ("chat/completions", {"messages": [USER, ASKED, DONE, USER]}, "messages[2].role", None),
    ("chat/completions", {"messages": [USER, ASKED]}, "messages[1].tool_calls", None),
    (
        "chat/completions",
        {"messages": [USER, {"role": "assistant", "content": None}]},
        "messages[1].content",
        None,
    ),
    ("chat/completions", {"parallel_tool_calls": False}, "parallel_tool_calls", "invalid_value"),
    (
        "chat/completions",
        {"prediction": {"type": "content"}},
        "prediction.content",
        "missing_required_parameter",
    ),
    (
        "chat/completions",
        {"tools": [FUNCTION], "tool_choice": {"type": "function", "name": "f"}},
        "tool_choice.function",
        "missing_required_parameter",
    ),
    (
        "chat/completions",
        {
            "tools": [FUNCTION],
            "tool_choice": {
                "type": "allowed_tools",
                "allowed_tools": {"mode": "auto", "tools": [{"type": "function", "function": {"name": "g"}}]},
            },
        },
        "tool_choice",
        "invalid_value",
    ),
    (
        "chat/completions",
        {"tools": [{"type": "function", "function": {"name": "f", "parameters": {"type": "array"}}}]},
        "tools[0].function.parameters",
        "invalid_function_parameters",
    ),
    (
        "chat/completions",
        {
            "tools": [
                {
                    "type": "function",
                    "function": {
                        "name": "f",
                        "parameters": {"type": "object", "properties": {"a": {"type": "array"}}},
                    },
                }
            ]
        },
        "tools[0].function.parameters",
        "invalid_function_parameters",
    ),
    ("responses", {"tools": [{"type": "web_serch"}]}, "tools[0].type", "invalid_value"),
    (
        "responses",
        {"tools": [{"type": "file_search"}]},
        "tools[0].vector_store_ids",
        "missing_required_parameter",
    ),
    (
        "responses",
        {"tools": [{"type": "mcp", "server_label": "x"}]},
        "tools[0].server_url",
        "missing_required_parameter",
    ),
    (
        "responses",
        {"tools": [{"type": "function", "name": "f"}], "tool_choice": {"type": "web_search"}},
        "tool_choice",
        "invalid_value",
    ),
    (
        "responses",
        {"input": [{"role": "user", "content": [{"type": "text", "text": "x"}]}]},
        "input[0].content[0]",
        "invalid_value",
    ),
    (
        "responses",
        {"input": [{"role": "assistant", "content": [{"type": "input_text", "text": "x"}]}]},
        "input[0].content[0]",
        "invalid_value",
    ),
    ("responses", {"input": [{"type": "thought"}]}, "input[0].type", "invalid_value"),
    (
        "responses",
        {
            "input": [
                {
                    "type": "function_call",
                    "call_id": "c",
                    "name": "f",
                    "arguments": "{}",
                    "parsed_arguments": {},
                }
            ]
        },
        "input[0].parsed_arguments",
        "unknown_parameter",
    ),
    ("responses", {"reasoning": {"effort": "huge"}}, "reasoning.effort", "invalid_value"),
    ("responses", {"text": {"verbosity": "shout"}}, "text.verbosity", "invalid_value"),
    (
        "vector_stores",
        {"chunking_strategy": {"type": "static"}},
        "chunking_strategy.static",
        "missing_required_parameter",
    ),
]


@pytest.mark.parametrize(("route", "change", "param", "code"), REFUSED)
def test_what_is_inside_is_refused_by_its_place(raw, route, change, param, code):
    answer = raw.post(f"/{route}", json={**BODIES.get(route, {}), **change})
    error = answer.json()["error"]
    assert (answer.status_code, error["param"], error["code"]) == (400, param, code), error["message"]


@pytest.mark.parametrize(
    ("route", "change"),
    [
        # what an answer gave is sent back as it came
        (
            "chat/completions",
            {"messages": [USER, {"role": "assistant", "content": "a", "annotations": [], "audio": None}]},
        ),
        # clients of all kinds send more in a chat's messages than its types have
        ("chat/completions", {"messages": [{**USER, "provider_specific_fields": {}}], "tools": []}),
        ("chat/completions", {"messages": [USER, {**ASKED, "tool_calls": [CALL]}, {**DONE, "name": "f"}]}),
        (
            "responses",
            {"input": [{"role": "assistant", "content": [{"type": "output_text", "text": "x"}]}, USER]},
        ),
        (
            "responses",
            {
                "input": [
                    USER,
                    {
                        "type": "custom_tool_call",
                        "call_id": "c",
                        "name": "f",
                        "input": "x",
                        "status": "completed",
                    },
                    {"type": "custom_tool_call_output", "call_id": "c", "output": "y"},
                ]
            },
        ),
        ("responses", {"input": [{"id": "msg_1", "status": "completed", "type": "message", **USER}]}),
        ("responses", {"input": [{"type": "reasoning", "summary": [], "encrypted_content": "x"}, USER]}),
        ("responses", {"tools": [{"type": "web_search"}], "tool_choice": {"type": "web_search"}}),
        (
            "responses",
            {"tools": [{"type": "web_search_preview"}], "tool_choice": {"type": "web_search_preview"}},
        ),
        ("chat/completions", {"tools": [FUNCTION], "parallel_tool_calls": False}),
        ("moderations", {"input": ["a", "b"]}),
        ("moderations", {"input": [{"type": "text", "text": "a"}]}),
    ],
)
def test_what_the_api_takes_passes(raw, route, change):
    answer = raw.post(f"/{route}", json={**BODIES[route], **change})
    assert answer.status_code == 200, answer.text


def test_the_shapes_are_those_of_the_installed_sdk():
    assert sdk_shapes.TABLE.read_text(encoding="utf-8") == sdk_shapes.render_table(), (
        "run python -m classroom.standin.incoming.sdk_shapes"
    )


def test_a_lenient_stand_in_looks_at_shapes_alone():
    with OpenAIMock(lenient=True) as mock, OpenAI(base_url=mock.base_url, api_key="sk-mock") as client:
        given = [{"role": "user", "content": "x", "mood": 1}]
        assert client.responses.create(model="string", input=given).output_text


def test_a_filter_that_holds_itself_many_times_is_read_within_bounds():
    inner = {"type": "eq", "key": "a", "value": "b"}
    for _ in range(500):
        inner = {"type": "and", "filters": [inner]}
    shapes.check_shapes_inside("vector_stores/{id}/search", {"filters": inner})


def test_several_things_that_may_be_meant_are_told_apart_by_what_fits_best():
    given = {"input": [{"type": "message", "role": "user", "content": [{"type": "input_text"}]}]}
    with pytest.raises(APIError) as caught:
        shapes.check_shapes_inside("responses", given)
    assert caught.value.param == "input[0].content[0].text"
