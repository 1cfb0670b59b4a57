# /// script
# requires-python = ">=3.11"
# dependencies = ["langchain>=1", "langchain-openai>=1", "langgraph>=1", "numpy"]
# ///
import base64

from features import main, tries
from langchain.agents import create_agent
from langchain.agents.structured_output import ProviderStrategy, ToolStrategy
from langchain_core.documents import Document
from langchain_core.output_parsers import JsonOutputParser, PydanticOutputParser
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.tools import tool
from langchain_core.vectorstores import InMemoryVectorStore
from langchain_openai import ChatOpenAI, OpenAIEmbeddings, custom_tool
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.types import Command, interrupt
from pydantic import BaseModel

MODEL = "gpt-5.4-mini"
THREAD = {"configurable": {"thread_id": "1"}}
ran = []


class City(BaseModel):
    """A city."""

    name: str
    country: str


@tool
def add(a: int, b: int) -> int:
    """Adds a and b."""
    return a + b


@tool
def multiply(a: int, b: int) -> int:
    """Multiply a and b."""
    return a * b


@tool
def ask_a_human(query: str) -> str:
    """Request assistance from a human."""
    return interrupt({"query": query})["data"]


@custom_tool
def execute_code(code: str) -> str:
    """Execute Python code."""
    ran.append(code)
    return "27"


def models():
    return ChatOpenAI(model=MODEL), ChatOpenAI(model=MODEL, use_responses_api=True)


def said(words):
    return {"messages": [{"role": "user", "content": words}]}


@tries("stream")
def stream():
    for model in models():
        parts = list(model.with_structured_output(City).stream("Name a city."))
        assert isinstance(parts[-1], City)


@tries("batch")
def batch():
    for model in models():
        assert len(model.batch(["a", "b", "c"])) == 3


@tries("json in words")
def json_in_words():
    for parser in (PydanticOutputParser(pydantic_object=City), JsonOutputParser(pydantic_object=City)):
        prompt = ChatPromptTemplate.from_template("Answer the query.\n{how}\n{query}\n")
        chain = prompt.partial(how=parser.get_format_instructions()) | models()[0] | parser
        assert chain.invoke({"query": "Name a city."})


@tries("structured")
def structured():
    for model in models():
        for strategy in (ToolStrategy(City), ProviderStrategy(City)):
            made = create_agent(model, [add], response_format=strategy)
            assert isinstance(made.invoke(said("Name a city."))["structured_response"], City)


@tries("agent")
def agent():
    for model in models():
        messages = create_agent(model, [add, multiply]).invoke(said("Add 3 and 4."))["messages"]
        assert [each.content for each in messages if each.type == "tool"] == ["7"]


@tries("custom tool")
def custom():
    ran.clear()
    create_agent(models()[1], [execute_code]).invoke(said("Execute the code print(3 ** 3)"))
    assert len(ran) == 1


@tries("interrupt")
def interrupted():
    made = create_agent(models()[0], [ask_a_human], checkpointer=InMemorySaver())
    assert made.invoke(said("Could you request assistance from a human?"), THREAD)["__interrupt__"]
    assert made.invoke(Command(resume={"data": "use a kite"}), THREAD)["messages"][-1].text


@tries("hosted")
def hosted():
    made = models()[1].bind_tools([{"type": "image_generation"}]).invoke("Draw a picture of a fox")
    assert "image_generation_call" in {each["type"] for each in made.content}


@tries("embeddings")
def embeddings():
    client = OpenAIEmbeddings(model="text-embedding-3-small", check_embedding_ctx_length=False)
    kept = InMemoryVectorStore(client)
    kept.add_documents([Document("Kites are red"), Document("Taxes are due in May")])
    assert kept.similarity_search("Which colour have kites?", k=1)[0].page_content == "Kites are red"


@tries("audio")
def audio():
    how = {"modalities": ["text", "audio"], "audio": {"voice": "alloy", "format": "wav"}}
    made = ChatOpenAI(model="gpt-audio-1.5", model_kwargs=how).invoke("hello there")
    assert base64.b64decode(made.additional_kwargs["audio"]["data"]).startswith(b"RIFF")


main()
