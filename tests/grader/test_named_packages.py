"""A package that the author's commands install is there, though the list of packages lacks it."""

import pytest

from grader.environments import read_declaration
from grader.environments.declaration import declare
from grader.environments.undeclared import also_named


def added(root, modules, readme, declared=("flask",)):
    (root / "README.md").write_text(readme, encoding="utf-8")
    made = also_named(root, modules, declare(declared, None, ()))
    return sorted(set(made.requirements) - set(declared)), set(made.optional)


def test_what_a_readme_installs_and_the_code_imports_is_installed_where_it_fits(tmp_path):
    found = added(tmp_path, ["flask", "bs4"], "```\npip install flask beautifulsoup4==4.12.2\n```\n")
    assert found == (["beautifulsoup4==4.12.2"], {"beautifulsoup4"})


def test_what_nothing_imports_is_not_installed(tmp_path):
    assert added(tmp_path, ["flask"], "pip install beautifulsoup4\n") == ([], set())


def test_what_is_declared_keeps_its_versions(tmp_path):
    found = added(tmp_path, ["bs4"], "pip install beautifulsoup4==4.1\n", ("beautifulsoup4==4.12.2",))
    assert found == ([], set())


def test_what_no_command_names_stays_undeclared(tmp_path):
    assert added(tmp_path, ["bs4"], "It needs a parser.\n") == ([], set())


def test_a_module_of_the_submission_s_own_is_no_package(tmp_path):
    (tmp_path / "bs4.py").touch()
    assert added(tmp_path, ["bs4"], "pip install beautifulsoup4\n") == ([], set())


@pytest.mark.parametrize(
    ("name", "is_read"),
    [
        ("requirements", True),
        ("requiriment.txt", True),
        ("requirements-dev.in", True),
        ("requirements.md", False),
        ("notes.txt", False),
    ],
)
def test_a_list_of_packages_may_be_spelled_as_people_spell_it(tmp_path, name, is_read):
    (tmp_path / name).write_text("flask==3.0.0\n", encoding="utf-16" if "iriment" in name else "utf-8")
    found = read_declaration(tmp_path)
    assert (found.requirements if found else ()) == (("flask==3.0.0",) if is_read else ())
