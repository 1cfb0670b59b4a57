"""Builds the environment of a declaration, once for each set of packages that declarations resolve to, and keeps it.

The grader never starts the Python of such an environment: packages may run code of their own as soon as it starts.
"""

import hashlib
import os
import platform
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from grader.environments import classroom, sealing
from grader.environments.declaration import Declaration
from grader.environments.resolving import (
    RUNNERS,
    Lock,
    Unsolvable,
    end,
    index_settings,
    read_lock,
    resolve,
    run_uv,
)
from grader.errors import EnvironmentUnavailable

try:
    import fcntl
    import resource
except ImportError:  # Windows: two builders at once do the work twice, and the first result is kept
    fcntl = resource = None  # type: ignore[assignment]

_INSTALL_SECONDS = 600.0
_COMPILE_SECONDS = 300.0
_COMPILE_BYTES = 2 * 1024**3  # of memory, for each of its processes
_LOCK_SECONDS = 24 * 3600.0  # how long the same declaration gets the same versions
_ABANDONED_SECONDS = 3600.0
_BUILDING = "building-"
_FORM = "1"  # another one when the same packages are to be built in another way


@dataclass(frozen=True)
class Built:
    """An environment that is ready, and read-only.

    Attributes:
        python: its interpreter; for a sandbox alone to start.
        digest: of what it was resolved to.
        packages: each as `name==version`, sorted.
        missing: runners and optional packages that can't be had beside what the submission asks for; what needs
            them can't be run.
    """

    python: Path
    digest: str
    packages: tuple[str, ...]
    missing: tuple[str, ...] = ()


