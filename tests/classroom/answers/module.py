"""The OpenAI module, in notebooks 02, 03 and 04."""

import os
from pathlib import Path

from classroom.exercises.module import LabModule

ROOT = Path(__file__).resolve().parents[3]


def module():
    """The answer key's module, as it is and with one thing changed."""
    source = (ROOT / "answer-key" / "src" / "files_api" / "openai_module.py").read_text()

    def changed(before, after):
        assert before in source
        return written(source.replace(before, after))

    def written(text):
        place = Path(os.environ["MODULE_PLACE"]) / f"module_{abs(hash(text))}.py"
        place.write_text(text)
        return LabModule(place)

    skeleton = LabModule(ROOT / "lab" / "src" / "files_api" / "openai_module.py")
    right = [
        written(source),
        changed("exclude_unset=True", "exclude_unset=True, by_alias=True"),
        changed("read(MAX_UPLOAD + 1)", "read()"),
    ]
    return {
        "02.3": (
            right,
            [
                (skeleton, "answers nothing so far"),
                (changed('"GET", f"models/{model_id}"', '"GET", "models/gpt-5.4"'), "describes 'gpt-5.4'"),
                (changed("in (404, 410) else answer", "in () else answer"), "not 410"),
                (changed("(content, answer.status_code,", "(content, 200,"), "not 404"),
                ("something else", "run the cell with open_module() again"),
            ],
        ),
        "03.4": (
            right,
            [
                (skeleton, "answers nothing so far"),
                (
                    changed(
                        '"chat/completions", json=body.model_dump(exclude_unset=True)',
                        '"chat/completions", json={"model": body.model, "messages": [m.model_dump(exclude_unset=True) for m in body.messages]}',
                    ),
                    "not all that the caller sent",
                ),
                (changed("(content, answer.status_code,", "(content, 200,"), "not 400"),
                (changed("in (404, 410) else answer", "in () else answer"), "not 410"),
            ],
        ),
        "04.4": (
            right,
            [
                (skeleton, "answers nothing so far"),
                (changed('.lstrip(".") not in SOUNDS', '.lstrip(".") in ()'), "sent to OpenAI"),
                (
                    changed(
                        'asked = {"model": IMAGE_MODEL, **body.model_dump(exclude_unset=True)}',
                        'asked = {"model": IMAGE_MODEL, "prompt": "a kite"}',
                    ),
                    "did not reach",
                ),
                (
                    changed(
                        'return await _heard(client, "audio/transcriptions", file, model, options)',
                        'return problem(500, "…", "x")',
                    ),
                    "not 200",
                ),
            ],
        ),
    }
