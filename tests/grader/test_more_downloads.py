"""Downloads of more platforms, with namesakes and loose, nested, late, repeated and damaged files.

However files are named: each is accounted for, nobody gets another's work, nobody is reported as missing who handed in
something, and what stays open is asked. The names follow what the platforms' own pages and the scripts of their users describe.
"""

import os
import unicodedata
import zipfile
from pathlib import Path

import pytest

from grader.batch import discovery, intake, owners, platforms, roster
from tests.grader.downloads import packed, project, put

ROSTER = (
    "name,login,email\nAnna Schmidt,aschmidt,a.schmidt@x.org\nAnna Schmidt,anna2,anna2@x.org\n"
    "Ada Lovelace,ada,ada@x.org\nGrace Hopper,ghopper,grace@x.org\nJosé Núñez,jnunez,jose@x.org\n"
    "Guido van Rossum,guido,guido@x.org\nNobody Here,nobody,nobody@x.org\n"
)
# who handed in, in each of the downloads below
HERE = {"aschmidt", "anna2", "ada", "ghopper", "jnunez", "guido"}
WORK = {login: packed(project(login)) for login in HERE}
MAIN = {login: project(login)["main.py"] for login in HERE}
BROKEN = b"PK\x03\x04 no archive"


def decomposed(text: str) -> str:
    return unicodedata.normalize("NFD", text)


def sakai() -> dict[str, bytes]:
    people = [
        ("Schmidt, Anna(aschmidt)", "aschmidt"),
        ("Schmidt, Anna(anna2)", "anna2"),
        ("Lovelace, Ada(ada)", "ada"),
        ("Hopper, Grace(ghopper)", "ghopper"),
        (decomposed("Núñez, José(jnunez)"), "jnunez"),
        ("van Rossum, Guido(guido)", "guido"),
    ]
    found = {"Lab 1/grades.csv": b"Lab 1,SCORE\n"}
    for folder, login in people:
        found[f"Lab 1/{folder}/timestamp.txt"] = b"20261120103000123"
        found[f"Lab 1/{folder}/Submission attachment(s)/work.zip"] = WORK[login]
    return found


def ilias() -> dict[str, bytes]:
    return {
        "Blatt 1/Abgaben/Schmidt_Anna_aschmidt_301/main.py": MAIN["aschmidt"],
        "Blatt 1/Abgaben/Schmidt_Anna_anna2_302/main.py": MAIN["anna2"],
        "Blatt 1/Abgaben/Lovelace_Ada_ada_303/work.zip": WORK["ada"],
        "Blatt 1/Abgaben/Hopper_Grace_ghopper_304/sub/main.py": MAIN["ghopper"],
        f"Blatt 1/Abgaben/{decomposed('Núñez_José_jnunez_305')}/main.py": MAIN["jnunez"],
        "Blatt 1/Abgaben/van Rossum_Guido_guido_306/work.zip": BROKEN,
    }


def blackboard() -> dict[str, bytes]:
    at = "2026-11-20-10-30-15"
    later = "2026-11-21-09-00-00"
    found = {
        f"Lab_1_aschmidt_attempt_{at}_main.py": MAIN["aschmidt"],
        f"Lab_1_aschmidt_attempt_{at}_test_main.py": b"def test_it():\n    pass\n",
        f"Lab_1_anna2_attempt_{at}_work.zip": WORK["anna2"],
        f"Lab_1_ada_attempt_{at}_main.py": b"an earlier attempt",
        f"Lab_1_ada_attempt_{later}_main.py": MAIN["ada"],
        f"Lab_1_ghopper_attempt_{at}_work.zip": BROKEN,
        f"Lab_1_jnunez_attempt_{at}_{decomposed('Lösung.zip')}": WORK["jnunez"],
        f"Lab_1_guido_attempt_{at}_work.rar": b"Rar!\x1a\x07\x00",
    }
    texts = {name.rpartition("_attempt_")[0]: name for name in found}
    return found | {f"{before}_attempt_{at}.txt": b"Name: somebody" for before in texts}


def brightspace() -> dict[str, bytes]:
    return {
        "index.html": b"<html>",
        "501-77 - Anna Schmidt - Nov 20, 2026 1030 AM/main.py": MAIN["aschmidt"],
        "502-77 - Anna Schmidt - Nov 20, 2026 1031 AM/main.py": MAIN["anna2"],
        "503-77 - Ada Lovelace - Nov 9, 2026 930 AM/main.py": b"an earlier attempt",
        "503-77 - Ada Lovelace - Nov 20, 2026 1205 PM/main.py": MAIN["ada"],
        "504-77 - Grace Hopper - Nov 20, 2026 1030 AM/outer/work.zip": WORK["ghopper"],
        f"505-77 - {decomposed('José Núñez')} - Nov 20, 2026 1030 AM/main.py": MAIN["jnunez"],
        "506-77 - Guido van Rossum - Nov 20, 2026 1159 PM/work.zip": BROKEN,
    }


