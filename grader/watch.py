"""Grades again whenever a file is saved: only what that file can affect, and shows what changed.

Polls, so that it works on every system and on shared folders.
"""

import re
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from grader.judge import Report, Result, merge

_POLL = 0.5  # seconds
_SETTLED = 0.3  # seconds without a further change: editors save several files at once
_IGNORED = re.compile(
    r"(^|/)(\.git|\.venv|venv|__pycache__|node_modules|\.pytest_cache|\.mypy_cache|\.ruff_cache|\.ipynb_checkpoints|reports)(/|$)"
)
_TEST = re.compile(r"(^|/)(tests?/.*|test_[^/]*\.py|[^/]*_test\.py|conftest\.py)$")
_NO_CODE = re.compile(r"(\.md|\.rst|\.gitignore|\.ya?ml|(^|/)LICENSE)$")

Stamp = tuple[int, int]


def snapshot(root: Path) -> dict[str, Stamp]:
    """When each file was changed last, and its size."""
    found: dict[str, Stamp] = {}
    for path in root.rglob("*"):
        name = path.relative_to(root).as_posix()
        if _IGNORED.search(name):
            continue
        try:
            facts = path.stat()
        except OSError:
            continue  # gone since it was listed
        if path.is_file():
            found[name] = (facts.st_mtime_ns, facts.st_size)
    return found


def find_concerned(changed: Sequence[str]) -> tuple[str, ...]:
    """The beginnings of the identifiers that a change of these files can have changed; empty for every one."""
    families: set[str] = set()
    for name in changed:
        if _TEST.search(name):
            families |= {"tests.", "secrets."}
        elif name.endswith(".ipynb"):
            families |= {"notebooks.", "secrets."}
        elif _NO_CODE.search(name):
            families |= {"secrets.", "tests.runs_in_ci"}
        else:
            return ()
    return tuple(sorted(families))


def changes(root: Path, wait: Callable[[float], None] = time.sleep) -> Iterator[list[str]]:
    """The names of the files that were saved, again and again; empty lists while nothing was."""
    before = snapshot(root)
    while True:
        now = snapshot(root)
        if now == before:
            yield []
            wait(_POLL)
            continue
        wait(_SETTLED)
        now = snapshot(root)
        changed = sorted(name for name in {*before, *now} if before.get(name) != now.get(name))
        before = now
        yield changed


def again(last: Report, changed: Sequence[str], grade: Callable[[Sequence[str]], Report]) -> Report:
    """The report after a change: what it affects is graded again, the rest stays."""
    families = find_concerned(changed)
    return merge(last, grade(families), families) if families else grade(())


def difference(last: Report, now: Report) -> list[tuple[Result, Result]]:
    """The criteria whose status is another than before: as they were, as they are."""
    before = {result.id: result for result in last.criteria}
    return [
        (before[result.id], result)
        for result in now.criteria
        if result.id in before and before[result.id].status != result.status
    ]
