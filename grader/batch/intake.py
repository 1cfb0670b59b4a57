"""Accounts for a download: every file, its owner, whether it was graded, and why not.

Nothing may be lost on the way from a platform to a grade. So the files are counted where they lie, and the account is
added up against that count.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from grader.batch.discovery import Found, HandedIn
from grader.batch.table import render_csv
from grader.errors import GraderError
from grader.inside.repositories import without_key

HEAD = (
    "file",
    "files",
    "platform",
    "platform_id",
    "name",
    "submission",
    "attempt",
    "time",
    "late",
    "learner",
    "learner_id",
    "taken",
    "why",
)


@dataclass(frozen=True)
class Line:
    """What became of one file. `files`: how many it stands for. `taken`: whether it was graded."""

    file: str
    files: int
    submission: HandedIn | None
    taken: bool
    why: str


@dataclass(frozen=True)
class Account:
    """`files`: how many lie there, counted apart from the lines."""

    lines: tuple[Line, ...]
    files: int

    def checked(self) -> "Account":
        """The account itself.

        Raises:
            GraderError: a file is missing in it, or listed twice.
        """
        counted = sum(line.files for line in self.lines)
        if counted != self.files or len({line.file for line in self.lines}) != len(self.lines):
            raise GraderError(
                f"The count of the download does not add up: it has {self.files} files, and {counted} are accounted for. "
                "This is the grader's own fault: nothing was graded, so that no work is lost unnoticed."
            )
        return self

    def __str__(self) -> str:
        taken = sum(line.files for line in self.lines if line.taken)
        counted = sum(line.files for line in self.lines)
        return (
            f"{self.files} files in, {counted} accounted for: {taken} taken, {counted - taken} left out (intake.csv "
            "says why)."
        )


def account(found: Found, troubles: Mapping[str, str]) -> Account:
    """What became of every file of a place.

    Args:
        troubles: a submission's name → why it can't be graded.

    Raises:
        GraderError: it does not add up.
    """
    by_name = {one.name: one for one in found.submissions}
    if found.download is None:
        lines = [
            Line(without_key(one.path), 1, one, not (why := one.trouble or troubles.get(one.name, "")), why)
            for one in found.submissions
        ]
        return Account(tuple(lines), len(lines)).checked()
    lines = []
    for piece in found.download.pieces:
        one = by_name.get(found.whose.get(piece.name, ""))
        why = found.why.get(piece.name, "")
        if one is None and not why:
            continue  # which the sum below then shows
        if one is not None and not why:
            why = one.trouble or troubles.get(one.name, "")
        lines.append(Line(piece.name, piece.count, one, not why, why))
    return Account(tuple(lines), found.download.files).checked()


def table(
    whole: Account,
    owners: Mapping[str, Sequence[tuple[str, str]]],
    attempts: Mapping[str, int] | None = None,
) -> str:
    """The account as CSV.

    Args:
        owners: a submission's name → names and identifiers of those whose it is.
        attempts: a submission's name → the number of its attempt, if it is not the first.
    """
    rows: list[Sequence[object]] = [HEAD]
    for line in whole.lines:
        one = line.submission
        label = one.label if one else None
        moment = (one.submitted or one.changed) if one else None
        theirs = owners.get(one.name, ()) if one else ()
        rows.append(
            [
                line.file,
                line.files,
                label.platform if label else "",
                (label.number or label.shown) if label else "",
                label.name if label else "",
                one.name if one else "",
                (attempts or {}).get(one.name, 1) if one else "",
                moment.isoformat(timespec="seconds") if moment else "",
                "late" if one and one.late else "",
                " & ".join(name for name, _ in theirs),
                " & ".join(id for _, id in theirs),
                "taken" if line.taken else "left out",
                line.why,
            ]
        )
    return render_csv(rows)
