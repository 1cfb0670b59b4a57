"""How learning platforms name submitted files, read from the programs that write the names.

- Canvas, `lib/content_zipper.rb`: `NAME[_LATE]_USER_ATTACHMENT_FILE`. NAME is the sortable name in small letters, without
  what is no letter, digit or `_`. Text and links: `NAME[_LATE]_USER_text.html`, `…_link.html`. Where learners are
  anonymous: `[LATE_]anon_CODE_ATTACHMENT_FILE`. Of a quiz (`quiz_submission_zipper.rb`): `NAMEUSER_question_QUESTION_ATTACHMENT_FILE`. Of a group, NAME is the group's, USER is one of its members.
- Moodle, `mod/assign/classes/downloader.php`: `NAME_NUMBER_assignsubmission_PLUGIN`, as a folder, or before each file's
  name. NAME has no `_`. NUMBER is the learner's number in this assignment, which the worksheet calls `Participant NUMBER`.
  With blind marking, NAME is the word for "participant", in the site's language. Of a group, NAME and NUMBER are the
  *group's*; what is handed in without a group has no number (`Default group_assignsubmission_file`).
- Blackboard, "Assignment File Download": `ASSIGNMENT_USER_attempt_YYYY-MM-DD-HH-MM-SS_FILE`, and the platform's own summary of
  each attempt, `….txt`. Every attempt that was chosen is there. ASSIGNMENT is the same for all.
- Brightspace: `USER-FOLDER - NAME - Nov 20, 2026 1030 AM`, as a folder for each attempt, or ` - FILE` behind it.
- nbgrader, `exchange/submit.py`: `USER+ASSIGNMENT+TIME[+RANDOM]`, as a folder for each attempt.
- Autolab, `submission.rb`: `EMAIL_VERSION_FILE`; FILE is the same for all.
- Gradescope, bulk export: a folder for each submission, and `submission_metadata.yml`, which says whose each is.

A name is evidence of nothing but a label. Whose a label is, `grader.batch.owners` decides.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

Platform = Literal[
    "canvas", "moodle", "gradescope", "blackboard", "brightspace", "nbgrader", "autolab", "named", "plain"
]
# whose downloads hold several attempts, each with its time
ATTEMPTS = ("blackboard", "brightspace", "nbgrader", "autolab")

ARCHIVE = re.compile(r"\.(zip|tar|tar\.(gz|bz2|xz)|tgz|tbz2|txz|bundle)$", re.IGNORECASE)
# what nobody here unpacks: its learner hears so
OTHER_ARCHIVE = re.compile(r"\.(rar|7z|gz|bz2|xz|zst|lzh|arj|cab|zipx)$", re.IGNORECASE)
PROGRAM = re.compile(r"\.(py|ipynb)$", re.IGNORECASE)

_CANVAS = re.compile(
    r"(?P<name>.*?)(?P<late>_LATE)?_(?P<user>\d+)_(?P<attachment>\d+)_(?P<file>.+)", re.DOTALL
)
_CANVAS_TEXT = re.compile(
    r"(?P<name>.*?)(?P<late>_LATE)?_(?P<user>\d+)_(?P<file>(?:text|link)(?:-\d+)?\.html)"
)
_CANVAS_ANONYMOUS = re.compile(
    r"(?P<late>LATE_)?anon_(?P<code>[0-9A-Za-z]{2,12})_(?:(?P<attachment>\d+)_(?P<file>.+)|(?P<text>(?:text|link)\.html))",
    re.DOTALL,
)
_CANVAS_QUIZ = re.compile(
    r"(?P<name>.*?\D)(?P<user>\d+)_question_\d+_(?P<attachment>\d+)_(?P<file>.+)", re.DOTALL
)
_AUTOLAB = re.compile(r"(?P<user>[^@]+@[^@_]+)_(?P<version>\d{1,6})_(?P<file>.+)", re.DOTALL)
_MOODLE = re.compile(
    r"(?P<name>[^_]+)(?:_(?P<number>\d+))?_assignsubmission_(?P<plugin>[a-z]+)(?:_(?P<file>.*))?", re.DOTALL
)
_BLACKBOARD = re.compile(
    r"(?P<before>.+_.+)_attempt_(?P<time>\d{4}(?:-\d\d){5})(?:_(?P<file>.+)|(?P<summary>\.txt))", re.DOTALL
)
_BRIGHTSPACE = re.compile(
    r"(?P<user>\d+)-\d+ - (?P<name>.+?) - (?P<time>[A-Z][a-z]{2,8} \d{1,2}, \d{4} \d{3,4} ?[AP]M)(?: - (?P<file>.+))?",
    re.DOTALL,
)
_NBGRADER = re.compile(
    r"(?P<user>.+)\+(?P<assignment>[^+]+)\+(?P<time>\d{4}-\d\d-\d\d \d\d.\d\d.\d\d(?:\.\d+)? \w+)(?:\+[\w-]+)?",
    re.DOTALL,
)
_SUMMARY = "the platform's own summary of an attempt, which is no program"
_TYPED = "text that was typed into the platform, which is no program"


@dataclass(frozen=True)
class Label:
    """What the name of a file or folder of a download says.

    `key`: the same for everything that was handed in as one. `shown`: the same, as the platform writes it, and unlike
    every other key's. `name`: the person's or the group's. `number`: the platform's identifier of a learner or, on
    Moodle, of a group; empty where there is none. `file`: the learner's own name for it; empty for a folder. `order`: the
    platform's running number of the file, a later file having a larger one. `typed`: why it holds no program, if it can't.
    `is_glued`: whether nothing is between name and number, so that a digit may be either's.
    """

    platform: Platform
    key: str
    shown: str
    name: str
    number: str = ""
    file: str = ""
    order: int = 0
    late: bool = False
    typed: str = ""
    is_glued: bool = False


def canvas(name: str) -> Label | None:
    """What Canvas says with a file's name; None if it is none of Canvas'."""
    if found := _CANVAS_ANONYMOUS.fullmatch(name):
        code, text = found["code"], found["text"] or ""
        return Label(
            "canvas",
            f"canvas:anon_{code}",
            f"anon_{code}",
            f"anon_{code}",
            f"anon_{code}",
            found["file"] or text,
            int(found["attachment"] or 0),
            bool(found["late"]),
            _TYPED if text else "",
        )
    quiz = _CANVAS_QUIZ.fullmatch(name)
    found = quiz or _CANVAS.fullmatch(name) or _CANVAS_TEXT.fullmatch(name)
    if not found:
        return None
    user, of_text = str(int(found["user"])), "attachment" not in found.re.groupindex
    return Label(
        "canvas",
        f"canvas:{user}",
        f"{_compose(found['name'])}_{user}",
        _compose(found["name"]),
        user,
        found["file"],
        0 if of_text else int(found["attachment"]),
        not quiz and bool(found["late"]),
        _TYPED if of_text else "",
        is_glued=quiz is not None,
    )


def moodle(name: str) -> Label | None:
    """What Moodle says with the name of a folder or a file; None if it is none of Moodle's."""
    found = _MOODLE.fullmatch(name)
    if not found:
        return None
    number = str(int(found["number"])) if found["number"] else ""
    name = _compose(found["name"])
    shown = f"{name}_{number}" if number else name
    return Label(
        "moodle",
        f"moodle:{number or name.casefold()}",
        shown,
        name,
        number,
        found["file"] or "",
        typed="" if found["plugin"] == "file" else _TYPED,
    )


