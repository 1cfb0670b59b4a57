"""What OpenAI refuses is refused, with the parameter and the code; what it takes is taken."""

import typing

import openai
import pytest
from openai.types import (
    audio_model,
    embedding_create_params,
    embedding_model,
    file_create_params,
    image_create_variation_params,
    image_edit_params,
    image_generate_params,
    image_model,
    moderation_create_params,
    moderation_model,
)
from openai.types import completion_create_params as legacy_create_params
from openai.types.audio import (
    speech_create_params,
    speech_model,
    transcription_create_params,
    translation_create_params,
)
from openai.types.chat import completion_create_params, completion_update_params
from openai.types.responses import input_token_count_params, response_compact_params, response_create_params
from openai.types.shared import chat_model

from classroom.standin import catalogue

CHAT = {"model": "gpt-5.4-mini", "messages": [{"role": "user", "content": "hi"}]}
RESPONSE = {"model": "gpt-5.4-mini", "input": "hi"}
IMAGE = {"model": "gpt-image-2", "prompt": "a fox"}
SPEECH = {"model": "gpt-4o-mini-tts", "voice": "nova", "input": "hi"}
EMBEDDING = {"model": "text-embedding-3-small", "input": "hi"}
BODIES = {
    "chat/completions": CHAT,
    "responses": RESPONSE,
    "images/generations": IMAGE,
    "audio/speech": SPEECH,
    "embeddings": EMBEDDING,
    "moderations": {"input": "hi"},
}

