"""Nothing that a submission wrote steers what shows it: every sink, every field of text, every character that could."""

import csv
import importlib
import inspect
import io
import json
import pkgutil
import re
import xml.etree.ElementTree as ElementTree
from contextlib import contextmanager
from dataclasses import fields, replace
from html.parser import HTMLParser
from pathlib import Path

import nbformat
import pytest
from nbconvert.filters.markdown_mistune import markdown2html_mistune
from rich.console import Console

from grader import cli, evidence
from grader import report as reports
from grader import rubric as rubrics
from grader.batch import exported, gradebook, overview, run, summary
from grader.batch.collecting import Task
from grader.batch.discovery import HandedIn
from grader.batch.entries import Entry
from grader.batch.evidence_store import Outcome
from grader.batch.progress import Live
from grader.batch.roster import Learner
from grader.errors import SubmissionError
from grader.escaping import for_csv, for_html, for_json, for_notebook, for_terminal, for_xml, visible
from grader.judge import judge
from grader.report import checklist, classroom50, document, gradescope, html, junit, sheet, terminal
from grader.worker import Graded
from tests.grader import hostile_words as words
from tests.grader.hostile_words import CONTROL, EVERYTHING, FORMULAS, MARKUP, unseen, with_words

BOTH = pytest.mark.parametrize("keep_ours", [False, True], ids=["every text", "all but identifiers"])
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


# --- the functions -----------------------------------------------------------------------------------------------


def test_whatever_the_character_it_can_be_seen():
    # two planes with nearly all there is, the tags, and the last private ones
    every = "".join(map(chr, (*range(0x20000), *range(0xE0000, 0xE0200), *range(0x10FFF0, 0x110000))))
    assert unseen(visible(every), "\n\t") == []
    for sink in (for_html, for_xml):
        assert unseen(sink(every[:0x3000]), "\n\t") == [], sink
    for sink in (for_terminal, for_csv, for_notebook, for_json):
        assert unseen(sink(every[:0x3000])) == [], sink
    assert unseen(for_json(every)) == []


@pytest.mark.parametrize("char", CONTROL, ids=lambda char: f"U+{ord(char):04X}")
def test_a_character_that_steers_is_written_out(char):
    code = ord(char)
    seen = f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}" if code < 65536 else f"\\U{code:08x}"
    assert visible(f"a{char}b") == for_terminal(f"a{char}b") == for_xml(f"a{char}b") == f"a{seen}b"
    assert for_csv(f"a{char}b") == for_html(f"a{char}b") == f"a{seen}b"
    assert json.loads(for_json(f"a{char}b")) == (f"a{seen}b" if "\ud800" <= char <= "\udfff" else f"a{char}b")


@pytest.mark.parametrize(
    "text", ["Ada", "Ærøskøbing", "Ζωή", "山田\u3000太郎", "שלום", "สวัสดี", "ấ 👍🏽 ❤️ 1\xa0000"]
)
def test_words_of_people_stay_as_they_are(text):
    for sink in (visible, for_terminal, for_html, for_xml, for_csv, for_notebook):
        assert sink(text) == text
    assert for_json(text) == f'"{text}"\n'


def test_a_pile_of_marks_does_not_reach_into_other_lines():
    assert visible("a" + "\u0336" * 9) == "a" + "\u0336" * 4 + "\\u0336" * 5


def test_a_name_can_not_begin_a_line_of_its_own():
    assert for_terminal("ada\npassed") == "ada\\npassed"
    assert for_terminal("ada\r\npassed", lines=True) == "ada\npassed"


@pytest.mark.parametrize("formula", FORMULAS, ids=repr)
def test_a_formula_is_text_in_a_table_of_any_language(formula):
    line = io.StringIO()
    csv.writer(line).writerow(["1", for_csv(formula)])
    for delimiter in ",;":
        for cell in next(csv.reader(io.StringIO(line.getvalue()), delimiter=delimiter)):
            assert not is_formula(cell), cell


