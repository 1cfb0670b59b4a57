"""The realtime stand-in refuses what OpenAI refuses, fails as it is scripted to, and goes on."""

import contextlib
import json

import pytest
import websockets.sync.client
from openai import OpenAI
from websockets.exceptions import ConnectionClosed, InvalidStatus

from classroom import OpenAIMock
from classroom.allowance import Allowance
from tests.classroom.voices import MODEL, say

# --- errors


WRONG = {
    "an unknown event": ({"type": "response.stop"}, "type", "invalid_value"),
    "no event": (["x"], "type", "invalid_event"),
    "a session without its type": ({"type": "session.update", "session": {}}, "session.type", "missing_required_parameter"),
    "an unknown setting": ({"type": "session.update", "session": {"type": "realtime", "temperature": 1}}, "session.temperature", "unknown_parameter"),
    "two modalities": ({"type": "session.update", "session": {"type": "realtime", "output_modalities": ["text", "audio"]}}, "session.output_modalities", "invalid_value"),
    "a voice of another model": ({"type": "session.update", "session": {"type": "realtime", "audio": {"output": {"voice": "nova"}}}}, "session.audio.output.voice", "invalid_value"),
    "a format": ({"type": "session.update", "session": {"type": "realtime", "audio": {"output": {"format": {"type": "audio/mp3"}}}}}, "session.audio.output.format.type", "invalid_value"),
    "a speed": ({"type": "session.update", "session": {"type": "realtime", "audio": {"output": {"speed": 9}}}}, "session.audio.output.speed", "invalid_value"),
    "another model": ({"type": "session.update", "session": {"type": "realtime", "model": "gpt-realtime-2"}}, "session.model", "invalid_value"),
    "no item": ({"type": "conversation.item.create"}, "item", "missing_required_parameter"),
    "a role": ({"type": "conversation.item.create", "item": {"type": "message", "role": "x", "content": []}}, "item.role", "invalid_value"),
    "a content": ({"type": "conversation.item.create", "item": {"type": "message", "role": "user", "content": [{"type": "text"}]}}, "item.content[0].type", "invalid_value"),
    "no sound": ({"type": "input_audio_buffer.append", "audio": "!"}, "audio", "invalid_value"),
    "nothing to commit": ({"type": "input_audio_buffer.commit"}, None, "input_audio_buffer_commit_empty"),
    "nothing to cancel": ({"type": "response.cancel"}, "response_id", "response_cancel_not_active"),
    "no such item": ({"type": "conversation.item.delete", "item_id": "x"}, "item_id", "item_not_found"),
    "a place for the item": ({"type": "conversation.item.create", "previous_item_id": "x", "item": {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "x"}]}}, "previous_item_id", "item_not_found"),
    "a response's limit": ({"type": "response.create", "response": {"max_output_tokens": 5000}}, "response.max_output_tokens", "invalid_value"),
    "a tool": ({"type": "response.create", "response": {"tools": [{"type": "function"}]}}, "response.tools[0].name", "missing_required_parameter"),
    "an input": ({"type": "response.create", "response": {"input": [{"type": "message", "role": "user"}]}}, "response.input[0].content", "missing_required_parameter"),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_is_an_error_event_and_the_connection_stays(openai_mock, case):
    event, param, code = WRONG[case]
    address = openai_mock.base_url.replace("http", "ws") + f"/realtime?model={MODEL}"
    with websockets.sync.client.connect(address, additional_headers={"Authorization": "Bearer k"}) as socket:
        socket.recv()
        socket.send(json.dumps({**event, "event_id": "mine"} if isinstance(event, dict) else event))
        answer = json.loads(socket.recv())
        assert (answer["type"], answer["error"]["param"], answer["error"]["code"]) == ("error", param, code)
        assert answer["error"]["event_id"] == ("mine" if isinstance(event, dict) else None)
        socket.send(json.dumps({"type": "input_audio_buffer.clear"}))
        assert json.loads(socket.recv())["type"] == "input_audio_buffer.cleared"
    assert openai_mock.calls[0].error_code == code


HOSTILE = ["", "null", "[" * 100_000, '{"type": "response.create", "response": 3}', '{"type": {"a": 1}}', "\ud83d".encode("utf-16", "surrogatepass").hex(), '{"type":"conversation.item.create","item":{"type":"message","role":"user","content":[{"type":"input_text","text":"\\ud83d"}]}}']  # fmt: skip


@pytest.mark.parametrize("message", HOSTILE, ids=range(len(HOSTILE)))
def test_a_hostile_message_does_not_end_the_connection(openai_mock, message):
    address = openai_mock.base_url.replace("http", "ws") + f"/realtime?model={MODEL}"
    with websockets.sync.client.connect(address, additional_headers={"Authorization": "Bearer k"}) as socket:
        socket.recv()
        socket.send(message)
        socket.send(b"\x00\xff")
        socket.send(json.dumps({"type": "response.create", "response": {"output_modalities": ["text"]}}))
        while json.loads(socket.recv())["type"] != "response.done":
            pass


