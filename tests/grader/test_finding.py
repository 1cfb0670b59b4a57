"""Apps as people write them are found as a person finds them: by trying."""

from types import SimpleNamespace
from typing import Any

import pytest

from grader.collect.finding.discovery import LOOKING, is_better_known
from grader.collect.finding.endings import named_endings
from grader.collect.finding.field_roles import kind_of_words
from grader.collect.finding.refusals import corrections
from grader.criteria import BY_ID
from grader.evidence import Exchange
from grader.examples import inside, list_examples, whole_requests
from grader.operations import Field, operations
from tests.grader.finding import looked, problem
from tests.grader.seen import OFFER
from tests.grader.shapes import SHAPES
from tests.sampling import representative


@pytest.mark.parametrize("name", representative(list(SHAPES), 4))
def test_an_app_is_found_as_by_hand(name):
    assert problem(name, looked(name)) == ""


def test_the_type_of_an_answer_is_not_the_type_of_a_file():
    assert [offer.type_input for offer in looked("type_of_question").offers] == [None]


def refused(body: str) -> Exchange:
    return Exchange(id="ex-1", purpose="", method="POST", url="/", status=422, body=body)


@pytest.mark.parametrize(
    ("body", "name", "schema"),
    [
        ('{"detail": [{"type": "missing", "loc": ["body", "hue"], "msg": "Field required"}]}', "hue", {}),
        (
            '{"detail": [{"loc": ["query", "hue"], "msg": "Input should be \'red\' or \'blue\'", '
            '"ctx": {"expected": "\'red\' or \'blue\'"}}]}',
            "hue",
            {"enum": ["red", "blue"]},
        ),
        (
            '{"detail": [{"loc": ["body", "count"], "msg": "Input should be a valid integer"}]}',
            "count",
            {"type": "integer"},
        ),
        (
            '{"errors": [{"pointer": "/hue", "detail": "use \'red\' or \'blue\'"}]}',
            "hue",
            {"enum": ["red", "blue"]},
        ),
        ('{"hue": ["This field is required."]}', "hue", {}),
        ('{"error": "hue is required"}', "hue", {}),
        ("Please fill in the field hue.", "hue", {}),
        ('{"error": "hue must be one of: red, blue"}', "hue", {"enum": ["red", "blue"]}),
        ("<html><body><p>KeyError: 'hue'</p></body></html>", "hue", {}),
        ('{"detail": "Missing \'hue\' in request body"}', "hue", {}),
    ],
)
def test_a_refusal_tells_which_input_is_wrong(body, name, schema):
    first = corrections(refused(body), [])[0]
    assert (first.name, dict(first.schema)) == (name, schema)


def test_a_refusal_that_quotes_a_value_is_about_the_input_that_had_it():
    style = Field("json", "style", {"type": "string"}, True)
    answer = refused('{"error": "Unknown look gloomy; supported looks: bright, dark"}')
    found = corrections(answer, [style], {("json", "style"): "gloomy"})
    assert found[0].name == "style"
    assert found[0].schema == {"enum": ["bright", "dark"]}


@pytest.mark.parametrize(
    "body", ["", "null", "[" * 50, '{"detail": ' * 30, "<" * 5000, '{"loc": [1, null, {}], "msg": 3}']
)
def test_a_refusal_that_says_nothing_asks_for_nothing(body):
    assert corrections(refused(body), []) == []


@pytest.mark.parametrize(
    ("facts", "schema", "named"),
    [
        ({"example": "a"}, {}, {"0": "a"}),
        (
            {"examples": {"first": {"value": "a"}, "second": {"summary": "b", "value": "b"}}},
            {},
            {"first": "a", "second": "b"},
        ),
        ({}, {"examples": ["a", "b"]}, {"0": "a", "1": "b"}),
        ({}, {"example": "a"}, {"0": "a"}),
        ({"examples": {"elsewhere": {"externalValue": "http://127.0.0.1/"}}}, {}, {}),
    ],
)
def test_examples_are_read_in_every_form(facts, schema, named):
    assert list_examples(facts, schema) == named


def test_the_examples_of_one_name_belong_together():
    inputs = [
        ("path", {"text": "a.txt", "image": "a.png"}),
        ("kind", {"image": "Image", "text": "Text"}),
        ("n", {"0": 1}),
    ]
    assert whole_requests(inputs) == (
        {"path": "a.txt", "kind": "Text", "n": 1},
        {"path": "a.png", "kind": "Image", "n": 1},
        {"path": "a.txt", "kind": "Image", "n": 1},
    )


