"""What can be told of a submission without running it: secrets in files and history, what git ignores, what CI runs."""

import os
import re
import subprocess
from collections.abc import Iterator, Sequence
from configparser import ConfigParser
from configparser import Error as ConfigParserError
from contextlib import suppress
from itertools import islice
from pathlib import Path

from grader import reading
from grader.collect import sources
from grader.collect.find_app import pytest_options
from grader.collect.likeness import fingerprints
from grader.evidence import Scans, Secret
from grader.intake.bounds import MAX_HISTORY_BYTES
from grader.sandbox import Order, Sandbox
from grader.submission import Submission

_MAX_FILE = 5 * 1024 * 1024  # bytes of one file that is looked through
_MAX_HISTORY = 50 * 1024 * 1024  # bytes of a history
_MAX_FOUND = 50
_MAX_FOUND_IN_ONE = 100  # in one file, or one commit's line
_MAX_PARTS = 1_000_000  # values of a notebook
_MAX_TESTS = 16 * 1024 * 1024  # characters of tests that are looked through for markers
_MAX_MARKERS = 200
_GIT_SECONDS = 60

# name of the kind → what it looks like, by the issuers' documentation. Each repetition that another could continue
# is bounded: a file made for it must not be read for hours
_SHAPES: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("OpenAI key", re.compile(r"\bsk-(?:proj-|svcacct-|admin-|None-)?[A-Za-z0-9_-]{20,}")),
    ("AWS access key", re.compile(r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b")),
    (
        "AWS secret key",
        re.compile(
            r"(?i)aws_?secret\w{0,60}[\"']?\s{0,20}[:=]\s{0,20}[\"']?([A-Za-z0-9/+]{40})(?![A-Za-z0-9/+=])"
        ),
    ),
    ("GitHub token", re.compile(r"\b(?:ghp|gho|ghu|ghs|ghr)_[A-Za-z0-9]{36}\b|\bgithub_pat_\w{22,}")),
    ("Slack token", re.compile(r"\bxox[abprs]-[A-Za-z0-9-]{10,}")),
    ("Google key", re.compile(r"\bAIza[0-9A-Za-z_-]{35}\b")),
    ("Stripe key", re.compile(r"\b[rs]k_live_[0-9a-zA-Z]{24,}")),
    (
        "private key",
        re.compile(r"-----BEGIN (?:RSA |EC |OPENSSH |DSA )?PRIVATE KEY-----\s{1,20}[A-Za-z0-9+/]{20,}"),
    ),
    (
        "secret in a name that says so",
        re.compile(
            r"(?i)(?:api_?key|secret_?key|access_?token|auth_?token|password)\w{0,60}[\"']?\s{0,20}[:=]\s{0,20}"
            r"[\"']([^\"'\s{}$<>]{20,2000})[\"']"
        ),
    ),
)
# words that people write where a secret would stand
_PLACEHOLDER = re.compile(
    r"(?i)mock|test|dummy|fake|example|your|placeholder|change|replace|insert|sample|here|todo|redacted|secret-?key|"
    r"not-?a-?|not-?real|invalid|x{4,}|\.{3}|\*{3}|0{6}"
)
_CI_FILES = (
    ".github/workflows/*.yml",
    ".github/workflows/*.yaml",
    ".gitlab-ci.yml",
    ".circleci/config.yml",
    "azure-pipelines.yml",
    "bitbucket-pipelines.yml",
    "Jenkinsfile",
    ".ci/*",
)
# what names a test runner and runs none: comments, names of steps, and packages that are installed
_NO_COMMAND = re.compile(
    r"(?m)(?:^|[ \t])#.*$|^[ \t]{0,200}(?:-[ \t]{0,20})?(?:name|key|path)[ \t]{0,20}:.*$"
    r"|\b(?:pip3?|pipx|uv|poetry|pdm|conda|mamba|apt(?:-get)?|apk|brew)\b(?:[ \t]{1,20}pip)?[ \t]{1,20}(?:install|add|sync)\b(?:\\\n|[^\n;&|])*"
)
_MARK = re.compile(r"\bmark\.(\w{1,200})")
_TESTS = re.compile(r"(^|/)(conftest\.py|test_[^/]*\.py|[^/]*_test\.py|sitecustomize\.py|usercustomize\.py)$")
_ODD = re.compile(
    r"\bos\._exit\b|pytest_runtest_makereport|pytest_report_teststatus|pytest_sessionfinish|pytest_collection_modifyitems"
    r"|\b_lab\b|\bPlanter\b|/proc/|\.outcome\s*=|\bos\.(?:fork|getppid)\b|\bimport (?:gc|ctypes|_socket)\b|\bgc\.get_\w+"
    r"|\bsys\.(?:settrace|setprofile|_getframe|_current_frames)\b|__wrapped__|__closure__|\bcell_contents\b|__import__|\bexec\("
    r"|\bsend_?(?:fds|msg)\b|\bSCM_RIGHTS\b|\bsocket\(fileno|\bfromfd\b"
    r"|_make_api_call|\bbefore-(?:parameter-build|call|send)\b|\b_base_client\b"
)
_OF_PYTEST = re.compile(
    r"\.outcome\s*=|_make_api_call|_base_client|__import__|exec\("
)  # odd only where tests are at hand
_COMPILED = frozenset({".so", ".pyc", ".pyd"})
_RUNS_TESTS = re.compile(
    r"\bpytest\b|\bpy\.test\b|\btox\b|\bnox\b|\bunittest\b|\bmake\s+\w*(?:test|check|ci)\w*|\bjust\s+test|\b(?:hatch|pdm|poe|poetry run) test"
)


def _is_secret(text: str) -> bool:
    """Whether something of a secret's shape is one: mixed enough, and not what people write in its place."""
    body = text.removeprefix("sk-")
    mixed = any(char.isdigit() for char in body) and any(char.isalpha() for char in body)
    return mixed and len(set(body)) >= 9 and not _PLACEHOLDER.search(text)


def secrets_in(text: str) -> Iterator[tuple[str, str, int]]:
    """Each credential in a text, up to a number of each kind: its kind, itself, and its line."""
    for kind, shape in _SHAPES:
        found = (
            match
            for match in shape.finditer(text)
            if kind == "private key" or _is_secret(match.group(match.lastindex or 0))
        )
        for match in islice(found, _MAX_FOUND_IN_ONE):
            yield kind, match.group(match.lastindex or 0), text.count("\n", 0, match.start()) + 1


def masked(secret: str) -> str:
    """Enough of a secret to find it again, and no more."""
    return f"{secret[:6]}…{len(secret)} characters"


_GIT_ENVIRONMENT = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_TERMINAL_PROMPT": "0",
}


