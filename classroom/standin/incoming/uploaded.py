"""A file uploaded in a form."""

import hashlib
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Upload:
    """A file that came with a form."""

    filename: str
    media_type: str
    content: bytes = field(repr=False)

    def described(self) -> dict[str, Any]:
        """The upload as the journal keeps it: everything but the bytes."""
        return {
            "filename": self.filename,
            "media_type": self.media_type,
            "bytes": len(self.content),
            "sha256": hashlib.sha256(self.content).hexdigest(),
        }
