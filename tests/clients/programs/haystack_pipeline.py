# /// script
# requires-python = ">=3.11"
# dependencies = ["haystack-ai>=2.20"]
# ///
from features import calls, main, tries
from haystack.components.agents import Agent
from haystack.components.embedders import OpenAITextEmbedder
from haystack.components.generators.chat import OpenAIChatGenerator, OpenAIResponsesChatGenerator
from haystack.dataclasses import ChatMessage
from haystack.tools import Tool

MODEL = "gpt-5.4-mini"
HELLO = [ChatMessage.from_user("hello there")]
PARIS = [ChatMessage.from_user("What is the weather in Paris?")]
asked = []


def get_weather(city):
    asked.append(city)
    return "14 degrees"


WEATHER = Tool(
    name="get_weather",
    description="The weather in a city",
    parameters={"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    function=get_weather,
)


@tries("chat")
def chat():
    assert OpenAIChatGenerator(model=MODEL).run(HELLO)["replies"][0].text


@tries("responses")
def responses():
    assert OpenAIResponsesChatGenerator(model=MODEL).run(HELLO)["replies"][0].text


@tries("stream")
def stream():
    parts = []
    OpenAIChatGenerator(model=MODEL, streaming_callback=parts.append).run(HELLO)
    assert len(parts) > 3


@tries("embeddings")
def embeddings():
    assert len(OpenAITextEmbedder(model="text-embedding-3-small").run("hello")["embedding"]) == 1536


@tries("agent")
def agent():
    for generator in (OpenAIChatGenerator(model=MODEL), OpenAIResponsesChatGenerator(model=MODEL)):
        asked.clear()
        made = Agent(chat_generator=generator, tools=[WEATHER]).run(messages=PARIS)
        assert made["messages"][-1].text
        assert asked == ["Paris"]
    assert len(calls()) == 4


main()
