"""Which packages a submission's code imports: loaded once in its sandbox, they serve the app, the suite and each planted
fault.
"""

import re
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

from grader import reading
from grader.sandbox.loadable import HEAVY

_IMPORT = re.compile(
    rf"^[ \t]*(?:import|from)[ \t]+({'|'.join(name for name in HEAVY if '.' not in name)})\b", re.MULTILINE
)
_PARTS = re.compile(r"\.(chat|responses|images|audio)\.")
_FIXTURES = re.compile(r"\b(?:openai_mock|s3_mock|s3_bucket)\b")
_MOST_FILES = 2_000


def worth_loading(root: Path) -> Sequence[str]:
    """The modules to load before the submission's own code is run."""
    found: set[str] = set()
    parts: set[str] = set()
    for file in islice(root.rglob("*.py"), _MOST_FILES):
        try:
            text = reading.read_bytes(file, reading.MAX_PYTHON).decode("utf-8", "replace")
        except reading.Unreadable:
            continue
        found |= set(_IMPORT.findall(text))
        parts |= {f"openai.{name}" for name in _PARTS.findall(text)}
        found |= {"classroom"} if _FIXTURES.search(text) else set()
    found |= parts if "openai" in found else set()
    return [module for package in HEAVY if package in found for module in HEAVY[package]]
