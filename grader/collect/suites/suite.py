"""Runs the learner's tests unchanged, then again with planted faults. What the run reports is only a claim."""

import contextlib
import re
import shlex
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path

from grader.collect.code import imports
from grader.collect.code.app_files import app_files
from grader.collect.code.author_run import AuthorRun, author_run
from grader.collect.code.deployment import read_deployment
from grader.collect.code.django_suite import usual_suite
from grader.collect.code.lasting import may_last
from grader.collect.code.pytest_settings import has_tests, plainly_named, settings_without
from grader.collect.code.variables import read_variables
from grader.collect.finding.field_roles import words_of
from grader.collect.suites.deciding import Decider
from grader.collect.suites.desk import Desk
from grader.collect.suites.fresh import Begins, FreshRuns, Opens, SpareRuns
from grader.collect.suites.generating import generating
from grader.collect.suites.guessing import guessed, with_variables
from grader.collect.suites.red import red_tests
from grader.collect.suites.rerun import Rerun
from grader.evidence import EXTENSIONS, KINDS, Offer, TestRun
from grader.inside import policy
from grader.sandbox import Order, Sandbox
from grader.submission import Submission

SUITE_SECONDS = 120.0
# plugins that come with packages which may lie beside the lab's, and take their time whether a suite uses them or not; by the
# word that a suite which uses one has somewhere
_UNASKED = {"nbval": "nbval", "faker": "faker", "hypothesis": "hypothesispytest"}
PLANTING_SECONDS = 180.0  # more, for the faults planted after the suite has run as it is
_MOST_WATCHED, _LONGEST_NAME = 400, 200  # files of the app, and characters of their names
_STARVED = SUITE_SECONDS / 10  # that a suite was kept from running
_MOST_NAMED = 100  # programs
# https://docs.pytest.org/en/stable/reference/exit-codes.html
_USAGE_ERROR, _NONE_COLLECTED = 4, 5
_UNRECOGNISED = re.compile(r"error: unrecognized arguments: ([^\n]{1,2000})")
_END_SECONDS = 60.0  # for pytest to end, once its tests have
_ARGUMENTS = (
    "-q",
    "-p",
    "no:cacheprovider",
    # what was loaded before pytest is not rewritten, which is no fault of the suite's
    "-W",
    "ignore::pytest.PytestAssertRewriteWarning",
    # a file that can't be imported says nothing of the tests in the others
    "--continue-on-collection-errors",
    # each test runs in this process, where it is watched, and the first that fails does not end the others
    "-p",
    "no:xdist",
    "-p",
    "no:xdist.looponfail",
    "--maxfail=0",
)


def environment(sandbox: Sandbox, pythonpath: Sequence[str]) -> dict[str, str]:
    """A dummy key, dummy credentials, and nothing that points at a stand-in."""
    return {
        **sandbox.environment(),
        "PYTHONPATH": ":".join(pythonpath),
        "OPENAI_API_KEY": "sk-dummy-key-of-the-grader",
        "OPENAI_KEY": "sk-dummy-key-of-the-grader",
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": "us-east-1",
        "S3_BUCKET_NAME": "test-bucket",
        "CI": "true",
    }


def of_workflow(root: Path, author: AuthorRun) -> Mapping[str, str]:
    """What the workflow that runs the tests sets for its jobs and steps, such as a key of the app's own."""
    return read_deployment(root, None).examples if author.source.startswith(".github/") else {}


def of_example(root: Path, app: Sequence[str]) -> Mapping[str, str]:
    """What an example such as `.env.example` gives for the variables that the app can't do without: a person copies it first."""
    read = read_variables(root, app)
    return {one.name: one.example for one in read.values() if one.needed and one.example}


def run(
    submission: Submission,
    sandbox: Sandbox,
    folders: Sequence[Path],
    offers: Sequence[Offer] = (),
    target: str | None = None,
    *,
    opens: Opens | None = None,
) -> TestRun:
    """Run pytest in the submission's own folder; then single tests again, with the faults that the app's offers allow.

    `target`: the app, as `module:attribute`, which distinguishes its files from the tests'. `opens`: starts further sandboxes
    like the one that is given; this process does, if it is left out.
    """
    opens = opens or partial(Sandbox, sandbox.tier, submission.python, submission.root)
    cwd = submission.root / submission.manifest.cwd
    where = submission.manifest.tests
    if where and not (cwd / where).exists():
        return TestRun(failure=f"[tool.lab] names the tests {where!r}, which are not there.")
    author = AuthorRun(arguments=(where,)) if where else author_run(cwd)
    if not author.source and (usual := usual_suite(cwd)):
        author = AuthorRun(folder=usual[1], arguments=author.arguments or usual[2], django=usual[0])
    elif not author.source and not where and not has_tests(cwd):
        author = AuthorRun(arguments=plainly_named(cwd))
        if not author.arguments:
            return TestRun(failure="There are no tests: no file named test_*.py or *_test.py.")
    once = partial(_run_once, submission, sandbox, opens, folders, offers, target)
    settings: Sequence[str] = ()
    found = once(author, settings)
    if unknown := _UNRECOGNISED.search(found.output) if found.exit_code == _USAGE_ERROR else None:
        # an option of a plugin that is not here, such as one that measures or spreads: the tests are the same without
        settings = settings_without(cwd / author.folder, unknown[1].split())
        found = once(author, settings)
    if found.exit_code in (_USAGE_ERROR, _NONE_COLLECTED) and author.source and not where:
        author, settings = AuthorRun(), settings_without(cwd, ())
        found = once(author, settings)
    values = partial(_guessed, submission.root, author, sandbox)
    return with_variables(found, author, values, lambda other: once(other, settings))


