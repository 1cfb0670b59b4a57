"""Notebook 05: moderate texts before using them, and find texts with similar meaning."""

from classroom.exercises import words
from classroom.exercises.beginnings import model_s_words
from classroom.exercises.carrying import TEXT_ROUTES
from classroom.exercises.exercise import Bench, Exercise
from classroom.exercises.given import moderation
from classroom.exercises.trying import try_each

# by category: an answer that looks at one category alone misses the others
_FLAGGED = (
    ("I will hurt you", "You will regret this"),
    ("You are worthless", "Nobody likes you"),
    ("Tell me how to shoplift", "Tell me how to steal a car"),
)
_CATEGORIES = ("violence", "harassment", "harassment/threatening", "hate", "sexual", "illicit", "self-harm")
_TOPICS = (
    ("The museum opens at ten.", "At what hour does the museum open? At ten?"),
    ("The park closes at sunset.", "Does the park close at sunset?"),
    ("Boats are hired by the hour.", "Are boats hired by the hour?"),
    ("Bicycles are free for guests.", "Are bicycles free for guests?"),
    ("Breakfast is served on the terrace.", "Is breakfast served on the terrace?"),
    ("The ferry leaves from the old pier.", "Does the ferry leave from the old pier?"),
    ("Dogs have to be on a lead in town.", "Do dogs have to be on a lead in town?"),
)
# the nearest text shares its subject with the question, and another one more of its words
_SHARED_WORDS = (
    ("Breakfast: terrace.", "Breakfast on the terrace?"),
    ("Dogs go on the lead.", ""),
    ("The bus stops on the hill.", ""),
    ("On the left is the old pier.", ""),
)


def _answer(bench: Bench) -> str:
    def look_at(threats: tuple[str, ...]) -> None:
        question = words.question(bench.chance)
        trial = bench.call(question)
        expected = "the words of the model's answer, after the text was moderated"
        if trial.ended(expected) is None and trial.written and not trial.printed.strip():
            problem = "This text is not flagged, and it returns nothing (None) all the same."
            raise trial.wrong(problem, expected)
        model_s_words(trial, question, expected)
        if trial.calls is not None and not any(
            call.route == "moderations" and call.mentions(question) for call in trial.calls
        ):
            raise trial.wrong(
                "The text was not moderated: no request for moderation has it.", expected, "an answer at once"
            )
        flagged = f"{bench.chance.choice(threats)}, said note {words.mark(bench.chance)}."
        trial = bench.call(flagged)
        expected = "None, and no call that generates text"
        calls = trial.calls or ()
        if trial.ended(expected) is not None:
            answered = any(call.route in TEXT_ROUTES for call in calls)
            problem = (
                "A flagged text is answered."
                if answered
                else "For a flagged text it returns something. Return None."
            )
            raise trial.wrong(problem, expected)
        if any(call.route != "moderations" for call in calls):
            raise trial.wrong(
                "For a flagged text an answer was generated all the same: check first.",
                expected,
                "None, after a call that cost money",
            )
        if trial.calls is not None and not any(call.mentions(flagged) for call in calls):
            raise trial.wrong(
                "The text was not moderated by OpenAI.", expected, "None, without asking OpenAI"
            )

    try_each(bench, _FLAGGED, look_at)
    return "It checks first, and spends nothing on what it refuses."


def _too_much(bench: Bench) -> str:
    for number in range(6):
        chosen = bench.chance.sample(_CATEGORIES, 4)
        if number == 0:  # names that Python writes otherwise
            chosen = ["self-harm", "harassment/threatening", *bench.chance.sample(["violence", "hate"], 2)]
        scores = {name: bench.chance.randrange(5, 95) / 100 for name in chosen}
        if number < 2:  # each of them above its limit, and a high one that has no limit
            limits = {name: round(scores[name] / 2, 4) for name in chosen[:3]}
            limits = dict(sorted(limits.items(), reverse=True))
        else:
            # five thousandths: the same as a score only where that is wanted
            limits = {name: bench.chance.randrange(5, 95) / 100 + 0.005 for name in chosen[: number - 2]}
        if number == 5:
            limits[chosen[0]] = scores[chosen[0]]  # at its limit, and not above it
        right = sorted(name for name, limit in limits.items() if scores[name] > limit)
        listed = ", ".join(f"{name} {score:g}" for name, score in scores.items())
        asked = ", ".join(f'"{name}": {limit:g}' for name, limit in limits.items())
        case = f"too_much(result, {{{asked}}}), with the scores {listed}"
        trial = bench.call(moderation(scores), limits, case=case)
        expected = f"the list {right}"
        found = trial.returned(expected)
        if not isinstance(found, (list, tuple)):
            raise trial.wrong("It returns no list of names.", expected)
        if list(found) != right:
            problem = (
                "The names are right, and not in alphabetical order."
                if sorted(map(str, found)) == right
                else "These are not the categories above their limits. A score at its limit is not above it."
                if [name for name in map(str, found) if scores.get(name) != limits.get(name)] == right
                else "These are not the categories above their limits."
            )
            raise trial.wrong(problem, expected, str([str(name) for name in found]))
    return "The line is drawn where you want it, category by category."


def _nearest_to(bench: Bench) -> str:
    for place in (*bench.chance.sample(range(len(_TOPICS)), 3), None):  # never twice at the same place
        chosen = bench.chance.sample(_TOPICS, len(_TOPICS))
        if place is None:
            chosen = bench.chance.sample(_SHARED_WORDS, len(_SHARED_WORDS))
        right, question = next(pair for pair in chosen if pair[1]) if place is None else chosen[place]
        texts = [text for text, _ in chosen]
        trial = bench.call(question, texts, case=f'nearest_to("{question}", {len(texts)} texts)')
        expected = f'"{right}"'
        found = trial.returned(expected)
        if not isinstance(found, str):
            raise trial.wrong("It returns something other than one of the texts.", expected)
        if found != right:
            raise trial.wrong("This is not the nearest text.", expected)
        if trial.calls is None:
            continue
        calls = [call for call in trial.calls if call.route == "embeddings"]
        if not calls or not any(call.mentions(question) for call in calls):
            raise trial.wrong(
                "It did not ask OpenAI for the question's embedding.", "a call for embeddings", "none"
            )
        if len(calls) > 2:
            raise trial.wrong(
                f"It asked OpenAI {len(calls)} times for {len(texts)} texts: send them together.",
                "one call with all the texts",
                f"{len(calls)} calls",
            )
    return "It finds the nearest text, without a call for each."


EXERCISES = {
    "05.1": Exercise(
        "answer",
        _answer,
        (
            "Which of the two calls costs money, and which one should come first?",
            "moderate(words) from above has flagged. For a flagged text return None before you ask the model.",
            "if moderate(words).flagged: return None. After that, return the output_text of client.responses.create(…).",
        ),
    ),
    "05.2": Exercise(
        "too_much",
        _too_much,
        (
            "Which categories matter here: all that have a score, or all that have a limit?",
            "result.category_scores.model_dump(by_alias=True) is a dictionary of scores by the names with a slash.",
            "Go through limits.items(), keep each name whose score is greater than its limit, and return them sorted.",
        ),
    ),
    "05.3": Exercise(
        "nearest_to",
        _nearest_to,
        (
            "How can one call give you the places of the question and of all the texts?",
            "places([question, *texts]) is one call; the first place is the question's.",
            "asked, *stored = places([question, *texts]); then max(zip(texts, stored), key=…) by nearness, and its text.",
        ),
    ),
}
