"""Downloads whose names are harder: letters from right to left, emoji, apostrophes, dots and blanks at the end, very long names, several
attempts, corrections of the teacher's, two downloads in one folder.

The shapes follow what the programs that write them say (Moodle's VPL, OpenOlat's task, nbgrader's exchange, `gh classroom clone`,
GitLab's and GitHub's archives) and what their users' scripts read. Asserted for each: `test_more_downloads`.
"""

import unicodedata
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from grader.batch import discovery, intake, owners, roster
from tests.grader.downloads import packed, project, put

LONG = "Wolfeschlegelsteinhausenbergerdorff" * 3
PEOPLE = {
    "aschmidt": "Anna Schmidt",
    "anna2": "Anna Schmidt",
    "jnunez": "José Núñez",
    "sobrien": "Seán O'Brien",
    "ali": "علي محمد",
    "wolfe": f"Hubert {LONG}",
    "smile": "Smile 🙂",
    "guido": "Guido van Rossum",
    "nobody": "Nobody Here",
}
HERE = set(PEOPLE) - {"nobody"}
NUMBER = {login: number for number, login in enumerate(PEOPLE, 101)}
MAIN = {login: project(login)["main.py"] for login in HERE}
WORK = {login: packed({"main.py": MAIN[login]}) for login in HERE}
EARLIER, THEIRS = b"# an earlier attempt\n", b"# what the teacher wrote\n"
BROKEN = b"PK\x03\x04 no archive"
Files = dict[str, bytes]


def apart(text: str) -> str:
    """As macOS writes it: letters and their marks taken apart."""
    return unicodedata.normalize("NFD", text)


def sorted_name(login: str) -> str:
    first, _, last = PEOPLE[login].partition(" ")
    return f"{last}, {first}"


PLAIN = "name,login,email\n" + "".join(f"{name},{login},{login}@x.org\n" for login, name in PEOPLE.items())
CANVAS = "Student,ID,SIS User ID,SIS Login ID,Section,Lab (22)\n" + "".join(
    f'"{sorted_name(login)}",{NUMBER[login]},s{NUMBER[login]},{login},A,\n' for login in PEOPLE
)
MOODLE = "Identifier,Full name,Email address,Status,login\n" + "".join(
    f"Participant {NUMBER[login]},{name},{login}@x.org,-,{login}\n" for login, name in PEOPLE.items()
)


def in_canvas(login: str) -> str:
    return "".join(each for each in sorted_name(login).casefold() if each.isalnum() or each == "_")


def canvas_with_one_number_twice() -> Files:
    """A browser kept one file twice; two files of one learner have one number; another's is the first learner's."""
    found = {
        f"{in_canvas(login)}_{NUMBER[login]}_{9000 + NUMBER[login]}_work.zip": WORK[login] for login in HERE
    }
    name = f"{in_canvas('smile')}_{NUMBER['smile']}_9{NUMBER['smile']}_"
    del found[f"{name}work.zip"]
    return found | {
        f"{name}main.py": MAIN["smile"],
        f"{name}helper.py": b"x = 1\n",
        f"{name}.gitignore": b"x\n",
    }


def canvas_where_one_name_claims_another_s_number() -> Files:
    """One learner's name holds what reads as another's number; the rest are kept apart all the same."""
    found = {
        f"{in_canvas(login)}_{NUMBER[login]}_{9000 + NUMBER[login]}_work.zip": WORK[login] for login in HERE
    }
    return found | {f"{in_canvas('guido')}_101_9999_work.zip": MAIN["guido"]}


def canvas_anonymous() -> Files:
    return {f"anon_{login[:5]}_{9000 + NUMBER[login]}_work.zip": WORK[login] for login in HERE}


def moodle_flat() -> Files:
    found = {
        f"{PEOPLE[login].replace('_', ' ')}_{NUMBER[login]}_assignsubmission_file_main.py": MAIN[login]
        for login in HERE
    }
    found[f"{PEOPLE['smile']}_{NUMBER['smile']}_assignsubmission_file_notes. "] = b"words"
    found[f"{apart(PEOPLE['jnunez'])}_{NUMBER['jnunez']}_assignsubmission_file_helper.py"] = b"x = 1\n"
    return found


def moodle_blind_in_arabic() -> Files:
    return {f"مشارك_{NUMBER[login]}_assignsubmission_file/المشروع. /main.py": MAIN[login] for login in HERE}


def vpl() -> Files:
    """Each attempt is a folder; what the server printed for it is another."""
    found = {}
    for login in HERE:
        folder = f"{PEOPLE[login]} {NUMBER[login]} {login}"
        found[f"{folder}/2026-11-18-09-00-00/main.py"] = EARLIER
        found[f"{folder}/2026-11-20-10-30-15/main.py"] = MAIN[login]
        found[f"{folder}/2026-11-20-10-30-15.ceg/execution.txt"] = b"it ran"
    return found


