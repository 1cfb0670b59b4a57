"""What OpenAI refuses is refused, with the parameter and the code; what it takes is taken."""

import typing

import openai
import pytest
from openai.types import image_generate_params, image_model
from openai.types.audio import speech_create_params, speech_model
from openai.types.chat import completion_create_params
from openai.types.responses import response_create_params
from openai.types.shared import chat_model

from classroom.standin import catalogue

CHAT = {"model": "gpt-5.4-mini", "messages": [{"role": "user", "content": "hi"}]}
RESPONSE = {"model": "gpt-5.4-mini", "input": "hi"}
IMAGE = {"model": "gpt-image-2", "prompt": "a fox"}
SPEECH = {"model": "gpt-4o-mini-tts", "voice": "nova", "input": "hi"}
BODIES = {
    "chat/completions": CHAT,
    "responses": RESPONSE,
    "images/generations": IMAGE,
    "audio/speech": SPEECH,
}

# route, what is changed in an ordinary body, the parameter and the code of the refusal
REFUSED = [
    ("chat/completions", {"temperature": 5}, "temperature", "decimal_above_max_value"),
    ("chat/completions", {"temperature": -0.1}, "temperature", "decimal_below_min_value"),
    ("chat/completions", {"temperature": "hot"}, "temperature", "invalid_type"),
    ("chat/completions", {"temperature": True}, "temperature", "invalid_type"),
    ("chat/completions", {"top_p": 1.1}, "top_p", "decimal_above_max_value"),
    ("chat/completions", {"n": 0}, "n", "integer_below_min_value"),
    ("chat/completions", {"n": 1.5}, "n", "invalid_type"),
    ("chat/completions", {"n": 129}, "n", "integer_above_max_value"),
    ("chat/completions", {"presence_penalty": 3}, "presence_penalty", "decimal_above_max_value"),
    ("chat/completions", {"max_completion_tokens": 0}, "max_completion_tokens", "integer_below_min_value"),
    ("chat/completions", {"stop": ["a", "b", "c", "d", "e"]}, "stop", "array_above_max_length"),
    ("chat/completions", {"tempratur": 1}, "tempratur", "unknown_parameter"),
    ("chat/completions", {"messages": []}, "messages", "empty_array"),
    ("chat/completions", {"messages": "hi"}, "messages", "invalid_type"),
    ("chat/completions", {"messages": None}, "messages", "missing_required_parameter"),
    ("chat/completions", {"messages": ["hi"]}, "messages[0]", "invalid_type"),
    ("chat/completions", {"messages": [{"content": "hi"}]}, "messages[0].role", "missing_required_parameter"),
    (
        "chat/completions",
        {"messages": [{"role": "boss", "content": "hi"}]},
        "messages[0].role",
        "invalid_value",
    ),
    (
        "chat/completions",
        {"messages": [{"role": "user"}]},
        "messages[0].content",
        "missing_required_parameter",
    ),
    (
        "chat/completions",
        {"messages": [{"role": "user", "content": 7}]},
        "messages[0].content",
        "invalid_type",
    ),
    (
        "chat/completions",
        {"messages": [{"role": "user", "content": "word " * 500_000}]},
        "messages",
        "context_length_exceeded",
    ),
    ("chat/completions", {"reasoning_effort": "huge"}, "reasoning_effort", "invalid_value"),
    ("chat/completions", {"model": "gpt-5-mini", "temperature": 0.5}, "temperature", "unsupported_value"),
    ("chat/completions", {"model": "gpt-5-mini", "max_tokens": 5}, "max_tokens", "unsupported_parameter"),
    ("chat/completions", {"model": "gpt-image-2"}, "model", "invalid_value"),
    ("chat/completions", {"model": None}, "model", "missing_required_parameter"),
    ("responses", {"input": None}, "input", "missing_required_parameter"),
    ("responses", {"input": [7]}, "input[0]", "invalid_type"),
    ("responses", {"max_output_tokens": 8}, "max_output_tokens", "integer_below_min_value"),
    ("responses", {"messages": []}, "messages", "unknown_parameter"),
    ("responses", {"temperature": 2.5}, "temperature", "decimal_above_max_value"),
    ("responses", {"truncation": "maybe"}, "truncation", "invalid_value"),
    ("images/generations", {"prompt": ""}, "prompt", "string_below_min_length"),
    ("images/generations", {"prompt": "x" * 32_001}, "prompt", "string_above_max_length"),
    ("images/generations", {"n": 11}, "n", "integer_above_max_value"),
    ("images/generations", {"size": "1000x1000"}, "size", "invalid_value"),
    ("images/generations", {"size": "4096x1024"}, "size", "invalid_value"),
    ("images/generations", {"size": "3840x3840"}, "size", "invalid_value"),
    ("images/generations", {"size": "big"}, "size", "invalid_value"),
    ("images/generations", {"size": "0x0"}, "size", "invalid_value"),
    ("images/generations", {"model": "gpt-image-1.5", "size": "1536x864"}, "size", "invalid_value"),
    ("images/generations", {"quality": "hd"}, "quality", "invalid_value"),
    ("images/generations", {"response_format": "url"}, "response_format", "unknown_parameter"),
    ("images/generations", {"style": "vivid"}, "style", "unknown_parameter"),
    ("images/generations", {"output_format": "bmp"}, "output_format", "invalid_value"),
    (
        "images/generations",
        {"background": "transparent", "output_format": "jpeg"},
        "background",
        "invalid_value",
    ),
    ("images/generations", {"output_compression": 50}, "output_compression", "invalid_value"),
    (
        "images/generations",
        {"output_compression": 101, "output_format": "webp"},
        "output_compression",
        "integer_above_max_value",
    ),
    ("images/generations", {"partial_images": 2}, "partial_images", "invalid_value"),
    ("images/generations", {"frame_count": 4}, "frame_count", "unsupported_parameter"),
    ("audio/speech", {"input": ""}, "input", "string_below_min_length"),
    ("audio/speech", {"input": "x" * 4097}, "input", "string_above_max_length"),
    ("audio/speech", {"voice": "robot"}, "voice", "invalid_value"),
    ("audio/speech", {"model": "tts-1", "voice": "marin"}, "voice", "invalid_value"),
    ("audio/speech", {"voice": {}}, "voice.id", "missing_required_parameter"),
    ("audio/speech", {"speed": 0.2}, "speed", "decimal_below_min_value"),
    ("audio/speech", {"speed": 4.5}, "speed", "decimal_above_max_value"),
    ("audio/speech", {"response_format": "ogg"}, "response_format", "invalid_value"),
    ("audio/speech", {"model": "tts-1", "stream_format": "sse"}, "stream_format", "unsupported_value"),
]

