"""What a crash, or OpenAI's refusal that an app passes on, says about the request that led to it."""

import pytest

from grader.collect.finding.conversations import as_messages
from grader.collect.finding.crashes import corrections_of_crash
from grader.collect.finding.tries import Pursuit
from grader.collect.finding.values import assign
from grader.evidence import Exchange
from grader.operations import Field, Operation

TEXT = {"type": "string"}
SHAPE = (Field("form", "about", TEXT, True), Field("form", "count", TEXT, True))
SENT = {SHAPE[0].key: "a parrot in the rain", SHAPE[1].key: "three geese on a roof"}
OF_MESSAGES = Field("json", "messages", {"type": "array", "items": {"type": "object"}}, True)


def answer(status: int | None = 500, body: str = "Internal Server Error", log: str = "") -> Exchange:
    return Exchange(id="1", purpose="look", method="POST", url="/", status=status, body=body, log=log)


def crashed(words: str) -> str:
    return f'Traceback (most recent call last):\n  File "app.py", line 3, in make\n    int(count)\n{words}\n'


@pytest.mark.parametrize(
    ("words", "schema"),
    [
        ("ValueError: invalid literal for int() with base 10: 'three geese on a roof'", {"type": "integer"}),
        ("ValueError: could not convert string to float: 'three geese on a roof'", {"type": "number"}),
        (
            "ValueError: time data 'three geese on a roof' does not match format '%Y-%m-%d'",
            {"type": "string", "format": "date"},
        ),
    ],
)
def test_an_exception_that_quotes_a_value_says_what_it_has_to_be(words, schema):
    [found] = corrections_of_crash(answer(log=crashed(words)), SHAPE, SENT)
    assert (found.name, found.location, found.schema) == ("count", "form", schema)


def test_an_exception_about_something_else_asks_for_nothing():
    log = crashed("ValueError: invalid literal for int() with base 10: 'eight'")
    assert corrections_of_crash(answer(log=log), SHAPE, SENT) == []


@pytest.mark.parametrize(
    ("log", "body"),
    [
        (
            crashed(
                "openai.BadRequestError: Invalid type for 'messages': expected an array, but got a string"
            ),
            "",
        ),
        ("", '{"error": "Invalid type for \'messages\': expected an array of objects, but got a string."}'),
        ("", '{"error": "Invalid type for \'messages[0]\': expected an object, but got a string instead."}'),
        (crashed("TypeError: string indices must be integers, not 'str'"), ""),
        (crashed("AttributeError: 'str' object has no attribute 'get'"), ""),
    ],
)
def test_words_in_the_place_of_a_conversation_become_one(log, body):
    shape = (Field("json", "history", TEXT, True), Field("json", "tone", TEXT, True))
    sent = {one.key: "a parrot" for one in shape}
    [found] = corrections_of_crash(answer(log=log, body=body), shape, sent)
    assert (found.name, found.schema) == ("history", OF_MESSAGES.schema)


def test_a_conversation_is_one_message_of_the_user_s():
    assert [(one.name, one.choices) for one in as_messages(OF_MESSAGES)] == [
        ("messages.0.role", ("user",)),
        ("messages.0.content", ()),
    ]
    assert as_messages(SHAPE[0]) == (SHAPE[0],)


def test_what_a_crash_asks_for_is_sent_next():
    operation = Operation("POST", "/", "", (SHAPE,), is_open=True)
    assignment = assign(SHAPE, "text", "txt")
    count = assignment.values[SHAPE[1].key]
    tries = Pursuit(operation, SHAPE, "text", "txt").tries(
        answer(log=crashed(f"ValueError: invalid literal for int() with base 10: '{count}'")), assignment
    )
    first, _ = next(tries)
    assert first.assignment.values[SHAPE[1].key] == 1
