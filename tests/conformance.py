"""OpenAI's own SDK tests against the stand-in: `make conformance`, or `python -m tests.conformance`.

Fetches the source of the pinned `openai` from the package index, installs what its tests need into an environment of
their own, and runs `tests/api_resources/` of the routes that the stand-in serves against `classroom mock --lenient`.
Not part of `make test`: it needs the package index. Exit 0 if nothing failed.
"""

import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import venv
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
    "test_conversations.py",
    "conversations",
    "test_batches.py",
    "test_vector_stores.py",
    "vector_stores",
)
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


def _run(python: Path, source: Path, suite: str, base_url: str) -> tuple[int, int, int, list[str]]:
    """Passed, failed, skipped, and the names of the failed."""
    results = source / "results.xml"
    results.unlink(missing_ok=True)
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("OPENAI_")},
        "TEST_API_BASE_URL": base_url,
    }
    command = [
        str(python),
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "-n",
        "2",
        f"--junit-xml={results}",
    ]
    done = subprocess.run(
        [*command, f"tests/api_resources/{suite}"],
        cwd=source,
        env=environment,
        capture_output=True,
        text=True,
    )
    if not results.exists():
        raise SystemExit(
            f"conformance: pytest did not run {suite}:\n{done.stdout[-2000:]}{done.stderr[-2000:]}"
        )
    cases = list(ElementTree.parse(results).iter("testcase"))
    failed = [case for case in cases if case.find("failure") is not None or case.find("error") is not None]
    skipped = [case for case in cases if case.find("skipped") is not None]
    names = [f"{case.get('classname')}::{case.get('name')}" for case in failed]
    return len(cases) - len(failed) - len(skipped), len(failed), len(skipped), names


def main() -> int:
    """Prints a table by file; 1 if a test failed, or none ran."""
    release = version("openai")
    folder = Path(tempfile.mkdtemp(prefix="conformance-"))
    failures: list[str] = []
    totals = [0, 0, 0]
    try:
        print(f"openai {release}: fetching its source and what its tests need …", flush=True)
        source, python = _fetched(release, folder), _environment(release, folder / "environment")
        print(f"{'tests/api_resources/':32}{'passed':>8}{'failed':>8}{'skipped':>9}", flush=True)
        with OpenAIMock(lenient=True) as mock:
            for suite in _SUITES:
                *counts, names = _run(python, source, suite, mock.base_url)
                totals = [total + count for total, count in zip(totals, counts, strict=True)]
                failures += names
                print(f"{suite:32}{counts[0]:8}{counts[1]:8}{counts[2]:9}", flush=True)
    except subprocess.CalledProcessError as error:
        print(f"conformance: {error}; the package index has to be reachable", file=sys.stderr)
        return 2
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(f"{'all':32}{totals[0]:8}{totals[1]:8}{totals[2]:9}")
    for name in failures:
        print(f"  failed: {name}")
    return 1 if failures or not totals[0] else 0


if __name__ == "__main__":
    sys.exit(main())