# Every rule by its source: route, what is changed in an ordinary body, the parameter and the code of the refusal.
# Files are those of the SDK, openai 3.54.0.
REFUSED_BY_SOURCE = {
    "openai/types/chat/completion_create_params.py": [
        ("chat/completions", {"temperature": 5}, "temperature", "decimal_above_max_value"),
        ("chat/completions", {"temperature": -0.1}, "temperature", "decimal_below_min_value"),
        ("chat/completions", {"temperature": "hot"}, "temperature", "invalid_type"),
        ("chat/completions", {"temperature": True}, "temperature", "invalid_type"),
        ("chat/completions", {"top_p": 1.1}, "top_p", "decimal_above_max_value"),
        ("chat/completions", {"n": 0}, "n", "integer_below_min_value"),
        ("chat/completions", {"n": 1.5}, "n", "invalid_type"),
        ("chat/completions", {"n": 129}, "n", "integer_above_max_value"),
        ("chat/completions", {"presence_penalty": 3}, "presence_penalty", "decimal_above_max_value"),
        (
            "chat/completions",
            {"max_completion_tokens": 0},
            "max_completion_tokens",
            "integer_below_min_value",
        ),
        ("chat/completions", {"stop": ["a", "b", "c", "d", "e"]}, "stop", "array_above_max_length"),
        ("chat/completions", {"tempratur": 1}, "tempratur", "unknown_parameter"),
        ("chat/completions", {"messages": []}, "messages", "empty_array"),
        ("chat/completions", {"messages": "hi"}, "messages", "invalid_type"),
        ("chat/completions", {"messages": None}, "messages", "missing_required_parameter"),
        ("chat/completions", {"messages": ["hi"]}, "messages[0]", "invalid_type"),
        (
            "chat/completions",
            {"messages": [{"content": "hi"}]},
            "messages[0].role",
            "missing_required_parameter",
        ),
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
        ("chat/completions", {"reasoning_effort": "huge"}, "reasoning_effort", "invalid_value"),
        ("chat/completions", {"model": None}, "model", "missing_required_parameter"),
        (
            "chat/completions",
            {"max_tokens": 5, "max_completion_tokens": 5},
            "max_tokens",
            "invalid_parameter_combination",
        ),
        ("chat/completions", {"top_logprobs": 3}, "top_logprobs", "invalid_value"),
        (
            "chat/completions",
            {"logprobs": True, "top_logprobs": 21},
            "top_logprobs",
            "integer_above_max_value",
        ),
        ("chat/completions", {"logprobs": "yes"}, "logprobs", "invalid_type"),
        ("chat/completions", {"frequency_penalty": -2.1}, "frequency_penalty", "decimal_below_min_value"),
        ("chat/completions", {"frequency_penalty": 2.1}, "frequency_penalty", "decimal_above_max_value"),
        ("chat/completions", {"presence_penalty": -2.5}, "presence_penalty", "decimal_below_min_value"),
        ("chat/completions", {"top_p": -0.1}, "top_p", "decimal_below_min_value"),
        ("chat/completions", {"top_p": "high"}, "top_p", "invalid_type"),
        ("chat/completions", {"stream_options": {"include_usage": True}}, "stream_options", "invalid_value"),
        ("chat/completions", {"stream": "yes"}, "stream", "invalid_type"),
        ("chat/completions", {"stop": [1]}, "stop[0]", "invalid_type"),
        ("chat/completions", {"stop": 7}, "stop", "invalid_type"),
        ("chat/completions", {"logit_bias": {"50256": 101}}, "logit_bias.50256", "invalid_value"),
        ("chat/completions", {"logit_bias": {"fox": 1}}, "logit_bias.fox", "invalid_value"),
        ("chat/completions", {"logit_bias": {"50256": "much"}}, "logit_bias.50256", "invalid_type"),
        ("chat/completions", {"logit_bias": []}, "logit_bias", "invalid_type"),
        ("chat/completions", {"metadata": {"a": 1}}, "metadata.a", "invalid_type"),
        ("chat/completions", {"metadata": {"a": "x" * 513}}, "metadata.a", "string_above_max_length"),
        ("chat/completions", {"metadata": {"a" * 65: "x"}}, "metadata", "string_above_max_length"),
        (
            "chat/completions",
            {"metadata": {str(n): "x" for n in range(17)}},
            "metadata",
            "object_above_max_length",
        ),
        ("chat/completions", {"seed": 1.5}, "seed", "invalid_type"),
        ("chat/completions", {"user": 7}, "user", "invalid_type"),
        ("chat/completions", {"store": "yes"}, "store", "invalid_type"),
        ("chat/completions", {"verbosity": "loud"}, "verbosity", "invalid_value"),
        ("chat/completions", {"service_tier": "gold"}, "service_tier", "invalid_value"),
        (
            "chat/completions",
            {"safety_identifier": "x" * 129},
            "safety_identifier",
            "string_above_max_length",
        ),
        (
            "chat/completions",
            {"prompt_cache_retention": "forever"},
            "prompt_cache_retention",
            "invalid_value",
        ),
        (
            "chat/completions",
            {"modalities": ["text", "audio"], "audio": {"voice": "alloy", "format": "wav"}},
            "modalities",
            "unsupported_value",
        ),
        (
            "chat/completions",
            {"messages": [{"role": "user", "content": []}]},
            "messages[0].content",
            "empty_array",
        ),
        (
            "chat/completions",
            {"messages": [{"role": "user", "content": ["hi"]}]},
            "messages[0].content[0]",
            "invalid_type",
        ),
        (
            "chat/completions",
            {"messages": [{"role": "user", "content": [{"text": "hi"}]}]},
            "messages[0].content[0].type",
            "missing_required_parameter",
        ),
        (
            "chat/completions",
            {"messages": [{"role": "user", "content": "hi"}, {"role": "tool", "content": "14"}]},
            "messages[1].tool_call_id",
            "missing_required_parameter",
        ),
    ],
    "https://developers.openai.com/api/docs/models": [
        (
            "chat/completions",
            {"messages": [{"role": "user", "content": "word " * 500_000}]},
            "messages",
            "context_length_exceeded",
        ),
        ("chat/completions", {"model": "gpt-image-2"}, "model", "invalid_value"),
        ("images/generations", {"model": "gpt-5.4-mini"}, "model", "invalid_value"),
        ("audio/speech", {"model": "whisper-1"}, "model", "invalid_value"),
        ("embeddings", {"model": "gpt-5.4-mini"}, "model", "invalid_value"),
        ("moderations", {"model": "gpt-5.4-mini"}, "model", "invalid_value"),
    ],
    "https://developers.openai.com/api/docs/guides/reasoning": [
        ("chat/completions", {"model": "gpt-5-mini", "temperature": 0.5}, "temperature", "unsupported_value"),
        ("chat/completions", {"model": "gpt-5-mini", "max_tokens": 5}, "max_tokens", "unsupported_parameter"),
        ("chat/completions", {"model": "o3", "top_p": 0.5}, "top_p", "unsupported_value"),
        (
            "chat/completions",
            {"model": "o3", "presence_penalty": 0.5},
            "presence_penalty",
            "unsupported_value",
        ),
        ("chat/completions", {"model": "gpt-5", "logprobs": True}, "logprobs", "unsupported_value"),
        ("responses", {"model": "gpt-5-mini", "temperature": 0}, "temperature", "unsupported_value"),
    ],
    "openai/types/responses/response_create_params.py": [
        ("responses", {"input": None}, "input", "missing_required_parameter"),
        ("responses", {"input": [7]}, "input[0]", "invalid_type"),
        ("responses", {"max_output_tokens": 8}, "max_output_tokens", "integer_below_min_value"),
        ("responses", {"messages": []}, "messages", "unknown_parameter"),
        ("responses", {"temperature": 2.5}, "temperature", "decimal_above_max_value"),
        ("responses", {"truncation": "maybe"}, "truncation", "invalid_value"),
        ("responses", {"model": None}, "model", "missing_required_parameter"),
        ("responses", {"input": 7}, "input", "invalid_type"),
        ("responses", {"input": [{"role": "boss", "content": "hi"}]}, "input[0].role", "invalid_value"),
        ("responses", {"input": [{"role": "user"}]}, "input[0].content", "missing_required_parameter"),
        ("responses", {"instructions": 7}, "instructions", "invalid_type"),
        ("responses", {"max_output_tokens": 16.5}, "max_output_tokens", "invalid_type"),
        ("responses", {"max_tool_calls": 0}, "max_tool_calls", "integer_below_min_value"),
        ("responses", {"top_p": 2}, "top_p", "decimal_above_max_value"),
        ("responses", {"max_tokens": 5}, "max_tokens", "unknown_parameter"),
        ("responses", {"response_format": {"type": "json_object"}}, "response_format", "unknown_parameter"),
        ("responses", {"stream_options": {}}, "stream_options", "invalid_value"),
        ("responses", {"background": True, "store": False}, "background", "invalid_value"),
        ("responses", {"include": ["everything"]}, "include[0]", "invalid_value"),
        ("responses", {"metadata": {"a": None}}, "metadata.a", "invalid_type"),
    ],
    "openai/types/image_generate_params.py": [
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
        ("images/generations", {"prompt": None}, "prompt", "missing_required_parameter"),
        ("images/generations", {"prompt": ["a"]}, "prompt", "invalid_type"),
        ("images/generations", {"n": 0}, "n", "integer_below_min_value"),
        ("images/generations", {"n": "two"}, "n", "invalid_type"),
        ("images/generations", {"size": "1040x1000"}, "size", "invalid_value"),
        ("images/generations", {"size": "-16x16"}, "size", "invalid_value"),
        ("images/generations", {"background": "blue"}, "background", "invalid_value"),
        ("images/generations", {"moderation": "none"}, "moderation", "invalid_value"),
        (
            "images/generations",
            {"stream": True, "partial_images": 4},
            "partial_images",
            "integer_above_max_value",
        ),
        (
            "images/generations",
            {"output_compression": -1, "output_format": "webp"},
            "output_compression",
            "integer_below_min_value",
        ),
    ],
    "openai/types/audio/speech_create_params.py": [
        ("audio/speech", {"input": ""}, "input", "string_below_min_length"),
        ("audio/speech", {"input": "x" * 4_097}, "input", "string_above_max_length"),
        ("audio/speech", {"voice": "robot"}, "voice", "invalid_value"),
        ("audio/speech", {"model": "tts-1", "voice": "marin"}, "voice", "invalid_value"),
        ("audio/speech", {"voice": {}}, "voice.id", "missing_required_parameter"),
        ("audio/speech", {"speed": 0.2}, "speed", "decimal_below_min_value"),
        ("audio/speech", {"speed": 4.5}, "speed", "decimal_above_max_value"),
        ("audio/speech", {"response_format": "ogg"}, "response_format", "invalid_value"),
        ("audio/speech", {"model": "tts-1", "stream_format": "sse"}, "stream_format", "unsupported_value"),
        ("audio/speech", {"input": None}, "input", "missing_required_parameter"),
        ("audio/speech", {"voice": None}, "voice", "missing_required_parameter"),
        ("audio/speech", {"speed": "fast"}, "speed", "invalid_type"),
        ("audio/speech", {"instructions": "x" * 4_097}, "instructions", "string_above_max_length"),
        ("audio/speech", {"stream_format": "websocket"}, "stream_format", "invalid_value"),
        ("audio/speech", {"prompt": "hi"}, "prompt", "unknown_parameter"),
    ],
    "https://developers.openai.com/api/docs/guides/function-calling": [
        (
            "chat/completions",
            {
                "messages": [
                    {"role": "user", "content": "hi"},
                    {"role": "tool", "tool_call_id": "call_1", "content": "14"},
                ]
            },
            "messages[1].tool_call_id",
            "invalid_value",
        ),
        ("chat/completions", {"tool_choice": "auto"}, "tool_choice", "invalid_value"),
        (
            "chat/completions",
            {"tools": [{"type": "function", "function": {"name": "f"}}], "tool_choice": "perhaps"},
            "tool_choice",
            "invalid_value",
        ),
        (
            "chat/completions",
            {
                "tools": [{"type": "function", "function": {"name": "f"}}],
                "tool_choice": {"type": "function", "function": {"name": "g"}},
            },
            "tool_choice",
            "invalid_value",
        ),
        ("chat/completions", {"tools": ["f"]}, "tools[0]", "invalid_type"),
        ("chat/completions", {"tools": [{"type": "hammer"}]}, "tools[0].type", "invalid_value"),
        (
            "chat/completions",
            {"tools": [{"type": "function"}]},
            "tools[0].function",
            "missing_required_parameter",
        ),
        (
            "chat/completions",
            {"tools": [{"type": "function", "function": {}}]},
            "tools[0].function.name",
            "missing_required_parameter",
        ),
        (
            "chat/completions",
            {"tools": [{"type": "function", "function": {"name": "get weather"}}]},
            "tools[0].function.name",
            "invalid_value",
        ),
        (
            "chat/completions",
            {"tools": [{"type": "function", "function": {"name": "x" * 65}}]},
            "tools[0].function.name",
            "invalid_value",
        ),
        (
            "chat/completions",
            {"tools": [{"type": "function", "function": {"name": "f", "parameters": []}}]},
            "tools[0].function.parameters",
            "invalid_type",
        ),
        (
            "chat/completions",
            {
                "tools": [
                    {
                        "type": "function",
                        "function": {
                            "name": "f",
                            "strict": True,
                            "parameters": {"type": "object", "properties": {}},
                        },
                    }
                ]
            },
            "tools",
            "invalid_json_schema",
        ),
        ("responses", {"tools": [{"type": "function"}]}, "tools[0].name", "missing_required_parameter"),
        ("responses", {"tools": [{}]}, "tools[0].type", "missing_required_parameter"),
        ("responses", {"tool_choice": "required"}, "tool_choice", "invalid_value"),
    ],
    "https://developers.openai.com/api/docs/guides/structured-outputs": [
        ("chat/completions", {"response_format": {"type": "xml"}}, "response_format.type", "invalid_value"),
        ("chat/completions", {"response_format": {"type": "json_object"}}, "messages", "invalid_value"),
        (
            "chat/completions",
            {"response_format": {"type": "json_schema"}},
            "response_format.json_schema",
            "missing_required_parameter",
        ),
        (
            "chat/completions",
            {"response_format": {"type": "json_schema", "json_schema": {"schema": {}}}},
            "response_format.json_schema.name",
            "missing_required_parameter",
        ),
        (
            "chat/completions",
            {"response_format": {"type": "json_schema", "json_schema": {"name": "a b", "schema": {}}}},
            "response_format.json_schema.name",
            "invalid_value",
        ),
        (
            "chat/completions",
            {"response_format": {"type": "json_schema", "json_schema": {"name": "a"}}},
            "response_format.json_schema.schema",
            "missing_required_parameter",
        ),
        ("responses", {"text": {"format": {"type": "yaml"}}}, "text.format.type", "invalid_value"),
        (
            "responses",
            {"text": {"format": {"type": "json_schema", "name": "a"}}},
            "text.format.schema",
            "missing_required_parameter",
        ),
        ("responses", {"text": {"format": {"type": "json_object"}}}, "input", "invalid_value"),
    ],
    "openai/types/embedding_create_params.py": [
        ("embeddings", {"input": None}, "input", "missing_required_parameter"),
        ("embeddings", {"input": ""}, "input", "string_below_min_length"),
        ("embeddings", {"input": []}, "input", "empty_array"),
        ("embeddings", {"input": ["a", ""]}, "input[1]", "empty_string"),
        ("embeddings", {"input": ["a"] * 2_049}, "input", "array_above_max_length"),
        ("embeddings", {"input": {"text": "a"}}, "input", "invalid_type"),
        ("embeddings", {"input": ["a", 7.5]}, "input[1]", "invalid_type"),
        ("embeddings", {"input": [10**9]}, "input", "invalid_value"),
        ("embeddings", {"input": "word " * 9_000}, "input", "context_length_exceeded"),
        ("embeddings", {"input": ["word " * 8_000] * 40}, "input", "max_tokens_per_request"),
        ("embeddings", {"dimensions": 0}, "dimensions", "integer_below_min_value"),
        ("embeddings", {"dimensions": 1537}, "dimensions", "integer_above_max_value"),
        (
            "embeddings",
            {"model": "text-embedding-ada-002", "dimensions": 256},
            "dimensions",
            "unsupported_parameter",
        ),
        ("embeddings", {"encoding_format": "hex"}, "encoding_format", "invalid_value"),
    ],
    "openai/types/moderation_create_params.py": [
        ("moderations", {"input": None}, "input", "missing_required_parameter"),
        ("moderations", {"input": []}, "input", "empty_array"),
        ("moderations", {"input": [7]}, "input[0]", "invalid_type"),
        ("moderations", {"input": [{"type": "sound"}]}, "input[0].type", "invalid_value"),
        ("moderations", {"language": "en"}, "language", "unknown_parameter"),
    ],
}
REFUSED = [(*row, source) for source, rows in REFUSED_BY_SOURCE.items() for row in rows]

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
    (
        "audio/speech",
        {"input": "x x x x x x x x x x x x x x x x x x x x ", "speed": 4, "instructions": "whisper"},
    ),
    ("audio/speech", {"voice": {"id": "voice_1234"}}),
    ("chat/completions", {"temperature": 1.5, "top_p": 0.1}),
    ("chat/completions", {"n": 3}),
    ("chat/completions", {"logprobs": True, "top_logprobs": 0}),
    ("chat/completions", {"logprobs": True, "top_logprobs": 20}),
    ("chat/completions", {"stop": "\n"}),
    ("chat/completions", {"seed": -5}),
    ("chat/completions", {"metadata": {"lesson": "3"}}),
    ("chat/completions", {"logit_bias": {"50256": -100}}),
    ("chat/completions", {"tools": [{"type": "function", "function": {"name": "f"}}]}),
    (
        "chat/completions",
        {"tools": [{"type": "function", "function": {"name": "f"}}], "tool_choice": "required"},
    ),
    ("chat/completions", {"tool_choice": "none"}),
    ("chat/completions", {"response_format": {"type": "text"}}),
    (
        "chat/completions",
        {
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": "a", "schema": {"type": "object"}},
            }
        },
    ),
    ("chat/completions", {"stream": True, "stream_options": {"include_usage": True}}),
    ("chat/completions", {"user": "ada", "store": False}),
    ("chat/completions", {"model": "gpt-5", "max_completion_tokens": 20, "reasoning_effort": "low"}),
    (
        "chat/completions",
        {
            "messages": [
                {"role": "developer", "content": "be brief"},
                {
                    "role": "user",
                    "content": [
                        {"type": "text", "text": "what is it?"},
                        {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}},
                    ],
                },
            ]
        },
    ),
    ("chat/completions", {"max_tokens": 1}),
    ("chat/completions", {"presence_penalty": -2, "frequency_penalty": 2}),
    ("responses", {"input": [{"role": "user", "content": [{"type": "input_text", "text": "hi"}]}]}),
    ("responses", {"text": {"format": {"type": "json_schema", "name": "a", "schema": {"type": "object"}}}}),
    ("responses", {"include": ["message.output_text.logprobs"], "top_logprobs": 2}),
    ("responses", {"reasoning": {"effort": "low"}, "model": "gpt-5"}),
    ("responses", {"tools": [{"type": "web_search"}]}),
    ("responses", {"store": False, "truncation": "auto"}),
    ("images/generations", {"n": 10, "size": "256x256"}),
    ("images/generations", {"size": "3840x2160", "output_format": "jpeg"}),
    ("images/generations", {"size": "1536x512"}),
    ("images/generations", {"quality": "max", "moderation": "low"}),
    ("images/generations", {"stream": True, "partial_images": 3}),
    ("audio/speech", {"speed": 0.25, "response_format": "pcm"}),
    ("audio/speech", {"model": "tts-1", "voice": "nova"}),
    ("audio/speech", {"stream_format": "sse"}),
    ("embeddings", {"input": ["a", "b"]}),
    ("embeddings", {"input": [1, 2, 3]}),
    ("embeddings", {"input": [[1, 2], [3]]}),
    ("embeddings", {"dimensions": 1}),
    ("embeddings", {"dimensions": 1536, "encoding_format": "base64"}),
    ("moderations", {"input": ["a", "b"]}),
    ("moderations", {"model": "omni-moderation-latest"}),
    ("moderations", {"input": ""}),
]


