"""Every file of a download is accounted for, and every submission comes to its own learner or to a question."""

import csv
import io
import os
import unicodedata
import zipfile
from pathlib import Path

import pytest

from grader import submission
from grader.batch import discovery, intake, owners, platforms, roster
from grader.batch.roster import Roster
from grader.errors import GraderError, SubmissionError
from grader.intake import courier
from tests.grader import downloads
from tests.grader.downloads import Person, packed, project, put

PEOPLE = downloads.a_class()
HANDED_IN = {str(each.number) for each in PEOPLE if each.files}


def roster_of(tmp_path: Path, text: str, **columns_given: str) -> Roster:
    (tmp_path / "roster.csv").write_text(text)
    return roster.read_roster(tmp_path / "roster.csv", columns_given)


def answered(where: Path, known: Roster, **given) -> tuple[discovery.Found, owners.Owners]:
    found = discovery.sort_out(str(where), tier="process", keep=where.parent / "kept", known=known.knows)
    return found, owners.match_owners(found.submissions, known, **given)


def ids(whose: owners.Owners) -> dict[str, list[str]]:
    return {name: [learner.id for learner in each] for name, each in whose.whose.items()}


# --- names, ported from the programs that write them ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "number", "person", "file", "late"),
    [
        ("lovelaceada_101_2001_work.zip", "101", "lovelaceada", "work.zip", False),
        ("lovelaceada_LATE_101_2001_work-1.zip", "101", "lovelaceada", "work-1.zip", True),
        ("o_brien_flann_7_2001_a_1_2_b.py", "7", "o_brien_flann", "a_1_2_b.py", False),
        ("schmidtanna_102_text.html", "102", "schmidtanna", "text.html", False),
        ("schmidtanna_LATE_102_link.html", "102", "schmidtanna", "link.html", True),
        ("anon_x1Y2z_2001_work.zip", "anon_x1Y2z", "anon_x1Y2z", "work.zip", False),
        ("LATE_anon_x1Y2z_2001_work.zip", "anon_x1Y2z", "anon_x1Y2z", "work.zip", True),
    ],
)
def test_canvas_content_zipper_names(name, number, person, file, late):
    label = platforms.canvas(name)
    assert (label.number, label.name, label.file, label.late) == (number, person, file, late)


@pytest.mark.parametrize(
    ("name", "number", "person", "file"),
    [
        ("Ada Lovelace_4711_assignsubmission_file", "4711", "Ada Lovelace", ""),
        ("Ada Lovelace_4711_assignsubmission_file_", "4711", "Ada Lovelace", ""),
        ("Ada Lovelace_4711_assignsubmission_file_work_2.zip", "4711", "Ada Lovelace", "work_2.zip"),
        ("Participant_12_assignsubmission_file_", "12", "Participant", ""),
        ("Group A_17_assignsubmission_file", "17", "Group A", ""),
        ("Default group_assignsubmission_file", "", "Default group", ""),
    ],
)
def test_moodle_assign_downloader_names(name, number, person, file):
    label = platforms.moodle(name)
    assert (label.number, label.name, label.file) == (number, person, file)


def test_names_that_only_look_like_canvas_s_are_no_identifiers():
    assert platforms.labels(["ada_2026_11_lab.zip", "grace_2026_11_lab.zip"]) == {}


# --- each platform, with namesakes and odd files ----------------------------------------------------------------------

DOWNLOADS = {
    "canvas": (downloads.canvas(PEOPLE), downloads.canvas_gradebook(PEOPLE)),
    "moodle": (downloads.moodle(PEOPLE), downloads.moodle_worksheet(PEOPLE)),
    "moodle, flat": (downloads.moodle(PEOPLE, flat=True), downloads.moodle_worksheet(PEOPLE)),
    "moodle, blind": (downloads.moodle(PEOPLE, blind=True), downloads.moodle_worksheet(PEOPLE, blind=True)),
    "gradescope": (downloads.gradescope(PEOPLE), downloads.gradescope_roster(PEOPLE)),
    "classroom 50": (downloads.classroom50(PEOPLE), downloads.classroom50_roster(PEOPLE)),
}


