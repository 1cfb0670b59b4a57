"""Files that are uploaded are valid ones of their format; which format comes first, words say."""

import io
import json
import re
import wave

import pytest
from PIL import Image

from grader.collect.finding.uploads import pdf, upload, uploads
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
