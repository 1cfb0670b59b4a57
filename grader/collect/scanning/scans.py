"""What the files of a submission show without running them: secrets, ignored files, CI steps."""

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
from grader.collect.code.author_run import leads_to_tests
from grader.collect.code.ci_files import ci_files
from grader.collect.code.find_app import pytest_options
from grader.collect.code.fingerprints import fingerprints
from grader.collect.code.introspection import find_introspection
from grader.collect.scanning import history, sources
from grader.collect.scanning.concealed import Concealed
from grader.collect.scanning.credentials import is_made_by_others, mask, secrets_in
from grader.collect.scanning.env_places import env_place
from grader.collect.scanning.history import text_of
from grader.collect.scanning.skeleton_files import is_as_handed_out
from grader.evidence import Scans, Secret
from grader.sandbox import Sandbox
from grader.submission import Submission

_MAX_FILE = 5 * 1024 * 1024  # bytes of one file that is looked through
_MAX_FOUND = 50
_MAX_PARTS = 1_000_000  # values of a notebook
_MAX_TESTS = 16 * 1024 * 1024  # characters of tests that are looked through for markers
_MAX_MARKERS = 200
_GIT_SECONDS = 60

# what names a test runner and runs none: comments, names of steps, and packages that are installed
_NO_COMMAND = re.compile(
    r"(?m)(?:^|[ \t])#.*$|^[ \t]{0,200}(?:-[ \t]{0,20})?(?:name|key|path)[ \t]{0,20}:.*$"
    r"|\b(?:echo|printf)\b[^\n;&|]*"
    r"|\b(?:pip3?|pipx|uv|poetry|pdm|conda|mamba|apt(?:-get)?|apk|brew)\b(?:[ \t]{1,20}pip)?[ \t]{1,20}(?:install|add|sync)\b(?:\\\n|[^\n;&|])*"
)
_MARK = re.compile(r"\bmark\.(\w{1,200})")
_TESTS = re.compile(r"(^|/)(conftest\.py|test_[^/]*\.py|[^/]*_test\.py|sitecustomize\.py|usercustomize\.py)$")
_ODD = re.compile(
    r"\bos\._exit\b|pytest_runtest_makereport|pytest_report_teststatus|pytest_sessionfinish|pytest_collection_modifyitems"
    r"|\b_lab\b|\bPlanter\b|/proc/|\.outcome\s*=|\bos\.(?:fork|getppid)\b|\bimport (?:gc|ctypes|_socket)\b|\bgc\.get_\w+"
    r"|\bsys\.(?:settrace|setprofile|_getframe|_current_frames)\b|__wrapped__|__closure__|\bcell_contents\b|__import__|(?<![.\w])(?:exec|eval)\(|\bmarshal\.loads\b|\bzipimport\b|\brunpy\.run_path\b"
    r"|\bsend_?(?:fds|msg)\b|\bSCM_RIGHTS\b|\bsocket\(fileno|\bfromfd\b"
    r"|_make_api_call|\bbefore-(?:parameter-build|call|send)\b|\b_base_client\b"
    r"|__globals__|\bf_(?:locals|globals|back)\b|\btb_frame\b|\bgetclosurevars\b|\binspect\.(?:stack|currentframe)\b"
    r"|\bwalk_stack\b|\bsys\.monitoring\b|\b__code__\b|\bevents\.register\w*|\b_(?:build_request|prepare_options)\b"
    r"|\b(?:JSONDecoder|JSONEncoder)\.\w+\s*=|\braw_decode\b|\bscan_once\b"
)
_OF_PYTEST = re.compile(
    r"\.outcome\s*=|_make_api_call|_base_client|__import__|exec\(|eval\(|runpy|f_back|inspect\.|__code__|__globals__|events\.register"
    r"|_build_request|_prepare_options|raw_decode"
)  # odd only where tests are at hand
_CODE = re.compile(r"[^'\"#]*(?:['\"].*)?")  # a line up to its comment; behind a quote, # may be no comment
_LEFT = re.compile(r"^[ \t]{0,40}# YOUR CODE HERE\n[ \t]{0,40}\.\.\.[ \t]{0,40}$", re.MULTILINE)
_ANY_CALL = re.compile(r"\bOpenAI\(|\bopenai\.\w|\.put_object\(")
_COMPILED = frozenset({".so", ".pyc", ".pyd"})
_RUNS_TESTS = re.compile(
    r"\bpytest\b|\bpy\.test\b|\btox\b|\bnox\b|\bunittest\b|\bmake\s+\w*(?:test|check|ci)\w*|\bjust\s+test|\b(?:hatch|pdm|poe|poetry run) test"
)


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