@pytest.fixture(params=["folder", "zip"])
def form(request) -> str:
    return request.param


@pytest.mark.parametrize("platform", DOWNLOADS)
def test_everybody_gets_their_own_and_every_file_is_accounted_for(tmp_path, platform, form):
    files, text = DOWNLOADS[platform]
    known = roster_of(tmp_path, text)
    where = put(tmp_path / "class", files)
    for name in files:  # as an unpacker leaves them: the second archive is newer
        os.utime(where / name, (1_700_000_000 + ("-1.zip" in name),) * 2)
    if form == "zip":
        # the platform keeps when each file was uploaded
        where = tmp_path / "class.zip"
        with zipfile.ZipFile(where, "w") as bundle:
            for name, content in files.items():
                bundle.writestr(zipfile.ZipInfo(name, (2026 + ("-1.zip" in name), 1, 1, 0, 0, 0)), content)
    found, whose = answered(where, known)
    whole = intake.account(found, {})
    print(f"{platform} as {form}: {whole}")
    assert sum(line.files for line in whole.lines) == len(files)
    assert whose.questions == ()
    theirs = {learner.email or learner.id: name for name, [learner] in whose.whose.items()}
    assert len(theirs) == len(HANDED_IN)
    assert len(whose.absent) == 1
    assert whose.absent[0].id.endswith(("117", "-117"))


def test_namesakes_get_the_work_of_their_own_number(tmp_path):
    known = roster_of(tmp_path, downloads.canvas_gradebook(PEOPLE))
    found, whose = answered(put(tmp_path / "class", downloads.canvas(PEOPLE)), known)
    paths = {one.name: Path(one.path).read_bytes() for one in found.submissions if "schmidt" in one.name}
    for number in ("101", "102"):
        assert ids(whose)[f"schmidtanna_{number}"] == [number]
        assert paths[f"schmidtanna_{number}"] == PEOPLE[int(number) - 101].files["work.zip"]


def test_several_files_of_one_learner_are_gathered_and_of_two_archives_the_later_counts(tmp_path):
    found, _ = answered(put(tmp_path / "class", downloads.canvas(PEOPLE)), Roster())
    by_number = {one.label.number: one for one in found.submissions}
    assert sorted(name for name, _ in by_number["103"].files) == ["main.py", "test_main.py"]
    assert by_number["106"].path.endswith("_work-1.zip")
    assert by_number["106"].late
    assert "work-1.zip is the later one" in by_number["106"].notes[0]
    assert "An earlier archive" in " ".join(found.why.values())


def test_two_archives_of_which_neither_is_later_are_a_question(tmp_path):
    person = Person("Ada", "Lovelace", 1, {"a.zip": packed(project("a")), "b.zip": packed(project("b"))})
    where = put(tmp_path / "class", downloads.moodle([person]))
    for file in where.rglob("*.zip"):
        os.utime(file, (1_700_000_000, 1_700_000_000))
    found, _ = answered(where, Roster())
    [one] = found.submissions
    assert "a.zip and b.zip" in one.trouble


# --- what stays open is asked -----------------------------------------------------------------------------------------


def test_a_group_s_number_is_no_learner_s_and_its_members_are_not_missing(tmp_path):
    people = [Person("Ada", "Lovelace", 17), Person("Grace", "Hopper", 31), Person("Alan", "Turing", 40)]
    known = roster_of(tmp_path, downloads.moodle_worksheet(people))
    where = put(tmp_path / "class", downloads.moodle_groups(project("A")))
    _, whose = answered(where, known)
    assert whose.whose == {}
    assert whose.absent == ()
    assert {learner.name for learner, _ in whose.unclear} >= {"Ada Lovelace", "Grace Hopper"}
    assert "If it is a group" in whose.questions[0].words
    groups = {"Group A": ["Participant 31", "Participant 40"], "Group B": ["Ada Lovelace"]}
    _, whose = answered(where, known, groups=groups)
    assert ids(whose) == {
        "Group A_31": ["Participant 31", "Participant 40"],
        "Group B_17": ["Participant 17"],
    }
    assert whose.questions == ()