def blackboard(names: Iterable[str]) -> dict[str, Label]:
    """What Blackboard says with the names of a download's files; nothing, if they are not of one assignment.

    Only together they tell where the assignment's name ends and the user's begins, since either may hold `_`.
    """
    found = {each: match for each in names if (match := _BLACKBOARD.fullmatch(_compose(each)))}
    assignment = min((match["before"].rpartition("_")[0] for match in found.values()), key=len, default="")
    if not all(match["before"].startswith(f"{assignment}_") for match in found.values()):
        return {}
    made = {}
    for each, match in found.items():
        user = match["before"].removeprefix(f"{assignment}_")
        order = int(match["time"].replace("-", ""))
        typed = _SUMMARY if match["summary"] else ""
        file = match["file"] or f"{match['time']}.txt"
        key = f"blackboard:{user.casefold()}"
        made[each] = Label("blackboard", key, user, user, user, file, order, typed=typed)
    return made


def brightspace(name: str) -> Label | None:
    """What Brightspace says with the name of a folder or a file; None if it is none of Brightspace's."""
    found = _BRIGHTSPACE.fullmatch(_compose(name))
    if not found:
        return None
    day, _, clock = found["time"].replace(" AM", "AM").replace(" PM", "PM").rpartition(" ")
    month, rest = day.split(" ", 1)
    try:
        moment = datetime.strptime(f"{month[:3]} {rest} {clock:0>6}", "%b %d, %Y %I%M%p")
    except ValueError:
        return None
    user = str(int(found["user"]))
    return Label(
        "brightspace",
        f"brightspace:{user}",
        f"{found['name']}_{user}",
        found["name"],
        user,
        found["file"] or "",
        int(moment.strftime("%Y%m%d%H%M")),
    )


