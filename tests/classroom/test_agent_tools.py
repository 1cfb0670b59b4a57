"""Tools that a program carries out itself: the model asks, the program answers, the model speaks."""

import pytest

MODEL = "gpt-5.4"


@pytest.mark.parametrize(
    ("tool", "prompt", "kind", "read", "expected"),
    [
        (
            {"type": "shell", "environment": {"type": "local"}},
            "Please run `ls -la` in the shell",
            "shell_call",
            lambda call: call.action.commands,
            ["ls -la"],
        ),
        (
            {"type": "local_shell"},
            "Run the command git status",
            "local_shell_call",
            lambda call: call.action.command[0],
            "git",
        ),
        (
            {"type": "apply_patch"},
            "Create src/hello.py that greets",
            "apply_patch_call",
            lambda call: (call.operation.type, call.operation.path),
            ("create_file", "src/hello.py"),
        ),
        (
            {"type": "apply_patch"},
            "Delete the file old.txt",
            "apply_patch_call",
            lambda call: (call.operation.type, call.operation.path),
            ("delete_file", "old.txt"),
        ),
        (
            {"type": "computer"},
            "Click the button on the screen",
            "computer_call",
            lambda call: call.actions[0].type,
            "screenshot",
        ),
    ],
)
def test_the_model_asks_the_program(client, tool, prompt, kind, read, expected):
    [call] = client.responses.create(model=MODEL, input=prompt, tools=[tool]).output
    assert call.type == kind
    assert read(call) == expected


def test_what_a_shell_printed_is_what_the_model_speaks_of(client):
    tools = [{"type": "shell", "environment": {"type": "local"}}]
    first = client.responses.create(model=MODEL, input="Run `ls`", tools=tools)
    printed = {"stdout": "lighthouse.txt", "stderr": "", "outcome": {"type": "exit", "exit_code": 0}}
    output = {"type": "shell_call_output", "call_id": first.output[0].call_id, "output": [printed]}
    after = client.responses.create(model=MODEL, input=[output], previous_response_id=first.id, tools=tools)
    assert "lighthouse.txt" in after.output_text


def test_a_shell_in_openai_s_container_does_it_itself(client):
    tool = {"type": "shell", "environment": {"type": "container_auto"}}
    kinds = [
        each.type for each in client.responses.create(model=MODEL, input="Run `ls`", tools=[tool]).output
    ]
    assert kinds == ["shell_call", "shell_call_output", "message"]


def test_a_patch_is_asked_for_once(client):
    tools = [{"type": "apply_patch"}]
    first = client.responses.create(model=MODEL, input="Create a.py", tools=tools)
    output = {"type": "apply_patch_call_output", "call_id": first.output[0].call_id, "status": "completed"}
    after = client.responses.create(model=MODEL, input=[output], previous_response_id=first.id, tools=tools)
    assert [each.type for each in after.output] == ["message"]


def test_a_program_that_waits_for_an_approval_hears_nothing_yet(client):
    tool = {
        "type": "mcp",
        "server_label": "d",
        "server_url": "https://d.example/mcp",
        "allowed_tools": ["roll"],
    }
    answer = client.responses.create(
        model=MODEL, input="roll", tools=[{**tool, "require_approval": "always"}]
    )
    assert [each.type for each in answer.output] == ["mcp_list_tools", "mcp_approval_request"]


def test_of_the_tools_that_are_allowed_alone_one_is_called(client):
    weather, clock = (
        {
            "type": "function",
            "name": name,
            "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
        }
        for name in ("get_weather", "get_time")
    )
    for mode in ("auto", "required"):
        choice = {"type": "allowed_tools", "mode": mode, "tools": [{"type": "function", "name": "get_time"}]}
        answer = client.responses.create(
            model=MODEL,
            input="The weather and the time in Paris?",
            tools=[weather, clock],
            tool_choice=choice,
        )
        assert [each.name for each in answer.output] == ["get_time"]


def test_a_tool_of_a_namespace_is_called_by_its_name_and_the_namespace_s(client):
    inner = {"type": "function", "name": "get_weather", "parameters": {"type": "object", "properties": {}}}
    tool = {"type": "namespace", "name": "sky", "description": "The sky", "tools": [inner]}
    [call] = client.responses.create(model=MODEL, input="The weather in Paris?", tools=[tool]).output
    assert (call.name, call.namespace) == ("get_weather", "sky")


def test_a_stream_from_the_background_waits_first(client):
    events = client.responses.create(model=MODEL, input="hi", background=True, stream=True)
    assert [each.type for each in events][:3] == [
        "response.created",
        "response.queued",
        "response.in_progress",
    ]
