"""Where an app reports the state of a job: the addresses and identifiers in its answer."""

import re
from collections.abc import Iterator, Sequence
from itertools import chain, islice
from urllib.parse import urljoin, urlsplit

from grader import reading
from grader.collect.exchange.requests import Request, build
from grader.evidence import Exchange
from grader.jobs import state_of

_MOST_ADDRESSES = 20  # tried of all that an answer names
_MOST_TEXTS = 2_000  # of one answer
_WORD = re.compile(r"""(?<!<)[^\s"'<>{},]{1,2000}""")  # the "/a" of a closing tag is no address
_LINK = re.compile(r"(?:^|_)(?i:url|href|link|self|download)$|[a-z](?:Url|URL|Href|Link)$")
_SHORT = 1_000  # characters of an answer in which a job's identifier is looked for
# no such address or method, no entry without a login, not ready
_NOTHING_THERE = frozenset({401, 403, 404, 405, 406, 409, 410, 425})
_OF_A_JOB = re.compile(r'"(?:\w*_)?(?:job|task)(?:_?id|Id)?"\s*:')


def names_a_job(body: str) -> bool:
    """Whether an answer names a job or its state."""
    return state_of(body) == "pending" or bool(_OF_A_JOB.search(body[:_SHORT]))


def may_be_a_failed_job(status: int | None, body: str) -> bool:
    """Whether an address of a job's answered with the error that ended it: JSON, and not that nothing is there, or not yet."""
    return (
        status is not None and status >= 400 and status not in _NOTHING_THERE and state_of(body) is not None
    )


def addresses(url: str, exchange: Exchange, lookups: Sequence[tuple[str, str]]) -> Iterator[Request]:
    """Requests that may show how a job is, the likeliest first, up to a number.

    Args:
        url: the app's own.
        exchange: the one whose answer promised the job.
        lookups: path and input of each GET operation with one input; what the answer names is put there.
    """
    values = _short_texts(exchange.body)
    asked = chain(
        (Request("GET", place) for place in pointers(url, exchange)),
        (build("GET", path, {("path", name): value}) for path, name in lookups for value in values),
    )
    return islice(asked, 2 * _MOST_ADDRESSES)


def pointers(url: str, exchange: Exchange) -> Iterator[str]:
    """Addresses on the app itself that an answer names, up to a number: its Location header, then anything in its body."""
    return islice(_pointers(url, exchange), _MOST_ADDRESSES)


def _pointers(url: str, exchange: Exchange) -> Iterator[str]:
    texts = chain([exchange.headers.get("location", "")], _texts(exchange.body))
    for text in dict.fromkeys(islice(texts, _MOST_TEXTS)):
        try:
            whole = urljoin(url, text) if text.startswith(("/", "http")) else ""
            parts = urlsplit(whole)
        except ValueError:  # an address that none can be, such as one with half a bracket
            continue
        if f"{parts.scheme}://{parts.netloc}" == url:
            yield f"{parts.path}?{parts.query}" if parts.query else parts.path


def links_in(body: str) -> list[str]:
    """The paths in a JSON answer that their names call an address: `"url": "/files/a.txt"`, `"links": {"self": …}`."""
    try:
        waiting = [("", reading.parse_json(body))]
    except reading.Unreadable:
        return []
    found: list[str] = []
    while waiting:
        name, value = waiting.pop(0)
        if isinstance(value, str) and value.startswith("/") and _LINK.search(name):
            found.append(value)
        elif isinstance(value, dict):
            waiting += [(str(inner), each) for inner, each in value.items()]
        elif isinstance(value, list):
            waiting += [(name, each) for each in value]
    return found


def _texts(body: str) -> Iterator[str]:
    """What may be an address in an answer: every text of a JSON answer, every word of another, such as a page's `src`."""
    try:
        waiting = [reading.parse_json(body)]
    except reading.Unreadable:
        yield from (found.group() for found in _WORD.finditer(body))
        return
    while waiting:
        value = waiting.pop(0)
        if isinstance(value, str):
            yield value
        elif isinstance(value, (dict, list)):
            waiting += value.values() if isinstance(value, dict) else value


def _short_texts(body: str) -> list[str]:
    """What may be an identifier in a JSON answer."""
    try:
        value = reading.parse_json(body)
    except reading.Unreadable:
        return []
    found = value.values() if isinstance(value, dict) else [value]
    texts = (str(each) for each in found if isinstance(each, (str, int)) and len(str(each)) <= 100)
    return list(islice((text for text in texts if text), _MOST_ADDRESSES))
