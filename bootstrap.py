"""Set up `.venv` beside this file, once; after that, return at once.

Run by every make target, and by hand where make is missing: `python bootstrap.py`. With `--dev` it also installs what only the
project's own tests and pages need. Works with the standard library alone, on Python 3.11 or newer.
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
OLDEST = (3, 11)
_LEARNERS, _DEVELOPERS = "requirements.txt", "requirements-dev.txt"
# what the commands load first, and sandboxes can't compile for themselves
_LOADED = """
IPython boto3.s3.transfer classroom.exercises classroom.widgets fastapi.testclient flask
grader.batch.run grader.cli grader.report.templates grader.worker.grading ipykernel.kernelapp
moto.s3.responses moto.server nbval.plugin openai.resources.audio openai.resources.chat.completions
openai.resources.images openai.resources.realtime openai.resources.responses papermill pydantic_settings
uvicorn.protocols.http.httptools_impl xdist.plugin
"""


class SetupError(Exception):
    """Something a person has to put right; the text says what."""


def fingerprint(requirements: str) -> str:
    """What is installed depends on these two files and on the interpreter, and on nothing else."""
    digest = hashlib.sha256(sys.version.encode())
    for name in (requirements, "pyproject.toml"):
        digest.update((ROOT / name).read_bytes())
    return digest.hexdigest()


def is_installed(requirements: str) -> bool:
    """Whether `.venv` has what the file names."""
    stamp = VENV / f".installed-{requirements}"
    return stamp.exists() and stamp.read_text() == fingerprint(requirements)


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
    # where this runs in the .venv that is there: the Python that made it, since that .venv goes
    python = getattr(sys, "_base_executable", None) or sys.executable
    if VENV.exists():
        shutil.rmtree(VENV)
    try:
        run("making .venv", python, "-m", "venv", str(VENV))
    except SetupError as error:
        if "ensurepip" in str(error):
            raise SetupError(
                "this Python lacks its venv module. On Debian and Ubuntu: apt-get install python3-venv"
            ) from error
        raise
    pip = (str(PYTHON), "-m", "pip", "--quiet", "--disable-pip-version-check")
    run("installing uv", *pip, "install", "uv")
    # Python 3.11 brings it, nothing here uses it
    run("leaving out setuptools", *pip, "uninstall", "--yes", "setuptools")


def install(requirements: str) -> None:
    """Put what the file names into `.venv`, and note that it is there."""
    run(
        f"installing {requirements} (once)",
        *(str(PYTHON), "-m", "uv", "pip", "install", "--quiet", "--python", str(PYTHON)),
        *("-r", requirements),
    )
    (VENV / f".installed-{requirements}").write_text(fingerprint(requirements))


def compile_what_is_loaded() -> None:
    """Have Python compile what the commands load, and not the rest: that would be a hundred megabytes more."""
    for compiled in [*VENV.glob("lib/*/site-packages/pip/**/__pycache__")]:  # venv compiles all of pip
        shutil.rmtree(compiled, ignore_errors=True)
    lines = (f"with contextlib.suppress(Exception): import {name}" for name in _LOADED.split())
    # a setting of the machine may forbid to keep what is compiled
    script = "\n".join(("import contextlib, sys", "sys.dont_write_bytecode = False", *lines))
    run("compiling what is loaded first", str(PYTHON), "-c", script)


def compile_everything() -> None:
    """Compile all that is installed: the tests start thousands of processes, many in sandboxes, which can't keep it."""
    run(
        "compiling what is installed",
        str(PYTHON),
        "-c",
        "import compileall, sysconfig; compileall.compile_dir(sysconfig.get_path('purelib'), quiet=2, workers=0)",
    )


def megabytes() -> int:
    """What `.venv` takes on the disk."""
    found = (path.lstat() for path in VENV.rglob("*"))
    return sum(int(getattr(facts, "st_blocks", facts.st_size // 512)) for facts in found) // 2048


def main() -> int:
    """Returns 0 when `.venv` is ready, 1 with the reason on standard error when it is not."""
    if sys.version_info < OLDEST:
        print(
            f"setup: Python {'.'.join(map(str, OLDEST))} or newer is needed, this is {sys.version.split()[0]}.",
            file=sys.stderr,
        )
        return 1
    wanted = (_LEARNERS, _DEVELOPERS) if "--dev" in sys.argv[1:] else (_LEARNERS,)
    if all(is_installed(requirements) for requirements in wanted):
        return 0
    try:
        if not is_installed(_LEARNERS):
            create_environment()
        for requirements in wanted:
            if not is_installed(requirements):
                install(requirements)
        if wanted[-1] == _DEVELOPERS:
            compile_everything()
        else:
            compile_what_is_loaded()
    except (SetupError, OSError) as error:
        print(f"setup: {error}", file=sys.stderr)
        return 1
    print(f"setup: ready, {megabytes()} MB in {VENV.name}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
