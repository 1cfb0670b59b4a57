"""What a worker is given, and the one bounded record that is taken from it."""

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from pydantic import ValidationError

from grader import rubric as rubrics
from grader.inside import wire
from grader.inside.policy import Ceilings
from grader.sandbox import Order, Sandbox
from grader.worker import records
from grader.worker.records import Instructions, Record
from grader.worker.wanted import Keep, Wanted

# what the worker may take above what the submission's own sandbox may
CEILINGS = Ceilings(
    memory=500, address=3_072, processes=192, cpu_seconds=900, file=300, work=480, temporary=32, home=8
)
_RECORD_NAME = re.compile(r"record\.json|page\.html|view\.json|evidence\.(json|zip)|blobs/[0-9a-f]{64}")


@contextmanager
def laid_out(wanted: Wanted) -> Iterator[Sequence[Path]]:
    """The folder of another assignment than the lab's, for as long as a worker reads it."""
    if wanted.assignment is None:
        yield ()
        return
    with wanted.assignment.laid_out() as folder:
        yield (folder,)


def instructions_for(
    wanted: Wanted, kind: Any, name: str, reads: Sequence[Path] = (), *, gives_way: bool = False
) -> Instructions:
    """What a worker is to do with one submission. `reads`: as `laid_out` gives it."""
    return Instructions(
        kind=kind,
        name=name,
        tier=wanted.tier,
        environment=wanted.environment,
        only=wanted.only or (wanted.assignment.asks if wanted.assignment else ()),
        assignment=str(reads[0]) if reads else "",
        rubric=rubrics.as_table(wanted.rubric) if wanted.rubric else None,
        decisions=wanted.decisions.get(name),
        pages=wanted.pages,
        language=wanted.language,
        evidence=wanted.evidence,
        cold=wanted.cold,
        gives_way=gives_way,
        tells=wanted.tells and wanted.rubric is not None,
        processors=wanted.processors,
    )


def order_for(sandbox: Sandbox, do: Any, instructions: Instructions, **facts: Any) -> Order:
    """The order by which a sandbox starts a worker."""
    return Order(
        do=do,
        name=f"grader {do}",
        cwd=sandbox.root,
        environment=sandbox.environment(),
        facts={"instructions": instructions.model_dump(mode="json"), **facts},
    )


def receive(out: BinaryIO, code: int, log: Callable[[], str], keep: Keep) -> Record:
    """The record that a worker wrote; what lies beside it is given to `keep`."""
    out.seek(0)
    try:
        files = wire.read_files(out, records.MOST_FILES, records.MOST_BYTES)
        name, content = next(files, ("", b""))
        if name != "record.json" or len(content) > records.MOST_RECORD:
            raise wire.WireError("no record")
        record = Record.model_validate_json(content)
        for name, content in files:
            if not _RECORD_NAME.fullmatch(name):
                raise wire.WireError("a file of an unknown name")
            keep(name, content)
    except (wire.WireError, ValidationError) as error:
        return Record(state="error", lost=True, message=_why_lost(code, log(), error))
    return record


def _why_lost(code: int, log: str, error: Exception) -> str:
    if code == -9:
        return f"The grader's worker was stopped: it needed more than its {CEILINGS.memory} MB of memory."
    if code == -24:
        return f"The grader's worker was stopped: it needed more than {CEILINGS.cpu_seconds} seconds of processor time."
    last = (log.strip().splitlines() or [str(error).splitlines()[0]])[-1]
    return f"The grader's worker ended early (exit code {code}): {last[:300]}"