def test_without_a_key_or_with_a_scripted_refusal_there_is_no_connection(openai_mock):
    address = openai_mock.base_url.replace("http", "ws") + f"/realtime?model={MODEL}"
    with pytest.raises(InvalidStatus) as caught, websockets.sync.client.connect(address):
        pass
    assert caught.value.response.status_code == 401
    openai_mock.fail(status=401, times=1)
    with pytest.raises(InvalidStatus) as caught, OpenAI().realtime.connect(model=MODEL):
        pass
    assert json.loads(caught.value.response.body)["error"]["code"] == "invalid_api_key"
    assert [call.status for call in openai_mock.calls] == [401, 401]


@pytest.mark.parametrize(
    ("model", "code"), [("gpt-realtime-9", "model_not_found"), ("gpt-5.4-mini", "invalid_value")]
)
def test_a_model_that_can_not_talk_is_reported_and_the_connection_closed(openai_mock, model, code):
    with OpenAI().realtime.connect(model=model) as connection:
        assert connection.recv().error.code == code
        with pytest.raises(ConnectionClosed):
            connection.recv()


# --- faults, limits, replies


@pytest.mark.parametrize(
    ("fault", "code"),
    [({"code": "insufficient_quota"}, "insufficient_quota"), ({"status": 429}, "rate_limit_exceeded"), ({"status": 400}, None)],
)  # fmt: skip
def test_a_scripted_error_fails_the_response_and_the_next_one_works(connection, openai_mock, fault, code):
    openai_mock.fail(**fault, times=1)
    done = say(connection, "hello")[-1].response
    assert (done.status, done.status_details.error.code) == ("failed", code)
    assert openai_mock.calls[-1].outputs == ()
    assert say(connection, "hello")[-1].response.status == "completed"


@pytest.mark.parametrize("effect", ["drop", "truncate"])
def test_a_scripted_break_ends_the_connection(connection, openai_mock, effect):
    openai_mock.fail(effect=effect)
    with pytest.raises(ConnectionClosed):
        say(connection, "hello")


@pytest.mark.parametrize("effect", ["malformed", "wrong_type"])
def test_a_spoiled_event_is_no_json(openai_mock, effect):
    openai_mock.fail(effect=effect)
    address = openai_mock.base_url.replace("http", "ws") + f"/realtime?model={MODEL}"
    with websockets.sync.client.connect(address, additional_headers={"Authorization": "Bearer k"}) as socket:
        socket.send(json.dumps({"type": "response.create"}))
        received = []
        with contextlib.suppress(ConnectionClosed):
            while True:
                received.append(socket.recv())
        with pytest.raises(ValueError, match=r"Expecting|Unterminated"):
            json.loads(received[-1])


def test_an_empty_response_has_no_output(connection, openai_mock):
    openai_mock.fail(effect="empty")
    assert say(connection, "hello")[-1].response.output == []


def test_messages_count_against_what_a_stand_in_takes_at_most():
    with OpenAIMock(allowance=Allowance(requests=5, bytes=10_000)) as mock:
        address = mock.base_url.replace("http", "ws") + f"/realtime?model={MODEL}"
        with websockets.sync.client.connect(
            address, additional_headers={"Authorization": "Bearer k"}
        ) as socket:
            socket.recv()
            answers = []
            with contextlib.suppress(ConnectionClosed):  # the stand-in hangs up while we are still sending
                for _ in range(50):
                    socket.send("flood")
            with contextlib.suppress(ConnectionClosed):
                while True:
                    answers.append(json.loads(socket.recv())["error"]["code"])
        assert answers == ["invalid_event"] * 4 + ["stand_in_exhausted"]
        assert len(mock.calls) == 5


def test_a_rate_limit_fails_the_response(connection, openai_mock):
    openai_mock.limit(requests=1)
    say(connection, "one")
    assert say(connection, "two")[-1].response.status_details.error.code == "rate_limit_exceeded"


def test_the_key_is_in_no_record(openai_mock):
    key = "sk-" + "proj-" + "very-secret-0123456789"
    with OpenAI(api_key=key).realtime.connect(model=MODEL) as connection:
        connection.recv()
        say(connection, f"my key is {key}", instructions=f"keep {key}", output_modalities=["text"])
    [call] = openai_mock.calls
    assert key not in repr(call.body)
    assert "[key redacted]" in repr(call.body)


def test_a_scripted_reply_is_spoken(connection, openai_mock):
    openai_mock.reply("weather", route="realtime", text="Fog.")
    openai_mock.reply("call", tool_calls={"ring": {"who": "Ada"}})
    assert say(connection, "the weather?")[-1].response.output[0].content[0].transcript == "Fog."
    assert say(connection, "call")[-1].response.output[0].arguments == '{"who": "Ada"}'


def test_a_websocket_at_another_address_is_a_404(openai_mock):
    address = openai_mock.base_url.replace("http", "ws", 1) + "/responses"
    with (
        pytest.raises(InvalidStatus) as caught,
        websockets.sync.client.connect(address, additional_headers={"Authorization": "Bearer sk-mock"}),
    ):
        pass
    assert caught.value.response.status_code == 404
    assert json.loads(caught.value.response.body)["error"]["message"] == "Invalid URL (GET /v1/responses)"
