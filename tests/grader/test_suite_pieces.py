"""Suites that are red in places, that test something else, or that need what is not here."""

import pytest

from grader.collect.code.author_run import AuthorRun, author_run
from grader.collect.suites.suite import in_peace, of_example, of_workflow
from grader.criteria import BY_ID
from grader.evidence import PlantedFault, RedTest, Scans, Source, TestRun
from tests.grader.seen import OFFER, evidence
from tests.grader.suites import suite_run, verdicts
from tests.grader.test_suite_styles import CHECKS, FAKES, FIXTURE

HONEST = (
    "from fakes import *\nfrom fastapi.testclient import TestClient\n"
    + FIXTURE
    + "\ndef test_made():\n    made = TestClient(main.app).post('/texts', json={'prompt': 'a haiku on rain'})\n    assert made.status_code == 201"
    + CHECKS
    + "\ndef test_blank():\n    assert TestClient(main.app).post('/texts', json={'prompt': ' '}).status_code == 422\n"
)
ONLINE = """
import urllib.request

def test_the_weather():
    urllib.request.urlopen("https://api.example.com/weather")
"""
DOCKER = """
import socket

def test_the_container():
    with socket.socket(socket.AF_UNIX) as line:
        line.connect("/var/run/docker.sock")
"""
STORAGE_ALONE = (
    """
from fakes import *
"""
    + FIXTURE
    + """
def test_the_bucket_keeps_what_it_gets():
    boto3.client("s3").put_object(Bucket="texts", Key="a.txt", Body=b"a", ContentType="text/plain")
    assert boto3.client("s3").get_object(Bucket="texts", Key="a.txt")["Body"].read() == b"a"
"""
)


def judged(run, name: str):
    return BY_ID[f"tests.{name}"].judge(evidence(test_run=run))


def test_a_test_that_needs_the_network_is_named_with_its_host_and_the_others_are_judged(tmp_path):
    run, _ = suite_run(tmp_path, {"fakes.py": FAKES, "test_texts.py": HONEST, "test_online.py": ONLINE})
    verdict = judged(run, "pass")
    assert verdict.status == "failed"
    assert "test_online.py::test_the_weather asked for api.example.com" in verdict.summary
    assert verdicts(run) == {"happy_path": "passed", "error_cases": "passed"}, run.faults


def test_a_file_that_can_not_be_imported_leaves_the_others_to_be_judged(tmp_path):
    run, _ = suite_run(
        tmp_path, {"fakes.py": FAKES, "test_texts.py": HONEST, "test_odd.py": "import not_there_at_all\n"}
    )
    assert "not_there_at_all" in judged(run, "pass").summary
    assert verdicts(run)["happy_path"] == "passed"


def test_a_suite_that_needs_docker_is_not_run_and_says_so(tmp_path):
    run, _ = suite_run(tmp_path, {"test_container.py": DOCKER})
    verdict = judged(run, "pass")
    assert (verdict.status, "Needs Docker" in verdict.summary) == ("not_run", True)


def test_tests_of_something_else_earn_nothing(tmp_path):
    run, _ = suite_run(tmp_path, {"fakes.py": FAKES, "test_store.py": STORAGE_ALONE})
    assert run.passed == 1
    assert "passed" not in verdicts(run).values()


def test_a_suite_is_judged_by_the_boundaries_that_it_reaches_where_the_app_could_not_be_started(tmp_path):
    run, _ = suite_run(tmp_path, {"fakes.py": FAKES, "test_texts.py": HONEST}, offers=())
    assert verdicts(run) == {"happy_path": "passed", "error_cases": "passed"}, run.faults


def test_an_option_of_a_plugin_that_is_not_here_does_not_keep_the_tests_from_running(tmp_path):
    settings = '[tool.pytest.ini_options]\naddopts = "-n auto --cov=main --not-known-here -m \'not live\'"\nmarkers = ["live: x"]\n'
    files = {"pyproject.toml": settings, "test_one.py": "def test_one():\n    pass\n"}
    run, _ = suite_run(tmp_path, files)
    assert (run.exit_code, run.passed) == (0, 1), run.output


def test_tests_run_where_and_as_their_author_runs_them(tmp_path):
    files = {
        "Makefile": "test:\n\tcd checks && STAGE=test pytest -k chosen\n",
        "checks/test_one.py": "import os\n\ndef test_chosen():\n    assert os.environ['STAGE'] == 'test'\n    assert os.path.exists('test_one.py')\n"
        "\ndef test_other():\n    assert False\n",
    }
    run, _ = suite_run(tmp_path, files)
    assert (run.exit_code, run.passed) == (0, 1), run.output
    assert run.command == "pytest -k chosen (from Makefile)"


