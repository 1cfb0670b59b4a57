"""Downloads of further platforms and clouds, and of names that nobody foresaw: quizzes, versions before a file's name, names behind it,
parts of one download, folders for each version.

Canvas' quizzes, `quiz_submission_zipper.rb`; Autolab, `submission.rb`; PrairieLearn's files for manual grading; Submitty's folders
of versions; RepoBee's and GitLab's folders of repositories; Microsoft Forms; file requests of Dropbox and Nextcloud; what Drive and
OneDrive pack into several ZIPs; Moodle's plugin that renames files. What is asserted for each: `test_further_downloads`, and that
whoever handed in anything is never listed as one who handed in nothing.
"""

import pytest

from grader.batch import discovery, intake, owners, roster
from tests.grader.downloads import packed, put
from tests.grader.test_further_downloads import (
    BROKEN,
    CANVAS,
    EARLIER,
    HERE,
    MAIN,
    NAMESAKES,
    NUMBER,
    PEOPLE,
    PLAIN,
    THEIRS,
    WORK,
    Case,
    Files,
    seen,
    sorted_name,
)

# a damaged archive, a PDF alone, a ZIP in a ZIP, loose files: one of each in every download
DAMAGED, PAPER, NESTED, LOOSE = "smile", "sobrien", "wolfe", "jnunez"
ODD = frozenset({DAMAGED, PAPER})
PDF = b"%PDF-1.7 words"


def handed_in(login: str) -> Files:
    """What a learner handed in, by the names that they gave it."""
    if login == DAMAGED:
        return {"work.zip": BROKEN}
    if login == PAPER:
        return {"report.pdf": PDF}
    if login == LOOSE:
        return {"main.py": MAIN[login], "helper.py": b"x = 1\n"}
    return {"work.zip": WORK[login]} if login == NESTED else {"main.py": MAIN[login]}


def each() -> list[tuple[str, str, bytes]]:
    return [(login, file, content) for login in sorted(HERE) for file, content in handed_in(login).items()]


def canvas_quiz() -> Files:
    """The identifier follows the name at once; what comes after it is the question's."""
    found = {}
    for at, (login, file, content) in enumerate(each()):
        name = sorted_name(login).replace(" ", "_")
        name = "".join(letter for letter in name if letter.isalnum() or letter in "_-").lower()
        found[f"{name}{NUMBER[login]}_question_55_{9000 + at}_{file}"] = content
    return found


def canvas_quiz_of_two_questions() -> Files:
    found = canvas_quiz()
    return found | {
        name.replace("_question_55_9", "_question_56_8").replace("main.py", "notes.txt"): b"words"
        for name in found
        if name.endswith("main.py")
    }


def autolab() -> Files:
    found = {}
    for login in HERE:
        if login != "guido":
            found[f"{login}@x.org_1_handin.zip"] = packed({"main.py": EARLIER})
        found[f"{login}@x.org_10_handin.zip"] = BROKEN if login == DAMAGED else WORK[login]
    return found


def autolab_folders() -> Files:
    found = {}
    for login in HERE:
        found[f"lab1/handin/{login}@x.org/2_main.py"] = EARLIER
        found[f"lab1/handin/{login}@x.org/10_main.py"] = MAIN[login]
        found[f"lab1/handin/{login}@x.org/10_autograde.txt"] = b"it ran"
    return found


def prairielearn() -> Files:
    return {
        f"{login}@x.org_1_lab1_1_{42000 + at}_{file}": content
        for at, (login, file, content) in enumerate(each())
    }


def submitty() -> Files:
    found = {}
    for login in HERE:
        for version, content in (("1", EARLIER), ("9", EARLIER), ("10", MAIN[login])):
            found[f"submissions/lab1/{login}/{version}/main.py"] = content
            found[f"submissions/lab1/{login}/{version}/.submit.timestamp"] = b"2026-11-20 10:30:15"
        found[f"submissions/lab1/{login}/user_assignment_settings.json"] = b'{"active_version": 10}'
    return found


def repobee() -> Files:
    return {f"{login}/{login}-lab-1/{file}": content for login, file, content in each()}


def gitlab_group() -> Files:
    return {f"course-2026/{login}/lab-1/{file}": content for login, file, content in each()}


