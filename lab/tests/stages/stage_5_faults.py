"""Stage 5, survive faults: `pytest tests/stages/stage_5_faults.py`, in the folder lab.

    client = OpenAI(timeout=20, max_retries=0)    # ten minutes and two retries are too long for your callers
    class GenerationFailed(FilesAPIError): status, code = 502, "generation_failed"

`openai.OpenAIError` is the parent of what the SDK raises by itself, but two answers need more. One that breaks off is no
JSON: the SDK lets Python's `json.JSONDecodeError` through, which is a `ValueError`. An empty one is no error at all: look
at the text before you store it.

What is raised as a `FilesAPIError` (in `files_api.errors`) is answered with its status, a code and a sentence. List the
statuses in `responses=problems(...)`, so that the API's document knows them.
"""

import pytest

ORDER = {"prompt": "a robot under a tree", "file_type": "text", "file_path": "stories/robot.txt"}


@pytest.mark.parametrize(
    "fault",
    [
        {"status": 429},
        {"code": "insufficient_quota"},
        {"status": 401},
        {"code": "content_policy_violation"},
        {"status": 500},
        {"effect": "drop"},
        {"effect": "malformed"},
        {"effect": "empty"},
    ],
    ids=lambda fault: "-".join(map(str, fault.values())),
)
def test_a_fault_is_answered_in_a_sentence_and_nothing_is_stored(client, openai_mock, s3_mock, fault):
    openai_mock.fail(**fault)
    answer = client.post("/v1/files/generated", json=ORDER)
    assert answer.status_code in (400, 422, 429, 502, 503, 504), answer.text
    assert set(answer.json()) == {"code", "message"}
    assert s3_mock.objects() == []


def test_without_s3_the_caller_learns_it_and_the_bucket_is_not_named(client, s3_mock):
    s3_mock.fail("NoSuchBucket")
    answer = client.post("/v1/files/generated", json=ORDER)
    assert answer.status_code in (502, 503)
    assert s3_mock.bucket not in answer.text
