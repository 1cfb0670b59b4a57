"""Words, names and states: what is sent to inputs that are choosy, and how the end of a job is read."""

import re

import pytest

from grader.collect.exchange.wording import carries, plain
from grader.collect.finding.discovery import request_of
from grader.collect.finding.fitting import admits, file_name, fit, stem_of
from grader.evidence import Input, Offer
from grader.jobs import state_of

SCHEMAS = [
    {},
    {"maxLength": 20},
    {"maxLength": 8},
    {"minLength": 120},
    {"pattern": r"^[a-z]+$"},
    {"pattern": r"^[A-Z]+$"},
    {"pattern": r"^[A-Z][a-z]+$"},
    {"pattern": r"^\w+$"},
    {"pattern": r"^[A-Za-z ]+$"},
    {"pattern": r"^[A-Z][a-z]+ [a-z]+$"},
    {"pattern": r"\S", "maxLength": 100, "minLength": 1},
    {"pattern": r"^\d{3}-[a-f]{8}$"},
]


@pytest.mark.parametrize("schema", SCHEMAS)
def test_words_fit_their_schema_and_are_known_again(schema):
    words = fit(schema)
    assert len(words.text) >= schema.get("minLength", 0)
    assert len(words.text) <= schema.get("maxLength", len(words.text))
    assert re.search(schema.get("pattern", ""), words.text)
    assert carries(words.text, words.mark)
    assert not carries(fit(schema).text, words.mark) or schema.get("maxLength") == 8


def test_no_two_prompts_are_alike():
    assert len({plain().mark for _ in range(1000)}) >= 999


@pytest.mark.parametrize(
    ("schema", "pattern"),
    [
        ({}, r"[a-z]+-[a-z]+-\d{4}\.png"),
        ({"pattern": r"^\w+\.png$"}, r"\w+\.png"),
        ({"pattern": r"^[a-z]+$"}, r"[a-z]+"),
        ({"pattern": r"^[A-Z]+\.png$"}, r"[A-Z]+\.png"),
        ({"pattern": r"^\w+/\w+\.png$"}, r"[a-z]+/\w+\.png"),
        ({"maxLength": 10}, r"[a-z]{3,6}\.png"),
    ],
)
def test_a_file_name_fits_its_schema(schema, pattern):
    name = file_name("png", schema)
    assert re.fullmatch(pattern, name)
    assert admits(schema, name)
    assert carries(f"pictures/{name}", stem_of(name))


def test_a_file_is_put_into_a_folder_only_if_the_schema_takes_it():
    assert "/" in file_name("png", {}, "harbour")
    assert "/" not in file_name("png", {"pattern": r"^[\w-]+\.png$"}, "harbour")


@pytest.mark.parametrize(
    ("body", "state"),
    [
        ('{"id": 1, "status": "queued"}', "pending"),
        ('{"state": "in_progress", "error": null}', "pending"),
        ('{"job": {"status": "IN PROGRESS"}}', "pending"),
        ('{"state": "done", "file": "a.png"}', "done"),
        ('{"status": "succeeded", "error": ""}', "done"),
        ('{"status": "failed"}', "failed"),
        ('{"state": "Timed out"}', "failed"),
        ('{"status": "finished", "error": {"message": "no"}}', "failed"),
        ("[]", None),
        ("not JSON", None),
    ],
)
def test_a_job_s_state_is_read_from_the_words_people_use(body, state):
    assert state_of(body) == state


@pytest.mark.parametrize(
    ("name", "others", "body"),
    [
        (
            "data.attributes.prompt",
            {"json:data.type": "letters"},
            {"data": {"type": "letters", "attributes": {}}},
        ),
        ("messages.0.content", {"json:messages.0.role": "user"}, {}),  # a message that says nothing is none
        ("prompt", {"json:size": 1}, {"size": 1}),
    ],
)
def test_without_its_prompt_a_body_lacks_nothing_else(name, others, body):
    offer = Offer(
        kind="text",
        method="POST",
        path="/letters",
        prompt_input=Input(name=name, location="json"),
        values={**others, f"json:{name}": "words"},
        exchange="ex-1",
    )
    assert request_of(offer, prompt=None).request.json == body
