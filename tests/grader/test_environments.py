"""The environment of a declaration: built from an index on loopback, apart from whatever a submission brings."""

import json
import os
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from pydantic import ValidationError

from grader import environments, rubric
from grader.environments import (
    Declaration,
    EnvironmentUnavailable,
    build,
    building,
    read_declaration,
    resolving,
)
from grader.environments.resolving import RUNNERS
from grader.errors import GraderError, SubmissionError
from grader.sandbox import choose_tier
from grader.worker import Graded, Wanted, grade
from tests.grader.package_index import Index, served, source, wheel

_RUNNERS = [wheel(name, "9.9") for name in RUNNERS]


@pytest.fixture
def index(tmp_path, monkeypatch):
    for name in list(os.environ):
        if name.startswith(("UV_", "PIP_")) or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    with served(Index(*_RUNNERS, wheel("shared", "1.0"), wheel("shared", "2.0"))) as served_index:
        monkeypatch.setenv("UV_DEFAULT_INDEX", served_index.url)
        monkeypatch.setenv("UV_HTTP_RETRIES", "0")
        yield served_index


@pytest.fixture
def work(tmp_path):
    folder = tmp_path / "work"
    folder.mkdir()
    return folder


def wants(*requirements: str, python: str | None = None) -> Declaration:
    return Declaration(requirements=tuple(sorted(requirements)), python=python)


def run(built: environments.Built, code: str) -> str:
    return subprocess.run(
        [built.python, "-c", code], capture_output=True, text=True, check=True, cwd="/"
    ).stdout.strip()


def packages_of(built: environments.Built) -> Path:
    return next(built.python.parent.parent.glob("lib/python*/site-packages"))


# --- what is built ----------------------------------------------------------------------------------------------


def test_an_environment_has_what_was_asked_for_and_the_runners(index):
    built = build(wants("shared<2"))
    assert run(built, "import shared, pytest, uvicorn; print(shared.version)") == "1.0"
    assert "shared==1.0" in built.packages
    assert {package.partition("==")[0] for package in built.packages} == {"shared", *RUNNERS}
    assert built.missing == ()


def test_a_runner_that_does_not_fit_is_named_and_left_out_and_the_submission_gets_its_own_version(index):
    for name in ("uvicorn", "werkzeug"):
        del index.files[f"{name}-9.9-py3-none-any.whl"]
    index.files.update(
        [wheel("uvicorn", "0.31", requires=["shared>=2"]), wheel("werkzeug", "3.0", requires=["shared<2"])]
    )
    built = build(wants("shared==1.0"))
    assert built.missing == ("uvicorn",)
    assert "shared==1.0" in built.packages
    assert run(built, "import werkzeug, pytest; print('there')") == "there"


def test_an_old_version_of_a_runner_that_the_submission_pins_wins(index):
    index.files.update([wheel("pytest", "5.4"), wheel("uvicorn", "0.11")])
    built = build(wants("pytest==5.4", "uvicorn==0.11"))
    assert {"pytest==5.4", "uvicorn==0.11"} <= set(built.packages)


def test_a_declaration_of_nothing_gets_the_runners(index):
    assert {package.partition("==")[0] for package in build(wants()).packages} == set(RUNNERS)


def test_this_projects_own_name_asks_for_what_it_needs_and_not_for_a_package_of_the_index(index, monkeypatch):
    index.files.update([wheel("openai_files_lab", "9.9")])
    monkeypatch.setattr(
        building.classroom.metadata, "requires", lambda _: ["shared<2", "absent; python_version < '3'"]
    )
    built = build(wants("openai-files-lab"))
    assert {package.partition("==")[0] for package in built.packages} == {"shared", *RUNNERS}
    assert run(built, "import classroom; print('there')") == "there"
    assert build(wants("shared<2")).digest != built.digest


def test_only_what_a_marker_asks_for_here_is_installed(index):
    built = build(wants('shared ; sys_platform == "nowhere"', 'absent ; python_version < "3"'))
    assert {package.partition("==")[0] for package in built.packages} == set(RUNNERS)


