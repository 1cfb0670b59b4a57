"""Names and passwords that a submission shows: in variables with a value, in its code, in its document's examples.

A demo account is in the code or among its settings, and a person who tries the app logs in with it.
"""

import ast
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from grader import reading
from grader.collect.code.variables import Variable

_MOST_FILES, _MOST_ACCOUNTS, _LONGEST = 500, 6, 200
_PASSWORD = re.compile(
    r"(?i)pass_?(?:w|code|phrase)|pwd|\bpass\b|_pass\b|senha|contrase|kennwort|passwort|mot_?de_?passe"
)
_USER = re.compile(r"(?i)user|mail|login|\bname\b|account|usuario|benutzer")
_OF_SERVICES = re.compile(
    r"(?i)\b(?:db|database|postgres|pg|mysql|mongo|redis|smtp|mail|rabbit|s3|minio|neo4j)"
)
_OF_USERS = re.compile(r"(?i)users?|accounts?|credentials?|logins?")


@dataclass(frozen=True)
class Account:
    """A user's name, or address, and the password that goes with it."""

    name: str
    password: str


def is_password(name: str) -> bool:
    """Whether an input or a variable is a password, by its name."""
    return _PASSWORD.search(name) is not None


def of_variables(variables: Mapping[str, Variable], values: Mapping[str, str]) -> list[Account]:
    """Accounts whose two parts are variables: by the values that the app was given, or its own.

    Args:
        variables: those that the code reads.
        values: what the app was started with.
    """
    known = {
        name: value
        for name, one in variables.items()
        if (value := values.get(name) or one.default or one.example)
        and not _OF_SERVICES.search(name.replace("_", " "))
    }
    names = [one for one in known if _USER.search(one.replace("_", " ")) and not is_password(one)]
    found = []
    for password in (one for one in known if is_password(one)):
        nearest = sorted(names, key=lambda one: -_alike(one, password))
        found += [Account(known[name], known[password]) for name in nearest[:1]]
    return found[:_MOST_ACCOUNTS]


def _alike(one: str, other: str) -> int:
    return len(set(one.lower().split("_")) & set(other.lower().split("_")))


def of_code(root: Path, files: Iterable[str]) -> list[Account]:
    """Accounts that the code itself compares with, or keeps in a table of users."""
    found: dict[Account, None] = {}
    for name in islice(sorted(files), _MOST_FILES):
        try:
            text = reading.read_text(root / name, reading.MAX_PYTHON)
            if not (_PASSWORD.search(text) or _OF_USERS.search(text)):
                continue
            tree = reading.parse_python(text)
        except reading.Unreadable:
            continue
        found.update(dict.fromkeys(_of_module(tree)))
    return [one for one in found if 0 < len(one.name) <= _LONGEST and 0 < len(one.password) <= _LONGEST][
        :_MOST_ACCOUNTS
    ]


def _of_module(tree: ast.Module) -> Iterator[Account]:
    for node in ast.walk(tree):
        if isinstance(node, ast.BoolOp):
            compared = dict(_compared(node.values))
            name = next(
                (value for word, value in compared.items() if not is_password(word) and _USER.search(word)),
                None,
            )
            password = next((value for word, value in compared.items() if is_password(word)), None)
            if name and password:
                yield Account(name, password)
        if isinstance(node, (ast.Assign, ast.AnnAssign)) and isinstance(node.value, ast.Dict):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            if any(isinstance(one, ast.Name) and _OF_USERS.search(one.id) for one in targets):
                yield from _of_table(node.value)


def _compared(parts: Sequence[ast.expr]) -> Iterator[tuple[str, str]]:
    """What is compared with a text: the last word of its name, and the text."""
    for part in parts:
        match part:
            case (
                ast.Compare(
                    left=one, ops=[ast.Eq() | ast.NotEq()], comparators=[ast.Constant(value=str(text))]
                )
                | ast.Compare(
                    left=ast.Constant(value=str(text)), ops=[ast.Eq() | ast.NotEq()], comparators=[one]
                )
            ):
                yield ast.unparse(one).rpartition(".")[2], text


def _of_table(table: ast.Dict) -> Iterator[Account]:
    """`{"grace": "secret"}`, or `{"grace": {"password": "secret"}}`; a hash is no password, and does no harm."""
    for key, value in zip(table.keys, table.values, strict=True):
        match key, value:
            case ast.Constant(value=str(name)), ast.Constant(value=str(password)):
                yield Account(name, password)
            case ast.Constant(value=str(name)), ast.Dict(keys=keys, values=values):
                for word, inner in zip(keys, values, strict=True):
                    match word, inner:
                        case ast.Constant(value=str(text)), ast.Constant(value=str(password)) if is_password(
                            text
                        ):
                            yield Account(name, password)
