"""Sound in chat completions: what is heard, what is said, what it costs."""

import base64
import io
import wave

import openai
import pytest

MODEL = "gpt-audio-1.5"
VOICE = {"voice": "alloy", "format": "wav"}
HELLO = [{"role": "user", "content": "hello there"}]


def asked(**more):
    return {"model": MODEL, "messages": HELLO, "modalities": ["text", "audio"], "audio": VOICE, **more}


@pytest.fixture
def speech(client):
    def part_of(words):
        made = client.audio.speech.create(
            model="gpt-4o-mini-tts", voice="alloy", input=words, response_format="wav"
        )
        data = base64.b64encode(made.read()).decode()
        return {"type": "input_audio", "input_audio": {"data": data, "format": "wav"}}

    return part_of


def test_an_answer_is_spoken_and_its_words_are_its_transcript(client, openai_mock):
    openai_mock.reply("hello", text="Good day to you.")
    completion = client.chat.completions.create(**asked())
    message = completion.choices[0].message
    assert message.content is None
    assert message.audio.transcript == "Good day to you."
    content = base64.b64decode(message.audio.data)
    with wave.open(io.BytesIO(content)) as file:
        assert file.getnframes() > 10_000
    assert client.audio.transcriptions.create(model="gpt-transcribe", file=("a.wav", content)).text == (
        "Good day to you."
    )
    spoken = completion.usage.completion_tokens_details.audio_tokens
    assert 0 < spoken < completion.usage.completion_tokens


def test_sound_is_dearer_than_words(client, openai_mock):
    openai_mock.reply("hello", text="Good day to you.")
    client.chat.completions.create(**asked())
    usage = openai_mock.calls[-1].usage
    assert openai_mock.calls.cost > usage.units["output_tokens"] * 10 / 1_000_000


def test_an_answer_streams_its_words_and_pcm(client, openai_mock):
    openai_mock.reply("hello", text="Good day to you.")
    chunks = list(client.chat.completions.create(**asked(stream=True, audio=VOICE | {"format": "pcm16"})))
    audio = [each.choices[0].delta.audio for each in chunks if each.choices and each.choices[0].delta.audio]
    parts = [each if isinstance(each, dict) else each.model_dump(exclude_none=True) for each in audio]
    assert "".join(each.get("transcript", "") for each in parts) == "Good day to you."
    assert len(b"".join(base64.b64decode(each["data"]) for each in parts if "data" in each)) > 20_000
    assert "expires_at" in parts[-1]


def test_a_spoken_message_is_understood(client, speech):
    messages = [{"role": "user", "content": [speech("kites are red")]}]
    completion = client.chat.completions.create(model=MODEL, messages=messages)
    assert "kites are red" in completion.choices[0].message.content
    assert completion.usage.prompt_tokens_details.audio_tokens > 5


def test_a_spoken_question_calls_a_tool(client, speech):
    tool = {
        "type": "function",
        "function": {
            "name": "get_weather",
            "parameters": {
                "type": "object",
                "properties": {"city": {"type": "string"}},
                "required": ["city"],
            },
        },
    }
    messages = [{"role": "user", "content": [speech("What is the weather in Paris?")]}]
    completion = client.chat.completions.create(**asked(messages=messages, tools=[tool]))
    [call] = completion.choices[0].message.tool_calls
    assert call.function.arguments == '{"city": "Paris"}'


def test_an_answer_is_gone_on_with_by_its_identifier(client):
    first = client.chat.completions.create(**asked())
    earlier = {"role": "assistant", "audio": {"id": first.choices[0].message.audio.id}}
    messages = [*HELLO, earlier, {"role": "user", "content": "and then?"}]
    second = client.chat.completions.create(**asked(messages=messages))
    assert second.usage.prompt_tokens > first.usage.prompt_tokens + 10


SOUND = {"type": "input_audio", "input_audio": {"data": "aGVsbG8=", "format": "wav"}}
REFUSED = {
    "no sound at all": ({"modalities": ["text"]}, "model"),
    "a model that has no voice": ({"model": "gpt-5.4-mini"}, "modalities"),
    "no voice": ({"audio": {"format": "wav"}}, "audio.voice"),
    "no audio": ({"audio": None}, "audio"),
    "another format": ({"audio": VOICE | {"format": "midi"}}, "audio.format"),
    "another voice": ({"audio": VOICE | {"voice": "nobody"}}, "audio.voice"),
    "a stream of wav": ({"stream": True}, "audio.format"),
    "another modality": ({"modalities": ["smell"]}, "modalities[0]"),
    "what is no sound": (
        {"messages": [{"role": "user", "content": [SOUND]}]},
        "messages[0].content[0].input_audio.data",
    ),
    "no data": (
        {"messages": [{"role": "user", "content": [{"type": "input_audio"}]}]},
        "messages[0].content[0].input_audio",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_openai_refuses_is_refused(client, case):
    changed, param = REFUSED[case]
    with pytest.raises(openai.BadRequestError) as refused:
        client.chat.completions.create(**asked(**changed))
    assert refused.value.param == param


def test_a_model_that_can_t_hear_refuses_sound(client, speech):
    with pytest.raises(openai.BadRequestError, match="input_audio is only supported by certain models"):
        client.chat.completions.create(
            model="gpt-5.4-mini", messages=[{"role": "user", "content": [speech("hi")]}]
        )


def test_samples_that_a_client_puts_into_a_file_are_understood(client):
    pcm = client.audio.speech.create(
        model="gpt-4o-mini-tts", voice="alloy", input="kites are red", response_format="pcm"
    ).read()
    file = io.BytesIO()
    with wave.open(file, "wb") as written:
        written.setnchannels(1)
        written.setsampwidth(2)
        written.setframerate(24_000)
        written.writeframes(pcm)
    heard = client.audio.transcriptions.create(model="gpt-transcribe", file=("a.wav", file.getvalue()))
    assert heard.text == "kites are red"
