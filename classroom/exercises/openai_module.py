"""Calls the OpenAI module of `lab/` from a notebook: reloads its file and sends requests as its callers would."""

import importlib.util
import sys
import warnings
from pathlib import Path
from typing import Any

from classroom.exercises.apps import Noted

# from where a notebook runs: beside lab/ for learners, inside the answer key for its authors
_PLACES = (Path("../lab"), Path(".."), Path("lab"))
_FILE = Path("src/files_api/openai_module.py")


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
        self._noted = Noted(_application(path))
        self._client = _client(self._noted)

    @property
    def stopped(self) -> Exception | None:
        """The exception that the last request met and nobody caught, which its caller sees as status 500."""
        return self._noted.stopped

    def get(self, address: str) -> Any:
        """What `GET` of an address answers: an HTTP response."""
        self._noted.stopped = None
        return self._client.get(address)

    def post(self, address: str, **request: Any) -> Any:
        """What `POST` answers; `request`: `json=`, or `data=` and `files=`."""
        self._noted.stopped = None
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


def _client(application: Noted) -> Any:
    from fastapi.testclient import TestClient

    return TestClient(application, raise_server_exceptions=False)


def _application(path: Path) -> Any:
    from fastapi import FastAPI

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
    except Exception as error:  # whatever is in a file that is being written
        line = getattr(error, "lineno", None)
        raise ModuleProblem(
            f"{path.name} can't be run{f', line {line}' if line else ''}: {type(error).__name__}: {error}"
        ) from error
    if not hasattr(loaded, "router"):
        raise ModuleProblem(f"{path.name} defines no router.")
    app = FastAPI()
    app.include_router(loaded.router)
    return app
