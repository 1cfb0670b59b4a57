"""Words, names and states: what is sent to inputs that are choosy, and how the end of a job is read."""

import re

import pytest

from grader.collect.values import file_name, fitted, nonce
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
    written, mark = fitted(nonce(), schema)
    assert len(written) >= schema.get("minLength", 0)
    assert len(written) <= schema.get("maxLength", len(written))
    assert re.search(schema.get("pattern", ""), written)
    assert mark in written
    assert len(mark) >= 5


def test_no_two_marks_are_alike():
    assert len({nonce() for _ in range(1000)}) == 1000


@pytest.mark.parametrize(
    ("schema", "name"),
    [
        ({}, "probe-abc.png"),
        ({"pattern": r"^\w+\.png$"}, "abc.png"),
        ({"pattern": r"^[a-z]+$"}, "abc"),
        ({"pattern": r"^\w+/\w+\.png$"}, "probes/abc.png"),
        ({"maxLength": 8}, "abc.png"),
    ],
)
def test_a_file_name_fits_its_schema(schema, name):
    assert file_name("abc", "png", schema) == name


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
