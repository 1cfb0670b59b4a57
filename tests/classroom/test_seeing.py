"""What the stand-in says of a picture: what is measured in it, whether it came by chat or by responses."""

import base64
import io

import pytest
from openai import OpenAI
from PIL import Image, ImageDraw
from pydantic import BaseModel

from classroom import OpenAIMock
from classroom.media import seeing
from classroom.media.picture import NotPicture
from classroom.standin.multimodal import picture_tokens


def painted(ground, *shapes, size=(320, 240)):
    image = Image.new("RGB", size, ground)
    canvas = ImageDraw.Draw(image)
    for kind, box, colour in shapes:
        if kind == "triangle":
            left, top, right, bottom = box
            canvas.polygon([(left, bottom), (right, bottom), ((left + right) / 2, top)], fill=colour)
        else:
            getattr(canvas, kind)(box, fill=colour)
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


@pytest.fixture(scope="module")
def client():
    with OpenAIMock() as mock:
        yield OpenAI(base_url=mock.base_url, api_key="any")


def as_url(content):
    return f"data:image/png;base64,{base64.b64encode(content).decode()}"


def by_chat(client, *urls):
    parts = [{"type": "image_url", "image_url": {"url": url}} for url in urls]
    messages = [{"role": "user", "content": [{"type": "text", "text": "What is this?"}, *parts]}]
    return client.chat.completions.create(model="gpt-5.4-mini", messages=messages).choices[0].message.content


def by_response(client, *parts, **options):
    content = [{"type": "input_text", "text": "What is this?"}, *parts]
    return client.responses.create(
        model="gpt-5.4-mini", input=[{"role": "user", "content": content}], **options
    )


@pytest.mark.parametrize(
    ("kind", "colour", "words"),
    [
        ("ellipse", "#d02020", "a red circle at the top on the left"),
        ("rectangle", "#2a60d0", "a blue rectangle at the top on the left"),
        ("triangle", "#2f9a48", "a green triangle at the top on the left"),
    ],
)
def test_a_plain_shape_is_named_with_its_colour_and_place(kind, colour, words):
    sight = seeing.look(painted("white", (kind, (30, 20, 110, 100), colour)))
    assert sight.shapes == (words,)
    assert sight.colours[0] == "white"


def test_a_picture_of_one_colour_has_no_shapes():
    sight = seeing.look(painted("#f5d746", size=(64, 64)))
    assert str(sight) == "A square picture of 64 by 64 pixels. It is yellow."


def test_what_is_transparent_is_seen_on_white():
    out = io.BytesIO()
    Image.new("RGBA", (50, 80), (0, 0, 0, 0)).save(out, "PNG")
    assert seeing.look(out.getvalue()).colours == ("white",)


@pytest.mark.parametrize("content", [b"", b"no picture", b"\x89PNG\r\n\x1a\n" + b"\0" * 40])
def test_what_is_no_picture_is_an_error(content):
    with pytest.raises(NotPicture):
        seeing.look(content)


def test_chat_and_responses_describe_the_picture_that_they_get(client):
    url = as_url(painted("white", ("ellipse", (30, 20, 110, 100), "#d02020")))
    for description in (
        by_chat(client, url),
        by_response(client, {"type": "input_image", "image_url": url}).output_text,
    ):
        assert "320 by 240 pixels" in description
        assert "a red circle" in description


def test_several_pictures_are_described_one_by_one(client):
    description = by_chat(client, as_url(painted("black")), as_url(painted("white")))
    assert "Picture 1: A wide picture of 320 by 240 pixels. It is black." in description
    assert "Picture 2: A wide picture of 320 by 240 pixels. It is white." in description


def test_a_picture_that_was_uploaded_is_seen_by_its_identifier(client):
    file = client.files.create(file=("red.png", painted("#d02020")), purpose="vision")
    assert "It is red." in by_response(client, {"type": "input_image", "file_id": file.id}).output_text


