"""Evidence in a folder: `evidence.json`, and the bytes that it refers to beside it, by their hash."""

import json
from pathlib import Path

from pydantic import ValidationError

from grader.errors import EvidenceError
from grader.escaping import for_json
from grader.evidence.record import sha256_of
from grader.evidence.whole import Evidence


def save(evidence: Evidence, folder: Path) -> None:
    """Write `evidence.json` and `blobs/` into a folder; the JSON last, so that its presence means all is there."""
    blobs = folder / "blobs"
    blobs.mkdir(parents=True, exist_ok=True)
    for name, content in evidence.blobs.items():
        (blobs / name).write_bytes(content)
    text = for_json(evidence.model_dump(mode="json", by_alias=True))
    partial = folder / "evidence.json.partial"
    partial.write_text(text, encoding="utf-8")
    partial.replace(folder / "evidence.json")


def load(path: Path) -> Evidence:
    """Evidence from a folder that `save` wrote, or from its `evidence.json`.

    Raises:
        EvidenceError: it isn't there, isn't evidence, or a blob is not what its name says.
    """
    file = path / "evidence.json" if path.is_dir() else path
    try:
        evidence = Evidence.model_validate(json.loads(file.read_text(encoding="utf-8")))
    except OSError as error:
        raise EvidenceError(
            f"There is no evidence at {path} ({error.strerror}). Make it with: grader check … --evidence DIR"
        ) from error
    except (ValueError, ValidationError) as error:
        raise EvidenceError(
            f"{file} is not evidence that this grader wrote: {str(error).splitlines()[0]}"
        ) from error
    blobs: dict[str, bytes] = {}
    for blob in sorted((file.parent / "blobs").glob("*")):
        content = blob.read_bytes()
        if sha256_of(content) != blob.name:
            raise EvidenceError(f"{blob} was changed after it was written.")
        blobs[blob.name] = content
    return evidence.with_blobs(blobs)
