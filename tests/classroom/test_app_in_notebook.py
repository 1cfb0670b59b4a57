"""Notebook 11 starts the learner's app inside the notebook: with the code that is saved when the cell runs."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOK = ROOT / "answer-key" / "notebooks" / "11-build-test-check.ipynb"
APP = """
from fastapi import FastAPI
from files_api import generated_files

def create_app():
    app = FastAPI()
    app.put("/v1/files/notes/first.txt")(lambda: "kept")
    app.get("/v1/files/notes/first.txt")(lambda: "hello")
    app.get("/v1/files/generated")(lambda: "a file of this name")
    app.include_router(generated_files.router)
    return app
"""
NOT_YET = "from fastapi import APIRouter\nrouter = APIRouter()\n"
WRITTEN = NOT_YET + "from files_api.added import SAYS\nrouter.post('/v1/files/generated')(lambda: SAYS)\n"


def cell(id: str) -> str:
    cells = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
    return "".join(next(each["source"] for each in cells if each["id"] == id))


def test_an_endpoint_that_is_written_while_the_notebook_runs_is_found_by_the_same_cell(tmp_path):
    package = tmp_path / "src" / "files_api"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "main.py").write_text(APP)
    (package / "generated_files.py").write_text(NOT_YET)
    script = f"""
from pathlib import Path
submission = Path({str(tmp_path)!r})
package = submission / "src" / "files_api"
exec({cell("cell-04")!r})
exec({cell("cell-15")!r})
(package / "added.py").write_text("SAYS = 'a robot'")
(package / "generated_files.py").write_text({WRITTEN!r})
exec({cell("cell-15")!r})
(package / "added.py").write_text("SAYS = 'another robot'")
exec({cell("cell-15")!r})
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-3:] == [
        "405 {'detail': 'Method Not Allowed'}",
        "200 a robot",
        "200 another robot",
    ]
