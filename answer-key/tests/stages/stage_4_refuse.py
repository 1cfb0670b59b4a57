"""Stage 4, refuse bad input: `pytest tests/stages/stage_4_refuse.py`, in the folder lab.

    prompt: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4096)]
    file_type: an Enum of what you offer          # so far "text"
    check_file_path(path)                         # in files_api.storage: raises for what is unsafe

What FastAPI can't know, such as an extension that contradicts the type, you refuse yourself: with `InvalidFilePath` (in
`files_api.errors`), or a class of your own beside it, or an `HTTPException` as in notebook 10. Its sentence reaches the caller.

The API's document shows what your endpoint does, so describe it: the endpoint with `@router.post(..., description="...")`
or a docstring in its function, each field with `Field(description=..., examples=[...])`.
"""

import pytest

ORDER = {"prompt": "a robot under a tree", "file_type": "text", "file_path": "stories/robot.txt"}


@pytest.mark.parametrize(
    "wrong",
    [
        {"prompt": None},
        {"prompt": "   "},
        {"prompt": "x" * 1_000_000},
        {"file_type": "video"},
        {"file_path": "stories/robot.mp3"},
        {"file_path": "../../etc/robot.txt"},
    ],
    ids=[
        "no prompt",
        "a blank prompt",
        "a long prompt",
        "another type",
        "another extension",
        "an unsafe path",
    ],
)
def test_bad_input_is_refused_and_costs_nothing(client, openai_mock, s3_mock, wrong):
    answer = client.post("/v1/files/generated", json={**ORDER, **wrong})
    assert answer.status_code == 422
    assert len(openai_mock.calls) == 0
    assert s3_mock.objects() == []