def test_the_worksheet_says_who_is_in_a_group(tmp_path):
    people = [
        Person(first, "L", number) for first, number in (("Ada", 17), ("Bea", 18), ("Cyd", 19), ("Dot", 20))
    ]
    groups = {17: "Group A", 18: "Group A", 19: "Group B"}
    known = roster_of(tmp_path, downloads.moodle_worksheet(people, groups=groups))
    _, whose = answered(put(tmp_path / "class", downloads.moodle_groups(project("A"))), known)
    assert ids(whose) == {
        "Group A_31": ["Participant 17", "Participant 18"],
        "Group B_17": ["Participant 19"],
    }
    assert [learner.name for learner in whose.absent] == ["Dot L"]


def test_a_number_and_a_name_that_disagree_are_a_question_with_both(tmp_path):
    people = [Person("Ada", "Lovelace", 1), Person("Grace", "Hopper", 2)]
    known = roster_of(tmp_path, downloads.canvas_gradebook(people))
    _, whose = answered(put(tmp_path / "class", {"hoppergrace_1_50_work.zip": b"x"}), known)
    assert whose.whose == {}
    [question] = whose.questions
    assert {each.name for each in question.candidates} == {"Lovelace, Ada", "Hopper, Grace"}
    assert whose.absent == ()


def test_a_name_of_two_learners_is_a_question_where_the_roster_has_no_number(tmp_path):
    known = roster_of(
        tmp_path, "First name,Last name,Email address\nAnna,Schmidt,a1@x.org\nAnna,Schmidt,a2@x.org\n"
    )
    people = [each for each in PEOPLE if each.last == "Schmidt"]
    _, whose = answered(put(tmp_path / "class", downloads.moodle(people)), known)
    assert whose.whose == {}
    assert len(whose.questions) == 2
    assert {learner.id for learner, _ in whose.unclear} == {"a1@x.org", "a2@x.org"}


def test_an_answer_in_the_class_record_is_taken(tmp_path):
    known = roster_of(tmp_path, "name,email\nAnna Schmidt,a1@x.org\nAnna Schmidt,a2@x.org\n")
    people = [each for each in PEOPLE if each.last == "Schmidt"]
    where = put(tmp_path / "class", downloads.moodle(people))
    given = {"Anna Schmidt_101": ["a2@x.org"], "Anna Schmidt_102": ["a1@x.org"]}
    _, whose = answered(where, known, owners=given)
    assert ids(whose) == given
    assert whose.questions == ()


def test_a_value_of_another_column_is_no_identifier(tmp_path):
    known = roster_of(tmp_path, "name,id,section,grade\nAda,a1,17,41\nGrace,g1,18,42\n")
    where = put(tmp_path / "class", {"17/main.py": b"", "41/main.py": b""})
    _, whose = answered(where, known)
    assert whose.whose == {}
    assert whose.absent == ()


def test_two_submissions_of_one_learner_are_a_question(tmp_path):
    known = roster_of(tmp_path, "name,login\nAda Lovelace,ada\nGrace Hopper,grace\n")
    where = put(tmp_path / "class", {"Ada Lovelace/main.py": b"1", "lovelace-ada/main.py": b"2"})
    _, whose = answered(where, known)
    assert whose.whose == {}
    assert [learner.name for learner, _ in whose.unclear] == ["Ada Lovelace"]
    assert [learner.name for learner in whose.absent] == ["Grace Hopper"]


# --- forms ------------------------------------------------------------------------------------------------------------


def test_loose_programs_of_a_known_class_are_submissions_and_other_files_are_left_out_by_name(tmp_path):
    known = roster_of(tmp_path, "name,login\nAda,ada\nBea,bea\nCyd,cyd\n")
    files = {
        "ada.py": b"x",
        "bea.ipynb": b"{}",
        "cyd.pdf": b"%PDF",
        "notes.md": b"",
        ".DS_Store": b"",
        "w.rar": b"",
    }
    found, whose = answered(put(tmp_path / "class", files), known)
    assert sorted(ids(whose)) == ["ada", "bea", "cyd"]
    assert set(found.why) == {"notes.md", ".DS_Store"}


