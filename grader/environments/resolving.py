"""Turns a declaration into a lock: exact versions with the hashes of their wheels, from the machine's package index.

uv runs in an empty folder, without configuration of the submission or of the user. Of the machine's environment it sees
what an administrator sets for the index, proxies and certificates.
"""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from packaging.requirements import Requirement

from grader.environments.declaration import readable
from grader.errors import EnvironmentUnavailable

# what runs an app, a suite and notebooks: added where the submission asks for none of its own
RUNNERS = {
    "pytest": "pytest>=7",
    "uvicorn": "uvicorn>=0.20",
    "werkzeug": "werkzeug>=2",
    "nbclient": "nbclient>=0.6",
    "ipykernel": "ipykernel>=6",
    # a Python of its time brings it along, and packages import it without asking for it
    "setuptools": "setuptools<81",
}
_RESOLVE_SECONDS = 180.0
_MOST_LOCK_BYTES = 8 * 1024 * 1024
_LONGEST_SENTENCE = 600
_MOST_ONE_BY_ONE = 40  # optional packages that are tried each alone
_LATER = (60, 180, 400)  # days
_LEAST_FREE_BYTES = 1024**3
_MOST_USED_BYTES = 8 * 1024**3
_BETWEEN_LOOKS = 0.5  # seconds

# https://docs.astral.sh/uv/reference/environment/
_ADMINISTRATOR = re.compile(
    r"UV_(?:DEFAULT_INDEX|INDEX|INDEX_URL|EXTRA_INDEX_URL|FIND_LINKS|NO_INDEX|INDEX_STRATEGY|INSECURE_HOST|OFFLINE"
    r"|NATIVE_TLS|SYSTEM_CERTS|HTTP_TIMEOUT|HTTP_RETRIES|EXCLUDE_NEWER|KEYRING_PROVIDER|PYTHON_INSTALL_DIR"
    r"|INDEX_[A-Z0-9_]+_(?:USERNAME|PASSWORD))"
    r"|SSL_CERT_FILE|SSL_CERT_DIR|SSL_CLIENT_CERT|NETRC|SystemRoot"
    r"|(?:HTTPS?|ALL|NO)_PROXY|(?:https?|all|no)_proxy"
)
_PIN = re.compile(r"([a-z0-9]+(?:-[a-z0-9]+)*)==([A-Za-z0-9.!+]+)((?: --hash=sha256:[0-9a-f]{64})+)")


class Unsolvable(EnvironmentUnavailable):
    """The index answered, and has no wheels that fit together."""


@dataclass(frozen=True)
class Lock:
    """Exact versions of every package, with the hashes that its wheels may have.

    Attributes:
        lines: one a package, as a file of requirements has them, sorted.
        missing: runners and optional packages that can't be had beside what the submission asks for.
    """

    lines: tuple[str, ...]
    missing: tuple[str, ...] = ()

    @property
    def packages(self) -> tuple[str, ...]:
        """Each as `name==version`."""
        return tuple(line.partition(" ")[0] for line in self.lines)

    @property
    def names(self) -> frozenset[str]:
        """The normalised names of the packages."""
        return frozenset(package.partition("==")[0] for package in self.packages)


@dataclass(frozen=True)
class _Source:
    """Where packages come from: for which Python, kept in which folder, and which of them never."""

    python: Path
    downloads: Path
    absent: Sequence[str] = ()


def resolve(
    requirements: Sequence[str],
    python: Path,
    downloads: Path,
    optional: Sequence[str] = (),
    limits: Sequence[str] = (),
    before: str = "",
    absent: Sequence[str] = (),
) -> Lock:
    """The lock of some requirements, and of the runners and optional ones that fit beside them.

    Args:
        requirements: canonical, without markers.
        python: whose environment is meant.
        downloads: where uv keeps what it fetched.
        optional: more of them, of which each is left out if it does not fit.
        limits: versions of what else is installed, as a lock file names them; without effect if they do not all fit.
        before: a day after which no version was published; without effect if none fits, or the index does not say when.
        absent: names of packages that are not installed, whoever asks for them.

    Raises:
        EnvironmentUnavailable: the index can't be reached, or has no wheels that fit; with uv's own sentence.
    """
    source = _Source(python, downloads, absent)
    own, taken = _limited(requirements, optional, limits, before, source)
    wanted = [runner for name, runner in RUNNERS.items() if name not in own.names]
    if not wanted:
        return own
    try:
        lock = _compile([*taken, *wanted], own.packages, source)
        return Lock(lock.lines, own.missing)
    except Unsolvable:
        return _with_what_fits(taken, own, wanted, source)


