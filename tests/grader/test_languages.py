"""Reports in another language: every text has a translation, with the same places to fill in, and reaches the reader."""

import ast
import inspect
import io
import re
from collections.abc import Iterator
from pathlib import Path
from string import Formatter

import pytest
from babel.messages import pofile
from rich.console import Console
from starlette.testclient import TestClient

from grader import next_step, rubric, stages
from grader.assignment.assignment import read
from grader.batch import exported
from grader.commands import checking
from grader.criteria import ALL, SECTIONS
from grader.errors import GraderError
from grader.evidence import AppStart, Evidence, Scans, Submission
from grader.judge import judge
from grader.report import html, sheet, so_far, terminal, words
from grader.report.language import ENGLISH, FOLDER, language, list_languages
from grader.review import pages, serving, standing, store
from grader.review.guard import Session
from grader.review.server import application
from grader.review.views import Views
from tests.grader import sentences
from tests.grader.reviewed import evidence, results

EXAMPLE = Path(__file__).parents[2] / "examples" / "moderation-gate"
OTHERS = [code for code in list_languages() if code != "en"]
_QUOTED = r"'((?:[^'\\]|\\.)*)'"


def _strings(node: ast.expr, named: dict[str, list[ast.expr]]) -> Iterator[str]:
    """The texts that an argument can be: written there, chosen between two, or given a name before."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from _strings(node.body, named)
        yield from _strings(node.orelse, named)
    elif isinstance(node, ast.Name):
        for value in named.get(node.id, []):
            if not isinstance(value, ast.Name):
                yield from _strings(value, named)


def _texts_of(module: object) -> Iterator[str]:
    tree = ast.parse(inspect.getsource(module))
    named: dict[str, list[ast.expr]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            named.setdefault(node.targets[0].id, []).append(node.value)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and re.search(
            r"(^|\.)(say|language|say\.many)$", ast.unparse(node.func)
        ):
            for argument in node.args[:2]:
                yield from _strings(argument, named)


def _texts() -> set[str]:
    """Every text that a report can say, apart from what was seen of a submission."""
    found = {
        text
        for module in (checking, exported, html, next_step, sheet, so_far, terminal, words)
        for text in _texts_of(module)
    }
    template = html._TEMPLATE.read_text(encoding="utf-8")
    found |= set(re.findall(rf"say\({_QUOTED}", template))
    found |= {text for pair in re.findall(rf"say\.many\({_QUOTED}, {_QUOTED}", template) for text in pair}
    found |= _review_texts()
    found |= {text for criterion in ALL for text in (criterion.title, criterion.hint)}
    found |= {text for stage in stages.stages() for text in (stage.name, stage.title, stage.read)}
    found |= sentences.templates() | sentences.terms()
    return found | set(SECTIONS.values()) | set(words.VERDICTS.values())


def _review_texts() -> set[str]:
    """What the pages of a review say, and why a person should look."""
    found = {*standing.KINDS.values(), *standing.STATUSES, "unclear", *pages._KINDS_OF_DECISIONS.values()}
    for file in Path(pages.__file__).parent.joinpath("templates").glob("*.jinja"):
        template = file.read_text(encoding="utf-8")
        found |= set(re.findall(rf"say\({_QUOTED}", template))
        found |= {text for pair in re.findall(rf"say\.many\({_QUOTED}, {_QUOTED}", template) for text in pair}
    tree = ast.parse(inspect.getsource(standing))
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "Reason":
            found |= set(_strings(node.args[1], {}))
        if isinstance(node, ast.Tuple) and len(node.elts) == 2:  # a sentence that is chosen by who is meant
            found |= {text for text in _strings(node.elts[1], {}) if "{names}" in text}
    return {text.replace("\\'", "'") for text in found}


def _catalogue(text: str) -> dict[str, str]:
    """English → the other language, each form of a plural by itself."""
    found: dict[str, str] = {}
    for message in pofile.read_po(io.BytesIO(text.encode())):
        if isinstance(message.id, tuple):
            found |= dict(zip(message.id, message.string, strict=True))
        elif message.id:
            found[message.id] = message.string
    return found


def _places(text: str) -> set[tuple[str, str]]:
    return {(name, form or "") for _, name, form, _ in Formatter().parse(text) if name is not None}


def _shipped(code: str) -> dict[str, str]:
    return _catalogue((FOLDER / f"{code}.po").read_text(encoding="utf-8"))


@pytest.mark.parametrize("code", OTHERS)
def test_every_text_has_a_translation_and_every_translation_a_text(code):
    translated = {text for text, translation in _shipped(code).items() if translation}
    assert _texts() - translated == set()
    assert translated - _texts() == set()


@pytest.mark.parametrize("code", OTHERS)
def test_a_translation_has_the_same_places_to_fill_in(code):
    filled = {
        text: translation
        for text, translation in _shipped(code).items()
        if re.search(r"\{\w+(:[^}]*)?\}", text)
    }
    assert len(filled) > 20
    assert {
        text: translation for text, translation in filled.items() if _places(text) != _places(translation)
    } == {}


def test_the_example_s_own_texts_are_translated_too():
    example = read(EXAMPLE)
    own = {text for one in example.own for text in (one.title, one.hint)} | set(
        example.declared.sections.values()
    )
    assert own == set(_catalogue(example.catalogues["de"]))
    assert example.language("de")("The gate") == "Die Schranke"
    assert example.language("de")("Next step") == "Nächster Schritt"


def _empty() -> Evidence:
    return Evidence(
        submission=Submission(name="ada", digest="sha256:1"),
        isolation="bubblewrap",
        bucket="b",
        canary_fingerprint="f",
        app=AppStart(started=True),
        scans=Scans(untouched=("main.py",)),
    )


def test_a_page_speaks_german():
    seen = _empty()
    page = html.render(judge(seen, rubric.read()), seen, language("de"))
    assert '<html lang="de">' in page
    for text in (
        "Nächster Schritt",
        "main.py ist noch leer: Fang dort an.",
        "Dein Endpunkt",
        "✗ nicht bestanden",
    ):
        assert text in page
    for text in ("Next step", "To do next", "Your endpoint", "not required"):
        assert text not in page


def test_a_terminal_speaks_german():
    out = io.StringIO()
    terminal.show(judge(_empty(), rubric.read()), Console(file=out, width=120), language("de"))
    printed = out.getvalue()
    assert "Abgabe  ada" in printed
    assert "verpflichtende Kriterien sind offen" in printed
    assert "Weiter mit Etappe 1. Echo: eine Adresse" in printed


def test_a_notebook_speaks_german_and_its_cells_print_german(capsys):
    report = judge(_empty(), rubric.read())
    cells = sheet._notebook(report, {}, language("de"))["cells"]
    assert "Schreib in die Zellen unten" in cells[0]["source"]
    assert cells[2]["source"].endswith("sheet = Sheet.read(report, 'de')")
    sheet.Sheet.read(report.model_dump_json(), "de").total()
    assert "Punkten." in capsys.readouterr().out


def test_the_next_step_of_another_language_is_the_same_step():
    seen = _empty().model_copy(update={"scans": Scans()})
    report = judge(seen, rubric.read())
    assert words.next_step(report, ENGLISH) == report.next_step
    assert words.next_step(report, language("de")).startswith("Dein Endpunkt: ")


def test_a_text_with_braces_of_a_submission_s_is_shown_as_it_is():
    assert language("de")("{name}") == "{name}"
    assert language("de")("Comment: {text}", text="{0.__class__}") == "Kommentar: {0.__class__}"


def test_an_unknown_language_is_named_with_those_that_there_are():
    with pytest.raises(GraderError, match="no language 'xx'"):
        language("xx")


def test_a_broken_catalogue_of_an_assignment_s_is_named():
    with pytest.raises(GraderError, match=r"locale/de\.po can't be read"):
        language("de", "nonsense")


def test_a_review_speaks_the_class_s_language_or_the_one_that_is_asked_for(tmp_path):
    place = results(tmp_path, evidence("ada"), evidence("bob"))
    for code, words_ in (
        ("de", ("Braucht einen Menschen", "Kriterien, die schwersten zuerst", 'lang="de"')),
        (None, ("Needs a person", 'lang="en"')),
    ):
        with store.Writer(place) as writer:
            session = Session(serving._language(place, code))
            client = TestClient(
                application(place, writer, Views("process"), session), base_url="http://127.0.0.1:4321"
            )
            client.get(session.path)
            page = client.get(f"{session.base}/").text
            other = client.get(f"{session.base}/statistics").text
        assert all(each in page for each in words_)
        assert ("Trennschärfe" in other) is (code == "de")


def test_the_page_of_a_learner_has_no_english_of_its_own_in_german(tmp_path):
    place = results(tmp_path, evidence("ada"))
    with store.Writer(place) as writer:
        session = Session(language("de"))
        views = Views("process")
        client = TestClient(application(place, writer, views, session), base_url="http://127.0.0.1:4321")
        client.get(session.path)
        page = client.get(f"{session.base}/learner/{writer.current().code('ada')}").text
        views.close()
    for text in ("Decide or comment", "Reason, which", "What was seen", "History", "not required", "Needs a"):
        assert text not in page
    assert "Entscheiden oder kommentieren" in page
    assert "Verlauf" in page