@pytest.mark.parametrize(("route", "change", "param", "code", "source"), REFUSED)
def test_it_refuses(raw, openai_mock, route, change, param, code, source):
    answer = raw.post(f"/{route}", json={**BODIES[route], **change})
    error = answer.json()["error"]
    assert (answer.status_code, error["param"], error["code"]) == (400, param, code)
    assert error["type"] == "invalid_request_error"
    assert error["message"].endswith("."), f"a sentence is wanted for the rule of {source}"
    named = param.partition("[")[0].partition(".")[0] in error["message"]
    assert named or code in (
        "invalid_value",
        "invalid_json_schema",
        "context_length_exceeded",
        "max_tokens_per_request",
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
    "chat/completions/{id}": completion_update_params.CompletionUpdateParams,
    "responses": response_create_params.ResponseCreateParamsNonStreaming,
    "responses/compact": response_compact_params.ResponseCompactParams,
    "responses/input_tokens": input_token_count_params.InputTokenCountParams,
    "embeddings": embedding_create_params.EmbeddingCreateParams,
    "moderations": moderation_create_params.ModerationCreateParams,
    "images/generations": image_generate_params.ImageGenerateParamsNonStreaming,
    "images/edits": image_edit_params.ImageEditParamsNonStreaming,
    "images/variations": image_create_variation_params.ImageCreateVariationParams,
    "audio/speech": speech_create_params.SpeechCreateParams,
    "audio/transcriptions": transcription_create_params.TranscriptionCreateParamsNonStreaming,
    "audio/translations": translation_create_params.TranslationCreateParams,
    "files": file_create_params.FileCreateParams,
    "completions": legacy_create_params.CompletionCreateParamsNonStreaming,
}


