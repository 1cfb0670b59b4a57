"""The source that is kept beside what was seen: bounded, without credentials, with the places that are named."""

from pathlib import Path

import pytest

from grader import rubric
from grader.collect.code import fingerprints
from grader.collect.scanning import scans, sources
from grader.evidence import AppStart, Scans, Source, TestRun
from grader.judge import judge
from grader.review import viewing
from grader.review.viewing import View
from tests.grader.reviewed import CODE, evidence

KEY = "-".join(("sk", "proj", "Ab3dEf6hIj9kLm2nOp5qRs8tUv1wXy4z"))  # in parts: no file of ours holds a key


def kept(place: Path) -> dict[str, str]:
    files = sorted(file for file in place.rglob("*") if file.is_file())
    return {
        each.path: each.text for each in sources.select_sources(place, files, scans.secrets_in, scans.mask)
    }


def test_a_credential_is_masked_wherever_it_stands(tmp_path):
    (tmp_path / "main.py").write_text(f'KEY = "{KEY}"\nagain = "{KEY}"\n')
    [text] = kept(tmp_path).values()
    assert KEY not in text
    assert text.count("sk-pro…") == 2


def test_code_comes_first_and_what_is_no_text_is_left_out(tmp_path):
    (tmp_path / "a.md").write_text("words")
    (tmp_path / "z.py").write_text("code")
    (tmp_path / "b.py").write_bytes(b"\xff\xfe")
    (tmp_path / "c.png").write_bytes(b"\x89PNG")
    assert list(kept(tmp_path)) == ["z.py", "a.md"]


def test_what_is_kept_is_bounded(tmp_path):
    for number in range(40):
        (tmp_path / f"{number:02}.py").write_text("x" * 100_000)
    (tmp_path / "large.py").write_text("x" * 200_000)
    assert sum(map(len, kept(tmp_path).values())) <= 2 * 1024 * 1024
    assert "large.py" not in kept(tmp_path)


def test_fingerprints_have_the_lines_that_they_come_from(tmp_path):
    (tmp_path / "a.py").write_text("\n\n" + CODE)
    placed = fingerprints.locate_fingerprints(("\n\n" + CODE).encode())
    assert {number for *_, number in placed} == fingerprints.fingerprints([tmp_path / "a.py"])
    assert min(first for first, *_ in placed) == 3
    assert all(first <= last <= 10 for first, last, _ in placed)


def view_of(**facts) -> View:
    seen = evidence("ada", **facts)
    return viewing.view(seen, judge(seen, rubric.read()))


TESTS = Source(path="tests/test_app.py", text="def test():\n    assert 0\n")


@pytest.mark.parametrize(
    "words", ["tests/test_app.py:2: AssertionError", 'File "/work/tests/test_app.py", line 2, in test']
)
def test_lines_that_the_tests_name_are_found(words):
    run = TestRun(found=True, exit_code=1, failed=1, output=words)
    [place, *_] = view_of(test_run=run, scans=Scans(sources=(TESTS,))).places["tests.pass"]
    assert (place.path, place.line) == ("tests/test_app.py", 2)


def test_lines_and_files_that_are_not_there_are_no_places():
    log = 'File "/usr/lib/python3.11/json.py", line 2\nFile "/work/tests/test_app.py", line 99\nFile "x", line 0'
    found = view_of(app=AppStart(log=log), scans=Scans(sources=(TESTS,)), offers=())
    assert found.places == {}


def test_a_view_of_more_than_a_page_can_hold_is_cut_and_stays_a_view():
    many = Source(path="p" * 9_000 + ".py", text="x = 1\n" * 40_000)
    found = view_of(scans=Scans(sources=(many,)), app=AppStart(log="l" * 100_000))
    again = View.model_validate_json(found.model_dump_json())
    assert len(again.sources[0].path) <= 8_000
    assert len(again.printed["The app"]) < 30_000