def _limited(
    requirements: Sequence[str],
    optional: Sequence[str],
    limits: Sequence[str],
    before: str,
    source: _Source,
) -> tuple[Lock, Sequence[str]]:
    """The lock of what the submission asks for, as a lock file of its own or the day of its last commit has it, and what of it was taken."""
    everything = [*requirements, *optional]
    days = [before, *_later(before)]
    for versions, day in dict.fromkeys(
        [(tuple(limits), before), (tuple(limits), ""), *(((), each) for each in days)]
    ):
        if versions or day:
            with contextlib.suppress(Unsolvable):
                return _compile(everything, versions, source, day), everything
    return _own(requirements, optional, source)


def _later(day: str) -> list[str]:
    """Days after one on which nothing fits: what had no wheel then may have had one soon, long before today."""
    if not day:
        return []
    return [(date.fromisoformat(day) + timedelta(days=more)).isoformat() for more in _LATER]


def _own(requirements: Sequence[str], optional: Sequence[str], source: _Source) -> tuple[Lock, Sequence[str]]:
    """The lock of what the submission asks for, and what of it was taken."""
    if not optional:
        return _compile(requirements, (), source), requirements
    try:
        return _compile([*requirements, *optional], (), source), [*requirements, *optional]
    except Unsolvable:
        lock, taken = _compile(requirements, (), source), list(requirements)
    missing = []
    for one in optional[:_MOST_ONE_BY_ONE]:
        try:
            lock = _compile([*taken, one], lock.packages, source)
            taken.append(one)
        except Unsolvable:
            missing.append(Requirement(one).name)
    missing += [Requirement(one).name for one in optional[_MOST_ONE_BY_ONE:]]
    return Lock(lock.lines, tuple(dict.fromkeys(missing))), taken


def _with_what_fits(requirements: Sequence[str], own: Lock, wanted: Sequence[str], source: _Source) -> Lock:
    """The lock with each runner that can be added without a change to a version of the submission's."""
    lock, taken, missing = own, list(requirements), list(own.missing)
    for runner in wanted:
        try:
            lock = _compile([*taken, runner], lock.packages, source)
            taken.append(runner)
        except Unsolvable:
            missing.append(next(name for name, text in RUNNERS.items() if text == runner))
    return Lock(lock.lines, tuple(missing))


def _compile(requirements: Sequence[str], limits: Sequence[str], source: _Source, before: str = "") -> Lock:
    if not requirements:
        return Lock(())
    with tempfile.TemporaryDirectory(prefix="resolving-") as empty:
        place = Path(empty)
        (place / "wanted.txt").write_text("".join(f"{text}\n" for text in requirements), encoding="utf-8")
        (place / "limits.txt").write_text("".join(f"{text}\n" for text in limits), encoding="utf-8")
        never = "".join(f"{name} ; python_version < '0'\n" for name in source.absent)
        (place / "never.txt").write_text(never, encoding="utf-8")
        arguments = ["pip", "compile", "--generate-hashes", "--no-header", "--no-annotate", "--no-sources"]
        arguments += ["--only-binary", ":all:", "--python", str(source.python)]
        arguments += ["--exclude-newer", before] if before else []
        arguments += ["--override", "never.txt"] if source.absent else []
        arguments += ["--constraints", "limits.txt", "--output-file", "locked.txt", "wanted.txt"]
        run_uv(arguments, place, source.downloads, _RESOLVE_SECONDS)
        with (place / "locked.txt").open("rb") as file:
            return read_lock(file.read(_MOST_LOCK_BYTES).decode("utf-8", errors="replace"))


def read_lock(text: str) -> Lock:
    """A lock as uv wrote it: nothing but exact versions with hashes.

    Raises:
        EnvironmentUnavailable: it holds anything else, such as an address.
    """
    lines = []
    for line in text.replace("\\\n", " ").splitlines():
        plain = " ".join(line.split())
        if not plain or plain.startswith("#"):
            continue
        if not _PIN.fullmatch(plain):
            raise EnvironmentUnavailable(
                f"The index led to {readable(plain, 80)}, which is no version with a SHA-256 hash. "
                "Only wheels of the index are installed."
            )
        lines.append(plain)
    return Lock(tuple(sorted(lines)))


