"""What an app waits for in vain is named, and no author is blamed for it."""

import socket
import subprocess
import sys
from types import SimpleNamespace

import pytest

from grader.collect.code import services
from grader.collect.code.author_run import AuthorRun
from grader.collect.questioning import asking
from grader.collect.suites.deciding import Notes
from grader.collect.suites.guessing import guessed, with_variables
from grader.collect.suites.red import red_tests
from grader.criteria import BY_ID
from grader.environments import undeclared
from grader.evidence import Exchange, NotebookRun, Offer, RedTest, TestRun, a_file
from grader.inside.unanswered import LINE
from tests.grader.seen import evidence
from tests.grader.suites import suite_run

WAITS = """
import socket
from grader.inside.unanswered import install

install()
for place in (("localhost", {closed}), ("localhost", {closed}), ("127.0.0.1", {opened})):
    try:
        socket.create_connection(place).close()
    except OSError as error:
        print(type(error).__name__)
"""


def test_an_address_at_which_nothing_answers_is_printed_once_a_moment_and_the_error_stays():
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_server(("127.0.0.1", 0)) as other:
        opened, closed = server.getsockname()[1], other.getsockname()[1]
        other.close()
        code = WAITS.format(opened=opened, closed=closed)
        ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert ran.stdout.split() == ["ConnectionRefusedError"] * 2
    named = [line for line in ran.stderr.splitlines() if line.startswith("INFO:")]
    assert LINE.format(place=f"127.0.0.1:{closed}") in named
    assert len(named) == len(set(named)), "one line for each address"


@pytest.mark.parametrize(
    ("places", "named"),
    [
        (["127.0.0.1:27017"], "MongoDB"),
        (["db:5432"], "PostgreSQL"),
        (["vectors.example.com:443"], "the host vectors.example.com"),
        (["localhost:9100"], "a server at localhost:9100"),
        ([], ""),
    ],
)
def test_what_an_app_waits_for_is_known_by_its_address(places, named):
    log = "\n".join(["Connected", *(LINE.format(place=place) for place in places), "waiting"])
    assert services.unanswered(log) == named


def _made(kind: str, status: int | None, log: str = "") -> Exchange:
    purpose = f"generate {a_file(kind)}"
    return Exchange(id=kind, purpose=purpose, method="POST", url="/x", status=status, log=log)


def test_an_app_of_which_each_kind_waits_for_a_service_is_asked_nothing_more():
    waits = LINE.format(place="127.0.0.1:27017")
    offers = [
        Offer(kind=kind, method="POST", path="/x", prompt_input=None, exchange=kind)
        for kind in ("text", "image")
    ]

    def is_stuck(*exchanges: Exchange) -> bool:
        return asking._is_stuck(SimpleNamespace(exchanges=exchanges), offers)

    assert is_stuck(_made("text", None, waits), _made("image", None, waits))
    assert not is_stuck(_made("text", None, waits), _made("image", 200))
    assert not is_stuck(_made("text", None), _made("image", None)), "it hangs for reasons of its own"
    assert not is_stuck()


FETCHES = """
import socket

SOURCE = '''
import socket
def read_file_cached():
    return socket.getaddrinfo("data.example.com", 443)
'''
names = {}
exec(compile(SOURCE, "/anywhere/site-packages/words/load.py", "exec"), names)


def test_the_words_are_counted():
    assert names["read_file_cached"]()
"""


def test_a_suite_that_only_lacks_what_a_package_downloads_once_is_not_run(tmp_path):
    run, _ = suite_run(tmp_path, {"test_words.py": FETCHES})
    verdict = BY_ID["tests.pass"].judge(evidence(test_run=run))
    assert verdict.status == "not_run"
    assert "a download from data.example.com" in verdict.summary
    assert "test_the_words_are_counted" in verdict.summary


def test_what_is_downloaded_from_s3_itself_is_no_data_of_a_package(tmp_path):
    real = FETCHES.replace("data.example.com", "notes.s3.amazonaws.com")
    run, _ = suite_run(tmp_path, {"test_words.py": real})
    assert BY_ID["tests.pass"].judge(evidence(test_run=run)).status == "failed"
    assert run.outside == ("notes.s3.amazonaws.com",)


