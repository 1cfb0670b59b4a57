"""What a person decides: kept whatever happens, applied the same everywhere, and never to other work."""

import csv
import json
import os
import random
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from grader import rubric
from grader.batch import evidence_store, pools, run
from grader.batch.evidence_store import Outcome
from grader.batch.run import Plan
from grader.cli import app
from grader.errors import EvidenceError, GraderError
from grader.evidence import AppStart, Evidence, Scans, Submission
from grader.judge import judge
from grader.report import gradescope, junit
from grader.review import applying, opening, store
from grader.review.decisions import Answer, Comment, Decisions, ForLearner, Look, Override, Request
from grader.rubric import Rubric, Worth
from grader.worker import packing
from tests.grader.hostile_words import EVERYTHING
from tests.sampling import ALL

NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)


def override(learner="ada", criterion="secrets.ignored_by_git", id="d-1", **facts) -> Override:
    facts = {"status": "passed", "reason": "Seen in class."} | facts
    return Override(id=id, at=NOON, learner=learner, criterion=criterion, **facts)


def comment(text="Well done.", learner="ada", id="d-2", **facts) -> Comment:
    return Comment(id=id, at=NOON, learner=learner, text=text, **facts)


def seen(name="ada", digest="sha256:1", **facts) -> Evidence:
    facts = {"app": AppStart(started=True), "scans": Scans(env_is_ignored=False)} | facts
    return Evidence(
        submission=Submission(name=name, digest=digest),
        isolation="process",
        bucket="b",
        canary_fingerprint="f",
        **facts,
    )


@pytest.fixture(scope="module")
def report():
    return judge(seen(), rubric.read())


def decided(report, *decisions, worth=None):
    return applying.apply_decisions(report, Decisions(decisions=decisions).of("ada"), worth or rubric.read())


def result_of(report, id="secrets.ignored_by_git"):
    return next(each for each in report.criteria if each.id == id)


# --- applying -----------------------------------------------------------------------------------------------------


def test_an_override_changes_verdict_points_and_score_and_names_what_the_grader_judged(report):
    before, now = result_of(report), result_of(after := decided(report, override()))
    assert (before.status, before.points) == ("failed", 0)
    assert (now.status, now.points) == ("passed", now.max_points)
    assert now.overridden.status == "failed"
    assert now.overridden.reason == "Seen in class."
    assert after.score == report.score + now.max_points


def test_points_alone_leave_the_verdict(report):
    now = result_of(decided(report, override(status=None, points=0.5)))
    assert (now.status, now.points) == ("failed", 0.5)


def test_points_beyond_a_smaller_rubric_s_are_cut(report):
    assert (
        result_of(decided(report, override(status=None, points=900))).points == result_of(report).max_points
    )


def test_an_override_of_a_fault_of_the_grader_s_ends_it():
    broken = judge(seen(), rubric.read())
    first = broken.criteria[0].model_copy(update={"status": "error"})
    broken = broken.model_copy(update={"criteria": (first, *broken.criteria[1:])})
    assert broken.has_error
    assert not decided(broken, override(criterion=first.id)).has_error


def test_where_one_of_several_is_enough_an_override_makes_the_others_optional(report):
    one = tuple(id for id, worth in rubric.read().worth.items() if worth.required == "one")
    assert all(result_of(report, id).required for id in one)
    after = decided(report, override(criterion=one[0]))
    assert [result_of(after, id).required for id in one] == [True, *[False] * (len(one) - 1)]


def test_applying_twice_is_applying_once_and_can_be_taken_back(report):
    for_ada = Decisions(decisions=(override(), comment(criterion="secrets.ignored_by_git"))).of("ada")
    once = applying.apply_decisions(report, for_ada, rubric.read())
    assert applying.apply_decisions(once, for_ada, rubric.read()) == once
    assert applying.undo_decisions(once) == report


