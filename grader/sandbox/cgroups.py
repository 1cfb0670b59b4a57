"""Control groups: one for each sandbox, where this process may make them; versions 1 and 2."""

import itertools
import os
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from grader.inside.policy import Ceilings

_ROOT = Path("/sys/fs/cgroup")
_numbers = itertools.count()
_REMOVE_SECONDS = 2.0


class ControlGroup:
    """The folders of one group; a process joins by writing its number into each of `joins`."""

    def __init__(self, folders: Sequence[Path]) -> None:
        self._folders = folders
        self.joins = [folder / "cgroup.procs" for folder in folders]

    def remove(self) -> None:
        """Kill what is left in it, and remove it; one that stays busy is left behind, empty of rights."""
        deadline = time.monotonic() + _REMOVE_SECONDS
        for folder in self._folders:
            if (folder / "cgroup.kill").exists():
                _write(folder / "cgroup.kill", "1")
            while folder.exists() and time.monotonic() < deadline:
                try:
                    folder.rmdir()
                except OSError:
                    time.sleep(0.01)


def make_group(ceilings: Ceilings) -> ControlGroup | None:
    """A new group with these ceilings; None where none can be made."""
    memory, processes = str(ceilings.memory * 1024 * 1024), str(ceilings.processes)
    if (_ROOT / "cgroup.controllers").exists():
        wanted: dict[Path, Mapping[str, str]] = {
            _ROOT: {"memory.max": memory, "memory.swap.max": "0", "pids.max": processes, "cpu.weight": "25"}
        }
        required = {"memory.max", "pids.max"}
    else:
        wanted = {
            _ROOT / "memory": {"memory.limit_in_bytes": memory},
            _ROOT / "pids": {"pids.max": processes},
        }
        if (_ROOT / "cpu").is_dir():
            # one share of the processors for all that a submission starts, however much that is, and a smaller one than
            # the grader itself has: its clock and its stand-ins go on
            wanted[_ROOT / "cpu"] = {"cpu.shares": "256"}
        required = {"memory.limit_in_bytes", "pids.max"}
    name = f"lab-grader-{os.getpid()}-{next(_numbers)}"
    folders: list[Path] = []
    for controller, values in wanted.items():
        folder = controller / name
        try:
            folder.mkdir()
        except OSError:
            break
        folders.append(folder)
        if not all(_write(folder / file, value) or file not in required for file, value in values.items()):
            break
    else:
        return ControlGroup(folders)
    ControlGroup(folders).remove()
    return None


def _write(file: Path, value: str) -> bool:
    try:
        file.write_text(value)
    except OSError:
        return False
    return True