def test_a_part_of_an_example_is_found_by_its_path():
    assert inside({"messages": [{"content": "hello"}]}, "messages.0.content") == "hello"
    assert inside({"messages": []}, "messages.0.content") is None


def test_a_list_of_messages_is_taken_apart():
    message = {"type": "object", "required": ["content"], "properties": {"content": {"type": "string"}}}
    chat = {
        "type": "object",
        "required": ["messages"],
        "properties": {"messages": {"type": "array", "items": {"$ref": "#/components/schemas/Message"}}},
    }
    body = {"content": {"application/json": {"schema": chat}}}
    document = {
        "paths": {"/chat": {"post": {"requestBody": body}}},
        "components": {"schemas": {"Message": message}},
    }
    assert [one.name for one in operations(document)[0].shapes[0]] == ["messages.0.content"]


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("Text-to-Speech", "audio"),
        ("text2image", "image"),
        ("Text", "text"),
        ("image/png", "image"),
        ("spreadsheet", None),
    ],
)
def test_a_value_names_the_kind_that_comes_out(value, kind):
    assert kind_of_words(value) == kind


def test_an_operation_that_lets_the_caller_name_the_file_is_asked_where_the_first_one_does_not():
    seen = looked("two_doors", only=("endpoint.starts", "validation."))
    assert problem("two_doors", seen) == ""
    assert BY_ID["validation.extension_mismatch"].judge(seen).status == "failed"
    assert BY_ID["validation.unsafe_path"].judge(seen).summary.find("no such input") < 0


@pytest.mark.parametrize(
    ("known", "new", "kept"),
    [(200, 500, True), (500, 200, False), (200, 200, True), (500, 500, True), (None, 200, False)],
)
def test_of_two_requests_that_lead_to_a_call_the_first_is_kept_unless_the_second_alone_succeeds(
    known, new, kept
):
    answers = [
        Exchange(id=name, purpose=LOOKING, method="POST", url=f"/{name}", status=status)
        for name, status in (("old", known), ("new", new))
    ]
    session: Any = SimpleNamespace(exchanges=answers, objects=[])
    offer = OFFER.model_copy(update={"exchange": "old"}) if known else None
    newer = OFFER.model_copy(update={"exchange": "new"})
    assert is_better_known(session, offer, newer, answers[1]) is kept


def test_an_answer_that_comes_whole_is_judged_rather_than_a_stream_of_the_same():
    streams = {"content-type": "text/event-stream; charset=utf-8"}
    stream = Exchange(id="a", purpose=LOOKING, method="POST", url="/a", status=200, headers=streams)
    whole = Exchange(id="b", purpose=LOOKING, method="POST", url="/b", status=200)
    session: Any = SimpleNamespace(exchanges=[stream, whole], objects=[])
    offers = [OFFER.model_copy(update={"exchange": one.id}) for one in (stream, whole)]
    assert not is_better_known(session, offers[0], offers[1], whole)
    assert is_better_known(session, offers[1], offers[0], stream)


def test_an_input_names_the_file_if_the_stored_file_is_called_by_its_value():
    seen = looked("named_in_another_language", only=("endpoint.starts", "validation."))
    [offer] = seen.offers
    assert (offer.path_input.name, offer.extension_given) == ("dateiname", True)
    assert BY_ID["validation.unsafe_path"].judge(seen).status == "failed"
    assert BY_ID["validation.extension_mismatch"].judge(seen).status == "failed"


def test_a_title_of_which_the_app_makes_a_safe_name_is_no_unsafe_path():
    seen = looked("titled", only=("endpoint.starts", "validation."))
    assert BY_ID["validation.unsafe_path"].judge(seen).status == "passed"
    assert BY_ID["validation.extension_mismatch"].judge(seen).status == "passed"


@pytest.mark.parametrize(
    ("refusal", "named"),
    [
        ("The path has to end with .aac.", ["aac"]),
        ('{"detail": "Use .txt, .MD or .csv"}', ["md", "csv"]),
        ('{"url": "https://errors.pydantic.dev/2.14/v/missing"}', []),
    ],
)
def test_a_refusal_names_the_endings_that_an_operation_takes(refusal, named):
    assert named_endings(refusal, "txt") == named