def test_an_override_holds_for_the_work_that_was_looked_at_only(report):
    after = decided(report, override(digest="sha256:earlier"))
    assert result_of(after).status == "failed"
    assert after.outdated == ("secrets.ignored_by_git",)
    again = decided(report, override(digest="sha256:earlier"), override(id="d-3", digest="sha256:1"))
    assert (result_of(again).status, again.outdated) == ("passed", ())


def test_the_last_override_holds_and_undone_the_one_before(report):
    kept = Decisions(decisions=(override(), override(id="d-2", status="failed", reason="Looked again.")))
    assert result_of(applying.apply_decisions(report, kept.of("ada"), rubric.read())).status == "failed"
    kept = kept.with_undone("d-2", NOON)
    assert result_of(applying.apply_decisions(report, kept.of("ada"), rubric.read())).status == "passed"
    kept = kept.with_undone("d-2", None)
    assert result_of(applying.apply_decisions(report, kept.of("ada"), rubric.read())).status == "failed"


def test_decisions_on_one_learner_are_not_another_s(report):
    assert result_of(decided(report, override(learner="grace"))).status == "failed"


@pytest.mark.parametrize(
    "facts", [{"status": None}, {"reason": ""}, {"points": -1}, {"points": float("nan")}]
)
def test_an_override_without_a_change_or_a_reason_is_none(facts):
    with pytest.raises(ValueError, match="Override"):
        override(**facts)


def test_every_form_of_the_report_says_what_a_person_decided(report):
    entered = (
        override(),
        comment("Mind the .env.", criterion="secrets.ignored_by_git"),
        comment("A good start.", id="d-3"),
        Request(
            id="d-4", at=NOON, learner="ada", criterion="secrets.ignored_by_git", text="I did ignore it."
        ),
        Answer(id="d-5", at=NOON, learner="ada", request="d-4", text="You did: changed."),
    )
    after = decided(report, *entered)
    words = json.loads(gradescope.render(after))
    one = next(each for each in words["tests"] if each["number"] == "secrets.ignored_by_git")
    assert "Changed by a person: Seen in class. (The grader: failed, 0 points.)" in one["output"]
    assert "Comment: Mind the .env." in one["output"]
    for each in ("A good start.", "I did ignore it.", "You did: changed.", "Tell your instructor"):
        assert each in words["output"]
    assert words["score"] == after.score
    assert "Seen in class." in junit.render(after)


# --- keeping ------------------------------------------------------------------------------------------------------


def everything(words: str) -> Decisions:
    return Decisions(
        anonymous=True,
        how_to_ask=words,
        salt="s",
        decisions=(
            override(learner=words, reason=words, points=1.5),
            comment(words, undone=NOON),
            Request(id="d-3", at=NOON, learner="ada", text=words),
            Answer(id="d-4", at=NOON, learner="ada", request="d-3", text=words),
            Look(id="d-5", at=NOON, learner="ada", digest="sha256:1"),
        ),
    ).with_draft("ada", "comment", words)


@pytest.mark.parametrize(
    "words", ["plain", "a\"b\\c'd\n\"\"\"\n'''", "]]\n[[x]]\n# = \x00\x7f\ud800", EVERYTHING]
)
def test_what_is_written_is_read_back(tmp_path, words):
    kept = everything(words)
    file = tmp_path / store.NAME
    file.write_bytes(store.render_decisions(kept))
    assert store.read(tmp_path) == kept


def test_no_file_is_no_decisions(tmp_path):
    assert store.read(tmp_path) == Decisions()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("schema = 1\n[[decisions]\n", "line 2"),
        ("schema = 2", "schema"),
        ('[[decisions]]\nkind = "override"', "decisions.0"),
        ("unknown = 1", "unknown"),
    ],
)
def test_a_file_that_can_not_be_read_says_where_and_is_left_alone(tmp_path, text, words):
    file = tmp_path / store.NAME
    file.write_text(text)
    with pytest.raises(GraderError, match=words), store.Writer(tmp_path):
        pass
    assert file.read_text() == text


def test_two_decisions_of_one_identifier_are_refused(tmp_path):
    text = store.render_decisions(Decisions(decisions=(comment(),))).decode()
    (tmp_path / store.NAME).write_text(text + "\n" + text[text.index("[[decisions") :])
    with pytest.raises(GraderError):
        store.read(tmp_path)


