"""Files that are uploaded are valid ones of their format; which format comes first, words say."""

import base64
import io
import json
import re
import wave

import pytest
from PIL import Image

from grader.collect.exchange import wording
from grader.collect.exchange.requests import build
from grader.collect.finding.discovery import encode_values, request_of
from grader.collect.finding.tries import one_at_a_time
from grader.collect.finding.uploads import pdf, upload, uploads
from grader.collect.finding.values import assign
from grader.evidence import Input, Offer
from grader.operations import Field

FILE = {"type": "string", "format": "binary"}


def field(name="file", description="", **schema):
    return Field("multipart", name, {**FILE, **schema}, True, description)


@pytest.mark.parametrize(
    ("asked", "words", "media_type"),
    [
        (field(), "", "text/plain"),
        (field("pdf_file"), "", "application/pdf"),
        (field("paper", "The paper as PDF"), "", "application/pdf"),
        (field(contentMediaType="application/pdf"), "", "application/pdf"),
        (field("foto", "A picture of you"), "", "image/png"),
        (field("recording", "A voice message"), "", "audio/wav"),
        (field("table"), "Only .csv files are allowed.", "text/csv"),
    ],
)
def test_an_input_gets_the_format_that_words_name(asked, words, media_type):
    assert upload(asked, words)[2] == media_type


def test_the_places_in_a_document_lead_to_its_objects():
    content = pdf("rain, softly")
    table = int(re.search(rb"startxref\n(\d+)\n%%EOF", content)[1])
    places = [int(place) for place in re.findall(rb"(\d{10}) 00000 n", content[table:])]
    assert [content[place:].startswith(b"%d 0 obj\n" % number) for number, place in enumerate(places, 1)] == [
        True
    ] * 5


def test_every_format_can_be_read():
    made = {name.rpartition(".")[2]: content for name, content, _ in uploads(field())}
    assert json.loads(made["json"])["text"]
    assert Image.open(io.BytesIO(made["png"])).size == (1, 1)
    with wave.open(io.BytesIO(made["wav"])) as sound:
        assert sound.getnframes() == 8_000


def test_words_of_ours_are_tried_in_a_file_of_text_first():
    shape = [Field("form", "tone", {"type": "string", "default": "warm"}, True), field("letter")]
    [(one, changed), *_] = one_at_a_time(shape, assign(shape, "text", "txt"))
    name, content, media_type = changed.values[one.key]
    assert (one.name, media_type, name.endswith(".txt")) == ("letter", "text/plain", True)
    assert wording.carries(content.decode(), changed.marks[one.key])


@pytest.mark.parametrize("name", ["picture", "pdf_file"])
def test_no_words_are_tried_in_a_file_of_another_format(name):
    shape = [field(name)]
    assert list(one_at_a_time(shape, assign(shape, "text", "txt"))) == []


def of_a_file(**changes):
    """The upload in a request of an offer whose prompt is what a file holds."""
    old = ("old.txt", b"old words", "text/plain")
    offer = Offer(
        kind="text",
        method="POST",
        path="/letters",
        prompt_input=Input(name="letter", location="multipart"),
        values=encode_values({("multipart", "letter"): old}),
        exchange="ex-1",
    )
    return request_of(offer, wording.plain(), **changes)


def test_a_prompt_that_is_a_file_is_another_one_for_each_request():
    order = of_a_file()
    name, content, media_type = order.request.files["letter"]
    assert (name != "old.txt", media_type) == (True, "text/plain")
    assert wording.carries(content.decode(), order.mark)
    assert wording.carries(order.request.shown, order.mark)


@pytest.mark.parametrize(("prompt", "content"), [("", b""), ("   ", b"   "), (None, None)])
def test_a_blank_prompt_is_a_blank_file_and_a_missing_one_is_none(prompt, content):
    files = of_a_file(prompt=prompt).request.files
    assert (files["letter"][1] if files else None) == content


def test_a_file_within_json_is_base64():
    wanted = Field("json", "picture.file", dict(FILE), True)
    given = assign([wanted], "text", "txt")
    request = build("POST", "/texts", given.values)
    assert base64.b64decode(json.loads(request.shown)["picture"]["file"], validate=True)


def test_a_file_within_the_address_or_a_header_is_text():
    shape = [Field("query", "sound", dict(FILE), True), Field("header", "X-File", dict(FILE), True)]
    assert all(isinstance(each, str) for each in assign(shape, "text", "txt").values.values())
