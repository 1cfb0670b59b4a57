"""Scripted replies: what is answered, to which request, how often; and the answer when nothing fits."""

import io
import json
import re
import threading

import openai
import pytest
from openai import OpenAI
from PIL import Image
from typer.testing import CliRunner

from classroom import OpenAIMock
from classroom.cli import app
from classroom.standin.scripting.replies import reply
from classroom.standin.scripting.scripts import ScriptError, read_script

MODEL = "gpt-5.4-mini"
WEATHER = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
TOOL = {"type": "function", "function": {"name": "get_weather", "parameters": WEATHER}}
FLAT = {"type": "function", "name": "get_weather", "parameters": WEATHER}


def chat(client, prompt, **options):
    messages = [{"role": "user", "content": prompt}]
    return client.chat.completions.create(model=MODEL, messages=messages, **options).choices[0].message


def respond(client, prompt, **options):
    return client.responses.create(**{"model": MODEL, "input": prompt, **options})


def picture() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (16, 16), "red").save(out, "PNG")
    return out.getvalue()


def test_a_text_is_answered_on_every_route_that_writes(client, openai_mock):
    openai_mock.reply(text="Aye.")
    assert chat(client, "hi").content == "Aye."
    assert respond(client, "hi").output_text == "Aye."
    with client.chat.completions.create(
        model=MODEL, messages=[{"role": "user", "content": "hi"}], stream=True
    ) as stream:
        assert "".join(chunk.choices[0].delta.content or "" for chunk in stream) == "Aye."
    with respond(client, "hi", stream=True) as stream:
        assert (
            "".join(event.delta for event in stream if event.type == "response.output_text.delta") == "Aye."
        )


def test_a_reply_fits_by_the_words_of_the_last_message(client, openai_mock):
    openai_mock.reply("weather in PARIS", text="Fog.")
    openai_mock.reply(re.compile(r"\d+ degrees"), text="Mild.")
    openai_mock.reply(lambda request: len(request.last) > 100, text="Long.")
    assert chat(client, "What is the  weather in Paris?").content == "Fog."
    assert chat(client, "14 degrees").content == "Mild."
    assert chat(client, "x" * 101).content == "Long."
    assert "You asked" in chat(client, "weather in Rome").content


MATCHERS = {
    "its model": {"model": "gpt-5.4"},
    "its model, in part": {"model": "gpt-5.[0-3]*"},
    "its route": {"route": "responses"},
    "its tools": {"tools": ["get_weather", "get_time"]},
}


@pytest.mark.parametrize("case", MATCHERS)
def test_a_reply_for_another_request_does_not_answer(client, openai_mock, case):
    openai_mock.reply(text="wrong", **MATCHERS[case])
    openai_mock.reply(model="gpt-5.*", route="chat", tools="get_weather", text="right")
    assert chat(client, "hi", tools=[TOOL]).content == "right"


def test_times_and_after_say_which_requests_are_answered(client, openai_mock):
    openai_mock.reply(text="once", times=1, after=1)
    openai_mock.reply(text="else")
    assert [chat(client, "hi").content for _ in range(4)] == ["else", "once", "else", "else"]


def test_a_sequence_answers_one_request_each_and_is_used_up(client, openai_mock):
    openai_mock.reply("count", text=["one", "two"])
    assert [chat(client, "count").content for _ in range(2)] == ["one", "two"]
    assert "You asked" in chat(client, "count").content


def test_a_sequence_may_mix_calls_and_words(client, openai_mock):
    openai_mock.reply(
        None, [{"tool_calls": {"get_weather": {"city": "Oslo"}}}, {"text": "done"}, {"json": {"ok": True}}]
    )
    first = chat(client, "anything", tools=[TOOL])
    assert json.loads(first.tool_calls[0].function.arguments) == {"city": "Oslo"}
    assert chat(client, "anything").content == "done"
    assert json.loads(chat(client, "anything").content) == {"ok": True}


def test_a_function_is_asked_with_the_request(client, openai_mock):
    openai_mock.reply(
        text=lambda request: f"{request.route} {request.model} {request.prompt} {request.tools}"
    )
    assert chat(client, "hi", tools=[TOOL]).content == f"chat/completions {MODEL} hi ('get_weather',)"


CALLS = {
    "a name, its arguments from the prompt": ("get_weather", [("get_weather", {"city": "Paris"})]),
    "a mapping": ({"get_weather": {"city": "Rome"}}, [("get_weather", {"city": "Rome"})]),
    "OpenAI's own form": ({"name": "f", "arguments": '{"a": 1}'}, [("f", {"a": 1})]),
    "several": (
        [("f", {"a": 1}), {"f": {"a": 2}}, "get_weather"],
        [("f", {"a": 1}), ("f", {"a": 2}), ("get_weather", {"city": "Paris"})],
    ),
}