ACCEPTED = [
    ("chat/completions", {"temperature": 0}),
    ("chat/completions", {"temperature": 2}),
    ("chat/completions", {"temperature": None}),
    ("chat/completions", {"stop": ["a", "b", "c", "d"]}),
    ("chat/completions", {"model": "gpt-5-mini", "temperature": 1, "max_completion_tokens": 50}),
    ("chat/completions", {"messages": [{"role": "user", "content": [{"type": "text", "text": "hi"}]}]}),
    (
        "chat/completions",
        {"messages": [{"role": "assistant", "content": None}, {"role": "user", "content": ""}]},
    ),
    ("responses", {"instructions": "be brief", "max_output_tokens": 16}),
    ("images/generations", {"size": "auto"}),
    ("images/generations", {"size": "1536x864"}),
    ("images/generations", {"prompt": "x" * 32_000}),
    ("images/generations", {"background": "transparent", "output_format": "webp", "output_compression": 30}),
    ("audio/speech", {"input": "x " * 20, "speed": 4, "instructions": "whisper"}),
    ("audio/speech", {"voice": {"id": "voice_1234"}}),
]


@pytest.mark.parametrize(("route", "change", "param", "code"), REFUSED)
def test_it_refuses(raw, openai_mock, route, change, param, code):
    answer = raw.post(f"/{route}", json={**BODIES[route], **change})
    error = answer.json()["error"]
    assert (answer.status_code, error["param"], error["code"]) == (400, param, code)
    assert error["type"] == "invalid_request_error"
    assert param.partition("[")[0].partition(".")[0] in error["message"] or code in (
        "invalid_value",
        "context_length_exceeded",
    )
    assert openai_mock.calls[-1].outputs == ()


@pytest.mark.parametrize(("route", "change"), ACCEPTED)
def test_it_accepts(raw, route, change):
    assert raw.post(f"/{route}", json={**BODIES[route], **change}).status_code == 200


@pytest.mark.parametrize("content", [b"", b"not json", b'"text"', b"[" * 100_000])
def test_a_body_that_is_no_json_object_is_a_400(raw, content):
    answer = raw.post("/chat/completions", content=content, headers={"content-type": "application/json"})
    assert (answer.status_code, answer.json()["error"]["type"]) == (400, "invalid_request_error")


@pytest.mark.parametrize("header", [{}, {"authorization": "Bearer"}, {"authorization": "Basic abc"}])
def test_without_a_key_it_is_a_401(openai_mock, header):
    import httpx

    answer = httpx.post(
        f"{openai_mock.base_url}/chat/completions", json=CHAT, headers=header, trust_env=False
    )
    assert answer.status_code == 401
    assert "API key" in answer.json()["error"]["message"]


def test_an_unknown_model_is_a_404(client):
    with pytest.raises(openai.NotFoundError) as caught:
        client.chat.completions.create(**{**CHAT, "model": "gpt-9"})
    assert caught.value.code == "model_not_found"


def test_a_retired_model_says_since_when_and_what_to_use(client):
    with pytest.raises(openai.NotFoundError, match=r"dall-e-3.*2026-05-12.*gpt-image"):
        client.images.generate(model="dall-e-3", prompt="a fox")


def test_an_unknown_route_is_a_404_in_openai_s_shape(raw):
    assert raw.post("/answers", json={}).json()["error"]["message"] == "Invalid URL (POST /v1/answers)"


PARAMS = {
    "chat/completions": completion_create_params.CompletionCreateParamsNonStreaming,
    "responses": response_create_params.ResponseCreateParamsNonStreaming,
    "images/generations": image_generate_params.ImageGenerateParamsNonStreaming,
    "audio/speech": speech_create_params.SpeechCreateParams,
}


@pytest.mark.parametrize("route", PARAMS)
def test_the_table_knows_every_parameter_that_the_sdk_sends(route):
    known = set(catalogue.load().routes[route])
    assert set(typing.get_type_hints(PARAMS[route])) <= known


@pytest.mark.parametrize(
    ("kind", "alias"), [("image", image_model.ImageModel), ("speech", speech_model.SpeechModel)]
)
def test_the_catalogue_has_every_model_that_the_sdk_names(kind, alias):
    models = catalogue.load().models
    assert {id for id, model in models.items() if model.kind == kind} == set(typing.get_args(alias))


def test_no_chat_model_is_invented():
    chat = {id for id, model in catalogue.load().models.items() if model.kind == "chat"}
    assert chat <= set(typing.get_args(chat_model.ChatModel))
