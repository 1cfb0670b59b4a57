"""Stage 2, text: `pytest tests/stages/stage_2_text.py`, in the folder lab.

In `src/files_api/generation.py`:

    def generate_text(prompt: str) -> bytes: ...          # OpenAI's words, as UTF-8

The key comes from the environment: `OpenAI()` reads it. Call the function in your route.
"""

ORDER = {"prompt": "a robot under a tree", "file_type": "text", "file_path": "stories/robot.txt"}


def test_the_prompt_reaches_openai_and_its_text_is_measured(client, openai_mock):
    answer = client.post("/v1/files/generated", json=ORDER)
    assert answer.status_code == 201, answer.text
    assert len(openai_mock.calls) == 1, "OpenAI was not asked once"
    call = openai_mock.calls[-1]
    assert call.mentions("a robot under a tree")
    assert answer.json()["size_bytes"] == len(call.outputs[0].content)
