"""What is the grader's own trouble comes out as that, never as a learner's failure or pass."""

import json
import re

import pytest

from classroom import OpenAIMock
from grader import cli
from grader.collect import collect
from grader.collect.questioning import probes
from grader.criteria import BY_ID
from grader.errors import GraderError
from grader.evidence import Evidence, PlantedFault, Submission, TestRun
from grader.sandbox import Sandbox
from grader.submission import open_submission
from tests.grader.grading import SUBMISSIONS, graded
from tests.sampling import thorough


def exit_code(monkeypatch, *arguments: str) -> int:
    monkeypatch.setattr("sys.argv", ["grader", *arguments])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    return ended.value.code


def test_a_stand_in_that_dies_is_the_grader_s_trouble(monkeypatch):
    generate = probes.generate

    def dying(session, offer):
        session.openai.stop()
        return generate(session, offer)

    monkeypatch.setattr(probes, "generate", dying)
    with (
        open_submission(str(SUBMISSIONS / "other_words"), tier="process") as submission,
        pytest.raises(GraderError, match="The stand-in for OpenAI died"),
    ):
        collect(submission, only=("endpoint",), tier="process")


def test_a_full_disk_is_the_grader_s_trouble(monkeypatch, capsys):
    def full(*args, **named):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("grader.intake.courier.os.open", full)
    assert exit_code(monkeypatch, "check", str(SUBMISSIONS / "other_words")) == 3
    assert "No space left" in capsys.readouterr().err


def test_truncated_evidence_is_refused(monkeypatch, capsys, tmp_path):
    facts = Submission(name="ada", digest="d")
    evidence = Evidence(submission=facts, isolation="process", bucket="b", canary_fingerprint="f")
    whole = evidence.model_dump_json(by_alias=True)
    (tmp_path / "evidence.json").write_text(whole[: len(whole) // 2])
    assert exit_code(monkeypatch, "judge", str(tmp_path)) == 3
    assert "is not evidence that this grader wrote" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("place", "status"), [("/x/grader/inside/planting.py", "error"), ("/x/tests/conftest.py", "failed")]
)
def test_pytest_stopped_by_the_grader_s_plugin_is_an_error_and_by_the_learner_s_a_failure(place, status):
    output = f'INTERNALERROR> Traceback\nINTERNALERROR>   File "{place}", line 3, in pytest_configure\n'
    run = TestRun(found=True, exit_code=3, output=output)
    facts = Submission(name="ada", digest="d")
    evidence = Evidence(
        submission=facts, isolation="process", bucket="b", canary_fingerprint="f", test_run=run
    )
    assert BY_ID["tests.pass"].judge(evidence).status == status


def test_a_fault_that_only_the_planting_side_knows_is_an_error_and_not_dropped():
    run = TestRun(
        found=True,
        exit_code=0,
        passed=1,
        faults=(PlantedFault(name="turned_upside_down", kind="text", tests=1, caught=True),),
    )
    facts = Submission(name="ada", digest="d")
    evidence = Evidence(
        submission=facts, isolation="process", bucket="b", canary_fingerprint="f", test_run=run
    )
    for name in ("tests.happy_path", "tests.error_cases"):
        verdict = BY_ID[name].judge(evidence)
        assert verdict.status == "error"
        assert "turned_upside_down" in verdict.summary


def comparable(report) -> str:
    """A report without times and identifiers. The words of the prompts are new each time, and are not in it."""
    facts = json.loads(report.model_dump_json(by_alias=True))
    del facts["seconds"]
    return re.sub(r"\d+(\.\d+)? s\b|(ex|obj|call)-\d+|[0-9a-f]{8}-[0-9a-f-]{27}", "N", json.dumps(facts))


@thorough
def test_the_same_submission_gets_the_same_report_again():
    first, _ = graded(SUBMISSIONS / "one_json_body")
    second, _ = graded(SUBMISSIONS / "one_json_body")
    assert comparable(first) == comparable(second)


def test_stand_ins_that_were_never_started_are_not_taken_for_living():
    from grader.collect.exchange.alive import check_alive
    from grader.errors import GraderError

    class Silent:
        base_url = endpoint_url = "http://127.0.0.1:9"

    with (
        Sandbox("process") as sandbox,
        OpenAIMock(listener=sandbox.listener()) as living,
        pytest.raises(GraderError, match="S3"),
    ):
        check_alive(living, Silent(), sandbox)
