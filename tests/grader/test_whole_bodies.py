"""Bodies that are a list, inputs that hold a whole conversation, and inputs that only look like a file's name."""

from typing import Any

import pytest

from grader.collect.exchange.requests import build
from grader.collect.finding.conversations import conversation
from grader.collect.finding.discovery import LOOKING, request_of
from grader.collect.finding.field_roles import role
from grader.collect.finding.refusals import Correction, corrections
from grader.collect.finding.tries import one_at_a_time, with_correction
from grader.collect.finding.values import assign
from grader.criteria import BY_ID
from grader.evidence import Exchange, Input
from grader.operations import Field
from tests.grader.seen import CALL, GENERATED, MADE, OFFER, evidence


def refused(body: str) -> Exchange:
    return Exchange(id="ex-1", purpose="", method="POST", url="/", status=400, body=body)


@pytest.mark.parametrize(
    "body",
    [
        '{"non_field_errors": ["Expected a list of items but got type \\"dict\\"."]}',
        "{\"message\": \"{'non_field_errors': [ErrorDetail(string='Expected a list of items', code='not_a_list')]}\"}",
        '{"error": "The request body must be an array"}',
        "expected list",
    ],
)
def test_a_refusal_may_ask_for_a_list_as_the_body(body):
    assert corrections(refused(body), []) == [Correction("", "json", {"type": "array"})]


def test_an_input_that_must_be_a_list_does_not_make_the_body_one():
    [found] = corrections(refused('{"error": "tags must be a list"}'), [])
    assert found.name == "tags"


def test_what_a_list_has_to_hold_is_said_by_the_next_refusal():
    asked = corrections(refused('[{"wonder": ["This field is required."]}, {}]'), [])
    assert [one.name for one in asked] == ["wonder"]


def test_a_body_becomes_a_list_whose_members_have_what_is_asked_for():
    whole = with_correction((), Correction("", "json", {"type": "array"}), "json")
    assert build("POST", "/", assign(whole, "text", "txt").values).json == [{}]
    filled = with_correction(whole, Correction("wonder", None), "json")
    [member] = build("POST", "/", assign(filled, "text", "txt").values).json
    assert list(member) == ["wonder"]


def test_known_inputs_go_into_the_list():
    shape = (Field("json", "wonder", {"type": "string"}, True), Field("query", "page", {"type": "integer"}))
    listed = with_correction(shape, Correction("", "json", {"type": "array"}), "json")
    assert {one.name for one in listed} == {"0.wonder", "page"}


def test_a_conversation_has_one_message_of_the_caller():
    parts = conversation(Field("json", "turns", {"type": "array"}, True))
    [turn] = build("POST", "/", assign(parts, "text", "txt").values).json["turns"]
    assert turn["role"] == "user"
    assert " " in turn["content"]


@pytest.mark.parametrize("name", ["api_key", "apiKey", "access_key", "token", "password"])
def test_what_opens_a_service_names_no_file_and_takes_no_prompt(name):
    assert role(Field("json", name, {"type": "string"}, True)) == "other"


@pytest.mark.parametrize(("name", "what"), [("key", "path"), ("file_key", "path"), ("secret_word", "words")])
def test_other_keys_are_what_they_were(name, what):
    assert role(Field("json", name, {"type": "string"}, True)) == what


def test_words_are_tried_in_the_place_of_a_name_that_may_be_none():
    shape = (Field("path", "path", {"type": "string"}, True),)
    [(one, changed)] = one_at_a_time(shape, assign(shape, "text", "txt"))
    assert " " in changed.values[one.key]


@pytest.mark.parametrize(
    ("name", "others", "left"),
    [
        ("prompt", {}, {}),
        ("input.topic", {}, {"input": {}}),
        ("prompt", {"json:size": 1}, {"size": 1}),
        ("0.wonder", {}, [{}]),
        ("turns.0.content", {"json:turns.0.role": "user"}, {}),
        ("turns.0.content", {"json:turns.0.role": "user", "json:size": 1}, {"size": 1}),
        (
            "turns.0.content",
            {"json:turns.0.role": "user", "json:turns.0.name": "a"},
            {"turns": [{"role": "user", "name": "a"}]},
        ),
    ],
)
def test_without_its_prompt_a_body_is_an_object_all_the_same(name: str, others: dict[str, Any], left: Any):
    prompt = Input(location="json", name=name, required=True)
    offer = OFFER.model_copy(
        update={"prompt_input": prompt, "path_input": None, "values": {f"json:{name}": "words", **others}}
    )
    order = request_of(offer, prompt=None)
    assert order.request.has_json
    assert order.request.json == left


@pytest.mark.parametrize(
    "name", ["endpoint.generates_text", "endpoint.uses_prompt", "validation.missing_prompt"]
)
@pytest.mark.parametrize(
    "values", [{"json:turns": [{}]}, {"multipart:paper": {"(file)": ["a.pdf", "", "application/pdf"]}}]
)
def test_an_app_is_not_blamed_for_a_prompt_that_the_grader_did_not_place(name, values):
    offer = OFFER.model_copy(update={"prompt_input": None, "values": values})
    seen = evidence(
        offers=(offer,),
        exchanges=(MADE.model_copy(update={"id": "ex-2", "status": 500}),),
        calls=(CALL.model_copy(update={"status": 400, "error_code": "missing", "outputs": ()}),),
    ).model_copy(update={"probes": (GENERATED.model_copy(update={"carriers": ()}),)})
    assert BY_ID[name].judge(seen).status == "not_run"


def test_an_app_without_any_place_for_a_prompt_does_not_use_it():
    offer = OFFER.model_copy(update={"prompt_input": None, "values": {"query:size": "small"}})
    seen = evidence(offers=(offer,)).model_copy(
        update={"probes": (GENERATED.model_copy(update={"carriers": ()}),)}
    )
    assert BY_ID["endpoint.uses_prompt"].judge(seen).status == "failed"


@pytest.mark.parametrize(
    ("route", "status", "verdict"),
    [("threads", 404, "not_run"), ("embeddings", 200, "failed"), ("moderations", 200, "failed")],
)
def test_what_was_asked_of_openai_is_named_where_it_generates_nothing(route, status, verdict):
    asked = CALL.model_copy(update={"route": route, "kind": None, "status": status, "outputs": ()})
    looked = MADE.model_copy(update={"purpose": LOOKING})
    seen = evidence(offers=(), calls=(asked,)).model_copy(update={"exchanges": (looked,), "probes": ()})
    judged = BY_ID["endpoint.starts"].judge(seen)
    assert judged.status == verdict
    assert f"/{route}" in judged.summary
    assert "reached OpenAI" not in judged.summary
