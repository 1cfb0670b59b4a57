"""Stage 6, test it: `pytest tests/stages/stage_6_tests.py`, in the folder lab.

Write tests into `tests/test_generated_files.py`. The stages before are good examples; the README has a table of what the
fixtures offer. A test is worth something if you saw it fail: break your code on purpose.

The checklist also asks whether the tests run in CI (`tests.runs_in_ci`, not seen here). CI, continuous integration, is a
computer that runs your tests after each push. Either is enough: a file that makes it do so, such as
`.github/workflows/tests.yml` for GitHub; or a test that asks the real OpenAI and has a marker, by which CI leaves it out.
`pyproject.toml` registers `live` for that: `@pytest.mark.live`.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

LAB = Path(__file__).resolve().parents[2]
# what goes wrong in S3's client while your tests run: the lines of a plugin
WRONG_TYPE = """
import botocore.client

_call = botocore.client.BaseClient._make_api_call


def _with_another_type(self, operation, options):
    if operation == "PutObject":
        options = {**options, "ContentType": "application/x-broken"}
    return _call(self, operation, options)


botocore.client.BaseClient._make_api_call = _with_another_type
"""


def run_your_tests(folder: Path, plugin: str = "") -> subprocess.CompletedProcess[str]:
    """Run `tests/test_generated_files.py`, with what a plugin breaks."""
    (folder / "broken.py").write_text(plugin)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "broken", "-p", "no:cacheprovider"]
    paths = os.pathsep.join([str(folder), os.environ.get("PYTHONPATH", "")])
    return subprocess.run(
        [*command, "tests/test_generated_files.py"],
        cwd=LAB,
        env={**os.environ, "PYTHONPATH": paths},
        capture_output=True,
        text=True,
    )


def test_your_tests_pass(tmp_path):
    done = run_your_tests(tmp_path)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("plugin", [WRONG_TYPE], ids=["a wrong Content-Type"])
def test_your_tests_notice(tmp_path, plugin):
    done = run_your_tests(tmp_path, plugin)
    assert done.returncode == 1, "No test failed although the code was broken."
