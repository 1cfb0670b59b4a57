"""The learner's own tests, run as they are. What the run says of itself is a claim."""

import contextlib
import json
import math
import re
import secrets
import signal
from collections.abc import Sequence
from pathlib import Path

from grader.collect.values import EXTENSIONS, words_of
from grader.evidence import Offer, TestRun
from grader.sandbox import Order, Sandbox
from grader.submission import Submission

SUITE_SECONDS = 120.0
# plugins that come with packages of the lab, and take their time whether a suite uses them or not
_UNASKED = ("nbval", "faker")
PLANTING_SECONDS = 180.0  # more, for the faults planted after the suite has run as it is
_MAX_REPORT = 4 * 1024 * 1024
_ARGUMENTS = (
    "-q",
    "-p",
    "no:cacheprovider",
    # what was loaded before pytest is not rewritten, which is no fault of the suite's
    "-W",
    "ignore::pytest.PytestAssertRewriteWarning",
)


def environment(sandbox: Sandbox, pythonpath: Sequence[str]) -> dict[str, str]:
    """A dummy key, dummy credentials, and nothing that points at a stand-in."""
    return {
        **sandbox.environment(),
        "PYTHONPATH": ":".join(pythonpath),
        "OPENAI_API_KEY": "sk-dummy-key-of-the-grader",
        "OPENAI_KEY": "sk-dummy-key-of-the-grader",
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": "us-east-1",
        "S3_BUCKET_NAME": "test-bucket",
        "CI": "true",
    }


def run(
    submission: Submission, sandbox: Sandbox, folders: Sequence[Path], offers: Sequence[Offer] = ()
) -> TestRun:
    """Run pytest in the submission's own folder; then, for what the app offers, once more for each planted fault."""
    cwd = submission.root / submission.manifest.cwd
    where = submission.manifest.tests
    if where and not (cwd / where).exists():
        return TestRun(failure=f"[tool.lab] names the tests {where!r}, which are not there.")
    if not where and not _has_tests(cwd):
        return TestRun(failure="There are no tests: no file named test_*.py or *_test.py.")
    word = secrets.token_hex(16)
    pythonpath = tuple(sandbox.inside(folder) for folder in (*folders, cwd))
    order = Order(
        do="pytest",
        name="pytest",
        pythonpath=pythonpath,
        cwd=sandbox.inside(cwd),
        environment=environment(sandbox, pythonpath[:-1]),
        facts={
            "seconds": math.ceil(SUITE_SECONDS),
            "arguments": [*_ARGUMENTS, *_without_plugins(submission.root), *([where] if where else [])],
            "planting": {
                "word": word,
                "frameworks": _frameworks(submission.root),
                "generating": [_generating(offer) for offer in offers],
            },
        },
    )
    with sandbox.start(order, hears=_MAX_REPORT) as job:
        code = job.wait(SUITE_SECONDS + PLANTING_SECONDS)
        if code is None:
            job.kill()
        output, claims = job.log(), _claims(job.said(), word)
    stopped = code is None or (hasattr(signal, "SIGALRM") and code == -signal.SIGALRM)
    late = claims.seconds > SUITE_SECONDS or (stopped and not claims.found)
    failure = f"The tests did not end within {SUITE_SECONDS:g} seconds." if late else None
    return claims.model_copy(
        update={
            "found": True,
            "command": f"pytest {where or ''}".strip(),
            "exit_code": code,
            "output": output.replace(sandbox.root, "."),
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
_IMPORT = re.compile(rf"^[ \t]*(?:import|from)[ \t]+({'|'.join(_FRAMEWORKS)})\b", re.MULTILINE)


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


def _without_plugins(root: Path) -> list[str]:
    """Leave out the plugins that nothing in the submission names."""
    files = [file for pattern in ("*.py", "*.toml", "*.ini", "*.cfg") for file in root.rglob(pattern)]
    named = {name for file in files for name in _UNASKED if name.encode() in file.read_bytes()}
    return [part for name in _UNASKED if name not in named for part in ("-p", f"no:{name}")]


def _has_tests(folder: Path) -> bool:
    return any(True for pattern in ("test_*.py", "*_test.py") for _ in folder.rglob(pattern))


def _claims(said: bytes | None, word: str) -> TestRun:
    """What the run said of itself; nothing, if it said nothing, too much, or without the word that it was given."""
    try:
        told = json.loads(said or b"")
        if told.pop("word") != word:
            return TestRun()
        return TestRun.model_validate({**told, "found": True})
    except (ValueError, TypeError, AttributeError, KeyError, RecursionError):
        return TestRun()
