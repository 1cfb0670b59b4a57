"""Reads a class's roster: a name for each learner that a token can hold, and the address of their e-mail.

A platform's own file is taken as it is: Canvas' gradebook, Moodle's participants or grading worksheet, the rosters of Gradescope
and Classroom 50. A name goes into HTTP headers: it is made of ASCII, and nobody else's.
"""

import csv
import io
import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from classroom.proxy.rules import tokens
from classroom.proxy.rules.errors import EventError

_LARGEST = 10 * 1024 * 1024
# a login is the learner's own; a name may be another's, too
_LOGINS = (
    *("github username", "github", "login", "sis login id", "username", "user name", "user"),
    *("benutzername", "anmeldename"),
)
_NAMES = ("name", "full name", "vollständiger name", "nom complet", "nombre completo", "student")
_FIRST, _LAST = ("first name", "firstname", "vorname"), ("last name", "lastname", "surname", "nachname")
_NUMBERS = ("sid", "student id", "sis user id", "id number", "matrikelnummer", "identifier", "id")
_STAFF = frozenset(("instructor", "ta", "teacher", "teaching assistant", "reader", "owner", "observer"))
_NOBODY = frozenset(("points possible", "student, test", "test student"))
_ADDRESS = re.compile(r"[^@\s<>(),;:\"\\]{1,64}@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")
# letters that have no decomposition
_LETTERS = str.maketrans(
    {
        "ß": "ss",
        "æ": "ae",
        "Æ": "Ae",
        "ø": "o",
        "Ø": "O",
        "ł": "l",
        "Ł": "L",
        "đ": "d",
        "Đ": "D",
        "\N{LATIN SMALL LETTER DOTLESS I}": "i",
    }
    | {"þ": "th", "Þ": "Th", "ð": "d", "Ð": "D", "œ": "oe", "Œ": "Oe"}
)


@dataclass(frozen=True)
class Listed:
    """A learner of a roster. `name`: what their token begins with; `address`: empty if the roster has none."""

    name: str
    address: str = ""


def is_address(text: str) -> bool:
    """Whether mail can be sent there: one address, with nothing around it."""
    return len(text) <= 254 and text.isascii() and _ADDRESS.fullmatch(text) is not None


def read_roster(file: Path) -> list[Listed]:
    """The learners of a roster, in its order.

    Raises:
        EventError: it can't be read, or no column tells its learners apart; the text says which columns were tried.
    """
    try:
        if file.stat().st_size > _LARGEST:
            raise EventError(f"The roster {file} is larger than {_LARGEST // 1024**2} MB.")
        header, rows = _table(_decode(file.read_bytes()))
    except (OSError, csv.Error) as error:
        raise EventError(f"The roster {file} can't be read: {error}") from error
    people = [dict(zip(header, row, strict=False)) for row in rows]
    people = [person for person in people if _is_learner(person, header)]
    if not people:
        raise EventError(f"The roster {file} has no learners: a line of headers, then one line for each.")
    addresses = _addresses(header, people)
    tried: list[str] = []
    for column, values in _columns(header, people, addresses):
        names = [_name(value) for value in values]
        twice = [name for name, count in Counter(each.casefold() for each in names).items() if count > 1]
        if all(map(tokens.is_name, names)) and not twice:
            return [Listed(name, address) for name, address in zip(names, addresses, strict=True)]
        bad = next((value for value, name in zip(values, names, strict=True) if not tokens.is_name(name)), "")
        why = (
            f"{twice[0]!r} is there twice"
            if twice
            else f"{bad!r} can't be a name"
            if bad
            else "cells are empty"
        )
        tried.append(f"{column} ({why})")
    if not tried:
        raise EventError(
            f"The roster {file} needs a header with a column such as login, email or name. It has: {', '.join(header)}."
        )
    raise EventError(
        f"No column of the roster {file} tells its learners apart: {'; '.join(tried)}. Add a column login in which everybody "
        "has a name of their own, in letters of English, digits and dashes."
    )


def _decode(content: bytes) -> str:
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return content.decode("utf-16", "replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", "replace")


def _table(text: str) -> tuple[list[str], list[list[str]]]:
    first = next((line for line in text.splitlines() if line.strip()), "")
    separator = max(",;\t", key=first.count)
    rows = [row for row in csv.reader(io.StringIO(text, newline=""), delimiter=separator) if any(row)]
    header = [re.sub(r"[\s_-]+", " ", cell.strip().casefold()) for cell in (rows[0] if rows else [])]
    return header, [[cell.strip() for cell in row] for row in rows[1:]]


def _is_learner(person: Mapping[str, str], header: Sequence[str]) -> bool:
    """Not staff, and neither Canvas' rows before the learners nor the learner whom it makes up."""
    shown = next((person.get(each, "") for each in (*_NAMES, *_LAST) if each in header), None)
    if shown is not None and (shown.casefold() in _NOBODY or (not shown and "section" in header)):
        return False
    return person.get("role", "").casefold() not in _STAFF and any(person.values())


def _addresses(header: Sequence[str], people: Sequence[Mapping[str, str]]) -> list[str]:
    """The column that holds addresses of e-mail, whatever it is called; the one called so first."""
    named = sorted(header, key=lambda each: "mail" not in each)
    for column in named:
        values = [person.get(column, "") for person in people]
        if any(values) and all(not value or is_address(value) for value in values):
            return values
    return [""] * len(people)


def _columns(
    header: Sequence[str], people: Sequence[Mapping[str, str]], addresses: Sequence[str]
) -> list[tuple[str, list[str]]]:
    def of(column: str) -> tuple[str, list[str]]:
        return column, [person.get(column, "") for person in people]

    found = [of(each) for each in _LOGINS if each in header]
    found += [of(each) for each in _NAMES if each in header]
    first, last = (next((each for each in names if each in header), "") for names in (_FIRST, _LAST))
    if first and last:
        found.append(
            (f"{first} and {last}", [f"{person.get(first, '')} {person.get(last, '')}" for person in people])
        )
    if any(addresses):
        found.append(("the addresses", list(addresses)))
    return found + [of(each) for each in _NUMBERS if each in header]


def _name(value: str) -> str:
    plain = unicodedata.normalize("NFKD", value.translate(_LETTERS))
    plain = "".join(sign for sign in plain if not unicodedata.combining(sign))
    plain = re.sub(r"[,/\s]+", "-", plain.strip()).strip(".-")
    return plain if plain.isascii() else ""
