"""Whether a test that passes ever lowers a score: `python -m benchmarks.added_tests [--only WORD] [--seed N]`.

Grades each design of tests/submissions without its tests, with some of them, with all, and with ones that look at something
else beside them. Prints the score of each step; exit 1 if one is lower than the step before, or if no tests earn points for
their quality.
"""

import argparse
import random
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console
from rich.table import Table

from grader.judge import Report
from tests.grader.grading import SUBMISSIONS, graded

DESIGNS = ("bare_starlette", "other_words", "nested_json", "api_key", "django_app", "litestar_app")
STEPS = ("none", "some", "all", "all and more")
_TEST = re.compile(r"^(\s*(?:async )?def )test_(\w+)", re.MULTILINE)
_OTHERS = """

def test_of_nothing_that_the_app_does():
    assert sorted([3, 1, 2]) == [1, 2, 3]


def test_of_a_file_of_its_own(tmp_path):
    (tmp_path / "note.txt").write_text("kept")
    assert (tmp_path / "note.txt").read_text() == "kept"
"""


def _suite(submission: Path) -> list[Path]:
    return sorted(file for file in submission.rglob("*.py") if _TEST.search(file.read_text(encoding="utf-8")))


def _keep(submission: Path, wanted: frozenset[str]) -> None:
    """Leave the other tests where they are, under names that pytest does not collect."""
    for file in _suite(submission):
        text = file.read_text(encoding="utf-8")
        file.write_text(
            _TEST.sub(
                lambda match: match[0] if match[2] in wanted else f"{match[1]}left_out_{match[2]}", text
            ),
            encoding="utf-8",
        )


def variants(design: str, chance: random.Random, place: Path) -> Iterator[Path]:
    """A copy of a design for each of `STEPS`; each has the tests of the one before, and more."""
    names = [match[2] for file in _suite(SUBMISSIONS / design) for match in _TEST.finditer(file.read_text())]
    some = frozenset(chance.sample(names, len(names) // 2))
    for step, kept in zip(STEPS, (frozenset[str](), some, frozenset(names), frozenset(names)), strict=True):
        copy = place / step.replace(" ", "-") / design
        shutil.copytree(SUBMISSIONS / design, copy, ignore=shutil.ignore_patterns("__pycache__"))
        _keep(copy, kept)
        if step == "all and more":
            last = _suite(copy)[-1]
            last.write_text(last.read_text(encoding="utf-8") + _OTHERS, encoding="utf-8")
        yield copy


def earned(report: Report, *criteria: str) -> float:
    """The points of some criteria, by the beginnings of their names."""
    return sum(each.points for each in report.criteria if each.id.startswith(criteria))


def main() -> int:
    """Grade, compare, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", default="", help="designs whose name holds this")
    parser.add_argument("--seed", type=int, default=1, help="which tests are the first that are added")
    options = parser.parse_args()
    chance, table, wrong = random.Random(options.seed), Table("design", *STEPS, "lowered"), 0
    for design in (each for each in DESIGNS if options.only in each):
        with tempfile.TemporaryDirectory(prefix="added-") as place:
            reports = [graded(copy)[0] for copy in variants(design, chance, Path(place))]
        scores = [report.score for report in reports]
        lowered = [
            step for step, before, after in zip(STEPS[1:], scores, scores[1:], strict=False) if after < before
        ]
        for_nothing = earned(reports[0], "tests.happy_path", "tests.error_cases") > 0
        wrong += bool(lowered) + for_nothing
        table.add_row(
            design,
            *(f"{score:g}" for score in scores),
            ", ".join(lowered) or ("points for none" if for_nothing else ""),
        )
        print(f"{design}: {' → '.join(f'{score:g}' for score in scores)}", flush=True)
    Console().print(table)
    print(
        f"{wrong} designs where a test that passes lowered a score, or none earned points for their quality"
    )
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
