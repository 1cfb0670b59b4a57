"""Runs each client's program in an environment of its own, and prints which features passed: `python -m tests.clients [NAME…]`.

uv makes the environments from what each program declares (PEP 723), npm those of programs for Node (their first line); both are kept
in a cache. Needs the package indexes; `make test` does not run this. Exit 0 if every feature passed.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import platformdirs
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
    paths = (*PROGRAMS.glob("*.py"), *PROGRAMS.glob("*.mjs"))
    return sorted({path.stem for path in paths if path.stem not in _SHARED})


def declared(program: Path) -> list[str]:
    """The packages that a program for Node names in its first line."""
    first = program.read_text(encoding="utf-8").splitlines()[0]
    return first.removeprefix("// dependencies:").split()


def _for_node(program: Path) -> list[str]:
    """The command that runs a program for Node, beside its packages.

    Raises:
        OSError: node or npm is not installed.
        subprocess.CalledProcessError: the packages can't be had.
    """
    wanted = declared(program)
    mark = hashlib.sha256(" ".join(wanted).encode()).hexdigest()[:16]
    place = platformdirs.user_cache_path("openai-files-lab") / "clients" / mark
    if not (place / "installed").exists():
        place.mkdir(parents=True, exist_ok=True)
        (place / "package.json").write_text('{"private": true, "type": "module"}')
        install = ["npm", "install", "--silent", "--ignore-scripts", "--no-audit", "--no-fund", *wanted]
        subprocess.run(install, cwd=place, check=True, capture_output=True, timeout=_SECONDS)
        (place / "installed").touch()
    for each in (program, program.with_name("features.mjs")):
        shutil.copy(each, place)
    return ["node", str(place / program.name)]


def _command(name: str) -> list[str]:
    """What runs a client's program."""
    program = PROGRAMS / f"{name}.mjs"
    if program.exists():
        return _for_node(program)
    return [find_uv_bin(), "run", "--quiet", "--no-project", "--script", str(PROGRAMS / f"{name}.py")]


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
        try:
            done = subprocess.run(
                _command(name), env=environment, capture_output=True, text=True, timeout=_SECONDS
            )
        except (OSError, subprocess.CalledProcessError) as error:
            return [Tried(name, "(start)", False, f"it could not be started: {error}"[:500])]
        except subprocess.TimeoutExpired:
            return [Tried(name, "(start)", False, f"no end after {_SECONDS} seconds")]
    lines = [
        line.removeprefix("feature ") for line in done.stdout.splitlines() if line.startswith("feature {")
    ]
    tried = [
        Tried(name, report["feature"], report["passed"], report["why"]) for report in map(json.loads, lines)
    ]
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
