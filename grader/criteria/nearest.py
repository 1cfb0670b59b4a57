"""The report where no request reached OpenAI: the app's answers, nearest first, and lines to copy into the manifest."""

import json
import re
from collections.abc import Sequence
from typing import Any

from grader.criteria.reported import reported
from grader.evidence import Evidence, Exchange
from grader.messages import joined, sentence

_MOST_QUOTED, _LONGEST = 3, 240  # answers, and characters of each
_PASSWORD_INPUT = re.compile(r"(?i)<input[^>]{0,300}type=[\"']?password")
_TO_LOGIN = re.compile(r"(?i)log[-_]?in|sign[-_]?in|oauth|/auth")
_OWN_FRAME = re.compile(r'File "((?!/|<)[^"]{1,200})", line (\d{1,7})')
_RAISED = re.compile(r"^([A-Za-z_][\w.]{0,200}):((?:\s{0,4}\S[^\n]{0,400}){1,2})", re.MULTILINE)
_BARE = re.compile(r"[A-Za-z0-9_-]+")
_LONGEST_VALUE = 120  # characters of a value in the lines to copy


def quote_nearest(evidence: Evidence) -> str:
    """The nearest answers, as sentences; empty if there was none."""
    near = [(miss, evidence.exchange(miss.exchange)) for miss in evidence.misses[:_MOST_QUOTED]]
    quotes = [
        sentence(
            "{place} answered {answer}{cause}",
            place=f"{answer.method} {_place(answer)}",
            answer=_answer(answer),
            cause=_cause(answer),
        )
        for _, answer in near
    ]
    return sentence(" Nearest: {answers}.", answers=joined(quotes, "; ")) if quotes else ""


NOT_PUT = sentence(
    "Put what OpenAI returned into the bucket that S3_BUCKET_NAME names, with put_object, before you answer."
)
_FOR_CALLERS = """[tool.lab.env]
API_KEY = "a-value-for-grading"
[tool.lab.auth]
headers = { X-API-Key = "a-value-for-grading" }"""
AUTH_LINES = sentence(
    "Copy these lines into pyproject.toml, with the variable that your code compares and what a caller sends:{lines}",
    lines=f"\n{_FOR_CALLERS}",
)


def describe_guard(evidence: Evidence) -> str:
    """How the app refused every request that may generate, as a verb's object; empty if other answers came back."""
    near = [(miss, evidence.exchange(miss.exchange)) for miss in evidence.misses]
    asked = [answer for miss, answer in near if miss.prompt] or [
        answer for _, answer in near if answer.method != "GET"
    ]
    if not asked or any(not (one.status in (401, 403) or _leads_to_a_login(one)) for one in asked):
        return ""
    return str(asked[0].status) if asked[0].status in (401, 403) else sentence("with its login")


def _leads_to_a_login(answer: Exchange) -> bool:
    """Whether an answer is a page that asks for a password, or leads to where somebody else does."""
    location = next((value for name, value in answer.headers.items() if name.lower() == "location"), "")
    is_redirect = answer.status is not None and 300 <= answer.status < 400
    return (is_redirect and _TO_LOGIN.search(location) is not None) or (
        "html" in answer.content_type and _PASSWORD_INPUT.search(answer.body) is not None
    )


def describe_tries(presented: Sequence[str], login: str = "") -> str:
    """What the grader sent to satisfy a guard, as a sentence."""
    if login:
        return sentence("The grader tried to register and to log in ({requests}).", requests=login)
    if not presented:
        return sentence("The grader sent no key of its own, since the code did not show which one.")
    places = joined([_of_request(each) for each in presented], sentence(" and "))
    return sentence("The grader sent a value in {places}.", places=places)


def _of_request(place: str) -> str:
    """A place such as "header X-API-Key", in words."""
    where, _, name = place.partition(" ")
    match where:
        case "header":
            return sentence("the header {name}", name=name)
        case "query":
            return sentence("the query {name}", name=name)
        case "cookie":
            return sentence("the cookie {name}", name=name)
    return f"the {place}"


def _place(exchange: Exchange) -> str:
    return exchange.place or exchange.url.partition("?")[0]


