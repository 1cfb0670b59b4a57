"""Packs evidence into one ZIP (`evidence.json` and its blobs), in workers only."""

import io
import zipfile

from pydantic import ValidationError

from grader.errors import EvidenceError
from grader.evidence import Evidence, sha256_of

_MOST_BYTES = 1024 * 1024 * 1024  # unpacked


def pack(evidence: Evidence) -> bytes:
    """Evidence as the bytes of one file."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as bundle:
        bundle.writestr("evidence.json", evidence.model_dump_json(by_alias=True))
        for name, content in evidence.blobs.items():
            bundle.writestr(f"blobs/{name}", content)
    return out.getvalue()


def unpack(content: bytes) -> Evidence:
    """The evidence that such bytes hold.

    Raises:
        EvidenceError: it isn't one, or was changed.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as bundle:
            if sum(member.file_size for member in bundle.infolist()) > _MOST_BYTES:
                raise EvidenceError("A record is larger than any that this grader writes.")
            names = bundle.namelist()
            evidence = Evidence.model_validate_json(bundle.read("evidence.json"))
            blobs = {name[6:]: bundle.read(name) for name in names if name.startswith("blobs/")}
    except (zipfile.BadZipFile, KeyError, TypeError, ValueError, ValidationError, OSError) as error:
        raise EvidenceError(f"A record is not one that this grader wrote: {type(error).__name__}.") from error
    if any(sha256_of(blob) != name for name, blob in blobs.items()):
        raise EvidenceError("A record was changed after it was written.")
    return evidence.with_blobs(blobs)
