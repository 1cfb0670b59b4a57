"""The OpenAI module, in notebooks 02, 03 and 04."""

import os
from pathlib import Path

from classroom.exercises.openai_module import LabModule

ROOT = Path(__file__).resolve().parents[3]


# one file without the skeleton's functions, for a reader in a hurry
_SMALL = """
import os

import httpx2
from fastapi import APIRouter, Body, File, Form, UploadFile
from fastapi.responses import JSONResponse

router = APIRouter(prefix="/modules/openai")


def _client():
    key = os.environ["OPENAI_API_KEY"]
    return httpx2.Client(base_url=os.environ["OPENAI_BASE_URL"], headers={"api-key": key}, timeout=30)


def _parsed(request):
    return request


def _constant(request):
    return {**request, "messages": [{"role": "user", "content": "Hello."}]}


def _gone():
    return JSONResponse({"error": {"message": "OpenAI has retired this."}}, 410)


@router.get("/models/")
def models():
    with _client() as client:
        answer = client.get("/models")
        return JSONResponse(answer.json(), answer.status_code)


@router.get("/models/{name:path}/")
def model(name: str):
    with _client() as client:
        answer = client.get(f"/models/{name}")
        return JSONResponse(answer.json(), answer.status_code)


@router.get("/engines/")
def engines():
    return _gone()


@router.post("/edits/")
def edits():
    return _gone()


@router.post("/chat/completions/")
def chat(request: dict = Body()):
    with _client() as client:
        answer = client.post("/chat/completions", json=_parsed(request))
        return JSONResponse(answer.json(), answer.status_code)


@router.post("/images/generations/")
def images(request: dict = Body()):
    with _client() as client:
        answer = client.post("/images/generations", json={"model": "gpt-image-2", **request})
        return JSONResponse(answer.json(), answer.status_code)


@router.post("/audio/transcription/")
def transcribe(file: UploadFile = File(), model: str = Form(), language: str | None = Form(None)):
    if file.filename.endswith((".mp3", ".wav", ".flac", ".ogg")):
        with _client() as client:
            sent = {"file": (file.filename, file.file.read())}
            form = {"model": model, "language": language}
            answer = client.post("/audio/transcriptions", data=form, files=sent)
            if answer.status_code != 200:
                return JSONResponse(answer.json(), answer.status_code)
            heard = answer.json()["text"]
            return {"text": heard}
    return JSONResponse({"error": {"message": "This is no sound."}}, 415)
"""

_BY_NAME = 'file.filename.endswith((".mp3", ".wav", ".flac", ".ogg"))'
_BY_BYTES = '(begins := file.file.read(3), file.file.seek(0)) and begins in (b"ID3", b"RIF") or begins[:1] == b"\\xff"'


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

    def broken_since():
        made = written(f"{_SMALL}\n# saved again since")
        made.path.write_text("router = ")
        return made

    skeleton = LabModule(ROOT / "lab" / "src" / "files_api" / "openai_module.py")
    right = [
        written(source),
        changed("exclude_unset=True", "exclude_unset=True, by_alias=True"),
        changed("read(MAX_UPLOAD + 1)", "read()"),
        changed("connect=5.0", "connect=20.0"),
        written(_SMALL),
        written(_SMALL.replace("def ", "async def ").replace("async def _", "def _")),
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
                (changed('"GET", "models")', '"GET", "files")'), "GET models/ does not list"),
                (broken_since(), "can't be run, line 1: SyntaxError"),
                (
                    changed(
                        'return await passed_on(client, "GET", "models")',
                        'return JSONResponse({"data": [{"id": "gpt-5.4-mini"}]})',
                    ),
                    "OpenAI was not asked for it",
                ),
                (
                    changed('passed_on(client, "GET", "models")', 'problem(200, "…", "x")'),
                    "stops with an error: TypeError",
                ),
            ],
        ),
        "03.4": (
            [
                *right,
                changed(  # the exercise does not ask for edits
                    'date(2024, 1, 4), "/modules/openai/chat/completions/")',
                    'date(2024, 1, 4), "/modules/openai/chat/completions/") and None',
                ),
            ],
            [
                (skeleton, "answers nothing so far"),
                (
                    changed(
                        '"chat/completions", json=body.model_dump(exclude_unset=True)',
                        '"chat/completions", json={"model": body.model, "messages": [m.model_dump(exclude_unset=True) for m in body.messages]}',
                    ),
                    "Not all that the caller sent",
                ),
                (changed('"chat/completions", json=body', '"responses", json=body'), "answers 400, not 200"),
                (
                    written(_SMALL.replace("json=_parsed(request)", "json=_constant(request)")),
                    "Is the argument used?",
                ),
                (
                    written(_SMALL.replace("answer.json(), answer.status_code", "answer.json(), 200")),
                    "not 400",
                ),
                (changed("(content, answer.status_code,", "(content, 200,"), "not 400"),
            ],
        ),
        "04.4": (
            [
                *right,
                written(_SMALL.replace(_BY_NAME, _BY_BYTES)),
            ],
            [
                (skeleton, "answers nothing so far"),
                (changed('.lstrip(".") not in SOUNDS', '.lstrip(".") in ()'), "sent to OpenAI"),
                (
                    changed(
                        'asked = {"model": IMAGE_MODEL, **body.model_dump(exclude_unset=True)}',
                        'asked = {"model": IMAGE_MODEL, "prompt": "a kite"}',
                    ),
                    "Is the argument used?",
                ),
                (
                    changed(
                        'asked = {"model": IMAGE_MODEL, **body.model_dump(exclude_unset=True)}',
                        'asked = {"model": IMAGE_MODEL, "prompt": body.prompt}',
                    ),
                    "output_format included",
                ),
                (
                    changed(
                        'asked = {"model": IMAGE_MODEL, **body.model_dump(exclude_unset=True)}',
                        'asked = {**body.model_dump(exclude_unset=True), "model": IMAGE_MODEL}',
                    ),
                    "Pass the model on",
                ),
                (written(_SMALL.replace(', "language": language', "")), "pass the language on"),
                (changed('"POST", "images/generations", json=asked', '"GET", "models"'), "no picture"),
                (
                    written(_SMALL.replace('"text": heard', '"text": heard[:5]')),
                    "other words than the sound says",
                ),
                (written(_SMALL.replace("415)", "200)")), "not refused"),
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