def forms() -> Files:
    """Microsoft Forms writes who uploaded a file behind its name."""
    found = {}
    for login, file, content in each():
        stem, _, suffix = file.rpartition(".")
        number = " 1" if login == "anna2" else ""
        found[f"Lab/Question/{stem}_{PEOPLE[login]}{number}.{suffix}"] = content
    return found


def dropbox() -> Files:
    found = {}
    for login, file, content in each():
        stem, _, suffix = file.rpartition(".")
        number = " (1)" if login == "anna2" else ""
        found[f"{PEOPLE[login]} - {stem}{number}.{suffix}"] = content
    return found


def nextcloud() -> Files:
    found = {}
    for login, file, content in each():
        number = " (2)" if login == "anna2" else ""
        found[f"Lab 1/{PEOPLE[login]}{number}/{file}"] = content
    return found


def in_two_parts(*outer: str) -> Files:
    """Half of the class in each; a learner's folder is in both."""
    logins = sorted(HERE)
    found = {}
    for login, file, content in each():
        found[f"{outer[logins.index(login) % 2]}/{login}/{file}"] = content
    found[f"{outer[0]}/{LOOSE}/main.py"] = MAIN[LOOSE]
    found[f"{outer[1]}/{LOOSE}/main.py"] = MAIN[LOOSE]
    del found[f"{outer[logins.index(LOOSE) % 2]}/{LOOSE}/helper.py"], found[f"{outer[1]}/{LOOSE}/main.py"]
    return found | {f"{outer[1]}/{LOOSE}/helper.py": b"x = 1\n"}


def drive() -> Files:
    return in_two_parts("Lab 1-20261120T103000Z-001/Lab 1", "Lab 1-20261120T103000Z-002/Lab 1")


def onedrive() -> Files:
    return in_two_parts("OneDrive_1_11-20-2026", "OneDrive_2_11-20-2026")


def renamed() -> Files:
    """Moodle's plugin: the family name and the number of the university's, as the README of it suggests."""
    return {
        f"{PEOPLE[login].rpartition(' ')[2]}_s{NUMBER[login]}_{file}": content
        for login, file, content in each()
    }


def file_before_login() -> Files:
    return {
        f"{file.rpartition('.')[0]}-{login}.{file.rpartition('.')[2]}": content
        for login, file, content in each()
    }


def with_a_teacher_s_files() -> Files:
    found = {f"{login}/{file}": content for login, file, content in each()}
    return found | {"README.md": b"# Lab", "grades.xlsx": b"PK", "solution/main.py": THEIRS}


def artemis() -> Files:
    return {
        f"course26-lab1-{42000 + sorted(HERE).index(login)}-{login}/{file}": content
        for login, file, content in each()
    }


def okpy() -> Files:
    return {
        f"lab1/{login}@x.org/Bz{sorted(HERE).index(login)}kQ/{file}": content
        for login, file, content in each()
    }


def markus() -> Files:
    return {f"A1/{login}/A1/{file}": content for login, file, content in each()}


def replit() -> Files:
    found = {f"lab-1-team/{login}/lab-1/{file}": content for login, file, content in each()}
    return found | {f"lab-1-team/{login}/lab-1/.replit": b"run" for login in HERE}


def ed() -> Files:
    return {f"lab-1/{PEOPLE[login]} ({login}@x.org)/{file}": content for login, file, content in each()}


def mailed() -> Files:
    return {
        f"2026-11-20 10.30 {PEOPLE[login]} <{login}@x.org>/{file}": content for login, file, content in each()
    }


def itslearning() -> Files:
    return {f"Lab 1/{sorted_name(login)} ({login})/{file}": content for login, file, content in each()}


def moodle_essay() -> Files:
    """A plugin that packs what a quiz's essays were handed in with: names, the attempt, its time."""
    return {
        f"{PEOPLE[login].replace(' ', '_')}_{9000 + at}_20261120_1030/Question_1/attachments/{file}": content
        for at, login in enumerate(sorted(HERE))
        for file, content in handed_in(login).items()
    }


