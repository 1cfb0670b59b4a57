"""Hostile texts: reading them ends soon and raises one exception, and nothing outside the submission is looked at."""

import os
import time
from pathlib import Path

import pytest

from grader import manifest, reading
from grader.collect.code import imports
from grader.collect.code.find_app import find_app
from grader.collect.code.fingerprints import fingerprints
from grader.collect.scanning import scans
from grader.errors import SubmissionError
from grader.manifest import Manifest

SECONDS = 10.0  # of a processor, however busy the machine is


@pytest.fixture(autouse=True)
def quickly():
    began = time.process_time()
    yield
    assert time.process_time() - began < SECONDS


PYTHON = {
    "minus signs": "-" * 20_000 + "1",
    "a sum": "+".join(["1"] * 20_000),
    "attributes": "a" + ".b" * 20_000,
    "branches": "if a: pass\n" + "elif a: pass\n" * 5_000,
    "brackets": "(" * 20_000,
    "a number": "x = " + "9" * 100_000,
    "subscripts": "a" + "[0]" * 20_000,
    "a null byte": "x = 1\0",
    "too large": "#" * (reading.MAX_PYTHON + 1),
}
TOML = {
    "brackets": "a = " + "[" * 5_000,
    "closed brackets": "a = " + "[" * 50_000 + "]" * 50_000,
    "inline tables": "a = " + "{a=" * 20_000,
    "a dotted key": ".".join(["a"] * 100_000) + " = 1",
    "a dotted table": "[" + ".".join(["a"] * 50_000) + "]",
    "a number": "a = " + "1" * 200_000,
    "too large": "#" * (reading.MAX_TOML + 1),
}
JSON = {
    "brackets": "[" * 100_000 + "]" * 100_000,
    "objects": '{"a":' * 100_000,
    "not a number": "[NaN]",
    "a number": "[" + "9" * 5_000 + "]",
    "many values": "[" + "[]," * 900_000 + "1]",
    "no text": b'["\xff"]',
    "half a pair": b'["\xed\xa0\x80"]',
    "another encoding": '["a"]'.encode("utf-16"),
    "nothing": "",
}


@pytest.mark.parametrize("text", PYTHON.values(), ids=PYTHON)
def test_python_that_is_made_to_break_a_parser_is_unreadable(text):
    with pytest.raises(reading.Unreadable):
        reading.parse_python(text)


@pytest.mark.parametrize("text", TOML.values(), ids=TOML)
def test_toml_that_is_made_to_break_a_parser_is_unreadable(text):
    with pytest.raises(reading.Unreadable):
        reading.parse_toml(text)


@pytest.mark.parametrize("text", JSON.values(), ids=JSON)
def test_json_that_is_made_to_break_a_parser_is_unreadable(text):
    with pytest.raises(reading.Unreadable):
        reading.parse_json(text)


def test_every_number_and_text_that_json_gives_can_be_written_again():
    number, text = reading.parse_json(r'[1e999, "\ud800x"]')
    assert number < float("inf")
    assert text.encode() == "�x".encode()


def test_no_link_device_or_pipe_is_read(tmp_path):
    (tmp_path / "link").symlink_to("/etc/passwd")
    os.mkfifo(tmp_path / "pipe")
    for place in (tmp_path / "link", tmp_path / "pipe", Path("/dev/zero"), tmp_path):
        with pytest.raises(reading.Unreadable, match="no plain file"):
            reading.read_bytes(place, 100)


def test_a_sparse_file_of_sixty_gigabytes_is_not_read(tmp_path):
    with (tmp_path / "sparse").open("wb") as file:
        file.truncate(60 * 1024**3)
    with pytest.raises(reading.Unreadable, match="larger"):
        reading.read_bytes(tmp_path / "sparse", 1024)