def brightspace_flat() -> dict[str, bytes]:
    return {
        name.replace("/", " - ", 1) if " - " in name else name: content
        for name, content in brightspace().items()
    }


def classroom() -> dict[str, bytes]:
    return {
        "Anna Schmidt - main.py": MAIN["aschmidt"],
        "Anna Schmidt - main (1).py": MAIN["anna2"],
        "Ada Lovelace - main.py": MAIN["ada"],
        "Ada Lovelace - test_main.py": b"def test_it():\n    pass\n",
        "Grace Hopper - work.zip": WORK["ghopper"],
        f"{decomposed('José Núñez')} - main.py": MAIN["jnunez"],
        "Guido van Rossum - notes.pdf": b"%PDF-1.7",
    }


def drive() -> dict[str, bytes]:
    return {
        "Lab 1/aschmidt_main.py": MAIN["aschmidt"],
        "Lab 1/anna2_main.py": MAIN["anna2"],
        "Lab 1/ada_main.py": MAIN["ada"],
        "Lab 1/ghopper-work.zip": WORK["ghopper"],
        "Lab 1/jnunez.ipynb": b"{}",
        "Lab 1/guido.7z": b"7z",
    }


def teams() -> dict[str, bytes]:
    return {
        "Student Work/Submitted files/Anna Schmidt/Lab 1/main.py": MAIN["aschmidt"],
        "Student Work/Submitted files/anna2@x.org/Lab 1/main.py": MAIN["anna2"],
        "Student Work/Submitted files/Ada Lovelace/Lab 1/Version 2/main.py": b"an earlier attempt",
        "Student Work/Submitted files/Ada Lovelace/Lab 1/Version 10/main.py": MAIN["ada"],
        "Student Work/Submitted files/Grace Hopper/Lab 1/Version 1/work.zip": WORK["ghopper"],
        f"Student Work/Submitted files/{decomposed('José Núñez')}/Lab 1/main.py": MAIN["jnunez"],
        "Student Work/Submitted files/Guido van Rossum/Lab 1/work.zip": BROKEN,
    }


def moodle_with_logins() -> dict[str, bytes]:
    """A Moodle that puts the login before the name, with texts typed in beside files."""
    return {
        "aschmidt Anna Schmidt_101_assignsubmission_file/main.py": MAIN["aschmidt"],
        "anna2 Anna Schmidt_102_assignsubmission_file/main.py": MAIN["anna2"],
        "anna2 Anna Schmidt_102_assignsubmission_onlinetext/onlinetext.html": b"<p>hello</p>",
        "ada Ada Lovelace_103_assignsubmission_file/main.py": MAIN["ada"],
        "ghopper Grace Hopper_104_assignsubmission_file/sub/work.zip": WORK["ghopper"],
        f"{decomposed('jnunez José Núñez')}_105_assignsubmission_file/main.py": MAIN["jnunez"],
        "guido Guido van Rossum_106_assignsubmission_onlinetext/onlinetext.html": b"<p>see my site</p>",
    }


def canvas_mixed() -> dict[str, bytes]:
    """Of one learner files with letters composed and taken apart; of another, a name of which nothing is left."""
    return {
        "schmidtanna_101_5001_main.py": MAIN["aschmidt"],
        "schmidtanna_LATE_102_5002_main.py": MAIN["anna2"],
        "lovelaceada_103_5003_main.py": b"an earlier attempt",
        "lovelaceada_103_5009_main-1.py": MAIN["ada"],
        "_104_5004_work.zip": WORK["ghopper"],
        "núñezjosé_105_5005_main.py": MAIN["jnunez"],
        f"{decomposed('núñezjosé')}_105_5006_test_main.py": b"def test_it():\n    pass\n",
        "vanrossumguido_106_text.html": b"<p>see my site</p>",
    }


