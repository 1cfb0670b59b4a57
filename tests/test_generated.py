"""Parts of pages that are made from the code and the notebooks."""

import nbformat
import pytest

from course import generated
from course.generated import Lesson, Part, lessons, timed
from course.minutes import Content, Pace, content_of
from grader import rubric, stages
from grader.bad_input import BAD_INPUTS
from grader.criteria import BY_ID
from grader.upstream_failures import UPSTREAM_FAILURES


def test_every_generated_part_of_a_page_is_as_it_would_be_made_now():
    assert generated.find_outdated() == [], "run: .venv/bin/python -m course.generated, then make release"


def test_one_declaration_makes_the_question_the_verdict_the_points_and_the_line_on_the_page():
    page = (generated.ROOT / "answer-key" / "README.md").read_text(encoding="utf-8")
    worth = rubric.read().worth
    for failure in UPSTREAM_FAILURES:
        assert failure.injections, failure.id
        assert BY_ID[failure.id].title == failure.title
        assert worth[failure.id].points == 1
        assert f"- [ ] {failure.short} (`{failure.id}`)" in page


def test_the_declaration_of_a_bad_input_makes_its_criterion_its_points_its_stage_and_its_line():
    page = (generated.ROOT / "answer-key" / "README.md").read_text(encoding="utf-8")
    worth, [stage] = rubric.read().worth, [one for one in stages.stages() if BAD_INPUTS[0].id in one.criteria]
    for declared in BAD_INPUTS:
        assert BY_ID[declared.id].title == declared.title
        assert worth[declared.id].points == 2
        assert declared.id in stage.criteria
        assert f"- [ ] {declared.short} (`{declared.id}`)" in page


@pytest.mark.parametrize("page", ["answer-key/README.md", "answer-key/notebooks/11-build-test-check.ipynb"])
def test_the_points_that_a_page_names_are_those_of_the_rubric(page):
    worth = rubric.read().worth
    most = sum(each.points for each in worth.values() if not each.extra)
    last = sum(worth[id].points for id in stages.stages()[-1].criteria)
    assert f"worth {last:g} of {most:g} points" in (generated.ROOT / page).read_text(encoding="utf-8")


def test_a_part_is_made_again_and_what_is_around_it_stays():
    part = Part("page", "numbers", lambda old: old.upper() + "2\n")
    text = "before\n<!-- generated: numbers -->\na\n<!-- end of numbers -->\nafter\n"
    assert part.renewed(text) == "before\n<!-- generated: numbers -->\nA\n2\n<!-- end of numbers -->\nafter\n"


def test_a_page_without_its_part_is_named():
    with pytest.raises(ValueError, match=r"page has no part “generated: numbers”"):
        Part("page", "numbers", lambda old: old).renewed("nothing here")


def test_a_lesson_is_found_by_its_number(tmp_path):
    notebook = nbformat.v4.new_notebook()
    notebook.cells = [
        nbformat.v4.new_markdown_cell(
            "# 12 · Agents: one step\n\n**Time:** about 50 minutes; 25 if you have."
        )
    ]
    nbformat.write(notebook, tmp_path / "12-agents.ipynb")
    assert [
        (one.number, one.file, one.title, one.beginner, one.experienced) for one in lessons(tmp_path)
    ] == [("12", "12-agents.ipynb", "Agents", 5, 5)]


def test_the_minutes_of_a_notebook_are_computed_from_what_is_in_it():
    cells = [
        nbformat.v4.new_markdown_cell("word " * 130),
        nbformat.v4.new_code_cell("one = 1\n\ntwo = 2"),
        nbformat.v4.new_code_cell('predict("99.a", "yes", "no")'),
        nbformat.v4.new_code_cell(
            "def three():\n    # BEGIN SOLUTION\n    three = 3\n    return three\n    # END SOLUTION"
        ),
        nbformat.v4.new_code_cell('check("99.1")'),
    ]
    content = content_of("99", cells)
    assert content == Content(words=130, lines=3, cells=4, guesses=1, exercises=1, answer_lines=2)
    one_minute_of_words = Pace(words_a_minute=130, line=0, cell=0, guess=0, exercise=540, answer_line=0)
    assert content.minutes(one_minute_of_words) == 10


def test_the_times_of_a_notebook_are_written_into_its_first_lines():
    lesson = Lesson("12", "12-agents.ipynb", "Agents", 70, 45)
    assert timed("**Time:** about 5 minutes; 3 if you", lesson) == "**Time:** about 70 minutes; 45 if you"


def test_the_readme_says_how_long_the_notebooks_take_in_all():
    hours = sum(one.beginner for one in lessons() if one.number < "12") / 60
    assert 9.25 <= hours <= 9.75, "README and course/index.md say: nine and a half hours"
