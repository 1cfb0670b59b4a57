"""Words that every form of the report shares."""

SECTIONS = {
    "endpoint": "Your endpoint",
    "secrets": "Your key",
    "validation": "Bad input",
    "errors": "When OpenAI or S3 fails",
    "openapi": "Your API's document",
    "tests": "Your tests",
    "notebooks": "Notebooks",
    "module": "The OpenAI module (extension)",
}
NOT_YET = "not graded yet"


def printable(text: str) -> str:
    """Without control characters: a learner's words must not steer the terminal."""
    return "".join(char if char.isprintable() or char == "\n" else "�" for char in text)
