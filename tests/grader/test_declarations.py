"""What is read out of a submission's files, and what is not, however they are written."""

import json
import os
import time

import pytest
from pydantic import ValidationError

from grader.environments import Declaration, read_declaration
from grader.environments.declaration import LONGEST, MOST_IGNORED, MOST_REQUIREMENTS


@pytest.fixture
def work(tmp_path):
    folder = tmp_path / "work"
    folder.mkdir()
    return folder


def read(work, **files):
    """The declaration of files; "__" in a name is a folder's end, "_" before its ending a dot."""
    for name, text in files.items():
        path = work / name.replace("__", "/").replace("_DOT_", ".").replace("_DASH_", "-")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return read_declaration(work)


def requirements(work, text):
    return read(work, requirements_DOT_txt=text)


# --- what is taken --------------------------------------------------------------------------------------------------


def test_names_versions_extras_and_markers_are_canonical_sorted_and_each_once(work):
    found = requirements(
        work,
        "# the app\nUvicorn[Standard] >= 0.20,<1\nFast_API\nfast-api\n"
        "openai<1  # old\n"
        "tomli ; python_version<'3.11'\n"
        "boto3 \\\n  >=1\n",
    )
    assert found.requirements == (
        "boto3>=1",
        "fast-api",
        "openai<1",
        'tomli ; python_version < "3.11"',
        "uvicorn[standard]<1,>=0.20",
    )
    assert found.ignored == ()


def test_a_declaration_crosses_as_json(work):
    found = requirements(work, "openai<1\n-e .\n")
    assert Declaration.model_validate_json(found.model_dump_json()) == found


def test_pyproject_groups_and_requirements_are_all_read(work):
    found = read(
        work,
        requirements_DOT_txt="fastapi\n",
        pyproject_DOT_toml='[project]\nname = "a"\nversion = "1"\nrequires-python = ">=3.11"\n'
        'dependencies = ["boto3"]\n[project.optional-dependencies]\nall = ["a[test]"]\ntest = ["httpx"]\n'
        '[dependency-groups]\ndev = [{include-group = "test"}, "ruff"]\ntest = ["pytest", {include-group = "dev"}]\n'
        '[tool.uv]\ndev-dependencies = ["mypy"]\n',
    )
    assert found.requirements == ("boto3", "fastapi", "httpx", "mypy", "pytest", "ruff")
    assert found.python == ">=3.11"
    assert found.ignored == ()


def test_poetrys_constraints_are_translated(work):
    found = read(
        work,
        pyproject_DOT_toml='[tool.poetry.dependencies]\npython = "^3.11"\ncaret = "^1.2.3"\nzero = "^0.2.3"\n'
        'zeros = "^0.0.3"\none = "^0"\ntilde = "~1.2.3"\nmajor = "~1"\nexact = "1.2.3"\nwild = "1.2.*"\nany = "*"\n'
        'range = ">=1, <3"\nspaced = ">=1 <3"\nsame = "=1.5"\n'
        'extra = { version = "^2", extras = ["all"], optional = true, python = "<3.13", markers = "os_name == \'posix\'" }\n'
        'several = [{ version = "1", python = "<3.12" }, { version = "2", python = ">=3.12" }]\n'
        '[tool.poetry.group.dev.dependencies]\npytest = "^8.0"\n',
    )
    assert found.python == "<4,>=3.11"
    assert found.requirements == (
        "any",
        "caret<2,>=1.2.3",
        "exact==1.2.3",
        'extra[all]<3,>=2 ; os_name == "posix" and python_full_version < "3.13"',
        "major<2,>=1",
        "one<1,>=0",
        "pytest<9,>=8.0",
        "range<3,>=1",
        "same==1.5",
        'several==1 ; python_full_version < "3.12"',
        'several==2 ; python_full_version >= "3.12"',
        "spaced<3,>=1",
        "tilde<1.3,>=1.2.3",
        "wild==1.2.*",
        "zero<0.3,>=0.2.3",
        "zeros<0.0.4,>=0.0.3",
    )