@pytest.mark.parametrize("case", CALLS)
def test_the_calls_that_are_scripted_are_made(client, openai_mock, case):
    written, wanted = CALLS[case]
    openai_mock.reply(tool_calls=written)
    made = chat(client, "weather in Paris", tools=[TOOL]).tool_calls
    assert [(call.function.name, json.loads(call.function.arguments)) for call in made] == wanted
    items = respond(client, "weather in Paris", tools=[FLAT]).output
    assert [(item.name, json.loads(item.arguments)) for item in items] == wanted
    assert len({item.call_id for item in items}) == len({item.id for item in items}) == len(wanted)


def test_arguments_that_are_no_json_are_sent_as_they_are(client, openai_mock):
    openai_mock.reply(tool_calls={"get_weather": '{"city": '})
    assert chat(client, "hi").tool_calls[0].function.arguments == '{"city": '


def test_calls_are_not_repeated_once_they_have_their_results(client, openai_mock):
    openai_mock.reply(tool_calls={"get_weather": {"city": "Paris"}})
    first = chat(client, "hi", tools=[TOOL])
    messages = [
        {"role": "user", "content": "hi"},
        first,
        {"role": "tool", "tool_call_id": first.tool_calls[0].id, "content": "fog"},
    ]
    order = {"model": MODEL, "messages": messages, "tools": [TOOL]}
    assert "fog" in client.chat.completions.create(**order).choices[0].message.content


def test_items_are_a_response_s_output_with_what_they_leave_out(client, openai_mock):
    openai_mock.reply(items=[
        {"type": "reasoning", "summary": [{"type": "summary_text", "text": "hm"}]},
        {"type": "web_search_call", "action": {"type": "search", "query": "q"}},
        {"type": "message", "content": "Found."},
    ])  # fmt: skip
    response = respond(client, "hi")
    assert [item.type for item in response.output] == ["reasoning", "web_search_call", "message"]
    assert response.output_text == "Found."
    with respond(client, "hi", stream=True) as stream:
        events = [event.type for event in stream]
    for name in ("reasoning_summary_text.done", "web_search_call.searching", "output_text.done", "completed"):
        assert f"response.{name}" in events


def test_a_picture_is_answered_where_pictures_are(client, openai_mock, tmp_path):
    path = tmp_path / "red.png"
    path.write_bytes(picture())
    openai_mock.reply("lighthouse", image=path)
    drawn = client.images.generate(model="gpt-image-2", prompt="a lighthouse", response_format=openai.omit)
    import base64

    assert base64.b64decode(drawn.data[0].b64_json) == picture()
    response = respond(client, "a lighthouse", tools=[{"type": "image_generation"}])
    assert base64.b64decode(response.output[0].result) == picture()
    assert openai_mock.calls[-1].outputs[0].content == picture()


def test_a_transcription_is_scripted_by_what_is_heard(client, openai_mock):
    spoken = client.audio.speech.create(model="gpt-4o-mini-tts", voice="nova", input="hello").read()
    openai_mock.reply("hello", route="audio", text="goodbye")
    heard = client.audio.transcriptions.create(model="gpt-transcribe", file=("a.mp3", spoken))
    assert heard.text == "goodbye"


def test_a_scripted_text_is_cut_and_counted_as_any_other(client, openai_mock):
    openai_mock.reply(text="one two three four")
    messages = [{"role": "user", "content": "hi"}]
    completion = client.chat.completions.create(model=MODEL, messages=messages, max_completion_tokens=2)
    assert (completion.choices[0].message.content, completion.choices[0].finish_reason) == (
        "one two",
        "length",
    )
    assert completion.usage.completion_tokens == 2
    assert openai_mock.calls[-1].outputs[0].content == b"one two"


# --- when nothing fits


def test_a_strict_stand_in_names_the_nearest_reply(openai_mock):
    client = OpenAI(max_retries=2)
    openai_mock.strict_replies = True
    openai_mock.reply("the whether in Paris", text="Fog.")
    openai_mock.reply("a poem", route="responses", text="Roses.")
    with pytest.raises(openai.BadRequestError) as caught:
        chat(client, "the weather in Paris")
    message = caught.value.body["message"]
    assert caught.value.code == "no_scripted_reply"
    assert "the weather in Paris" in message
    assert (
        "nearest is reply 1 (when='the whether in Paris'): its 'when' does not fit the last message"
        in message
    )
    assert len(openai_mock.calls) == 1


def test_a_strict_stand_in_says_that_a_reply_is_used_up(client, openai_mock):
    openai_mock.strict_replies = True
    openai_mock.reply("hi", text="once", times=1)
    chat(client, "hi")
    with pytest.raises(openai.BadRequestError, match="it is used up"):
        chat(client, "hi")
    openai_mock.clear_replies()
    with pytest.raises(openai.BadRequestError, match="No reply is scripted"):
        respond(client, "hi")


