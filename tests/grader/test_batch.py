"""A class: found as platforms leave it, collected once, judged as often as one likes, handed out."""

import csv
import io
import json
import shutil
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from grader import rubric
from grader.batch import (
    collecting,
    discovery,
    entries,
    evidence_store,
    gradebook,
    overview,
    pools,
    roster,
    run,
)
from grader.batch.discovery import HandedIn
from grader.batch.entries import Entry
from grader.batch.evidence_store import Outcome
from grader.batch.names import sortable
from grader.batch.roster import Learner
from grader.batch.run import Plan
from grader.errors import EvidenceError, GraderError, SubmissionError
from grader.evidence import AppStart, Evidence, Submission, sha256_of
from grader.worker import Record, packing
from tests.grader import hostile_words as words

HONEST = Path(__file__).parents[1] / "hostile" / "honest"
BIN = Path(sys.executable).parent


class Quiet:
    """Watches, and says nothing."""

    def __init__(self):
        self.names = []

    def expect(self, count):
        self.count = count

    def began(self, task):
        self.names.append(task.name)

    def ended(self, task, outcome):
        pass


def seen(name: str, **facts) -> Evidence:
    submission = Submission(name=name, digest=f"sha256:{name}")
    return Evidence(submission=submission, isolation="process", bucket="b", canary_fingerprint="f", **facts)


def class_of(place: Path, *names: str) -> Path:
    for name in names:
        (place / name).mkdir(parents=True)
        (place / name / "main.py").write_text(f"# {name}")
    return place


@pytest.fixture
def collected(monkeypatch):
    """Collecting without running anything: what comes out is chosen by name."""
    asked: list[str] = []

    def on_this_machine(tasks, jobs, watcher):
        for task in tasks:
            asked.append(task.name)
            watcher.began(task)
            if "broken" in task.name:
                outcome = Outcome(state="error", message="The grader's worker ended early.")
            elif "hostile" in task.name:
                outcome = Outcome(
                    state="ungradable", message="The archive wants to write outside its folder.", seconds=1.0
                )
            else:
                outcome = Outcome(state="graded", seconds=2.0)
            if outcome.state != "error":
                graded = outcome.state == "graded"
                packed = packing.pack(seen(task.name, app=AppStart(started=True))) if graded else b""
                evidence_store.open_vault(task.vault).put(task.record, evidence_store.entry(outcome, packed))
            watcher.ended(task, outcome)

    monkeypatch.setattr(pools, "on_this_machine", on_this_machine)
    return asked


def batched(where: Path, out: Path, **options):
    plan = Plan(
        where=str(where), out=out, rubric=options.pop("rubric", rubric.read()), tier="process", **options
    )
    return run.batch(plan, Quiet(), lambda text: None)


def rows_of(file: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(file.read_text())))


# --- finding ------------------------------------------------------------------------------------------------------


def names(place: Path) -> list[str]:
    return [one.name for one in discovery.find_submissions(str(place))]


def test_folders_and_archives_are_submissions_and_hidden_things_are_not(tmp_path):
    class_of(tmp_path, "ada", "grace", ".cache", "__MACOSX")
    (tmp_path / "linus.zip").touch()
    (tmp_path / "notes.md").touch()
    assert names(tmp_path) == ["ada", "grace", "linus"]


def test_canvas_s_download_is_read_and_the_latest_counts(tmp_path):
    for name in (
        "lovelaceada_101_2001_work.zip",
        "lovelaceada_LATE_101_2009_work-1.zip",
        "hoppergrace_102_2003_lab.tar.gz",
    ):
        (tmp_path / name).touch()
    found = discovery.find_submissions(str(tmp_path))
    assert [(one.name, Path(one.path).name, one.label.number) for one in found] == [
        ("hoppergrace_102", "hoppergrace_102_2003_lab.tar.gz", "102"),
        ("lovelaceada_101", "lovelaceada_LATE_101_2009_work-1.zip", "101"),
    ]


def test_moodle_s_download_is_read_in_folders_and_without(tmp_path):
    folder = tmp_path / "Ada Lovelace_4711_assignsubmission_file_"
    folder.mkdir()
    (folder / "work.zip").touch()
    (tmp_path / "Grace Hopper_4712_assignsubmission_file_lab.zip").touch()
    (tmp_path / "Grace Hopper_4712_assignsubmission_onlinetext_").mkdir()
    found = discovery.find_submissions(str(tmp_path))
    assert [(one.name, Path(one.path).suffix) for one in found] == [
        ("Ada Lovelace_4711", ".zip"),
        ("Grace Hopper_4712", ".zip"),
    ]