def test_pipfile_and_setup_cfg_are_read(work):
    found = read(
        work,
        Pipfile='[[source]]\nurl = "https://me:secret@index.example"\n[packages]\nfastapi = "*"\n'
        'uvicorn = {extras = ["standard"], version = ">=0.20"}\nmine = {path = "."}\n'
        '[dev-packages]\npytest = "==8.0"\n[requires]\npython_version = "3.11"\n',
        setup_DOT_cfg="[options]\ninstall_requires =\n    boto3>=1\n    requests\n[options.extras_require]\ntest = moto\n",
    )
    assert found.requirements == (
        "boto3>=1",
        "fastapi",
        "moto",
        "pytest==8.0",
        "requests",
        "uvicorn[standard]>=0.20",
    )
    assert found.python == "==3.11.*"
    assert "secret" not in str(found)


def test_included_files_and_limits_inside_the_submission_are_followed(work):
    found = read(
        work,
        requirements_DOT_txt="-r requirements/base.txt\n--requirement=more.txt\n-c limits.txt\n",
        requirements__base_DOT_txt="openai\n-r ../more.txt\n",
        requirements__test_DOT_txt="pytest\n",
        more_DOT_txt="fastapi\n",
        limits_DOT_txt="openai<1\nunasked<3\n",
    )
    assert found.requirements == ("fastapi", "openai", "openai<1", "pytest")
    assert [sentence for sentence in found.ignored if "unasked" in sentence]


@pytest.mark.parametrize("lock", ["uv_DOT_lock", "poetry_DOT_lock", "pdm_DOT_lock"])
def test_a_lock_file_gives_the_version_of_what_is_asked_for_loosely(work, lock):
    pyproject = '[project]\nname = "a"\ndependencies = ["openai<1", "fastapi==0.100", "boto3>=2"]\n'
    packages = {"openai": "0.28.1", "fastapi": "0.110", "boto3": "1.0", "unasked": "1"}
    text = "".join(
        f'[[package]]\nname = "{name}"\nversion = "{version}"\n' for name, version in packages.items()
    )
    found = read(work, pyproject_DOT_toml=pyproject, **{lock: text})
    assert found.requirements == ("boto3>=2", "fastapi==0.100", "openai<1", "openai==0.28.1")
    assert found.limits == ("unasked==1",)


def test_files_that_windows_writes_are_read(work):
    (work / "requirements.txt").write_bytes("openai<1\r\nfastapi\r\n".encode("utf-16"))
    assert read_declaration(work).requirements == ("fastapi", "openai<1")


def test_an_app_in_a_folder_below_is_found(work):
    found = read(work, README_DOT_md="", backend__requirements_DOT_txt="openai\n", docs__notes_DOT_txt="x\n")
    assert found.requirements == ("openai",)


def test_names_that_conda_or_git_gave_an_address_are_kept_without_it(work):
    found = requirements(
        work,
        "certifi @ file:///croot/certifi_1671487769961/work/certifi\n"
        "openai @ git+https://me:token@github.com/openai/openai-python@main\n",
    )
    assert found.requirements == ("certifi", "openai")
    assert len(found.ignored) == 2
    assert "token" not in str(found)


def test_where_two_files_exclude_each_other_the_first_wins(work):
    found = read(
        work, requirements_DOT_txt="openai==0.28\n", requirements_DASH_dev_DOT_txt="openai>=1\npytest\n"
    )
    assert found.requirements == ("openai==0.28", "pytest")
    assert "asked for before" in found.ignored[0]