def test_the_same_packages_are_one_environment_however_they_were_asked_for(index):
    first, second = build(wants("shared<2")), build(wants("shared==1.0"))
    assert first == second
    assert build(wants("shared")).digest != first.digest


def test_what_is_kept_is_read_only_and_compiled(index):
    built = build(wants("shared"))
    top = built.python.parent.parent
    for path in [top, *top.rglob("*")]:
        assert path.is_symlink() or not stat.S_IMODE(path.lstat().st_mode) & 0o222, path
    assert list(packages_of(built).glob("__pycache__/shared.*.pyc"))


def test_versions_stay_within_a_day_and_are_used_when_the_index_is_away(index, monkeypatch):
    built = build(wants("shared"))
    index.files.update([wheel("shared", "3.0")])
    assert build(wants("shared")) == built
    monkeypatch.setattr(building, "_LOCK_SECONDS", 0.0)
    monkeypatch.setattr(building, "resolve", _away)
    assert build(wants("shared")) == built
    monkeypatch.setattr(building, "resolve", resolving.resolve)
    for file in (environments.cache() / "downloads").glob("simple-v*"):
        building.sealing.remove(file)  # uv keeps an index's answers for a while, too
    assert "shared==3.0" in build(wants("shared")).packages


def _away(*_: object) -> None:
    raise EnvironmentUnavailable("no route")


# --- what can't be built ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("requirement", "sentence"),
    [("shared==7", r"no version of shared==7"), ("absent", "absent was not found in the package registry")],
)
def test_what_the_index_does_not_have_is_the_graders_error_in_the_resolvers_words(
    index, requirement, sentence
):
    with pytest.raises(EnvironmentUnavailable, match=sentence) as caught:
        build(wants(requirement))
    assert isinstance(caught.value, GraderError)
    assert not isinstance(caught.value, SubmissionError)
    assert not list(environments.cache().glob("building-*"))


def test_an_index_that_can_not_be_reached_is_the_graders_error_without_its_password(index, monkeypatch):
    monkeypatch.setenv("UV_DEFAULT_INDEX", "http://me:hush-hush@127.0.0.1:9/simple")
    with pytest.raises(EnvironmentUnavailable, match="Connection refused") as caught:
        build(wants("shared"))
    assert "hush" not in str(caught.value)


def test_another_python_is_asked_for_by_name(index):
    with pytest.raises(EnvironmentUnavailable, match=r"asks for Python >=3\.99"):
        build(wants("shared", python=">=3.99"))


def test_a_package_without_wheels_is_not_built(index, tmp_path):
    seen = tmp_path / "ran"
    index.files.update([source("onlysource", "1.0", f"open({str(seen)!r}, 'w')\n")])
    with pytest.raises(EnvironmentUnavailable, match="onlysource"):
        build(wants("onlysource"))
    assert not seen.exists()


@pytest.mark.parametrize(
    "address", ["file:///etc/evil-1.0-py3-none-any.whl", "https://evil.example/evil-1.0.tar.gz"]
)
def test_a_package_of_the_index_that_leads_to_an_address_is_refused(index, address):
    index.files.update([wheel("leading", "1.0", requires=[f"evil @ {address}"])])
    with pytest.raises(EnvironmentUnavailable, match="evil"):
        build(wants("leading"))


def test_what_others_bring_along_has_the_version_of_the_lock_file(index):
    index.files.update([wheel("leading", "1.0", requires=["shared"])])
    declaration = Declaration(requirements=("leading",), limits=("elsewhere==3", "shared==1.0"))
    assert "shared==1.0" in build(declaration).packages


def test_a_lock_file_that_does_not_fit_here_is_no_obstacle(index):
    index.files.update([wheel("leading", "1.0", requires=["shared>=2"])])
    declaration = Declaration(requirements=("leading",), limits=("shared==1.0",))
    assert "shared==2.0" in build(declaration).packages


def test_an_index_that_does_not_say_when_it_got_a_version_serves_them_all(index):
    assert "shared==2.0" in build(Declaration(requirements=("shared",), before="2024-07-01")).packages


