"""What the lab itself hands out makes nobody look; what a learner changes of it does."""

from pathlib import Path

from grader.collect.scanning import scans, skeleton_files

LAB = Path(__file__).parents[2] / "lab"


def odd(root: Path) -> list[str]:
    return list(scans._odd(root, scans._importable(root)))


def put(place: Path, content: bytes) -> Path:
    file = place / "tests" / "stages" / "stage_6_tests.py"
    file.parent.mkdir(parents=True)
    file.write_bytes(content)
    return place


def test_the_lab_as_it_is_handed_out_makes_nobody_look():
    files = [file for file in scans._importable(LAB) if not {".venv", "reports"} & set(file.parts)]
    unknown = list(scans._odd(LAB, files))
    digests = {
        where.partition(",")[0]: skeleton_files.digest_of((LAB / where.partition(",")[0]).read_bytes())
        for where in unknown
    }
    assert digests == {}, "write these digests into grader/collect/scanning/skeleton_files.py"


def test_a_file_that_was_handed_out_and_changed_is_looked_at(tmp_path):
    content = (LAB / "tests/stages/stage_6_tests.py").read_bytes()
    assert odd(put(tmp_path / "same", content.replace(b"\n", b"\r\n"))) == []
    assert odd(put(tmp_path / "other", content + b"\n# and a line\n")) != []
