"""Reports for other places: Gradescope's results, and the instructor's notebook."""

import csv
import io
import json
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest
from rich.console import Console

from grader import rubric
from grader.batch import entries, gradebook, overview, summary
from grader.errors import GraderError
from grader.evidence import Evidence, Submission
from grader.judge import Report, judge
from grader.report import checklist, document, gradescope, html, junit, sheet, terminal
from grader.report.checklist import check_sections
from grader.report.sheet import Sheet, SheetError
from grader.worker import Graded
from tests.grader import hostile_words as words

ROOT = Path(__file__).resolve().parents[2]


def report(**changes) -> Report:
    evidence = Evidence(
        submission=Submission(name="ada <script>", digest="sha256:1"),
        isolation="process",
        bucket="b",
        canary_fingerprint="f",
    )
    return judge(evidence, rubric.read()).model_copy(update=changes)


def broken() -> Report:
    whole = report()
    first = whole.criteria[0].model_copy(update={"status": "error", "summary": "The grader failed."})
    return whole.model_copy(update={"criteria": (first, *whole.criteria[1:])})


def test_gradescope_gets_a_test_for_each_criterion_with_its_points():
    results = json.loads(gradescope.render(report()))
    assert results["score"] == 0
    [test] = [each for each in results["tests"] if each["number"] == "endpoint.starts"]
    assert (test["score"], test["max_score"], test["status"]) == (0, 3, "failed")
    assert sum(each.get("max_score", 0) for each in results["tests"]) == 79


def test_a_fault_of_the_grader_s_own_is_no_score_on_gradescope():
    results = json.loads(gradescope.render(broken()))
    assert "score" not in results
    assert "says nothing about your work" in results["output"]


def cells(file):
    notebook = json.loads(file.read_text())
    return {cell["metadata"].get("criterion"): cell for cell in notebook["cells"]}, notebook


def test_an_instructor_s_comment_and_points_survive_grading_again(tmp_path):
    file = tmp_path / "ada.ipynb"
    sheet.write(report(), file)
    by_criterion, notebook = cells(file)
    most = f"{report().max_score:g}"
    assert f"0 of {most} points." in "".join(notebook["cells"][-1]["outputs"][0]["text"])
    by_criterion["endpoint.starts"]["source"] = (
        'sheet.note("endpoint.starts", comment="I saw it run", points=2)'
    )
    file.write_text(json.dumps(notebook))
    sheet.write(report(), file)
    by_criterion, notebook = cells(file)
    assert "I saw it run" in "".join(by_criterion["endpoint.starts"]["outputs"][0]["text"])
    assert f"2 of {most} points." in "".join(notebook["cells"][-1]["outputs"][0]["text"])


def test_an_instructor_s_mistake_is_named_and_the_file_is_left_as_it_was(tmp_path):
    file = tmp_path / "ada.ipynb"
    sheet.write(report(), file)
    by_criterion, notebook = cells(file)
    by_criterion["endpoint.starts"]["source"] = 'sheet.note("endpoint.starts", points=99)'
    file.write_text(json.dumps(notebook))
    before = file.read_text()
    with pytest.raises(GraderError, match=r"endpoint\.starts .*earns 0 to 3 points, not 99"):
        sheet.write(report(), file)
    assert file.read_text() == before


def test_a_file_that_is_no_notebook_is_not_overwritten(tmp_path):
    file = tmp_path / "thesis.ipynb"
    file.write_text("my thesis")
    with pytest.raises(GraderError, match="no notebook of this grader's"):
        sheet.write(report(), file)
    assert file.read_text() == "my thesis"


def test_a_stranger_s_name_is_text_in_the_notebook(tmp_path):
    file = tmp_path / "ada.ipynb"
    sheet.write(report(), file)
    title = cells(file)[1]["cells"][0]["source"]
    assert "<script>" not in "".join(title)


def test_a_criterion_that_is_not_there_can_t_be_noted():
    with pytest.raises(SheetError, match=r"no criterion 'endpoint\.sings'"):
        Sheet.read(report().model_dump_json(by_alias=True)).note("endpoint.sings", points=1)


def test_a_notebook_is_a_file_and_not_standard_output():
    from typer.testing import CliRunner

    from grader.cli import app

    result = CliRunner().invoke(app, ["check", ".", "--notebook", "-"])
    assert result.exit_code == 2
    assert "it one, not -." in result.output
    assert not Path("-").exists()


def test_the_panel_does_not_call_done_what_could_not_be_looked_at():
    steps = []
    page = check_sections(ROOT / "lab", ["validation"], steps.append)
    assert "✗ 0 passed, 0 failed, 6 not run." in page
    assert steps
    assert "✗" in check_sections(ROOT / "nothing-there", ["validation"], steps.append)


def on_terminal(print_it) -> str:
    console = Console(file=io.StringIO(), width=120)
    print_it(console)
    return console.file.getvalue()


def test_every_form_of_a_report_names_its_isolation():
    whole = report(isolation="landlock")
    row = entries.Entry(name="ada", submission="ada", state="graded", report=whole)
    properties = ElementTree.fromstring(junit.render(whole)).iter("property")
    assert ("isolation", "landlock") in [(each.get("name"), each.get("value")) for each in properties]
    assert json.loads(document.render(whole))["isolation"] == "landlock"
    assert json.loads(gradescope.render(whole))["extra_data"]["isolation"] == "landlock"
    assert "Isolation: landlock." in html.render(whole, words.evidence())
    assert "Isolation: landlock." in overview.render([row], "Class", "landlock")
    assert "isolation: landlock" in on_terminal(lambda console: terminal.show(whole, console))
    assert "Isolation: landlock." in on_terminal(lambda console: summary.show([row], Path("out"), console))
    [first] = csv.DictReader(io.StringIO(gradebook.gradebook([row])))
    assert first["isolation"] == "landlock"


def test_the_notebooks_name_the_isolation(tmp_path, monkeypatch):
    sheet.write(report(isolation="landlock"), tmp_path / "ada.ipynb")
    assert "Isolation: landlock." in "".join(cells(tmp_path / "ada.ipynb")[1]["cells"][0]["source"])
    monkeypatch.setattr(checklist, "grade", lambda *_: Graded(report(isolation="landlock")))
    assert "Isolation: landlock." in check_sections("lab", ["endpoint"], lambda _: None)