@pytest.mark.parametrize(
    "name",
    [
        "/etc",
        "..",
        "a/../../b",
        "a\\b",
        "C:\\x",
        "a\0b",
        "a\nb",
        "link",
        "link/x",
        "x/../link",
        "~\udc80",
        "a" * 400,
    ],
)
def test_what_leads_out_is_nowhere(tmp_path, name):
    (tmp_path / "link").symlink_to("/etc")
    assert reading.inside(tmp_path, name) is None


@pytest.mark.parametrize("name", [".", "", "src", "a/../src", "./a/b.c/", "übung/日本 1"])
def test_what_leads_in_is_found(tmp_path, name):
    assert reading.inside(tmp_path, name).resolve().is_relative_to(tmp_path.resolve())


# --- a whole submission of them ------------------------------------------------------------------------------------


@pytest.fixture
def odd(tmp_path) -> Path:
    """A submission of hostile files, and an app."""
    for index, text in enumerate(PYTHON.values()):
        (tmp_path / f"odd{index}.py").write_text(f"app = FastAPI()\n{text}")
    (tmp_path / "pyproject.toml").write_text(TOML["a dotted key"])
    (tmp_path / "pytest.ini").write_text("[pytest\nmarkers = " + "x" * 100_000)
    (tmp_path / "deep.ipynb").write_text(JSON["brackets"])
    (tmp_path / "list.ipynb").write_text("[1, null]")
    (tmp_path / "link.py").symlink_to("/etc/passwd")
    Path(os.fsdecode(bytes(tmp_path) + b"/\xff\xfe.py")).write_text("app = FastAPI()")
    (tmp_path / "service.py").write_text("from fastapi import FastAPI\napp = FastAPI()")
    return tmp_path


def test_the_app_is_found_among_odd_files(odd):
    assert find_app(odd, Manifest()).target == "service:app"
    assert "fastapi" in imports.worth_loading(odd)


def test_odd_files_are_scanned(odd):
    files = sorted(odd.rglob("*"))
    assert isinstance(fingerprints(files), set)
    assert scans._markers(odd) == set()
    texts = [scans._read(file) for file in files]
    assert not any("root:" in text for text in texts)
    for file in files:
        scans._name(odd, file).encode()


@pytest.mark.parametrize(
    "text",
    [
        "\n" * 1_000_000,
        " " * 1_000_000,
        "api_key" * 150_000,
        "aws_secret" * 100_000,
        "password=" * 100_000,
        "password" + " " * 1_000_000,
        "-----BEGIN PRIVATE KEY-----" + "\n" * 1_000_000,
        "sk-" * 300_000,
        "xoxb-" * 200_000,
        "import" + " " * 1_000_000,
        "pip" + " " * 1_000_000,
        "- " * 500_000 + "name",
        "addinivalue_line(" * 60_000,
        '{"a": "sk-' * 100_000,
        'password = "Zx9' + 'q7Kp2mVw"\npassword = "Zx9' * 40_000,
    ],
)
def test_no_text_takes_a_scan_long(text, tmp_path):
    list(scans.secrets_in(text))
    scans._RUNS_TESTS.search(scans._NO_COMMAND.sub(" ", text))
    (tmp_path / "conftest.py").write_text(text[: reading.MAX_PYTHON])
    scans._markers(tmp_path)
    imports.worth_loading(tmp_path)


def test_placeholders_before_a_secret_do_not_hide_it():
    text = "\n".join(f'api_key = "your-example-key-number-{n}"' for n in range(500))
    assert len(list(scans.secrets_in(text + '\napi_key = "Zx9q7Kp2' + 'mVw4Lr8sTb3N"'))) == 1


# --- manifests ------------------------------------------------------------------------------------------------------


def refused(place: Path, text: str, name: str = "lab.toml") -> str:
    (place / name).write_text(text)
    with pytest.raises(SubmissionError) as caught:
        manifest.read(place)
    message = str(caught.value)
    assert len(message) < 1_000
    assert message.isprintable()
    return message


