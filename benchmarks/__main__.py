"""Every measurement, one after the other, each with its peers beside it.

    python -m benchmarks [NAME …] [--json FILE] [--before FILE] [--quick]

NAMES: proxy, standin, grading, class, start; all of them, if none is given. `--json` keeps the tables. `--before` names an earlier
run's file: what became worse by more than 15 percent is printed, as a warning where GitHub's CI reads it. Peers that need
an installation of their own are measured if they are there: `litellm` and `nbgrader` on the path.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks import tables


def measurements(*, quick: bool) -> dict[str, list[str]]:
    """The arguments of each module's command line, by the measurement's name."""
    litellm = shutil.which("litellm")
    return {
        "start": ["benchmarks.start", "--times", "3" if quick else "9"],
        "proxy": [
            "benchmarks.proxy",
            *(["--requests", "100"] if quick else []),
            *(["--litellm", litellm] if litellm else []),
        ],
        "standin": [
            "benchmarks.standin",
            *(["--seconds", "1", "--rounds", "1", "--no-peers"] if quick else []),
        ],
        "grading": [
            "benchmarks.grading",
            "tests/submissions/one_json_body",
            "lab",
            "answer-key",
            "--times",
            "1" if quick else "3",
        ],
        "class": [
            "benchmarks.class_of_thirty",
            "tests/submissions/one_json_body",
            *(["--count", "4", "--jobs", "2"] if quick else ["--jobs", "2"]),
            *(["--nbgrader"] if shutil.which("nbgrader") else []),
        ],
    }


def main() -> int:
    """0, whatever was measured; 1 if a measurement could not be made."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--json", type=Path, help="keep the tables in this file")
    parser.add_argument("--before", type=Path, help="compare with the tables of this file")
    parser.add_argument(
        "--quick", action="store_true", help="fewer rounds, and no peers that are installed first"
    )
    options = parser.parse_args()
    known = measurements(quick=options.quick)
    if unknown := set(options.names) - known.keys():
        parser.error(f"no such measurement: {', '.join(sorted(unknown))}. There are {', '.join(known)}.")
    found: dict[str, Any] = {}
    failed = []
    for name, command in known.items():
        if options.names and name not in options.names:
            continue
        with tempfile.TemporaryDirectory() as place:
            file = Path(place) / "tables.json"
            done = subprocess.run([sys.executable, "-m", *command, "--json", str(file)])
            if done.returncode or not file.exists():
                failed.append(name)
                continue
            found[name] = json.loads(file.read_text(encoding="utf-8"))
    if options.json:
        options.json.write_text(json.dumps(found, indent=1), encoding="utf-8")
    if options.before and options.before.exists():
        sign = "::warning::" if os.environ.get("GITHUB_ACTIONS") else "worse: "
        for sentence in tables.worse(json.loads(options.before.read_text(encoding="utf-8")), found):
            print(f"{sign}{sentence}")
    for name in failed:
        print(f"{name} could not be measured.", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