def test_one_review_at_a_time_writes(tmp_path):
    with store.Writer(tmp_path), pytest.raises(GraderError, match="Another review"), store.Writer(tmp_path):
        pass
    with store.Writer(tmp_path) as free:
        free.change(lambda kept: kept.with_decision(comment()))


def test_what_was_changed_by_hand_meanwhile_is_kept(tmp_path):
    with store.Writer(tmp_path) as writer:
        writer.change(lambda kept: kept.with_decision(comment("one", id="d-1")))
        by_hand = store.read(tmp_path).with_decision(comment("two", id="d-2"))
        (tmp_path / store.NAME).write_bytes(store.render_decisions(by_hand))
        writer.change(lambda kept: kept.with_decision(comment("three", id="d-3")))
    assert [each.text for each in store.read(tmp_path).decisions] == ["one", "two", "three"]


def test_a_mistake_made_by_hand_meanwhile_is_named_and_not_overwritten(tmp_path):
    with store.Writer(tmp_path) as writer:
        writer.change(lambda kept: kept.with_decision(comment()))
        (tmp_path / store.NAME).write_text("[[oops")
        with pytest.raises(GraderError, match="not valid TOML"):
            writer.change(lambda kept: kept.with_decision(comment(id="d-9")))
    assert (tmp_path / store.NAME).read_text() == "[[oops"