@pytest.mark.parametrize("field", ["cwd = {}", "tests = {}", "pythonpath = [{}]"])
def test_a_path_outside_is_refused_in_the_same_words_whether_or_not_it_is_there(tmp_path, field):
    messages = {
        refused(tmp_path, field.format(f'"{path}"')).replace(path, "…")
        for path in (
            "/etc",
            "/no-such-place",
            "../../../../../../etc/shadow",
            "../../../../../../etc/nothing",
        )
    }
    assert len(messages) == 1
    assert "does not lead inside the submission" in messages.pop()


def test_a_path_through_a_link_is_refused(tmp_path):
    (tmp_path / "door").symlink_to("/etc")
    (tmp_path / "dangling").symlink_to("/no-such-place")
    names = ("door", "dangling", "door/ssl", "dangling/x")
    seen = {refused(tmp_path, f'cwd = "{name}"').replace(name, "…") for name in names}
    assert len(seen) == 1


def test_tests_are_named_from_where_they_are_run(tmp_path):
    (tmp_path / "lab.toml").write_text('cwd = "app"\ntests = "../tests"')
    assert manifest.read(tmp_path).tests == "../tests"
    assert "inside" in refused(tmp_path, 'cwd = "etc"\ntests = "../../shadow"')
    assert "inside" in refused(tmp_path, 'tests = "--pyargs"')


@pytest.mark.parametrize(
    "text",
    [
        "[env]\nLD_PRELOAD = 'x.so'",
        "[env]\nPYTHONPATH = '/etc'",
        "[env]\npythonhome = '/etc'",
        "[env]\n'A=B' = 'x'",
        "[env]\n'' = 'x'",
        '[env]\nA = "x\\u0000y"',
        '[env]\nA = "x\\ny"',
        f"[env]\nA = '{'x' * 5_000}'",
        "[env]\n" + "\n".join(f"A{n} = '1'" for n in range(200)),
        "[auth.headers]\nHost = 'evil'",
        "[auth.headers]\ncontent-length = '5'",
        '[auth.headers]\nA = "x\\r\\nB: y"',
        "[auth.headers]\nA = 'ü'",
        "[auth.headers]\n'A B' = 'x'",
        "app = 'a:b\\n'",
        "app = '../a:b'",
        "expect = ['video']",
        "tool = 5\nlab = 6",
        "[tool]\nlab = 5",
        "[[endpoint]]\npath = '//127.0.0.1:1/x'\nprompt = 'p'",
        "[[endpoint]]\npath = 'http://127.0.0.1:1/x'\nprompt = 'p'",
        "[[endpoint]]\npath = '/x'\nprompt = 'p'\nmethod = 'CONNECT'",
        "[[endpoint]]\npath = '/x'\nprompt = 'p'\nfixed = {a = nan}",
        "[[endpoint]]\npath = '/x'\nprompt = 'p'\nfixed = {a = " + "[" * 40 + "]" * 40 + "}",
        "".join("[[endpoint]]\npath = '/x'\nprompt = 'p'\n" for _ in range(50)),
        *TOML.values(),
    ],
)
def test_a_manifest_that_oversteps_is_refused_in_one_sentence(tmp_path, text):
    refused(tmp_path, text)


@pytest.mark.parametrize("text", ["tool = 5", "[tool]\nx = 1", "[[tool]]\nlab = 1", ""])
def test_a_pyproject_without_the_table_is_an_empty_manifest(tmp_path, text):
    (tmp_path / "pyproject.toml").write_text(text)
    assert manifest.read(tmp_path) == Manifest()


def test_dates_in_fixed_values_are_sent_as_text(tmp_path):
    (tmp_path / "lab.toml").write_text("[[endpoint]]\npath = '/x'\nprompt = 'p'\nfixed = {day = 2026-01-02}")
    assert manifest.read(tmp_path).endpoint[0].fixed == {"day": "2026-01-02"}
