"""Code that may keep something beyond its process is told from code that can't."""

import pytest

from grader.collect.code.lasting import may_last

APP = "import os, re\nfrom fastapi import FastAPI\n\nWORD = re.compile('x')\napp = FastAPI()\nKEY = os.environ['OPENAI_API_KEY']\nname = getattr(app, 'title')\n"


def judged(tmp_path, text):
    (tmp_path / "test_it.py").write_text(text, encoding="utf-8")
    return may_last(tmp_path, ["test_it.py"])


def test_a_usual_app_keeps_nothing(tmp_path):
    assert not judged(tmp_path, APP)


@pytest.mark.parametrize(
    "line",
    [
        "import socket",
        "from multiprocessing import shared_memory as memory",
        "import logging\nends = logging.os.pipe()",
        "from http.server import HTTPServer",
        "import os\nends = getattr(os, 'pipe')()",
        "import os\nends = getattr(os, 'pi' + 'pe')()",
        "import sys\nsys.modules['os']",
        "exec('import socket')",
        "__import__('sock' + 'et')",
        "import importlib",
        "import builtins",
        "().__class__.__base__.__subclasses__()",
        "def broken(:",
    ],
)
def test_what_may_outlive_a_process_or_hides_what_it_is_counts(tmp_path, line):
    assert judged(tmp_path, f"{APP}{line}\n")
