"""The words of the course: a page that lists them, and a link with the meaning where a word first occurs on a page."""

import html
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

FILE = Path(__file__).with_name("glossary.toml")
PAGE = "glossary.md"
# what is left as it is: code, links, pictures, HTML tags, headings
_LEFT = re.compile(r"(```.*?```|`[^`\n]*`|!?\[[^\]]*\]\([^)]*\)|<[^>]+>|^#[^\n]*$)", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True)
class Term:
    """A word of the course, what it means, and the other forms that it has in sentences."""

    name: str
    means: str
    forms: tuple[str, ...]

    @property
    def anchor(self) -> str:
        """Its place on the page of all words."""
        return self.name.lower().replace(" ", "-")


def terms() -> tuple[Term, ...]:
    """All words, in alphabetical order."""
    written: Mapping[str, Mapping[str, object]] = tomllib.loads(FILE.read_text(encoding="utf-8"))
    found = []
    for name, entry in written.items():
        also = entry.get("also", [])
        forms = (name, *(str(form) for form in also)) if isinstance(also, list) else (name,)
        found.append(Term(name, str(entry["means"]), forms))
    return tuple(sorted(found, key=lambda term: term.name.casefold()))


def glossary() -> str:
    """The page of all words, as Markdown."""
    entries = "\n\n".join(f"## {term.name} {{ #{term.anchor} }}\n\n{term.means}" for term in terms())
    return f"# Glossary\n\nThe words of the course, each in a sentence or two.\n\n{entries}\n"


class Linker:
    """Links each word where it first occurs on one page; the link's title is the meaning."""

    def __init__(self) -> None:
        self._left = {form.casefold(): term for term in terms() for form in term.forms}
        longest_first = sorted(self._left, key=len, reverse=True)
        words = "|".join(map(re.escape, longest_first))
        self._pattern = re.compile(rf"(?<![\w/.-])({words})(?![\w/-]|\.\w)", re.IGNORECASE)

    def linked(self, text: str) -> str:
        """A piece of Markdown with links at the words that did not occur before."""
        parts = _LEFT.split(text)
        inside = 0  # of a link or a folded part that is written in HTML
        for at, part in enumerate(parts):
            if at % 2:
                inside += len(re.findall(r"^<(?:a|details|figure)\b", part)) - len(
                    re.findall(r"^</(?:a|details|figure)\b", part)
                )
            elif inside == 0:
                parts[at] = self._pattern.sub(self._link, part)
        return "".join(parts)

    def _link(self, found: re.Match[str]) -> str:
        term = self._left.get(found[0].casefold())
        if term is None:
            return found[0]
        self._left = {form: other for form, other in self._left.items() if other is not term}
        means = html.escape(term.means, quote=True)
        return f'<a class="term" href="glossary.html#{term.anchor}" title="{means}">{found[0]}</a>'
