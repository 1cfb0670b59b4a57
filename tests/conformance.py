"""OpenAI's own SDK tests against the stand-in: `make conformance`, or `python -m tests.conformance [--strict] [--node FOLDER]`.

Fetches the source of the pinned `openai` from the package index, installs what its tests need into an environment of
their own, and runs `tests/api_resources/` of the routes that the stand-in serves against `classroom mock --lenient`. With
`--node`, the tests of the SDK for Node are run, in a checkout of it whose packages are installed.

The suites send made-up values: "string" as a model, "file_id" as an identifier. With `--strict` a stand-in that refuses what
OpenAI refuses answers them. A test that ends with such a refusal is counted as refused, and its reason is the refusal's own
words; `--reasons FILE` writes them down, test by test. Anything else that goes wrong is a failure.

Not part of `make test`: it needs the package index. Exit 0 if nothing failed.
"""

import argparse
import collections
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import venv
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from xml.etree import ElementTree

from classroom.standin.mock import OpenAIMock

# files and folders of tests/api_resources; custom voices are a service of their own, which the lab has no use for
_SUITES = (
    "test_completions.py",
    "chat",
    "test_embeddings.py",
    "test_images.py",
    "audio/test_speech.py",
    "audio/test_transcriptions.py",
    "audio/test_translations.py",
    "test_moderations.py",
    "test_models.py",
    "test_responses.py",
    "responses",
    "test_files.py",
    "test_uploads.py",
    "uploads",
    "test_containers.py",
    "containers",
    "test_conversations.py",
    "conversations",
    "test_batches.py",
    "test_vector_stores.py",
    "vector_stores",
)
# the same families in the suite for Node
_NODE_FAMILIES = (
    "completions",
    "chat/",
    "embeddings",
    "images",
    "audio/speech",
    "audio/transcriptions",
    "audio/translations",
    "moderations",
    "models",
    "responses/",
    "files",
    "uploads/",
    "containers/",
    "conversations/",
    "batches",
    "vector-stores/",
)
_ENDS = ("passed", "refused", "failed", "skipped")
_REFUSALS = (400, 403, 404, 409, 410)
_ANSI = re.compile(r"\x1b\[[0-9;]*m")
_NEEDS = ("pytest>=9", "pytest-asyncio>=1.4", "pytest-xdist>=3.6", "rich>=13")


def _fetched(release: str, into: Path) -> Path:
    """The unpacked source of a release."""
    pip = [sys.executable, "-m", "pip", "download", "-qq", "--no-deps", "--no-binary", "openai"]
    subprocess.run([*pip, "--dest", str(into), f"openai=={release}"], check=True)
    [archive] = into.glob("openai-*.tar.gz")
    with tarfile.open(archive) as file:
        file.extractall(into, filter="data")
    return into / f"openai-{release}"


def _environment(release: str, into: Path) -> Path:
    """A Python with the release and what its tests need. Made outside the source's folder: its settings for uv
    hide every package newer than the release, itself included."""
    venv.create(into, with_pip=True)
    python = into / ("Scripts" if os.name == "nt" else "bin") / "python"
    install = [str(python), "-m", "pip", "install", "-qq", f"openai[aiohttp]=={release}", *_NEEDS]
    subprocess.run(install, check=True, cwd=into)
    return python


@dataclass(frozen=True)
class Outcome:
    """How a test ended.

    Attributes:
        suite: file or folder of the suite.
        test: its name.
        ended: passed, refused (by the stand-in as OpenAI does, or by the SDK's own reading), failed or skipped.
        why: the words of the refusal, or of the failure.
    """

    suite: str
    test: str
    ended: str
    why: str = ""


def judged(suite: str, test: str, trouble: str, *, strict: bool) -> Outcome:
    """A test that raised: refused if it ended with an error that OpenAI gives for what was sent.

    An address that is not served, and an error of the stand-in's own, are failures.
    """
    if strict and suite == "test_embeddings.py" and "APIResponseValidationError" in trouble:
        # the stand-in gives base64, as it is asked; a lenient one gives numbers all the same
        return Outcome(
            suite,
            test,
            "refused",
            "the SDK asks for base64 by itself, and its own strict reading wants numbers",
        )
    refusal = re.search(r"(?:Error code: )?\b(4\d\d)\b[: -]+(.*)", trouble, re.DOTALL)
    if not strict or refusal is None or int(refusal[1]) not in _REFUSALS or "Invalid URL" in refusal[2]:
        return Outcome(suite, test, "failed", trouble.strip()[:400])
    words = re.search(r"""["']message["']: (["'])(.*?)\1, ["']type["']""", refusal[2])
    return Outcome(
        suite, test, "refused", f"{refusal[1]} {(words[2] if words else refusal[2]).splitlines()[0][:300]}"
    )


