"""`progress()`: which exercises of all notebooks are done, as far as this computer knows.

An exercise that is done leaves an empty file with its name in a folder of the user's, and nothing else: no answer, no guess, no
text. Nothing is sent anywhere. `LAB_PROGRESS` names another folder; set to nothing, it keeps nothing.
"""

import contextlib
import html
import json
import os
from collections.abc import Iterable
from pathlib import Path

import ipywidgets
import platformdirs
from IPython.core.getipython import get_ipython

from classroom.exercises import EXERCISES
from classroom.widgets import panel

PLACE = "LAB_PROGRESS"
_CELL = "text-align:left;vertical-align:top;padding:.2em 1.2em .2em 0"


def folder() -> Path | None:
    """Where it is kept; None if it is not kept."""
    named = os.environ.get(PLACE)
    if named is None:
        return platformdirs.user_state_path("openai-files-lab") / "done"
    return Path(named) if named else None


def note_done(id: str) -> None:
    """Remember that an exercise is done; a computer that can't keep it is no reason to stop a lesson."""
    place = folder()
    if place is None or id not in EXERCISES:
        return
    try:
        place.mkdir(parents=True, exist_ok=True)
        (place / id).touch()
    except OSError:
        return


def done() -> frozenset[str]:
    """The exercises that are done."""
    place = folder()
    try:
        names = {file.name for file in place.iterdir()} if place else set()
    except OSError:
        names = set()
    return frozenset(names & set(EXERCISES))


def _title(number: str) -> str:
    """A notebook's heading, if its file is beside this one; the words of the file's name, if it has none."""
    found = sorted(Path().glob(f"{number}-*.ipynb"))
    if not found:
        return number
    with contextlib.suppress(OSError, ValueError, LookupError, TypeError, RecursionError):
        first, _, _ = "".join(json.loads(found[0].read_text("utf-8"))["cells"][0]["source"]).partition("\n")
        if first.startswith("# "):
            return first[2:].strip()
    return found[0].stem.replace("-", " ")


def rows(finished: Iterable[str]) -> list[tuple[str, int, int, str]]:
    """For each notebook with exercises: its title, how many are done, how many there are, which are open."""
    known, found = set(finished), []
    for number in sorted({id.partition(".")[0] for id in EXERCISES}):
        ids = [id for id in EXERCISES if id.startswith(f"{number}.")]
        left = [id for id in ids if id not in known]
        found.append((_title(number), len(ids) - len(left), len(ids), ", ".join(left)))
    return found


def progress() -> None:
    """Show the exercises of all notebooks: a table in a notebook, lines elsewhere."""
    found = rows(done())
    total = f"{sum(row[1] for row in found)} of {sum(row[2] for row in found)} exercises are done."
    if get_ipython() is None:
        print(
            total,
            *(f"{name}: {count} of {all_of} {left}".rstrip() for name, count, all_of, left in found),
            sep="\n",
        )
        return
    lines = "".join(
        f'<tr><th scope="row" style="{_CELL}">{html.escape(name)}</th>'
        f'<td style="{_CELL};white-space:nowrap">{count} of {all_of}</td>'
        f'<td style="{_CELL}">{html.escape(left) or "✓"}</td></tr>'
        for name, count, all_of, left in found
    )
    titles = "".join(f'<th scope="col" style="{_CELL}">{each}</th>' for each in ("Notebook", "Done", "Open"))
    head = f"<thead><tr>{titles}</tr></thead>"
    table = ipywidgets.HTML(f'<p role="status">{total}</p><table>{head}<tbody>{lines}</tbody></table>')
    panel.show("Your progress", "lab-progress", [table])