MOODLE_ROSTER = "Identifier,Full name,Email address,Status,login\n" + "".join(
    f"Participant {number},{name},{login}@x.org,-,{login}\n"
    for number, (name, login) in enumerate(
        [
            ("Anna Schmidt", "aschmidt"),
            ("Anna Schmidt", "anna2"),
            ("Ada Lovelace", "ada"),
            ("Grace Hopper", "ghopper"),
            ("José Núñez", "jnunez"),
            ("Guido van Rossum", "guido"),
            ("Nobody Here", "nobody"),
        ],
        101,
    )
)
CANVAS_ROSTER = "Student,ID,SIS User ID,SIS Login ID,Section,Lab (22)\n" + "".join(
    f'"{name}",{number},s{number},{login},A,\n'
    for number, (name, login) in enumerate(
        [
            ("Schmidt, Anna", "aschmidt"),
            ("Schmidt, Anna", "anna2"),
            ("Lovelace, Ada", "ada"),
            ("Hopper, Grace", "ghopper"),
            ("Núñez, José", "jnunez"),
            ("van Rossum, Guido", "guido"),
            ("Here, Nobody", "nobody"),
        ],
        101,
    )
)
# the download, its roster, and of whom a person has to be asked
DOWNLOADS = {
    "sakai": (sakai, ROSTER, set()),
    "ilias": (ilias, ROSTER, set()),
    "blackboard": (blackboard, ROSTER, set()),
    "brightspace": (brightspace, ROSTER, {"aschmidt", "anna2"}),
    "brightspace, flat": (brightspace_flat, ROSTER, {"aschmidt", "anna2"}),
    "google classroom": (classroom, ROSTER, {"aschmidt", "anna2"}),
    "drive": (drive, ROSTER, set()),
    "teams": (teams, ROSTER, {"aschmidt"}),
    "moodle with logins": (moodle_with_logins, MOODLE_ROSTER, set()),
    "canvas, mixed": (canvas_mixed, CANVAS_ROSTER, set()),
}


def login_of(learner: roster.Learner) -> str:
    return learner.row.get("login") or learner.row["sis login id"]


@pytest.mark.parametrize("form", ["folder", "zip"])
@pytest.mark.parametrize("name", DOWNLOADS)
def test_everybody_gets_their_own_and_what_stays_open_is_asked(tmp_path, name, form):
    made, text, asked = DOWNLOADS[name]
    files = made()
    (tmp_path / "roster.csv").write_text(text)
    known = roster.read_roster(tmp_path / "roster.csv")
    where = put(tmp_path / "class", files)
    if form == "zip":
        where = tmp_path / "class.zip"
        with zipfile.ZipFile(where, "w") as bundle:
            for file, content in files.items():
                bundle.writestr(file, content)
    found = discovery.sort_out(str(where), keep=tmp_path / "kept", known=known.knows)
    whole = intake.account(found, {})
    assert sum(line.files for line in whole.lines) == len(files)
    matched = owners.match_owners(found.submissions, known, {}, {})
    paths = {one.name: one for one in found.submissions}
    got = {}
    for submission, [learner] in matched.whose.items():
        got[login_of(learner)] = _bytes_of(paths[submission])
    mine = {login for login in got if got[login] & {WORK[login], MAIN[login]}}
    others = {
        login: other for login in got for other in HERE - {login} if got[login] & {WORK[other], MAIN[other]}
    }
    assert others == {}
    assert not any(b"an earlier attempt" in each for each in got.values())
    assert [login_of(learner) for learner in matched.absent] == ["nobody"]
    assert {login_of(learner) for learner, _ in matched.unclear} == asked - set(got)
    assert set(got) == HERE - asked
    assert {login for login in got if login not in mine} <= {"guido", "ghopper", "jnunez"}, (
        "damaged or no program"
    )


def _bytes_of(one: discovery.HandedIn) -> set[bytes]:
    if one.trouble:
        return set()
    if one.files:
        return {Path(path).read_bytes() for _, path in one.files}
    path = Path(one.path)
    return (
        {path.read_bytes()}
        if path.is_file()
        else {each.read_bytes() for each in path.rglob("*") if each.is_file()}
    )


def test_blackboard_tells_user_and_assignment_apart_by_all_names_together():
    at = "attempt_2026-11-20-10-30-15_main.py"
    found = platforms.blackboard([f"Lab_1_a_b_{at}", f"Lab_1_c_{at}"])
    assert {label.number for label in found.values()} == {"a_b", "c"}


def test_files_of_two_assignments_of_blackboard_s_are_no_one_s_attempts():
    at = "attempt_2026-11-20-10-30-15_main.py"
    assert platforms.blackboard([f"Lab 1_ada_{at}", f"Essay_ada_{at}"]) == {}


def test_a_number_before_a_file_s_name_is_nobody(tmp_path):
    (tmp_path / "roster.csv").write_text("name,id\nAda,1\nGrace,2\n")
    known = roster.read_roster(tmp_path / "roster.csv")
    where = put(tmp_path / "class", {"1_work.zip": b"1", "2_work.zip": b"2"})
    found = discovery.sort_out(str(where), known=known.knows)
    assert owners.match_owners(found.submissions, known).whose == {}


def test_a_login_without_its_owner_s_name_is_a_question(tmp_path):
    (tmp_path / "roster.csv").write_text(ROSTER)
    known = roster.read_roster(tmp_path / "roster.csv")
    where = put(tmp_path / "class", {"copy_of_ada_1/main.py": b"1", "Hopper_Grace_ada_2/main.py": b"2"})
    os.utime(where)
    found = discovery.sort_out(str(where), known=known.knows)
    matched = owners.match_owners(found.submissions, known)
    assert matched.whose == {}
    assert {learner.name for learner, _ in matched.unclear} >= {"Ada Lovelace", "Grace Hopper"}
