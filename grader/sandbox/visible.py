"""What a sandbox shows of this machine: system programs, Python, and the packages that a submission needs."""

import sys
from pathlib import Path

import classroom
import grader
from grader.inside import policy

_PACKAGE = Path(grader.__file__).parent
PACKAGES = Path(classroom.__file__).parent.parent


def of_python(python: Path) -> list[Path]:
    """The folders of an interpreter: its environment, and the installation that this stands on."""
    prefix = python.parent.parent
    found = [prefix]
    try:
        lines = (prefix / "pyvenv.cfg").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    named = dict(line.split(" = ", 1) for line in lines if " = " in line)
    if "home" in named:
        found.append(Path(named["home"]).parent)
    if prefix == Path(sys.prefix):
        found.append(Path(sys.base_prefix))
    # programs in an environment may be links into an installation elsewhere
    found.append(python.resolve().parent.parent)
    return found


def paths(python: Path, purpose: policy.Purpose) -> list[Path]:
    """Everything that may be read inside a sandbox; nothing twice, nothing that is not there.

    A submission sees the classroom and the grader's programs for the inside. The worker that reads a submission sees
    the whole grader. From a clone, neither sees the answer key; neither ever sees the tests or
    anybody's home. A wheel brings the answer key among its files, and every learner has it then.
    """
    lab = Path(classroom.__file__).parent
    grader_code = [_PACKAGE] if purpose == "worker" else [_PACKAGE / "__init__.py", _PACKAGE / "inside"]
    wanted = [
        *map(Path, policy.SYSTEM_PATHS),
        *of_python(python),
        lab,
        *grader_code,
    ]
    found = list(dict.fromkeys(path for path in wanted if path.exists() or path.is_symlink()))
    return [path for path in found if not any(other in path.parents for other in found)]
