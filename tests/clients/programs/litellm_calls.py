# /// script
# requires-python = ">=3.11"
# dependencies = ["litellm", "mcp"]
# ///
import json

import litellm
from features import main, tries

MODEL = "openai/gpt-5.4-mini"
HELLO = [{"role": "user", "content": "hello there"}]
TOOL = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "The weather in a city",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}


@tries("chat")
def chat():
    assert litellm.completion(MODEL, HELLO).choices[0].message.content


@tries("responses")
def responses():
    assert litellm.responses(input="hello there", model=MODEL).output


@tries("stream")
def stream():
    assert len(list(litellm.completion(MODEL, HELLO, stream=True))) > 3


@tries("agent")
def agent():
    words = [{"role": "user", "content": "What is the weather in Paris?"}]
    message = litellm.completion(MODEL, words, tools=[TOOL]).choices[0].message
    [call] = message.tool_calls
    assert json.loads(call.function.arguments) == {"city": "Paris"}
    words += [message, {"role": "tool", "tool_call_id": call.id, "content": "14 degrees"}]
    assert litellm.completion(MODEL, words, tools=[TOOL]).choices[0].message.content


@tries("embeddings")
def embeddings():
    assert len(litellm.embedding("openai/text-embedding-3-small", ["hello"]).data[0]["embedding"]) == 1536


@tries("images")
def images():
    assert litellm.image_generation("a fox", "openai/gpt-image-2").data[0].b64_json


@tries("speech")
def speech():
    assert litellm.speech("openai/gpt-4o-mini-tts", "hello there", voice="alloy").content


main()
