"""What became of the faults that were planted while the tests ran: what they noticed, missed, or could not notice."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from grader.criteria.criterion import Verdict, failed, not_run
from grader.evidence import PlantedFault, TestRun
from grader.inside.faults import BY_NAME
from grader.messages import joined, sentence, term


@dataclass(frozen=True)
class Tally:
    """What became of planted faults. `missed`, `unnoticed`: those that no test noticed, in words; the latter could not be
    planted behind what the tests replace. `undecided`: why one could not be judged."""

    missed: tuple[str, ...]
    unnoticed: tuple[str, ...]
    undecided: str
    caught: int
    unplanted: int


def tally(run: TestRun, faults: Sequence[PlantedFault]) -> Tally:
    """Sort planted faults by what the tests noticed."""
    missed, unnoticed, undecided, unplanted = [], [], "", 0
    for fault in faults:
        what = term(BY_NAME[fault.name].wording)
        if fault.kind != "any":
            what = sentence("{fault} ({kind})", fault=what, kind=term(fault.kind))
        if fault.caught:
            continue
        if fault.why:
            undecided = fault.why
        elif _could_be_planted(run, fault):
            missed.append(what if fault.tests else sentence("{fault}: no test comes near it", fault=what))
        elif fault.tests and fault.caught is False:
            unnoticed.append(what)
        else:
            unplanted += 1
    caught = sum(bool(fault.caught) for fault in faults)
    return Tally(tuple(missed), tuple(unnoticed), undecided, caught, unplanted)


def advise_on_uncounted(seen: Tally, count: int) -> Iterator[str]:
    """Advice on the faults that tell nothing of the tests."""
    if seen.unnoticed:
        yield sentence(
            "Your tests replace OpenAI or S3, and would not notice {faults}. That is not counted.",
            faults=joined(seen.unnoticed[:4], "; "),
        )
    if seen.unplanted:
        yield sentence(
            "Your tests replace so much that {count} of {all} faults could not be planted; they are not counted.",
            count=seen.unplanted,
            all=count,
        )


def judge_contents(run: TestRun, faults: Sequence[PlantedFault]) -> Verdict | None:
    """The verdict where nothing was noticed but statuses; None if a changed file or prompt was.

    A suite that replaces both S3 and OpenAI may look at what the app gives to its stand-ins. So faults are planted there, and one
    that is noticed is enough.
    """
    contents = [fault for fault in faults if BY_NAME[fault.name].contents]
    if any(fault.caught for fault in contents):
        return None
    planted = list(dict.fromkeys(BY_NAME[fault.name].wording for fault in contents if fault.caught is False))
    if planted:
        seen = sentence(
            "Your tests replace OpenAI and S3, and notice only statuses: they still pass with {faults}.",
            faults=joined([term(each) for each in planted], "; "),
        )
        wanted = sentence("a test that looks at what your stand-ins were given")
        whole = sentence("{findings} Expected: {expected}.", findings=seen, expected=wanted)
        return failed(whole, ("tests",))
    return not_run(
        sentence(
            "Your tests replace OpenAI and S3, so that no other file or prompt could be planted, and notice only statuses. A "
            "person has to look whether they check what is stored."
        )
    )


def _could_be_planted(run: TestRun, fault: PlantedFault) -> bool:
    """Not where a test replaced the boundary while it had a file made: it may notice there by itself what is planted nowhere.

    For any kind: a test of a further kind must not turn what was not counted into what was missed.
    """
    boundary = BY_NAME[fault.name].boundary
    if any(each.startswith(f"{boundary}:") for each in run.replaced) or (
        fault.tests and fault.caught is None
    ):
        return False
    return fault.tests > 0 or fault.kind not in run.asked_for


def advise(run: TestRun) -> tuple[str, ...]:
    """Advice on the faults that earn no points. Behind what the tests replace, nobody knows what they would notice."""
    unnoticed = {
        BY_NAME[fault.name].wording
        for fault in run.faults
        if BY_NAME[fault.name].section == "advice" and fault.caught is False and _could_be_planted(run, fault)
    }
    if not unnoticed:
        return ()
    faults = joined([term(each) for each in sorted(unnoticed)], sentence(" or "))
    return (sentence("The tests would not notice {faults}.", faults=faults),)
