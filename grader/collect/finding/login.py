"""Registers and logs in as a person would, where an app asks its callers for it, and keeps what it hands out.

The operations are those that take a password. Their names only order the tries: what was handed out decides.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from grader import reading
from grader.collect.code.accounts import Account, is_password
from grader.collect.exchange.presenting import Presented, schemes
from grader.collect.exchange.requests import Key, build
from grader.collect.exchange.session import Session
from grader.collect.finding.handed_out import plain, read_values
from grader.collect.finding.tries import Pursuit
from grader.collect.finding.values import assign, example_of
from grader.evidence import Exchange
from grader.operations import Field, Operation

LOGGING_IN = "register and log in"
_OURS = Account("gradingperson", "Grade-42!xyz")
_ADDRESS = "gradingperson@example.com"
_MOST_OPERATIONS, _MOST_REQUESTS, _MOST_CORRECTIONS = 8, 24, 3
_REGISTERS = re.compile(r"(?i)regist|sign[-_]?up|create|join|enrol|new|/users?/?$|/accounts?/?$")
_LOGS_IN = re.compile(r"(?i)log[-_]?in|sign[-_]?in|token|session|auth|jwt")
_OTHER = re.compile(r"(?i)reset|forgot|change|log[-_]?out|delete|update|refresh|verif|recover")
_TOKENS = (
    "accesstoken",
    "token",
    "jwt",
    "authtoken",
    "bearertoken",
    "idtoken",
    "sessiontoken",
    "access",
    "key",
)
_REPEATED = frozenset({"confirm", "confirmation", "repeat", "again"})
_PASSWORD_INPUT = re.compile(r"(?i)<input[^>]{0,300}type=[\"']?password")
_IN_WORDS = re.compile(r"[\s<>\"']")
_DEEPEST = 3


@dataclass(frozen=True)
class Login:
    """How logging in ended.

    `presented`: what goes with every request from now on; None if nothing was handed out. `given`: what the answers
    named, for inputs of that name. `transcript`: each request and its answer, in a report's words.
    """

    presented: Presented | None = None
    given: Mapping[str, Any] = field(default_factory=dict)
    transcript: str = ""


def takes_a_password(operation: Operation) -> bool:
    """Whether an operation asks for a password: it registers, or logs in."""
    return any(_is_password(one) for shape in operation.shapes for one in shape)


def shows_a_login(exchange: Exchange) -> bool:
    """Whether an answer is a page that asks for a password."""
    return "html" in exchange.content_type and _PASSWORD_INPUT.search(exchange.body) is not None


def log_in(
    session: Session,
    operations: Sequence[Operation],
    accounts: Sequence[Account],
    document: Mapping[str, Any],
    names: Sequence[str] = (),
) -> Login:
    """Register, log in, and say what to send from now on.

    Args:
        session: with the app.
        operations: all of the app's.
        accounts: names and passwords that the submission shows.
        document: the app's OpenAPI document; empty if there is none.
        names: words by which its code takes things out of requests.
    """
    asking = _Asking(session)
    registering, entering = _in_order(operations)
    for operation in registering:
        asking.ask(operation, _OURS)
    for operation in entering:
        for account in _accounts(operation, accounts):
            if asking.token or asking.is_in:
                break
            asking.ask(operation, account, enters=True)
    if not asking.token and not asking.is_in:
        return Login(given=asking.given, transcript="; ".join(asking.transcript))
    return Login(
        _with_token(session.presented, asking, document, names), asking.given, "; ".join(asking.transcript)
    )


@dataclass
class _Asking:
    """What was asked, and what was handed out for it."""

    session: Session
    token: str = ""
    kind: str = ""
    is_in: bool = False  # a page or an answer of success came with a cookie
    given: dict[str, Any] = field(default_factory=dict)
    transcript: list[str] = field(default_factory=list)
    sent: int = 0

    def ask(self, operation: Operation, account: Account, *, enters: bool = False) -> None:
        """Send a name and a password, and once more what the refusal asks for besides."""
        for shape in [each for each in operation.shapes if any(map(_is_password, each))][:2]:
            assignment = assign(shape, "text", "txt", given=_identity(shape, account))
            answer = self._send(operation, assignment.values)
            if answer is None:
                return
            if answer.status in (400, 415, 422) and not enters:
                answer = self._corrected(operation, shape, assignment, answer)
            if answer.status is not None and answer.status < 400 and not shows_a_login(answer):
                self._keep(answer, enters)
                return

    def _corrected(
        self, operation: Operation, shape: tuple[Field, ...], assignment: Any, answer: Exchange
    ) -> Exchange:
        pursuit = Pursuit(operation, shape, "text", "txt")
        for count, (each, answers) in enumerate(pursuit.tries(answer, assignment), 1):
            values = {**each.assignment.values, **_identity(each.shape, _OURS)}
            sent = self._send(operation, values)
            if sent is None:
                break
            answers.append(sent)
            answer = sent
            if count >= _MOST_CORRECTIONS or (answer.status or 500) < 400:
                break
        return answer

    def _send(self, operation: Operation, values: Mapping[Key, Any]) -> Exchange | None:
        if self.sent >= _MOST_REQUESTS:
            return None
        self.sent += 1
        answer = self.session.send(LOGGING_IN, build(operation.method, operation.path, values))
        self.transcript.append(
            f"{operation.method} {operation.path} answered {answer.status or answer.failure}"
        )
        return answer

    def _keep(self, answer: Exchange, enters: bool) -> None:
        self.given.update(read_values(answer))
        try:
            members = dict(_members(reading.parse_json(answer.body), 0))
        except reading.Unreadable:
            members = {}
        token = next((members[name] for name in _TOKENS if name in members), "")
        heads = {name.lower(): value for name, value in answer.headers.items()}
        header = heads.get("authorization", "")
        if not token and header:
            token = header.rpartition(" ")[2]
        if token:
            self.token, self.kind = token, members.get("tokentype", "")
        self.is_in = self.is_in or (enters and self.session.has_cookies())


def _in_order(operations: Sequence[Operation]) -> tuple[list[Operation], list[Operation]]:
    """Those that register, and those that may log in, the likeliest first."""
    asked = {
        (one.method, one.path): one
        for one in operations
        if takes_a_password(one) and not _OTHER.search(one.path)
    }
    likely = sorted(asked.values(), key=lambda one: (not _LOGS_IN.search(one.path), len(one.path)))[
        :_MOST_OPERATIONS
    ]
    registering = [one for one in likely if _REGISTERS.search(one.path)]
    return registering, [one for one in likely if one not in registering] + registering


def _accounts(operation: Operation, shown: Sequence[Account]) -> Iterator[Account]:
    """Ours, by its name and by its address, those that the submission shows, and those of the document's examples."""
    yield _OURS
    yield replace(_OURS, name=_ADDRESS)
    yield from shown
    for shape in operation.shapes[:1]:
        name = next((example_of(one) for one in shape if _is_name(one) or _is_address(one)), None)
        password = next((example_of(one) for one in shape if _is_password(one)), None)
        if isinstance(name, str) and isinstance(password, str):
            yield Account(name, password)


