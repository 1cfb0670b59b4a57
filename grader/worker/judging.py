"""Inside a worker's sandbox: judge and render evidence that was collected before; nothing is run."""

from pathlib import Path
from typing import Any

from grader import evidence
from grader.errors import AssignmentError, EvidenceError
from grader.inside import wire
from grader.worker import packing, writing
from grader.worker.records import Instructions, Record


def main(order: dict[str, Any]) -> None:
    """Judge: the files of the order are the evidence and the file for the record.

    `name`: the submission's, in place of the one it was collected under, if given. `packed`: whether the evidence is
    one record of `grader.batch.evidence_store`; else it comes as the stream of a folder's files.
    """
    incoming, out = order["files"]
    instructions = Instructions.model_validate(order["instructions"])
    with open(incoming, "rb") as source, open(out, "wb") as stream:
        try:
            seen = _evidence(source, packed=order["packed"])
            if instructions.name:
                seen = seen.renamed(instructions.name)
            assignment = writing.read_assignment(instructions)
        except (EvidenceError, AssignmentError) as error:
            writing.outcome(stream, Record(state="error", message=str(error)[:2_000]))
            return
        writing.write_everything(stream, seen, instructions, 0.0, assignment)


def _evidence(source: Any, *, packed: bool) -> Any:
    if packed:
        return packing.unpack(source.read())
    place = Path.cwd() / "evidence"
    try:
        for name, content in wire.read_files(source, 10_000, 1 << 30):
            wire.put_file(str(place), name, content)
    except wire.WireError as error:
        raise EvidenceError(str(error)) from error
    return evidence.load(place)