def cache() -> Path:
    """Where environments are kept: `$XDG_CACHE_HOME`, or `~/.cache`."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base).absolute() / "openai-files-lab" / "environments"


def build(declaration: Declaration) -> Built:
    """The environment of a declaration, from wheels of the machine's index alone; built if it is not there yet.

    Raises:
        EnvironmentUnavailable: the packages can't be had here, with the resolver's sentence; no fault of the work.
    """
    _check_python(declaration.python)
    ours = any(_name(text) == classroom.NAME for text in declaration.applying())
    place = cache()
    try:
        place.mkdir(parents=True, exist_ok=True)
        lock = _locked(declaration, place)
        return _environment(lock, place, ours)
    except OSError as error:
        raise EnvironmentUnavailable(
            f"The submission's environment can't be kept in {place}: {error.strerror}."
        ) from error


def _check_python(versions: str | None) -> None:
    if versions is not None and not SpecifierSet(versions).contains(
        platform.python_version(), prereleases=True
    ):
        raise EnvironmentUnavailable(
            f"The submission asks for Python {versions}, and this grader runs on {platform.python_version()}. "
            "Run the grader with such a Python."
        )


def _interpreter() -> str:
    """What decides which wheels fit: the interpreter and its platform."""
    return repr((sys.version, sys.base_prefix, sysconfig.get_platform(), platform.libc_ver()))


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]


def _locked(declaration: Declaration, place: Path) -> Lock:
    """What the declaration resolves to: as it did within the last day, or else now; as it did last if the index is away."""
    asked = declaration.applying()
    wanted = _without_our_own(text for text in asked if not declaration.is_optional(text))
    optional = _without_our_own(text for text in asked if declaration.is_optional(text))
    if len(wanted) + len(optional) < len(asked):
        # what this project needs, in the place of its own name: a sandbox shows it, no index has it. The work's own
        # versions come first
        optional += _unasked(Declaration(requirements=classroom.requirements()).applying(), wanted, optional)
    limits = declaration.limits
    parts = (
        _interpreter(),
        index_settings(),
        *RUNNERS.values(),
        *wanted,
        *(f"optional {text}" for text in optional),
        *(f"limit {text}" for text in limits),
        *([f"before {declaration.before}"] if declaration.before else []),
        *(f"absent {name}" for name in declaration.absent),
    )
    kept = place / "locks" / f"{_digest(*parts)}.txt"
    if (lock := _kept(kept)) and time.time() - kept.stat().st_mtime < _LOCK_SECONDS:
        return lock
    try:
        fresh = resolve(
            wanted,
            Path(sys.executable),
            place / "downloads",
            optional,
            limits,
            declaration.before,
            declaration.absent,
        )
    except Unsolvable:
        raise
    except EnvironmentUnavailable:
        if lock is not None:
            return lock
        raise
    kept.parent.mkdir(exist_ok=True)
    text = "".join(f"{line}\n" for line in (*fresh.lines, *(f"# missing {name}" for name in fresh.missing)))
    partial = kept.with_suffix(f".{os.getpid()}")
    partial.write_text(text, encoding="utf-8")
    partial.replace(kept)
    return fresh


def _name(requirement: str) -> str:
    return canonicalize_name(Requirement(requirement).name)


def _without_our_own(requirements: Iterable[str]) -> tuple[str, ...]:
    return tuple(text for text in requirements if _name(text) != classroom.NAME)


def _unasked(ours: Sequence[str], *theirs: Sequence[str]) -> tuple[str, ...]:
    """Requirements of ours for packages that the work does not ask for itself."""
    asked = {_name(text) for each in theirs for text in each}
    return tuple(text for text in ours if _name(text) not in asked)


def _kept(file: Path) -> Lock | None:
    try:
        text = file.read_text(encoding="utf-8")
        lines = read_lock(text).lines
    except (OSError, ValueError, EnvironmentUnavailable):
        return None
    missing = [line.removeprefix("# missing ") for line in text.splitlines() if line.startswith("# missing ")]
    return Lock(lines, tuple(missing))


def _environment(lock: Lock, place: Path, ours: bool) -> Built:
    """The environment of a lock; one that is not exactly as it was built is built again."""
    digest = _digest(_FORM, _interpreter(), *lock.lines, *(classroom.describe() if ours else ()))
    home = place / digest
    inside, record = home / "environment", home / "contents.json"
    with _alone(place / f"{digest}.lock"):
        _clear_abandoned(place)
        damaged = home.exists() and not sealing.is_sealed(inside, record)
        if damaged:
            sealing.remove(home)
        if not home.exists():
            _make(lock, home, place, ours=ours, afresh=damaged)
    return Built(_python_of(inside), digest, lock.packages, lock.missing)


def _python_of(environment: Path) -> Path:
    return environment / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def _packages_of(environment: Path) -> Path:
    if os.name == "nt":
        return environment / "Lib" / "site-packages"
    return environment / "lib" / f"python{sys.version_info[0]}.{sys.version_info[1]}" / "site-packages"


def _make(lock: Lock, home: Path, place: Path, *, ours: bool, afresh: bool) -> None:
    """Build beside its place, and move it there when it is whole.

    Args:
        lock: what to install.
        home: where it goes.
        place: the folder of all environments.
        ours: whether it can import what a sandbox shows of this project.
        afresh: fetch everything again; what was tampered with may have been tampered with among the downloads, too.
    """
    building = Path(tempfile.mkdtemp(dir=place, prefix=_BUILDING))
    try:
        made = building / "done"
        environment = made / "environment"
        downloads = building / "downloads" if afresh else place / "downloads"
        _install(lock, environment, building, downloads)
        if ours:
            classroom.show_in(_packages_of(environment))
        sealing.seal(environment, made / "contents.json")
        try:
            made.rename(home)
        except OSError:
            if not sealing.is_sealed(
                home / "environment", home / "contents.json"
            ):  # else another was quicker
                raise
    finally:
        sealing.remove(building)


def _install(lock: Lock, environment: Path, building: Path, downloads: Path) -> None:
    empty = building / "empty"
    empty.mkdir()
    environment.parent.mkdir()
    run_uv(
        ["venv", "--no-project", "--relocatable", "--python", sys.executable, str(environment)],
        empty,
        downloads,
        _INSTALL_SECONDS,
    )
    skeleton = sealing.contents(environment)
    if lock.lines:
        (empty / "locked.txt").write_text("".join(f"{line}\n" for line in lock.lines), encoding="utf-8")
        arguments = ["pip", "install", "--no-deps", "--require-hashes", "--verify-hashes", "--no-sources"]
        # copied: a file that environments share by hard links could be changed in all of them at once
        arguments += [
            "--only-binary",
            ":all:",
            "--link-mode",
            "copy",
            "--python",
            str(_python_of(environment)),
        ]
        run_uv([*arguments, "--requirements", "locked.txt"], empty, downloads, _INSTALL_SECONDS)
    sealing.check_skeleton(skeleton, sealing.contents(environment))
    if sealing.list_installed(_packages_of(environment)) != frozenset(lock.packages):
        raise EnvironmentUnavailable("What uv installed is not what was resolved. Try again.")
    sealing.silence(_packages_of(environment))
    _compile(_packages_of(environment))


def _compile(packages: Path) -> None:
    """Compile every module, with the grader's interpreter and nothing of the packages in its way.

    Files that no Python can compile, such as templates, are left as they are.
    """
    command = [sys.executable, "-I", "-S", "-m", "compileall", "-q", "-j", "2", str(packages)]
    silent = subprocess.DEVNULL
    process = subprocess.Popen(  # noqa: S603 - our own command line
        command, stdin=silent, stdout=silent, stderr=silent, start_new_session=True
    )
    if hasattr(resource, "prlimit"):
        resource.prlimit(process.pid, resource.RLIMIT_AS, (_COMPILE_BYTES, _COMPILE_BYTES))
    try:
        process.wait(_COMPILE_SECONDS)
    except subprocess.TimeoutExpired:
        end(process)


@contextmanager
def _alone(file: Path) -> Iterator[None]:
    """Until the end, no other process builds or checks the same environment."""
    if fcntl is None:
        yield
        return
    with file.open("a") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield


def _clear_abandoned(place: Path) -> None:
    """Delete what builders left that were killed."""
    for left in place.glob(f"{_BUILDING}*"):
        with suppress(OSError):
            if time.time() - left.stat().st_mtime > _ABANDONED_SECONDS:
                sealing.remove(left)
