"""Lets the grader read made-up input of every kind, and looks at how each reading ends.

    python -m tests.hostile.fuzzing --cases 1000 [--seed 7] [--target bundles] [--isolation landlock]

Each case is read in a process of its own in a worker's sandbox: it must end in time, within the memory of a worker, with
nothing but the grader's own refusals, and leave no file behind. Some cases go through `grader check`, too, which must
exit with 0, 1 or 2 and leave its input as it is. The same seed makes the same cases: what fails is printed with the
seed; with FUZZING_SMALLER=1 it is made as small as it can be first, which takes long.
"""

import argparse
import os
import resource
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback
import warnings
from collections.abc import Callable
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import HypothesisWarning
from hypothesis.strategies import SearchStrategy

from grader.sandbox import Order, Sandbox, Tier, choose_tier
from grader.worker import orders
from tests.hostile import made
from tests.hostile.readers import TARGETS, call

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
SEED = 20_260
SECONDS = 25.0  # for one case, on a busy machine; of the processor's time, half as much
MEGABYTES = 500  # that a case may take, beyond what the process that reads it began with
_ADDRESSES = 2_048  # megabytes
_LONG = 200  # characters of a value that is shown whole
_TO_SHOW = 4_000  # characters of a traceback
_WHOLE = ("archives", "bundles", "manifests", "notebooks")  # what `grader check` takes
_FILES = {"archives": "ada.zip", "bundles": "ada.bundle"}
_SMALLER = {name: os.environ[name] for name in ("FUZZING_SMALLER",) if name in os.environ}
_EACH_WHOLE = 100  # of so many cases, one goes through the command


class BadEndError(AssertionError):
    """A case ended as none may."""


def examined(work: Callable[[], object], seconds: float = SECONDS) -> None:
    """Do something in a process of its own, in an empty folder, within bounds.

    Raises:
        BadEndError: it raised something, ran or grew beyond its bounds, or left something outside its folder.
    """
    scratch = Path(tempfile.mkdtemp(prefix="case-"))
    before = _left(scratch)
    reading, writing = os.pipe()
    shared = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    process = os.fork()
    if process == 0:
        _do(work, scratch, writing, seconds)
    os.close(writing)
    handle = os.pidfd_open(process)
    in_time = bool(select.select([handle], [], [], seconds)[0])
    os.close(handle)
    try:
        os.killpg(process, signal.SIGKILL)
    except ProcessLookupError:
        os.kill(process, signal.SIGKILL)
    _, status, used = os.wait4(process, 0)
    with open(reading, "rb") as file:
        message = file.read(_TO_SHOW).decode("utf-8", "replace")
    shutil.rmtree(scratch, ignore_errors=True)
    code = os.waitstatus_to_exitcode(status)
    if not in_time or code == -signal.SIGXCPU:
        raise BadEndError(f"it did not end within {seconds:g} seconds")
    if code:
        raise BadEndError(message or f"it ended with {code}")
    taken = used.ru_maxrss - shared  # a process begins with what the one that it was made of has
    if taken > MEGABYTES * 1024:
        raise BadEndError(f"it took {taken // 1024} MB of memory")
    if _left(scratch) != before:
        raise BadEndError(f"it left {sorted(_left(scratch) - before)}")


def _do(work: Callable[[], object], scratch: Path, writing: int, seconds: float) -> None:
    """In the child: within bounds, and never back into the parent's code."""
    code = 1
    try:
        os.setsid()
        os.chdir(scratch)
        Path("tmp").mkdir()
        os.environ["TMPDIR"], tempfile.tempdir = str(scratch / "tmp"), None
        resource.setrlimit(resource.RLIMIT_CPU, (int(seconds / 2) + 1, int(seconds) + 5))
        resource.setrlimit(resource.RLIMIT_AS, (_ADDRESSES << 20, _ADDRESSES << 20))
        work()
        code = 0
    except BaseException:
        os.write(writing, traceback.format_exc()[-_TO_SHOW:].encode("utf-8", "replace"))
    finally:
        os._exit(code)


def _left(scratch: Path) -> set[str]:
    """What lies in the places where a sandbox may be written to, but for the folders of cases."""
    places = {Path(os.environ.get("HOME", "/nowhere")), scratch.parent}
    if "FUZZING_INSIDE" not in os.environ:  # those are others' too
        return set()
    return {str(path) for place in places for path in place.glob("*") if not path.name.startswith("case-")}


def run(name: str, number: int, cases: int, strategy: SearchStrategy, reads: Callable) -> None:
    """Make cases and read each; raises what the smallest failing one raised."""

    @seed(number)
    @settings(
        max_examples=cases,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.generate, *([Phase.shrink] if "FUZZING_SMALLER" in os.environ else [])),
        print_blob=False,
    )
    @given(strategy)
    def case(description: made.Description) -> None:
        try:
            reads(description)
        except BadEndError as error:
            raise BadEndError(f"{name}, --seed {number}: {_short(description)}\n{error}") from None

    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore", HypothesisWarning
        )  # of descriptions that print long: they are cut here
        case()


def _short(value: object) -> str:
    """A description as one line: long texts in it are cut in the middle."""
    match value:
        case dict():
            return "{" + ", ".join(f"{_short(name)}: {_short(each)}" for name, each in value.items()) + "}"
        case list() | tuple():
            return "[" + ", ".join(map(_short, value)) + "]"
        case str() | bytes() if len(value) > _LONG:
            return f"{value[:10]!r} * {len(value)}"
        case _:
            return repr(value)