def _handed_in(root: Path, app: str | None) -> tuple[list[Path], bool | None]:
    """The files that would be committed, and whether the app's `.env` would not be; asked of a repository of our own.

    Without git every file counts, and nothing is known of `.env`.
    """
    everything = [file for file in sorted(root.rglob("*")) if file.is_file()]
    try:
        if _git("init", "-q", cwd=root).returncode:
            return everything, None
        listed = _git("ls-files", "-z", "--others", "--exclude-standard", cwd=root)
        ignored = _git("check-ignore", "-q", "--no-index", env_place(root, app), cwd=root)
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
    return text_of(content)


def _name(root: Path, file: Path) -> str:
    """Where a file is, as text, whatever bytes its name has."""
    return reading.show_name(file.relative_to(root))


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
    """The markers of a test."""
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
        if file.suffix in _COMPILED and "__pycache__" not in Path(where).parts:
            yield f"{where}: compiled code"
        if file.suffix != ".py" or is_as_handed_out(file):
            continue
        text = _read(file)
        seen: set[str] = set()
        of_tests = bool(_TESTS.search(where)) or "pytest" in text
        matched = (
            (number, found.group())
            for number, line in enumerate(text.splitlines(), 1)
            for found in _ODD.finditer(_CODE.match(line)[0] if "#" in line else line)  # type: ignore[index]  # it matches any
        )
        for number, found in sorted({*matched, *find_introspection(text)}):
            if found not in seen and (of_tests or not _OF_PYTEST.match(found)):
                seen.add(found)
                yield f"{where}, line {number}: {found}"


def _importable(root: Path) -> list[Path]:
    """Every file that tests can import, whether or not git keeps it; installed packages aside."""
    found = (
        file for file in sorted(root.rglob("*")) if file.suffix in (".py", *_COMPILED) and file.is_file()
    )
    return [file for file in found if "site-packages" not in file.relative_to(root).parts]


def _untouched(root: Path, files: Sequence[Path]) -> list[str]:
    """The app's files of the skeleton in which every place is as the lab left it; the endpoint's first, an extension's last."""
    found = []
    for file in files:
        where = _name(root, file)
        if file.suffix != ".py" or _TESTS.search(where):
            continue
        text = _read(file)
        places = text.count("# YOUR CODE HERE")
        # a place is one mark and one line of three dots; a file of many that were begun keeps some of them
        if places and len(_LEFT.findall(text)) == places and not _ANY_CALL.search(text):
            found.append(where)
    return sorted(found, key=lambda where: ("module" in where, where))


def _ci(root: Path) -> tuple[str, ...]:
    """The CI configurations that run tests, by a command of their own or through scripts."""
    return tuple(_name(root, file) for file in ci_files(root) if _runs_tests(root, file))


def _runs_tests(root: Path, file: Path) -> bool:
    return bool(_RUNS_TESTS.search(_NO_COMMAND.sub(" ", _read(file)))) or leads_to_tests(root, file)


def scan(submission: Submission, sandbox: Sandbox, app: str | None = None) -> Scans:
    """Look through everything that would be handed in. `app`: the file of the app, relative to the submission."""
    files, env_is_ignored = _handed_in(submission.root, app)
    past = history.read(submission.history, sandbox)
    found: list[Secret] = []
    concealed = Concealed()
    for file in dict.fromkeys([*files, *(submission.root / name for name in past.tracked_env)]):
        where, text = _name(submission.root, file), _read(file)
        by_others = is_made_by_others(where, text)
        seen = [*secrets_in(text, strict=by_others), *(() if by_others else concealed.secrets_in(text))]
        found += [
            Secret(kind=kind, where=f"{where}, line {line}", shown=mask(value)) for kind, value, line in seen
        ]
    found += past.secrets
    unique = {(one.where.partition(",")[0], one.shown): one for one in found}
    return Scans(
        files=len(files),
        history=submission.history is not None,
        secrets=tuple(list(unique.values())[:_MAX_FOUND]),
        env_is_ignored=env_is_ignored,
        history_trouble=past.trouble,
        tracked_env=past.tracked_env,
        ci=_ci(submission.root),
        live_markers=tuple(sorted(_used(submission.root, _markers(submission.root)))),
        untouched=tuple(_untouched(submission.root, files)),
        odd=tuple(_odd(submission.root, _importable(submission.root))),
        sources=sources.select_sources(submission.root, files, secrets_in, mask),
        fingerprints=tuple(sorted(fingerprints(file for file in files if file.suffix == ".py"))),
    )
