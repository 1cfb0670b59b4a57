"""Words that every form of the report shares."""

NOT_YET = "not graded yet"


def printable(text: str) -> str:
    """Without control characters: a learner's words must not steer the terminal."""
    return "".join(char if char.isprintable() or char == "\n" else "�" for char in text)
