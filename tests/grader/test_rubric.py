"""Rubrics: the two that are shipped, and what a third one may say."""

from pathlib import Path

import pytest

from grader import rubric
from grader.criteria import BY_ID
from grader.errors import RubricError
from grader.evidence import Evidence, NotebookRun, Submission
from grader.judge import judge


def evidence(**facts) -> Evidence:
    submission = Submission(name="ada", digest="sha256:1")
    return Evidence(submission=submission, isolation="process", bucket="b", canary_fingerprint="f", **facts)


def test_the_original_rubric_is_known_by_its_name_and_asks_for_less():
    original, core = rubric.read(Path("original")), rubric.read()
    required = {id for id, worth in original.worth.items() if worth.required}
    assert required < {id for id, worth in core.worth.items() if worth.required}
    assert "validation.blank_prompt" not in required
    assert set(original.worth) <= set(BY_ID)


def test_extra_credit_adds_to_the_score_and_not_to_what_can_be_reached():
    without = judge(evidence(), rubric.read())
    with_notebooks = judge(evidence(notebooks=(NotebookRun(path="a.ipynb", cells=3),)), rubric.read())
    assert with_notebooks.max_score == without.max_score
    assert with_notebooks.score == without.score + 1


def test_a_pass_mark_and_titles_of_sections_reach_the_report(tmp_path):
    file = tmp_path / "r.toml"
    file.write_text(
        'title = "Mine"\npass_mark = 2\n[sections]\nendpoint = "It works"\n[points]\n"endpoint.starts" = { points = 3 }\n'
    )
    report = judge(evidence(), rubric.read(file))
    assert (report.pass_mark, report.sections["endpoint"], report.sections["tests"]) == (
        2,
        "It works",
        "Your tests",
    )


@pytest.mark.parametrize(
    ("written", "message"),
    [
        (
            'pass_mark = 9\ntitle = "x"\n[points]\n"endpoint.starts" = { points = 3 }',
            "line 1.*only 3 points can be reached",
        ),
        (
            'title = "x"\n[sections]\nsinging = "La"\n[points]\n"endpoint.starts" = { points = 3 }',
            "line 3.*no section 'singing'",
        ),
        (
            'title = "x"\n[points]\n"endpoint.starts" = { points = 3, extra = true, required = true }',
            "line 3.*extra credit",
        ),
        ('title = "x"\n[points]\n"endpoint.starts" = { points = -3 }', "line 3"),
        (
            'title = "x"\n[points]\n"endpoint.start" = { points = 3 }',
            "line 3: there is no criterion 'endpoint.start'. Do you mean 'endpoint.starts'?",
        ),
    ],
)
def test_a_rubric_that_makes_no_sense_is_refused_with_the_line(tmp_path, written, message):
    file = tmp_path / "r.toml"
    file.write_text(written)
    with pytest.raises(RubricError, match=message):
        rubric.read(file)


def test_a_section_with_a_star_means_each_of_its_criteria_that_is_not_named(tmp_path):
    file = tmp_path / "rubric.toml"
    file.write_text(
        'title = "T"\n[points]\n"secrets.not_in_code" = { points = 5 }\n"secrets.*" = { points = 2, required = true }\n'
    )
    worth = rubric.read(file).worth
    assert {id: each.points for id, each in worth.items()} == {
        "secrets.not_in_code": 5,
        "secrets.from_environment": 2,
        "secrets.not_leaked": 2,
        "secrets.ignored_by_git": 2,
    }


def test_a_star_after_a_section_that_does_not_exist_is_refused(tmp_path):
    file = tmp_path / "rubric.toml"
    file.write_text('title = "T"\n[points]\n"poetry.*" = { points = 2 }\n')
    with pytest.raises(RubricError, match=r"there is no criterion 'poetry\.\*'"):
        rubric.read(file)
