# /// script
# requires-python = ">=3.11"
# dependencies = ["dspy", "numpy"]
# ///
import dspy
from features import main, tries

dspy.configure(lm=dspy.LM("openai/gpt-5.4-mini", cache=False, temperature=1.0, max_tokens=16_000))
asked = []


def get_weather(city: str) -> str:
    """The weather in a city."""
    asked.append(city)
    return f"14 degrees in {city}"


@tries("chat")
def chat():
    assert dspy.Predict("question -> answer")(question="hello there").answer


@tries("structured")
def structured():
    made = dspy.Predict("text -> score: float, tags: list[str]")
    with dspy.context(adapter=dspy.JSONAdapter()):
        answer = made(text="a fine day")
    assert isinstance(answer.score, float)
    assert isinstance(answer.tags, list)


@tries("reasoning")
def reasoning():
    answer = dspy.ChainOfThought("question -> answer")(question="hello there")
    assert answer.reasoning
    assert answer.answer


@tries("react")
def react():
    asked.clear()
    assert dspy.ReAct("question -> answer", tools=[get_weather], max_iters=5)(
        question="What is the weather in Paris?"
    ).answer


@tries("embeddings")
def embeddings():
    assert dspy.Embedder("openai/text-embedding-3-small", caching=False)(["hello", "you"]).shape == (2, 1536)


main()