# --- what another test that passes can do to the verdict -------------------------------------------------------------

NOTICED = PlantedFault(name="refused_success", kind="any", tests=1, caught=True)
DROPPED = PlantedFault(name="dropped_write", kind="text", tests=0, caught=None)
LOOKED_AT = PlantedFault(
    name="swapped_bytes", kind="text", tests=1, caught=True
)  # in a stand-in of the suite's own
BASE = TestRun(
    found=True,
    exit_code=0,
    passed=1,
    served=True,
    generating=1,
    boundaries={"s3": False, "openai": False, "app": True},
    asked_for=("text",),
    replaced=("openai:text", "s3:text"),
    faults=(NOTICED, DROPPED, LOOKED_AT),
)


@pytest.mark.parametrize(
    "added",
    [
        {"faults": (NOTICED, LOOKED_AT, DROPPED.model_copy(update={"tests": 1, "caught": False}))},
        {
            "faults": (
                NOTICED,
                LOOKED_AT,
                PlantedFault(name="dropped_write", kind="image", tests=1, caught=False),
            ),
            "asked_for": ("image", "text"),
        },
        {"boundaries": {"s3": True, "openai": True, "app": True}},
        {"faults": (NOTICED, LOOKED_AT, DROPPED.model_copy(update={"tests": 3, "caught": True}))},
    ],
    ids=[
        "looks at the status alone",
        "has another kind made",
        "comes to S3 for something else",
        "looks at what was stored",
    ],
)
def test_another_test_that_passes_does_not_lower_a_score(added):
    assert judged(BASE, "happy_path").status == "passed"
    more = BASE.model_copy(update={"passed": 2, **added})
    assert judged(more, "happy_path").status == "passed"


@pytest.mark.parametrize(
    ("faults", "status"),
    [
        ((NOTICED, DROPPED, LOOKED_AT.model_copy(update={"tests": 0, "caught": None})), "not_run"),
        ((NOTICED, DROPPED.model_copy(update={"tests": 1, "caught": True})), "not_run"),
        ((NOTICED, DROPPED, LOOKED_AT.model_copy(update={"caught": False})), "failed"),
    ],
    ids=["nothing could be planted", "only whether anything was stored", "other bytes went unnoticed"],
)
def test_statuses_alone_earn_nothing_for_contents_where_both_boundaries_are_replaced(faults, status):
    assert judged(BASE.model_copy(update={"faults": faults}), "happy_path").status == status


def test_a_kind_that_no_test_has_made_is_missed_whichever_boundaries_others_reach():
    image = PlantedFault(name="dropped_write", kind="image", tests=0, caught=None)
    for boundaries in ({"app": True}, {"app": True, "s3": True}):
        run = BASE.model_copy(update={"faults": (NOTICED, image), "boundaries": boundaries, "replaced": ()})
        assert judged(run, "happy_path").status == "failed"


def test_a_test_that_fails_is_described_by_its_reason_and_its_place():
    red = RedTest(name="test_a.py::test_b", why="assert 404 == 201", where="test_a.py, line 7")
    run = BASE.model_copy(update={"exit_code": 1, "failed": 1, "red": (red,)})
    summary = judged(run, "pass").summary
    for part in ("test_a.py::test_b", "line 7", "assert 404 == 201", "Expected"):
        assert part in summary


def test_what_only_a_failing_test_could_notice_is_not_run_and_no_accusation():
    red = RedTest(name="test_a.py::test_made", why="assert 404 == 201")
    dropped = DROPPED.model_copy(update={"tests": 1, "caught": False})
    run = BASE.model_copy(
        update={"exit_code": 1, "failed": 1, "red": (red,), "replaced": (), "faults": (dropped,)}
    )
    assert judged(run, "happy_path").status == "not_run"
    online = RedTest(name="test_a.py::test_made", hosts=("api.example.com",))
    assert judged(run.model_copy(update={"red": (online,)}), "happy_path").status == "failed"


def _run(*red: RedTest, programs: tuple[str, ...] = (), failure: str | None = None) -> TestRun:
    return TestRun(found=True, exit_code=1 if red else 0, red=red, programs=programs, failure=failure)