@pytest.mark.parametrize("route", PARAMS)
def test_the_table_knows_every_parameter_that_the_sdk_sends(route):
    assert set(catalogue.load().routes[route]) == set(typing.get_type_hints(PARAMS[route]))


@pytest.mark.parametrize("route", PARAMS)
def test_what_the_sdk_requires_is_required(route):
    required = {parameter.name for parameter in catalogue.load().routes[route].required}
    hints = typing.get_type_hints(PARAMS[route], include_extras=True)
    assert {name for name, hint in hints.items() if typing.get_origin(hint) is typing.Required} - {
        "prompt"
    } <= required


def test_every_block_of_the_table_names_its_source():
    table = catalogue.load()
    assert set(table.sources) == set(table.routes)
    assert set(table.routes) - {"edits"} == set(PARAMS)  # /edits has left the SDK


@pytest.mark.parametrize(
    ("kind", "alias"),
    [
        ("image", image_model.ImageModel),
        ("speech", speech_model.SpeechModel),
        ("transcription", audio_model.AudioModel),
        ("embedding", embedding_model.EmbeddingModel),
        ("moderation", moderation_model.ModerationModel),
    ],
)
def test_the_catalogue_has_every_model_that_the_sdk_names(kind, alias):
    models = catalogue.load().models
    assert {id for id, model in models.items() if model.kind == kind} == set(typing.get_args(alias))


def test_no_chat_model_is_invented():
    chat = {id for id, model in catalogue.load().models.items() if model.kind == "chat"}
    assert chat <= set(typing.get_args(chat_model.ChatModel))
