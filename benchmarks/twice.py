"""Whether two gradings of the same work, and a warm and a cold one, say the same: `python -m benchmarks.twice [PLACE…]`.

Grades each place (by default ten designs of tests/submissions) twice with processes that are forked from a loaded one, once as in a
class, with sandboxes out of a nursery, and once with a fresh interpreter for everything. Prints each criterion whose verdict, points or sentence differ; words and names that are
drawn again for each grading, times, counts of calls and addresses are left out of the comparison. Exit 1 if any differs.
"""

import argparse
import re
import sys
from collections.abc import Mapping
from pathlib import Path

from grader import rubric as rubrics
from grader.judge import Report
from grader.sandbox import choose_tier
from grader.worker import Nurseries, Wanted, grade

_SUBMISSIONS = Path(__file__).parents[1] / "tests" / "submissions"
_DESIGNS = (
    "bare_starlette", "other_words", "one_word", "nested_json", "api_key",
    "django_app", "litestar_app", "flask_app", "one_json_body", "three_endpoints",
)  # fmt: skip
_DRAWN = re.compile(r"“[^”]*”|\b[\w-]+\.(?:txt|md|png|jpe?g|webp|mp3|wav|flac|opus|aac)\b|\d+(?:\.\d+)?")


def judged(report: Report) -> Mapping[str, tuple[str, float, str]]:
    """Of each criterion: its verdict, its points, and its sentence as far as it is the same in every grading."""
    return {each.id: (each.status, each.points, _DRAWN.sub("…", each.summary)) for each in report.criteria}


def differences(one: Report, other: Report) -> list[str]:
    """A line for each criterion that was not judged alike."""
    first, second = judged(one), judged(other)
    return [
        f"{id}: {first.get(id)} and {second.get(id)}"
        for id in dict.fromkeys((*first, *second))
        if first.get(id) != second.get(id)
    ]


def _graded(place: str, *, cold: bool = False, nurseries: Nurseries | None = None) -> Report:
    wanted = Wanted(choose_tier("auto"), rubric=rubrics.read(rubrics.SHIPPED), cold=cold)
    return grade(place, wanted, nurseries=nurseries).report


def main() -> int:
    """Grade, compare, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("places", nargs="*", default=[str(_SUBMISSIONS / name) for name in _DESIGNS])
    wrong = 0
    for place in parser.parse_args().places:
        first = _graded(place)
        with Nurseries(usual=1) as loaded:
            in_a_class = _graded(place, nurseries=loaded)
        for how, other in (
            ("again", _graded(place)),
            ("in a class", in_a_class),
            ("cold", _graded(place, cold=True)),
        ):
            found = differences(first, other)
            wrong += bool(found)
            print(f"{Path(place).name}, {how}: {len(found) or 'nothing'} different", flush=True)
            for line in found:
                print(f"    {line[:600]}", flush=True)
    print(f"{wrong} comparisons with a difference")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