def _red(**noted):
    notes = Notes(red={"test_a.py::test_b": ("assert 500 == 200", "test_a.py, line 3")})
    for name, value in noted.items():
        getattr(notes, name)["test_a.py::test_b"] = {value}
    return next(red_tests(notes, "/work"))


def test_a_service_that_refused_a_test_is_what_it_needs():
    assert _red(refused="27017").needs == "MongoDB"
    assert _red(refused="8123").needs == ""


def test_a_test_that_asks_a_host_by_itself_is_no_less_red_for_what_else_it_lacks():
    notes = Notes(red={"a::b": ("", "")}, hosts={"a::b": {"api.openai.com"}}, refused={"a::b": {"27017"}})
    only = next(red_tests(notes, "/work"))
    assert (only.hosts, only.needs) == (("api.openai.com",), "")


TRACE = """\x1b[31m---------------------------------------------------------------------------\x1b[39m
\x1b[32m----> 2\x1b[39m table = fetch("https://data.example.org/table.csv")
socket.gaierror: [Errno -2] Name or service not known
"""


def test_a_notebook_that_reads_from_the_network_is_not_run_and_names_the_host():
    needs = services.host_not_found(TRACE)
    assert needs == "the host data.example.org"
    seen = NotebookRun(path="one.ipynb", cells=3, failure="code cell 2 raised URLError", needs=needs)
    verdict = BY_ID["notebooks.run"].judge(evidence(notebooks=(seen,)))
    assert (verdict.status, "data.example.org" in verdict.summary) == ("not_run", True)


def test_another_error_of_a_notebook_is_its_own():
    assert services.host_not_found("NameError: name 'a' is not defined") == ""
    wrong = NotebookRun(path="two.ipynb", cells=1, failure="code cell 1 raised NameError: a")
    online = NotebookRun(path="one.ipynb", cells=1, failure="x", needs="the host data.example.org")
    assert BY_ID["notebooks.run"].judge(evidence(notebooks=(online, wrong))).status == "failed"


GUARDED = """
import os

from main import app
from starlette.testclient import TestClient


def test_a_caller_with_the_key_of_the_door_is_let_in():
    assert os.getenv("DOOR_API_KEY")


def test_the_app_has_no_such_page():
    assert TestClient(app).get("/nowhere").status_code == 404
"""


def test_a_suite_whose_author_has_a_variable_set_is_judged_with_it(tmp_path):
    run, _ = suite_run(tmp_path, {"test_door.py": GUARDED})
    assert (run.passed, run.red) == (2, ())


def test_a_setting_that_is_none_by_default_and_a_text_by_its_type_is_given_one(tmp_path):
    (tmp_path / "settings.py").write_text(
        "from pydantic_settings import BaseSettings\n\n\nclass Settings(BaseSettings):\n"
        '    DATABASE_URL: str = None\n    STAGE: str = "test"\n    DOOR_KEY: str\n    BROKER_HOST: str\n'
    )
    found = guessed(tmp_path, ["settings.py"], {"BROKER_HOST": "here"})
    assert found.keys() == {"DATABASE_URL", "DOOR_KEY"}
    assert found["DATABASE_URL"].startswith("sqlite")


def test_a_test_that_a_variable_switches_on_is_not_held_against_the_suite():
    red, more = RedTest(name="a", why="assert 1 == 2"), RedTest(name="b", why="assert 3 == 4")
    first = TestRun(found=True, passed=2, red=(red,))
    switched = TestRun(found=True, passed=2, red=(red, more))
    assert with_variables(first, AuthorRun(), lambda: {"LIVE_KEY": "x"}, lambda author: switched) is first
    better = TestRun(found=True, passed=3)
    assert with_variables(first, AuthorRun(), lambda: {"DOOR_KEY": "x"}, lambda author: better) is better
    assert with_variables(first, AuthorRun(), dict, lambda author: better) is first


def test_what_a_framework_asks_for_in_its_first_error_is_assumed_with_it(tmp_path):
    code = (
        "from fastapi import FastAPI, Form\nfrom fastapi.templating import Jinja2Templates\n"
        'templates = Jinja2Templates(directory="pages")\n'
    )
    (tmp_path / "main.py").write_text(code)
    made = undeclared.assumed(tmp_path, ["fastapi"])
    assert made is not None
    assert {"fastapi", "jinja2", "python-multipart"} == {name.partition("=")[0] for name in made.requirements}
