"""Realtime over WebSocket, with the SDK's own client: events in order, sound, errors, cancellation, usage, price."""

import asyncio
import base64
import contextlib
import json
import time
import wave

import pytest
import websockets.sync.client
from openai import AsyncAzureOpenAI, AsyncOpenAI, OpenAI
from openai.types.realtime import RealtimeSessionCreateRequest
from openai.types.realtime.realtime_response_create_params import RealtimeResponseCreateParams
from websockets.exceptions import ConnectionClosed, InvalidStatus

from classroom import OpenAIMock
from classroom.allowance import Allowance
from classroom.media import sound
from classroom.standin.realtime import session, speaking

MODEL = "gpt-realtime-2.1-mini"
ALOUD = "You are a voice. Read the user's text aloud, word for word."
SPOKEN = [
    "response.created",
    "rate_limits.updated",
    "response.output_item.added",
    "conversation.item.added",
    "response.content_part.added",
    "response.output_audio_transcript.delta",
    "response.output_audio.delta",
    "response.output_audio.done",
    "response.output_audio_transcript.done",
    "response.content_part.done",
    "response.output_item.done",
    "conversation.item.done",
    "response.done",
]


@pytest.fixture
def connection(openai_mock):
    with OpenAI(max_retries=0).realtime.connect(model=MODEL) as made:
        assert made.recv().type == "session.created"
        yield made


def say(connection, words, **response):
    """The events from the words to the end of the response."""
    part = {"type": "input_text", "text": words}
    connection.conversation.item.create(item={"type": "message", "role": "user", "content": [part]})
    connection.response.create(response=response)
    return until(connection, "response.done")


def until(connection, kind):
    events = []
    while not events or events[-1].type != kind:
        events.append(connection.recv())
        assert events[-1].type != "error" or kind == "error", events[-1]
    return events


def heard(events):
    return b"".join(
        base64.b64decode(event.delta) for event in events if event.type == "response.output_audio.delta"
    )


def kinds(events):
    """The types in their order, repetitions left out."""
    return list(dict.fromkeys(event.type for event in events))


def test_words_are_spoken_with_their_transcript_in_openai_s_order(connection, openai_mock):
    events = say(connection, "hello")
    assert kinds(events[2:]) == SPOKEN  # the first two are the user's item
    assert len({event.event_id for event in events}) == len(events)
    done = events[-1].response
    transcript = "".join(e.delta for e in events if e.type == "response.output_audio_transcript.delta")
    assert (done.status, done.output[0].content[0].transcript) == ("completed", transcript)
    assert "hello" in transcript
    [call] = openai_mock.calls
    assert call.route == "realtime"
    assert call.mentions("hello")
    assert [output.kind for output in call.outputs] == ["audio", "text"]
    assert call.outputs[0].content == heard(events)
    assert call.outputs[1].content.decode() == transcript


def test_the_sound_is_real_and_says_what_was_to_be_read(connection, tmp_path):
    connection.session.update(session={"type": "realtime", "instructions": ALOUD})
    assert connection.recv().session.instructions == ALOUD
    events = say(connection, "The tide comes in at noon.")
    assert events[-1].response.output[0].content[0].transcript == "The tide comes in at noon."
    assert heard(events) == sound.speak("The tide comes in at noon.", voice="marin", format="pcm")
    with wave.open(str(tmp_path / "tide.wav"), "wb") as file:
        file.setparams((1, 2, 24_000, 0, "NONE", ""))
        file.writeframes(heard(events))
    assert sound.listening.measure((tmp_path / "tide.wav").read_bytes()) > 1


def test_usage_and_price_are_those_of_words_and_sound(connection, openai_mock):
    events = say(connection, "hello", instructions="Say exactly the user's text")
    usage = events[-1].response.usage
    seconds = len(heard(events)) / 48_000
    assert usage.output_token_details.audio_tokens == round(seconds * 20)
    assert usage.total_tokens == usage.input_tokens + usage.output_tokens
    dollars = usage.output_token_details.audio_tokens * 20 / 1e6
    assert float(openai_mock.calls.cost) == pytest.approx(dollars, rel=0.3)


def test_text_alone_is_answered_where_it_is_asked_for(connection):
    connection.session.update(session={"type": "realtime", "output_modalities": ["text"]})
    until(connection, "session.updated")
    events = say(connection, "hello")
    words = "".join(event.delta for event in events if event.type == "response.output_text.delta")
    assert events[-1].response.output[0].content[0].text == words
    assert "hello" in words
    assert not heard(events)


def test_a_response_beside_the_conversation_leaves_no_item(connection):
    part = {"type": "input_text", "text": "Only this."}
    given = {"type": "message", "role": "user", "content": [part]}
    for words in ("Only this.", "And this."):
        part["text"] = words
        connection.response.create(
            response={
                "conversation": "none",
                "input": [given],
                "instructions": ALOUD,
                "metadata": {"n": words},
            }
        )
        events = until(connection, "response.done")
        assert not any(event.type.startswith("conversation") for event in events)
        assert events[-1].response.output[0].content[0].transcript == words
        assert events[-1].response.metadata == {"n": words}


def test_a_tool_is_called_and_its_output_spoken_of(connection):
    tool = {
        "type": "function",
        "name": "get_weather",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
    }
    connection.session.update(session={"type": "realtime", "tools": [tool], "output_modalities": ["text"]})
    until(connection, "session.updated")
    call = say(connection, "What is the weather in Paris?")[-1].response.output[0]
    assert (call.type, call.name, json.loads(call.arguments)) == (
        "function_call",
        "get_weather",
        {"city": "Paris"},
    )
    connection.conversation.item.create(
        item={"type": "function_call_output", "call_id": call.call_id, "output": "14 degrees"}
    )
    connection.response.create()
    assert "14 degrees" in until(connection, "response.done")[-1].response.output[0].content[0].text