@pytest.mark.parametrize(
    "day", ["2024-13-01", "yesterday", "2024-07-01T00:00:00Z", "2024-07-01 --index-url x"]
)
def test_a_day_is_nothing_but_a_day(day):
    with pytest.raises(ValidationError):
        Declaration(requirements=("shared",), before=day)


def test_an_index_that_serves_other_bytes_than_it_promised_is_refused(index, monkeypatch):
    build(wants("shared"))
    building.sealing.remove(environments.cache() / "downloads")
    for home in environments.cache().glob("*/environment"):
        building.sealing.remove(home.parent)
    index.files.update([wheel("shared", "2.0", {"shared.py": "changed = True\n"})])
    with pytest.raises(EnvironmentUnavailable, match=r"[Hh]ash"):
        build(wants("shared"))


def test_an_installation_that_does_not_end_in_time_is_ended_and_not_kept(index, monkeypatch):
    monkeypatch.setattr(building, "_INSTALL_SECONDS", 0.0)
    with pytest.raises(EnvironmentUnavailable, match="longer than 0 seconds"):
        build(wants("shared"))
    assert not list(environments.cache().glob("*/environment"))


# --- what a package of the index may not do -----------------------------------------------------------------------


def test_no_code_of_a_package_runs_while_it_is_built_or_checked(index, tmp_path):
    seen = tmp_path / "ran"
    hostile = f"import pathlib; pathlib.Path({str(seen)!r}).touch()\n"
    files = {
        "hostile.py": hostile,
        "hostile.pth": hostile,
        "sitecustomize.py": hostile,
        "compileall.py": hostile,
    }
    index.files.update([wheel("hostile", "1.0", files)])
    build(wants("hostile"))
    build(wants("hostile", "shared"))
    build(wants("hostile"))
    assert not seen.exists()


@pytest.mark.parametrize(
    "name",
    ["hostile.pth", ".hidden.pth", "sitecustomize.py", "usercustomize/__init__.py", "sitecustomize.pyc"],
)
def test_no_code_of_a_package_runs_when_its_python_starts(index, tmp_path, name):
    seen = tmp_path / "ran"
    hostile = f"import pathlib; pathlib.Path({str(seen)!r}).touch()\n"
    index.files.update([wheel("hostile", "1.0", {name: hostile, "hostile.py": "here = True\n"})])
    built = build(wants("hostile"))
    assert run(built, "import hostile; print(hostile.here)") == "True"
    assert not seen.exists()
    assert not (packages_of(built) / "sitecustomize.pyc").exists()


def test_folders_that_a_package_adds_to_the_path_stay(index):
    index.files.update(
        [wheel("adding", "1.0", {"adding.pth": "inner\nimport os\n", "inner/deep.py": "here = 1\n"})]
    )
    assert run(build(wants("adding")), "import deep; print(deep.here)") == "1"


@pytest.mark.parametrize("path", ["pyvenv.cfg", "bin/python", "bin/activate"])
def test_a_package_that_replaces_the_environments_own_files_is_refused(index, path):
    index.files.update(
        [wheel("hostile", "1.0", {f"hostile-1.0.data/data/{path}": "home = /root/secret/bin\n"})]
    )
    with pytest.raises(EnvironmentUnavailable, match=r"replaces|reserved name"):
        build(wants("hostile"))
    assert not list(environments.cache().glob("*/environment"))


def test_a_package_named_like_the_standard_library_shadows_nothing(index):
    index.files.update([wheel("json", "1.0", {"json/__init__.py": "raise SystemExit('shadowed')\n"})])
    built = build(wants("json"))
    assert run(built, "import json; print(json.dumps([]))") == "[]"


# --- what is kept ---------------------------------------------------------------------------------------------------


def _unlocked(path: Path) -> Path:
    for folder in (path, path.parent):
        folder.chmod(0o755)
    return path


