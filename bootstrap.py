"""Set up `.venv` beside this file, once; after that, return at once.

Run by every make target, and by hand where make is missing: `python bootstrap.py`.
Works with the standard library alone, on Python 3.11 or newer.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
PYTHON = BIN / ("python.exe" if os.name == "nt" else "python")
STAMP = VENV / ".installed"
OLDEST = (3, 11)


class SetupError(Exception):
    """Something a person has to put right; the text says what."""


def fingerprint() -> str:
    """What is installed depends on these two files and on the interpreter, and on nothing else."""
    digest = hashlib.sha256(sys.version.encode())
    for name in ("requirements.txt", "pyproject.toml"):
        digest.update((ROOT / name).read_bytes())
    return digest.hexdigest()


def run(step: str, *command: str) -> None:
    """Print one line, run quietly, and show the output only if it failed."""
    print(f"setup: {step} …", flush=True)
    # certificates of the system, as pip uses them: many a school's network has its own
    environment = {"UV_SYSTEM_CERTS": "true", **os.environ}
    done = subprocess.run(  # noqa: S603 - our own command lines
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    if done.returncode:
        raise SetupError(f"{step} failed:\n{done.stdout[-3000:]}")


def create_environment() -> None:
    """A fresh `.venv` that holds uv, which installs the rest in seconds."""
    if VENV.exists():
        shutil.rmtree(VENV)
    try:
        run("making .venv", sys.executable, "-m", "venv", str(VENV))
    except SetupError as error:
        if "ensurepip" in str(error):
            raise SetupError(
                "this Python lacks its venv module. On Debian and Ubuntu: apt-get install python3-venv"
            ) from error
        raise
    run("installing uv", str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "uv")


def main() -> int:
    """Returns 0 when `.venv` is ready, 1 with the reason on standard error when it is not."""
    if sys.version_info < OLDEST:
        print(
            f"setup: Python {'.'.join(map(str, OLDEST))} or newer is needed, this is {sys.version.split()[0]}.",
            file=sys.stderr,
        )
        return 1
    wanted = fingerprint()
    if STAMP.exists() and STAMP.read_text() == wanted:
        return 0
    try:
        create_environment()
        run(
            "installing requirements.txt (some 500 MB on disk, once)",
            *(str(PYTHON), "-m", "uv", "pip", "install", "--quiet", "--python", str(PYTHON)),
            *("-r", "requirements.txt"),
        )
        run(
            "compiling it, so that every later start is quick",
            str(PYTHON),
            "-m",
            "compileall",
            "-q",
            "-j",
            "0",
            str(VENV / "lib"),
        )
    except (SetupError, OSError) as error:
        print(f"setup: {error}", file=sys.stderr)
        return 1
    STAMP.write_text(wanted)
    print("setup: ready", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