def is_formula(cell: str) -> bool:
    """Whether a cell begins so, behind spaces and quotation marks. An apostrophe before all of them makes it text."""
    if re.fullmatch(r"-?\d+(\.\d+)?", cell):
        return False
    begins = cell.lstrip(' \xa0\u3000"')[:1]
    return cell[:1] in ("\t", "\r", "\n") or (
        begins != "" and begins in "=+-@\uff1d\uff0b\uff0d\uff20\u2212\ufe66"
    )


def test_what_json_has_not_does_not_stop_a_report():
    assert json.loads(for_json({"a": [float("inf"), float("nan"), 1.5]})) == {"a": [None, None, 1.5]}


# --- the records -------------------------------------------------------------------------------------------------


def test_half_a_surrogate_pair_in_evidence_does_not_stop_the_grader(tmp_path):
    seen = words.evidence()
    offer = seen.offers[0].model_copy(update={"values": {"a\udc00": ["\ud800"]}})
    raw = with_words(seen.model_copy(update={"offers": (offer,)}), "\ud800").model_dump()
    read = evidence.Evidence.model_validate(raw)
    assert unseen(read.model_dump_json()) == []
    evidence.save(read.with_blobs(seen.blobs), tmp_path)
    assert evidence.load(tmp_path).submission.name == "\\ud800ada"
    assert judge(read, rubrics.read()).submission.name == "\\ud800ada"
    assert read.renamed("\udcff.zip").submission.name == "\\udcff.zip"


def test_kept_evidence_holds_no_character_that_steers_and_every_one_that_was_seen(tmp_path):
    text = "".join(char for char in EVERYTHING if not "\ud800" <= char <= "\udfff")
    seen = with_words(words.evidence(), text, keep_ours=True)
    evidence.save(seen, tmp_path)
    assert unseen((tmp_path / "evidence.json").read_text()) == []
    assert evidence.load(tmp_path).exchanges[0].body == text + "{}"


# --- the reports -------------------------------------------------------------------------------------------------


@contextmanager
def console(*, colours: bool = False):
    """A terminal, and what was printed on it."""
    out = io.StringIO()
    system = "truecolor" if colours else None
    yield Console(file=out, width=100, force_terminal=True, color_system=system, highlight=False), out


def check_terminal(print_it, *, harmless=()) -> str:
    """What is printed: plain without colours; with them, no sequence but those for colours."""
    with console() as (screen, out):
        print_it(screen)
    assert unseen(out.getvalue()) == []
    with console(colours=True) as (screen, coloured):
        print_it(screen)
    assert unseen(_COLOUR.sub("", coloured.getvalue())) == []
    return out.getvalue()


@BOTH
def test_the_terminal_shows_every_field_and_obeys_none(keep_ours):
    hostile = with_words(words.report(), EVERYTHING, keep_ours=keep_ours)
    pairs = list(zip(hostile.criteria, reversed(hostile.criteria), strict=True))
    shown = check_terminal(lambda screen: terminal.show(hostile, screen))
    shown += check_terminal(lambda screen: terminal.show_difference(pairs, screen))
    flat = re.sub(r"\s+", "", shown)
    for seen in (
        "\\x1b]8;;https://example.com",
        "\\u202e",
        "\\ud800",
        "\\x00",
        "[red]red[/red]",
        "[/nowhere]",
    ):
        assert seen in flat
    assert ":bomb:" in flat