CASES = {
    "artemis": Case(artemis, PLAIN, frozenset(), ODD),
    "okpy": Case(okpy, PLAIN, frozenset(), ODD),
    "markus": Case(markus, PLAIN, frozenset(), ODD),
    "replit": Case(replit, PLAIN, frozenset(), ODD),
    "ed, an address behind the name": Case(ed, PLAIN, frozenset(), ODD),
    "attachments of mails": Case(mailed, PLAIN, frozenset(), ODD),
    "itslearning": Case(itslearning, PLAIN, frozenset(), ODD),
    "moodle's essays": Case(moodle_essay, PLAIN, NAMESAKES, ODD),
    "canvas quiz": Case(canvas_quiz, CANVAS, frozenset(), ODD),
    "canvas quiz, two questions": Case(canvas_quiz_of_two_questions, CANVAS, frozenset(), ODD),
    "autolab": Case(autolab, PLAIN, frozenset(), frozenset({DAMAGED})),
    "autolab, folders": Case(autolab_folders),
    "prairielearn": Case(prairielearn, PLAIN, frozenset(), ODD),
    "submitty": Case(submitty),
    "repobee": Case(repobee, PLAIN, frozenset(), ODD),
    "gitlab group": Case(gitlab_group, PLAIN, frozenset(), ODD),
    "microsoft forms": Case(forms, PLAIN, NAMESAKES, ODD),
    "dropbox": Case(dropbox, PLAIN, NAMESAKES, ODD),
    "nextcloud": Case(nextcloud, PLAIN, NAMESAKES, ODD),
    "drive, two parts": Case(drive, PLAIN, frozenset(), ODD),
    "onedrive, two parts": Case(onedrive, PLAIN, frozenset(), ODD),
    "renamed by a plugin": Case(renamed, CANVAS, frozenset(HERE), ODD),
    "a file's name before the login": Case(file_before_login, PLAIN, frozenset(HERE), ODD),
    "with a teacher's files": Case(with_a_teacher_s_files, PLAIN, frozenset(), ODD),
}
ZIPPED = ("canvas quiz", "drive, two parts", "microsoft forms")


def broken_rules(result, case: Case) -> list[str]:
    """What of a download is not as it has to be."""
    wrong = []
    for login, content in result.got.items():
        others = {WORK[other] for other in HERE - {login}} | {MAIN[other] for other in HERE - {login}}
        if content & others:
            wrong.append(f"{login} has another's work")
        if content & {EARLIER, THEIRS}:
            wrong.append(f"{login}: not only what was handed in last")
    if set(result.absent) - {"nobody"}:
        wrong.append(f"handed in, and listed as absent: {sorted(set(result.absent) - {'nobody'})}")
    if not set(result.got) | result.unclear >= HERE:
        wrong.append("neither owner nor question")
    mine = {login for login in HERE if result.got.get(login, set()) & {WORK.get(login), MAIN.get(login)}}
    lost = HERE - case.asked - case.damaged - mine
    if lost:
        wrong.append(f"asked of, or lost, without need: {sorted(lost)}")
    return wrong


@pytest.mark.parametrize(
    ("name", "form"), [*((name, "folder") for name in CASES), *((name, "zip") for name in ZIPPED)]
)
def test_everybody_gets_their_own_last_work_or_a_person_is_asked(tmp_path, name, form):
    result = seen(tmp_path, CASES[name], form)
    assert broken_rules(result, CASES[name]) == []


def place(tmp_path, files: Files):
    put(tmp_path / "class", files)
    (tmp_path / "roster.csv").write_text(PLAIN, encoding="utf-8")
    known = roster.read_roster(tmp_path / "roster.csv")
    found = discovery.sort_out(str(tmp_path / "class"), keep=tmp_path / "kept", known=known.knows)
    return found, owners.match_owners(found.submissions, known)


@pytest.mark.parametrize("made", [drive, onedrive])
def test_the_parts_of_a_download_may_be_zips_in_one_folder(tmp_path, made):
    by_part: dict[str, Files] = {}
    for name, content in made().items():
        part, _, rest = name.partition("/")
        by_part.setdefault(f"{part}.zip", {})[rest] = content
    zips = {part: packed(files) for part, files in by_part.items()}
    found, matched = place(tmp_path, {**zips, "class.toml": b"", ".DS_Store": b""})
    assert {each[0].row["login"] for each in matched.whose.values()} == HERE
    assert sum(line.files for line in intake.account(found, {}).lines) == len(made()) + 2
    loose = next(one for one in found.submissions if one.name == LOOSE)
    assert {name for name, _ in loose.files} == {"main.py", "helper.py"}


