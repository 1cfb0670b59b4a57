"""Realtime over WebSocket, with the SDK's own client: events in order, sound, errors, cancellation, usage, price."""

import asyncio
import base64
import json
import time
import wave

import pytest
from openai import AsyncAzureOpenAI, AsyncOpenAI, OpenAI
from openai.types.realtime import RealtimeSessionCreateRequest
from openai.types.realtime.realtime_response_create_params import RealtimeResponseCreateParams

from classroom.media import sound
from classroom.standin.realtime import session, speaking
from tests.classroom.voices import ALOUD, MODEL, SPOKEN, heard, kinds, say, until


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
