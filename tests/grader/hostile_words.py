"""Words that a submission could write anywhere, and records that hold them in every field of text."""

import itertools
import unicodedata
from typing import Any

from pydantic import BaseModel

from grader import rubric
from grader.evidence import (
    AppStart,
    Call,
    CheckedExercise,
    Evidence,
    Exchange,
    Input,
    NotebookRun,
    Offer,
    Output,
    PlantedFault,
    Probe,
    RedTest,
    Scans,
    Secret,
    StoredObject,
    Submission,
    TestRun,
    sha256_of,
)
from grader.judge import Report, judge

CONTROL = [
    *(chr(code) for code in (*range(0x20), *range(0x7F, 0xA0)) if chr(code) not in "\n\t"),
    *map(chr, (*range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2070))),
    *"\xad\u061c\u180e\ufeff\u2028\u2029\ufff9\ufffb",  # hidden, a direction, an order of bytes, separators
    *"\ud800\udbff\udc00\udfff",  # half surrogate pairs
    *"\ufdd0\ufdef\ufffe\uffff\U0001fffe\U0010ffff",  # no characters
    *"\ue000\U000f0000\U000e0001\U000e0041",  # private ones and tags
    *"\u115f\u1160\u2800\u3164\uffa0\u034f",  # blank letters
]
MARKUP = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "</pre></td></title></style><svg/onload=alert(1)>",
    "]]>",
    "<![CDATA[x]]>",
    "<!-- -->",
    "&lt;b&gt; &amp;amp; &#60;",
    "${7*7} {{7*7}} {% raw %} #{7*7}",
    "[red]red[/red] [/] [/nowhere] [link=https://example.com]here[/link] :bomb:",
    "\x1b]8;;https://example.com\x1b\\here\x1b]8;;\x1b\\ \x1b[2J\x1b[31m",
    "\x9b31m \x1b]0;title\x07",
    "[here](javascript:alert(1)) ![x](https://example.com/x.png) <https://example.com>",
    "https://example.com www.example.com ada@example.com",
    "# heading\n\n- item\n1. one\n> quote\n\n```\ncode\n```\n\n    code\n\n---\n| a | b |\n|---|---|\n",
    "`code` *a* _b_ **c** ~~d~~ $e^2$ $$f$$ \\(g\\) \\begin{equation}h\\end{equation} @@0@@",
    "%load x\n!ls\n?\n'''\n\"\"\"\n\\N{BULLET}",
    "a\r\nb\rc\td",
    "Z" + "\u0335\u0336\u0337\u0338" * 20,
]
FORMULAS = [
    lead + sign + "cmd|' /C calc'!A0"
    for lead, sign in itertools.product(
        ("", "  ", '"', "'", "\xa0", "\u3000'", "\t", "\r", "\n", "x;", "x; '", '";"'),
        ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20", "\u2212", "\ufe66"),
    )
] + ["\tSUM(1)", "\rSUM(1)", "\nSUM(1)"]
EVERYTHING = "".join(CONTROL) + " ".join(MARKUP) + " ".join(FORMULAS)

_BLANK = frozenset(map(ord, "\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0"))
_OURS = frozenset(
    {"id", "section", "exchange", "criterion", "calls", "objects", "evidence", "sha256", "after", "outcome"}
)


def unseen(text: str, allowed: str = "\n") -> list[str]:
    """The characters of a text that nobody sees, or that change how others are seen."""
    wrong = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
    return [
        f"U+{ord(char):04X}"
        for char in text
        if char not in allowed and (unicodedata.category(char) in wrong or ord(char) in _BLANK)
    ]


def with_words(value: Any, words: str, *, keep_ours: bool = False) -> Any:
    """The same record with `words` before every text in it, dictionaries' keys included.

    Fields with a fixed list of values stay. `keep_ours`: so do identifiers, which are the grader's own.
    """
    if isinstance(value, BaseModel):
        changed = {
            name: with_words(getattr(value, name), words, keep_ours=keep_ours)
            for name, field in type(value).model_fields.items()
            if "Literal" not in str(field.annotation) and not (keep_ours and name in _OURS)
        }
        copy = value.model_copy(update=changed)
        return copy.with_blobs(value.blobs) if isinstance(value, Evidence) else copy
    if isinstance(value, str):
        return words + value
    if isinstance(value, dict):
        keys = (lambda key: key) if keep_ours else (lambda key: words + str(key))
        return {keys(key): with_words(each, words, keep_ours=keep_ours) for key, each in value.items()}
    if isinstance(value, tuple | list):
        return tuple(with_words(each, words, keep_ours=keep_ours) for each in value)
    return value


