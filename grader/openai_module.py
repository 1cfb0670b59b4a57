"""The OpenAI module of the contract's section 7: its addresses, and the words by which each question to it is known."""

BASE = "/modules/openai/"

LISTED, DESCRIBED = "the list", "one by its name"
PLAIN, STREAMED, WITHOUT_MODEL = "an ordinary request", "the same as a stream", "without a model"
NO_SOUND = "a file that is no sound"
RATE_LIMITED, DROPPED = "OpenAI says: too many requests (429)", "OpenAI hangs up"

MODEL = "gpt-5.4-mini"
TEMPERATURE = 0.7


def belongs(path: str) -> bool:
    """Whether an operation is the module's, and so none that generates files."""
    return BASE in f"{path}/"
