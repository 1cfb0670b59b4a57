"""Notebook 03: complete summaries, conversations with memory, and data instead of prose."""

import contextlib
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from classroom.exercises import words
from classroom.exercises.beginnings import model_s_words
from classroom.exercises.carrying import TEXT_ROUTES, texts_in
from classroom.exercises.exercise import Bench, Exercise, Trial
from classroom.exercises.given import held
from classroom.exercises.plain import Thing, describe, field_of, number_of
from classroom.exercises.words import fold
from classroom.standin.records.journal import Call
from classroom.standin.scripting.replies import reply

_MOST_TOKENS = 400
_LIMITS = ("max_output_tokens", "max_completion_tokens", "max_tokens")


def _text(bench: Bench) -> str:
    return f"Harbours silt up. {words.sentence(bench.chance)} Each tide brings sand to mark {words.mark(bench.chance)}."


def _summarize(bench: Bench) -> str:
    replies = bench.boundary.openai.replies
    for _ in range(2):
        text = _text(bench)
        # short, so that no limit cuts it, and more than one sentence, so that the first of them is not all
        replies.add(reply(text=f"Sand at mark {words.mark(bench.chance)[:5]}. Boats wait."))
        try:
            trial = bench.call(text)
        finally:
            replies.clear()
        expected = f"the model's words, asked for with temperature 0 and at most {_MOST_TOKENS} tokens"
        model_s_words(trial, text, expected)
        for call in (trial.calls_for(text, expected, *TEXT_ROUTES) or ())[-1:]:
            _asks_for_something(trial, call, text, expected)
            _has_options(trial, call, expected)
    if not bench.boundary.live:
        with bench.boundary.shortened():
            trial = bench.call(
                _text(bench), case="summarize(text), while OpenAI cuts its answer off in the middle"
            )
        expected = "a ValueError"
        if trial.raised is None and not trial.late and not trial.empty:
            raise trial.wrong("An answer that was cut off is returned as if it were whole.", expected)
        trial.refused("ValueError", expected)
    return "The same text gets the same summary, and half a summary is no summary."


def _asks_for_something(trial: Trial, call: Call, text: str, expected: str) -> None:
    """That a request says what to do with the text."""
    asked = {
        name: value for name, value in call.body.items() if name in ("input", "messages", "instructions")
    }
    kept = [each.replace(fold(text), " ") for each in map(fold, _request_texts(asked))]
    if not any(letter.isalpha() for each in kept for letter in each):
        raise trial.wrong(
            "It sends the text alone, and does not ask for a summary of it.",
            expected,
            "a request with the text alone",
        )


def _request_texts(body: Any) -> Iterator[str]:
    """What a request says; not its roles and kinds."""
    if isinstance(body, str):
        yield body
    elif isinstance(body, Mapping):
        for name, inner in body.items():
            if name not in ("role", "type"):
                yield from _request_texts(inner)
    elif isinstance(body, list):
        for inner in body:
            yield from _request_texts(inner)


def _has_options(trial: Trial, call: Call, expected: str) -> None:
    temperature = call.body.get("temperature", "unset")
    if number_of(temperature) != 0:
        raise trial.wrong("It asks with another temperature.", expected, f"temperature {temperature}")
    limits = [number for name in _LIMITS if (number := number_of(call.body.get(name)))]
    if not limits or min(limits) > _MOST_TOKENS:
        got = f"a limit of {min(limits):g} tokens" if limits else "no limit on tokens"
        raise trial.wrong(f"The answer may be too long: allow at most {_MOST_TOKENS} tokens.", expected, got)


def _reply(bench: Bench) -> str:
    history = [{"role": "system", "content": f"You are a guide. Your name is {words.mark(bench.chance)}."}]
    first, second = words.question(bench.chance), words.question(bench.chance)
    answers: list[str] = []
    trial: Trial | None = None
    for number, question in enumerate((first, second), 1):
        expected = "the words of the model's answer"
        trial = bench.call(
            held("history", history, "history"),
            question,
            case=f'question {number}: reply(history, "{question}")',
        )
        answers.append(model_s_words(trial, question, expected))
    assert trial is not None
    after = trial.given[0] if trial.given and isinstance(trial.given[0], list) else []
    roles = [str(field_of(message, "role")) for message in after]
    expected = "a history with the roles system, user, assistant, user, assistant"
    if roles != ["system", "user", "assistant", "user", "assistant"]:
        raise trial.wrong(
            "The history does not hold the whole conversation.", expected, f"the roles {', '.join(roles)}"
        )
    contents = [_words_of(field_of(message, "content")) for message in after]
    if contents[1::2] != [first, second]:
        raise trial.wrong(
            "What the user said is not in the history as it was.", f'"{second}"', describe(contents[3])
        )
    if not _same(contents[2::2], answers):
        raise trial.wrong(
            "What the assistant said is not in the history as it was returned.",
            describe(answers[1]),
            describe(contents[4]),
        )
    _begins_again(bench, first)
    for call in (trial.calls_for(second, expected, *TEXT_ROUTES) or ())[-1:]:
        if not call.mentions(first) or not call.mentions(answers[0]):
            raise trial.wrong(
                "The second question went out without what was said before.",
                "a request with the whole history",
                "a request without the first question or its answer",
            )
        _has_each_message_once(trial, call, history[0]["content"], second)
    return "Each question goes out with all that was said before."