def test_two_assignments_beside_one_another_are_not_put_together(tmp_path):
    files = {f"Lab {number}/{login}/app{number}.py": MAIN[login] for number in (1, 2) for login in HERE}
    found, matched = place(tmp_path, files)
    assert not matched.whose
    assert len(matched.questions) == len(found.submissions) == 2
    assert not matched.absent


def test_two_sections_of_a_class_beside_one_another_are_one_class(tmp_path):
    logins = sorted(HERE)
    files = {f"Section {1 + logins.index(login) % 2}/{login}/main.py": MAIN[login] for login in HERE}
    _, matched = place(tmp_path, files)
    assert {each[0].row["login"] for each in matched.whose.values()} == HERE


def test_a_digit_that_may_be_the_name_s_or_the_number_s_gives_nobody_s_work_away(tmp_path):
    """`r2_d2` with the number 101 is written `r2_d2101`; 2101 is another's."""
    gradebook = CANVAS + '"Droid, Other",2101,s2101,droid,A,\n"D2, R2",1,s1,rtwo,A,\n'
    put(tmp_path / "class", {**canvas_quiz(), "d2_r2101_question_55_9900_main.py": b"1"})
    (tmp_path / "roster.csv").write_text(gradebook, encoding="utf-8")
    known = roster.read_roster(tmp_path / "roster.csv")
    found = discovery.sort_out(str(tmp_path / "class"), keep=tmp_path / "kept", known=known.knows)
    matched = owners.match_owners(found.submissions, known)
    assert {each[0].row["sis login id"] for each in matched.whose.values()} == HERE
    [question] = matched.questions
    assert [each.row["sis login id"] for each in question.candidates] == ["droid"]


def test_a_file_that_names_two_people_is_a_question(tmp_path):
    _, matched = place(tmp_path, {"guido_ali.py": b"1", "smile_main.py": b"2"})
    assert {each[0].row["login"] for each in matched.whose.values()} == {"smile"}
    [question] = matched.questions
    assert {each.row["login"] for each in question.candidates} == {"guido", "ali"}
    assert {each.row["login"] for each, _ in matched.unclear} >= {"guido", "ali"}


def test_a_learner_s_own_folders_of_numbers_are_no_versions(tmp_path):
    found, _ = place(tmp_path, {"guido/1/main.py": b"1", "guido/2/main.py": b"2", "ali/main.py": b"3"})
    assert [one.notes for one in found.submissions] == [(), ()]
    assert not any("version" in why for why in found.why.values())


def test_a_file_before_a_version_is_a_learner_s_own_where_no_address_says_otherwise(tmp_path):
    found, _ = place(tmp_path, {"guido/1_main.py": b"1", "guido/2_main.py": b"2", "ali/main.py": b"3"})
    assert not any("version" in why for why in found.why.values())


def test_an_address_beside_another_s_name_decides_nothing(tmp_path):
    _, matched = place(tmp_path, {"Anna Schmidt (guido@x.org)/main.py": b"1", "ali/main.py": b"2"})
    assert {each[0].row["login"] for each in matched.whose.values()} == {"ali"}
    [question] = matched.questions
    assert {each.row["login"] for each in question.candidates} == {"aschmidt", "anna2", "guido"}


def test_a_paper_that_names_its_learner_is_handed_in(tmp_path):
    _, matched = place(tmp_path, {"ali/main.py": b"1", "smile/main.py": b"2", "report of guido.pdf": PDF})
    assert "guido" not in {each.row["login"] for each in matched.absent}


def test_what_submitty_calls_active_is_left_to_a_person(tmp_path):
    found, _ = place(tmp_path, submitty())
    assert all("may name another one as active" in one.notes[0] for one in found.submissions)


def test_a_question_names_every_candidate_as_an_answer(tmp_path):
    """One that named the first alone would be pasted for both namesakes."""
    _, matched = place(tmp_path, {"Anna Schmidt.py": b"1", "Anna Schmidt 2.py": b"2", "ali.py": b"3"})
    assert len(matched.questions) == 2
    assert all('= "aschmidt" or "anna2"' in question.words for question in matched.questions)
