"""The lab's stages: each required criterion in one of them, and a report that says where to go on."""

import io
from pathlib import Path

import pytest
from rich.console import Console

from grader import rubric, stages
from grader.criteria import BY_ID
from grader.errors import RubricError
from grader.evidence import Evidence, Submission
from grader.judge import Report, judge
from grader.report import terminal
from grader.report.checklist import _parts

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def report() -> Report:
    """Of a submission of which nothing was seen."""
    submission = Submission(name="ada", digest="sha256:1")
    seen = Evidence(submission=submission, isolation="process", bucket="b", canary_fingerprint="f")
    return judge(seen, rubric.read())


def passing(report: Report, *numbers: int) -> Report:
    """The same report, with the criteria of some stages passed."""
    ids = {id for number in numbers for id in stages.criteria_of(number)}
    results = tuple(
        each.model_copy(update={"status": "passed" if each.id in ids else "failed"})
        for each in report.criteria
    )
    return report.model_copy(update={"criteria": results})


def printed(report: Report) -> str:
    out = io.StringIO()
    terminal.show(report, Console(file=out, width=300, highlight=False))
    return out.getvalue()


def test_every_criterion_that_is_no_extra_belongs_to_one_stage():
    listed = [id for stage in stages.stages() for id in stage.criteria]
    assert len(listed) == len(set(listed))
    assert set(listed) == {id for id, worth in rubric.read().worth.items() if not worth.extra}
    assert set(listed) <= set(BY_ID)


@pytest.mark.parametrize("stage", stages.stages(), ids=lambda stage: stage.name)
def test_every_stage_has_a_test_in_the_lab_and_a_row_on_its_page(stage):
    assert (ROOT / "lab" / stage.test).is_file()
    page = (ROOT / "lab" / "README.md").read_text()
    row = next(line for line in page.splitlines() if line.startswith(f"| {stage.number} |"))
    assert stage.name in row
    assert stage.test in row
    assert f"| {stage.minutes} |" in row
    assert [
        id for id in stage.criteria if f"`{id}`" not in row and f"`{id.split('.')[0]}.*`" not in row
    ] == []


def test_image_and_audio_count_for_real():
    worth = rubric.read().worth
    reachable = sum(each.points for each in worth.values() if not each.extra)
    both = worth["endpoint.generates_image"].points + worth["endpoint.generates_audio"].points
    assert both / reachable > 0.15


def test_progress_counts_what_passed_and_names_the_next_stage(report):
    found = stages.progress(passing(report, 1, 2, 4))
    assert [each.is_done for each in found] == [True, True, False, True, False, False, False]
    assert (following := stages.next_stage(found))
    assert following.stage.number == 3


def test_the_terminal_says_how_far_each_stage_is_and_where_to_go_on(report):
    output = printed(passing(report, 1, 2))
    assert " ✓ 2. Text  5 of 5" in output
    assert " ✗ 3. S3  0 of 3" in output
    assert "Next: stage 3. S3: the text is kept as it was made, with its type." in output
    assert "pytest tests/stages/stage_3_s3.py" in output


def test_what_lies_before_the_first_verdict_is_named(report):
    assert "pytest tests/stages/stage_1_echo.py" in printed(passing(report, 1))


def test_a_report_on_a_part_says_nothing_of_stages(report):
    part = report.model_copy(update={"criteria": report.criteria[:3]})
    assert "The lab's stages" not in printed(part)


def test_a_part_that_is_complete_is_not_called_the_whole(report):
    whole = passing(report, *(stage.number for stage in stages.stages())).model_copy(
        update={"complete": True}
    )
    of_one = tuple(each for each in whole.criteria if each.id in stages.criteria_of(2))
    part = whole.model_copy(update={"criteria": of_one})
    assert "This part is complete" in printed(part)
    assert "This part" not in printed(whole)
    assert "Complete: every required criterion passed." in printed(whole)


def test_a_stage_that_does_not_exist_is_an_error_that_says_which_do():
    with pytest.raises(RubricError, match=r"There is no stage 8\. The lab has stages 1 to 7\."):
        stages.criteria_of(8)


def test_the_panel_offers_every_stage():
    assert list(_parts().values()) == [stage.criteria for stage in stages.stages()]
