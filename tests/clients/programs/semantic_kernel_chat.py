# /// script
# requires-python = ">=3.11"
# dependencies = ["semantic-kernel>=1.30"]
# ///
import asyncio
import os

from features import main, tries
from openai import AsyncOpenAI
from pydantic import BaseModel
from semantic_kernel.agents import ChatCompletionAgent, OpenAIResponsesAgent
from semantic_kernel.connectors.ai.open_ai import (
    OpenAIChatCompletion,
    OpenAIChatPromptExecutionSettings,
    OpenAITextEmbedding,
)
from semantic_kernel.contents import ChatHistory
from semantic_kernel.functions import kernel_function

MODEL = "gpt-5.4-mini"
asked = []


class City(BaseModel):
    name: str
    country: str


class Weather:
    @kernel_function(description="The weather in a city")
    def get_weather(self, city: str) -> str:
        asked.append(city)
        return "14 degrees"


def client():
    return AsyncOpenAI(base_url=os.environ["OPENAI_BASE_URL"], api_key=os.environ["OPENAI_API_KEY"])


def service():
    return OpenAIChatCompletion(ai_model_id=MODEL, async_client=client())


def history_of(words):
    history = ChatHistory()
    history.add_user_message(words)
    return history


@tries("chat")
def chat():
    settings = OpenAIChatPromptExecutionSettings()
    assert str(asyncio.run(service().get_chat_message_content(history_of("hello there"), settings)))


@tries("stream")
def stream():
    async def parts():
        settings = OpenAIChatPromptExecutionSettings()
        return [
            part
            async for part in service().get_streaming_chat_message_content(
                history_of("hello there"), settings
            )
        ]

    assert len(asyncio.run(parts())) > 3


@tries("structured")
def structured():
    settings = OpenAIChatPromptExecutionSettings(response_format=City)
    City.model_validate_json(
        str(asyncio.run(service().get_chat_message_content(history_of("Name a city."), settings)))
    )


@tries("embeddings")
def embeddings():
    made = OpenAITextEmbedding(ai_model_id="text-embedding-3-small", async_client=client())
    assert asyncio.run(made.generate_embeddings(["a", "b"])).shape == (2, 1536)


@tries("agent")
def agent():
    for made in (
        ChatCompletionAgent(service=service(), name="A", plugins=[Weather()]),
        OpenAIResponsesAgent(ai_model_id=MODEL, client=client(), name="A", plugins=[Weather()]),
    ):
        asked.clear()
        assert str(asyncio.run(made.get_response(messages="What is the weather in Paris?")))
        assert asked == ["Paris"]


main()
