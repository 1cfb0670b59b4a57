"""The language of a report: its texts are looked up in a catalogue as gettext has it, `locale/LANGUAGE.po`.

English is what the code says. What was seen of a submission has no translation; a verdict's own sentence has one where it is a
`grader.messages.Sentence`, and stays in English where it is text alone.
"""

import gettext
import io
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from grader.errors import GraderError

FOLDER = Path(__file__).with_name("locale")


@dataclass(frozen=True)
class Language:
    """Says texts in one language. `code`: as HTML's `lang` has it."""

    code: str
    catalogues: tuple[gettext.NullTranslations, ...] = ()

    def __call__(self, text: str, /, **fields: object) -> str:
        """A text in this language, its places filled in; the English one, where a catalogue lacks it."""
        translated = self._look_up(text)
        return translated.format(**fields) if fields else translated

    def many(self, one: str, several: str, count: int, /, **fields: object) -> str:
        """A text for a number, which fills in `{count}`."""
        chosen = one if count == 1 else several
        for catalogue in self.catalogues:
            found = catalogue.ngettext(one, several, count)
            if found not in (one, several):
                chosen = found
                break
        return chosen.format(count=count, **fields)

    def _look_up(self, text: str) -> str:
        if not text:
            return ""  # a catalogue has its own head there
        return next((found for each in self.catalogues if (found := each.gettext(text)) != text), text)


ENGLISH = Language("en")


def list_languages() -> tuple[str, ...]:
    """The codes of all languages that reports can have."""
    return tuple(sorted({"en", *(file.stem for file in FOLDER.glob("*.po"))}))


def language(code: str, own: str | None = None) -> Language:
    """The language of that code.

    Args:
        code: such as "de".
        own: an assignment's catalogue for it, the text of a `.po` file; what it says comes first.

    Raises:
        GraderError: there is none, or the assignment's catalogue can't be read.
    """
    if code not in list_languages():
        raise GraderError(f"Reports have no language {code!r}. There are: {', '.join(list_languages())}.")
    shipped = (_shipped(code),) if code != "en" else ()
    mine = (_own(code, own),) if own else ()
    return Language(code, (*mine, *shipped)) if mine or shipped else ENGLISH


def _own(code: str, text: str) -> gettext.GNUTranslations:
    from babel.messages import pofile

    try:
        return _parse(text)
    except (pofile.PoFileError, ValueError) as error:
        raise GraderError(f"The assignment's locale/{code}.po can't be read: {error}.") from error


@cache
def _shipped(code: str) -> gettext.GNUTranslations:
    return _parse((FOLDER / f"{code}.po").read_text(encoding="utf-8"))


def _parse(text: str) -> gettext.GNUTranslations:
    from babel.messages import mofile, pofile  # here: English does without

    compiled = io.BytesIO()
    mofile.write_mo(compiled, pofile.read_po(io.BytesIO(text.encode()), abort_invalid=True))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)
