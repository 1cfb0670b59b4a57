"""The packages that a submission runs with, where nobody chose them."""

import json
import sys
from datetime import date, timedelta
from importlib import metadata
from pathlib import Path

import pytest

from grader import environments
from grader.environments import (
    Built,
    Declaration,
    Unsolvable,
    choosing,
    read_declaration,
    resolving,
    setup_script,
)
from grader.errors import EnvironmentUnavailable
from grader.worker import records

THEIRS = Path("/theirs/bin/python")


class Builder:
    """Stands for the parent: keeps what it was asked for, and says what it was given to say."""

    def __init__(self, *troubles: str) -> None:
        self.asked: list[Declaration] = []
        self._troubles = list(troubles)

    def __call__(self, declaration: Declaration) -> Built:
        self.asked.append(declaration)
        if self._troubles:
            raise Unsolvable(self._troubles.pop(0))
        return Built(THEIRS, "", ())


def chosen(
    root: Path, builder: Builder, choice: environments.Choice = "auto", app: str | None = None
) -> Path:
    return environments.choose(root, choice, builder, app).python


def put(root: Path, **files: str) -> Path:
    for name, text in files.items():
        (root / name.replace("__", ".")).write_text(text, encoding="utf-8")
    return root


def names(declaration: Declaration) -> list[str]:
    return [text.partition("=")[0] for text in declaration.requirements]


def test_a_declaration_that_the_lab_s_packages_satisfy_builds_nothing(tmp_path):
    put(tmp_path, requirements__txt=f"fastapi\nopenai=={metadata.version('openai')}\n")
    builder = Builder()
    assert chosen(tmp_path, builder) == Path(sys.executable)
    assert builder.asked == []


@pytest.mark.parametrize("line", ["openai==0.28.1", "no-such-package-anywhere", "pydantic<1"])
def test_one_that_they_do_not_satisfy_is_built_and_its_versions_win(tmp_path, line):
    put(tmp_path, requirements__txt=f"fastapi\n{line}\n")
    builder = Builder()
    assert chosen(tmp_path, builder) == THEIRS
    assert line in builder.asked[0].requirements


def test_a_submission_that_declares_nothing_runs_with_the_lab_s_packages(tmp_path):
    assert chosen(tmp_path, Builder()) == Path(sys.executable)


def test_who_asks_for_the_lab_s_packages_gets_them(tmp_path):
    put(tmp_path, requirements__txt="openai==0.28.1\n")
    assert chosen(tmp_path, Builder(), "lab") == Path(sys.executable)


def test_what_only_developers_need_is_no_reason_to_build(tmp_path):
    put(
        tmp_path,
        pyproject__toml='[project]\nname = "x"\ndependencies = ["fastapi"]\n'
        '[project.optional-dependencies]\ndocs = ["no-such-theme"]\n[dependency-groups]\nlint = ["no-such-linter"]\n',
        main__py="import fastapi\n",
    )
    assert chosen(tmp_path, Builder()) == Path(sys.executable)


def test_a_plugin_of_the_suite_s_and_an_extra_that_is_imported_are_needed(tmp_path):
    put(
        tmp_path,
        pyproject__toml='[project]\nname = "x"\ndependencies = ["fastapi"]\n'
        '[dependency-groups]\ndev = ["pytest-no-such-plugin", "nosuchwords", "nosuchlinter"]\n',
        main__py="import nosuchwords\n",
    )
    builder = Builder()
    assert chosen(tmp_path, builder) == THEIRS
    assert names(builder.asked[0]) == ["fastapi", "nosuchwords", "pytest-no-such-plugin"]
    assert builder.asked[0].optional == ("nosuchwords", "pytest-no-such-plugin")


def test_what_the_folder_of_the_app_declares_comes_before_what_those_above_it_do(tmp_path):
    put(tmp_path, requirements__txt="nosuchwords==2\nnosuchrest\n")
    (tmp_path / "api").mkdir()
    put(tmp_path / "api", requirements__txt="nosuchwords==1\n")
    declaration = read_declaration(tmp_path, "api")
    assert declaration is not None
    assert declaration.requirements == ("nosuchrest", "nosuchwords==1")
    assert declaration.optional == ("nosuchrest",)


