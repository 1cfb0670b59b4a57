"""One submission in a checkout of Classroom 50's: grade it in a sandbox, and write `result.json`, or say why not.

Started by `classroom50/autograder.py`. The checkout is graded with its history. Its files can't name the result: what lies
at its place is replaced, and a grading without a sandbox or with a fault of the grader's own leaves none.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from pydantic import ValidationError

from grader.errors import GraderError
from grader.files import write
from grader.judge import Report
from grader.report import classroom50

RESULT = "result.json"
_MOST_BYTES = 32 * 1024 * 1024
_GRADED = (0, 1)  # what `grader check` exits with where there is a report


def grade(checkout: Path, rubric: Path, grader: Path, variables: Mapping[str, str]) -> None:
    """Grade a checkout, and write the result into it.

    Args:
        rubric: used if it exists, as is a folder `assignment` beside it.
        grader: the program.
        variables: the environment that Classroom 50 sets.

    Raises:
        GraderError: there is no result to write.
    """
    (checkout / RESULT).unlink(missing_ok=True)
    with tempfile.TemporaryDirectory(prefix="classroom50-") as private:
        file = Path(private) / "report.json"
        command: list[str | Path] = [grader, "check", checkout, "--isolation", "auto", "--json", file]
        command += ["--rubric", rubric] if rubric.is_file() else []
        assignment = rubric.with_name("assignment")
        command += ["--assignment", assignment] if assignment.is_dir() else []
        done = subprocess.run(command)  # noqa: S603 - our own program
        if done.returncode not in _GRADED or not file.is_file() or file.stat().st_size > _MOST_BYTES:
            raise GraderError(f"There is no result: grader check ended with {done.returncode}.")
        try:
            report = Report.model_validate_json(file.read_bytes())
        except ValidationError as error:
            raise GraderError("There is no result: the report is not one of the grader's.") from error
    if report.isolation not in ("bubblewrap", "landlock"):
        raise GraderError("There is no result: nothing here can keep the work apart from the grader.")
    write(checkout / RESULT, classroom50.render(report, identity(checkout, variables)).encode())


def identity(checkout: Path, variables: Mapping[str, str]) -> dict[str, str]:
    """Whose and which submission this is, by what Classroom 50 says; its runner checks the owner once more.

    Raises:
        GraderError: a variable is missing.
    """
    names = {
        "classroom": ("CLASSROOM",),
        "assignment": ("ASSIGNMENT",),
        "assignment_type": ("ASSIGNMENT_TYPE",),
        "owner": ("OWNER", "USERNAME"),
        "submission": ("SUBMISSION_TAG",),
        "commit": ("COMMIT_URL",),
        "release": ("RELEASE_URL",),
        "review": ("REVIEW_URL", "COMMIT_URL"),
    }
    found = {
        field: next((variables[each] for each in given if variables.get(each)), "")
        for field, given in names.items()
    }
    found["assignment_type"] = found["assignment_type"] or "individual"
    missing = [names[field][0] for field, value in found.items() if not value]
    if missing:
        raise GraderError(f"Classroom 50 sets {', '.join(missing)}, which is missing here.")
    return {**found, "datetime": _committed(checkout)}


def _committed(checkout: Path) -> str:
    """When the graded commit was made; the same however often it is graded."""
    command = ["git", "-c", "core.fsmonitor=false", "-C", str(checkout), "show", "-s", "--format=%ct", "HEAD"]
    done = subprocess.run(command, capture_output=True, text=True)  # noqa: S603 - our own words
    moment = (
        datetime.fromtimestamp(int(done.stdout), UTC) if done.stdout.strip().isdigit() else datetime.now(UTC)
    )
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def main() -> int:
    """0 if there is a result."""
    checkout, rubric = Path(sys.argv[1]), Path(sys.argv[2])
    try:
        grade(checkout, rubric, Path(sys.executable).with_name("grader"), os.environ)
    except GraderError as error:
        print(f"::error::{json.dumps(str(error))}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
