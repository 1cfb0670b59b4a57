"""Finds what a learner handed in last in a folder that holds several attempts, or a teacher's files beside them.

- Versions: `Version 2/` (Teams), `Submission 2 - 2026-11-02 (LATE)/`, `Revision 2 - Submitted on 11-20-2026/` (Schoology).
- Times: `2026-11-20-10-30-15/`; Moodle's VPL, `vpl_submission_CE.class.php`, keeps beside it what its server printed, `….ceg/`.
- OpenOlat, `GTACourseNode.java`: `1_task/`, `2_submissions/`, `3_corrections/`, `4_revisions_1/`, `5_corrections_1/` …
- Autolab, `submission.rb`: in a folder called by an e-mail address `2_main.py`, `10_main.py`, `10_autograde.txt`.
- Submitty: `1/main.py`, `2/main.py`, `2/.submit.timestamp`, and `user_assignment_settings.json`, which may name another version as the active one.
- Sakai: `Submission attachment(s)/`, `Feedback Attachment(s)/`, `timestamp.txt`.

A folder that has files of any other name beside them is a learner's own, and holds no rounds.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

_VERSION = re.compile(
    r"(?P<before>(?:[^/]+/)?(?P<kind>Version|Submission|Attempt|Revision) (?P<number>\d{1,4})(?:\b[^/]*)?/)(?P<rest>.+)"
)
_TIME = re.compile(r"(?P<time>\d{4}-\d\d-\d\d[-_ T]\d\d[-:.]\d\d[-:.]\d\d)(?P<printed>\.ceg)?/(?P<rest>.+)")
_OPENOLAT = re.compile(
    r"\d{1,2}_(?P<what>task|submissions|corrections|revisions|solutions|assessment)(?:_(?P<number>\d{1,3}))?/(?P<rest>.+)"
)
_SAKAI = re.compile(
    r"(?:(?P<own>Submission) attachment\(s\)|Feedback attachment\(s\))/(?P<rest>.+)", re.IGNORECASE
)
_SAKAI_S = re.compile(
    r"timestamp\.txt|comments\.txt|feedbackText\.\w+|[^/]*_submissionText\.html", re.IGNORECASE
)
_AUTOLAB = re.compile(r"(?P<version>\d{1,6})_(?:(?P<printed>autograde\.txt)|(?P<rest>[^/]+))")
_SUBMITTY = re.compile(r"(?P<version>\d{1,6})/(?:(?P<own>\.submit\.\w+|\.user_\w+\.json)|(?P<rest>.+))")
_SUBMITTY_S = "user_assignment_settings.json"
_NOT_THE_LEARNER_S = "The platform's own file, or the teacher's: it was not handed in."


@dataclass(frozen=True)
class Round:
    """`files`: of each piece that was handed in last, the name in the submission. `why`: of each other piece, the reason. `note`:
    what a person should know."""

    files: Mapping[str, str]
    why: Mapping[str, str] = field(default_factory=dict)
    note: str = ""


def last_round(within: Mapping[str, str], name: str = "") -> Round | None:
    """What was handed in last; None if a folder is no collection of attempts.

    Args:
        within: of each file of a folder, its path below the folder.
        name: the folder's.
    """
    if "@" in name and within and (found := _autolab(within)):
        return found
    for read in (_versions, _times, _openolat, _submitty, _sakai):
        if within and (found := read(within)) is not None and found.files:
            return found
    return None


def _matches(form: re.Pattern[str], within: Mapping[str, str]) -> dict[str, re.Match[str]] | None:
    found = {piece: match for piece, path in within.items() if (match := form.fullmatch(path))}
    return found if len(found) == len(within) else None


def _versions(within: Mapping[str, str]) -> Round | None:
    found = _matches(_VERSION, within)
    if found is None:
        return None
    kinds, numbers = (
        {each["kind"] for each in found.values()},
        {int(each["number"]) for each in found.values()},
    )
    if len(kinds) > 1 or len(numbers) < 2:
        return None
    [kind], last = kinds, max(numbers)
    reason = f"An earlier {kind.casefold()}: {kind} {last} counts."
    return Round(
        {piece: match["rest"] for piece, match in found.items() if int(match["number"]) == last},
        {piece: reason for piece, match in found.items() if int(match["number"]) != last},
        f"Several {kind.casefold()}s were handed in: {kind} {last} counts.",
    )


def _times(within: Mapping[str, str]) -> Round | None:
    found = _matches(_TIME, within)
    if found is None:
        return None
    times = sorted({match["time"] for match in found.values() if not match["printed"]}, key=_digits)
    if not times:
        return None
    why = {}
    for piece, match in found.items():
        if match["printed"]:
            why[piece] = _NOT_THE_LEARNER_S
        elif match["time"] != times[-1]:
            why[piece] = f"An earlier attempt: that of {times[-1]} counts."
    note = f"{len(times)} attempts were handed in: that of {times[-1]} counts." if len(times) > 1 else ""
    return Round({piece: match["rest"] for piece, match in found.items() if piece not in why}, why, note)


def _digits(time: str) -> str:
    return re.sub(r"\D", "", time)


def _openolat(within: Mapping[str, str]) -> Round | None:
    found = _matches(_OPENOLAT, within)
    if found is None:
        return None

    def order(match: re.Match[str]) -> int:
        """0 for what was handed in first, -1 for what was not handed in."""
        if match["what"] == "revisions":
            return int(match["number"] or 1)
        return 0 if match["what"] == "submissions" else -1

    last = max(order(match) for match in found.values())
    if last < 0:
        return None
    why = {}
    for piece, match in found.items():
        if order(match) < 0:
            why[piece] = _NOT_THE_LEARNER_S
        elif order(match) < last:
            why[piece] = f"An earlier attempt: revision {last} counts."
    note = f"It was revised: revision {last} counts." if last else ""
    return Round({piece: match["rest"] for piece, match in found.items() if piece not in why}, why, note)


def _autolab(within: Mapping[str, str]) -> Round | None:
    found = _matches(_AUTOLAB, within)
    if found is None or len({match["rest"] for match in found.values() if match["rest"]}) != 1:
        return None
    return _last_version(found, "An earlier version", "versions were handed in")


def _submitty(within: Mapping[str, str]) -> Round | None:
    found = {piece: match for piece, path in within.items() if (match := _SUBMITTY.fullmatch(path))}
    others = {path for piece, path in within.items() if piece not in found}
    # a learner's own folders may be numbers, too: only what Submitty writes beside them tells
    if others - {_SUBMITTY_S} or not (others or any(match["own"] for match in found.values())):
        return None
    made = _last_version(found, "An earlier version", "versions were handed in to Submitty")
    if made is None:
        return None
    rest = {piece: _NOT_THE_LEARNER_S for piece in within if piece not in found}
    note = f"{made.note} {_SUBMITTY_S} may name another one as active: look there." if made.note else ""
    return Round(made.files, {**made.why, **rest}, note)


def _last_version(found: Mapping[str, re.Match[str]], earlier: str, several: str) -> Round | None:
    """By the group `version`; what has no `rest` is the platform's own."""
    versions = {int(match["version"]) for match in found.values() if match["rest"]}
    if not versions:
        return None
    last, files, why = max(versions), {}, {}
    for piece, match in found.items():
        if not match["rest"]:
            why[piece] = _NOT_THE_LEARNER_S
        elif int(match["version"]) < last:
            why[piece] = f"{earlier}: version {last} counts."
        else:
            files[piece] = match["rest"]
    note = f"{len(versions)} {several}: version {last} counts." if len(versions) > 1 else ""
    return Round(files, why, note)


def _sakai(within: Mapping[str, str]) -> Round | None:
    found = {piece: _SAKAI.fullmatch(path) for piece, path in within.items()}
    if not any(found.values()) or not all(
        match or _SAKAI_S.fullmatch(within[piece]) for piece, match in found.items()
    ):
        return None
    own = {piece: match["rest"] for piece, match in found.items() if match and match["own"]}
    return Round(own, {piece: _NOT_THE_LEARNER_S for piece in found if piece not in own})