def openolat() -> Files:
    """The task, what was handed in, what the teacher gave back, and what was handed in after that."""
    found = {}
    for login in HERE:
        folder = f"{sorted_name(login).replace(', ', '_')}_{login}"
        found[f"Lab 1/{folder}/1_task/main.py"] = THEIRS
        found[f"Lab 1/{folder}/2_submissions/main.py"] = EARLIER if login != "guido" else MAIN[login]
        if login != "guido":
            found[f"Lab 1/{folder}/3_corrections/main.py"] = THEIRS
            found[f"Lab 1/{folder}/4_revisions_1/main.py"] = MAIN[login]
            found[f"Lab 1/{folder}/5_corrections_1/main.py"] = THEIRS
    return found


def nbgrader_exchange() -> Files:
    found = {}
    for number, login in enumerate(sorted(HERE)):
        found[f"inbound/{login}+lab1+2026-11-18 09:00:00.000001 UTC+{number}a9/main.py"] = EARLIER
        found[f"inbound/{login}+lab1+2026-11-20 10:30:15.123456 UTC+{number}b7/main.py"] = MAIN[login]
        found[f"inbound/{login}+lab1+2026-11-20 10:30:15.123456 UTC+{number}b7/timestamp.txt"] = b"2026-11-20"
    return found


def nbgrader_submitted() -> Files:
    return {f"submitted/{login}/lab1/main.py": MAIN[login] for login in HERE}


def gh_classroom() -> Files:
    found = {f"lab-1-submissions/lab-1-{login}/main.py": MAIN[login] for login in HERE}
    return found | {f"lab-1-submissions/lab-1-{login}/.git/HEAD": b"ref: refs/heads/main\n" for login in HERE}


def archives_of_branches() -> Files:
    """GitHub's `NAME-main.zip` and GitLab's `NAME-main-SHA.zip`."""
    return {f"lab-1-{login}-main.zip": WORK[login] for login in HERE}


def drive_in_two_parts() -> Files:
    """Google Drive packs what is large into several ZIPs, which keep the folder's name."""
    logins = sorted(HERE)
    return {
        f"Lab 1-20261120T103000Z-{part:03}/Lab 1/{PEOPLE[login]} - main.py": MAIN[login]
        for part, half in ((1, logins[:4]), (2, logins[4:]))
        for login in half
    }


def classroom_in_drive() -> Files:
    found = {
        f"{PEOPLE[login]} - main.py": MAIN[login] for login in HERE if login not in ("aschmidt", "anna2")
    }
    found["Anna Schmidt - main.py"], found["Anna Schmidt - Kopie von main.py"] = (
        MAIN["aschmidt"],
        MAIN["anna2"],
    )
    found[f"{apart(PEOPLE['jnunez'])} - helper.py"] = b"x = 1\n"
    return found


def schoology() -> Files:
    found = {}
    for login in HERE:
        folder = f"{sorted_name(login)} - {NUMBER[login]}"
        found[f"Lab 1/{folder}/Revision 1 - Submitted on 11-18-2026/main.py"] = EARLIER
        found[f"Lab 1/{folder}/Revision 2 - Submitted on 11-20-2026/main.py"] = MAIN[login]
    return found


def codegrade() -> Files:
    return {f"{900 + NUMBER[login]} - {PEOPLE[login]}/main.py": MAIN[login] for login in HERE}


def sakai_with_texts() -> Files:
    found: Files = {"Lab 1/grades.csv": b"Lab 1,SCORE\n"}
    for login in HERE:
        folder = f"Lab 1/{sorted_name(login)}({login})"
        found[f"{folder}/timestamp.txt"] = b"20261120103000123"
        found[f"{folder}/comments.txt"] = b""
        found[f"{folder}/{login}_submissionText.html"] = b"<p>see the file</p>"
        found[f"{folder}/Feedback Attachment(s)/main.py"] = THEIRS
        found[f"{folder}/Submission attachment(s)/work.zip"] = WORK[login]
    return found


def addresses_as_names() -> Files:
    found = {f"{login}@x.org/2026-11-18-09-00-00/main.py": EARLIER for login in HERE}
    return found | {f"{login}@x.org/2026-11-20-10-30-15/main.py": MAIN[login] for login in HERE}


def damaged_and_repeated() -> Files:
    found = {f"{login}.zip": WORK[login] for login in HERE if login not in ("smile", "guido")}
    return found | {"smile.zip": BROKEN, "guido.rar": b"Rar!\x1a\x07\x00", "Guido .zip": b""}


@dataclass(frozen=True)
class Case:
    """`asked`: of whom a person has to be asked. `given`: with damaged work, which is no one's program."""

    made: Callable[[], Files]
    roster: str = PLAIN
    asked: frozenset[str] = frozenset()
    damaged: frozenset[str] = frozenset()