def _cause(answer: Exchange) -> str:
    """The exception that the app printed meanwhile, with the last line of the submission's own code that led to it."""
    frames = list(_OWN_FRAME.finditer(answer.log))
    if (answer.status is not None and answer.status < 500) or not frames:
        return ""
    raised = _RAISED.search(answer.log, answer.log.rindex("  File "))
    words = f"{raised[1].rpartition('.')[2]}: {' '.join(raised[2].split())}" if raised else ""
    short = words if len(words) <= _LONGEST else f"{words[:_LONGEST]}…"
    return sentence(" ({file}, line {line}: {error})", file=frames[-1][1], line=frames[-1][2], error=short)


def _answer(exchange: Exchange) -> str:
    if exchange.status is None:
        return reported(exchange.failure) if exchange.failure else sentence("nothing")
    words = " ".join(_as_text(exchange.body).split())
    words = "".join(char if char.isprintable() else "�" for char in words)
    short = words if len(words) <= _LONGEST else f"{words[:_LONGEST]}…"
    if short:
        return f"{exchange.status}: “{short}”"
    return sentence("{status}, without a word", status=exchange.status)


def _as_text(body: str) -> str:
    if not body.lstrip().startswith("<"):
        return body
    return re.sub(r"<[^>]{0,500}>", " ", re.sub(r"(?is)<(script|style|head)\b.*?</\1>", " ", body))


def manifest_lines(evidence: Evidence) -> str:
    """The lines that would tell the grader what it could not guess, filled in with what it knows."""
    miss = next(iter(evidence.misses), None)
    answer = evidence.exchange(miss.exchange) if miss else _any_request(evidence)
    method = answer.method if answer else "POST"
    path = _place(answer) if answer else "/your/path"
    place, _, name = (miss.prompt or "").partition(":") if miss else ("", "", "")
    lines = ["[[tool.lab.endpoint]]", f"method = {_toml(method)}", f"path = {_toml(path)}"]
    if place:
        lines += [f"prompt = {_toml(name)}", f"prompt_in = {_toml(place)}"]
    else:
        lines += [
            'prompt = "prompt"     # the input that takes it',
            *_usual_place(method),
        ]
    lines += ['kinds = ["text"]      # or image, audio']
    values = {key: value for key, value in miss.values.items() if not isinstance(value, dict)} if miss else {}
    fixed = {key.partition(":")[2]: value for key, value in values.items()}
    places = {key.partition(":")[2]: key.partition(":")[0] for key in values}
    if fixed:
        lines += [f"fixed = {_toml(fixed)}   # other inputs: values that work"]
    if set(places.values()) - {place, "path"}:
        lines += [f"fixed_in = {_toml(places)}"]
    return sentence(
        "If your endpoint needs a request that could not be guessed, copy these lines into pyproject.toml and mend them:{lines}",
        lines="\n" + "\n".join(lines),
    )


def _usual_place(method: str) -> list[str]:
    return [
        f'prompt_in = "{"query" if method == "GET" else "json"}"    # or form, multipart, text, path, header'
    ]


def _any_request(evidence: Evidence) -> Exchange | None:
    looked = [one for one in evidence.exchanges if one.purpose == "look for what generates"]
    return next((one for one in looked if one.method != "GET"), looked[0] if looked else None)


def _toml(value: Any) -> str:
    """A value as TOML writes it in a line."""
    match value:
        case bool():
            return str(value).lower()
        case int() | float():
            return repr(value)
        case str():
            return _string(value)
        case list() | tuple():
            return f"[{', '.join(_toml(each) for each in value)}]"
        case dict():
            members = ", ".join(
                f"{_key(name)} = {_toml(each)}" for name, each in value.items() if each is not None
            )
            return f"{{ {members} }}" if members else "{}"
    return '""'


def _key(name: str) -> str:
    return name if _BARE.fullmatch(name) else _string(name)


def _string(text: str) -> str:
    short = "".join(char if char.isprintable() else " " for char in text[:_LONGEST_VALUE])
    return json.dumps(short, ensure_ascii=False)
