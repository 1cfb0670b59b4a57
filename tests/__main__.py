"""Everything that has to hold before a change lands: `make test`, or `python -m tests`.

Steps that need different ways of running pytest are separate: notebooks can't be spread over processes as tests can.
"""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

from classroom.redaction.kernels import profile

ROOT = Path(__file__).resolve().parents[1]
BIN = Path(sys.executable).parent
# more processes than there are processors: more than half of the time, tests wait for what they started
_BESIDES, _MOST_BESIDE = 2, 8
_SIDE_BY_SIDE = ("-p", "tests.kernels", "-n", str(min((os.cpu_count() or 1) + _BESIDES, _MOST_BESIDE)))
_NBVAL = (
    "--dist",
    "loadfile",
    "--nbval-current-env",
    "--nbval-sanitize-with",
    "nbval.cfg",
    "--nbval-cell-timeout",
    "120",
    "-p",
    "no:cacheprovider",
)

_PYTEST = (sys.executable, "-m", "pytest", "-q", "-p", "no:nbval")
_TESTS = (*_PYTEST, *_SIDE_BY_SIDE, "--dist", "worksteal")

# the tests of the lab's stages, which no run finds by itself: in the skeleton they fail
_STAGES = [str(path) for path in sorted((ROOT / "answer-key" / "tests" / "stages").glob("stage_*.py"))]

# what sandboxes load: they see the checkout, and may not write into it
_COMPILED = ("classroom", "grader")

STEPS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("every module compiles", (sys.executable, "-m", "compileall", "-q", *_COMPILED)),
    ("style", (str(BIN / "ruff"), "check", "--quiet", ".")),
    ("format", (str(BIN / "ruff"), "format", "--check", "--quiet", ".")),
    ("types", (sys.executable, "-m", "mypy")),
    (
        "lab/ and notebooks/ are as the answer key makes them",
        (str(BIN / "grader"), "release", ".", "--check"),
    ),
    ("tests", _TESTS),
    ("the reference app's tests", (*_PYTEST, "-n", "2", "answer-key", *_STAGES)),
    ("the skeleton's tests", (*_PYTEST, "lab")),
    (
        "solved notebooks say what they show",
        (sys.executable, "-m", "pytest", "-q", "--nbval", *_SIDE_BY_SIDE, *_NBVAL, "answer-key/notebooks"),
    ),
)


# without the last, Python keeps what it compiled; each of the many processes that tests start compiles it again otherwise
_NOT_PASSED_ON = ("OPENAI_", "AWS_", "LAB_", "S3_", "PYTHONDONTWRITEBYTECODE")

# more than these are no accident
_MOST_TRIED_AGAIN = 5
_TESTS_FAILED = 1


def _passes(command: tuple[str, ...], environment: dict[str, str]) -> bool:
    """Whether a step passes. Tests that failed beside others are tried once more, alone, and named: a machine that is
    busy with several of them at a time can be too slow for one. What fails twice has failed.
    """
    kept = ROOT / ".pytest_cache/v/cache/lastfailed"
    kept.unlink(missing_ok=True)
    code = subprocess.run(command, cwd=ROOT, env=environment).returncode
    if code != _TESTS_FAILED or command != _TESTS:
        return code == 0
    failed = json.loads(kept.read_text(encoding="utf-8"))
    if not failed or len(failed) > _MOST_TRIED_AGAIN:
        return False
    print("\n=== failed beside others, and tried once more alone: " + ", ".join(failed), flush=True)
    return subprocess.run((*_PYTEST, *failed), cwd=ROOT, env=environment).returncode == 0


def main() -> int:
    """0 if every step passed; all are run, so that one look shows all that is wrong."""
    failed = []
    # a key or a mode from the outside must not change what is tested
    environment = {name: value for name, value in os.environ.items() if not name.startswith(_NOT_PASSED_ON)}
    environment["LAB_PROGRESS"] = ""  # what tests solve is not what the developer learned
    for name, command in STEPS:
        print(f"\n=== {name}", flush=True)
        began = time.monotonic()
        with profile() as of_lessons:  # no history of what notebooks run
            if not _passes(command, environment | of_lessons):
                failed.append(name)
        print(
            f"=== {name}: {'failed' if name in failed else 'passed'} in {time.monotonic() - began:.0f} s",
            flush=True,
        )
    print(f"\n{len(STEPS) - len(failed)} passed, {len(failed)} failed")
    for name in failed:
        print(f"  failed: {name}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
