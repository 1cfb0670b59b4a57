# /// script
# requires-python = ">=3.11,<3.14"
# dependencies = ["crewai>=1.10"]
# ///
import os

for name in ("CREWAI_DISABLE_TELEMETRY", "OTEL_SDK_DISABLED"):
    os.environ[name] = "true"
os.environ["CREWAI_TRACING_ENABLED"] = "false"
from crewai import LLM, Agent, Crew, Process, Task  # noqa: E402
from crewai.tools import tool  # noqa: E402
from features import main, tries  # noqa: E402
from pydantic import BaseModel  # noqa: E402

asked = []


class City(BaseModel):
    name: str
    country: str


@tool("get_weather")
def get_weather(city: str) -> str:
    """The weather in a city."""
    asked.append(city)
    return "14 degrees"


def llm(**more):
    return LLM(model="openai/gpt-5.4-mini", **more)


def guide(model, **more):
    return Agent(role="Guide", goal="Tell of cities", backstory="A guide", llm=model, max_iter=5, **more)


def crew(made, words, process=Process.sequential, task=None, **more):
    told = {"description": words, "expected_output": "an answer", **(task or {})}
    who = {} if process == Process.hierarchical else {"agent": made}
    return Crew(agents=[made], tasks=[Task(**told, **who)], process=process, **more).kickoff()


@tries("chat")
def chat():
    assert llm().call("hello there")


@tries("responses")
def responses():
    assert llm(api="responses").call("hello there")


@tries("stream")
def stream():
    assert llm(stream=True).call("hello there")


@tries("structured")
def structured():
    made = crew(guide(llm()), "Name a city.", task={"output_pydantic": City})
    assert isinstance(made.pydantic, City)


@tries("agent")
def agent():
    for model in (llm(), llm(api="responses")):
        asked.clear()
        assert crew(guide(model, tools=[get_weather]), "What is the weather in Paris?").raw
        assert asked == ["Paris"]


@tries("handoff")
def handoff():
    made = crew(guide(llm()), "List facts on kites.", Process.hierarchical, manager_llm=llm())
    assert made.raw


main()
