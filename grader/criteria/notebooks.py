"""notebooks.*: the notebooks that were handed in: that they run, and that their exercises are done."""

from grader.criteria.criterion import Section, Verdict, failed, not_run, passed
from grader.evidence import Evidence

_SECTION = Section("notebooks")
_NONE = "No notebook was handed in."
_DONE = ": done."


@_SECTION.criterion(
    "run",
    "Each notebook runs from top to bottom",
    "Restart the kernel and run all cells: which one stops, and what did it expect from an earlier run?",
)
def notebooks_run(evidence: Evidence) -> Verdict:
    if not evidence.notebooks:
        return not_run(_NONE)
    broken = [f"{each.path}: {each.failure}" for each in evidence.notebooks if each.failure]
    if broken:
        return failed(f"{'; '.join(broken[:3])}.")
    cells = sum(each.cells for each in evidence.notebooks)
    return passed(f"{len(evidence.notebooks)} ran from top to bottom: {cells} cells.")


@_SECTION.criterion(
    "exercises",
    "Each exercise's check holds",
    "check(…) below each exercise says what it still misses, and hint(…) helps once more.",
)
def exercises(evidence: Evidence) -> Verdict:
    if not evidence.notebooks:
        return not_run(_NONE)
    said = {id: sentence for each in evidence.notebooks for id, sentence in each.exercises.items()}
    if not said:
        return not_run("The notebooks that were handed in have no exercises.")
    open_ones = {id: sentence for id, sentence in said.items() if _DONE not in sentence}
    if open_ones:
        first = next(iter(open_ones.values()))
        return failed(f"{len(said) - len(open_ones)} of {len(said)} are done. {first}")
    return passed(f"All {len(said)} are done.")


CRITERIA = _SECTION.criteria