def nbgrader(name: str) -> Label | None:
    """What nbgrader's exchange says with the name of a folder; None if it is none of its."""
    found = _NBGRADER.fullmatch(_compose(name))
    if not found:
        return None
    user, day = found["user"], re.findall(r"\d+", found["time"])
    order = int("".join(day[:6]) + (day[6] if len(day) > 6 else "").ljust(6, "0")[:6])
    return Label("nbgrader", f"nbgrader:{user.casefold()}", user, user, user, "", order)


def autolab(names: Iterable[str]) -> dict[str, Label]:
    """What Autolab says with the names of a download's files; nothing, unless two people's have one file's name."""
    found = {each: match for each in names if (match := _AUTOLAB.fullmatch(_compose(each)))}
    users = {match["user"].casefold() for match in found.values()}
    if len(users) < 2 or len({match["file"] for match in found.values()}) > 1:
        return {}
    return {
        each: Label(
            "autolab",
            f"autolab:{match['user'].casefold()}",
            match["user"],
            match["user"],
            match["user"],
            match["file"],
            int(match["version"]),
        )
        for each, match in found.items()
    }


def _compose(name: str) -> str:
    """macOS takes letters and their marks apart: one learner's files may come in both ways."""
    return unicodedata.normalize("NFC", name)


def labels(names: Iterable[str]) -> dict[str, Label]:
    """The labels of a download's uppermost files and folders; what is no platform's is left out.

    A name that only looks like a platform's is found by what the others say: on Canvas an identifier belongs to one name,
    and a file's number is given to one learner; on Moodle a number belongs to one name. What a few of them contradict is set apart, so
    that it is asked whose it is; what most of them contradict is no download of that platform's.
    """
    everything = list(names)
    if of_nbgrader := {each: label for each in everything if (label := nbgrader(each))}:
        return of_nbgrader
    if of_blackboard := blackboard(everything):
        return of_blackboard
    if of_autolab := autolab(everything):
        return of_autolab
    if of_brightspace := {each: label for each in everything if (label := brightspace(each))}:
        return of_brightspace
    of_moodle = {each: label for each in everything if (label := moodle(each))}
    of_canvas = {each: label for each in everything if each not in of_moodle and (label := canvas(each))}
    doubtful = _contradicted(of_canvas.values())
    if 2 * sum(label.key in doubtful for label in of_canvas.values()) > len(of_canvas):
        of_canvas = {}
    doubtful |= _contradicted(of_moodle.values())
    found = of_moodle | of_canvas
    return {each: _apart(label) if label.key in doubtful else label for each, label in found.items()}


def _contradicted(found: Iterable[Label]) -> set[str]:
    """The keys that come with two names, and those that share a file's number."""
    names: dict[str, set[str]] = defaultdict(set)
    holders: dict[int, set[str]] = defaultdict(set)
    for label in found:
        names[label.key].add(label.name)
        if label.order:
            holders[label.order].add(label.key)
    shared = {key for keys in holders.values() if len(keys) > 1 for key in keys}
    return {key for key, each in names.items() if len(each) > 1} | shared


def _apart(label: Label) -> Label:
    """Where one number comes with two names, each pair is somebody's own: two downloads lie in one folder."""
    return replace(label, key=f"{label.platform}:{label.shown}")