def test_a_folder_packed_again_by_hand_is_looked_into(tmp_path):
    files = {f"submissions/{name}": content for name, content in downloads.canvas(PEOPLE).items()}
    files["__MACOSX/submissions/._x"] = b""
    (tmp_path / "again.zip").write_bytes(packed(files))
    found, _ = answered(tmp_path / "again.zip", Roster())
    assert len(found.submissions) == len(HANDED_IN)
    assert len(intake.account(found, {}).lines) == len(files)


def test_a_download_s_bad_members_are_left_out_and_named(tmp_path):
    with zipfile.ZipFile(tmp_path / "class.zip", "w") as bundle:
        bundle.writestr("../evil_1_2_x.zip", b"out")
        bundle.writestr("/etc/passwd", b"out")
        link = zipfile.ZipInfo("mallory_3_30_link.py")
        link.external_attr = 0o120777 << 16
        bundle.writestr(link, "/etc/passwd")
        bundle.writestr("lovelaceada_1_20_main.py", b"x")
        with pytest.warns(UserWarning, match="Duplicate"):
            bundle.writestr("lovelaceada_1_20_main.py", b"y")
    found, _ = answered(tmp_path / "class.zip", Roster())
    whole = intake.account(found, {})
    assert len(whole.lines) == 5
    assert [line.file for line in whole.lines if line.taken] == ["lovelaceada_1_20_main.py"]
    assert {one.name: one.trouble for one in found.submissions} == {
        "lovelaceada_1": "",
        "mallory_3": "There is nothing to grade: mallory_3_30_link.py. It is a link, and no file.",
    }
    assert not (tmp_path / "evil_1_2_x.zip").exists()


def test_what_is_no_zip_is_refused_in_a_sentence(tmp_path):
    (tmp_path / "class.zip").write_bytes(b"no archive")
    with pytest.raises(SubmissionError, match="can't be read"):
        answered(tmp_path / "class.zip", Roster())


def test_an_account_that_does_not_add_up_is_refused(tmp_path):
    found, _ = answered(put(tmp_path / "class", downloads.canvas(PEOPLE)), Roster())
    lost = dict(found.whose)
    lost.popitem()
    with pytest.raises(GraderError, match="does not add up"):
        intake.account(discovery.Found(found.submissions, found.download, lost, found.why), {})


def test_one_line_without_a_url_is_that_learner_s_trouble(tmp_path):
    (tmp_path / "urls.txt").write_text("ada https://x.org/a.git\ngrace htp:/no\nada https://x.org/b.git\n")
    ada, grace = discovery.find_submissions(str(tmp_path / "urls.txt"))
    assert "line 1" in ada.trouble
    assert "line 3" in ada.trouble
    assert "no git URL" in grace.trouble


def test_programs_that_canvas_renamed_get_their_names_back_and_the_later_one_counts(tmp_path):
    files = {
        "lovelaceada_7_50_main.py": b"old",
        "lovelaceada_7_61_main-2.py": b"new",
        "lovelaceada_7_60_test_main-1.py": b"test",
    }
    found, _ = answered(put(tmp_path / "class", files), Roster())
    [one] = found.submissions
    assert {name: Path(path).read_bytes() for name, path in one.files} == {
        "main.py": b"new",
        "test_main.py": b"test",
    }
    assert "main-2.py was handed in later" in found.why["lovelaceada_7_50_main.py"]


def test_a_canvas_group_named_in_the_class_record_has_all_its_members(tmp_path):
    people = [Person("Ada", "L", 1), Person("Bea", "M", 2), Person("Cyd", "N", 3)]
    known = roster_of(tmp_path, downloads.canvas_gradebook(people))
    where = put(tmp_path / "class", {"groupa_1_50_work.zip": b"x"})
    _, whose = answered(where, known)
    assert "If that is a group" in whose.notes["groupa_1"]
    _, whose = answered(where, known, groups={"Group A!": ["1", "2"]})
    assert ids(whose) == {"groupa_1": ["1", "2"]}
    assert [each.id for each in whose.absent] == ["3"]


