"""The checks of the exercises in `01-moderation.ipynb`."""

from classroom.exercises import words
from classroom.exercises.exercise import Bench, Exercise

_FLAGGED = ("I will hurt you", "You are worthless", "Nobody likes you", "You will regret this")


def _is_flagged(bench: Bench) -> str:
    for _ in range(3):
        question = words.question(bench.chance)
        threat = f"{bench.chance.choice(_FLAGGED)}, said {words.mark(bench.chance)}."
        for text, right in ((question, False), (threat, True)):
            trial = bench.call(text)
            expected = f"{right}, from OpenAI's moderation"
            trial.calls_for(text, expected, "moderations")
            if trial.returned(expected) is not right:
                raise trial.wrong("This is not what moderation found.", expected)
    return "It asks moderation about each text, and returns what was found."


EXERCISES = {
    "01.1": Exercise(
        "is_flagged",
        _is_flagged,
        (
            "Which field of the printed result answers the question with yes or no?",
            "client.moderations.create(input=words) has a list of results, one for each text.",
            "return client.moderations.create(input=words).results[0].flagged",
        ),
    ),
}