def _guessed(root: Path, author: AuthorRun, sandbox: Sandbox) -> dict[str, str]:
    """Values for the variables that the code needs, and that the suite ran without."""
    files = _python_files(root)
    given = {**of_example(root, files), **of_workflow(root, author), **environment(sandbox, ())}
    return guessed(root, files, {**given, **author.variables})


def in_peace(first: TestRun, again: Callable[[], TestRun]) -> TestRun:
    """A suite that did not pass beside other work, run once more without, if it waits for programs of its own or ran out of time.

    A server that a test starts, and waits three seconds for, may take longer while the app is asked at the same time. Of two
    runs, the one in which more passes counts. One that had no processor for long may have run out of time for that alone.
    """
    if first.found and first.failure and first.waited > _STARVED:
        second = again()
        return first if second.failure else second
    impatient = [test for test in first.red if not test.hosts and not test.needs]
    if not first.programs or not impatient:
        return first
    second = again()
    return second if len(second.red) < len(first.red) and not second.failure else first


def _run_once(
    submission: Submission,
    sandbox: Sandbox,
    opens: Opens,
    folders: Sequence[Path],
    offers: Sequence[Offer],
    target: str | None,
    author: AuthorRun,
    settings: Sequence[str],
) -> TestRun:
    """Run the suite as its author calls it; `settings`: arguments that put right what pytest is configured with."""
    root = submission.root / submission.manifest.cwd
    cwd = root / author.folder
    is_app = app_files(submission.root, [*folders, root], target)
    order = partial(_order, submission, folders, offers, author, settings, is_app)
    decider = Decider(None, is_app)
    with Desk(decider) as desk, sandbox.start(order(sandbox, "whole"), [desk.far]) as job:
        in_time = desk.hear_suite(lambda: job.exit_code is None, SUITE_SECONDS)
        notes, waited = decider.notes, job.waited()
        notes.settle()
        about = generating(notes, known=bool(offers))
        deadline = time.monotonic() + PLANTING_SECONDS
        kinds = [offer.kind for offer in offers] or sorted(about.asked)
        modules = imports.worth_loading(submission.root)
        with SpareRuns(opens, order, modules) as spare:
            # where nothing can outlive a process, one for each run is enough
            lasts = may_last(submission.root, _python_files(submission.root))
            fresh = FreshRuns(opens, order, modules) if lasts else spare
            rerun = Rerun(submission, desk, fresh, notes, about, is_app, cwd, deadline)
            faults = rerun.faults(kinds) if in_time else ()
        desk.hang_up()
        code = job.wait(_END_SECONDS) if in_time else None
        if code is None:
            job.kill()
        output = job.log()
    began, ended = desk.collected_at, desk.counted_at
    return TestRun(
        found=True,
        command=shlex.join(["pytest", *author.arguments])
        + (f" (from {author.source})" if author.source else ""),
        exit_code=code,
        **(notes.counts or {}),
        seconds=round(ended - began, 3) if began and ended else 0.0,
        output=output.replace(sandbox.root, "."),
        failure=None if in_time else f"The tests did not end within {SUITE_SECONDS:g} seconds.",
        faults=faults,
        null_runs=rerun.null_runs,
        boundaries={place: place in notes.boundaries for place in ("s3", "openai", "app")},
        asked_for=tuple(sorted({kind for kinds in about.made.values() for kind in kinds})),
        generating=len(about.tests),
        served=notes.served,
        watched=bool(_frameworks(submission.root)),
        replaced=tuple(sorted(f"{place}:{kind}" for place, kind in about.replaced)),
        red=tuple(red_tests(notes, sandbox.root)),
        programs=tuple(sorted({name for names in notes.programs.values() for name in names})[:_MOST_NAMED]),
        outside=tuple(sorted(notes.outside)),
        waited=round(waited, 3),
        looked=tuple(sorted(notes.looked)),
    )