class Page(HTMLParser):
    """The elements of a page with the names of their attributes, and every address in it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, ...]] = []
        self.addresses: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, *(name for name, _ in attributes)))
        self.addresses += [value for name, value in attributes if name in ("href", "src")]

    def handle_decl(self, decl):
        assert decl == "doctype html"

    def handle_comment(self, data):
        raise AssertionError(data)

    def handle_pi(self, data):
        raise AssertionError(data)

    def unknown_decl(self, data):
        raise AssertionError(data)


@BOTH
def test_a_page_has_the_same_elements_whatever_a_submission_wrote(keep_ours):
    whole, seen = words.report(), words.evidence()
    seen = seen.with_blobs({evidence.sha256_of(b"x"): b"x"})
    plain = html.render(
        with_words(whole, "z", keep_ours=keep_ours), with_words(seen, "z", keep_ours=keep_ours)
    )
    page = html.render(
        with_words(whole, EVERYTHING, keep_ours=keep_ours), with_words(seen, EVERYTHING, keep_ours=keep_ours)
    )
    assert unseen(page, "\n\t") == []
    assert Page(page).elements == Page(plain).elements
    assert all(address.startswith(("#", "data:image/", "data:audio/")) for address in Page(page).addresses)
    assert "\\u202e" in page
    assert "&lt;script&gt;" in page


def test_a_stored_text_steers_no_page():
    # (one with control characters is no text, and only its size is shown)
    content = " ".join([*MARKUP[:10], "\u202e\u2028\ufeff\x85"]).encode()
    seen = words.evidence()
    name = evidence.sha256_of(content)
    stored = seen.objects[0].model_copy(update={"sha256": name})
    output = seen.calls[0].outputs[0].model_copy(update={"sha256": name})
    call = seen.calls[0].model_copy(update={"outputs": (output,)})
    hostile = seen.model_copy(update={"objects": (stored,), "calls": (call,)}).with_blobs({name: content})
    page = html.render(words.report(), hostile)
    assert unseen(page, "\n\t") == []
    assert Page(page).elements == Page(html.render(words.report(), seen)).elements
    assert "&lt;script&gt;" in page


@BOTH
def test_json_is_valid_holds_no_character_that_steers_and_loses_none(keep_ours):
    hostile = with_words(words.report(), EVERYTHING, keep_ours=keep_ours)
    text = document.render(hostile)
    assert unseen(text) == []
    whole = re.sub(r"[\ud800-\udfff]", lambda half: f"\\u{ord(half[0]):04x}", EVERYTHING)
    assert json.loads(text)["submission"]["name"] == whole + "ada"


@BOTH
def test_junit_is_xml_with_the_same_elements(keep_ours):
    whole = words.with_error(words.report())
    text = junit.render(with_words(whole, EVERYTHING, keep_ours=keep_ours))
    assert unseen(text, "\n\t") == []
    found = [(element.tag, sorted(element.attrib)) for element in ElementTree.fromstring(text).iter()]
    plain = ElementTree.fromstring(junit.render(whole)).iter()
    assert found == [(element.tag, sorted(element.attrib)) for element in plain]
    assert "\\u202e" in text


@BOTH
def test_gradescope_gets_plain_text_in_every_field(keep_ours):
    text = gradescope.render(with_words(words.report(), EVERYTHING, keep_ours=keep_ours))
    assert unseen(text) == []
    results = json.loads(text)
    assert {results[name] for name in ("output_format", "test_output_format", "test_name_format")} == {"text"}
    assert [each for each in texts_of(results) if unseen(each, "\n\t")] == []


def test_classroom_50_gets_plain_text_in_every_field():
    identity = {"owner": "ada"}  # the runner's words, which no submission writes
    text = classroom50.render(with_words(words.report(), EVERYTHING, keep_ours=True), identity)
    assert unseen(text) == []
    assert [each for each in texts_of(json.loads(text)) if unseen(each, "\n\t")] == []


def takes_a_report(module) -> bool:
    """Whether a module turns a whole report into what is shown."""
    made = [each for name, each in inspect.getmembers(module, inspect.isfunction) if not name.startswith("_")]
    shows = [
        each
        for each in made
        if each.__module__ == module.__name__ and each.__name__ in ("render", "show", "write")
    ]
    return any("Report" in str(inspect.signature(each)) for each in shows)


@pytest.mark.parametrize("name", [each.name for each in pkgutil.iter_modules(reports.__path__)])
def test_each_format_of_a_report_is_attacked_here(name):
    """A new one needs a test above that writes hostile words into each field of a report."""
    module = importlib.import_module(f"grader.report.{name}")
    assert not takes_a_report(module) or globals().get(name) is module


def texts_of(value) -> list[str]:
    """Every text in a JSON document."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [text for pair in value.items() for each in pair for text in texts_of(each)]
    return [text for each in value for text in texts_of(each)] if isinstance(value, list) else []


