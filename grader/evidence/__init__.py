"""Evidence: what was observed of a submission, as data.

Collected once, by running; judged as often as one likes, by reading. Texts are capped where they come in.
Bytes lie beside, by their hash.
"""

from grader.evidence.exchanges import Call, Exchange, Output, StoredObject
from grader.evidence.files import Environment, Scans, Secret, Source, Submission
from grader.evidence.questions import Input, Miss, Offer, Probe
from grader.evidence.record import (
    EXTENSIONS,
    KINDS,
    MAX_BLOB,
    MAX_TEXT,
    Kind,
    Writable,
    a_file,
    cap,
    sha256_of,
)
from grader.evidence.runs import (
    AppStart,
    CheckedExercise,
    NotebookRun,
    PlantedFault,
    RedTest,
    StartVerdict,
    TestRun,
)
from grader.evidence.storage import load, save
from grader.evidence.whole import Evidence

__all__ = [
    "EXTENSIONS",
    "KINDS",
    "MAX_BLOB",
    "MAX_TEXT",
    "AppStart",
    "Call",
    "CheckedExercise",
    "Environment",
    "Evidence",
    "Exchange",
    "Input",
    "Kind",
    "Miss",
    "NotebookRun",
    "Offer",
    "Output",
    "PlantedFault",
    "Probe",
    "RedTest",
    "Scans",
    "Secret",
    "Source",
    "StartVerdict",
    "StoredObject",
    "Submission",
    "TestRun",
    "Writable",
    "a_file",
    "cap",
    "load",
    "save",
    "sha256_of",
]