@pytest.mark.parametrize("damage", ["change", "delete", "add", "interpreter", "record", "compiled"])
def test_a_kept_environment_that_was_changed_is_built_again(index, damage):
    built = build(wants("shared"))
    module = _unlocked(packages_of(built) / "shared.py")
    times = module.stat()
    if damage == "change":
        module.write_text("version = '6.6'\n")
        os.utime(module, ns=(times.st_atime_ns, times.st_mtime_ns))
    elif damage == "delete":
        module.unlink()
    elif damage == "add":
        module.with_name("sitecustomize.py").write_text("")
    elif damage == "interpreter":
        _unlocked(built.python.parent)
        built.python.unlink()
        built.python.symlink_to("/bin/true")
    elif damage == "record":
        (built.python.parent.parent.parent / "contents.json").write_text("[" * 100_000)
    else:
        compiled = next(packages_of(built).glob("__pycache__/shared.*.pyc"))
        _unlocked(compiled).write_bytes(b"changed")
    assert build(wants("shared")) == built
    assert run(built, "import shared, sys; print(shared.version, 'sitecustomize' in sys.modules)") in (
        "2.0 False",
        "2.0 True",  # a distribution's own
    )
    assert not (packages_of(built) / "sitecustomize.py").exists()


def test_an_environment_that_was_copied_elsewhere_as_it_is_is_used(index, monkeypatch):
    """As in an image of a container that was filled before."""
    built = build(wants("shared"))
    for path in built.python.parent.parent.rglob("*"):
        if not path.is_symlink():
            os.utime(path, (1, 1))
    monkeypatch.setattr(building, "_make", _away)
    assert build(wants("shared")) == built


def test_what_was_changed_among_the_downloads_does_not_come_back(index):
    built = build(wants("shared"))
    for module in [
        *(environments.cache() / "downloads").rglob("shared.py"),
        packages_of(built) / "shared.py",
    ]:
        _unlocked(module).write_text("version = '6.6'\n")
    build(wants("shared"))
    assert run(built, "import shared; print(shared.version)") == "2.0"


def test_a_half_built_environment_is_never_kept(index, monkeypatch):
    monkeypatch.setattr(building, "_compile", _away)
    with pytest.raises(EnvironmentUnavailable):
        build(wants("shared"))
    assert not list(environments.cache().glob("building-*"))
    assert not list(environments.cache().glob("*/environment"))
    monkeypatch.undo()


def test_two_builders_at_once_get_one_environment(index):
    with ThreadPoolExecutor(4) as pool:
        built = list(pool.map(build, [wants("shared"), wants("shared==2.0")] * 2))
    assert len(set(built)) == 1
    assert run(built[0], "import shared; print(shared.version)") == "2.0"
    assert not list(environments.cache().glob("building-*"))


def test_what_a_killed_builder_left_is_deleted(index):
    left = environments.cache() / "building-killed"
    left.mkdir(parents=True)
    os.utime(left, (0, 0))
    build(wants("shared"))
    assert not left.exists()


# --- what a submission may not do -----------------------------------------------------------------------------------

_SETUP = "import pathlib; pathlib.Path({!r}).touch()\n"


def _hostile_work(work: Path, seen: Path) -> None:
    """Every way in which a submission's files once led to its own code or to its own wheels."""
    helper = work / "helper"
    helper.mkdir()
    (helper / "setup.py").write_text(_SETUP.format(str(seen)))
    (helper / "pyproject.toml").write_text('[project]\nname = "helper"\nversion = "1"\n')
    wheels = work / "wheels"
    wheels.mkdir()
    name, content = wheel("shared", "2.0", {"shared.py": "version = 'mine'\n"})
    (wheels / name).write_bytes(content)
    (work / "requirements.txt").write_text(
        "-e ./helper\n./helper\n--no-binary :all:\n--find-links wheels\n--no-index\nshared\n"
        f"shared @ file://{wheels / name}\n{wheels / name}\n./wheels/{name}\n"
    )
    (work / "pyproject.toml").write_text(
        '[project]\nname = "mine"\nversion = "1"\ndependencies = ["shared", "helper"]\n'
        '[tool.uv]\nno-binary = true\nfind-links = ["wheels"]\nno-index = true\n'
        '[tool.uv.sources]\nshared = { path = "wheels/' + name + '" }\nhelper = { workspace = true }\n'
        '[tool.uv.workspace]\nmembers = ["helper"]\n'
    )
    for place in ("uv.toml", "pip.conf", "uv/uv.toml", "pip/pip.conf"):
        (work / place).parent.mkdir(exist_ok=True)
        (work / place).write_text('find-links = ["wheels"]\nno-index = true\n')
    (work / "uv.py").write_text(_SETUP.format(str(seen)))


