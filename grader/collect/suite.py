"""The learner's own tests, run as they are. What the run says of itself is a claim."""

import contextlib
import json
import re
import tempfile
from collections.abc import Sequence
from pathlib import Path

from grader.collect.process import Child, Order, base_environment
from grader.collect.values import EXTENSIONS, words_of
from grader.evidence import Offer, TestRun
from grader.submission import Submission

SUITE_SECONDS = 120.0
PLANTING_SECONDS = 180.0  # more, for the faults planted after the suite has run as it is
_MAX_REPORT = 4 * 1024 * 1024


def environment(home: Path, pythonpath: tuple[Path, ...]) -> dict[str, str]:
    """A dummy key, dummy credentials, and nothing that points at a stand-in."""
    return {
        **base_environment(home),
        "PYTHONPATH": ":".join(str(path) for path in pythonpath),
        "OPENAI_API_KEY": "sk-dummy-key-of-the-grader",
        "OPENAI_KEY": "sk-dummy-key-of-the-grader",
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": "us-east-1",
        "S3_BUCKET_NAME": "test-bucket",
        "CI": "true",
    }


def run(submission: Submission, pythonpath: tuple[Path, ...], offers: Sequence[Offer] = ()) -> TestRun:
    """Run pytest in the submission's own folder; then, for what the app offers, once more for each planted fault."""
    cwd = submission.root / submission.manifest.cwd
    where = submission.manifest.tests
    if where and not (cwd / where).exists():
        return TestRun(failure=f"[tool.lab] names the tests {where!r}, which are not there.")
    if not where and not _has_tests(cwd):
        return TestRun(failure="There are no tests: no file named test_*.py or *_test.py.")
    with tempfile.TemporaryDirectory(prefix="suite-") as place:
        report = Path(place) / "report.json"
        arguments = [
            "-q",
            "-p",
            "no:cacheprovider",
            "-p",
            "no:nbval",
            *([where] if where else []),
        ]
        order = Order(
            do="pytest",
            name="pytest",
            pythonpath=(*pythonpath, cwd),
            cwd=cwd,
            environment=environment(Path(place), pythonpath),
            python=submission.python,
            facts={
                "arguments": arguments,
                "planting": {
                    "report": str(report),
                    "frameworks": _frameworks(submission.root),
                    "generating": [_generating(offer) for offer in offers],
                },
            },
        )
        with Child(order) as child:
            code = child.wait(SUITE_SECONDS + PLANTING_SECONDS)
            output = child.log()
        claims = _claims(report)
    late = claims.seconds > SUITE_SECONDS or (code is None and not claims.found)
    failure = f"The tests did not end within {SUITE_SECONDS:g} seconds." if late else None
    return claims.model_copy(
        update={
            "found": True,
            "command": f"pytest {where or ''}".strip(),
            "exit_code": code,
            "output": output.replace(str(submission.root), "."),
            "failure": failure,
        }
    )


_FRAMEWORKS = {
    "fastapi": "starlette",
    "starlette": "starlette",
    "litestar": "litestar",
    "quart": "quart",
    "flask": "flask",
    "apiflask": "flask",
    "flask_openapi3": "flask",
    "django": "django",
}
_IMPORT = re.compile(rf"^\s*(?:import|from)\s+({'|'.join(_FRAMEWORKS)})\b", re.MULTILINE)


def _frameworks(root: Path) -> list[str]:
    """The frameworks that the code imports: only those are watched, since importing the others takes seconds."""
    found: set[str] = set()
    for file in root.rglob("*.py"):
        with contextlib.suppress(OSError, UnicodeDecodeError):
            found |= {_FRAMEWORKS[name] for name in _IMPORT.findall(file.read_text(encoding="utf-8"))}
    return sorted(found)


def _generating(offer: Offer) -> dict[str, object]:
    """By what a request for a kind is known: its method and path, and words that name the kind in it."""
    chosen = []
    if offer.type_input:
        chosen.append(offer.values.get(f"{offer.type_input.location}:{offer.type_input.name}"))
    words = {word for each in chosen for word in words_of(str(each))}
    return {
        "kind": offer.kind,
        "method": offer.method,
        "path": _pattern(offer.path),
        "words": sorted(words or EXTENSIONS[offer.kind]),
    }


def _pattern(path: str) -> str:
    """A regular expression for the paths that a template such as `/files/{name}` stands for."""
    parts = re.split(r"\{[^}]*\}", path)
    return ".*".join(re.escape(part) for part in parts)


def _has_tests(folder: Path) -> bool:
    return any(True for pattern in ("test_*.py", "*_test.py") for _ in folder.rglob(pattern))


def _claims(report: Path) -> TestRun:
    """What the run wrote of itself; nothing, if it wrote nothing or something else."""
    try:
        content = report.read_bytes()
        if len(content) > _MAX_REPORT:
            return TestRun()
        return TestRun.model_validate({**json.loads(content), "found": True})
    except (OSError, ValueError, TypeError):
        return TestRun()