def test_github_classroom_s_folders_are_named_by_their_learners(tmp_path):
    class_of(tmp_path, "files-lab-ada", "files-lab-grace-h", "files-lab-linus")
    assert names(tmp_path) == ["ada", "grace-h", "linus"]


def test_a_list_of_git_urls_is_read(tmp_path):
    (tmp_path / "urls.txt").write_text(
        "# the class\nada https://example.org/ada/lab.git\n\ngit@example.org:grace/lab.git\n"
    )
    assert [(one.name, one.path) for one in discovery.find_submissions(str(tmp_path / "urls.txt"))] == [
        ("ada", "https://example.org/ada/lab.git"),
        ("git@example.org:grace-lab", "git@example.org:grace/lab.git"),
    ]


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda place: place / "nowhere", "nothing at"),
        (lambda place: place, "No submission is in"),
        (lambda place: class_of(place, "src").joinpath("src"), "looks like one submission"),
        (
            lambda place: (place / "a.txt").write_text("no url here") and place / "a.txt",
            "line 1: 'no url here'",
        ),
    ],
)
def test_a_place_without_a_class_is_reported(tmp_path, make, words):
    with pytest.raises(SubmissionError, match=words):
        discovery.find_submissions(str(make(tmp_path)))


def test_the_digest_follows_the_content_and_not_the_name(tmp_path):
    class_of(tmp_path, "one", "two")
    (tmp_path / "two" / "main.py").write_text("# one")
    one, two = discovery.find_submissions(str(tmp_path))
    assert discovery.digest_of(one, "process") == discovery.digest_of(two, "process")
    (tmp_path / "two" / "main.py").write_text("# other")
    assert discovery.digest_of(one, "process") != discovery.digest_of(two, "process")


def test_a_repository_elsewhere_is_another_submission_once_it_has_another_commit(tmp_path):
    def git(*arguments):
        who = ["-c", "user.name=ada", "-c", "user.email=ada@example.org"]
        subprocess.run(["git", *who, *arguments], cwd=tmp_path / "ada", check=True, capture_output=True)

    class_of(tmp_path, "ada")
    git("init", "-q")
    git("add", ".")
    git("commit", "-qm", "first")
    (tmp_path / "urls.txt").write_text(
        f"ada file://{tmp_path / 'ada'}\nnobody file://{tmp_path / 'nowhere'}\n"
    )
    ada, nobody = discovery.find_submissions(str(tmp_path / "urls.txt"))
    first = discovery.digest_of(ada, "process")
    assert discovery.digest_of(ada, "process") == first
    git("commit", "-qm", "second", "--allow-empty")
    assert discovery.digest_of(ada, "process") != first
    with pytest.raises(SubmissionError, match="no repository at"):
        discovery.digest_of(nobody, "process")


# --- the roster ---------------------------------------------------------------------------------------------------

CANVAS_ROSTER = 'Student,ID,SIS User ID,SIS Login ID,Section\n    Points Possible,,,,\n"Lovelace, Ada",101,s1,ada,A\n"Hopper, Grace",102,s2,grace,A\n'


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a,b\n1,2\n", "needs a header"),
        ("name,id\nAda,1\nGrace,1\n", "'1' twice"),
        ("name,id\n" + "x" * 140_000 + ",1\n", "can't be read as CSV"),
    ],
    ids=["header", "twice", "field"],
)
def test_a_roster_that_can_not_be_used_says_why(tmp_path, text, words):
    (tmp_path / "roster.csv").write_text(text)
    with pytest.raises(GraderError, match=words):
        roster.read(tmp_path / "roster.csv")


def test_a_roster_of_many_is_read_soon(tmp_path):
    lines = [f"Ada {number},{number}" for number in range(60_000)]
    (tmp_path / "roster.csv").write_text("\n".join(["name,id", *lines]))
    began = time.process_time()
    assert len(roster.read(tmp_path / "roster.csv")) == 60_000
    assert time.process_time() - began < 10


