"""Stage 3, S3: `pytest tests/stages/stage_3_s3.py`, in the folder lab.

`FromStorage` (in `files_api.dependencies`) hands your route the bucket:

    def generate_file(order: GenerationRequest, storage: FromStorage) -> FileSaved: ...
        storage.save(file_path, content, "text/plain; charset=utf-8")
"""

ORDER = {"prompt": "a robot under a tree", "file_type": "text", "file_path": "stories/robot.txt"}


def test_the_text_is_kept_as_it_was_made_and_with_its_type(client, openai_mock, s3_mock):
    client.post("/v1/files/generated", json=ORDER)
    assert len(s3_mock.objects()) == 1, "nothing was stored"
    stored = s3_mock.objects()[0]
    assert stored.key == "stories/robot.txt"
    assert stored.content_type.startswith("text/plain")
    assert stored.content == openai_mock.calls[-1].outputs[0].content
    assert client.get("/v1/files/stories/robot.txt").content == stored.content
