"""Judges evidence that was collected before, in a worker: nothing of the submission is run."""

import contextlib
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from grader.errors import EvidenceError, GraderError
from grader.inside import wire
from grader.sandbox import Sandbox
from grader.worker.orders import CEILINGS, instructions_for, laid_out, order_for, receive
from grader.worker.records import Record
from grader.worker.wanted import Graded, Wanted

_JUDGING_SECONDS = 120.0  # for one submission
# loaded before it is given its work
_JUDGING = (
    "grader.worker.judging",
    "grader.worker.packing",
    "grader.criteria.validity",
    "grader.report.html",
    "grader.review.applying",
)


def judge_again(
    evidence: Iterable[tuple[str, BinaryIO]],
    wanted: Wanted,
    keep: Callable[[str, str, bytes], None],
    *,
    packed: bool,
) -> Iterator[tuple[str, Record]]:
    """Judge evidence that was collected before, in one sandbox, each in a process of its own.

    Args:
        evidence: the name to show, and the open file: a record (`packed`), or a stream of a folder's files.
        keep: given the name, and what was written beside the record, name and bytes.
    """
    with contextlib.ExitStack() as stack:
        reads = stack.enter_context(laid_out(wanted))
        sandbox: Sandbox | None = None
        for name, source in evidence:
            try:
                if sandbox is None:
                    sandbox = stack.enter_context(
                        Sandbox(wanted.tier, purpose="worker", ceilings=CEILINGS, reads=reads)
                    )
                    sandbox.preload(_JUDGING)
                yield name, _judge(sandbox, name, source, wanted, keep, reads, packed=packed)
            except GraderError as error:  # the sandbox is gone: the next ones get another
                sandbox = None
                yield name, Record(state="error", lost=True, message=str(error)[:2_000])


def _judge(
    sandbox: Sandbox,
    name: str,
    source: BinaryIO,
    wanted: Wanted,
    keep: Callable[[str, str, bytes], None],
    reads: Sequence[Path],
    *,
    packed: bool,
) -> Record:
    with tempfile.TemporaryFile() as out:
        order = order_for(sandbox, "judge", instructions_for(wanted, "archive", name, reads), packed=packed)
        with sandbox.start(order, [source.fileno(), out.fileno()]) as job:
            code = job.wait(_JUDGING_SECONDS)
        if code is None:
            reason = f"Judging it timed out after {_JUDGING_SECONDS:g} seconds."
            return Record(state="error", lost=True, message=reason)
        return receive(out, code, job.log, lambda file, content: keep(name, file, content))


def rejudge(folder: Path, wanted: Wanted) -> Graded:
    """Judge the evidence that `grader check --evidence` wrote into a folder.

    Raises:
        EvidenceError: there is none, or it isn't what the grader wrote.
    """
    files: dict[str, bytes] = {}
    with _stream(folder) as stream:
        [(_, record)] = judge_again(
            [("", stream)], wanted, lambda name, file, content: files.__setitem__(file, content), packed=False
        )
    if record.report is None:
        raise EvidenceError(record.message)
    return Graded(record.report, files)


@contextmanager
def _stream(path: Path) -> Iterator[BinaryIO]:
    file = path / "evidence.json" if path.is_dir() else path
    if not file.is_file():
        raise EvidenceError(f"There is no evidence at {path}. Make it with: grader check … --evidence DIR")
    with tempfile.TemporaryFile() as stream:
        wire.write_file(stream, "evidence.json", file.read_bytes())
        for blob in sorted((file.parent / "blobs").glob("*")):
            if blob.is_file() and not blob.is_symlink():
                wire.write_file(stream, f"blobs/{blob.name}", blob.read_bytes())
        wire.end_files(stream)
        stream.seek(0)
        yield stream
