# /// script
# requires-python = ">=3.11"
# dependencies = ["smolagents[openai]>=1.20"]
# ///
from features import main, tries
from smolagents import OpenAIModel, ToolCallingAgent, tool

MODEL = OpenAIModel(model_id="gpt-5.4-mini")
asked = []


@tool
def get_weather(city: str) -> str:
    """The weather in a city.

    Args:
        city: its name
    """
    asked.append(city)
    return "14 degrees"


@tries("chat")
def chat():
    assert MODEL([{"role": "user", "content": [{"type": "text", "text": "hello there"}]}]).content


@tries("stream")
def stream():
    parts = list(
        MODEL.generate_stream([{"role": "user", "content": [{"type": "text", "text": "hello there"}]}])
    )
    assert len(parts) > 3


@tries("agent")
def agent():
    for streams in (False, True):
        asked.clear()
        made = ToolCallingAgent(
            tools=[get_weather], model=MODEL, max_steps=4, verbosity_level=0, stream_outputs=streams
        )
        assert made.run("What is the weather in Paris?")
        assert asked == ["Paris"]


main()