def test_a_suite_that_waits_for_a_server_of_its_own_is_run_again_alone():
    late = RedTest(name="a", why="RuntimeError: the server did not start after 3 attempts")
    assert in_peace(_run(late, programs=("python",)), lambda: _run()) == _run()
    assert in_peace(_run(late, programs=("python",)), lambda: _run(failure="too slow")).red == (late,)


@pytest.mark.parametrize(
    "first",
    [
        _run(programs=("python",)),
        _run(RedTest(name="a", why="assert 1 == 2")),
        _run(
            RedTest(name="a", hosts=("api.openai.com",)), RedTest(name="b", needs="Docker"), programs=("git",)
        ),
    ],
)
def test_what_another_run_would_not_change_is_run_once(first):
    assert in_peace(first, lambda: pytest.fail("it was run again")) is first


@pytest.mark.parametrize(
    ("programs", "waited", "status"),
    [(("python",), 9.0, "error"), (("python",), 0.4, "failed"), ((), 9.0, "failed")],
)
def test_a_suite_that_waits_for_its_own_server_on_a_busy_machine_is_not_judged(programs, waited, status):
    late = RedTest(name="a", why="RuntimeError: the server did not start after 3 attempts")
    run = _run(late, programs=programs).model_copy(update={"waited": waited, "seconds": 20.0})
    assert BY_ID["tests.pass"].judge(evidence(test_run=run)).status == status


def test_a_missing_module_is_missing_however_busy_the_machine_is():
    lacks = RedTest(name="test_odd.py", why="ModuleNotFoundError: No module named 'not_there_at_all'")
    run = _run(lacks, programs=("uname",)).model_copy(update={"waited": 9.0, "seconds": 20.0})
    assert BY_ID["tests.pass"].judge(evidence(test_run=run)).status == "failed"


def test_the_tests_get_what_their_workflow_sets_for_a_job(tmp_path):
    file = tmp_path / ".github/workflows/a.yml"
    file.parent.mkdir(parents=True)
    file.write_text(
        "jobs:\n  check:\n    env:\n      DOOR_KEY: made-up\n      PATH: /evil\n      LD_PRELOAD: ./mine.so\n    steps:\n      - run: pytest\n"
    )
    author = author_run(tmp_path)
    assert of_workflow(tmp_path, author) == {"DOOR_KEY": "made-up"}
    assert of_workflow(tmp_path, AuthorRun(source="Makefile")) == {}


def test_a_suite_has_what_an_example_gives_for_the_variables_that_the_app_needs(tmp_path):
    (tmp_path / ".env.example").write_text("SECRET_KEY=change-me\nCOLOUR=red\nUNREAD=1\n")
    (tmp_path / "settings.py").write_text(
        "import os\nSECRET_KEY = os.environ['SECRET_KEY']\nCOLOUR = os.getenv('COLOUR', 'blue')\n"
    )
    assert of_example(tmp_path, ["settings.py"]) == {"SECRET_KEY": "change-me"}


NO_REQUEST = "def test_nothing():\n    assert MagicMock().make('a')\n"


@pytest.mark.parametrize(
    ("facts", "text", "status"),
    [
        ({"watched": True}, NO_REQUEST, "failed"),
        ({}, NO_REQUEST, "not_run"),  # a framework that is not watched
        ({"watched": True, "programs": ("uvicorn",)}, NO_REQUEST, "not_run"),
        ({"watched": True, "boundaries": {"s3": True}}, NO_REQUEST, "not_run"),
        (
            {"watched": True},
            "def test_it():\n    assert view(factory.post('/texts')).status_code == 201\n",
            "not_run",
        ),
        ({"watched": True}, "def test_it():\n    assert write_text('a')\n", "not_run"),
    ],
)
@pytest.mark.parametrize("criterion", ["tests.happy_path", "tests.error_cases"])
def test_tests_that_never_ask_the_app_notice_nothing(criterion, facts, text, status):
    unplanted = tuple(
        PlantedFault(name=name, kind="any", tests=0, caught=None)
        for name in ("refused_success", "accepted_error")
    )
    seen = evidence(
        test_run=TestRun(found=True, exit_code=0, passed=3, faults=unplanted, **facts),
        scans=Scans(sources=(Source(path="tests/test_app.py", text=text),)),
        offers=(OFFER.model_copy(update={"code": "app.py, line 3, write_text"}),),
    )
    assert BY_ID[criterion].judge(seen).status == status