def evidence() -> Evidence:
    """Evidence with something in every field; harmless."""
    text = b"a poem"
    blobs = {sha256_of(text): text}
    prompt = Input(location="json", name="prompt", description="words", pattern=".*")
    exchange = Exchange(
        id="ex-1",
        purpose="generate",
        method="POST",
        url="/files?a=b",
        request_body="{}",
        status=201,
        headers={"content-type": "application/json"},
        content_type="application/json",
        body="{}",
        body_sha256=sha256_of(text),
        log='Traceback (most recent call last):\n  File "a.py", line 1, in make\nKeyError: 1',
    )
    lost = Exchange(id="ex-2", purpose="ask", method="GET", url="/", failure="no answer")
    call = Call(
        id="call-1",
        exchange="ex-1",
        route="/v1/responses",
        kind="text",
        key="sk",
        model="gpt",
        request="{}",
        status=200,
        error_code="none",
        fault="none",
        outputs=(Output(kind="text", media_type="text/plain", sha256=sha256_of(text), size=6),),
    )
    stored = StoredObject(
        id="obj-1",
        exchange="ex-1",
        bucket="b",
        key="a.txt",
        content_type="text/plain",
        sha256=sha256_of(text),
        size=6,
    )
    return Evidence(
        submission=Submission(name="ada", digest="sha256:1"),
        isolation="bubblewrap",
        bucket="b",
        canary_fingerprint="f",
        canary_seen=("log",),
        app=AppStart(target="main:app", found_by="name", failure="it ended", log="a log", openapi_url="/o"),
        exchanges=(exchange, lost),
        calls=(call,),
        objects=(stored,),
        offers=(
            Offer(
                kind="text",
                method="POST",
                path="/files",
                prompt_input=prompt,
                values={"a": ["b"]},
                exchange="ex-1",
                code="a.py, line 1",
            ),
        ),
        probes=(
            Probe(
                criterion="endpoint.generates_text",
                kind="text",
                asked="a poem",
                exchange="ex-1",
                calls=("call-1",),
                objects=("obj-1",),
                mark="m",
                not_applicable=None,
            ),
            Probe(criterion="endpoint.generates", kind="text", asked="a poem", exchange="ex-1"),
        ),
        only=(),
        test_run=TestRun(
            found=True,
            command="pytest",
            output="1 passed",
            failure="none",
            faults=(PlantedFault(name="no write", kind="text", tests=1, caught=True),),
            outside=("example.com",),
            red=(RedTest(name="a.py::b", why="no", where="a.py", hosts=("example.com",), needs=""),),
            programs=("git",),
            looked=("a.py, line 1: gc.get_objects",),
        ),
        notebooks=(
            NotebookRun(
                path="a.ipynb",
                failure="none",
                exercises={"1.1": CheckedExercise(state="done", sentence="good")},
            ),
        ),
        scans=Scans(
            secrets=(Secret(kind="key", where="a.py", shown="sk…"),),
            ci=("ci",),
            odd=("exits",),
            untouched=("a.py",),
        ),
        seconds=1.0,
        phases={"start": 1.0},
    ).with_blobs(blobs)


def report() -> Report:
    """A report with every section and status, with advice and with evidence; harmless."""
    whole = judge(evidence(), rubric.read())
    some = [
        result
        for _, results in itertools.groupby(whole.criteria, lambda result: result.section)
        for result in itertools.islice(results, 2)
    ]
    statuses = itertools.cycle(("failed", "passed", "not_run", "failed"))
    criteria = tuple(
        result.model_copy(
            update={
                "status": status,
                "summary": "A sentence.",
                "advice": ("Do this.",),
                "where": "a.py, line 1",
                "evidence": ("ex-1", "call-1", "ex-2"),
            }
        )
        for result, status in zip(some, statuses, strict=False)
    )
    return whole.model_copy(update={"criteria": criteria, "next_step": "Open a.py."})


def with_error(whole: Report) -> Report:
    """The same, with a fault of the grader's own."""
    first, *others = whole.criteria
    return whole.model_copy(update={"criteria": (first.model_copy(update={"status": "error"}), *others)})