def test_sound_that_the_stand_in_spoke_is_understood(connection, openai_mock):
    spoken = OpenAI().audio.speech.create(
        model="gpt-4o-mini-tts", voice="nova", input="What is an API, in one sentence?", response_format="pcm"
    ).read()  # fmt: skip
    connection.session.update(
        session={
            "type": "realtime",
            "output_modalities": ["text"],
            "audio": {"input": {"turn_detection": None, "transcription": {"model": "gpt-transcribe"}}},
        }
    )
    for start in range(0, len(spoken), 32_000):
        connection.input_audio_buffer.append(audio=base64.b64encode(spoken[start : start + 32_000]).decode())
    connection.input_audio_buffer.commit()
    events = until(connection, "conversation.item.input_audio_transcription.completed")
    assert "input_audio_buffer.committed" in kinds(events)
    assert events[-1].transcript == "What is an API, in one sentence?"
    connection.response.create()
    done = until(connection, "response.done")[-1].response
    assert done.output[0].content[0].text.startswith("An API is a messenger")
    assert done.usage.input_token_details.audio_tokens == round(len(spoken) / 48_000 * 10)


@pytest.mark.parametrize(("kind", "rate"), [("audio/pcmu", 8_000), ("audio/pcma", 8_000)])
def test_telephone_sound_is_given_too(connection, kind, rate):
    output = {"format": {"type": kind}, "voice": "cedar", "speed": 1.5}
    connection.session.update(
        session={"type": "realtime", "instructions": ALOUD, "audio": {"output": output}}
    )
    until(connection, "session.updated")
    content = heard(say(connection, "hello there"))
    assert 0.3 * rate < len(content) < 2 * rate


# --- cancelling, limits


def test_a_cancelled_response_ends_early_and_costs_what_was_sent(connection, openai_mock):
    part = {"type": "input_text", "text": "word " * 400}
    connection.conversation.item.create(item={"type": "message", "role": "user", "content": [part]})
    connection.response.create(response={"instructions": ALOUD, "output_modalities": ["text"]})
    until(connection, "response.output_text.delta")
    connection.response.cancel()
    events = until(connection, "response.done")
    done = events[-1].response
    assert (done.status, done.status_details.reason) == ("cancelled", "client_cancelled")
    assert done.output[0].status == "incomplete"
    assert 0 < done.usage.output_tokens < 400
    assert openai_mock.calls[-1].outputs == ()


def test_a_limit_of_tokens_makes_a_response_incomplete(connection):
    done = say(connection, "word " * 50, instructions=ALOUD, max_output_tokens=5, output_modalities=["text"])[-1].response  # fmt: skip
    assert (done.status, done.status_details.reason) == ("incomplete", "max_output_tokens")


def test_there_is_one_response_of_the_conversation_at_a_time(connection):
    connection.response.create(response={"instructions": "Say exactly: one two three"})
    connection.response.create()
    events = until(connection, "error")
    assert events[-1].error.code == "conversation_already_has_active_response"
    assert until(connection, "response.done")[-1].response.status == "completed"


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
def test_a_model_that_can_not_talk_is_told_and_the_connection_closed(openai_mock, model, code):
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


# --- the async client, Azure, the table


def test_the_async_client_and_azure_s_address_reach_the_same(openai_mock):
    origin = openai_mock.base_url.removesuffix("/v1").replace("http", "ws")

    async def ask(client, model):
        async with client.realtime.connect(model=model) as connection:
            await connection.response.create(response={"instructions": "Say exactly: aye"})
            async for event in connection:
                if event.type == "response.done":
                    break
        return event.response.output[0].content[0].transcript

    azure = AsyncAzureOpenAI(
        api_key="k", api_version="2024-10-01", azure_endpoint=origin, websocket_base_url=f"{origin}/openai"
    )
    current = AsyncOpenAI(api_key="k", websocket_base_url=f"{origin}/openai/v1")
    for client in (AsyncOpenAI(), azure, current):
        assert asyncio.run(ask(client, MODEL)) == "aye"


def test_the_settings_are_those_of_the_sdk():
    assert set(RealtimeSessionCreateRequest.model_fields) == session.SETTINGS
    assert set(RealtimeResponseCreateParams.model_fields) == session.OPTIONS


@pytest.mark.parametrize(
    ("instructions", "prompt", "words"),
    [
        (ALOUD, "Hi.", "Hi."),
        ("Read the following text verbatim:\n\nHi there: you.", "", "Hi there: you."),
        ("", "Say exactly: Hi.", "Hi."),
        ("", 'Please repeat word for word: "Hi."', "Hi."),
        ("Be kind.", "Say something nice", None),
        ("Answer questions about reading.", "What is the following: a?", None),
    ],
)
def test_what_is_to_be_read_aloud_is_read_as_it_stands(instructions, prompt, words):
    assert speaking.aloud([{"role": "user", "content": prompt}], instructions) == words


def test_a_response_that_never_comes_is_on_record_while_it_is_awaited(connection, openai_mock):
    openai_mock.fail(effect="hang", seconds=30)
    connection.response.create(response={"instructions": "Say exactly: aye"})
    until(connection, "rate_limits.updated")
    deadline = time.monotonic() + 5
    while not openai_mock.calls and time.monotonic() < deadline:
        time.sleep(0.01)
    [call] = openai_mock.calls
    assert (call.status, call.fault, call.mentions("aye")) == (0, "hang", True)