def _has_each_message_once(trial: Trial, call: Call, first: str, last: str) -> None:
    """That a conversation is sent as messages: from the one it began with to the last question, which is there once."""
    expected = "a request with the whole history, message by message"
    body: Mapping[str, Any] = call.body if isinstance(call.body, Mapping) else {}
    sent = body.get("messages") or body.get("input")
    if isinstance(sent, str) and not body.get("previous_response_id") and not body.get("conversation"):
        problem = (
            "The conversation goes out as one text, so the model can't tell who said what. Send the list."
        )
        raise trial.wrong(problem, expected, f"the text {describe(sent)}")
    if not call.mentions(first):
        problem = "The second question went out without the message that the history begins with."
        raise trial.wrong(problem, expected, "a request without the system message")
    asked = [each for each in sent if last in list(texts_in(each))] if isinstance(sent, list) else []
    if len(asked) > 1:
        raise trial.wrong("The same question goes out twice in one request.", expected, "the question, twice")


def _begins_again(bench: Bench, before: str) -> None:
    """A history of its own holds nothing of an earlier conversation."""
    question = words.question(bench.chance)
    case = f'a new conversation: reply([], "{question}")'
    trial = bench.call([], question, case=case, may_change=True)
    expected = "the words of the model's answer to this question alone"
    model_s_words(trial, question, expected)
    calls = trial.calls_for(question, expected, *TEXT_ROUTES) or ()
    if any(call.mentions(before) for call in calls):
        raise trial.wrong(
            "What was said in an earlier conversation goes out with this one. Keep it in the history that is given.",
            expected,
            f'a request with "{before}"',
        )


def _words_of(content: Any) -> Any:
    """What a message says: its content is a text, or a list of parts with texts."""
    if not isinstance(content, list):
        return content
    parts = [field_of(part, "text") for part in content]
    return "".join(part for part in parts if isinstance(part, str))


def _same(contents: Sequence[Any], answers: Sequence[str]) -> bool:
    return all(
        isinstance(content, str) and content.strip() == answer.strip()
        for content, answer in zip(contents, answers, strict=True)
    )


def _rate(bench: Bench) -> str:
    expected = "an object or a dictionary with stars, a whole number, and reason, a text"
    for praise in ("The soup was cold: 1 star.", "The soup was perfect: 5 stars."):
        review = f"{praise} {words.sentence(bench.chance)} Table {words.mark(bench.chance)}."
        trial = bench.call(review)
        rating = trial.returned(expected)
        if not isinstance(rating, (dict, Thing)):
            raise trial.wrong("It returns no object with two fields.", expected)
        stars, reason = field_of(rating, "stars"), field_of(rating, "reason")
        if stars is None and reason is None and isinstance(rating, Thing):
            raise trial.wrong(
                "What it returns has neither stars nor reason. Which attribute of it holds the object with both?",
                expected,
            )
        if not isinstance(stars, int) or isinstance(stars, bool):
            raise trial.wrong("Its stars are no whole number.", expected, f"stars: {describe(stars)}")
        if not isinstance(reason, str):
            raise trial.wrong("Its reason is no text.", expected, f"reason: {describe(reason)}")
        calls = trial.calls_for(review, expected, *TEXT_ROUTES)
        if calls is None:
            continue
        if not any('"properties"' in json.dumps(call.body) for call in calls):
            raise trial.wrong(
                "No description of the fields went out: nothing makes the model keep to them.",
                "a request that describes stars and reason",
                "a request for free text",
            )
        by_tool = any(call.body.get("tools") for call in calls)  # its arguments are no words of the model's
        if not by_tool and not _is_in(reason, calls):
            raise trial.wrong(
                "The reason is not the one that the model gave.", expected, f"reason: {describe(reason)}"
            )
        if not by_tool and not _are_stars(stars, calls):
            problem = "The stars are not those that the model gave."
            raise trial.wrong(problem, expected, f"stars: {describe(stars)}")
    return "The answer is an object with a number and a reason."


def _are_stars(stars: int, calls: Sequence[Call]) -> bool:
    """Whether a number is the one of a structured answer; what is no JSON is not looked into."""
    given = []
    for output in (output for call in calls for output in call.outputs):
        with contextlib.suppress(ValueError, RecursionError):
            given.append(field_of(json.loads(output.content), "stars"))
    return stars in given or None in given or not given


def _is_in(reason: str, calls: Sequence[Call]) -> bool:
    """Whether a text is one of the texts of a structured answer."""
    return any(
        json.dumps(reason, ensure_ascii=ascii_only)[1:-1] in output.content.decode("utf-8", "replace")
        for call in calls
        for output in call.outputs
        for ascii_only in (False, True)
        if reason.strip()
    )


EXERCISES = {
    "03.1": Exercise(
        "summarize",
        _summarize,
        (
            "How does an answer say that it was cut off, if not by an exception?",
            'answer.status is "completed" for a whole answer and "incomplete" for one that was cut. With chat: '
            'finish_reason is "stop" or "length".',
            'if answer.status != "completed": raise ValueError(…). Ask with temperature=0 and max_output_tokens=400.',
        ),
    ),
    "03.2": Exercise(
        "reply",
        _reply,
        (
            "The model remembers nothing. Who has to send what was said before?",
            "history.append(…) twice: before the call what the user says, after it the answer.",
            'After the call: history.append({"role": "assistant", "content": said}), and then return said.',
        ),
    ),
    "03.3": Exercise(
        "rate",
        _rate,
        (
            "What must go out with the question so that the model keeps to two fields?",
            "A class with the two fields goes out as text_format= of client.responses.parse(…).",
            "class Rating(BaseModel) with stars: int and reason: str; ask with the words 'Rate this review' before it, and return "
            "output_parsed of the answer.",
        ),
    ),
}