def _git(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[bytes]:
    environment = {"PATH": os.environ.get("PATH", ""), "HOME": str(cwd), **_GIT_ENVIRONMENT}
    return subprocess.run(  # noqa: S603
        ["git", *arguments],  # noqa: S607 - whichever git is on the path
        cwd=cwd,
        env=environment,
        capture_output=True,
        timeout=_GIT_SECONDS,
    )


def _handed_in(root: Path) -> tuple[list[Path], bool | None]:
    """The files that would be committed, and whether `.env` would not be; asked of a repository of our own.

    Without git every file counts, and nothing is known of `.env`.
    """
    everything = [file for file in sorted(root.rglob("*")) if file.is_file()]
    try:
        if _git("init", "-q", cwd=root).returncode:
            return everything, None
        listed = _git("ls-files", "-z", "--others", "--exclude-standard", cwd=root)
        ignored = _git("check-ignore", "-q", "--no-index", ".env", cwd=root)
    except (OSError, subprocess.TimeoutExpired):
        return everything, None
    names = [name.decode("utf-8", "surrogateescape") for name in listed.stdout.split(b"\0") if name]
    return [root / name for name in names], ignored.returncode == 0


def _read(file: Path) -> str:
    try:
        content = reading.read_bytes(file, _MAX_FILE)
    except reading.Unreadable:
        return ""
    if file.suffix == ".ipynb":
        with suppress(reading.Unreadable):
            # joined, so that a secret that the file cuts into lines is whole
            return _notebook_text(reading.parse_json(content, most=_MAX_FILE, parts=_MAX_PARTS))
    return content.decode("utf-8", "replace")


def _name(root: Path, file: Path) -> str:
    """Where a file is, as text, whatever bytes its name has."""
    return reading.shown(file.relative_to(root))


def _notebook_text(notebook: object) -> str:
    """Every text in a notebook, sources and outputs alike."""
    if isinstance(notebook, str):
        return notebook
    if isinstance(notebook, list):
        strings = all(isinstance(item, str) for item in notebook)
        return ("" if strings else "\n").join(_notebook_text(item) for item in notebook)
    if isinstance(notebook, dict):
        return "\n".join(f"{key}: {_notebook_text(value)}" for key, value in notebook.items())
    return str(notebook)


def _history(submission: Submission, sandbox: Sandbox) -> Iterator[Secret]:
    """Secrets in any commit: the patches of all of them. A repository's configuration may name commands: they stay inside."""
    if submission.history is None:
        return
    place = f"{sandbox.temporary}/history"
    sandbox.bring(_repository(submission.history), place)
    order = Order(
        do="run",
        name="git",
        cwd=place,
        environment={**sandbox.environment(), **_GIT_ENVIRONMENT},
        facts={
            "command": [
                *("git", "--git-dir", place, "log", "--all", "-p", "--no-color"),
                *("--no-ext-diff", "--no-textconv", "--format=commit %h"),
            ]
        },
    )
    with sandbox.start(order, hears=_MAX_HISTORY) as job:
        job.wait(_GIT_SECONDS)
        said = job.said_first()
    commit = "?"
    for line in said.decode("utf-8", "replace").splitlines():
        if line.startswith("commit "):
            commit = line[7:20]
        elif line.startswith(("+", "-")):
            for kind, value, _ in secrets_in(line[1:]):
                yield Secret(kind=kind, where=f"commit {commit}", shown=masked(value))


def _repository(folder: Path) -> Iterator[tuple[str, Path]]:
    """The plain files of a repository, up to a size; its hooks stay outside."""
    size = 0
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink() or not path.is_file() or name.startswith("hooks/"):
            continue
        size += path.stat().st_size
        if size > MAX_HISTORY_BYTES:
            return
        yield name, path
    # git knows a repository by folders that may be empty, once it has packed what was in them
    for name in ("refs/.present", "objects/.present"):
        yield name, Path(os.devnull)


def _markers(root: Path) -> set[str]:
    """The markers that the pytest configuration registers, built-in ones aside."""
    configured = pytest_options(root).get("markers")
    lines = [line for line in configured if isinstance(line, str)] if isinstance(configured, list) else []
    for name, section in (("pytest.ini", "pytest"), ("tox.ini", "pytest"), ("setup.cfg", "tool:pytest")):
        parser = ConfigParser(interpolation=None)
        try:
            parser.read_string(reading.read_text(root / name, reading.MAX_TOML))
            lines += parser.get(section, "markers", fallback="").splitlines()
        except (ConfigParserError, reading.Unreadable):
            continue
    for file in root.rglob("conftest.py"):
        lines += re.findall(
            r"addinivalue_line\(\s{0,20}[\"']markers[\"'],\s{0,20}[\"']([^\"']{1,500})", _read(file)
        )
    found = (line.partition(":")[0].partition("(")[0].strip() for line in lines)
    return {name for name in islice(found, _MAX_MARKERS) if 0 < len(name) <= 200}


def _used(root: Path, markers: set[str]) -> set[str]:
    """Those of the markers that a test bears."""
    used: set[str] = set()
    left = _MAX_TESTS
    for file in (file for pattern in ("test_*.py", "*_test.py") for file in root.rglob(pattern)):
        text = _read(file)
        left -= len(text)
        if left < 0 or not markers:
            break
        used |= markers.intersection(_MARK.findall(text))
    return used


def _odd(root: Path, files: Sequence[Path]) -> Iterator[str]:
    """Where code that the tests can import ends the process, changes pytest's reports, or looks for the grader.

    Tests can import any file of Python's, whatever it is called; one that can't be read is odd by itself.
    """
    for file in files:
        where = _name(root, file)
        if file.suffix in _COMPILED and "__pycache__" not in where:
            yield f"{where}: compiled code"
        if file.suffix != ".py":
            continue
        text = _read(file)
        seen: set[str] = set()
        of_tests = bool(_TESTS.search(where)) or "pytest" in text
        for number, line in enumerate(text.splitlines(), 1):
            found = _ODD.search(line.partition("#")[0])
            if found and found.group() not in seen and (of_tests or not _OF_PYTEST.match(found.group())):
                seen.add(found.group())
                yield f"{where}, line {number}: {found.group()}"


def _ci(root: Path) -> tuple[str, ...]:
    """The CI configurations that run tests."""
    files = [file for pattern in _CI_FILES for file in sorted(root.glob(pattern)) if file.is_file()]
    return tuple(_name(root, file) for file in files if _RUNS_TESTS.search(_NO_COMMAND.sub(" ", _read(file))))


def scan(submission: Submission, sandbox: Sandbox) -> Scans:
    """Look through everything that would be handed in."""
    files, env_is_ignored = _handed_in(submission.root)
    found: list[Secret] = []
    for file in files:
        where = _name(submission.root, file)
        found += [
            Secret(kind=kind, where=f"{where}, line {line}", shown=masked(value))
            for kind, value, line in secrets_in(_read(file))
        ]
    found += list(_history(submission, sandbox))
    unique = {(one.where.partition(",")[0], one.shown): one for one in found}
    return Scans(
        files=len(files),
        history=submission.history is not None,
        secrets=tuple(list(unique.values())[:_MAX_FOUND]),
        env_is_ignored=env_is_ignored,
        ci=_ci(submission.root),
        live_markers=tuple(sorted(_used(submission.root, _markers(submission.root)))),
        odd=tuple(_odd(submission.root, files)),
        sources=sources.kept(submission.root, files, secrets_in, masked),
        fingerprints=tuple(sorted(fingerprints(file for file in files if file.suffix == ".py"))),
    )