def test_another_python_is_tried_all_the_same_and_noted(tmp_path):
    put(
        tmp_path,
        requirements__txt="nosuchwords\n",
        pyproject__toml='[project]\nname="x"\nrequires-python=">=3.99"\n',
    )
    builder = Builder()
    assert chosen(tmp_path, builder) == THEIRS
    assert builder.asked[0].python is None
    assert builder.asked[0].ignored[0].startswith("It asks for Python >=3.99; it ran with 3.")


def test_a_pin_that_does_not_fit_and_that_nothing_imports_is_left_to_the_resolver(tmp_path):
    put(
        tmp_path,
        requirements__txt="flask\nnosuch-windows-thing==3\nnosuchwords==1\n",
        main__py="import nosuchwords\n",
    )
    builder = Builder("Because nosuch-windows-thing==3 has no usable wheels and you require it, …")
    assert chosen(tmp_path, builder) == THEIRS
    assert names(builder.asked[1]) == ["flask", "nosuchwords"]
    assert any("nosuch-windows-thing is left out" in sentence for sentence in builder.asked[1].ignored)


def test_one_that_is_imported_stays_and_the_resolver_s_sentence_is_the_error(tmp_path):
    put(tmp_path, requirements__txt="nosuchwords==1\n", main__py="import nosuchwords\n")
    with pytest.raises(EnvironmentUnavailable, match="there is no version of nosuchwords==1"):
        chosen(tmp_path, Builder("Because there is no version of nosuchwords==1, …"))


def test_a_driver_without_wheels_gives_way_to_its_twin_with_wheels(tmp_path):
    put(tmp_path, requirements__txt="psycopg2==2.9.9\n", main__py="import psycopg2\n")
    builder = Builder("Because psycopg2==2.9.9 has no usable wheels, …")
    chosen(tmp_path, builder)
    assert builder.asked[1].requirements == ("psycopg2-binary==2.9.9",)


@pytest.mark.parametrize(("asked", "taken"), [("==0.26.5", "<1,>=0.26.5"), ("~=2.3", "<3,>=2.3")])
def test_a_version_without_a_wheel_gives_way_to_a_later_one_and_the_report_says_so(tmp_path, asked, taken):
    put(tmp_path, requirements__txt=f"nosuchwords{asked}\n", main__py="import nosuchwords\n")
    builder = Builder("Because nosuchwords==0.26.5 has no usable wheels and you require it, …")
    chosen(tmp_path, builder)
    assert builder.asked[1].requirements == (f"nosuchwords{taken}",)
    assert builder.asked[1].ignored[0].startswith(f"nosuchwords has no wheel for {asked}")


def test_a_package_without_any_wheel_is_asked_for_no_third_time(tmp_path):
    put(tmp_path, requirements__txt="nosuchwords==1.0\n", main__py="import nosuchwords\n")
    builder = Builder(
        *[
            "Because all versions of nosuchwords have no usable wheels",
            "nosuchwords==1.0 has no usable wheels",
        ]
        * 2
    )
    with pytest.raises(EnvironmentUnavailable):
        chosen(tmp_path, builder)
    assert len(builder.asked) == 2


def test_a_resolver_that_is_never_content_is_asked_a_bounded_number_of_times(tmp_path):
    lines = [f"nosuch{number}" for number in range(50)]
    put(tmp_path, requirements__txt="\n".join(lines))
    builder = Builder(*(f"{line} does not fit" for line in lines))
    with pytest.raises(EnvironmentUnavailable):
        chosen(tmp_path, builder)
    assert len(builder.asked) < 30


def test_a_suite_that_uses_the_lab_s_fixtures_gets_the_lab_beside_its_own_packages(tmp_path):
    put(tmp_path, requirements__txt="nosuchwords\n", test_it__py="def test_it(openai_mock):\n    pass\n")
    builder = Builder()
    chosen(tmp_path, builder)
    assert "openai-files-lab" in builder.asked[0].requirements


