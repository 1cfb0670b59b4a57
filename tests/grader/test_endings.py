"""Endings of a file's name that a pattern lists: what is tried for a kind, and what contradicts it."""

import pytest

from grader.bad_input import BAD_INPUTS
from grader.collect.exchange import wording
from grader.collect.finding.endings import namings
from grader.evidence import Input, Offer
from grader.operations import Field

MISMATCH = next(each for each in BAD_INPUTS if each.name == "extension_mismatch")


def name(pattern):
    schema = {"type": "string"} | ({"pattern": pattern} if pattern else {})
    return Field("json", "filename", schema)


@pytest.mark.parametrize(
    ("pattern", "tried"),
    [
        (r"^[a-z0-9-]+\.(md|mp3)$", [("audio", "mp3")]),
        (r"^[a-z0-9-]+\.(txt|jpg|wav)$", [("image", "jpg"), ("audio", "wav")]),
        (None, [("image", "png")]),
        (r"^[a-z0-9-]+$", [("image", "png")]),
    ],
)
def test_a_choice_is_tried_with_names_that_the_pattern_lets_through(pattern, tried):
    assert namings([name(pattern)], ["image", "audio"], "reading") == tried


@pytest.mark.parametrize(
    ("pattern", "end"), [(r"^[a-z0-9-]+\.(md|mp3)$", "mp3"), (None, "png"), (r"^[a-z0-9-]+\.md$", "png")]
)
def test_what_contradicts_the_kind_is_a_name_that_the_pattern_lets_through(pattern, end):
    path = Input(name="filename", location="json", pattern=pattern)
    offer = Offer(
        kind="text",
        method="POST",
        path="/texts",
        prompt_input=None,
        path_input=path,
        values={"json:filename": "grey-heron-12.md"},
        exchange="ex-1",
    )
    [wrong] = MISMATCH.requests(offer, wording)
    assert wrong.change["path"].endswith(f".{end}")
