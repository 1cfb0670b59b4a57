"""Custom tools, which take a text in place of arguments, and values that one tool has used."""

import openai
import pytest

from classroom.standin.generation.tools import Offer, Tool, choose

MODEL = "gpt-5.4-mini"
CODE = {"type": "custom", "name": "run_code", "description": "Runs Python code"}
IN_CHAT = {"type": "custom", "custom": {"name": "run_code", "description": "Runs Python code"}}
PROMPT = "Run the code print(3 ** 3)"
NUMBERS = {"type": "object", "properties": {"a": {"type": "integer"}, "b": {"type": "integer"}}}


def test_a_response_calls_a_custom_tool_with_a_text_and_goes_on(client):
    first = client.responses.create(model=MODEL, input=PROMPT, tools=[CODE])
    [call] = first.output
    assert (call.type, call.name, call.input) == ("custom_tool_call", "run_code", PROMPT)
    result = {"type": "custom_tool_call_output", "call_id": call.call_id, "output": "27"}
    after = client.responses.create(model=MODEL, input=[result], previous_response_id=first.id, tools=[CODE])
    assert "27" in after.output_text


def test_a_custom_call_streams_its_text_in_pieces(client):
    events = list(client.responses.create(model=MODEL, input=PROMPT, tools=[CODE], stream=True))
    pieces = [each.delta for each in events if each.type == "response.custom_tool_call_input.delta"]
    [done] = [each for each in events if each.type == "response.custom_tool_call_input.done"]
    assert len(pieces) > 1
    assert "".join(pieces) == done.input == PROMPT


def test_a_chat_calls_a_custom_tool_whole_and_streamed(client):
    asked = {"model": MODEL, "messages": [{"role": "user", "content": PROMPT}], "tools": [IN_CHAT]}
    [call] = client.chat.completions.create(**asked).choices[0].message.tool_calls
    assert (call.type, call.custom.name, call.custom.input) == ("custom", "run_code", PROMPT)
    chunks = client.chat.completions.create(**asked, stream=True)
    deltas = [each for chunk in chunks for each in chunk.choices[0].delta.tool_calls or []]
    assert "".join(each.model_dump()["custom"]["input"] for each in deltas) == PROMPT


def test_a_scripted_call_of_a_custom_tool_sends_its_text(client, openai_mock):
    openai_mock.reply("code", tool_calls={"run_code": "print(1)"})
    [call] = client.responses.create(model=MODEL, input=PROMPT, tools=[CODE]).output
    assert (call.type, call.input) == ("custom_tool_call", "print(1)")


def test_the_output_of_a_custom_call_that_was_not_made_is_refused(client):
    output = {"type": "custom_tool_call_output", "call_id": "call_1", "output": "27"}
    with pytest.raises(openai.BadRequestError, match="custom tool call output with call_id call_1"):
        client.responses.create(model=MODEL, input=[output], tools=[CODE])


@pytest.mark.parametrize("tool", [{"type": "custom"}, {"type": "custom", "custom": {"description": "x"}}])
def test_a_custom_tool_without_a_name_is_refused(client, tool):
    with pytest.raises(openai.BadRequestError, match="tools"):
        client.chat.completions.create(model=MODEL, messages=[{"role": "user", "content": "x"}], tools=[tool])


def test_values_that_one_tool_has_used_do_not_call_another():
    offer = Offer((Tool("add", "Adds a and b.", NUMBERS), Tool("multiply", "Multiply a and b.", NUMBERS)))
    messages = [{"role": "user", "content": "Add 3 and 4."}]
    assert [tool.name for tool in choose(offer, "Add 3 and 4.", messages)] == ["add"]
    call = {"role": "assistant", "tool_calls": [{"id": "c", "function": {"name": "add"}}]}
    messages += [call, {"role": "tool", "tool_call_id": "c", "content": "7"}]
    assert choose(offer, "Add 3 and 4.", messages) == []
