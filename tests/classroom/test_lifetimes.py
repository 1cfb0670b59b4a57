"""`classroom models`: what is used, when it ends, and the exit code that a schedule can look at."""

import json
import os
from datetime import date

import pytest
from typer.testing import CliRunner

from classroom import lifetimes
from classroom.cli import app


@pytest.fixture
def alone(monkeypatch):
    """Without the project's own uses."""
    monkeypatch.setattr("classroom.lifetimes.PARTS", {})


def run(*arguments):
    return CliRunner().invoke(app, ["models", *map(str, arguments)])


def write(folder, name, content):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)
    return path


def test_a_folder_s_models_are_listed_with_their_end_and_what_replaces_them(alone, tmp_path):
    write(tmp_path, "src/app.py", 'client.responses.create(model="gpt-4o-mini")\n')
    write(tmp_path, "settings.yaml", "model: gpt-5.4-mini\n")
    result = run(tmp_path, "--on", "2026-11-22")
    assert result.exit_code == 1
    lines = [" ".join(line.split()) for line in result.output.splitlines()]
    assert "gpt-4o-mini ends on 2027-01-14, in 53 days use gpt-6-luna src/app.py" in lines
    assert "gpt-5.4-mini no end announced settings.yaml" in lines


@pytest.mark.parametrize(("day", "code"), [("2026-11-15", 0), ("2026-11-16", 1), ("2027-02-01", 1)])
def test_the_exit_code_is_1_below_sixty_days_and_after_the_end(alone, tmp_path, day, code):
    write(tmp_path, "app.py", "MODEL = 'gpt-4o'")
    assert run(tmp_path, "--on", day).exit_code == code


def test_what_ends_on_purpose_and_a_notebook_s_outputs_do_not_count(alone, tmp_path):
    write(tmp_path, "app.py", 'ask("gpt-3.5-turbo")  # ends on purpose: shows the refusal\n')
    cell = {"cell_type": "code", "source": ['ask("gpt-5.4-mini")'], "outputs": [{"text": '"gpt-4"'}]}
    write(tmp_path, "a.ipynb", json.dumps({"cells": [cell]}))
    result = run(tmp_path, "--on", "2026-11-22")
    assert result.exit_code == 0
    assert "gpt-5.4-mini" in result.output
    assert "gpt-4" not in result.output


def test_a_name_is_found_whole_and_words_are_no_models(alone, tmp_path):
    write(tmp_path, "app.py", 'x = "gpt-4o-mini-tts"; ada = 1  # an o3, "gpt-9-turbo", text=ada\n')
    uses = {use.id for use in lifetimes.find_uses([tmp_path])}
    assert uses == {"gpt-4o-mini-tts", "gpt-9-turbo"}
    assert "gpt-9-turbo      not in the catalogue" in run(tmp_path).output


def test_what_can_not_be_read_is_passed_over(alone, tmp_path):
    write(tmp_path, "node_modules/x.js", '"gpt-4"')
    write(tmp_path, "broken.ipynb", "[" * 100_000)
    write(tmp_path, "list.ipynb", "[]")
    write(tmp_path, "large.json", '"gpt-4"' + " " * 6_000_000)
    secret = write(tmp_path.parent / f"{tmp_path.name}-outside", "secret.py", '"gpt-4"')
    os.symlink(secret, tmp_path / "link.py")
    os.symlink(tmp_path, tmp_path / "again")
    result = run(tmp_path)
    assert result.exit_code == 0
    assert "no model is named" in result.output


def test_nothing_that_a_learner_or_the_answer_key_uses_by_default_ends_within_a_year():
    """Counted from the real day: if this fails, docs/models.md says what to do."""
    soon = {
        f"{use.id} in {part}": use.files
        for part, places in lifetimes.PARTS.items()
        for use in lifetimes.find_uses(places)
        if (left := use.days_left(date.today())) is not None and left < 365
    }
    assert soon == {}


def test_a_command_s_list_of_models_is_read_whole(alone, tmp_path):
    write(tmp_path, "guide.md", "event add a --models gpt-4o,gpt-5.4-mini,tts-1 --budget 25")
    assert {use.id for use in lifetimes.find_uses([tmp_path])} == {"gpt-4o", "gpt-5.4-mini", "tts-1"}


def test_the_course_and_the_answer_key_are_listed():
    output = run("--on", "2026-11-22").output
    assert output.startswith("course:")
    assert "\nanswer key:\n" in output
    assert "gpt-5.4-mini" in output
