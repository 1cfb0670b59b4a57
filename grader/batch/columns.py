"""Finds the roster's columns: by header in known languages, otherwise by content."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from grader.errors import GraderError

NAME = frozenset(
    [
        "name",
        "full name",
        "student",
        "student name",
        "learner",
        "vollständiger name",
        "nom complet",
        "nombre completo",
        "nome completo",
        "volledige naam",
        "fullständigt namn",
        "fulde navn",
        "imię i nazwisko",
    ]
)
FIRST = frozenset(
    [
        "first name",
        "firstname",
        "given name",
        "vorname",
        "prénom",
        "prenom",
        "nombre",
        "nome",
        "voornaam",
        "förnamn",
        "fornavn",
        "imię",
        "jméno",
        "etunimi",
    ]
)
LAST = frozenset(
    [
        "last name",
        "lastname",
        "surname",
        "family name",
        "nachname",
        "nom",
        "nom de famille",
        "apellido",
        "apellidos",
        "apellido(s)",
        "cognome",
        "sobrenome",
        "apelido",
        "apelido(s)",
        "achternaam",
        "efternamn",
        "etternavn",
        "efternavn",
        "nazwisko",
        "příjmení",
        "sukunimi",
    ]
)
EMAIL = frozenset(
    [
        "email",
        "e mail",
        "email address",
        "e mail adresse",
        "e mail address",
        "adresse e mail",
        "adresse de courriel",
        "dirección de correo",
        "correo electrónico",
        "indirizzo email",
        "endereço de email",
        "e mailadres",
        "e postadress",
    ]
)
# by which a submission may be known, the first that a row has being the learner's id
IDS = (
    "id",
    "identifier",
    "sid",
    "student id",
    "sis user id",
    "participant",
    "user id",
    "github username",
    "username",
    "login",
    "sis login id",
    "github",
    "email",
    "email address",
    "id number",
    "matriculation number",
    "matrikelnummer",
)
GROUP = frozenset(
    [
        "group",
        "groups",
        "gruppe",
        "gruppen",
        "groupe",
        "groupes",
        "grupo",
        "grupos",
        "gruppo",
        "gruppi",
        "groep",
        "groepen",
    ]
)
STAFF = frozenset(("instructor", "ta", "reader", "teacher", "owner", "teaching assistant", "observer"))
NUMBERED = re.compile(r"(?P<word>[^\d]*[^\d\s])\s+(?P<number>\d+)")
ASSIGNMENT = re.compile(r"(?P<title>.+) \((?P<id>\d+)\)")
MAXIMUM = frozenset(
    [
        "maximum grade",
        "bestwertung",
        "note maximale",
        "calificación máxima",
        "valutazione massima",
        "nota máxima",
        "maximumcijfer",
    ]
)

# what Moodle calls a participant where marking is blind, in some of its languages
PARTICIPANT = frozenset(
    [
        "participant",
        "teilnehmer/in",
        "teilnehmer",
        "participant(e)",
        "participante",
        "partecipante",
        "deelnemer",
        "deltagare",
        "deltaker",
        "deltager",
        "uczestnik",
        "účastník",
        "osallistuja",
    ]
)


_CHOOSABLE = ("id", "name", "first", "last", "email", "group")
_NAMES = {"name", "first", "last"}


def roles_of(
    file: Path, header: Sequence[str], rows: Sequence[Sequence[str]], columns: Mapping[str, str]
) -> dict[str, int]:
    """Which column holds what.

    Args:
        file: the roster, for errors.
        header: its columns' names, plain.
        rows: the others.
        columns: role → column, as a person chose them.

    Raises:
        GraderError: a chosen column is not there, or nothing names the learners.
    """
    roles = _by_header(header)
    _by_content(header, rows, roles)
    for id in IDS:
        if "id" not in roles and id in header:
            roles["id"] = header.index(id)
    for role, column in columns.items():
        at = _chosen_column(file, header, role, column)
        roles = {each: place for each, place in roles.items() if place != at or each == role} | {role: at}
    is_nameless = not {"name", "first", "id", "number"} & set(roles)
    if is_nameless or ("number" in roles and not _NAMES & set(roles)):
        _by_place(header, rows, roles)
    if not {*_NAMES, "id", "number"} & set(roles):
        raise GraderError(
            f"The roster {file} needs a header with a column for names or identifiers, such as name and id. It has: "
            f"{', '.join(header) or 'nothing'}. Or say which is which: --roster-columns id=…,name=…,email=…"
        )
    return roles


def _by_header(header: Sequence[str]) -> dict[str, int]:
    roles: dict[str, int] = {}
    known = {"name": NAME, "first": FIRST, "last": LAST, "email": EMAIL, "group": GROUP, "role": {"role"}}
    for role, names in known.items():
        at = next((at for at, name in enumerate(header) if name in names and at not in roles.values()), None)
        if at is not None:
            roles[role] = at
    return roles


def _by_content(header: Sequence[str], rows: Sequence[Sequence[str]], roles: dict[str, int]) -> None:
    """Moodle's numbered participants, and addresses, in columns that have no role yet."""
    for at in range(len(header)):
        values = [row[at] for row in rows if at < len(row) and row[at]]
        if not values or at in roles.values():
            continue
        numbered = [NUMBERED.fullmatch(value) for value in values]
        if "number" not in roles and all(numbered):
            words = {found["word"] for found in numbered if found}
            are_distinct = len(set(values)) == len(values)
            if len(words) == 1 and are_distinct and header[at] not in (*GROUP, "section"):
                roles["number"] = at
        elif "email" not in roles and all(re.fullmatch(r"[^@\s]+@[^@\s]+", value) for value in values):
            roles["email"] = at


def _chosen_column(file: Path, header: Sequence[str], role: str, column: str) -> int:
    if role not in _CHOOSABLE:
        raise GraderError(
            f"--roster-columns knows id, name, first, last, email and group, not {role!r}: write id=…,name=…"
        )
    wanted = plain(column)
    at = header.index(wanted) if wanted in header else int(column) - 1 if column.isdigit() else -1
    if not 0 <= at < len(header):
        raise GraderError(
            f"The roster {file} has no column {column!r} for --roster-columns {role}. It has: {', '.join(header)}."
        )
    return at


def _by_place(header: Sequence[str], rows: Sequence[Sequence[str]], roles: dict[str, int]) -> None:
    """Names under a header that is not known: after Moodle's identifier, or the first two columns before an address."""

    def is_names(at: int) -> bool:
        values = [row[at] for row in rows if at < len(row)]
        are_distinct = len(set(values)) > len(values) // 2
        letters = all(re.search(r"[^\W\d_]", value) and "@" not in value for value in values)
        return bool(values) and at not in roles.values() and are_distinct and letters

    if "number" in roles:
        at = roles["number"] + 1
        if at < len(header) and len(rows) > 1 and is_names(at):
            roles["name"] = at
    elif "email" in roles and roles["email"] >= 2 and is_names(0) and is_names(1):
        roles["first"], roles["last"] = 0, 1
    elif "email" in roles and roles["email"] >= 1 and is_names(0):
        roles["name"] = 0


def plain(header: str) -> str:
    """A column's name in small letters, its words apart by one blank."""
    return re.sub(r"[\s_-]+", " ", header.strip().casefold())
