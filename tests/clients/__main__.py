"""Runs each client's program in an environment of its own, and prints which features passed: `python -m tests.clients [NAME…]`.

uv makes the environments from what each program declares (PEP 723) and keeps them in its cache. Needs the package index;
`make test` does not run this. Exit 0 if every feature passed.
"""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from uv import find_uv_bin

from classroom.standin.mock import OpenAIMock

PROGRAMS = Path(__file__).with_name("programs")
_SHARED = ("features", "openai_features")
_LEGACY = ("openai_028",)
_SECONDS = 600


@dataclass(frozen=True)
class Tried:
    """A feature of a client, and why it failed, if it did."""

    client: str
    feature: str
    passed: bool
    why: str


def names() -> list[str]:
    """Every client's."""
    return sorted(path.stem for path in PROGRAMS.glob("*.py") if path.stem not in _SHARED)


def run(name: str) -> list[Tried]:
    """What a client's program tried; one failure if it tried nothing."""
    with OpenAIMock(control=0, legacy=name in _LEGACY) as mock:
        environment = {
            **{
                each: value
                for each, value in os.environ.items()
                if not each.startswith(("OPENAI_", "AZURE_", "VIRTUAL_ENV"))
            },
            **mock.environment,
            "OPENAI_API_BASE": mock.base_url,  # the older name, which llama-index reads
            "STANDIN_CONTROL": mock.control_url or "",
            "PYTHONPATH": str(PROGRAMS),
            "PYTHONDONTWRITEBYTECODE": "1",
            "NO_PROXY": "127.0.0.1",
        }
        command = [find_uv_bin(), "run", "--quiet", "--no-project", "--script", str(PROGRAMS / f"{name}.py")]
        try:
            done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=_SECONDS)
        except subprocess.TimeoutExpired:
            return [Tried(name, "(start)", False, f"no end after {_SECONDS} seconds")]
    lines = [
        line.removeprefix("feature ") for line in done.stdout.splitlines() if line.startswith("feature {")
    ]
    tried = [Tried(name, told["feature"], told["passed"], told["why"]) for told in map(json.loads, lines)]
    if done.returncode or not tried:
        last = (done.stderr.strip().splitlines() or ["nothing was printed"])[-1]
        tried.append(Tried(name, "(end)", False, f"exit code {done.returncode}: {last}"))
    return tried


def table(found: list[Tried]) -> str:
    """Clients as rows, features as columns."""
    features = list(dict.fromkeys(each.feature for each in found))
    rows = {
        client: {each.feature: each.passed for each in found if each.client == client}
        for client in dict.fromkeys(each.client for each in found)
    }
    wide = max(map(len, rows))
    lines = [" " * wide + "  " + " ".join(features)]
    for client, passed in rows.items():
        cells = (
            {True: "yes", False: "NO", None: "-"}[passed.get(feature)].center(len(feature))
            for feature in features
        )
        lines.append(f"{client:{wide}}  {' '.join(cells)}")
    return "\n".join(line.rstrip() for line in lines)


def main(wanted: list[str]) -> int:
    """Prints the table and every failure; 1 if there is one, 2 for a client that is not there."""
    if unknown := sorted(set(wanted) - set(names())):
        print(f"clients: there is no '{unknown[0]}'; known are {', '.join(names())}", file=sys.stderr)
        return 2
    found: list[Tried] = []
    for name in wanted or names():
        print(f"{name} …", file=sys.stderr, flush=True)
        found += run(name)
    failed = [each for each in found if not each.passed]
    print(table(found))
    print(f"\n{len(found) - len(failed)} of {len(found)} passed")
    for each in failed:
        print(f"  {each.client}, {each.feature}: {each.why}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