def test_who_handed_in_nothing_is_listed_and_gets_no_score(tmp_path, collected):
    (tmp_path / "roster.csv").write_text("name,login\nAda Lovelace,ada\nGrace Hopper,grace\n")
    batched(class_of(tmp_path / "class", "ada"), tmp_path / "out", roster=tmp_path / "roster.csv")
    rows = {row["name"]: row for row in rows_of(tmp_path / "out" / "gradebook.csv")}
    assert (rows["Grace Hopper"]["status"], rows["Grace Hopper"]["score"]) == ("missing", "")
    assert rows["Ada Lovelace"]["id"] == "ada"


# --- collecting once, judging always -----------------------------------------------------------------------------


def test_what_was_collected_is_not_collected_again_until_it_or_the_collector_changes(
    tmp_path, collected, monkeypatch
):
    place = class_of(tmp_path / "class", "ada", "grace")
    batched(place, tmp_path / "out")
    batched(place, tmp_path / "out")
    assert collected == ["ada", "grace"]
    (place / "ada" / "main.py").write_text("# better")
    batched(place, tmp_path / "out")
    assert collected == ["ada", "grace", "ada"]
    monkeypatch.setattr(evidence_store, "collector", lambda: "another")
    batched(place, tmp_path / "out")
    assert collected[3:] == ["ada", "grace"]


def test_another_rubric_judges_everything_anew_and_collects_nothing(tmp_path, collected):
    place = class_of(tmp_path / "class", "ada")
    [before] = batched(place, tmp_path / "out")
    [after] = batched(place, tmp_path / "out", rubric=rubric.read(rubric.BY_NAME["original"]))
    assert collected == ["ada"]
    assert before.report.rubric != after.report.rubric


def test_a_submission_that_breaks_the_grader_is_an_error_listed_first_tried_again_and_never_a_zero(
    tmp_path, collected
):
    place = class_of(tmp_path / "class", "ada", "broken", "hostile")
    for _ in range(2):
        rows = batched(place, tmp_path / "out")
        assert [(row.submission, row.status) for row in rows] == [
            ("broken", "error"),
            ("hostile", "ungradable"),
            ("ada", "incomplete"),
        ]
    table = {row["submission"]: row for row in rows_of(tmp_path / "out" / "gradebook.csv")}
    assert table["broken"]["score"] == table["hostile"]["score"] == ""
    assert collected == ["ada", "broken", "hostile", "broken"]
    for name in ("canvas.csv", "moodle.csv"):
        assert "broken" not in (tmp_path / "out" / name).read_text()


def test_the_same_work_handed_in_twice_is_collected_once_and_shown_under_both_names(tmp_path, collected):
    place = class_of(tmp_path / "class", "ada", "grace")
    (place / "grace" / "main.py").write_text("# ada")
    rows = batched(place, tmp_path / "out")
    assert collected == ["ada"]
    assert [row.report.submission.name for row in rows] == ["ada", "grace"]


def test_a_record_that_was_tampered_with_is_an_error(tmp_path, collected):
    place = class_of(tmp_path / "class", "ada")
    batched(place, tmp_path / "out")
    [record] = (tmp_path / "out" / ".grader" / "records").glob("*.record")
    record.write_bytes(record.read_bytes()[:-30])
    [row] = batched(place, tmp_path / "out")
    assert row.status == "error"


def test_a_record_keeps_evidence_and_bytes_and_refuses_others():
    evidence = seen("ada").with_blobs({sha256_of(b"x"): b"x"})
    outcome, packed = evidence_store.parse_record(
        evidence_store.entry(Outcome(state="graded"), packing.pack(evidence))
    )
    assert (outcome.state, packing.unpack(packed).blobs) == ("graded", evidence.blobs)
    with pytest.raises(EvidenceError, match="changed"):
        packing.unpack(packing.pack(seen("ada").with_blobs({"0" * 64: b"x"})))
    for content in (b"\x80\x04\x95 a pickle", b'{"state": "graded", "more": 1}\n', b"[" * 100_000):
        with pytest.raises(EvidenceError):
            evidence_store.parse_record(content)


def test_records_can_be_kept_in_a_bucket(s3_mock, s3_bucket):
    kept = evidence_store.open_vault(f"s3://{s3_bucket}/class/a")
    assert kept.get("r.zip") is None
    kept.put("r.zip", b"content")
    assert (kept.get("r.zip"), kept.names()) == (b"content", ["r.zip"])
    assert [one.name for one in discovery.find_submissions(f"s3://{s3_bucket}/class/a")] == ["r"]


