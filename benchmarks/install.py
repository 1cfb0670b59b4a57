"""How much each extra installs: a fresh environment for each, from a wheel of this folder, measured as `du` does.

    python -m benchmarks.install [--compiled]

It needs the package index. `--compiled` compiles every module first, as pip does when it installs.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parents[1]
# extras, and at most how many megabytes they should take
INSTALLATIONS: tuple[tuple[str, int | None], ...] = (
    ("", 150),
    ("media", None),
    ("proxy", None),
    ("lab", None),
    ("grader", None),
    ("lab,grader", 550),
    ("lab,grader,frameworks", None),
    ("lab,grader,cluster", None),
    ("course", None),
    ("dev", None),
)
_HEAVIEST = 5


def megabytes(folder: Path) -> float:
    """What a folder takes on the disk, in blocks, each file once."""
    seen, blocks = set(), 0
    for path in [folder, *folder.rglob("*")]:
        facts = path.lstat()
        if facts.st_ino not in seen:
            seen.add(facts.st_ino)
            blocks += facts.st_blocks
    return blocks * 512 / 1024**2


def heaviest(packages: Path) -> str:
    """The folders that weigh most, with their megabytes."""
    sizes = sorted(
        ((megabytes(path), path.name) for path in packages.iterdir() if path.is_dir()), reverse=True
    )
    return ", ".join(f"{name} {size:.0f}" for size, name in sizes[:_HEAVIEST])


def run(*command: str | Path) -> None:
    """Run one step; what it printed is shown if it fails."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))}\n{done.stdout[-3000:]}")


def main() -> int:
    """1 if an installation is heavier than it should be."""
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--compiled", action="store_true", help="compile every module first")
    compiled = options.parse_args().compiled
    uv = (sys.executable, "-m", "uv")
    table = Table("installs", "MB", "at most", "heaviest, in MB")
    too_heavy = False
    with tempfile.TemporaryDirectory(prefix="install-", ignore_cleanup_errors=True) as folder:
        place = Path(folder)
        run(*uv, "build", "--quiet", "--wheel", "--out-dir", place, ROOT)
        (wheel,) = place.glob("*.whl")
        for extras, limit in INSTALLATIONS:
            environment = place / (extras.replace(",", "-") or "base")
            python = environment / ("Scripts" if os.name == "nt" else "bin") / "python"
            run(*uv, "venv", "--quiet", "--python", sys.executable, environment)
            named = f"openai-files-lab[{extras}] @ {wheel.as_uri()}"
            compiling = ("--compile-bytecode",) if compiled else ()
            # copied, so that what is measured is what a machine without a cache gets
            run(
                *uv, "pip", "install", "--quiet", "--link-mode", "copy", *compiling, "--python", python, named
            )
            size = megabytes(environment)
            too_heavy |= limit is not None and size > limit
            packages = next(environment.glob("[Ll]ib/**/site-packages"))
            table.add_row(
                extras or "the stand-in alone",
                f"{size:.0f}",
                str(limit or ""),
                heaviest(packages),
            )
    Console(width=120).print(table)
    return 1 if too_heavy else 0


if __name__ == "__main__":
    sys.exit(main())