NAMESAKES = frozenset({"aschmidt", "anna2"})
CASES = {
    "canvas, one number twice": Case(canvas_with_one_number_twice, CANVAS),
    "canvas, one name claims another's number": Case(canvas_where_one_name_claims_another_s_number, CANVAS),
    "canvas, anonymous": Case(canvas_anonymous, CANVAS, frozenset(HERE)),
    "moodle, flat": Case(moodle_flat, MOODLE),
    "moodle, blind, in arabic": Case(moodle_blind_in_arabic, MOODLE),
    "vpl": Case(vpl),
    "openolat": Case(openolat),
    "nbgrader's exchange": Case(nbgrader_exchange),
    "nbgrader, collected": Case(nbgrader_submitted),
    "gh classroom clone": Case(gh_classroom),
    "archives of branches": Case(archives_of_branches),
    "drive, in two parts": Case(drive_in_two_parts, PLAIN, NAMESAKES),
    "google classroom": Case(classroom_in_drive, PLAIN, NAMESAKES),
    "schoology": Case(schoology, PLAIN, NAMESAKES),
    "codegrade": Case(codegrade, PLAIN, NAMESAKES),
    "sakai, with texts": Case(sakai_with_texts),
    "addresses and times": Case(addresses_as_names),
    "damaged and repeated": Case(damaged_and_repeated, PLAIN, frozenset(), frozenset({"smile", "guido"})),
}


@dataclass
class Seen:
    """What came of a download: whose bytes each learner got, who is absent, and of whom is asked."""

    files: int
    got: dict[str, set[bytes]] = field(default_factory=dict)
    absent: list[str] = field(default_factory=list)
    unclear: set[str] = field(default_factory=set)


def login_of(learner: roster.Learner) -> str:
    return learner.row.get("login") or learner.row["sis login id"]


def seen(place: Path, case: Case, form: str) -> Seen:
    files = case.made()
    (place / "roster.csv").write_text(case.roster, encoding="utf-8")
    known = roster.read_roster(place / "roster.csv")
    where = place / "class"
    if form == "zip":
        where = place / "class.zip"
        with zipfile.ZipFile(where, "w") as bundle:
            for file, content in files.items():
                bundle.writestr(file, content)
    else:
        put(where, files)
    found = discovery.sort_out(str(where), keep=place / "kept", known=known.knows)
    matched = owners.match_owners(found.submissions, known, {}, {})
    submissions = {one.name: one for one in found.submissions}
    assert sum(line.files for line in intake.account(found, {}).lines) == len(files)
    return Seen(
        len(files),
        {
            login_of(learner): _bytes_of(submissions[name])
            for name, each in matched.whose.items()
            for learner in each
        },
        [login_of(learner) for learner in matched.absent],
        {login_of(learner) for learner, _ in matched.unclear},
    )


def _bytes_of(one: discovery.HandedIn) -> set[bytes]:
    if one.trouble:
        return set()
    if one.files:
        return {Path(path).read_bytes() for _, path in one.files}
    path = Path(one.path)
    every = [path] if path.is_file() else [each for each in path.rglob("*") if each.is_file()]
    return {each.read_bytes() for each in every}


# as a ZIP, names go through another encoding, and bad members are left out
ZIPPED = ("canvas, one number twice", "moodle, flat", "damaged and repeated")


@pytest.mark.parametrize(
    ("name", "form"), [*((name, "folder") for name in CASES), *((name, "zip") for name in ZIPPED)]
)
def test_everybody_gets_their_own_last_work_or_a_person_is_asked(tmp_path, name, form):
    case = CASES[name]
    result = seen(tmp_path, case, form)
    for login, content in result.got.items():
        others = {WORK[other] for other in HERE - {login}} | {MAIN[other] for other in HERE - {login}}
        assert not content & others, f"{login} has another's work"
        assert not content & {EARLIER, THEIRS}, f"{login}: not only what was handed in last"
    assert set(result.absent) <= {"nobody"}
    assert set(result.got) | result.unclear >= HERE
    mine = {login for login in HERE if result.got.get(login, set()) & {WORK.get(login), MAIN.get(login)}}
    assert mine == HERE - case.asked - case.damaged


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_member_that_a_zip_has_twice_is_no_submission_of_its_own(tmp_path):
    (tmp_path / "roster.csv").write_text(MOODLE, encoding="utf-8")
    known = roster.read_roster(tmp_path / "roster.csv")
    where, name = tmp_path / "class.zip", "Anna Schmidt_101_assignsubmission_file_main.py"
    with zipfile.ZipFile(where, "w") as bundle:
        for file, content in ((name, b"1"), (name, b"2"), (name.replace("101", "102"), b"3")):
            bundle.writestr(file, content)
    found = discovery.sort_out(str(where), keep=tmp_path / "kept", known=known.knows)
    assert [one.name for one in found.submissions] == ["Anna Schmidt_101", "Anna Schmidt_102"]
    assert owners.match_owners(found.submissions, known).questions == ()
    lines = intake.account(found, {}).lines
    assert sum(line.files for line in lines) == 3
    assert any("twice" in line.why for line in lines)
