"""Which verdicts can't change any more while the rest is still being seen, and what they are."""

from collections.abc import Mapping, Sequence

from grader.bad_input import LAST
from grader.collect.start.setting import Part
from grader.criteria import ALL
from grader.criteria.criterion import Criterion
from grader.evidence import Evidence
from grader.judge import Status, judge
from grader.rubric import Rubric
from grader.upstream_failures import UPSTREAM_FAILURES

# the one looks at the ordinary requests after every failure, the slow ones included; the others are asked at the very end
_LATER = frozenset({"endpoint.uses_prompt"}) | LAST
_QUICK = frozenset(
    failure.id for failure in UPSTREAM_FAILURES if not any(each.slow for each in failure.injections)
)


def is_settled(criterion: str, part: Part) -> bool:
    """Whether a criterion's verdict rests on nothing that comes after a part."""
    match part:
        case "input":
            return criterion.startswith(("endpoint.", "validation.")) and criterion not in _LATER
        case "failures":
            return criterion in _QUICK
        case "suite":
            return criterion.startswith("tests.")


def verdicts(
    part: Part, seen: Evidence, rubric: Rubric, criteria: Sequence[Criterion] = ALL
) -> Mapping[str, Status]:
    """The verdicts that a part settles, of the criteria that the rubric names.

    `seen`: what was seen so far.
    """
    asked = {one.id for one in criteria if one.id in rubric.worth and is_settled(one.id, part)}
    by_id = {one.id: one for one in criteria}
    needed: set[str] = set()
    waiting = list(asked)
    while waiting:
        id = waiting.pop()
        if id not in needed:
            needed.add(id)
            waiting.extend(by_id[id].needs)
    report = judge(seen, rubric, [one for one in criteria if one.id in needed])
    return {result.id: result.status for result in report.criteria if result.id in asked}
