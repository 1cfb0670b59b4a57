"""Functions that a model calls, in chat completions and responses, whole and streamed."""

import json

import pytest
from jsonschema import Draft202012Validator

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
