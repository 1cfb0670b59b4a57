r"""Escapes text from a submission for each place where it is shown: one function for each sink.

A submission's words reach a terminal, a page, a table, a document, a notebook. In each of them some characters steer
instead of being shown. What can't be seen, or changes how its neighbours are seen, is written out as Python writes it
in a string: `\x1b`, `\u202e`, `\ud800`. That holds for control characters (C0, C1, DEL), direction overrides and
isolates, zero-width and other ignorable characters, line and paragraph separators, half surrogate pairs, code points
without a character, private ones, letters that are blank, and the rest of a long pile of combining marks. The reader
sees that something was there and what it was; nothing is dropped in silence. Letters of every language, emoji and
ordinary spaces stay as they are; in pages, each piece of text is isolated from its neighbours' direction. (The price: a
zero-width joiner in an emoji or a Persian word is written out, too.)

JSON is data that programs read back: `for_json` keeps every character, but writes the same ones as JSON escapes, so
that the file itself holds none of them. Only half a surrogate pair, which is no character, becomes text there as well.
"""

import functools
import html
import json
import math
import re
import unicodedata
from typing import Any

_SUSPECT = re.compile(r"[^\n\t -~]+")  # everything but printable ASCII and two kinds of white space
_HALF_PAIRS = re.compile(r"[\ud800-\udfff]")
# letters, marks and symbols that are drawn as nothing: Unicode's Default_Ignorable_Code_Point, and the empty Braille cell
_BLANK = frozenset(
    {0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2800, 0x3164, 0xFFA0}
    | set(range(0x180B, 0x1810))
    | set(range(0xFE00, 0xFE0E))
    | set(range(0xE0100, 0xE01F0))
)
_MOST_MARKS = 4  # on one letter: more than any language writes, too few to reach into the neighbouring lines
_TAB = "    "

_FORMULA = frozenset("=+-@\N{MINUS SIGN}")
_QUOTATION = frozenset("\"'`\N{ACUTE ACCENT}\N{PRIME}\N{DOUBLE PRIME}")  # beside those that Unicode calls so
_MARKDOWN = re.compile(r"[!-/:-@\[-`{-~]")


def _code(char: str) -> str:
    number = ord(char)
    if number < 0x100:
        return f"\\x{number:02x}"
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"


@functools.lru_cache(maxsize=4096)
def _is_shown(char: str) -> bool:
    """Whether a reader sees a character as one, and only it."""
    return ord(char) not in _BLANK and (char.isprintable() or unicodedata.category(char) == "Zs")


def _written_out(match: re.Match[str]) -> str:
    out, marks = [], 0
    for char in match[0]:
        marks = marks + 1 if unicodedata.combining(char) or unicodedata.category(char) == "Me" else 0
        out.append(char if marks <= _MOST_MARKS and _is_shown(char) else _code(char))
    return "".join(out)


def visible(text: str) -> str:
    r"""A text in which every character can be seen; see above. `\n` and `\t` stay, `\r\n` becomes `\n`."""
    return _SUSPECT.sub(_written_out, text.replace("\r\n", "\n"))


def whole_characters(value: Any) -> Any:
    r"""The same data, with each half of a surrogate pair as text (`\ud800`): no encoding can write it down."""
    if isinstance(value, str):
        return _HALF_PAIRS.sub(lambda match: _code(match[0]), value)
    if isinstance(value, dict):
        return {whole_characters(name): whole_characters(each) for name, each in value.items()}
    if type(value) in (list, tuple):
        return type(value)(whole_characters(each) for each in value)
    return value


def for_terminal(text: str, *, lines: bool = False) -> str:
    r"""For a terminal; print it as `rich.text.Text` or with `markup=False, emoji=False`.

    Args:
        text: a submission's words.
        lines: keep line breaks. Without, they are written out: a name must not begin a line of its own.
    """
    shown = visible(text).replace("\t", _TAB)
    return shown if lines else shown.replace("\n", "\\n")


def for_html(text: str) -> str:
    """For the text or a quoted attribute of a page: no markup, no control characters."""
    return html.escape(visible(text), quote=True)


def for_xml(text: str) -> str:
    """For ElementTree, which escapes the markup itself: only characters that XML 1.0 allows."""
    return visible(text)


def for_json(value: Any) -> str:
    """A JSON document, indented, ending in a line break.

    Reading it gives `value` back, apart from half surrogate pairs (text) and numbers that JSON has not, such as NaN (null).

    Raises:
        TypeError: it holds something else than JSON's kinds of values.
    """
    try:
        text = json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False)
    except ValueError:
        text = json.dumps(_finite(value), indent=1, ensure_ascii=False, allow_nan=False)
    return re.sub(r"[^\n -~]+", _json_escapes, text) + "\n"


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {name: _finite(each) for name, each in value.items()}
    return [_finite(each) for each in value] if isinstance(value, list | tuple) else value


def _json_escapes(match: re.Match[str]) -> str:
    out = []
    for char in match[0]:
        if "\ud800" <= char <= "\udfff":
            out.append("\\" + _code(char))
        else:
            out.append(char if _is_shown(char) else json.dumps(char)[1:-1])
    return "".join(out).replace("\x7f", "\\u007f")


def for_csv(value: object) -> str:
    """For a cell of a table that a spreadsheet opens: one line, and no formula.

    An apostrophe goes before what begins like a formula, in any width of its sign and behind spaces or quotation
    marks; and before such a sign behind a semicolon, where a spreadsheet of another language begins a new cell.
    """
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, int):
        return str(value)
    text = str(value)
    plain = visible(text).replace("\t", " ").replace("\n", " ")
    first, *others = plain.split(";")
    # a line break or a tab at the beginning is itself an old way to begin a formula
    guarded = f"'{first}" if text[:1] in ("\t", "\r", "\n") or _is_formula(first) else first
    return ";".join([guarded, *(f"'{each}" if _is_formula(each) else each for each in others)])


def _is_formula(text: str) -> bool:
    """Whether a spreadsheet could read a cell's text as a formula."""
    for char in text:
        plain = unicodedata.normalize("NFKC", char)[:1]
        if not (char.isspace() or plain.isspace() or _is_quotation(char) or _is_quotation(plain)):
            return plain in _FORMULA
    return False


def _is_quotation(char: str) -> bool:
    return char in _QUOTATION or unicodedata.category(char) in ("Pi", "Pf")


def for_notebook(text: str) -> str:
    """For a Markdown cell: the words, and neither markup, HTML, links nor formulas.

    Every punctuation mark becomes a character reference, since a backslash before it is not enough where Markdown's
    extensions (addresses that become links) look at the text first. Mathematics is looked for even later, in the page
    that has come out, within one element: its two signs get an element each.
    """
    lines = [line.strip() for line in visible(text).replace("\t", " ").split("\n")]
    return "<br>".join(_MARKDOWN.sub(_reference, line) for line in lines)


def _reference(match: re.Match[str]) -> str:
    reference = f"&#{ord(match[0])};"
    return f"<span>{reference}</span>" if match[0] in "$\\" else reference