def test_a_submissions_own_wheel_code_and_configuration_reach_no_environment(
    index, work, tmp_path, monkeypatch
):
    seen = tmp_path / "ran"
    _hostile_work(work, seen)
    monkeypatch.chdir(work)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(work))
    monkeypatch.setenv("UV_CONFIG_FILE", str(work / "uv.toml"))
    monkeypatch.setenv("UV_NO_BINARY", "1")
    monkeypatch.setenv("UV_CONSTRAINT", str(work / "requirements.txt"))
    declaration = read_declaration(work)
    assert declaration is not None
    hostile = build(declaration)
    neighbour = build(wants("shared"))
    assert hostile == neighbour
    assert run(neighbour, "import shared; print(shared.version)") == "2.0"
    assert not seen.exists()


@pytest.mark.parametrize("pyproject", ["", "[tool.ruff]\n", "not [ TOML", '[project]\nname = "a"\n'])
def test_a_pyproject_that_names_no_packages_declares_nothing(work, pyproject):
    (work / "pyproject.toml").write_text(pyproject)
    assert read_declaration(work) is None
    with pytest.raises(SubmissionError, match=r"needs a pyproject\.toml with dependencies"):
        environments.python_for(work)


def test_the_python_for_a_submission_is_that_of_its_environment(index, work):
    (work / "requirements.txt").write_text("shared<2\n")
    assert environments.python_for(work) == build(wants("shared<2")).python
    assert environments.python_for(work) != Path(sys.executable)


# --- the plain command --------------------------------------------------------------------------------------------


def _graded(work: Path) -> Graded:
    wanted = Wanted(
        choose_tier("auto"), evidence="files", rubric=rubric.read(), only=("secrets.not_in_code",)
    )
    return grade(str(work), wanted)


def test_the_plain_command_installs_what_is_declared_and_not_there(index, work):
    (work / "requirements.txt").write_text("shared==1.0\nunheard-of==1\n")
    (work / "main.py").write_text("import shared\nfrom flask import Flask\napp = Flask('x')\n")
    evidence = json.loads(_graded(work).files["evidence.json"])
    assert "shared==1.0" in evidence["environment"]["packages"]
    assert any("unheard-of is left out" in sentence for sentence in evidence["environment"]["ignored"])


def test_what_the_plain_command_can_not_install_is_its_error_with_the_resolver_s_sentence(index, work):
    (work / "requirements.txt").write_text("shared==7\n")
    (work / "main.py").write_text("import shared\nfrom flask import Flask\napp = Flask('x')\n")
    with pytest.raises(GraderError, match=r"no version of shared==7.*--env lab"):
        _graded(work)


def test_the_lab_s_own_needs_give_way_to_the_versions_of_a_submission_that_uses_it(index, monkeypatch):
    monkeypatch.setattr(building.classroom.metadata, "requires", lambda _: ["shared>=2", "extra"])
    index.files.update([wheel("extra", "1.0")])
    built = build(wants("openai-files-lab", "shared==1.0"))
    assert {"shared==1.0", "extra==1.0"} <= set(built.packages)


def test_an_optional_package_that_does_not_fit_is_left_out_and_named(index):
    index.files.update([wheel("tools", "1.0", requires=["shared>=2"]), wheel("words", "1.0")])
    built = build(Declaration(requirements=("shared==1.0", "tools", "words"), optional=("tools", "words")))
    assert {"shared==1.0", "words==1.0"} <= set(built.packages)
    assert built.missing == ("tools",)