def test_a_declaration_reaches_the_parent_as_it_is():
    declaration = Declaration(
        requirements=("fastapi", "pytest"), ignored=("One is ignored.",), optional=("pytest",)
    )
    message = records.NeedsPython(declaration=declaration)
    assert records.MESSAGE.validate_json(json.dumps(message.model_dump(mode="json"))) == message


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (
            "from setuptools import setup\nsetup(install_requires=['flask', 'openai<1'])\n",
            (["flask", "openai<1"], []),
        ),
        (
            "import setuptools\nneeded = ['flask']\nsetuptools.setup(install_requires=needed, extras_require={'t': ['pytest']})\n",
            (["flask"], ["pytest"]),
        ),
        ("from setuptools import setup\nsetup(install_requires=open('r.txt').read().split())\n", None),
        ("from setuptools import setup\nsetup()\n", ([], [])),
        ("setup(", None),
    ],
)
def test_lists_that_a_setup_script_passes_are_read_and_it_is_not_run(text, found):
    assert setup_script.requirements(text) == found


def test_what_the_fixtures_beside_the_tests_and_notebooks_import_is_needed_too(tmp_path):
    (tmp_path / "tests" / "fixtures").mkdir(parents=True)
    (tmp_path / "tests" / "fixtures" / "buckets.py").write_text("from moto import mock_aws\n")
    (tmp_path / "tools.py").write_text("import black\n")
    cells = [
        {"cell_type": "code", "source": ["import rich\n", "rich.print(1)"]},
        {"cell_type": "markdown", "source": "import this"},
        {"cell_type": "code", "source": 7},
    ]
    (tmp_path / "try.ipynb").write_text(json.dumps({"cells": cells}))
    (tmp_path / "odd.ipynb").write_text('{"cells": {"a": 1}}')
    assert choosing.find_imports(tmp_path, []) == {"moto", "rich"}


def test_what_a_framework_loads_by_itself_is_kept_although_nothing_imports_it():
    beside = ("black", "email-validator", "python-multipart", "twine")
    declaration = Declaration(requirements=tuple(sorted(("fastapi", *beside))), optional=beside)
    kept = choosing.trim(declaration, frozenset({"fastapi"})).requirements
    assert set(kept) == {"fastapi", "python-multipart", "email-validator"}


def test_an_old_project_gets_the_versions_of_its_time_and_a_new_one_those_of_today(tmp_path):
    put(tmp_path, requirements__txt="nosuchwords==1\nother\n", main__py="import nosuchwords\n")
    asked = []
    for day in (date(2024, 6, 30), date.today() - timedelta(days=3), date(1970, 1, 1), None):
        builder = Builder("Because nosuchwords==1 has no usable wheels")
        environments.choose(tmp_path, "auto", builder, committed=lambda day=day: day)  # type: ignore[misc]
        asked.append([each.before for each in builder.asked])
    assert asked == [["2024-07-02"] * 2, ["", ""], ["", ""], ["", ""]]


def test_one_in_memory_is_installed_beside_a_client_of_redis_where_it_fits(tmp_path):
    put(tmp_path, requirements__txt="redis==5.0\n", main__py="import redis\n")
    builder = Builder()
    chosen(tmp_path, builder)
    assert "fakeredis[lua]" in builder.asked[0].requirements
    assert "fakeredis" in builder.asked[0].optional


def test_packages_that_only_the_code_names_are_those_that_it_imports(tmp_path):
    put(
        tmp_path,
        app__py="import os\nimport nosuchserver.web\nfrom flask import Flask\nimport own\nfrom config import KEY\n",
    )
    put(tmp_path, own__py="")
    builder = Builder()
    assert chosen(tmp_path, builder) == THEIRS
    assert names(builder.asked[0]) == ["flask", "nosuchserver"]
    assert builder.asked[0].optional == (
        "flask",
        "nosuchserver",
    )  # a guess that is wrong keeps nothing else out
    assert builder.asked[0].ignored[0].startswith("No file declares packages")