def test_a_link_in_the_file_s_place_is_replaced_and_never_followed(tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_bytes(store.render_decisions(Decisions()))
    results = tmp_path / "results"
    results.mkdir()
    (results / store.NAME).symlink_to(elsewhere)
    with store.Writer(results) as writer:
        writer.change(lambda kept: kept.with_decision(comment()))
    assert elsewhere.read_bytes() == store.render_decisions(Decisions())
    assert not (results / store.NAME).is_symlink()


_TYPING = """
import sys
from pathlib import Path
from tests.grader.test_decisions import comment
from grader.review import store
with store.Writer(Path(sys.argv[1])) as writer:
    while True:
        number = writer.current().next_id()
        writer.change(lambda kept: kept.with_decision(comment("typed " * 200, id=number)))
        print(number, flush=True)
"""


def test_killed_while_writing_nothing_that_was_confirmed_is_lost(tmp_path):
    confirmed: list[str] = []
    for _ in range(10 if ALL else 3):
        process = subprocess.Popen(
            [sys.executable, "-c", _TYPING, str(tmp_path)],
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[2],
        )
        assert process.stdout
        confirmed.append(process.stdout.readline().strip())  # it writes now
        time.sleep(random.uniform(0, 0.1))
        process.send_signal(signal.SIGKILL)
        confirmed += [line for line in process.communicate()[0].split("\n")[:-1] if line]
        kept = [each.id for each in store.read(tmp_path).decisions]
        assert kept[: len(confirmed)] == confirmed  # and at most one more, which nobody had heard of
        assert len(kept) <= len(confirmed) + 1
        confirmed = kept
    assert [name for name in os.listdir(tmp_path) if name.endswith(".toml")] == [store.NAME]


# --- a class ------------------------------------------------------------------------------------------------------


class _Quiet:
    def expect(self, count):
        pass

    def began(self, task):
        pass

    def ended(self, task, outcome):
        pass


@pytest.fixture
def graded(monkeypatch, tmp_path):
    """A class of two, whose evidence is chosen here; a function that grades it, and gives the folder of the results."""

    def on_this_machine(tasks, jobs, watcher):
        for task in tasks:
            content = (Path(task.path) / "main.py").read_text()
            packed = packing.pack(seen(task.name, f"sha256:{content}"))
            evidence_store.open_vault(task.vault).put(
                task.record, evidence_store.entry(Outcome(state="graded", seconds=2.0), packed)
            )

    monkeypatch.setattr(pools, "on_this_machine", on_this_machine)

    def grade(**work: str) -> Path:
        for name, text in ({"ada": "# a", "grace": "# g"} | work).items():
            (tmp_path / "class" / name).mkdir(parents=True, exist_ok=True)
            (tmp_path / "class" / name / "main.py").write_text(text)
        plan = Plan(where=str(tmp_path / "class"), out=tmp_path / "out", rubric=rubric.read(), tier="process")
        run.batch(plan, _Quiet(), lambda text: None)
        return tmp_path / "out"

    return grade


def decide(results: Path, *decisions) -> None:
    with store.Writer(results) as writer:
        for each in decisions:
            writer.change(lambda kept, each=each: kept.with_decision(each))


def table(results: Path, name: str) -> dict[str, dict[str, str]]:
    with (results / name).open(newline="") as file:
        return {row.get("name") or row["Student"]: row for row in csv.DictReader(file)}


def test_a_batch_applies_decisions_to_its_tables_and_pages(graded):
    results = graded()
    before = float(table(results, "gradebook.csv")["ada"]["score"])
    decide(results, override(digest="sha256:# a"), comment("<b>Well</b> done.", id="d-2"))
    graded()
    worth = rubric.read().worth["secrets.ignored_by_git"].points
    for name, column in (
        ("gradebook.csv", "score"),
        ("canvas.csv", rubric.read().title),
    ):
        assert float(table(results, name)["ada"][column]) == before + worth, name
        assert float(table(results, name)["grace"][column]) == before, name
    page = (results / "reports" / "ada.html").read_text()
    assert "Changed by a person: Seen in class." in page
    assert "Comment: &lt;b&gt;Well&lt;/b&gt; done." in page
    assert "Tell your instructor" in page
    kept = json.loads((results / "reports" / "ada.json").read_text())
    assert kept["score"] == before + worth
    assert kept["comments"] == ["<b>Well</b> done."]


def test_work_that_was_handed_in_later_waits_for_another_look(graded):
    decide(graded(), override(digest="sha256:# a"))
    results = graded(ada="# another")
    assert "handed in earlier" in table(results, "gradebook.csv")["ada"]["look"]


def test_judge_opens_what_a_batch_kept_and_applies_the_decisions(graded, tmp_path):
    results = graded()
    decide(results, override(digest="sha256:# a"))
    for arguments in ([str(results), "--learner", "ada"], [str(_record(results, "ada"))]):
        out = tmp_path / "ada.json"
        done = CliRunner().invoke(app, ["judge", *arguments, "--isolation", "process", "--json", str(out)])
        report = json.loads(out.read_text())
        assert report["submission"]["name"] == "ada", done.output
        [one] = [each for each in report["criteria"] if each["id"] == "secrets.ignored_by_git"]
        assert (one["status"], one["overridden"]["status"]) == ("passed", "failed")
        out.unlink()


def _record(results: Path, name: str) -> Path:
    rows = json.loads((results / ".grader" / "review.json").read_text())["rows"]
    return results / ".grader" / "records" / next(row["record"] for row in rows if row["name"] == name)


def test_judge_asks_whose_where_several_are_meant(graded):
    results = graded(grace="# a")  # the same work as ada's: one record for both
    with pytest.raises(EvidenceError, match=r"ada .*grace .*--learner"):
        opening.find_evidence(_record(results, "ada"))
    assert opening.find_evidence(_record(results, "ada"), "Grace").name == "grace"
    with pytest.raises(EvidenceError, match="'linus'"):
        opening.find_evidence(results, "linus")


def test_a_record_without_its_class_is_judged_under_its_own_name(graded, tmp_path):
    results = graded()
    alone = tmp_path / "alone.record"
    alone.write_bytes(_record(results, "ada").read_bytes())
    assert opening.find_evidence(alone).decisions is None


def test_a_rubric_of_two_ways_is_decided_by_the_rubric_s_own_words(report):
    worth = Rubric("two", {"secrets.ignored_by_git": Worth(points=2, required="one")})
    small = judge(seen(), worth)
    assert not small.complete
    assert applying.apply_decisions(small, ForLearner(overrides=(override(),)), worth).complete
