"""What the criteria of an assignment are written with; the contract names these."""

from grader.collect.exchange.wording import carries
from grader.criteria.criterion import (
    Criterion,
    Finding,
    Section,
    Verdict,
    failed,
    ids,
    not_run,
    passed,
    together,
)
from grader.evidence import Call, Evidence, Exchange, Offer, Probe, StoredObject

__all__ = [
    "Call",
    "Criterion",
    "Evidence",
    "Exchange",
    "Finding",
    "Offer",
    "Probe",
    "Section",
    "StoredObject",
    "Verdict",
    "carries",
    "failed",
    "ids",
    "not_run",
    "passed",
    "together",
]