def test_a_repository_is_its_login_s_however_few_there_are(tmp_path):
    known = roster_of(tmp_path, "username,name\nada-17,Ada\nada,Other Ada\n17,Somebody\n")
    where = put(tmp_path / "class", {"lab-ada-17/main.py": b"", "lab-ada/main.py": b""})
    _, whose = answered(where, known)
    assert ids(whose) == {"lab-ada": ["ada"], "lab-ada-17": ["ada-17"]}


def test_letters_that_macos_took_apart_are_the_same_letters(tmp_path):
    people = [Person("Zoë", "Müßig", 5, project("z"))]
    known = roster_of(tmp_path, downloads.moodle_worksheet(people))
    files = {
        unicodedata.normalize("NFD", name): content for name, content in downloads.moodle(people).items()
    }
    _, whose = answered(put(tmp_path / "class", files), known)
    assert whose.questions == ()


def test_links_and_the_grader_s_own_folders_are_nobody_s_submission(tmp_path):
    where = put(tmp_path / "class", {"ada/main.py": b"", "reports/x.html": b"", "venv/lib/x.py": b""})
    (where / "bea").symlink_to(where / "ada")
    found, _ = answered(where, Roster())
    assert [one.name for one in found.submissions] == ["ada"]
    assert intake.account(found, {}).files == 4


# --- rosters ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "latin-1"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_encodings_and_separators(tmp_path, encoding, separator):
    text = separator.join(("name", "id")) + "\n" + separator.join(("Zoë Müßig", "7")) + "\n"
    (tmp_path / "r.csv").write_bytes(text.encode(encoding))
    [learner] = roster.read(tmp_path / "r.csv")
    assert (learner.name, learner.id) == ("Zoë Müßig", "7")


@pytest.mark.parametrize(
    ("text", "names", "first_id"),
    [
        (downloads.canvas_gradebook(PEOPLE[:2]), ["Schmidt, Anna", "Schmidt, Anna"], "101"),
        (downloads.moodle_worksheet(PEOPLE[:2]), ["Anna Schmidt", "Anna Schmidt"], "Participant 101"),
        (
            downloads.moodle_worksheet(PEOPLE[:2], blind=True),
            ["Participant 101", "Participant 102"],
            "Participant 101",
        ),
        (downloads.gradescope_roster(PEOPLE[:2]), ["Anna Schmidt", "Anna Schmidt"], "101"),
        (downloads.classroom50_roster(PEOPLE[:2]), ["Anna Schmidt", "Anna Schmidt"], "asch-101"),
        ("identifier,github_username,github_id,name\ns1,ada-l,1,Ada L\ns2,bea-m,2,\n", ["Ada L", "s2"], "s1"),
        ("Vorname,Nachname,E-Mail-Adresse\nAda,Lovelace,a@x.org\n", ["Ada Lovelace"], "a@x.org"),
        ("Prénom,Nom de famille,Adresse de courriel\nAda,Lovelace,a@x.org\n", ["Ada Lovelace"], "a@x.org"),
        (
            "名,姓,電子メール\nAda,Lovelace,a@x.org\nGrace,Hopper,g@x.org\n",
            ["Ada Lovelace", "Grace Hopper"],
            "a@x.org",
        ),
        (
            "ID-tunniste,Koko nimi,Tila\nOsallistuja 7,Ada L,Palautettu\nOsallistuja 8,Bea M,Palautettu\n",
            ["Ada L", "Bea M"],
            "Osallistuja 7",
        ),
    ],
)
def test_rosters_of_platforms_and_languages(tmp_path, text, names, first_id):
    learners = roster_of(tmp_path, text).learners
    assert [learner.name for learner in learners] == names
    assert learners[0].id == first_id