# --- what is ignored --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "line",
    [
        "-e ./helper",
        "-e .",
        "--editable=git+https://evil.example/x.git#egg=x",
        "./helper",
        "../helper",
        "/root/helper",
        "helper-1.0-py3-none-any.whl",
        "https://evil.example/helper-1.0.tar.gz",
        "git+ssh://git@evil.example/x",
        "helper @ file:///tmp/helper",
        "helper@file:helper",
        "helper @ ./helper",
        "--no-binary :all:",
        "--no-binary=:all:",
        "--index-url https://me:secret@evil.example/simple",
        "-i https://evil.example/simple",
        "--extra-index-url=https://evil.example",
        "-f wheels",
        "--find-links ./wheels",
        "--no-index",
        "--pre",
        "--trusted-host evil.example",
        "--config-settings x=y",
        "-r /etc/passwd",
        "-r ../outside.txt",
        "-r file:///etc/passwd",
        "-r https://evil.example/r.txt",
        "-c /etc/hostname",
        "-r ~/.netrc",
        "-r",
        "${SECRET}",
        "$(touch x)",
        "name===../../x",
        "hélper",
        "a\x00b",
        "a\x1b[31mb",
        "a\u202eb",
        "x" * 5000,
        "(" * 5000,
        "name ; " + "(" * 140 + "python_version > '3'" + ")" * 140,
        "name ; sys_platform == '\x0b--index-url https://evil.example'",
        "name ; sys_platform == 'linux\" or python_version > \"3'",
        "name ; sys_platform == 'a\\'",
        "name ; sys_platform == '#x'",
        "name ; unknown == 'x'",
        "[[[",
        "-",
        "--",
        "@",
        ";",
    ],
)
def test_a_line_that_is_no_name_with_versions_is_named_and_has_no_effect(work, line):
    found = requirements(work, f"fastapi\n{line}\nopenai\n")
    assert found.requirements == ("fastapi", "openai")
    assert found.ignored
    assert "secret" not in str(found)
    assert Declaration.model_validate_json(found.model_dump_json()) == found


def test_a_marker_can_not_begin_a_line_of_its_own(work):
    pyproject = '[project]\nname = "a"\ndependencies = ["x ; os_name == \'\\n--index-url https://evil.example\\n\'"]\n'
    assert read(work, pyproject_DOT_toml=pyproject).requirements == ()


def test_the_same_is_reported_of_files_that_exist_outside_and_files_that_do_not(work):
    sentences = {
        requirements(work, f"x\n-r {path}\n").ignored
        for path in ("/etc/passwd", "/etc/absent", "../../absent")
    }
    assert len(sentences) == 1


def test_links_and_odd_files_are_not_read(work, tmp_path):
    (tmp_path / "outside.txt").write_text("outside\n")
    (work / "requirements.txt").symlink_to(tmp_path / "outside.txt")
    (work / "requirements").symlink_to(tmp_path)
    os.mkfifo(work / "requirements-dev.txt")
    (work / "test-requirements.txt").write_text(
        "-r requirements.txt\n-r requirements/outside.txt\n-r requirements-dev.txt\nopenai\n"
    )
    assert read_declaration(work).requirements == ("openai",)


def test_files_that_include_each_other_in_circles_end(work):
    found = read(work, requirements_DOT_txt="-r a.txt\nx\n", a_DOT_txt="-r requirements.txt\n-r a.txt\ny\n")
    assert found.requirements == ("x", "y")


