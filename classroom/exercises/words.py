"""Random words: each check asks for different ones, so that an answer can't be hard-coded."""

from random import Random

_COLOURS = ("red", "green", "blue", "golden", "silver", "striped", "tiny", "wooden", "rusty", "painted")
_THINGS = ("kite", "teapot", "lighthouse", "bicycle", "lantern", "piano", "sailing boat", "clock", "umbrella")
_PLACES = (
    "in the harbour",
    "on the moon",
    "on a hill",
    "under an old bridge",
    "at the market",
    "by a frozen lake",
    "at the station",
)
_NAMES = ("Ada", "Bruno", "Chidi", "Dalia", "Emeka", "Freya", "Gita", "Hugo", "Ines", "Jonas")


def scene(chance: Random) -> str:
    """Something to draw, such as "a red kite on the moon, number 4711"."""
    number = chance.randrange(100, 10_000)
    return f"a {chance.choice(_COLOURS)} {chance.choice(_THINGS)} {chance.choice(_PLACES)}, number {number}"


def question(chance: Random) -> str:
    """Something to ask, such as "What did Ada leave on the moon in the year 1234?"."""
    year = chance.randrange(1_200, 2_020)
    return f"What did {chance.choice(_NAMES)} leave {chance.choice(_PLACES)} in the year {year}?"


def sentence(chance: Random) -> str:
    """Something to say, in words that a voice can read: "Ada drew a red kite, and Hugo a clock."."""
    one, other = chance.sample(_NAMES, 2)
    first, second = chance.sample(_THINGS, 2)
    return f"{one} drew a {chance.choice(_COLOURS)} {first}, and {other} a {second}."


def another(chance: Random, than: str) -> str:
    """Words that nobody can mistake for a given text: neither holds the other."""
    wanted = fold(than)
    for make in (question, scene, sentence):
        found = make(chance)
        if wanted not in fold(found) and fold(found) not in wanted:
            return found
    # a text of a few letters is in much else
    return "".join(letter for letter in question(chance) if letter.casefold() not in wanted) or mark(chance)


def fold(text: str) -> str:
    """A text without what an answer may change of it: case and white space."""
    return " ".join(text.casefold().split())


def mark(chance: Random) -> str:
    """A short name that occurs nowhere else."""
    return f"{chance.getrandbits(40):010x}"


TOPICS = (
    ("The museum opens at ten and closes at five.", "When does the museum open?"),
    ("Boats are hired by the hour at the north pier.", "Where are boats hired by the hour?"),
    ("Dogs have to be on a lead in town.", "Do dogs have to be on a lead?"),
    ("Breakfast is served on the terrace until eleven.", "Until when is breakfast served?"),
    ("The ferry to the island takes forty minutes.", "How long does the ferry to the island take?"),
    ("Bicycles are free for guests of the hotel.", "Are bicycles free for guests?"),
)
"""Passages, and a question that each of them answers."""
