"""Keys on their way: from the kernel to the server, and into no file that is saved."""

import json
import os
import secrets
import subprocess
import sys
import time
from multiprocessing.connection import Client
from pathlib import Path
from urllib.request import Request, urlopen

import nbformat
import pytest
from jupyter_client import BlockingKernelClient
from jupyter_client.manager import start_new_kernel
from tornado.web import HTTPError

from classroom.jupyter_hooks import saving
from classroom.jupyter_hooks.saving import before_saving
from classroom.redaction import known
from classroom.redaction.kernels import profile, secrets_of
from classroom.redaction.known import CHANNEL, Known, Reporter, listen
from classroom.redaction.notebooks import BLOT
from tests.classroom.redacted import AWS, AZURE, CUSTOM, KEYS, OPENAI, cell, has

ROOT = Path(__file__).resolve().parents[2]

# --- the hook ---------------------------------------------------------------------------------------------------------------


def test_a_notebook_that_is_saved_as_a_text_is_searched_too():
    model = {
        "type": "file",
        "format": "text",
        "content": json.dumps({"cells": [cell(OPENAI)], "metadata": {"widgets": {}}}),
    }
    before_saving(model, path="folder/A.ipynb")
    assert not has(model["content"], OPENAI)
    assert "widgets" not in json.loads(model["content"])["metadata"]


def test_a_notebook_that_can_not_be_searched_is_not_saved(monkeypatch):
    monkeypatch.setattr(saving.notebooks, "without_keys", lambda *_: 1 / 0)
    with pytest.raises(HTTPError, match="could not be searched"):
        before_saving({"type": "notebook", "content": {"cells": []}}, path="a.ipynb")


def test_a_notebook_that_is_nested_without_end_is_not_saved():
    deep = inner = {}
    for _ in range(5_000):
        inner["x"] = inner = {}
    with pytest.raises(HTTPError, match="could not be searched"):
        before_saving({"type": "notebook", "content": {"cells": [], "metadata": deep}}, path="a.ipynb")


# --- from the kernel to the server ------------------------------------------------------------------------------------------


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setenv(CHANNEL, "")
    holding = Known()
    listen(holding)
    return holding


def test_what_a_kernel_reports_is_known_to_the_server_and_nowhere_on_the_disk(server):
    reporter = Reporter()
    reporter.report(CUSTOM)
    reporter.report("short")
    assert CUSTOM in server.all()
    assert "short" not in server.all()
    assert CUSTOM not in os.environ[CHANNEL]


def test_a_kernel_reports_nothing_to_somebody_who_does_not_know_the_word(server, monkeypatch):
    address, _, _ = os.environ[CHANNEL].rpartition(" ")
    monkeypatch.setenv(CHANNEL, f"{address} another-word")
    Reporter().report(CUSTOM)
    assert CUSTOM not in server.all()


def test_strangers_do_not_end_the_channel(server):
    address, _, _ = os.environ[CHANNEL].rpartition(" ")
    for _ in range(3):
        with pytest.raises(Exception):  # noqa: B017, PT011 - of any kind
            Client(address, authkey=b"guessed")
    Reporter().report(OPENAI)
    assert OPENAI in server.all()


@pytest.mark.parametrize("channel", ["", "nowhere", "/tmp/absent word", "127.0.0.1:9 word"])
def test_without_a_server_nothing_is_reported_and_nothing_fails(monkeypatch, channel):
    monkeypatch.setenv(CHANNEL, channel)
    Reporter().report(CUSTOM)


def test_only_so_many_secrets_are_kept(monkeypatch):
    monkeypatch.setattr(known, "_MOST", 3)
    holding = Known()
    for number in range(9):
        holding.add(f"{CUSTOM}-{number}")
    assert [value for value in holding.all() if value.startswith(CUSTOM)].__len__() == 3


def test_the_environments_secrets_are_known_by_their_names(monkeypatch):
    monkeypatch.setenv("ACME_TOKEN", CUSTOM)
    monkeypatch.setenv("ACME_TOKEN_FILE", "/run/secrets/acme-token-0123456789")
    monkeypatch.setenv("OTHER_API_KEY", "testing")
    monkeypatch.setenv("PWD", "/home/a learner/work 2026")
    found = Known().all()
    assert CUSTOM in found
    assert not {"/run/secrets/acme-token-0123456789", "testing", "/home/a learner/work 2026"} & found


def test_secrets_of_a_notebooks_names_are_found_one_level_deep():
    class Client:
        def __init__(self):
            self.api_key = AZURE

        @property
        def secret(self):
            raise AssertionError("nothing of a value is run")

    names = {
        "my_token": CUSTOM,
        "settings": {"aws_secret_access_key": AWS},
        "client": Client(),
        "line": f"x {OPENAI}",
        "key": OPENAI[::-1],
        "n": 3,
    }
    assert set(secrets_of(names)) == {*KEYS.values(), OPENAI[::-1]}


