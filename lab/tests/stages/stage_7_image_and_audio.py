"""Stage 7, image and audio: `pytest tests/stages/stage_7_image_and_audio.py`, in the folder lab.

    client.images.generate(model="gpt-image-2", prompt=…, output_format="png")     # base64 in data[0].b64_json
    a sound as notebook 04 makes one                                              # .mp3 is audio/mpeg
    asyncio.run(asyncio.wait_for(hear(prompt), 20))                               # "A silent voice" in notebook 11

`file_type` takes "image" and "audio" now, and each has its extensions and its MIME type. A Realtime connection waits for ever
and has errors of its own: "A silent voice" in notebook 11 shows how to bound it, and what each error means. The faults of
stage 5 hold for each kind of file. Then add tests of the new kinds to `tests/test_generated_files.py`: `tests.happy_path` asks
for them.
"""

import threading

import pytest
from fastapi.testclient import TestClient
from files_api.main import create_app

LONGEST = 30  # seconds that an answer may take


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


@pytest.mark.parametrize(
    ("file_type", "file_path"),
    [("image", "pictures/robot.png"), ("audio", "voices/robot.mp3")],
    ids=["image", "audio"],
)
def test_when_openai_is_silent_the_app_stops_waiting(openai_mock, s3_mock, monkeypatch, file_type, file_path):
    monkeypatch.setenv(
        "OPENAI_TIMEOUT_SECONDS", "2"
    )  # if your code asks the settings; else this test takes longer
    client = TestClient(create_app(), raise_server_exceptions=False)
    order = {"prompt": "a robot under a tree", "file_type": file_type, "file_path": file_path}
    answers = []
    openai_mock.fail(effect="hang")
    asking = threading.Thread(
        target=lambda: answers.append(client.post("/v1/files/generated", json=order)), daemon=True
    )
    asking.start()
    asking.join(LONGEST)
    assert answers, (
        f"No answer within {LONGEST} seconds. Bound the whole of it, as “A silent voice” in notebook 11 does."
    )
    assert answers[0].status_code in (502, 503, 504), answers[0].text
    assert s3_mock.objects() == []


@pytest.mark.parametrize(
    ("fault", "statuses"),
    [({"status": 429}, (429, 503)), ({"code": "content_policy_violation"}, (400, 403, 422))],
    ids=["too fast", "a refused prompt"],
)
def test_a_voice_that_is_refused_is_answered_with_the_cause(client, openai_mock, fault, statuses):
    openai_mock.fail(**fault)
    order = {"prompt": "a robot under a tree", "file_type": "audio", "file_path": "voices/robot.mp3"}
    answer = client.post("/v1/files/generated", json=order)
    assert answer.status_code in statuses, answer.text