def test_the_words_of_a_picture_that_the_stand_in_drew_are_known(client):
    made = client.images.generate(
        model="gpt-image-2.5-flare", prompt="a lighthouse at dusk", size="1024x1024"
    )
    url = f"data:image/png;base64,{made.data[0].b64_json}"
    assert "It says: “a lighthouse at dusk”" in by_chat(client, url)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("https://example.com/cat.png", "fetches nothing"),
        ("data:image/png;base64,bm8gcGljdHVyZQ==", "can't be read"),
        ("data:image/png;base64,***", "can't be read"),
        ("data:image/png,plain", "can't be read"),
    ],
)
def test_a_picture_that_can_not_be_seen_says_why(client, url, words):
    assert words in by_chat(client, url)


def test_a_header_that_promises_too_many_pixels_is_not_unpacked(client):
    out = io.BytesIO()
    Image.new("1", (20_000, 20_000)).save(out, "PNG")
    assert "can't be read" in by_chat(client, as_url(out.getvalue()))


def test_structured_output_is_about_what_is_seen(client):
    class Seen(BaseModel):
        description: str

    content = [
        {"type": "input_image", "image_url": as_url(painted("#d02020"))},
        {"type": "input_text", "text": "Describe it."},
    ]
    parsed = client.responses.parse(
        model="gpt-5.4-mini", input=[{"role": "user", "content": content}], text_format=Seen
    )
    assert "It is red." in parsed.output_parsed.description


def test_a_later_message_without_a_picture_is_answered_in_words(client):
    url = as_url(painted("white"))
    messages = [
        {"role": "user", "content": [{"type": "image_url", "image_url": {"url": url}}]},
        {"role": "assistant", "content": "White."},
        {"role": "user", "content": "Thank you for looking at it"},
    ]
    answer = client.chat.completions.create(model="gpt-5.4-mini", messages=messages)
    assert "Thank you for looking at it" in answer.choices[0].message.content


@pytest.mark.parametrize(
    ("size", "model", "low", "tokens"),
    [
        ((1024, 1024), "gpt-4.1", False, 1024),  # OpenAI's own examples
        ((1800, 2400), "gpt-4.1", False, 1452),
        ((1024, 1024), "gpt-5.4-mini", False, 1659),
        ((33, 32), "gpt-5.4-nano", False, 5),
        ((4000, 4000), "gpt-5.4-mini", True, 415),
        ((100_000, 1), "gpt-4.1", False, 1536),
    ],
)
def test_a_picture_counts_by_the_patches_that_cover_it(size, model, low, tokens):
    assert picture_tokens.of_size(size, model, low=low) == tokens


def test_usage_counts_pictures_and_low_detail_counts_less(client):
    url = as_url(painted("#d02020", size=(1024, 1024)))
    bare = by_response(client).usage.input_tokens
    shown = by_response(client, {"type": "input_image", "image_url": url}).usage.input_tokens
    low = by_response(client, {"type": "input_image", "image_url": url, "detail": "low"}).usage.input_tokens
    assert (shown - bare, low - bare) == (1659, 415)
    counted = client.responses.input_tokens.count(
        model="gpt-5.4-mini", input=[{"role": "user", "content": [{"type": "input_image", "image_url": url}]}]
    )
    assert counted.input_tokens > 1659


def test_chat_counts_pictures_too(client):
    url = as_url(painted("#d02020", size=(64, 32)))
    counts = []
    for pictures in ([], [{"type": "image_url", "image_url": {"url": url, "detail": "high"}}]):
        content = [{"type": "text", "text": "What is this?"}, *pictures]
        made = client.chat.completions.create(
            model="gpt-5.4-mini", messages=[{"role": "user", "content": content}]
        )
        counts.append(made.usage.prompt_tokens)
    assert counts[1] - counts[0] == 4


def test_a_picture_that_can_not_be_read_counts_nothing(client):
    bare = by_response(client).usage.input_tokens
    for url in ("https://example.com/a.png", "data:image/png;base64,bm8gcGljdHVyZQ=="):
        assert by_response(client, {"type": "input_image", "image_url": url}).usage.input_tokens == bare
