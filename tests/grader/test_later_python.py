"""Code for a later Python than the grader's is the grader's limit; code that no Python reads is the author's mistake."""

import sys
from types import SimpleNamespace
from typing import cast

import pytest

from grader.collect.code.later_python import absent_from_library, unparsed, version_for, written_for_later
from grader.collect.collector import _without_app
from grader.collect.start.setting import Setting
from grader.collect.start.start_failure import Frame, StartFailure
from grader.collect.start.start_reasons import Reason, _about_python
from grader.criteria import BY_ID
from grader.evidence import RedTest, TestRun
from tests.grader.seen import evidence

OURS = sys.version_info[:2]
before_312 = pytest.mark.skipif(OURS >= (3, 12), reason="this Python reads it")
before_314 = pytest.mark.skipif(OURS >= (3, 14), reason="this Python reads it")


@before_312
@pytest.mark.parametrize(
    "text",
    [
        'x = f"{row["name"]}"',
        'x = f"{", ".join(["a", "b"])}"',
        "x = f'{row['a']}' 'and more'",
        'x = f"{f"{f"{1}"}"}"',
        'x = f"{value!r:>{width}} {row["a"]=}"',
        'x = f"{\n  value  # what it is\n}"',
        "x = f\"{'\\n'.join(lines)}\"",
        'x = rf"{row["a"]}\\d"',
        "type Names = list[str]",
        "type Pair[T] = tuple[T, T]",
        "def first[T](items: list[T]) -> T:\n    return items[0]",
        "class Box[T: (int, str)]:\n    item: T",
        "async def first[**P](call: Callable[P, list[int]]): pass",
    ],
)
def test_a_later_python_is_named_for_what_it_alone_reads(text):
    assert version_for(text) == "3.12"


@before_314
@pytest.mark.parametrize("text", ["try:\n    pass\nexcept A, B:\n    pass", 'x = t"{name}"'])
def test_the_latest_additions_to_the_grammar_are_known(text):
    assert version_for(text) == "3.14"


@pytest.mark.parametrize(
    "text",
    [
        "x = 1",
        "app = (",
        'print "hello"',
        'x = f"{1 +}"',
        'x = f"{row["name"]"',
        'x = f"{row["name"]}"\ny = (',
        'x = f"{lambda row: 1}"',
        'x = "never closed',
        "def make(prompt)\n    return prompt",
        'f"{' * 60,
    ],
)
def test_what_no_python_reads_or_this_one_does_needs_no_other(text):
    assert version_for(text) is None


APP = "from fastapi import FastAPI\napp = FastAPI()\n"


def test_an_app_with_a_syntax_error_is_named_with_its_line(tmp_path):
    (tmp_path / "main.py").write_text(APP + "@app.get('/'\ndef home():\n    return {}\n")
    (tmp_path / "notes.py").write_text("not python at all\n")
    start = _without_app(cast(Setting, SimpleNamespace(submission=SimpleNamespace(root=tmp_path))))
    assert start.verdict == "failed"
    assert start.failure is not None
    assert start.failure.startswith("main.py, line 3, is not Python: ")
    assert "py_compile main.py" in start.advice[0]


@before_312
def test_an_app_for_a_later_python_is_the_grader_s_trouble(tmp_path):
    (tmp_path / "broken.py").write_text(APP + "(\n")
    (tmp_path / "main.py").write_text(APP + 'x = f"{app.extra["a"]}"\n')
    start = _without_app(cast(Setting, SimpleNamespace(submission=SimpleNamespace(root=tmp_path))))
    assert start.verdict == "error"
    assert start.failure is not None
    assert "main.py, line 3, is written for Python 3.12 or later" in start.failure


@before_312
def test_a_module_for_a_later_python_that_ends_the_start_is_the_grader_s_trouble(tmp_path):
    (tmp_path / "words.py").write_text('x = f"{row["a"]}"\n')
    frames = (Frame("main.py", 1, "<module>", "import words", True), Frame("words.py", 1, "", "", True))
    failure = StartFailure("SyntaxError", "f-string: unmatched '['", frames)
    reason = _about_python(failure, tmp_path, "main.py")
    assert isinstance(reason, Reason)
    assert (reason.verdict, "words.py, line 1" in reason.text) == ("error", True)
    (tmp_path / "words.py").write_text("x = (\n")
    assert _about_python(failure, tmp_path, "main.py") is None


@before_312
def test_tests_that_only_a_later_python_parses_are_not_failed(tmp_path):
    (tmp_path / "main.py").write_text('x = f"{row["a"]}"\n')
    sentences = tuple(one.sentence for one in written_for_later(tmp_path))
    syntax = RedTest(name="test_main.py", why="SyntaxError: f-string: unmatched '['")
    override = RedTest(name="test_b.py", why="ImportError: cannot import name 'brand_new' from 'typing'")
    other = RedTest(name="test_x", why="AssertionError: 1 != 2")

    def status(*red: RedTest) -> str:
        run = TestRun(found=True, exit_code=2, red=red)
        return BY_ID["tests.pass"].judge(evidence(test_run=run, for_later_python=sentences)).status

    assert status(syntax) == "error"
    assert absent_from_library(override.why)
    assert status(syntax, override) == "error"
    assert status(syntax, other) == "failed"


@pytest.mark.parametrize(
    ("message", "is_ours"),
    [
        ("cannot import name 'brand_new' from 'typing' (/usr/lib/python3.11/typing.py)", True),
        ("cannot import name 'Brand' from 'concurrent.futures' (/usr/lib/x.py)", True),
        ("cannot import name 'make' from 'app.files' (/work/app/files.py)", False),
        ("No module named 'typingx'", False),
    ],
)
def test_a_name_that_the_standard_library_does_not_have_here_may_be_a_later_one_s(tmp_path, message, is_ours):
    failure = StartFailure("ImportError", message, (Frame("main.py", 1, "<module>", "", True),))
    reason = _about_python(failure, tmp_path, "main.py")
    assert (reason is not None and reason.verdict == "error") is is_ours


def test_a_file_that_is_no_plain_text_is_passed_over(tmp_path):
    (tmp_path / "main.py").write_bytes(b"\xff\xfe")
    assert unparsed(tmp_path, "main.py") is None