def _identity(shape: Sequence[Field], account: Account) -> dict[Key, Any]:
    """Who we are, in the words of an operation's inputs."""
    found: dict[Key, Any] = {}
    for one in shape:
        last = one.name.rpartition(".")[2].lower()
        if _is_password(one) or last in _REPEATED:
            found[one.key] = account.password
        elif last == "grant_type":
            found[one.key] = "password"
        elif _is_address(one):
            found[one.key] = account.name if "@" in account.name else _ADDRESS
        elif _is_name(one):
            found[one.key] = account.name
    return found


def _is_password(one: Field) -> bool:
    return one.location != "path" and (one.schema.get("format") == "password" or is_password(one.name))


def _is_address(one: Field) -> bool:
    return one.schema.get("format") == "email" or "mail" in one.name.lower()


def _is_name(one: Field) -> bool:
    return bool(
        re.search(r"(?i)user_?(?:name|id)?$|login|^name$|nick|handle|account", one.name.rpartition(".")[2])
    )


def _members(value: Any, depth: int) -> Iterator[tuple[str, str]]:
    """Texts without a space, by plain names; the outer ones last, so that they count."""
    inner = value if isinstance(value, dict) else {}
    for each in inner.values() if depth < _DEEPEST else ():
        yield from _members(each, depth + 1)
    for name, each in inner.items():
        if (
            isinstance(each, str)
            and isinstance(name, str)
            and 3 < len(each) < 8_000
            and not _IN_WORDS.search(each)
        ):
            yield plain(name), each


def _with_token(
    before: Presented, asking: _Asking, document: Mapping[str, Any], names: Sequence[str]
) -> Presented:
    """What goes with every request: the token where the document and the code look for it."""
    headers, query, cookies = dict(before.headers), dict(before.query), dict(before.cookies)
    if asking.token:
        kind = asking.kind if asking.kind.isalpha() and asking.kind.lower() != "bearer" else "Bearer"
        headers["Authorization"] = f"{kind} {asking.token}"
        for (place, name), how in schemes(document):
            if how == "raw" and name.lower() != "authorization":
                {"header": headers, "query": query, "cookie": cookies}[place][name] = asking.token
        for name in names:
            if re.fullmatch(r"(?i)x-[\w-]*token|x-auth[\w-]*", name):
                headers.setdefault(name, asking.token)
    return Presented(headers, query, cookies)
