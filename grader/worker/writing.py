"""How a worker writes its record: first the record, then the requested pages and evidence."""

import resource
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from grader import rubric as rubrics
from grader.evidence import Evidence
from grader.inside import wire
from grader.judge import Report, judge
from grader.report.language import ENGLISH, Language, language
from grader.review import applying
from grader.worker import packing
from grader.worker.records import Instructions, Record

if TYPE_CHECKING:
    from grader.assignment.assignment import Assignment

RECORD, PAGE, EVIDENCE, PACKED = "record.json", "page.html", "evidence.json", "evidence.zip"
VIEW = "view.json"


def read_assignment(wanted: Instructions) -> "Assignment | None":
    """The assignment that the worker was given; None for the lab's own.

    Raises:
        AssignmentError: something in it makes no sense here.
    """
    if not wanted.assignment:
        return None
    from grader.assignment.assignment import read  # here: the lab's own does without what it loads

    return read(Path(wanted.assignment), is_copy=True)


def outcome(stream: BinaryIO, record: Record) -> None:
    """A record without anything beside it."""
    stream.seek(0)
    stream.truncate()
    wire.write_file(stream, RECORD, record.model_dump_json(by_alias=True).encode())
    wire.end_files(stream)


def write_everything(
    stream: BinaryIO,
    seen: Evidence,
    wanted: Instructions,
    seconds: float,
    assignment: "Assignment | None" = None,
) -> None:
    """Write the record of a grading, and what goes with it. `assignment`: another one than the lab's."""
    rubric = rubrics.from_table(wanted.rubric) if wanted.rubric is not None else None
    kit = (assignment.criteria, assignment.sections) if assignment else ()
    report = judge(seen, rubric, *kit) if rubric is not None else None
    if report is not None and rubric is not None and wanted.decisions is not None:
        report = applying.apply_decisions(report, wanted.decisions, rubric)
    record = Record(
        state="graded",
        report=report,
        odd=tuple(line[:1_000] for line in seen.scans.odd[:100]),
        fingerprints=seen.scans.fingerprints,
        seconds=round(seconds, 3),
        cpu_seconds=round(_cpu_seconds(), 3),
    )
    wire.write_file(stream, RECORD, record.model_dump_json(by_alias=True).encode())
    if report is not None and "html" in wanted.pages:
        say = assignment.language(wanted.language) if assignment else language(wanted.language)
        wire.write_file(stream, PAGE, page(report, seen, say))
    if report is not None and "view" in wanted.pages:
        from grader.review import viewing

        wire.write_file(stream, VIEW, viewing.view(seen, report).model_dump_json().encode())
    if wanted.evidence == "files":
        wire.write_file(stream, EVIDENCE, seen.model_dump_json(by_alias=True, indent=1).encode())
        for name, content in seen.blobs.items():
            wire.write_file(stream, f"blobs/{name}", content)
    elif wanted.evidence == "record":
        wire.write_file(stream, PACKED, packing.pack(seen))
    wire.end_files(stream)


def page(report: Report, seen: Evidence, say: Language = ENGLISH) -> bytes:
    """The report as a page, in a language."""
    from grader.report import html

    return html.render(report, seen, say).encode("utf-8", "backslashreplace")


def _cpu_seconds() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)
