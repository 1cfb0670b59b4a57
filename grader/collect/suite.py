"""The learner's own tests, run as they are. What the run says of itself is a claim."""

import tempfile
import time
import xml.etree.ElementTree as ElementTree
from pathlib import Path

from grader.collect.process import Child, Order, base_environment
from grader.evidence import TestRun
from grader.submission import Submission

SUITE_SECONDS = 120.0
_DEAD_PROXY = "http://127.0.0.1:9"  # nothing listens there: whatever would leave this computer fails at once
_MAX_REPORT = 4 * 1024 * 1024


def environment(home: Path, pythonpath: tuple[Path, ...]) -> dict[str, str]:
    """A dummy key, dummy credentials, and no way out but loopback."""
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
        "HTTP_PROXY": _DEAD_PROXY,
        "HTTPS_PROXY": _DEAD_PROXY,
        "NO_PROXY": "127.0.0.1,localhost,testserver",
    }


def run(submission: Submission, pythonpath: tuple[Path, ...]) -> TestRun:
    """Run pytest once in the submission's own folder."""
    cwd = submission.root / submission.manifest.cwd
    where = submission.manifest.tests
    if where and not (cwd / where).exists():
        return TestRun(failure=f"[tool.lab] names the tests {where!r}, which are not there.")
    if not where and not _has_tests(cwd):
        return TestRun(failure="There are no tests: no file named test_*.py or *_test.py.")
    with tempfile.TemporaryDirectory(prefix="suite-") as place:
        report = Path(place) / "report.xml"
        arguments = [
            "-q",
            "-p",
            "no:cacheprovider",
            "-p",
            "no:nbval",
            f"--junitxml={report}",
            *([where] if where else []),
        ]
        order = Order(
            do="pytest",
            name="pytest",
            pythonpath=(*pythonpath, cwd),
            cwd=cwd,
            environment=environment(Path(place), pythonpath),
            facts={"arguments": arguments},
        )
        began = time.monotonic()
        with Child(order) as child:
            code = child.wait(SUITE_SECONDS)
            output = child.log()
        seconds = time.monotonic() - began
        counts = _counts(report)
    failure = f"The tests did not end within {SUITE_SECONDS:g} seconds." if code is None else None
    return TestRun(
        found=True,
        command="pytest " + (where or ""),
        exit_code=code,
        output=output.replace(str(submission.root), "."),
        seconds=seconds,
        failure=failure,
        **counts,
    )


def _has_tests(folder: Path) -> bool:
    return any(True for pattern in ("test_*.py", "*_test.py") for _ in folder.rglob(pattern))


def _counts(report: Path) -> dict[str, int]:
    """passed, failed and skipped, as the report claims; zeros if it is missing or no report."""
    nothing = {"passed": 0, "failed": 0, "skipped": 0}
    try:
        content = report.read_bytes()
        if len(content) > _MAX_REPORT or b"<!DOCTYPE" in content or b"<!ENTITY" in content:
            return nothing
        suites = list(ElementTree.fromstring(content).iter("testsuite"))  # noqa: S314 - sized, and without entities
        total, failed, skipped = (
            sum(int(suite.get(name, 0)) for suite in suites for name in names)
            for names in (("tests",), ("failures", "errors"), ("skipped",))
        )
    except (OSError, ValueError, ElementTree.ParseError):
        return nothing
    return {"passed": max(0, total - failed - skipped), "failed": failed, "skipped": skipped}