def test_columns_can_be_named_by_hand(tmp_path):
    known = roster_of(tmp_path, "a,b,c\nx7,Ada L,a@x.org\n", id="a", name="2", email="c")
    assert [(each.id, each.name, each.email) for each in known.learners] == [("x7", "Ada L", "a@x.org")]
    with pytest.raises(GraderError, match="no column"):
        roster_of(tmp_path, "a,b\n1,2\n", id="nope")


def test_canvas_s_own_columns_for_grades_are_kept(tmp_path):
    known = roster_of(tmp_path, downloads.canvas_gradebook(PEOPLE))
    assert known.assignments == {"Quiz (11)": "10.00", "Files Lab (22)": "100.00"}
    assert "Student, Test" not in {each.name for each in known.learners}


def test_the_account_is_a_table_with_a_line_for_each_file(tmp_path):
    files = downloads.canvas(PEOPLE)
    known = roster_of(tmp_path, downloads.canvas_gradebook(PEOPLE))
    found, whose = answered(put(tmp_path / "class", files), known)
    theirs = {name: [(each.name, each.id) for each in learners] for name, learners in whose.whose.items()}
    text = intake.table(intake.account(found, {"torvt_orv9aldslinus_105": "It is damaged."}), theirs)
    rows = {row["file"]: row for row in csv.DictReader(io.StringIO(text))}
    assert set(rows) == set(files)
    [late] = [row for row in rows.values() if row["file"].endswith("work-1.zip")]
    assert (late["platform"], late["platform_id"], late["late"], late["learner_id"], late["taken"]) == (
        "canvas",
        "106",
        "late",
        "106",
        "taken",
    )


# --- what a worker makes of it ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ({"report.pdf": b"%PDF", "notes.txt": b""}, "holds no program: notes.txt, report.pdf"),
        ({"work.rar": b"Rar!"}, "holds no program: work.rar"),
        ({"a.zip": packed(project("a")), "b.zip": packed(project("b"))}, "several archives"),
        ({"a.zip": packed({"b.zip": packed({"c.zip": packed(project("deep"))})})}, "holds no program: c.zip"),
        ({"a.zip": b"PK no archive"}, "a.zip was rejected"),
    ],
)
def test_what_holds_no_program_is_not_graded(tmp_path, files, says):
    with (
        pytest.raises(SubmissionError, match=says),
        submission.open_submission(str(put(tmp_path / "ada", files)), tier="process") as opened,
    ):
        submission.check_for_a_program(opened)


@pytest.mark.parametrize(
    "files",
    [
        {"outer.zip": packed(project("x"))},
        {"deep/outer.zip": packed({"lab/main.py": b"x", "lab/test_main.py": b""}), "README.md": b""},
    ],
)
def test_an_archive_within_a_submission_is_unpacked_once(tmp_path, files):
    with submission.open_submission(str(put(tmp_path / "ada", files)), tier="process") as opened:
        submission.check_for_a_program(opened)
        assert sorted(path.name for path in opened.root.iterdir()) == ["main.py", "test_main.py"]


def test_an_archive_beside_a_program_is_data(tmp_path):
    with submission.open_submission(
        str(put(tmp_path / "ada", {**project("x"), "data.zip": packed({"y.py": b""})})), tier="process"
    ) as opened:
        assert (opened.root / "data.zip").is_file()
        assert not (opened.root / "y.py").exists()


# --- addresses --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "says"),
    [
        (
            "https://127.0.0.1:9/ada/lab/tree/main/backend",
            "Give the repository's own address, https://127.0.0.1:9/ada/lab:",
        ),
        ("https://me:secret@127.0.0.1:9/ada/lab/-/blob/main/app.py", "address, https://127.0.0.1:9/ada/lab:"),
        ("http://127.0.0.1:9/ada/lab.git", "Begin it with https://"),
    ],
)
def test_an_address_that_is_no_repository_s_says_which_one_to_give(address, says):
    with pytest.raises(SubmissionError) as refusal, courier.carry(address, "process"):
        pass
    assert says in str(refusal.value)
    assert "secret" not in str(refusal.value)
