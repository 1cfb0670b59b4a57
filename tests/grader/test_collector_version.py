"""A batch uses a record again only while the code that made it is the same."""

import shutil
from pathlib import Path

import pytest

from grader.batch.collector_version import _collecting, version_of

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    place = tmp_path_factory.mktemp("copy")
    for name in ("grader", "classroom"):
        shutil.copytree(
            ROOT / name, place / name, ignore=lambda folder, names: [n for n in names if n == "__pycache__"]
        )
    return place


@pytest.fixture(scope="module")
def version(copy):
    """The version of the copy as it is: each test leaves it so."""
    return version_of(copy / "grader", copy / "classroom")


@pytest.fixture
def changes(copy, version):
    """Whether a line more in a file makes another version."""

    def another(name: str) -> bool:
        file = copy / name
        content = file.read_bytes()
        try:
            file.write_bytes(content + b"\n# changed\n")
            return version_of(copy / "grader", copy / "classroom") != version
        finally:
            file.write_bytes(content)

    return another


@pytest.mark.parametrize(
    "name",
    [
        "grader/collect/questioning/probes.py",
        "grader/openai_module.py",  # a plain module that collecting imports
        "grader/operations.py",
        "grader/inside/faults.py",
        "grader/sandbox/bubblewrap.py",
        "grader/worker/parent.py",
        "classroom/standin/generation/replies.toml",
        "classroom/s3/gate.py",
    ],
)
def test_what_can_change_what_is_seen_makes_another_version(changes, name):
    assert changes(name)


@pytest.mark.parametrize(
    "name",
    [
        "grader/criteria/errors.py",
        "grader/rubric.toml",
        "grader/judge.py",
        "grader/report/html.py",
        "grader/cli.py",
    ],
)
def test_what_judges_or_shows_makes_no_other_version(changes, name):
    assert not changes(name)


def test_a_new_module_counts_as_soon_as_collecting_imports_it(copy):
    new, user = (
        copy / "grader" / "something_new.py",
        copy / "grader" / "collect" / "questioning" / "probes.py",
    )
    content = user.read_bytes()
    new.write_text("")
    try:
        assert new not in _collecting(copy / "grader")
        user.write_bytes(content + b"\nfrom grader import something_new\n")
        assert new in _collecting(copy / "grader")
    finally:
        new.unlink()
        user.write_bytes(content)


def test_every_file_of_the_package_is_found_where_it_lies(copy):
    names = {file.relative_to(copy).as_posix() for file in _collecting(copy / "grader")}
    assert {"grader/errors.py", "grader/escaping.py", "grader/submission.py", "grader/reading.py"} <= names
