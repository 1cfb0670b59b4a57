"""Whatever suite there is: one more test that passes takes no point away, and a bare skeleton earns none for its tests."""

import random
from dataclasses import dataclass

import pytest

from grader import rubric
from grader.collect.suites.deciding import Planted, plan_faults
from grader.evidence import PlantedFault, Scans, TestRun
from grader.judge import judge
from tests.grader.seen import evidence

KINDS = ("text", "image")
PLANNED = tuple(plan_faults(KINDS))
QUALITY = rubric.only(rubric.read(), ["tests.happy_path", "tests.error_cases"])


@dataclass(frozen=True)
class Test:
    """One test that passes.

    `makes`: the kinds that it has the app make; none if it looks at an error, or at something else. `boundaries`: where the
    app's calls passed meanwhile; what they did not pass, the test replaced. `near`: the faults that could be planted there.
    """

    __test__ = False

    makes: frozenset[str]
    boundaries: frozenset[str]
    near: frozenset[Planted]
    notices: frozenset[Planted]


def drawn(chance: random.Random) -> Test:
    """A test of the good case or of an error, with or without the boundaries, careful or not."""
    makes = (
        frozenset(kind for kind in KINDS if chance.random() < 0.6) if chance.random() < 0.7 else frozenset()
    )
    boundaries = frozenset({"app"} | {name for name in ("s3", "openai") if chance.random() < 0.8})
    near = frozenset(
        each
        for each in PLANNED
        if each.fault.boundary in boundaries
        and (
            each.kind in makes or (each.kind == "any" and (each.fault.section == "happy_path") == bool(makes))
        )
    )
    careful = chance.choice((0.0, 0.9, 1.0, 1.0))
    return Test(makes, boundaries, near, frozenset(each for each in near if chance.random() < careful))


def run_of(suite: tuple[Test, ...]) -> TestRun:
    """What a run of these tests shows: of each of them alone, put together."""
    return TestRun(
        found=True,
        exit_code=0,
        passed=len(suite),
        served=True,
        generating=len(suite),
        boundaries={name: any(name in each.boundaries for each in suite) for name in ("s3", "openai", "app")},
        asked_for=tuple(sorted({kind for each in suite for kind in each.makes})),
        replaced=tuple(
            sorted(
                {
                    f"{name}:{kind}"
                    for each in suite
                    for name in ("s3", "openai")
                    for kind in each.makes
                    if name not in each.boundaries
                }
            )
        ),
        faults=tuple(
            PlantedFault(
                name=planted.fault.name,
                kind=planted.kind,
                tests=(near := sum(planted in each.near for each in suite)),
                caught=any(planted in each.notices for each in suite) if near else None,
            )
            for planted in PLANNED
        ),
    )


def points(run: TestRun, **more: object) -> float:
    return judge(evidence(test_run=run, **more), QUALITY).score


@pytest.mark.parametrize("seed", range(4))
def test_one_more_test_that_passes_takes_no_point_away(seed):
    chance = random.Random(seed)
    earned = 0.0
    for _ in range(40):
        suite = tuple(drawn(chance) for _ in range(chance.randrange(1, 4)))
        more = (*suite, drawn(chance))
        before = points(run_of(suite))
        assert points(run_of(more)) >= before, more
        earned += before
    assert earned  # or nothing could have been taken away


def test_a_bare_skeleton_earns_nothing_for_the_quality_of_its_tests():
    storage = Test(frozenset(), frozenset({"s3", "app"}), frozenset(), frozenset())
    untouched = Scans(files=9, untouched=("src/files_api/generated_files.py",))
    assert points(run_of((storage,) * 5), offers=(), exchanges=(), probes=(), scans=untouched) == 0
    assert points(run_of((storage,) * 5), scans=untouched) == 0
