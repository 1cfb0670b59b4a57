"""What an installed package needs beside its modules, and what must not be in it."""

import pytest

from classroom import materials
from classroom.errors import LessonError
from hatch_build import course_files


@pytest.fixture
def checkout(tmp_path):
    for name in (
        *(
            "notebooks/00.ipynb",
            "lab/src/app.py",
            "lab/.env.example",
            "assets/a.svg",
            "course/index.md",
            ".release.json",
        ),
        *(
            "lab/.env",
            "answer-key/.env.local",
            "lab/.venv/bin/python",
            "lab/__pycache__/app.pyc",
            "notebooks/.hidden",
        ),
    ):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    return tmp_path


def test_a_wheel_holds_the_course_and_no_file_that_could_hold_a_key(checkout):
    inside = {path.removeprefix("classroom/course_files/") for path in course_files(checkout).values()}
    assert inside == {
        *(
            "notebooks/00.ipynb",
            "lab/src/app.py",
            "lab/.env.example",
            "assets/a.svg",
            "course/index.md",
            ".release.json",
        )
    }


def test_the_course_is_laid_out_in_an_empty_folder(tmp_path):
    (tmp_path / ".git").mkdir()
    written = materials.lay_out(tmp_path)
    assert (tmp_path / "notebooks" / "00-start-here.ipynb").is_file()
    assert (tmp_path / "lab" / "README.md").is_file()
    assert (tmp_path / "assets").is_dir()
    assert written > 30


def test_nothing_is_laid_out_over_somebodys_files(tmp_path):
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(LessonError, match=r"not empty \(thesis\.txt"):
        materials.lay_out(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]
