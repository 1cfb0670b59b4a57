"""Stage 7, image and audio: `pytest tests/stages/stage_7_image_and_audio.py`, in the folder lab.

    client.images.generate(model="gpt-image-2", prompt=…, output_format="png")     # base64 in data[0].b64_json
    a sound as notebook 04 makes one                                              # .mp3 is audio/mpeg

`file_type` takes "image" and "audio" now, and each has its extensions and its MIME type.
"""

import pytest


@pytest.mark.parametrize(
    ("file_type", "file_path", "media_type", "begins"),
    [
        ("image", "pictures/robot.png", "image/png", (b"\x89PNG",)),
        ("audio", "voices/robot.mp3", "audio/mpeg", (b"ID3", b"\xff\xfb", b"\xff\xf3", b"\xff\xf2")),
    ],
    ids=["image", "audio"],
)
def test_the_file_is_what_it_says(client, s3_mock, file_type, file_path, media_type, begins):
    order = {"prompt": "a robot under a tree", "file_type": file_type, "file_path": file_path}
    answer = client.post("/v1/files/generated", json=order)
    assert answer.status_code == 201, answer.text
    stored = s3_mock.objects()[-1]
    assert (stored.key, stored.content_type) == (file_path, media_type)
    assert stored.content.startswith(begins)
