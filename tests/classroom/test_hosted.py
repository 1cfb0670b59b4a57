"""OpenAI's own tools in a response: real output items, their events, their price."""

import base64
import io
from decimal import Decimal

import openai
import pytest
from PIL import Image

from classroom.standin.meanings.sums import evaluate
from classroom.standin.models.costs import Usage, cost_of

MODEL = "gpt-5.4-mini"
DRAW = {"type": "image_generation"}


def respond(client, prompt, *tools, **options):
    return client.responses.create(model=MODEL, input=prompt, tools=list(tools), **options)


def test_a_picture_is_drawn_and_recorded(client, openai_mock):
    response = respond(client, "a lighthouse at dusk", {**DRAW, "size": "1536x1024", "output_format": "webp"})
    [call, message] = response.output
    content = base64.b64decode(call.result)
    assert Image.open(io.BytesIO(content)).size == (1536, 1024)
    assert (call.type, call.status, call.output_format, call.size) == ("image_generation_call", "completed", "webp", "1536x1024")  # fmt: skip
    assert message.type == "message"
    recorded = openai_mock.calls[-1]
    assert (recorded.outputs[0].kind, recorded.outputs[0].content) == ("image", content)
    assert recorded.cost > cost_of(Usage(MODEL, recorded.usage.units)) + Decimal("0.01")


def test_a_picture_streams_with_its_previews(client):
    with respond(client, "draw a fox", {**DRAW, "partial_images": 2}, stream=True) as stream:
        events = list(stream)
    kinds = [event.type for event in events if "image_generation_call" in event.type]
    assert kinds == [
        "response.image_generation_call.in_progress",
        "response.image_generation_call.generating",
        "response.image_generation_call.partial_image",
        "response.image_generation_call.partial_image",
        "response.image_generation_call.completed",
    ]
    assert [event.sequence_number for event in events] == list(range(len(events)))
    assert events[-1].response.output[0].result


@pytest.mark.parametrize(
    ("tool", "error"),
    [
        ({**DRAW, "model": "gpt-image-1"}, openai.NotFoundError),
        ({**DRAW, "model": MODEL}, openai.BadRequestError),
        ({**DRAW, "size": "17x17"}, openai.BadRequestError),
    ],
)
def test_a_picture_that_the_model_can_not_draw_is_refused(client, tool, error):
    with pytest.raises(error):
        respond(client, "draw a fox", tool)


def test_the_web_is_searched_cited_and_billed(client, openai_mock):
    response = respond(
        client,
        "What is the latest news?",
        {"type": "web_search"},
        include=["web_search_call.action.sources"],
    )
    [call, message] = response.output
    assert (call.type, call.action.type, call.action.query) == ("web_search_call", "search", "What is the latest news?")  # fmt: skip
    cited = message.content[0].annotations[0]
    assert cited.url == call.action.sources[0].url
    assert openai_mock.calls[-1].cost > Decimal("0.01")


def test_files_are_searched_by_shared_words(client):
    client.files.create(file=("fox.txt", b"The fox sleeps in the snow."), purpose="user_data")
    client.files.create(file=("tax.txt", b"Invoices are due in March."), purpose="user_data")
    tool = {"type": "file_search", "vector_store_ids": ["vs_1"]}
    response = respond(client, "Where does the fox sleep?", tool, include=["file_search_call.results"])
    [call, message] = response.output
    assert call.results[0].filename == "fox.txt"
    assert message.content[0].annotations[0].filename == "fox.txt"


def test_code_reckons_what_the_prompt_asks(client):
    tool = {"type": "code_interpreter", "container": {"type": "auto"}}
    response = respond(client, "What is 12 * (7 + 3)?", tool, include=["code_interpreter_call.outputs"])
    call = response.output[0]
    assert (call.code, call.outputs[0].logs) == ("print(12 * (7 + 3))", "120\n")


@pytest.mark.parametrize("written", ["9**9**9", "__import__('os')", "1/0", "(" * 500, "1e999*0", "'a'*9"])
def test_code_reckons_nothing_else(written):
    value = evaluate(written)
    assert value is None or value != value