@pytest.mark.parametrize("text", [*MARKUP, *FORMULAS[:4], "".join(CONTROL)], ids=repr)
def test_a_notebook_shows_the_words_and_no_markup(text):
    rendered = markdown2html_mistune(f"## A title: {for_notebook(text)}\n\n{for_notebook(text)}\n")
    page = Page(rendered)
    assert {tag for tag, *_ in page.elements} <= {"h2", "p", "br", "span", "a"}
    # the renderer's own sign beside a heading leads to the heading; nothing else is an address
    assert [each for each in page.addresses if not each.startswith("#")] == []
    assert page.elements.count(("a", "class", "href")) <= 1
    plain = re.sub(r"<br>", "\n", for_notebook(text))
    assert not re.search(
        r"[$\\](?!\s*</span>)", re.sub(r"&#(36|92);", lambda match: chr(int(match[1])), plain)
    )


def test_the_instructor_s_notebook_is_valid_and_plain(tmp_path):
    file = tmp_path / "hostile.ipynb"
    whole = words.report()
    few = whole.model_copy(update={"criteria": words.with_error(whole).criteria[:4]})
    sheet.write(with_words(few, EVERYTHING, keep_ours=True), file)
    text = file.read_text(encoding="utf-8")
    assert unseen(text) == []
    written = nbformat.reads(text, as_version=4)
    nbformat.validate(written)
    assert [len(cell.id) <= 64 for cell in written.cells] == [True] * len(written.cells)
    assert f"of {whole.max_score:g} points." in written.cells[-1].outputs[0].text
    for cell in written.cells:
        if cell.cell_type == "markdown":
            page = Page(markdown2html_mistune(cell.source))
            assert {tag for tag, *_ in page.elements} <= {"h1", "h2", "p", "br", "span", "a", "code", "em"}
            assert [each for each in page.addresses if not each.startswith("#")] == []


def test_the_checklist_in_a_notebook_has_the_same_elements(monkeypatch):
    def table(text):
        monkeypatch.setattr(checklist, "grade", lambda *_: Graded(with_words(words.report(), text)))
        return checklist.check_sections("lab", ["endpoint"], lambda _: None)

    assert unseen(table(EVERYTHING), "\n\t") == []
    assert Page(table(EVERYTHING)).elements == Page(table("z")).elements


def test_a_refusal_in_the_checklist_is_text(monkeypatch):
    def refuses(*_):
        raise SubmissionError(EVERYTHING)

    monkeypatch.setattr(checklist, "grade", refuses)
    page = checklist.check_sections("lab", ["endpoint"], lambda _: None)
    assert unseen(page, "\n\t") == []
    assert Page(page).elements == [("p", "role")]


@pytest.mark.parametrize(
    ("error", "code"),
    [(SubmissionError(EVERYTHING), cli.UNGRADABLE), (ValueError(EVERYTHING), cli.GRADER_FAILED)],
    ids=["a refusal", "a fault of ours"],
)
def test_what_the_command_says_of_a_refusal_is_text_and_no_line_of_it_looks_like_ours(capsys, error, code):
    def fails():
        raise error

    assert cli._guarded(fails) == code
    lines = capsys.readouterr().err.splitlines()
    assert unseen("".join(lines)) == []
    assert [line for line in lines if line[:1] not in (" ", "")] in (
        [line for line in lines if line.startswith("This can't be graded: ")],
        [line for line in lines if line.startswith(("The grader itself failed", "Set GRADER_DEBUG"))],
    )


# --- a class -----------------------------------------------------------------------------------------------------


