"""Tests in a file of the plainest name, which pytest does not look for, and a script beside them."""

import pytest

from grader.collect.code.author_run import author_run
from grader.collect.code.pytest_settings import plainly_named

OF_UNITTEST = "import unittest\nclass Making(unittest.TestCase):\n    def test_it(self):\n        pass\n"


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("def test_it():\n    pass\n", True),
        ("import x\nasync def test_it(client):\n    pass\n", True),
        (OF_UNITTEST, True),
        ("from django.test import TestCase\n\n# Create your tests here.\n", False),
        ("print('it works')\n", False),
    ],
)
def test_a_file_named_test_holds_tests_if_it_defines_some(tmp_path, text, is_one):
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests/test.py").write_text(text, encoding="utf-8")
    assert plainly_named(tmp_path) == (("tests/test.py",) if is_one else ())


def test_a_script_beside_the_tests_says_how_they_are_called(tmp_path):
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests/test.py").touch()
    (tmp_path / "tests/run_tests.sh").write_text("#!/bin/bash\npytest test.py\n", encoding="utf-8")
    found = author_run(tmp_path)
    assert (found.folder, found.arguments) == ("tests", ("test.py",))
