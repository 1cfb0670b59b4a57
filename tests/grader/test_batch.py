"""A class: collected once, judged as often as one likes, handed out."""

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
    roster,
)
from grader.batch.discovery import HandedIn
from grader.batch.entries import Entry
from grader.batch.evidence_store import Outcome
from grader.batch.names import sortable
from grader.batch.roster import Learner
from grader.errors import EvidenceError, GraderError
from grader.evidence import sha256_of
from grader.worker import Record, packing
from tests.grader import hostile_words as words
from tests.grader.batches import batched, class_of, collected, rows_of, seen

HONEST = Path(__file__).parents[1] / "hostile" / "honest"
BIN = Path(sys.executable).parent

__all__ = ["collected"]  # a fixture


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
