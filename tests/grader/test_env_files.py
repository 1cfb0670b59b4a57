"""An app that reads its variables from a file finds one there; a submitted one stays as it is."""

from pathlib import Path
from textwrap import dedent

import pytest

from grader.collect.code.env_files import read_env_files, render_variables
from grader.collect.code.variables import read_variables


def places(root: Path, text: str, file: str = "src/app/main.py", *submitted: str) -> list[str]:
    for name, content in {file: dedent(text), **dict.fromkeys(submitted, "A=1")}.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(content)
    found = read_env_files(root, [file]).places(root, root / "src")
    return [each.relative_to(root).as_posix() for each in found]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("from dotenv import dotenv_values\nv = dotenv_values('.env')\n", ["src/.env"]),
        ("from starlette.config import Config\nconfig = Config('.env')\n", ["src/.env"]),
        ("from decouple import Config, RepositoryEnv\nc = Config(RepositoryEnv('.env'))\n", ["src/.env"]),
        ("import dotenv\nv = dotenv.dotenv_values()\n", ["src/app/.env", "src/.env", ".env"]),
        (
            "from dotenv import dotenv_values\nv = dotenv_values(Path(__file__).parent / '.env.local')\n",
            ["src/app/.env.local", "src/.env.local", ".env.local"],
        ),
        ("from dotenv import load_dotenv\nload_dotenv('.env')\n", []),
        ("from dotenv import dotenv_values\nv = dotenv_values('/etc/app.env')\n", []),
        ("from dotenv import dotenv_values\nv = dotenv_values('../../.env')\n", []),
        ("from dotenv import dotenv_values\nv = dotenv_values('main.py')\n", []),
        ("from dotenv import dotenv_values\nv = dotenv_values('missing/.env')\n", []),
    ],
)
def test_a_file_is_put_where_the_code_looks(tmp_path, text, expected):
    assert places(tmp_path, text) == expected


def test_a_submitted_file_is_left_as_it_is(tmp_path):
    text = "from dotenv import dotenv_values\nv = dotenv_values('.env')\n"
    assert places(tmp_path, text, "src/app/main.py", "src/.env") == []


def test_a_link_that_leads_nowhere_is_left_as_it_is(tmp_path):
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / ".env").symlink_to("/nowhere")
    assert places(tmp_path, "from dotenv import dotenv_values\nv = dotenv_values('.env')\n") == []


def test_what_is_taken_out_of_the_file_has_the_purpose_of_its_use(tmp_path):
    (tmp_path / "main.py").write_text(
        "from dotenv import dotenv_values\nfrom openai import OpenAI\n"
        "given = dotenv_values('.env')\nclient = OpenAI(api_key=given['WRITER'])\nother = given.get('STYLE', 'plain')\n"
    )
    found = read_variables(tmp_path, ["main.py"])
    assert {name: (one.purpose, one.needed, one.default) for name, one in found.items()} == {
        "WRITER": ("openai_key", True, ""),
        "STYLE": ("", False, "plain"),
    }


def test_a_file_holds_only_what_a_line_can_hold():
    assert render_variables({"A": "http://h/v1", "B": "two words", "C": "x\nD=1", "E": "it's"}) == (
        "A=http://h/v1\nB='two words'\n"
    )