def test_what_replies_can_not_answer_is_answered_as_ever_under_strict(client, openai_mock):
    openai_mock.strict_replies = True
    assert client.embeddings.create(model="text-embedding-3-small", input="hi").data


def test_a_function_that_fails_says_which_reply_it_was(openai_mock):
    openai_mock.reply(text=lambda request: {}["missing"])
    with pytest.raises(openai.InternalServerError, match=r"reply 1 failed: KeyError: 'missing'"):
        chat(OpenAI(max_retries=2), "hi")
    assert len(openai_mock.calls) == 1


NONSENSE = {
    "nothing": ({}, "an answer has one of"),
    "two contents": ({"text": "a", "json": 1}, "an answer has one of"),
    "an unknown content": ({"words": "a"}, "an answer has one of"),
    "a wrong kind": ({"text": 3}, "'text' can't be 3"),
    "wrong calls": ({"tool_calls": 3}, "'tool_calls' can't be 3"),
    "an empty sequence": ({"text": []}, "answers nothing"),
    "a sequence and times": ({"text": ["a", "b"], "times": 3}, "used up by itself"),
    "no times": ({"text": "a", "times": 0}, "at least 1"),
    "a route without replies": ({"text": "a", "route": "embeddings"}, "no reply can be given on the route"),
    "both forms": ({"then": [{"text": "a"}], "text": "b"}, "either 'then'"),
}


@pytest.mark.parametrize("case", NONSENSE)
def test_a_reply_that_makes_no_sense_is_refused_at_once(case):
    options, message = NONSENSE[case]
    with pytest.raises(ValueError, match=message):
        reply(**options)


def test_each_reply_of_a_sequence_is_given_to_one_thread(openai_mock):
    openai_mock.reply(text=[str(number) for number in range(20)])
    client, got = OpenAI(max_retries=0), []
    threads = [threading.Thread(target=lambda: got.append(chat(client, "hi").content)) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(got, key=int) == [str(number) for number in range(20)]


# --- as markers, and in a file


@pytest.mark.openai_reply("hello", text="the upper")
@pytest.mark.openai_reply(text="the lower")
def test_markers_script_replies_the_upper_first(client):
    assert (chat(client, "hello").content, chat(client, "bye").content) == ("the upper", "the lower")


@pytest.mark.openai_reply("hello", text="hi")
@pytest.mark.strict_replies
def test_a_marker_makes_it_strict(client):
    assert chat(client, "hello").content == "hi"
    with pytest.raises(openai.BadRequestError, match="No scripted reply"):
        chat(client, "bye")


def test_neither_outlasts_its_test(openai_mock, client):
    assert not openai_mock.strict_replies
    assert "You asked" in chat(client, "hello").content


FILE = """
[[fault]]
status = 500
times = 1

[[reply]]
when = "weather"
model = "gpt-*"
tools = "get_weather"
tool_calls = { get_weather = { city = "Paris" } }

[[reply]]
pattern = "(?i)^count"
then = [{ text = "one" }, { json = { n = 2 } }]

[[reply]]
when = "draw"
image = "red.png"
"""


def test_a_file_holds_replies_beside_faults(client, openai_mock, tmp_path):
    (tmp_path / "red.png").write_bytes(picture())
    (tmp_path / "script.toml").write_text(FILE)
    openai_mock.load(tmp_path / "script.toml")
    with pytest.raises(openai.InternalServerError):
        chat(client, "weather")
    assert chat(client, "weather?", tools=[TOOL]).tool_calls[0].function.name == "get_weather"
    assert [chat(client, "Count!").content for _ in range(2)] == ["one", '{"n": 2}']


BAD = {
    "two contents": ("[[reply]]\ntext = 'a'\njson = 1", "reply 1: an answer has one of"),
    "an unknown field": ("[[reply]]\nanswer = 'a'", "unknown field 'answer'"),
    "no expression": ("[[reply]]\npattern = '('\ntext = 'a'", "not a regular expression"),
    "no such picture": ("[[reply]]\nimage = 'none.png'", "none.png"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_file_s_reply_that_makes_no_sense_is_refused_with_its_place(tmp_path, case):
    written, message = BAD[case]
    path = tmp_path / "script.toml"
    path.write_text(written)
    with pytest.raises(ScriptError, match=message):
        read_script(path)


def test_the_command_takes_the_file_and_the_strictness():
    shown = CliRunner().invoke(app, ["mock", "--help"], env={"COLUMNS": "200", "NO_COLOR": "1"}).output
    assert "--script" in shown
    assert "--strict-replies" in shown


def test_replies_can_be_had_without_a_server():
    import httpx2

    mock = OpenAIMock(strict_replies=True)
    mock.reply("hi", text="in process")
    client = OpenAI(api_key="k" * 10, http_client=httpx2.Client(transport=mock.transport))
    assert chat(client, "hi").content == "in process"