_NOTEBOOK = """
import os, sys, json
from nbclient import NotebookClient
import nbformat
from classroom.jupyter_hooks import saving
from classroom.redaction.known import Known, listen
saving._load_jupyter_server_extension(None)
key = sys.argv[1]
sources = [
    "x = 1",
    f"key_parts = ['{key[:9]}', '{key[9:]}']; import os; os.environ['ACME_TOKEN'] = ''.join(key_parts)",
    "print(os.environ['ACME_TOKEN'])",
    "from IPython import get_ipython; print(get_ipython().history_manager.hist_file, len(In))",
]
notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])
NotebookClient(notebook, timeout=60).execute()
model = {"type": "notebook", "content": json.loads(nbformat.writes(notebook))}
saving.before_saving(model, path="a.ipynb")
print(json.dumps(model["content"]))
"""


def test_a_key_that_only_a_kernel_knows_is_in_no_saved_notebook_and_in_no_history(tmp_path):
    with profile() as of_lessons:
        done = subprocess.run(
            [sys.executable, "-c", _NOTEBOOK, CUSTOM],
            env={**os.environ, **of_lessons, "HOME": str(tmp_path)},
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr
        written = [
            path
            for place in (tmp_path, Path(of_lessons["IPYTHONDIR"]))
            for path in place.rglob("*")
            if path.is_file()
        ]
        assert not [
            path
            for path in written
            if path.name.startswith("history") or CUSTOM[9:].encode() in path.read_bytes()
        ]
    assert not Path(of_lessons["IPYTHONDIR"]).exists()
    notebook = json.loads(done.stdout)
    assert ":memory:" in str(notebook["cells"][3]["outputs"])
    assert not has(notebook, CUSTOM)
    assert BLOT in str(notebook["cells"][2]["outputs"])


def test_what_is_typed_into_a_field_for_passwords_is_known_at_once(server, tmp_path, monkeypatch):
    with profile() as of_lessons:
        for name, value in of_lessons.items():
            monkeypatch.setenv(name, value)
        manager, client = start_new_kernel()
        try:
            client.execute_interactive(
                "import getpass; typed = [getpass.getpass('Key: ')]; print(typed)",
                timeout=60,
                allow_stdin=True,
                output_hook=lambda _: None,
                stdin_hook=lambda _: client.input(f"not-so-random {CUSTOM[:4]}"),
            )
        finally:
            client.stop_channels()
            manager.shutdown_kernel(now=True)
    assert f"not-so-random {CUSTOM[:4]}" in server.all()


_SERVER = """
from pathlib import Path
from classroom import cli
cli._jupyter(Path("notebooks/00-start-here.ipynb"), {}, "127.0.0.1", 0, False)
"""


def _asked(url, token, body=None, method=None):
    request = Request(
        url,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Authorization": f"token {token}", "Content-Type": "application/json"},
        method=method,
    )
    with urlopen(request, timeout=60) as answer:
        return json.loads(answer.read())


@pytest.fixture
def lab(tmp_path):
    """JupyterLab as `classroom lab` starts it, in an empty folder: its address and its word."""
    word, runtime = secrets.token_hex(16), tmp_path / "runtime"
    environment = {
        **os.environ,
        "JUPYTER_TOKEN": word,
        "JUPYTER_RUNTIME_DIR": str(runtime),
        "HOME": str(tmp_path / "home"),
    }
    place = tmp_path / "work"
    place.mkdir()
    process = subprocess.Popen([sys.executable, "-c", _SERVER], cwd=place, env=environment)
    try:
        deadline = time.monotonic() + 120
        while not (found := list(runtime.glob("jpserver-*.json"))) and time.monotonic() < deadline:
            time.sleep(0.1)
        while True:
            try:
                url = json.loads(found[0].read_text())["url"]
                _asked(f"{url}api/status", word)
                break
            except (OSError, ValueError):
                assert time.monotonic() < deadline
                time.sleep(0.1)
        yield url, word, place, runtime
    finally:
        process.terminate()
        process.wait(30)


def test_in_the_lab_a_key_that_a_kernel_got_reaches_neither_the_file_nor_the_history(lab, tmp_path):
    url, word, place, runtime = lab
    kernel = _asked(f"{url}api/kernels", word, {"name": "python3"})
    client = BlockingKernelClient(connection_file=str(runtime / f"kernel-{kernel['id']}.json"))
    client.load_connection_file()
    client.start_channels()
    client.wait_for_ready(timeout=120)
    halves = f"import os; os.environ['ACME_TOKEN'] = '{CUSTOM[:12]}' + '{CUSTOM[12:]}'"
    reply = client.execute_interactive(halves, timeout=60, output_hook=lambda _: None)
    assert reply["content"]["status"] == "ok"
    client.stop_channels()
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(halves, outputs=[nbformat.v4.new_output("stream", text=CUSTOM)])]
    )
    _asked(
        f"{url}api/contents/a.ipynb", word, {"type": "notebook", "format": "json", "content": notebook}, "PUT"
    )
    text = (place / "a.ipynb").read_text()
    assert BLOT in text
    assert CUSTOM[12:] not in text
    for path in tmp_path.rglob("*"):
        assert not path.is_file() or CUSTOM[12:].encode() not in path.read_bytes(), path
    assert not list(tmp_path.rglob("history*"))
