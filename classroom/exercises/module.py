"""The OpenAI module of `lab/`, tried from a notebook: read anew from its file, and asked as its callers would."""

import importlib.util
import sys
import warnings
from pathlib import Path
from typing import Any

from classroom.exercises.looking import Exercise, NotYet, asked_since, calls_since, count

# from where a notebook runs: beside lab/ for learners, inside the answer key for its authors
_PLACES = (Path("../lab"), Path(".."), Path("lab"))
_FILE = Path("src/files_api/openai_module.py")
_MODEL = "gpt-5.4-mini"
_SOUND = b"ID3\x04\x00\x00\x00\x00\x00\x00"


class ModuleProblem(Exception):
    """The learner's file is not there, or can't be run; the text says where and why."""

    def _render_traceback_(self) -> list[str]:
        return [str(self)]


class LabModule:
    """`get` and `post` ask the module, as a client of its API would.

    Raises:
        ModuleProblem: the file can't be run, or defines no `router`.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._client = _client(path)

    def get(self, address: str) -> Any:
        """What `GET` of an address answers: an HTTP response."""
        return self._client.get(address)

    def post(self, address: str, **request: Any) -> Any:
        """What `POST` answers; `request`: `json=`, or `data=` and `files=`."""
        return self._client.post(address, **request)


def open_module() -> LabModule:
    """The module as it is saved at this moment.

    Raises:
        ModuleProblem: there is no such file, or it can't be run.
    """
    for place in _PLACES:
        if (place / _FILE).is_file():
            return LabModule((place / _FILE).resolve())
    raise ModuleProblem(f"There is no lab/{_FILE.as_posix()} beside this notebook's folder.")


def _client(path: Path) -> Any:
    from fastapi import FastAPI
    from fastapi.testclient import TestClient

    name = "learners_openai_module"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    loaded = importlib.util.module_from_spec(spec)
    sys.modules[name] = loaded  # annotations are looked up there
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            spec.loader.exec_module(loaded)
    except Exception as error:  # whatever stands in a file that is being written
        line = getattr(error, "lineno", None)
        raise ModuleProblem(
            f"{path.name} can't be run{f', line {line}' if line else ''}: {type(error).__name__}: {error}"
        ) from error
    if not hasattr(loaded, "router"):
        raise ModuleProblem(f"{path.name} defines no router.")
    app = FastAPI()
    app.include_router(loaded.router)
    return TestClient(app, raise_server_exceptions=False)


def _again(module: Any) -> LabModule:
    """The file may have been saved since."""
    if not isinstance(module, LabModule):
        raise NotYet("module is something else now: run the cell with open_module() again.")
    try:
        return LabModule(module.path)
    except ModuleProblem as problem:
        raise NotYet(str(problem)) from problem


def _answered(response: Any, status: int, what: str) -> Any:
    try:
        said = response.json()
    except ValueError as error:
        raise NotYet(f"{what} answers {response.status_code} and no JSON.") from error
    if said is None:
        raise NotYet(f"{what} answers nothing so far. Write its body, and end it with return.")
    if response.status_code != status:
        raise NotYet(f"{what} answers {response.status_code}, not {status}.")
    return said


def _refused(response: Any, status: int, what: str) -> dict[str, Any]:
    said = _answered(response, status, what)
    error = said.get("error") if isinstance(said, dict) else None
    if not isinstance(error, dict) or "message" not in error:
        raise NotYet(f'{what} answers {status}, but not in OpenAI\'s shape: {{"error": {{"message": …}}}}.')
    return error


def _models(value: Any) -> str:
    module = _again(value)
    listed = _answered(module.get("/modules/openai/models/"), 200, "GET models/")
    names = [each.get("id") for each in listed.get("data", [])] if isinstance(listed, dict) else []
    if _MODEL not in names:
        raise NotYet(f"GET models/ does not list {_MODEL}.")
    one = _answered(module.get(f"/modules/openai/models/{_MODEL}/"), 200, f"GET models/{_MODEL}/")
    if one.get("id") != _MODEL:
        raise NotYet(f"GET models/{_MODEL}/ describes {one.get('id')!r}.")
    unknown = module.get("/modules/openai/models/gpt-5.4-minni/")
    status = 403 if unknown.status_code == 403 else 404  # a class proxy's, or OpenAI's
    _refused(unknown, status, "GET of a model that does not exist")
    _refused(module.get("/modules/openai/engines/"), 410, "GET engines/, which OpenAI has retired,")
    return "Models come through, with OpenAI's own refusal of those that do not exist; engines are gone."


def _chat(value: Any) -> str:
    module = _again(value)
    words = "Name a harbour."
    body = {"model": _MODEL, "messages": [{"role": "user", "content": words}], "temperature": 0.5}
    before = count()
    said = _answered(
        module.post("/modules/openai/chat/completions/", json=body), 200, "POST chat/completions/"
    )
    if not (said.get("choices") and said["choices"][0]["message"].get("content")):
        raise NotYet("POST chat/completions/ answers 200, but no chat completion.")
    for call in asked_since(before)[-1:]:
        if not call.mentions(words) or call.body.get("temperature") != 0.5:
            raise NotYet("not all that the caller sent reached OpenAI: pass every parameter on.")
    wrong = module.post("/modules/openai/chat/completions/", json={**body, "temperature": 5})
    if _refused(wrong, 400, "a temperature of 5").get("param") != "temperature":
        raise NotYet("OpenAI's error does not come through as it is: its param is lost.")
    edits = module.post(
        "/modules/openai/edits/", json={"model": "any", "instruction": "Mend it.", "input": "teh"}
    )
    _refused(edits, 410, "POST edits/, which OpenAI has retired,")
    return "Questions and refusals come through as they are, and edits say what to use instead."


def _media(value: Any) -> str:
    from openai import OpenAI

    module = _again(value)
    before = count()
    drawn = module.post(
        "/modules/openai/images/generations/", json={"prompt": "a red kite", "quality": "low"}
    )
    said = _answered(drawn, 200, "POST images/generations/")
    if not (said.get("data") and said["data"][0].get("b64_json")):
        raise NotYet("POST images/generations/ answers 200, but no picture.")
    if any(not call.mentions("a red kite") for call in asked_since(before)):
        raise NotYet("the prompt did not reach OpenAI.")
    sound = OpenAI().audio.speech.create(model="gpt-4o-mini-tts", voice="nova", input="A red kite.").read()
    form = {"model": "gpt-4o-mini-transcribe"}
    address = "/modules/openai/audio/transcription/"
    heard = module.post(address, data=form, files={"file": ("kite.mp3", sound, "audio/mpeg")})
    if "red kite" not in _answered(heard, 200, "POST audio/transcription/").get("text", "").lower():
        raise NotYet("POST audio/transcription/ answers other words than the sound says.")
    before = count()
    note = module.post(address, data=form, files={"file": ("kite.docx", _SOUND, "application/msword")})
    if note.status_code < 400 or note.status_code >= 500:
        raise NotYet(f"an upload called kite.docx gets {note.status_code}: refuse it, with a 4xx.")
    if calls_since(before):
        raise NotYet("an upload that is no sound was sent to OpenAI.")
    return "Pictures and transcripts come through, and what is no sound stays at home."


_WHERE = "Write it in lab/src/files_api/openai_module.py, save, and run check again: it reads the file anew. "
EXERCISES = {
    "02.3": Exercise(
        "module",
        _models,
        _WHERE
        + 'passed_on(client, "GET", "models") should ask OpenAI and answer with its status and its JSON; the '
        "routes only call it. For engines, problem(410, …) makes the error.",
    ),
    "03.4": Exercise(
        "module",
        _chat,
        _WHERE + "body.model_dump(exclude_unset=True) is what the caller sent, further parameters included.",
    ),
    "04.4": Exercise(
        "module",
        _media,
        _WHERE + "Look at the ending of file.filename first: SOUNDS has those that OpenAI takes.",
    ),
}
