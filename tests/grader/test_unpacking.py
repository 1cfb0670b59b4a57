"""Names in an archive: those that lead outside are refused, however they are written, and odd ones that don't are kept."""

import zipfile

import pytest

from grader.inside import unpacking, wire


def unpacked(place, *names):
    """The names that come out of an archive, or the trouble with it."""
    with zipfile.ZipFile(place / "work.zip", "w") as archive:
        for name in names:
            archive.writestr(name, b"x")
    bounds = {"left_out": [], "most_files": 10, "most_bytes": 1_000}
    unpacking.unpack({"files": (place / "out", place / "work.zip"), **bounds})
    with (place / "out").open("rb") as stream:
        try:
            return [name for name, _ in wire.read_files(stream, 10, 1_000)]
        except wire.WireError as error:
            return str(error)


@pytest.mark.parametrize("name", ["12:30:00.log", "notes: a draft.md", "a/b:c.txt", "2026-01-01T10:00.txt"])
def test_a_colon_in_a_name_is_no_drive(name, tmp_path):
    assert f"work/{name}" in unpacked(tmp_path, "main.py", name)


@pytest.mark.parametrize(
    "name", ["C:\\x.py", "c:x.py", "C:/x.py", "..\\x.py", "a/../../x.py", "/x.py", "\\\\host\\x.py"]
)
def test_a_name_that_leads_outside_is_refused_however_it_is_written(name, tmp_path):
    assert "outside its folder" in unpacked(tmp_path, "main.py", name)