def test_a_remote_server_asks_for_approval_first(client):
    tool = {
        "type": "mcp",
        "server_label": "dice",
        "server_url": "https://example.com",
        "allowed_tools": ["roll"],
    }
    asked = respond(client, "roll", tool)
    [listed, request] = asked.output
    assert (listed.type, listed.tools[0].name) == ("mcp_list_tools", "roll")
    assert (request.type, request.name) == ("mcp_approval_request", "roll")
    answer = {"type": "mcp_approval_response", "approve": True, "approval_request_id": request.id}
    done = client.responses.create(model=MODEL, input=[answer], tools=[tool], previous_response_id=asked.id)
    assert [item.type for item in done.output] == ["mcp_list_tools", "mcp_call", "message"]
    free = respond(client, "roll", {**tool, "require_approval": "never"})
    assert free.output[1].type == "mcp_call"


@pytest.mark.parametrize(
    ("tool", "done"),
    [
        ({"type": "web_search"}, "web_search_call.searching"),
        ({"type": "file_search", "vector_store_ids": ["vs_1"]}, "file_search_call.searching"),
        ({"type": "code_interpreter", "container": {"type": "auto"}}, "code_interpreter_call_code.done"),
        (
            {"type": "mcp", "server_label": "x", "server_url": "https://example.com", "allowed_tools": ["f"], "require_approval": "never"},
            "mcp_call_arguments.done",
        ),
    ],
)  # fmt: skip
def test_each_tool_streams_its_events(client, tool, done):
    with respond(client, "search: what is 1 + 1?", tool, stream=True) as stream:
        events = list(stream)
    assert f"response.{done}" in [event.type for event in events]
    whole = respond(client, "search: what is 1 + 1?", tool)
    assert [item.type for item in events[-1].response.output] == [item.type for item in whole.output]


def test_a_tool_that_the_prompt_does_not_speak_of_is_not_used(client):
    offered = [DRAW, {"type": "web_search"}, {"type": "code_interpreter", "container": {"type": "auto"}}]
    assert [item.type for item in respond(client, "Hello there", *offered).output] == ["message"]
    assert [item.type for item in respond(client, "a fox", DRAW, tool_choice="none").output] == ["message"]


def test_a_tool_that_is_named_is_used(client):
    offered = [DRAW, {"type": "web_search"}]
    response = respond(client, "Hello there", *offered, tool_choice={"type": "web_search"})
    assert response.output[0].type == "web_search_call"


def test_thoughts_are_shown_where_they_are_asked_for(client):
    response = respond(client, "why?", reasoning={"summary": "auto"}, include=["reasoning.encrypted_content"])
    thought = response.output[0]
    assert (thought.type, thought.summary[0].type) == ("reasoning", "summary_text")
    assert thought.encrypted_content
    assert response.usage.output_tokens_details.reasoning_tokens > 0
    assert response.usage.total_tokens == response.usage.input_tokens + response.usage.output_tokens
    assert respond(client, "why?").output[0].type == "message"
    with respond(client, "why?", reasoning={"summary": "auto"}, stream=True) as stream:
        assert "response.reasoning_summary_text.delta" in [event.type for event in stream]


@pytest.mark.parametrize(
    ("prompt", "tool", "price"),
    [
        ("Search my files for the fox.", {"type": "file_search", "vector_store_ids": ["vs_1"]}, "0.0025"),
        ("Calculate 17 * 23", {"type": "code_interpreter", "container": {"type": "auto"}}, "0.0075"),
        ("Calculate 17 * 23", {"type": "code_interpreter", "container": "cntr_mine"}, "0"),
    ],
)
def test_a_search_of_files_and_a_new_container_are_billed_beside_the_tokens(
    client, openai_mock, prompt, tool, price
):
    respond(client, prompt, tool)
    recorded = openai_mock.calls[-1]
    assert recorded.cost == cost_of(Usage(MODEL, recorded.usage.units)) + Decimal(price)


def test_a_scripted_answer_comes_with_what_openai_s_own_tools_found(client, openai_mock):
    file = client.files.create(file=("kites.txt", b"Red kites nest in oaks."), purpose="assistants")
    store = client.vector_stores.create(file_ids=[file.id])
    openai_mock.reply("nest", text="In oaks.")
    response = client.responses.create(
        model=MODEL,
        input="Where do red kites nest?",
        tools=[{"type": "file_search", "vector_store_ids": [store.id]}],
        include=["file_search_call.results"],
    )
    assert response.output[0].results[0].filename == "kites.txt"
    assert response.output_text == "In oaks."