def clean_environment(home: Path) -> dict[str, str]:
    """The variables that uv sees: an administrator's, and a home that is empty."""
    kept = {name: value for name, value in os.environ.items() if _ADMINISTRATOR.fullmatch(name)}
    # certificates of the system, as pip uses them: many a school's network has its own
    return {"UV_SYSTEM_CERTS": "true", "PATH": os.defpath, "HOME": str(home), "LC_ALL": "C.UTF-8"} | kept


def index_settings() -> str:
    """What decides which packages a name leads to, beside the name; the same text for the same settings."""
    kept = {name: value for name, value in clean_environment(Path()).items() if name.startswith("UV_")}
    return repr(sorted(kept.items()))


def run_uv(arguments: Sequence[str], place: Path, downloads: Path, seconds: float) -> str:
    """Run uv in an empty folder.

    Args:
        arguments: of its command.
        place: the folder; also the home of the process.
        downloads: where it keeps what it fetched.
        seconds: the longest that it may take.

    Returns:
        What it printed.

    Raises:
        Unsolvable: it says that the packages don't fit; with its own sentence.
        EnvironmentUnavailable: it can't be run, takes too long, fills the disk, or can't reach the index.
    """
    command = [_uv(), "--no-config", "--quiet", "--color", "never", "--no-progress", "--no-python-downloads"]
    command += ["--cache-dir", str(downloads), *arguments]
    with tempfile.TemporaryFile() as printed, tempfile.TemporaryFile() as complained:
        try:
            process = subprocess.Popen(  # noqa: S603 - our own command line, and checked requirements in files
                command,
                cwd=place,
                env=clean_environment(place),
                stdin=subprocess.DEVNULL,
                stdout=printed,
                stderr=complained,
                start_new_session=True,
            )
        except OSError as error:
            raise EnvironmentUnavailable(
                f"uv, which builds environments, can't be run: {error.strerror}."
            ) from error
        _wait(process, place, seconds)
        complained.seek(0)
        if process.returncode:
            sentence = _sentence(complained.read(20_000).decode("utf-8", "replace"), place)
            raise Unsolvable(sentence) if process.returncode == 1 else EnvironmentUnavailable(sentence)
        printed.seek(0)
        return printed.read(20_000).decode("utf-8", "replace")


def _uv() -> str:
    """uv of the grader's own environment, or the machine's."""
    beside = Path(sys.executable).with_name("uv.exe" if os.name == "nt" else "uv")
    found = str(beside) if beside.exists() else shutil.which("uv")
    if found is None:
        raise EnvironmentUnavailable("uv, which builds environments, is not installed. Run: pip install uv")
    return found


def _wait(process: subprocess.Popen[bytes], place: Path, seconds: float) -> None:
    """Wait for the end; end it when it takes too long or too much of the disk."""
    before = shutil.disk_usage(place).free
    left = seconds
    trouble = None
    while process.poll() is None:
        try:
            process.wait(min(_BETWEEN_LOOKS, max(left, 0)))
        except subprocess.TimeoutExpired:
            left -= _BETWEEN_LOOKS
            free = shutil.disk_usage(place).free
            if left <= 0:
                trouble = f"It took longer than {seconds:.0f} seconds to fetch the packages."
            elif before - free > _MOST_USED_BYTES or (free < _LEAST_FREE_BYTES and before - free > 0):
                trouble = "The packages are larger than this machine can keep."
            if trouble:
                break
    if trouble is None:
        return
    end(process)
    raise EnvironmentUnavailable(trouble)


def end(process: subprocess.Popen[bytes]) -> None:
    """End a process that leads a group, and what it started."""
    if hasattr(os, "killpg"):
        os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()
    process.wait()


def _sentence(complaint: str, place: Path) -> str:
    """uv's own words in one line, without passwords of an index and without folders of this machine."""
    lines = [
        re.sub(r"^\s*(?:error|cause|warning|hint):\s*|^\W+", "", line) for line in complaint.splitlines()
    ]
    text = " ".join(" ".join(lines).replace(str(place), ".").split())
    text = re.sub(r"://[^/\s@]*@", "://***@", text)
    return "The packages that the submission declares can't be had as wheels: " + readable(
        text or "uv gave no reason.", _LONGEST_SENTENCE
    )
