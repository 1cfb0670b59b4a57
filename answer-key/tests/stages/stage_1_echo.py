"""Stage 1, echo: `pytest tests/stages/stage_1_echo.py`, in the folder lab.

In `src/files_api/generated_files.py`:

    class GenerationRequest(BaseModel): prompt: str, file_type: str, file_path: str

    @router.post("/generated", status_code=201)
    def generate_file(order: GenerationRequest) -> FileSaved: ...

It answers with the path that it got; nothing is generated yet. `FileSaved` is in `files_api.schemas`, and needs all
three of its fields:

    return FileSaved(file_path=order.file_path, media_type="text/plain", size_bytes=0)
"""

ORDER = {"prompt": "a robot under a tree", "file_type": "text", "file_path": "stories/robot.txt"}


def test_the_answer_names_the_path_of_the_request(client):
    answer = client.post("/v1/files/generated", json=ORDER)
    assert answer.status_code == 201, answer.text
    assert answer.json()["file_path"] == "stories/robot.txt"
