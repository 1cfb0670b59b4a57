"""How a suite is run is read from what its author wrote: CI, Makefile, tox, nox, scripts."""

import pytest

from grader.collect.code.author_run import author_run

WORKFLOW = """
on: push
jobs:
  test:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - run: pip install -r requirements.txt pytest
      - name: Run pytest
        working-directory: backend
        run: |
          export STAGE=test
          {command}
"""
SHAPES = {
    "a step of CI": (
        {"ci.yml": "poetry run pytest -q --cov=app tests/unit -m 'not slow'"},
        ("backend", ("tests/unit", "-m", "not slow")),
    ),
    "a step that calls a script": (
        {
            "ci.yml": "./run.sh",
            "backend/run.sh": "#!/bin/bash\nset -e\ncd service\nuv run --frozen pytest checks\n",
        },
        ("backend/service", ("checks",)),
    ),
    "a step that makes a target": (
        {
            "ci.yml": "make check",
            "backend/Makefile": ".PHONY: check lint\nlint:\n\truff .\ncheck: lint\n\tpython -m pytest -n auto -k 'not live'\n",
        },
        ("backend", ("-k", "not live")),
    ),
    "a step that has Django test": (
        {
            "ci.yml": "coverage run manage.py test shop.tests.Orders --exclude-tag live -v 2",
            "backend/manage.py": 'os.environ.setdefault("DJANGO_SETTINGS_MODULE", "site.settings")\n',
            "backend/shop/tests.py": "",
        },
        ("backend", ("-o", "python_files=test*.py", "shop/tests.py::Orders")),
    ),
    "tox alone": (
        {
            "tox.ini": "[testenv]\ndeps = pytest\ncommands =\n    pytest {posargs} tests\n",
            "tests/test_a.py": "",
        },
        (".", ("tests",)),
    ),
    "nox alone": (
        {
            "noxfile.py": 'import nox\n@nox.session\ndef tests(session):\n    session.install("pytest")\n    session.run("pytest", "-m", "unit")\n'
        },
        (".", ("-m", "unit")),
    ),
    "a Makefile alone": (
        {
            "Makefile": "test:\n\tOPENAI_MODE=fake pytest --ignore=tests/live tests\n",
            "tests/live/test_b.py": "",
        },
        (".", ("--ignore=tests/live", "tests")),
    ),
    "a script of functions": (
        {
            "ci.yml": "/bin/bash -x run.sh test:quick",
            "backend/run.sh": "set -e\nfunction deploy {\n    export AWS_PROFILE=mine REGION=there\n}\nfunction test:quick {\n"
            '    run-tests -m "not slow" ${@:-"$HERE/tests/"}\n}\nfunction run-tests {\n    python -m pytest ${@:-"$HERE/tests/"} --cov\n}\n'
            "${@:-help}\n",
        },
        ("backend", ("-m", "not slow", "tests/")),
    ),
    "a script that names its own folder": (
        {
            "ci.yml": "bash run.sh test",
            "backend/run.sh": 'HERE="$(cd "$(dirname "$0")" && pwd)"\nfunction test {\n    measured\n}\nfunction measured {\n'
            '    python -m pytest ${@:-"$HERE/checks/"} --cov "$HERE/src" --cov-report html\n}\n',
            "backend/checks/test_a.py": "",
            "backend/src/a.py": "",
        },
        ("backend", ("checks/",)),
    ),
    "unittest": (
        {
            "Makefile": "test:\n\tpython -m unittest discover -s checks -p 'check_*.py'\n",
            "checks/check_a.py": "",
        },
        (".", ("checks", "-o", "python_files=check_*.py")),
    ),
    "modules of unittest": (
        {"Makefile": "test:\n\tpython3 -m unittest checks.check_a\n", "checks/check_a.py": ""},
        (".", ("checks/check_a.py",)),
    ),
    "nothing at all": ({}, (".", ())),
    "a path that leads out": ({"Makefile": "test:\n\tpytest ../../etc -c /etc/passwd\n"}, (".", ())),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_the_author_s_call_of_pytest_is_found(shape, tmp_path):
    files, (folder, arguments) = SHAPES[shape]
    for place in ("backend/tests/unit", "backend/service/checks"):
        (tmp_path / place).mkdir(parents=True)
    for name, text in files.items():
        file = tmp_path / (".github/workflows/ci.yml" if name == "ci.yml" else name)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(WORKFLOW.replace("{command}", text) if name == "ci.yml" else text)
    found = author_run(tmp_path)
    assert (found.folder, found.arguments) == (folder, arguments)


def test_what_is_set_for_the_tests_is_set_and_what_steers_python_is_not(tmp_path):
    (tmp_path / "Makefile").write_text("test:\n\tSTAGE=test PYTHONPATH=/evil KEY=$(SECRET) pytest\n")
    assert author_run(tmp_path).variables == {"STAGE": "test"}


def test_what_other_functions_of_a_script_set_is_not_set_for_the_tests(tmp_path):
    script = "deploy() {\n  export STAGE=live\n}\ntest() {\n  export MODE=fake\n  pytest\n}\n$@\n"
    (tmp_path / "run.sh").write_text(script)
    assert author_run(tmp_path).variables == {"MODE": "fake"}


def test_scripts_that_call_each_other_come_to_an_end(tmp_path):
    (tmp_path / "run.sh").write_text("./run.sh\n")
    assert author_run(tmp_path).source == ""