def _python_outcomes(python: Path, source: Path, suite: str, base_url: str, *, strict: bool) -> list[Outcome]:
    results = source / "results.xml"
    results.unlink(missing_ok=True)
    command = [str(python), "-m", "pytest", "-q", "-p", "no:cacheprovider", "-n", "2"]
    done = subprocess.run(
        [*command, f"--junit-xml={results}", f"tests/api_resources/{suite}"],
        cwd=source,
        env=_environment_for(base_url),
        capture_output=True,
        text=True,
    )
    if not results.exists():
        raise SystemExit(
            f"conformance: pytest did not run {suite}:\n{done.stdout[-2000:]}{done.stderr[-2000:]}"
        )
    found = []
    for case in ElementTree.parse(results).iter("testcase"):
        name = f"{case.get('classname')}::{case.get('name')}"
        trouble = [each for each in case if each.tag in ("failure", "error")]
        if trouble:
            found.append(judged(suite, name, trouble[0].get("message") or "", strict=strict))
        else:
            found.append(Outcome(suite, name, "passed" if case.find("skipped") is None else "skipped"))
    return found


def _node_outcomes(checkout: Path, base_url: str, *, strict: bool) -> list[Outcome]:
    """Of the families that are served; each test on its own, so that one refusal does not hide the next."""
    results = checkout / "results.json"
    results.unlink(missing_ok=True)
    command = ["npx", "--no-install", "jest", "--json", f"--outputFile={results}", "-w", "2"]
    done = subprocess.run(
        [*command, *(f"tests/api-resources/{family}" for family in _NODE_FAMILIES)],
        cwd=checkout,
        env={**_environment_for(base_url), "OPENAI_TEST_SUITE": "generated"},
        capture_output=True,
        text=True,
    )
    if not results.exists():
        raise SystemExit(f"conformance: jest did not run:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    found = []
    for file in json.loads(results.read_text(encoding="utf-8"))["testResults"]:
        suite = str(file["name"]).partition("/tests/api-resources/")[2].removesuffix(".test.ts")
        for case in file["assertionResults"]:
            name = f"{suite}: {case['fullName']}"
            if case["status"] == "failed":
                found.append(judged(suite, name, _ANSI.sub("", case["failureMessages"][0]), strict=strict))
            else:
                found.append(Outcome(suite, name, "passed" if case["status"] == "passed" else "skipped"))
    return found


def _environment_for(base_url: str) -> dict[str, str]:
    mine = {name: value for name, value in os.environ.items() if not name.startswith("OPENAI_")}
    return {**mine, "TEST_API_BASE_URL": base_url}


def _table(found: list[Outcome]) -> str:
    """By suite: passed, refused, failed, skipped."""
    counts: dict[str, collections.Counter[str]] = collections.defaultdict(collections.Counter)
    for each in found:
        counts[each.suite][each.ended] += 1
    counts["all"] = collections.Counter(each.ended for each in found)
    head = f"{'':40}" + "".join(f"{name:>9}" for name in _ENDS)
    rows = (f"{suite:40}" + "".join(f"{count[name]:9}" for name in _ENDS) for suite, count in counts.items())
    return "\n".join((head, *rows))


def _without_values(why: str) -> str:
    """A reason without what differs from test to test."""
    return re.sub(r"'[^']*'", "'…'", why)


def _tried(options: argparse.Namespace, folder: Path) -> list[Outcome]:
    strict = bool(options.strict)
    if options.node is not None:
        with OpenAIMock(lenient=not strict) as mock:
            return _node_outcomes(options.node, mock.base_url, strict=strict)
    release = version("openai")
    print(f"openai {release}: fetching its source and what its tests need …", flush=True)
    source, python = _fetched(release, folder), _environment(release, folder / "environment")
    found: list[Outcome] = []
    with OpenAIMock(lenient=not strict) as mock:
        for suite in _SUITES:
            print(f"{suite} …", file=sys.stderr, flush=True)
            found += _python_outcomes(python, source, suite, mock.base_url, strict=strict)
    return found


def main(arguments: list[str]) -> int:
    """Prints a table by file; 1 if a test failed, or none passed."""
    parser = argparse.ArgumentParser(prog="python -m tests.conformance", description=__doc__)
    parser.add_argument(
        "--strict", action="store_true", help="against a stand-in that refuses what OpenAI refuses"
    )
    parser.add_argument(
        "--node", type=Path, metavar="FOLDER", help="a checkout of the SDK for Node, installed"
    )
    parser.add_argument("--reasons", type=Path, metavar="FILE", help="write each refusal's reason there")
    options = parser.parse_args(arguments)
    folder = Path(tempfile.mkdtemp(prefix="conformance-"))
    try:
        found = _tried(options, folder)
    except subprocess.CalledProcessError as error:
        print(f"conformance: {error}; the package index has to be reachable", file=sys.stderr)
        return 2
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(_table(found))
    refused = [each for each in found if each.ended == "refused"]
    for why, count in collections.Counter(_without_values(each.why) for each in refused).most_common():
        print(f"  refused, {count}: {why}")
    if options.reasons is not None:
        options.reasons.write_text(
            "".join(f"{each.test}\t{each.why}\n" for each in refused), encoding="utf-8"
        )
    failed = [each for each in found if each.ended == "failed"]
    for each in failed:
        print(f"  failed: {each.test}: {each.why}")
    return 1 if failed or not any(each.ended == "passed" for each in found) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
