# /// script
# requires-python = ">=3.11"
# dependencies = ["langchain>=1", "langchain-openai>=1"]
# ///
from features import calls, main, tries
from langchain.agents import create_agent
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI, OpenAIEmbeddings
from pydantic import BaseModel

MODEL = "gpt-5.4-mini"


@tool
def get_weather(city: str) -> str:
    """The weather in a city."""
    return f"14 degrees in {city}"


class City(BaseModel):
    """A city."""

    name: str
    country: str


@tries("chat")
def chat():
    assert ChatOpenAI(model=MODEL).invoke("hello there").content


@tries("responses")
def responses():
    assert ChatOpenAI(model=MODEL, use_responses_api=True).invoke("hello there").text


@tries("stream")
def stream():
    assert len([part for part in ChatOpenAI(model=MODEL).stream("hello there") if part.text]) > 3


@tries("structured")
def structured():
    for method in ("json_schema", "function_calling", "json_mode"):
        asked = ChatOpenAI(model=MODEL).with_structured_output(City, method=method)
        words = "Name a city and its country, as JSON with name and country."
        assert isinstance(asked.invoke(words), City), method


@tries("embeddings")
def embeddings():
    client = OpenAIEmbeddings(
        model="text-embedding-3-small",
        check_embedding_ctx_length=False,  # it would fetch a tokenizer from the internet
    )
    assert len(client.embed_query("hello")) == 1536


@tries("agent")
def agent():
    for responses_api in (False, True):
        made = create_agent(ChatOpenAI(model=MODEL, use_responses_api=responses_api), [get_weather])
        words = {"messages": [{"role": "user", "content": "What is the weather in Paris?"}]}
        messages = made.invoke(words, {"recursion_limit": 12})["messages"]
        assert [each.content for each in messages if each.type == "tool"] == ["14 degrees in Paris"]
        assert messages[-1].type == "ai"
        assert messages[-1].text
    assert len(calls()) == 4


main()
