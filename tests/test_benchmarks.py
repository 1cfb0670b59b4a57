"""`python -m benchmarks`: what is kept of a table, and when an earlier run is called better."""

import json

import pytest
from rich.table import Table

from benchmarks import tables
from benchmarks.__main__ import measurements


def table(*rows: tuple[str, ...]) -> Table:
    made = Table("what", "seconds", "a minute", "by phase", title="a class")
    for row in rows:
        made.add_row(*row)
    return made


def run(*rows: tuple[str, ...]) -> dict:
    return {"class": [tables.facts(table(*rows))]}


def test_a_table_is_kept_by_the_names_of_its_columns(tmp_path, capsys):
    tables.show([table(("ours", "2.0", "30", "read 1.0"))], tmp_path / "tables.json")
    assert "ours" in capsys.readouterr().out
    [kept] = json.loads((tmp_path / "tables.json").read_text())
    assert kept == {
        "title": "a class",
        "rows": [{"what": "ours", "seconds": "2.0", "a minute": "30", "by phase": "read 1.0"}],
    }


@pytest.mark.parametrize(
    ("seconds", "rate", "worse"),
    [("2.2", "30", []), ("2.4", "30", ["seconds"]), ("2.0", "25", ["a minute"]), ("1.0", "60", [])],
)
def test_more_than_fifteen_percent_worse_is_named(seconds, rate, worse):
    found = list(tables.worse(run(("ours", "2.0", "30", "")), run(("ours", seconds, rate, ""))))
    assert [sentence.partition(":")[0].split(", ")[-1] for sentence in found] == worse


def test_what_was_not_measured_before_is_not_compared():
    assert list(tables.worse(run(), run(("ours", "9", "1", "")))) == []
    assert list(tables.worse({}, run(("ours", "9", "1", "")))) == []


def test_every_measurement_is_a_module_that_can_keep_its_tables():
    from importlib import import_module
    from inspect import getsource

    for command in measurements(quick=True).values():
        assert "tables.add_option(parser)" in getsource(import_module(command[0]))