def _order(
    submission: Submission,
    folders: Sequence[Path],
    offers: Sequence[Offer],
    author: AuthorRun,
    settings: Sequence[str],
    is_app: Callable[[str], bool],
    sandbox: Sandbox,
    begins: Begins,
) -> Order:
    """How the suite is started in a sandbox."""
    root = submission.root / submission.manifest.cwd
    cwd = root / author.folder
    paths = tuple(
        dict.fromkeys(sandbox.inside(folder) for folder in (*folders, *([cwd] if cwd != root else []), root))
    )
    plugins = _without_plugins(submission.root, author)
    app = _app(submission.root, is_app)
    return Order(
        do="pytest",
        name="pytest",
        pythonpath=paths,
        cwd=sandbox.inside(cwd),
        environment={
            **of_example(submission.root, app),
            **of_workflow(submission.root, author),
            **environment(sandbox, paths[:-1]),
            **author.variables,
        },
        facts={
            "arguments": [*author.arguments, *settings, *_ARGUMENTS, *plugins],
            "django": asdict(author.django) if author.django else None,
            "planting": {
                "root": sandbox.inside(submission.root),
                "writable": [
                    sandbox.inside(submission.root),
                    sandbox.home,
                    sandbox.temporary,
                    # elsewhere it is the machine's, and not to be emptied
                    *([policy.SHARED_MEMORY] if sandbox.tier == "bubblewrap" else []),
                ],
                "frameworks": _frameworks(submission.root),
                "generating": [_generating(offer) for offer in offers] or _ANY_POST,
                "app": app,
                "begins": begins,
            },
        },
    )


def _app(root: Path, is_app: Callable[[str], bool]) -> list[str]:
    """The app's files, relative to the submission's folder."""
    return [name for name in _python_files(root) if is_app(name)]


def _python_files(root: Path) -> list[str]:
    """Those of the submission, relative to its folder."""
    names = (file.relative_to(root) for file in sorted(root.rglob("*.py")))
    return [name.as_posix() for name in names if "site-packages" not in name.parts]


# where the operation is not known: whatever is sent, and of whichever kind
_ANY_POST = [
    {"kind": kind, "method": method, "path": ".*", "words": EXTENSIONS[kind]}
    for kind in KINDS
    for method in ("POST", "PUT", "PATCH", "GET")
]
_FRAMEWORKS = {
    "fastapi": "starlette",
    "starlette": "starlette",
    "litestar": "litestar",
    "quart": "quart",
    "flask": "flask",
    "apiflask": "flask",
    "flask_openapi3": "flask",
    "django": "django",
    "aiohttp": "aiohttp",
    "tornado": "tornado",
    "bottle": "bottle",
    "falcon": "falcon",
    "pyramid": "pyramid",
}
_IMPORT = re.compile(rf"^[ \t]*(?:import|from)[ \t]+({'|'.join(_FRAMEWORKS)})\b", re.MULTILINE)


def _frameworks(root: Path) -> list[str]:
    """The frameworks that the code imports: only those are watched, since importing the others takes seconds."""
    found: set[str] = set()
    for file in root.rglob("*.py"):
        with contextlib.suppress(OSError, UnicodeDecodeError):
            found |= {_FRAMEWORKS[name] for name in _IMPORT.findall(file.read_text(encoding="utf-8"))}
    return sorted(found)


def _generating(offer: Offer) -> dict[str, object]:
    """By what a request for a kind is known: its method and path, and words that name the kind in it."""
    chosen = []
    if offer.type_input:
        chosen.append(offer.values.get(f"{offer.type_input.location}:{offer.type_input.name}"))
    words = {word for each in chosen for word in words_of(str(each))}
    return {
        "kind": offer.kind,
        "method": offer.method,
        "path": _pattern(offer.path),
        "words": sorted(words or EXTENSIONS[offer.kind]),
    }


def _pattern(path: str) -> str:
    """A regular expression for the paths that a template such as `/files/{name}` stands for."""
    parts = re.split(r"\{[^}]*\}", path)
    return ".*".join(re.escape(part) for part in parts)


def _without_plugins(root: Path, author: AuthorRun) -> list[str]:
    """Leave out the plugins that nothing in the submission names, nor the way in which its author runs the suite."""
    texts = [" ".join([*author.arguments, *author.variables, *author.variables.values()]).encode()]
    for pattern in ("*.py", "*.toml", "*.ini", "*.cfg"):
        texts += (file.read_bytes() for file in root.rglob(pattern) if file.is_file())
    named = {word for text in texts for word in _UNASKED if word.encode() in text}
    return [part for word, plugin in _UNASKED.items() if word not in named for part in ("-p", f"no:{plugin}")]