# --- what comes out ----------------------------------------------------------------------------------------------


def test_what_changed_since_the_last_run_is_reported(tmp_path, collected):
    place = class_of(tmp_path / "class", "ada", "grace")
    assert [row.change for row in batched(place, tmp_path / "out")] == ["", ""]
    assert [row.change for row in batched(place, tmp_path / "out")] == ["", ""]
    file = tmp_path / "out" / ".grader" / "last.json"
    before = json.loads(file.read_text())
    before["ada"] |= {"score": 99.0, "status": "complete"}
    file.write_text(json.dumps(before))
    assert [row.change for row in batched(place, tmp_path / "out")] == ["was complete; had 99 points", ""]
    assert "was complete" in (tmp_path / "out" / "index.html").read_text()


@pytest.mark.parametrize("name", ["=cmd|' /C calc'!A0", "+1", "-1", "@SUM(A1)"])
def test_a_name_that_is_a_formula_is_text_in_the_tables(name):
    row = entries.Entry(name=name, submission=name, state="missing")
    assert rows_first(gradebook.gradebook([row])).startswith("'")


def rows_first(text: str) -> str:
    return next(csv.reader(io.StringIO(text.partition("\n")[2])))[0]


def test_a_name_that_is_a_script_is_text_on_the_page():
    row = entries.Entry(name="<script>alert(1)</script>", submission="x", state="missing")
    page = overview.render([row], "Class", "bubblewrap")
    assert "<script>alert" not in page
    assert page.count("<script>") == 1
    assert "script-src &#39;sha256-" in page or "script-src 'sha256-" in page


def test_canvas_gets_the_columns_and_the_line_of_points_that_it_wants(tmp_path, collected):
    (tmp_path / "roster.csv").write_text(CANVAS_ROSTER)
    place = tmp_path / "class"
    place.mkdir()
    shutil.make_archive(str(place / "lovelaceada_101_1_work"), "zip", HONEST)
    batched(place, tmp_path / "out", roster=tmp_path / "roster.csv")
    head, points, ada = list(csv.reader(io.StringIO((tmp_path / "out" / "canvas.csv").read_text())))
    assert head[:5] == ["Student", "ID", "SIS User ID", "SIS Login ID", "Section"]
    assert (points[0], points[5]) == ("Points Possible", "79")
    assert ada[:5] == ["Lovelace, Ada", "101", "s1", "ada", "A"]


def test_renaming_and_comments_do_not_hide_a_copy(tmp_path):
    from grader.collect.code.fingerprints import fingerprints

    source = (HONEST / "main.py").read_text()
    (tmp_path / "a.py").write_text(source)
    (tmp_path / "b.py").write_text(
        "# mine\n" + source.replace("wish", "order").replace("answer", "text_of_it")
    )
    one, other = fingerprints([tmp_path / "a.py"]), fingerprints([tmp_path / "b.py"])
    assert len(one) > 40
    assert len(one & other) >= 0.95 * len(one)


def test_tests_that_steer_pytest_are_for_a_person_to_read():
    odd = Record(state="graded", odd=("conftest.py, line 3: os._exit",))
    row = entries.entry(HandedIn("ada", "ada"), Outcome(state="graded"), odd, None)
    assert "conftest.py, line 3: os._exit" in row.wants_a_look
    assert replace(row, odd=()).wants_a_look != row.wants_a_look


# --- workers that are lost ---------------------------------------------------------------------------------------


def test_a_submission_whose_worker_is_lost_twice_waits_for_a_person(tmp_path, monkeypatch):
    tried = []

    def lost(path, wanted, keep, **options):
        tried.append(path)
        return Record(state="error", lost=True, message="The grader's worker ended early.")

    monkeypatch.setattr(collecting, "collect_record", lost)
    place = class_of(tmp_path / "class", "ada")
    for _ in range(3):
        [row] = batched(place, tmp_path / "out")
        assert (row.status, row.score) == ("error", None)
        assert "a person has to look" in row.wants_a_look
    assert len(tried) == 2
    batched(place, tmp_path / "out", retry=True)
    assert len(tried) == 4
    assert (tmp_path / "out" / "gradebook.csv").exists()