def entry(text: str, **changes) -> Entry:
    """A row in which every text begins so."""
    row = Entry(
        name="ada",
        submission="ada",
        state="graded",
        message="a message",
        learner=Learner("ada", "1", {"student": "ada", "id": "1", "sis user id": "2", "email": "a@b"}),
        report=words.report(),
        page="reports/ada.html",
        seconds=2.0,
        likes=("grace",),
        odd=("exits",),
        change="was complete",
    )
    poisoned = {
        each.name: with_words(getattr(row, each.name), text)
        for each in fields(row)
        if each.name not in ("state", "learner", "page")
    }
    learner = Learner(
        text + "ada", text + "1", {name: text + value for name, value in row.learner.row.items()}
    )
    return replace(row, **{**poisoned, "learner": learner, **changes})


def rows(text: str) -> list[Entry]:
    """One of each kind."""
    return [
        entry(text),
        entry(text, report=words.with_error(with_words(words.report(), text))),
        entry(text, state="error", report=None),
        entry(text, state="ungradable", report=None),
        entry(text, state="missing", report=None),
        entry(text, likes=()),
        entry(text, likes=(), odd=(), learner=None),
    ]


TABLES = {
    "gradebook": gradebook.gradebook,
    "canvas": lambda entries: exported.canvas(entries, entries[0].name).text,
    "moodle": lambda entries: exported.moodle(entries).text,
}


@pytest.mark.parametrize("table", TABLES)
def test_a_table_has_a_line_for_each_row_and_the_same_columns(table):
    text = TABLES[table](rows(EVERYTHING))
    plain = list(csv.reader(io.StringIO(TABLES[table](rows("z")))))
    found = list(csv.reader(io.StringIO(text), strict=True))
    assert unseen(text) == []
    assert [len(row) for row in found] == [len(row) for row in plain]
    assert len(text.splitlines()) == len(found)


@pytest.mark.parametrize("table", TABLES)
def test_no_cell_of_a_table_is_a_formula(table):
    for formula in FORMULAS:
        text = TABLES[table]([entry(formula), entry(formula, state="ungradable", report=None)])
        for delimiter in ",;":
            for row in csv.reader(io.StringIO(text), delimiter=delimiter):
                assert [cell for cell in row if is_formula(cell)] == []


def test_the_overview_has_the_same_elements_and_one_script():
    page = overview.render(rows(EVERYTHING), EVERYTHING, EVERYTHING)
    assert unseen(page, "\n\t") == []
    found, plain = Page(page), Page(overview.render(rows("z"), "z", "z"))
    assert found.elements == plain.elements
    assert found.addresses == plain.addresses
    assert sum(tag == "script" for tag, *_ in found.elements) == 1


def test_the_name_of_a_page_can_be_seen_and_found():
    names = run._file_names(
        [HandedIn(name, name) for name in (EVERYTHING, "\u3164", "\udcff", "../../x", "Ærø")]
    )
    page = overview.render(
        [entry("", page=f"reports/{name}.html") for name in names.values()], "Class", "landlock"
    )
    for name in names.values():
        assert unseen(name) == []
        assert "/" not in name
        assert f"reports/{name}.html" in Page(page).addresses


def test_the_class_in_a_few_lines_is_plain():
    shown = check_terminal(lambda screen: summary.show(rows(EVERYTHING), Path("out"), screen))
    assert "\\u202e" in shown


@pytest.mark.parametrize(
    "text", ["[/red]", "[link=https://example.com]x[/link]", EVERYTHING], ids=["end", "link", "all"]
)
def test_the_bar_shows_names_and_obeys_none(text):
    def grade(screen):
        live = Live(screen)
        live.start()
        task = Task(text, "p", "r", "v", "lab", "process")
        live.expect(2)
        live.began(task)
        live.ended(task, Outcome(state="ungradable", message=text))
        live.began(task)
        live.stop()

    with console(colours=True) as (screen, out):
        grade(screen)
    # the bar moves the cursor, hides it and shows it again
    moves = re.compile(r"\x1b\[(\?25[lh]|2K|1A|[0-9;]*m)|\r")
    assert unseen(moves.sub("", out.getvalue())) == []