def test_sources_workspaces_and_indexes_are_named_and_ignored(work):
    found = read(
        work,
        pyproject_DOT_toml='[project]\nname = "a"\ndependencies = ["helper", "openai", "near"]\n'
        '[tool.uv.sources]\nhelper = { workspace = true }\nopenai = { git = "https://me:secret@evil.example" }\n'
        'near = { path = "near" }\n'
        '[tool.uv.workspace]\nmembers = ["*"]\n[[tool.uv.index]]\nurl = "https://evil.example"\n',
        near__pyproject_DOT_toml='[project]\nname = "near"\ndependencies = ["boto3"]\n',
    )
    assert found.requirements == ("boto3", "openai")
    for word in ("helper", "openai", "workspace", "index"):
        assert any(word in sentence for sentence in found.ignored), word
    assert "secret" not in str(found)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("pyproject.toml", "a = " + "[" * 5000 + "]" * 5000),
        ("pyproject.toml", "a = " + "{a=" * 5000),
        ("pyproject.toml", "[" + "a." * 20_000 + "a]"),
        ("pyproject.toml", "a." * 20_000 + "a = 1"),
        ("pyproject.toml", "project = 3\ntool = []\ndependency-groups = 'x'"),
        (
            "pyproject.toml",
            "[project]\ndependencies = 'x'\noptional-dependencies = [1]\nname = 7\nrequires-python = 3",
        ),
        (
            "pyproject.toml",
            "[project]\ndependencies = [1, [], {}]\n[tool.poetry.dependencies]\nx = 3\ny = [[]]\npython = {}",
        ),
        (
            "pyproject.toml",
            "[tool.poetry.dependencies]\nx = '^^1'\ny = '~'\nz = '^x'\nw = '1 || 2'\nv = {version = ['x']}",
        ),
        ("Pipfile.lock", "[" * 100_000),
        ("Pipfile", "packages = 3\n"),
        ("setup.cfg", "[options]\ninstall_requires = %(x)s\n[options]\n[[[\n"),
        ("setup.cfg", "no section\n"),
        ("poetry.lock", "package = [1, {name = 3}]"),
        ("requirements.txt", "\\\n" * 100_000),
        ("requirements.txt", "a\n" * 100_000),
        ("requirements.txt", " " * 500_000 + "#"),
        ("requirements.txt", "# " * 250_000),
        ("requirements.txt", "a @ " * 100_000),
        ("requirements.txt", "x" * 10_000_000),
        ("requirements.txt", "\n".join(f"-r {number}.txt" for number in range(3000))),
    ],
)
def test_whatever_stands_in_a_file_reading_it_ends_soon(work, name, text):
    (work / name).write_text(text)
    began = time.process_time()
    found = read_declaration(work)
    assert time.process_time() - began < 5
    assert found is None or Declaration.model_validate_json(found.model_dump_json()) == found


def test_more_than_the_bounds_is_counted_and_left_out(work):
    lines = [f"package-{number}" for number in range(1000)] + [
        f"--option-{number}" for number in range(26**2)
    ]
    found = requirements(work, "\n".join(lines) + "\n" + "\n".join(f"./{number}" for number in range(1000)))
    assert len(found.requirements) == MOST_REQUIREMENTS
    assert len(found.ignored) == MOST_IGNORED
    assert "Of 1000 requirements" in found.ignored[0]


# --- what the parent takes ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "record",
    [
        {"requirements": ["x @ file:///etc"]},
        {"requirements": ["-e ."]},
        {"requirements": ["X"]},
        {"requirements": ["b", "a"]},
        {"requirements": ["a", "a"]},
        {"requirements": ["a\n--index-url https://evil.example"]},
        {"requirements": ["a ; os_name == '\n--no-binary :all:'"]},
        {"requirements": ["a ; " + "(" * 130 + "os_name == 'x'" + ")" * 130]},
        {"requirements": ["a" * (LONGEST + 1)]},
        {"requirements": [f"a{number:04}" for number in range(MOST_REQUIREMENTS + 1)]},
        {"requirements": [1]},
        {"requirements": "abc"},
        {"requirements": ["a===../../etc"]},
        {"python": ">= 3.11"},
        {"python": "x"},
        {"python": ""},
        {"python": ">=3" + ",>=3" * 100},
        {"ignored": ["\x1b[31m"]},
        {"ignored": ["two\nlines"]},
        {"ignored": ["\ud800"]},
        {"ignored": ["x" * (LONGEST + 1)]},
        {"ignored": ["x"] * (MOST_IGNORED + 1)},
        {"more": 1},
    ],
)
def test_a_forged_declaration_is_refused(record):
    with pytest.raises(ValidationError):
        Declaration.model_validate_json(json.dumps(record))