def test_trouble_of_this_machine_is_tried_again_in_every_run(tmp_path, monkeypatch):
    tried = []

    def trouble(path, wanted, keep, **options):
        tried.append(path)
        raise GraderError("no space left")

    monkeypatch.setattr(collecting, "collect_record", trouble)
    place = class_of(tmp_path / "class", "ada")
    for _ in range(3):
        batched(place, tmp_path / "out")
    assert len(tried) == 3


# --- for real -----------------------------------------------------------------------------------------------------


def test_a_small_class_is_graded_for_real(tmp_path):
    for name in ("ada", "grace"):
        shutil.copytree(HONEST, tmp_path / "class" / name, ignore=shutil.ignore_patterns("tests"))
    (tmp_path / "class" / "grace" / "main.py").write_text("raise SystemExit('no app')")
    (tmp_path / "class" / "eve.zip").write_bytes(b"no archive")
    command = [BIN / "grader", "batch", tmp_path / "class", "--out", tmp_path / "out", "--jobs", "2"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    rows = {row["submission"]: row for row in rows_of(tmp_path / "out" / "gradebook.csv")}
    assert (rows["eve"]["status"], rows["ada"]["endpoint.saves_to_s3"]) == ("ungradable", "passed")
    assert rows["grace"]["endpoint.starts"] == "failed"
    report = json.loads((tmp_path / "out" / "reports" / "ada.json").read_text())
    assert report["submission"]["name"] == "ada"
    assert (tmp_path / "out" / "reports" / "ada.html").exists()
    again = subprocess.run(command, capture_output=True, text=True)
    assert "3 are collected already, 0 to go" in again.stderr


def test_a_class_s_records_name_no_learner(tmp_path, monkeypatch):
    """What two learners hand in alike is collected once: the second one must not read the first one's name."""
    asked = []

    def ungradable(path, wanted, keep, **options):
        asked.append(wanted.name)
        return Record(state="ungradable", message=f"{wanted.name} is empty: there is nothing to grade.")

    monkeypatch.setattr(collecting, "collect_record", ungradable)
    place = class_of(tmp_path / "class", "ada", "grace")
    (place / "grace" / "main.py").write_text("# ada")
    rows = batched(place, tmp_path / "out")
    assert asked == ["The submission"]
    assert {row.message for row in rows} == {"The submission is empty: there is nothing to grade."}


def test_namesakes_whose_work_is_alike_are_told_apart():
    schmidts = [Learner("Schmidt, Anna", id, {}) for id in ("103", "104")]
    rows = [Entry(each.name, f"s{each.id}", "graded", learner=each) for each in schmidts]
    rows.append(Entry("Okafor, Ben", "okafor", "graded"))
    assert entries.called(rows) == {
        "s103": "Schmidt, Anna (103)",
        "s104": "Schmidt, Anna (104)",
        "okafor": "Okafor, Ben",
    }


def test_what_few_were_asked_is_not_the_hardest():
    def graded(name: str, **verdicts: str) -> Entry:
        whole = words.report()
        [one, *_] = whole.criteria
        results = tuple(
            one.model_copy(update={"id": id, "status": status}) for id, status in verdicts.items()
        )
        return Entry(name, name, "graded", report=whole.model_copy(update={"criteria": results}))

    rows = [graded(str(at), hard="failed" if at % 2 else "passed", rare="not_run") for at in range(9)]
    rows.append(graded("last", hard="failed", rare="failed"))
    assert [rate.id for rate in overview.rates(rows)] == ["hard", "rare"]


def test_names_are_sorted_without_their_marks():
    names = ["Zoë Quinn", "Émile Zola", "Anna Schmidt", "Frank Li"]
    assert sorted(names, key=sortable) == ["Anna Schmidt", "Émile Zola", "Frank Li", "Zoë Quinn"]


def test_the_list_says_what_the_grader_could_not_do():
    whole = words.report()
    busy = whole.criteria[0].model_copy(
        update={"id": "tests.pass", "status": "error", "summary": "It was busy."}
    )
    row = Entry("ada", "ada", "graded", report=whole.model_copy(update={"criteria": (busy,)}))
    assert row.trouble == "tests.pass: It was busy."
    assert (
        Entry("bob", "bob", "error", message="The worker ended early.").trouble == "The worker ended early."
    )
    assert Entry("cyd", "cyd", "ungradable", message="It is empty.").trouble == ""