def shares(cases: int, only: str = "") -> dict[str, int]:
    """How many cases each target gets of so many."""
    whole = sum(target.share for name, target in TARGETS.items() if only in ("", name))
    return {
        name: max(1, round(cases * target.share / whole))
        for name, target in TARGETS.items()
        if only in ("", name)
    }


def read_inside(number: int, cases: int, only: str) -> int:
    """In a sandbox: every target's share of the cases; the number of targets that failed."""
    failed = 0
    for name, share in shares(cases, only).items():
        target, began = TARGETS[name], time.monotonic()
        try:
            run(
                name,
                number,
                share,
                target.made,
                lambda description, of=target: examined(lambda: call(of, description)),
            )
            end = "held"
        except BadEndError as error:
            failed, end = failed + 1, f"FAILED\n{error}"
        print(f"{name}: {share} cases, {time.monotonic() - began:.0f} s: {end}", flush=True)
    return failed


def in_a_worker(
    tier: Tier, number: int, cases: int, only: str = "", seconds: float = 3_600.0
) -> tuple[int | None, str]:
    """Run the cases in a worker's sandbox; how that ended, and what it printed."""
    tests = str(ROOT / "tests")
    with Sandbox(tier, purpose="worker", ceilings=orders.CEILINGS, shows={tests: tests}) as sandbox:
        words = ["--inside", "--cases", str(cases), "--seed", str(number), "--target", only]
        environment = {
            "PYTHONPATH": str(ROOT),
            "FUZZING_INSIDE": "1",
            "HYPOTHESIS_STORAGE_DIRECTORY": f"{sandbox.root}/kept",
        }
        order = Order(
            do="run",
            name="fuzzing",
            cwd=sandbox.root,
            environment={**sandbox.environment(), **environment},
            facts={"command": [str(sandbox.python), "-m", "tests.hostile.fuzzing", *words]},
        )  # fmt: skip
        with sandbox.start(order, hears=1 << 20) as job:
            code = job.wait(seconds)
        return code, job.read_partial_report().decode("utf-8", "replace") + job.log()


def checked_whole(tier: Tier, description: made.Description, kind: str) -> None:
    """Give a made submission to `grader check`; it must exit with 0, 1 or 2, and leave it as it is."""
    with tempfile.TemporaryDirectory() as scratch:
        place = Path(scratch) / "ada"
        name = _FILES.get(kind, f"ada/{description.get('file', 'a.ipynb')}")
        place.mkdir()
        file = Path(scratch) / name
        file.write_bytes(_bytes_of(kind)(description))
        given_as = file if kind in _FILES else place
        before = _snapshot(Path(scratch))
        command = [str(BIN / "grader"), "check", str(given_as), "--only", "secrets", "--isolation", tier]
        done = subprocess.run(command, capture_output=True, text=True, timeout=180)
        if done.returncode not in (0, 1, 2):
            raise BadEndError(f"exit {done.returncode}: {done.stdout[-1000:]}{done.stderr[-1000:]}")
        if "Traceback" in done.stderr:
            raise BadEndError(done.stderr[-_TO_SHOW:])
        if _snapshot(Path(scratch)) != before:
            raise BadEndError("its files were changed")


def _bytes_of(kind: str) -> Callable[[made.Description], bytes]:
    from tests.hostile import answered

    makers = {"archives": made.archive_bytes, "bundles": made.bundle_bytes, "manifests": made.manifest_bytes}
    return makers.get(kind, answered.notebook_bytes)


def _snapshot(place: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in sorted(place.rglob("*")) if path.is_file()}


def through_the_command(tier: Tier, number: int, cases: int, only: str = "") -> int:
    """Some cases of each kind of submission through `grader check`; the number of kinds that failed."""
    failed = 0
    kinds = [kind for kind in _WHOLE if only in ("", kind)]
    for kind in kinds:
        share = max(1, cases // _EACH_WHOLE // len(kinds))
        try:
            run(
                kind,
                number,
                share,
                TARGETS[kind].made,
                lambda description, of=kind: checked_whole(tier, description, of),
            )
            end = "held"
        except BadEndError as error:
            failed, end = failed + 1, f"FAILED\n{error}"
        print(f"{kind} through the command: {share} cases: {end}", flush=True)
    return failed


def main() -> int:
    """0 if every case ended as it may."""
    options = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    options.add_argument("--cases", type=int, default=100)
    options.add_argument("--seed", type=int, default=SEED)
    options.add_argument("--target", default="", choices=["", *TARGETS])
    options.add_argument("--isolation", default="auto")
    options.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    asked = options.parse_args()
    if asked.inside:
        return min(1, read_inside(asked.seed, asked.cases, asked.target))
    tier = choose_tier(asked.isolation)
    code, printed = in_a_worker(tier, asked.seed, asked.cases, asked.target)
    print(printed, end="")
    failed = through_the_command(tier, asked.seed, asked.cases, asked.target)
    print(
        f"{asked.cases} cases behind {tier}, seed {asked.seed}: {'held' if code == 0 and not failed else 'FAILED'}"
    )
    return 0 if code == 0 and not failed else 1


if __name__ == "__main__":
    sys.exit(main())
