"""Edits of pictures, by form, with masks and streamed."""

import io

import openai
import pytest
from PIL import Image

from tests.classroom.pictures import make_picture, read_picture

MODEL = "gpt-5.4-mini"


def test_an_edit_keeps_the_picture_and_writes_the_prompt_into_it(client):
    order = {"model": "gpt-image-2", "size": "1024x1024"}
    one = client.images.edit(image=("a.png", make_picture("red")), prompt="add a hat", **order)
    other = client.images.edit(image=("a.png", make_picture("red")), prompt="add a boat", **order)
    assert read_picture(one).size == (1024, 1024)
    red, _, blue = read_picture(one).convert("RGB").getpixel((5, 5))
    assert red > 2 * blue
    assert one.data[0].b64_json != other.data[0].b64_json


def test_with_a_mask_only_its_transparent_part_changes(client):
    image = make_picture("red", (1024, 1024))
    mask = Image.new("RGBA", (1024, 1024), (0, 0, 0, 255))
    mask.paste((0, 0, 0, 0), (0, 0, 512, 1024))
    out = io.BytesIO()
    mask.save(out, "PNG")
    edited = read_picture(
        client.images.edit(
            model="gpt-image-2",
            image=("a.png", image),
            mask=("m.png", out.getvalue()),
            prompt="a lake",
            size="1024x1024",
        )
    ).convert("RGB")
    assert edited.getpixel((1000, 500)) == (255, 0, 0)
    assert edited.getpixel((20, 20)) != (255, 0, 0)


def test_an_edit_takes_several_pictures_and_streams(client):
    files = [("a.png", make_picture("red")), ("b.png", make_picture("blue"))]
    with client.images.edit(
        model="gpt-image-2", image=files, prompt="join them", stream=True, partial_images=1
    ) as stream:
        events = list(stream)
    assert [event.type for event in events] == ["image_edit.partial_image", "image_edit.completed"]
    assert events[-1].usage.input_tokens_details.image_tokens > 0


@pytest.mark.parametrize(
    ("order", "param", "code"),
    [
        ({"image": ("a.png", b"no picture")}, "image", "invalid_image_file"),
        ({"mask": ("m.png", make_picture("red"))}, "mask", "invalid_image_file"),
        ({"mask": ("m.png", make_picture("#00000000", (10, 10)))}, "mask", "invalid_image_file"),
        ({"prompt": ""}, "prompt", "string_below_min_length"),
        ({"n": 11}, "n", "integer_above_max_value"),
        ({"image": [("a.png", make_picture())] * 17}, "image", "array_above_max_length"),
    ],
)
def test_what_can_t_be_edited_is_refused(client, order, param, code):
    good = {"model": "gpt-image-2", "image": ("a.png", make_picture()), "prompt": "a hat"}
    with pytest.raises(openai.BadRequestError) as caught:
        client.images.edit(**{**good, **order})
    assert (caught.value.param, caught.value.code) == (param, code)


def test_a_form_where_json_belongs_and_the_other_way_round_are_refused(raw):
    as_json = raw.post("/images/edits", json={"model": "gpt-image-2", "prompt": "a hat"})
    assert (as_json.status_code, as_json.json()["error"]["code"]) == (400, "unsupported_content_type")
    as_form = raw.post("/chat/completions", data={"model": MODEL})
    assert (as_form.status_code, as_form.json()["error"]["type"]) == (400, "invalid_request_error")


def test_a_broken_form_is_a_400(raw):
    answer = raw.post(
        "/files", content=b"--x\r\nnonsense", headers={"content-type": "multipart/form-data; boundary=x"}
    )
    assert answer.status_code == 400
