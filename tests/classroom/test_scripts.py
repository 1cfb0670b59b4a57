"""Faults and limits from a file, as `classroom mock --faults FILE` reads them."""

import json

import pytest
from typer.testing import CliRunner

from classroom.cli import app
from classroom.standin.scripting.scripts import ScriptError, read_script

GOOD = """
[[fault]]
status = 429
times = 2
route = "images"

[[fault]]
code = "insufficient_quota"
after = 1

[[fault]]
effect = "slow"
seconds = 0.5

[[limit]]
requests = 3
per = "key"
"""


def test_a_file_holds_faults_and_limits_in_their_order(tmp_path):
    path = tmp_path / "faults.toml"
    path.write_text(GOOD)
    script = read_script(path)
    assert [(fault.name, fault.times, fault.after) for fault in script.faults] == [
        ("rate_limit_exceeded", 2, 0),
        ("insufficient_quota", None, 1),
        ("slow", None, 0),
    ]
    assert script.limits[0].per == "key"


def test_json_is_read_as_well(tmp_path):
    path = tmp_path / "faults.json"
    path.write_text(json.dumps({"fault": [{"effect": "hang"}]}))
    assert read_script(path).faults[0].effect == "hang"


BAD = {
    "no TOML": ("[[fault]", "not TOML"),
    "an unknown list": ("[[bug]]\nstatus = 1", "unknown entry 'bug'"),
    "a table that is no list": ("[fault]\nstatus = 429", r"write \[\[fault\]\]"),
    "an unknown field": ("[[fault]]\nstatus = 429\nhowmany = 2", "fault 1: unknown field 'howmany'"),
    "a wrong type": ("[[fault]]\nstatus = 'many'", "fault 1: 'status' must be of type int"),
    "an unknown effect": (
        "[[fault]]\nstatus = 500\n\n[[fault]]\neffect = 'boom'",
        "fault 2: unknown effect 'boom'",
    ),
    "nothing to do": ("[[fault]]\ntimes = 1", "fault 1: name a status"),
    "a limit without a bound": ("[[limit]]\nper = 'key'", "limit 1: a rate limit needs requests"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_file_that_makes_no_sense_is_refused_with_its_place(tmp_path, case):
    written, message = BAD[case]
    path = tmp_path / "faults.toml"
    path.write_text(written)
    with pytest.raises(ScriptError, match=message):
        read_script(path)


def test_the_command_says_it_on_one_line(tmp_path):
    result = CliRunner().invoke(app, ["mock", "--port", "0", "--faults", str(tmp_path / "none.toml")])
    assert result.exit_code == 2
    assert "none.toml can't be read" in result.output
    assert "Traceback" not in result.output


def test_a_loaded_file_is_met(openai_mock, raw, tmp_path):
    path = tmp_path / "faults.toml"
    path.write_text(GOOD)
    openai_mock.load(path)
    answers = [
        raw.post("/images/generations", json={"model": "gpt-image-2", "prompt": "a"}) for _ in range(2)
    ]
    assert [answer.status_code for answer in answers] == [429, 429]
