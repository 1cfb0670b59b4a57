"""notebooks.*: the notebooks that were handed in: that they run, and that their exercises are done."""

from grader.criteria.criterion import Section, Verdict, failed, not_run, passed
from grader.criteria.reported import reported
from grader.evidence import CheckedExercise, Evidence
from grader.messages import joined, sentence

_SECTION = Section("notebooks")
_NONE = sentence("No notebook was handed in.")
_ORDER = ("done", "unclear", "open")
# the notebooks that follow the endpoint: whether to work through them is the learner's choice
_TRACK_B = ("12", "13", "14", "15")


@_SECTION.criterion(
    "run",
    "Each notebook runs from top to bottom",
    "Restart the kernel and run all cells: which one stops, and what did it expect from an earlier run?",
)
def notebooks_run(evidence: Evidence) -> Verdict:
    if not evidence.notebooks:
        return not_run(_NONE)
    broken = [
        sentence("{file}: {problem}", file=each.path, problem=reported(each.failure))
        for each in evidence.notebooks
        if each.failure
    ]
    lacking = [each for each in evidence.notebooks if each.failure and evidence.lacked(each.failure)]
    if lacking and len(lacking) == len(broken):
        names = ", ".join(
            dict.fromkeys(name for each in lacking for name in evidence.lacked(each.failure or ""))
        )
        return Verdict(
            "error",
            sentence(
                "Notebooks need {names}: the submission declares it, and the grader did not install it.",
                names=names,
            ),
        )
    online = [each for each in evidence.notebooks if each.failure and each.needs]
    if online and len(online) == len(broken):
        return not_run(
            sentence(
                "Needs {what}, and notebooks are run without a network: {files}. Where their cells read a copy in your submission, "
                "they can be judged.",
                what=reported(online[0].needs),
                files=", ".join(each.path for each in online[:3]),
            )
        )
    if broken:
        return failed(sentence("{problems}.", problems=joined(broken[:3], "; ")))
    cells = sum(each.cells for each in evidence.notebooks)
    if not cells:
        return not_run(sentence("No notebook that was handed in has a cell of code."))
    count = len(evidence.notebooks)
    return passed(sentence("{count} ran from top to bottom: {cells} cells.", count=count, cells=cells))


@_SECTION.criterion(
    "exercises",
    "Each exercise's check holds",
    "check(…) below each exercise says what is still missing, and hint(…) helps, one step at a time.",
)
def exercises(evidence: Evidence) -> Verdict:
    if not evidence.notebooks:
        return not_run(_NONE)
    seen = _best(evidence)
    if not seen:
        return not_run(sentence("The notebooks that were handed in have no exercises."))
    left = [each for each in seen.values() if each.state == "open"]
    done = sum(each.state == "done" for each in seen.values())
    if left:
        open_ = reported(left[0].sentence)
        return failed(sentence("{done} of {all} are done. {open}", done=done, all=len(seen), open=open_))
    if done < len(seen):
        unclear = next(each for each in seen.values() if each.state == "unclear")
        return not_run(
            sentence(
                "{count} of {all} could not be checked. {unclear}",
                count=len(seen) - done,
                all=len(seen),
                unclear=reported(unclear.sentence),
            )
        )
    return passed(sentence("All {count} are done.", count=len(seen)))


def _best(evidence: Evidence) -> dict[str, CheckedExercise]:
    """What was seen of each exercise; the best of it, where a notebook was handed in more than once."""
    seen: dict[str, CheckedExercise] = {}
    for notebook in evidence.notebooks:
        for id, each in notebook.exercises.items():
            if id[:2] in _TRACK_B and each.state != "done":
                continue  # a learner's own choice: it counts nothing if it is open
            if id not in seen or _ORDER.index(each.state) < _ORDER.index(seen[id].state):
                seen[id] = each
    return dict(sorted(seen.items()))


CRITERIA = _SECTION.criteria
