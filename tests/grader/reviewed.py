"""Results of a batch to review: made without running anything, from evidence that is chosen here."""

from datetime import UTC, datetime
from pathlib import Path

from grader import rubric
from grader.batch import entries, evidence_store
from grader.batch.discovery import HandedIn
from grader.batch.evidence_store import Outcome
from grader.evidence import AppStart, Evidence, Exchange, Offer, Scans, Secret, Source, Submission
from grader.judge import judge
from grader.review import record, similarity
from grader.worker import Record, packing

CODE = """from fastapi import FastAPI

app = FastAPI()


@app.post("/files")
def make(wish: str) -> dict[str, str]:
    return {"made": wish}
"""
CREDENTIAL = Secret(kind="OpenAI key", where="src/main.py, line 3", shown="sk-abc…40 characters")


def evidence(name: str, digest: str = "", **facts) -> Evidence:
    """Of one submission; `scans` and the others as `Evidence` has them."""
    exchange = Exchange(
        id="ex-1",
        purpose="generate a text",
        method="POST",
        url="/files?wish=a",
        status=500,
        body="Internal error",
    )
    offer = Offer(kind="text", method="POST", path="/files", prompt_input=None, exchange="ex-1")
    facts = {
        "app": AppStart(started=True, log='File "/work/src/main.py", line 8, in make'),
        "scans": Scans(env_is_ignored=False, sources=(Source(path="src/main.py", text=CODE),)),
        "exchanges": (exchange,),
        "offers": (offer,),
    } | facts
    submission = Submission(name=name, digest=digest or f"sha256:{name}")
    return Evidence(submission=submission, isolation="process", bucket="b", canary_fingerprint="f", **facts)


def results(
    out: Path, *works: Evidence, more: tuple[entries.Entry, ...] = (), now: datetime | None = None
) -> Path:
    """A folder as `grader batch` leaves it for a review."""
    place = str(out / ".grader" / "records")
    rows, records = [], {}
    for seen in works:
        name = seen.submission.name
        outcome = Outcome(state="graded", seconds=20.0)
        records[name] = evidence_store.name_of(seen.submission.digest, name)
        evidence_store.open_vault(place).put(records[name], evidence_store.entry(outcome, packing.pack(seen)))
        kept = Record(state="graded", report=judge(seen, rubric.read()), odd=seen.scans.odd)
        rows.append(entries.entry(HandedIn(name, name), outcome, kept, None))
    shapes = {seen.submission.name: frozenset(seen.scans.fingerprints) for seen in works}
    digests = {seen.submission.name: seen.submission.digest for seen in works}
    groups = similarity.groups(shapes, digests)
    when = now or datetime(2026, 12, 1, 12, tzinfo=UTC)
    record.write(out, rubric.read(), "process", place, [*rows, *more], records, groups, when)
    return out
