"""One submission on Gradescope: grade it in a sandbox and put `results.json` where Gradescope reads it, or say why not.

Started by `run_autograder`, in a container that Gradescope made for this submission. The submission must reach neither
the results nor what writes them. So it is graded in a sandbox or not at all; the grader writes into a folder that only
its user can enter; and what is read from there goes to its place in one step, over whatever lies there by then.
"""

import contextlib
import json
import os
import shutil
import stat
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from grader.errors import GraderError
from grader.files import write
from grader.report import gradescope

_MOST_BYTES = 32 * 1024 * 1024
_LAST_WORDS = 2_000  # characters of what the grader printed
_UNGRADABLE = 2
NO_ISOLATION = (
    "This submission was not graded and has no score: nothing here can keep it apart from the grader and its results.\n\n"
    "For the instructor: Gradescope's container offers neither user namespaces (bubblewrap) nor Landlock. Download the "
    "submissions and grade them on a machine that has one of them: grader isolation lists what a machine offers, "
    "grader batch grades a class."
)


def grade(root: Path, grader: Path) -> None:
    """Grade the submission below Gradescope's folder.

    Args:
        root: Gradescope's folder, with `submission/`, `source/` and `results/`.
        grader: the program.

    Raises:
        GraderError: the results can't be kept from others, or can't be written.
    """
    results = _own_folder(root / "results")
    _remove(results / "results.json")
    with tempfile.TemporaryDirectory(prefix="autograder-") as private:
        text = _graded(root, grader, Path(private) / "results.json")
    _remove(results / "results.json")
    write(results / "results.json", text.encode())


def _own_folder(folder: Path) -> Path:
    """The folder for the results, made if need be: a folder, ours, and nobody else's to write in."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        facts = folder.lstat()
        if not stat.S_ISDIR(facts.st_mode) or facts.st_uid != os.geteuid():
            raise GraderError(
                f"{folder} does not belong to the grader's user, so others could write results."
            )
        folder.chmod(0o755)
    except OSError as error:
        raise GraderError(f"{folder} can't be used: {error.strerror}.") from error
    return folder


def _remove(place: Path) -> None:
    """Whatever lies there: results that were not written by this run count for nothing."""
    with contextlib.suppress(FileNotFoundError):
        if place.is_dir() and not place.is_symlink():
            shutil.rmtree(place)
        else:
            place.unlink()


def _graded(root: Path, grader: Path, file: Path) -> str:
    """The results as JSON, with a score only if the submission was graded in a sandbox."""
    if subprocess.run([grader, "isolation"], capture_output=True).returncode:  # noqa: S603 - our own program
        print(NO_ISOLATION)
        return gradescope.render_failure(NO_ISOLATION)
    # no tier is named: auto never falls back to a plain process
    command: list[str | Path] = [grader, "check", root / "submission"]
    command += ["--isolation", "auto", "--gradescope", file]
    rubric = root / "source" / "rubric.toml"
    command += ["--rubric", rubric] if rubric.is_file() else []
    assignment = root / "source" / "assignment"
    command += ["--assignment", assignment] if assignment.is_dir() else []
    done = subprocess.run(  # noqa: S603 - our own program
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
    )
    print(done.stdout)
    results = _read(file)
    if results is not None and _isolation(results) in ("bubblewrap", "landlock"):
        return file.read_text(encoding="utf-8")
    if results is not None:
        print("The results do not name a sandbox, so they were dropped.")
    whose = (
        "This submission can't be graded."
        if done.returncode == _UNGRADABLE
        else "The grader itself failed, which says nothing about your work. Your instructor can run it again."
    )
    return gradescope.render_failure(f"{whose}\n\n{done.stdout.strip()[-_LAST_WORDS:]}")


def _read(file: Path) -> dict[str, Any] | None:
    """What the grader wrote; None if it wrote nothing that can be used."""
    try:
        if file.stat().st_size > _MOST_BYTES:
            return None
        found = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _isolation(results: dict[str, Any]) -> str | None:
    extra = results.get("extra_data")
    return extra.get("isolation") if isinstance(extra, dict) else None


def main() -> int:
    """0 if there are results, with a score or without."""
    try:
        grade(Path(sys.argv[1]), Path(sys.argv[2]))
    except GraderError as error:
        print(error)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
