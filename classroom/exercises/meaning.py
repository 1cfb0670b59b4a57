"""Notebook 05: texts that are checked before they are used, and texts that are near each other."""

from typing import Any

from openai.types import Moderation

from classroom.exercises.looking import Exercise, NotYet, asked_since, called, calls_since, count

_FLAGGED = "I will hurt you, said the note."
_FINE = "How deep is the sea?"


def _answer(function: Any) -> str:
    said = called(function, _FINE)
    if not isinstance(said, str) or not said.strip():
        raise NotYet(f"for a harmless question it returns {said!r}, not the model's words.")
    before = count()
    try:
        said = function(_FLAGGED)
    except Exception as error:
        raise NotYet(f"for a flagged text it raises {type(error).__name__}: return None.") from error
    if said is not None:
        raise NotYet("a flagged text is answered.")
    calls = calls_since(before)
    if any(call.route != "moderations" for call in calls):
        raise NotYet("for a flagged text an answer was generated all the same: check first.")
    return "It checks first, and spends nothing on what it refuses."


def _result(**scores: float) -> Moderation:
    """A result with these scores; every other category has none to speak of."""
    fields = Moderation.model_fields
    names = [
        field.alias or name
        for name, field in fields["category_scores"].annotation.model_fields.items()  # type: ignore[union-attr]
    ]
    given = {name.replace("_", "/"): score for name, score in scores.items()}
    return Moderation.model_validate(
        {
            "flagged": False,
            "categories": dict.fromkeys(names, False),
            "category_scores": {name: given.get(name, 0.001) for name in names},
            "category_applied_input_types": {name: ["text"] for name in names},
        }
    )


def _too_much(function: Any) -> str:
    result = _result(violence=0.4, harassment=0.3, harassment_threatening=0.6, hate=0.9)
    cases: list[tuple[dict[str, float], list[str]]] = [
        ({"violence": 0.2}, ["violence"]),
        ({"violence": 0.5}, []),
        ({"violence": 0.2, "harassment": 0.2, "sexual": 0.2}, ["harassment", "violence"]),
        ({"harassment/threatening": 0.5}, ["harassment/threatening"]),
        ({}, []),
    ]
    for limits, right in cases:
        said = called(function, result, limits)
        if not isinstance(said, (list, tuple)):
            raise NotYet(f"it returns {type(said).__name__}, not a list of names.")
        if list(said) != right:
            raise NotYet(f"with the limits {limits} it returns {list(said)}, not {right}.")
    return "The line is drawn where you want it, category by category."


def _nearest_to(function: Any) -> str:
    texts = [
        "The museum opens at ten.",
        "Dogs have to be on a lead in the park.",
        "The park closes at sunset.",
        "Boats are hired by the hour.",
    ]
    for question, right in (
        ("When does the park close at sunset?", 2),
        ("At what hour does the museum open? At ten?", 0),
    ):
        before = count()
        said = called(function, question, texts)
        if said != texts[right]:
            raise NotYet(f"for {question!r} it returns {said!r}.")
        calls = [call for call in asked_since(before) if call.route == "embeddings"]
        if len(calls) > 2:
            raise NotYet(f"it asked OpenAI {len(calls)} times for {len(texts)} texts: send them together.")
    return "It finds the nearest text, without a call for each."


EXERCISES = {
    "05.1": Exercise("answer", _answer, "Two calls at most: moderate(words) first; if flagged, return None."),
    "05.2": Exercise(
        "too_much",
        _too_much,
        "result.category_scores.model_dump(by_alias=True) is a dictionary of scores by the names with a slash.",
    ),
    "05.3": Exercise(
        "nearest_to",
        _nearest_to,
        "places([question, *texts]) is one call; then max(…, key=…) over texts and their places, by nearness.",
    ),
}
