"""What a custom tool is sent follows its grammar; one that can't be read is refused, and one that is hostile costs little."""

import re
import time

import openai
import pytest
from lark import Lark

from classroom.standin.generation import grammars
from classroom.standin.incoming.errors import APIError

MODEL = "gpt-5.4-mini"
SUM = """start: term (" + " term)*
term: INT | "(" start ")"
%import common.INT
"""
QUERY = """start: "SELECT" names "FROM" NAME [where] ";"
names: NAME ("," NAME)* | "*"
where: "WHERE" NAME "=" INT
NAME: /[a-z]+/
%import common (INT, WS)
%ignore WS
"""
# Lark's own parser refuses this one, for an expansion that is there twice
TWICE = """start: expr
expr: term (SP "+" SP term)* -> add
| term
term: INT
SP: " "
%import common.INT
"""


def tool(syntax: str, definition: str) -> dict[str, object]:
    return {
        "type": "custom",
        "name": "save",
        "format": {"type": "grammar", "syntax": syntax, "definition": definition},
    }


def test_a_custom_tool_gets_what_its_regular_expression_matches(client):
    pattern = r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}$"
    [call] = client.responses.create(
        model=MODEL, input="Save the date", tools=[tool("regex", pattern)], tool_choice="required"
    ).output
    assert re.fullmatch(pattern, call.input)


def test_a_chat_s_custom_tool_gets_what_its_grammar_derives(client):
    grammar = {"type": "grammar", "grammar": {"syntax": "lark", "definition": SUM}}
    answer = client.chat.completions.create(
        model=MODEL,
        messages=[{"role": "user", "content": "Save a sum"}],
        tools=[{"type": "custom", "custom": {"name": "save", "format": grammar}}],
    )
    [call] = answer.choices[0].message.tool_calls
    Lark(SUM).parse(call.custom.input)


@pytest.mark.parametrize("definition", [SUM, QUERY])
def test_every_text_can_be_parsed_with_its_grammar(definition):
    parser = Lark(definition)
    written = {grammars.write(grammars.Grammar("lark", definition), "-", str(seed)) for seed in range(20)}
    assert len(written) > 5
    for each in written:
        parser.parse(each)


def test_an_expansion_may_be_there_twice():
    written = grammars.write(grammars.Grammar("lark", TWICE), "-", "1")
    assert re.fullmatch(r"\d+( \+ \d+)*", written)


@pytest.mark.parametrize(
    ("syntax", "definition"),
    [
        ("regex", "("),
        ("lark", "start: ("),
        ("lark", "start: missing"),
        ("lark", "start: start"),
        ("lark", 'begin: "a"'),
        ("lark", "%import .secret\nstart: SECRET"),
        ("lark", "start: " + "(" * 3000 + '"a"' + ")" * 3000),
        ("lark", "start: A" + " " * 30_000),
    ],
)
def test_a_grammar_that_can_not_be_read_is_refused(syntax, definition):
    with pytest.raises(APIError) as caught:
        grammars.check(grammars.Grammar(syntax, definition), "tools")
    assert (caught.value.status, caught.value.code) == (400, "invalid_grammar")


def test_the_refusal_reaches_the_client(client):
    with pytest.raises(openai.BadRequestError, match="Invalid grammar"):
        client.responses.create(model=MODEL, input="x", tools=[tool("lark", "start: (")])


@pytest.mark.parametrize(
    "definition",
    [
        'start: a~99999999\na: "x"~99999999',
        "start: a a a a a a a a\na: b b b b b b b b\nb: c c c c c c c c\nc: d d d d d d d d\nd: /[a-z]{900}/",
        "start: A\nA: /((a{1000}){1000}){1000}/",
    ],
)
def test_a_grammar_that_asks_for_too_much_is_answered_with_less(definition):
    begun = time.process_time()
    written = grammars.write(grammars.Grammar("lark", definition), "the prompt", "1")
    assert len(written) < 10_000
    assert time.process_time() - begun < 5
