"""Downloads whose names are in an older code page, and those that hold drafts or attempts beside what was handed in."""
# ruff: noqa: RUF001 - names in Cyrillic letters are meant so

import io
import zipfile

import pytest

from grader.batch import discovery, intake, owners, roster
from grader.inside import member_names
from tests.grader.downloads import packed, project, put


def unmarked(files: dict[str, bytes], page: str) -> bytes:
    """A ZIP whose names are in a code page, without a word on which."""
    out, written = io.BytesIO(), {}
    with zipfile.ZipFile(out, "w") as bundle:
        for number, (name, content) in enumerate(files.items()):
            raw = name.encode(page)
            holder = f"{number:03}{'qzj' * 60}"[: len(raw)]
            written[holder.encode()] = raw
            bundle.writestr(zipfile.ZipInfo(holder, (2026, 1, 1, 0, 0, 0)), content)
    whole = out.getvalue()
    for holder, raw in written.items():
        whole = whole.replace(holder, raw)
    return whole


def names_of(archive: bytes) -> list[str]:
    with zipfile.ZipFile(io.BytesIO(archive)) as bundle:
        return list(member_names.decode_names(bundle.infolist()).values())


@pytest.mark.parametrize(
    ("page", "names"),
    [
        ("utf-8", ["José Núñez/main.py", "山田 太郎/main.py", "علي محمد/main.py"]),  # macOS marks none
        ("cp437", ["Jörg Müller/main.py", "François Noël/main.py"]),
        ("cp850", ["Jörg Müller/main.py", "João Corrêa/main.py"]),
        ("cp1252", ["José Núñez/main.py", "Zoë Große/Übung.py"]),
        ("cp866", ["Иван Петров/работа.py", "Ольга Смирнова/main.py"]),
        ("cp1251", ["Иван Петров/работа.py", "Ольга Смирнова/main.py"]),
        ("cp1250", ["Łukasz Żak/main.py", "Přemysl Šťastný/main.py"]),
        ("gbk", ["李娜/main.py", "张伟/main.py"]),
        ("cp932", ["山田 太郎/課題.py", "佐藤 花子/main.py"]),
    ],
)
def test_names_are_read_in_the_code_page_that_gives_words(page, names):
    assert names_of(unmarked(dict.fromkeys(names, b"1"), page)) == names


def test_names_that_are_marked_as_utf_8_stay_as_they_are():
    assert names_of(packed({"Жанна/main.py": b"1", "plain.py": b"2"})) == ["Жанна/main.py", "plain.py"]


def test_letters_of_any_bytes_are_read_somehow():
    assert len(names_of(unmarked({"".join(map(chr, range(128, 256))): b"1"}, "latin-1"))) == 1


def sorted_out(tmp_path, people: str, where):
    (tmp_path / "roster.csv").write_text(people, encoding="utf-8")
    known = roster.read_roster(tmp_path / "roster.csv")
    found = discovery.sort_out(str(where), keep=tmp_path / "kept", known=known.knows)
    matched = owners.match_owners(found.submissions, known, {}, {})
    whose = {submission: [each.name for each in theirs] for submission, theirs in matched.whose.items()}
    return found, matched, whose


def test_a_class_whose_names_are_cyrillic_gets_its_own_work(tmp_path):
    files = {f"{name}/main.py": project(name)["main.py"] for name in ("Иван Петров", "Ольга Смирнова")}
    (tmp_path / "class.zip").write_bytes(unmarked(files, "cp866"))
    people = "name,login\nИван Петров,ip\nОльга Смирнова,os\nНикто Нигде,nn\n"
    found, matched, whose = sorted_out(tmp_path, people, tmp_path / "class.zip")
    assert whose == {"Иван Петров": ["Иван Петров"], "Ольга Смирнова": ["Ольга Смирнова"]}
    assert [each.name for each in matched.absent] == ["Никто Нигде"]
    assert sum(line.files for line in intake.account(found, {}).lines) == 2


def test_a_name_that_leads_outside_does_so_in_no_code_page(tmp_path):
    files = {"Иван Петров/main.py": b"1", "../Иван.py": b"2", "..\\Ольга.py": b"3"}
    (tmp_path / "class.zip").write_bytes(unmarked(files, "cp866"))
    found, *_ = sorted_out(tmp_path, "name,login\nИван Петров,ip\n", tmp_path / "class.zip")
    assert sorted(found.whose) == ["Иван Петров/main.py"]
    assert [why for name, why in found.why.items() if ".." in name] == [
        "Its name leads outside the download."
    ] * 2


def test_drafts_that_teams_keeps_beside_what_was_handed_in_are_left_out_by_name(tmp_path):
    where = put(
        tmp_path / "class",
        {
            "Submitted files/Ann One/Lab/main.py": b"1",
            "Submitted files/Bob Two/Lab/Version 1/main.py": b"2",
            "Submitted files/Bob Two/Lab/Version 2/main.py": b"3",
            "Working files/Bob Two/Lab/main.py": b"4",
        },
    )
    people = "name,login\nAnn One,a1\nBob Two,b2\nNil Nobody,nn\n"
    found, matched, whose = sorted_out(tmp_path, people, where)
    assert whose == {"Ann One": ["Ann One"], "Bob Two": ["Bob Two"]}
    assert [each.name for each in matched.absent] == ["Nil Nobody"]
    assert set(found.why) == {
        "Submitted files/Bob Two/Lab/Version 1/main.py",
        "Working files/Bob Two/Lab/main.py",
    }


def test_of_numbered_submissions_in_one_s_folder_the_last_counts(tmp_path):
    where = put(
        tmp_path / "class",
        {
            "Kurz, Anna - akurz/Submission 1 - 2026-11-01 (ON TIME)/main.py": b"1",
            "Lang, Uwe - ulang/Submission 9 - 2026-11-01/main.py": b"2",
            "Lang, Uwe - ulang/Submission 10 - 2026-11-02 (LATE)/main.py": b"3",
        },
    )
    found, _, whose = sorted_out(tmp_path, "name,login\nAnna Kurz,akurz\nUwe Lang,ulang\n", where)
    assert sorted(whose.values()) == [["Anna Kurz"], ["Uwe Lang"]]
    [uwe] = [one for one in found.submissions if "Lang" in one.name]
    assert [name for name, _ in uwe.files] == ["main.py"]
    assert found.why["Lang, Uwe - ulang/Submission 9 - 2026-11-01/main.py"] == (
        "An earlier submission: Submission 10 counts."
    )
