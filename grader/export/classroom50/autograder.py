"""Run by Classroom 50 in a learner's checkout: installs the grader that lies beside this file, and lets it grade.

What it does then is in `grader/export/checkout.py`. Works with the standard library alone. Exits with 0 if there is a
`result.json`; anything else is no result, which Classroom 50 shows as an error and never as a score.
"""

import os
import subprocess
import sys
import tempfile
import venv
import zipfile
from pathlib import Path

HERE = Path(__file__).resolve().parent


def main() -> int:
    """Install, then grade."""
    place = Path(tempfile.mkdtemp(prefix="lab-grader-", dir=os.environ.get("RUNNER_TEMP")))
    with zipfile.ZipFile(HERE / "lab-grader.zip") as bundle:
        bundle.extractall(place / "source")
    venv.create(place / "venv", with_pip=True)
    python = place / "venv" / "bin" / "python"
    install: list[str | Path] = [python, "-m", "pip", "install", "--quiet", "-r", "requirements.txt"]
    if subprocess.run(install, cwd=place / "source").returncode:  # noqa: S603 - our own words
        print("::error::The grader could not be installed.", file=sys.stderr)
        return 1
    harness: list[str | Path] = [
        python,
        "-I",
        "-m",
        "grader.export.checkout",
        Path.cwd(),
        place / "source" / "rubric.toml",
    ]
    return subprocess.run(harness, cwd=place).returncode  # noqa: S603 - our own words


if __name__ == "__main__":
    sys.exit(main())