@pytest.mark.parametrize(
    "command",
    [
        "`pip3 install nosuchserver openai==0.27.0 --upgrade -i https://packages.example/simple/`",
        "RUN pip install openai==0.27.0",
    ],
)
def test_the_author_s_commands_name_their_versions(tmp_path, command):
    put(
        tmp_path,
        app__py="import nosuchserver\nimport openai\n",
        README__md=f"To install, run pip install the following:\n{command}\n",
    )
    builder = Builder()
    assert chosen(tmp_path, builder) == THEIRS
    assert builder.asked[0].requirements == ("nosuchserver", "openai==0.27.0")


def test_work_that_declares_nothing_and_needs_nothing_else_runs_with_the_lab_s_packages(tmp_path):
    put(tmp_path, app__py="import json\nfrom fastapi import FastAPI\nimport openai\n")
    builder = Builder()
    assert chosen(tmp_path, builder) == Path(sys.executable)
    assert builder.asked == []


def test_old_work_that_declares_nothing_gets_versions_of_its_time(tmp_path):
    put(tmp_path, app__py="import openai\n")
    builder = Builder()
    committed = date.today() - timedelta(days=900)
    assert environments.choose(tmp_path, "auto", builder, committed=lambda: committed).python == THEIRS
    assert builder.asked[0].before == (committed + timedelta(days=2)).isoformat()


def test_what_can_not_be_guessed_leaves_the_lab_s_packages(tmp_path):
    put(tmp_path, app__py="import nosuchserver\n")
    builder = Builder(*["there is no nosuchserver"] * 2)
    assert chosen(tmp_path, builder) == Path(sys.executable)


def test_a_package_without_wheels_that_another_one_asks_for_is_left_out(tmp_path):
    put(
        tmp_path,
        requirements__txt="django-nosuchwords==0.6\nrangy-response==0.2\n",
        app__py="import nosuchwords\n",
    )
    trouble = "Because rangy-response==0.2 has no usable wheels and {} depends on it, nothing fits."
    builder = Builder(trouble.format("you"), trouble.format("django-nosuchwords==0.6"))
    assert chosen(tmp_path, builder) == THEIRS
    assert builder.asked[-1].requirements == ("django-nosuchwords==0.6",)
    assert builder.asked[-1].absent == ("rangy-response",)


def test_ever_so_many_packages_that_do_not_fit_are_left_out_one_after_the_other(tmp_path):
    listed = [f"nosuch{number:02}" for number in range(12)]
    put(tmp_path, requirements__txt="\n".join([*listed, "nosuchserver"]), app__py="import nosuchserver\n")
    builder = Builder(*(f"{name} does not fit" for name in listed))
    assert chosen(tmp_path, builder) == THEIRS
    assert builder.asked[-1].requirements == ("nosuchserver",)


def test_where_nothing_had_a_wheel_on_the_day_of_the_last_commit_the_next_versions_are_taken(
    monkeypatch, tmp_path
):
    asked = []

    def compiled(requirements, limits, source, before=""):
        asked.append(before)
        if "" < before < "2023-04-01":
            raise Unsolvable("it has no wheels")
        return resolving.Lock((f"words=={before or 'today'} --hash=sha256:{'0' * 64}",))

    monkeypatch.setattr(resolving, "_compile", compiled)
    lock = resolving.resolve((), Path(sys.executable), tmp_path, ["words"], (), "2023-02-13")
    assert asked[:2] == ["2023-02-13", "2023-04-14"]
    assert lock.names == {"words"}


def test_the_lab_s_own_modules_are_no_packages_of_the_index(tmp_path):
    put(tmp_path, app__py="from classroom import start\nfrom grader import judge\nimport nosuchserver\n")
    builder = Builder()
    chosen(tmp_path, builder)
    assert names(builder.asked[0]) == ["nosuchserver"]
