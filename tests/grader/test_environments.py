"""The environment that a submission declares. Building one needs the package index; what comes before does not."""

import pytest

from grader import environments
from grader.errors import SubmissionError


def test_requirements_and_pyproject_are_both_read(tmp_path):
    (tmp_path / "requirements.txt").write_text("fastapi\n")
    (tmp_path / "pyproject.toml").write_text(
        '[project]\nname = "a"\nversion = "1"\ndependencies = ["boto3"]\n[dependency-groups]\ntest = ["pytest"]\n'
    )
    found = environments.declared(tmp_path)
    assert found.arguments == (
        "-r",
        "pyproject.toml",
        "--all-extras",
        "--group",
        "test",
        "-r",
        "requirements.txt",
    )


@pytest.mark.parametrize("pyproject", ["", "[tool.ruff]\n", "not [ TOML", '[project]\nname = "a"\n'])
def test_a_pyproject_that_names_no_packages_declares_nothing(tmp_path, pyproject):
    (tmp_path / "pyproject.toml").write_text(pyproject)
    assert environments.declared(tmp_path) is None
    with pytest.raises(SubmissionError, match=r"needs a pyproject\.toml with dependencies"):
        environments.python_for(tmp_path)


def test_an_environment_is_found_again_until_what_is_declared_changes(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    work = tmp_path / "work"
    work.mkdir()
    (work / "requirements.txt").write_text("fastapi\n")
    kept = environments.cache() / environments.declared(work).digest(work) / "bin" / "python"
    kept.parent.mkdir(parents=True)
    kept.touch()
    built = []
    monkeypatch.setattr(environments, "_uv", lambda arguments, root: built.append(arguments[0]))
    assert environments.python_for(work) == kept
    assert built == []
    (work / "requirements.txt").write_text("fastapi\nhttpx\n")
    with pytest.raises(OSError, match="done"):  # the fake built nothing
        environments.python_for(work)
    assert built == ["venv", "pip"]
    assert not list(environments.cache().glob("building-*"))
