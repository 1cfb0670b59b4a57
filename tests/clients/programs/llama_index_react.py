# /// script
# requires-python = ">=3.11"
# dependencies = ["llama-index-core", "llama-index-llms-openai", "llama-index-embeddings-openai"]
# ///
import asyncio

from features import main, tries
from llama_index.core import Document, VectorStoreIndex
from llama_index.core.agent.workflow import FunctionAgent, ReActAgent
from llama_index.core.query_engine import SubQuestionQueryEngine
from llama_index.core.question_gen import LLMQuestionGenerator
from llama_index.core.tools import QueryEngineTool
from llama_index.embeddings.openai import OpenAIEmbedding
from llama_index.llms.openai import OpenAI, OpenAIResponses
from pydantic import BaseModel

MODEL = "gpt-5.4-mini"


class City(BaseModel):
    """A city."""

    name: str
    country: str


def get_weather(city: str) -> str:
    """The weather in a city."""
    asked.append(city)
    return f"14 degrees in {city}"


asked = []


@tries("chat")
def chat():
    assert OpenAI(model=MODEL).complete("hello there").text


@tries("responses")
def responses():
    assert OpenAIResponses(model=MODEL).complete("hello there").text


@tries("stream")
def stream():
    assert len(list(OpenAI(model=MODEL).stream_complete("hello there"))) > 3


@tries("structured")
def structured():
    assert isinstance(OpenAI(model=MODEL).as_structured_llm(City).complete("Name a city").raw, City)


@tries("embeddings")
def embeddings():
    index = VectorStoreIndex.from_documents(
        [Document(text="Foxes are red."), Document(text="The moon is round.")],
        embed_model=OpenAIEmbedding(model="text-embedding-3-small"),
    )
    [found] = index.as_retriever(similarity_top_k=1).retrieve("foxes red")
    assert "Foxes" in found.text


@tries("sub-questions")
def sub_questions():
    def index_of(words):
        return VectorStoreIndex.from_documents(
            [Document(text=words)], embed_model=OpenAIEmbedding(model="text-embedding-3-small")
        ).as_query_engine(llm=OpenAI(model=MODEL))

    tools = [
        QueryEngineTool.from_defaults(index_of(words), name=name, description=words)
        for name, words in (("foxes", "Facts about foxes"), ("moons", "Facts about moons"))
    ]
    generator = LLMQuestionGenerator.from_defaults(llm=OpenAI(model=MODEL))
    engine = SubQuestionQueryEngine.from_defaults(
        tools, llm=OpenAI(model=MODEL), question_gen=generator, use_async=False, verbose=False
    )
    assert "foxes" in str(engine.query("How fast are foxes?")).casefold()


def answer_of(kind):
    async def run():
        asked.clear()
        made = kind(tools=[get_weather], llm=OpenAI(model=MODEL))
        return str(await made.run("What is the weather in Paris?", max_iterations=6))

    return asyncio.run(run())


@tries("agent")
def agent():
    assert answer_of(FunctionAgent)
    assert asked == ["Paris"]


@tries("react")
def react():
    assert answer_of(ReActAgent)


main()
