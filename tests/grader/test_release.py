"""The learners' copy: no answers, and markers that are balanced or named."""

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from grader.errors import ReleaseError
from grader.release import release, without_solutions

SOLVED = """def answer():
    # BEGIN SOLUTION
    return 42
    # END SOLUTION
"""


def test_a_solution_becomes_a_place_to_write_in():
    assert without_solutions(SOLVED, "a.py") == "def answer():\n    # YOUR CODE HERE\n    ...\n"


def test_what_is_left_still_runs():
    namespace: dict = {}
    exec(without_solutions(SOLVED, "a.py"), namespace)
    assert namespace["answer"]() is None


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a\n# BEGIN SOLUTION\nb", "line 2"),
        ("a\n# END SOLUTION\n", "line 2"),
        ("# BEGIN SOLUTION\n# BEGIN SOLUTION\n# END SOLUTION\n", "line 2"),
    ],
)
def test_unbalanced_or_nested_markers_are_an_error_that_names_the_place(text, line):
    with pytest.raises(ReleaseError, match=rf"a\.py, {line}"):
        without_solutions(text, "a.py")


@pytest.fixture
def key(tmp_path):
    source = tmp_path / "key"
    (source / "notebooks").mkdir(parents=True)
    (source / "src").mkdir()
    (source / "pyproject.toml").write_text("[project]\nname = 'x'\n")
    (source / ".env").write_text("OPENAI_API_KEY = real")
    (source / "src" / "app.py").write_text(SOLVED)
    (source / "src" / "secret.py").write_text("# BEGIN SOLUTION\n42\n# END SOLUTION\n")
    whole = new_code_cell("secret = 42", metadata={"tags": ["solution"]}, id="whole")
    solved = new_code_cell("# BEGIN SOLUTION\nx = 42\n# END SOLUTION", execution_count=3, id="solved")
    nbformat.write(
        new_notebook(cells=[new_markdown_cell("# Title", id="title"), whole, solved]),
        source / "notebooks" / "n.ipynb",
    )
    return source


def test_nothing_of_a_solution_is_in_the_copy(key, tmp_path):
    release(key, tmp_path / "out")
    files = sorted(file for file in (tmp_path / "out").rglob("*") if file.is_file())
    assert [file.relative_to(tmp_path / "out").as_posix() for file in files] == [
        ".gitignore",
        ".release.json",
        "Makefile",
        "README.md",
        "lab/pyproject.toml",
        "lab/src/app.py",
        "notebooks/n.ipynb",
    ]
    copied = [file for file in files if file.name != ".release.json"]
    assert not any("42" in file.read_text() or "= real" in file.read_text() for file in copied)


def test_with_an_unbalanced_marker_nothing_is_written(key, tmp_path):
    (key / "src" / "zz.py").write_text("# BEGIN SOLUTION\n")
    with pytest.raises(ReleaseError, match=r"src/zz\.py, line 1"):
        release(key, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_pictures_come_along_and_are_found_from_where_the_notebook_is_then(key, tmp_path):
    notebook = new_notebook(cells=[new_markdown_cell('<img src="../../assets/trip.svg" alt="the trip">')])
    nbformat.write(notebook, key / "notebooks" / "04.ipynb")
    (key.parent / "assets").mkdir()
    (key.parent / "assets" / "trip.svg").write_text("<svg/>")
    release(key, tmp_path / "class")
    assert (tmp_path / "class" / "assets" / "trip.svg").read_text() == "<svg/>"
    shown = nbformat.read(tmp_path / "class" / "notebooks" / "04.ipynb", 4).cells[0].source
    assert (tmp_path / "class" / "notebooks" / shown.split('"')[1]).is_file()


def test_a_picture_that_is_missing_is_named_and_nothing_is_written(key, tmp_path):
    notebook = new_notebook(cells=[new_markdown_cell("![a trip](../../assets/trip.svg)")])
    nbformat.write(notebook, key / "notebooks" / "04.ipynb")
    with pytest.raises(ReleaseError, match=r"04\.ipynb shows trip\.svg"):
        release(key, tmp_path / "class")
    assert not (tmp_path / "class").exists()
