"""Every verdict of every criterion is said in the reader's language: on evidence made by hand, and by reading the criteria's code."""

import ast
import json
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from grader import criteria, openai_module
from grader.collect import start
from grader.criteria import ALL, reported
from grader.evidence import (
    AppStart,
    CheckedExercise,
    Evidence,
    Exchange,
    Miss,
    NotebookRun,
    PlantedFault,
    Probe,
    RedTest,
    Scans,
    Submission,
    TestRun,
    sha256_of,
)
from grader.inside.faults import FAULTS
from grader.judge import Result, judge
from grader.messages import Message, message_of
from grader.report.language import language
from grader.report.spoken import spoken
from grader.rubric import read
from tests.grader import sentences
from tests.grader.seen import GENERATED, MADE, STORED, evidence

GERMAN = language("de")
NAMES = ("passed", "failed", "not_run", "error")


def run(**facts) -> TestRun:
    return TestRun(**{"found": True, "exit_code": 0, "passed": 3, "seconds": 4.0, "served": True, **facts})


def planted(caught: bool | None, why: str = "") -> tuple[PlantedFault, ...]:
    return tuple(
        PlantedFault(name=fault.name, kind="text", tests=2, caught=caught, why=why) for fault in FAULTS
    )


def not_started(failure: str, verdict: str = "failed", *advice: str) -> Evidence:
    return evidence(
        app=AppStart(failure=failure, verdict=verdict, advice=advice),  # type: ignore[arg-type]
        offers=(), probes=(), exchanges=(), calls=(), objects=(),
    )  # fmt: skip


def unreached(app: AppStart, *answers: int | None) -> Evidence:
    exchanges = tuple(
        Exchange(
            id=f"ex-{at}", purpose="look for what generates", method="POST", url="/say", status=status,
            failure=None if status else "no answer within 20 seconds", body='{"detail": "no"}' if status else "",
        )
        for at, status in enumerate(answers, 10)
    )  # fmt: skip
    misses = tuple(Miss(exchange=one.id, prompt="json:words") for one in exchanges)
    plain = evidence(app=app, offers=(), probes=(), calls=(), objects=())
    return plain.model_copy(update={"exchanges": exchanges, "misses": misses})


def generating(**answer) -> Evidence:
    """One whose request to generate was answered otherwise."""
    made = MADE.model_copy(update=answer)
    return evidence().model_copy(update={"exchanges": (made,), "objects": ()})


def served(**answer) -> Evidence:
    got = Exchange(
        **{
            "id": "ex-9", "purpose": "get the file", "method": "GET", "url": "/texts/rain.txt", "status": 200,
            "content_type": "text/plain", "body_sha256": STORED.sha256, **answer,
        }
    )  # fmt: skip
    probe = Probe(
        criterion="endpoint.serves_file", kind="text", asked="the stored file rain.txt", exchange="ex-9"
    )
    return evidence(exchanges=(got,), probes=(probe,))


def asked_module(status: int) -> Evidence:
    pairs = {
        "module.models": (openai_module.LISTED, openai_module.DESCRIBED),
        "module.engines": (openai_module.LISTED, openai_module.DESCRIBED),
        "module.chat": (openai_module.PLAIN, openai_module.STREAMED),
        "module.completion": (openai_module.PLAIN,),
        "module.edits": (openai_module.PLAIN,),
        "module.images": (openai_module.PLAIN, openai_module.WITHOUT_MODEL),
        "module.transcription": (openai_module.PLAIN, openai_module.NO_SOUND),
        "module.translation": (openai_module.PLAIN, openai_module.NO_SOUND),
        "module.errors": (openai_module.RATE_LIMITED, openai_module.DROPPED),
    }
    answer = Exchange(
        id="ex-m",
        purpose="m",
        method="POST",
        url="/modules/openai/chat/",
        status=status,
        body='{"error": {"message": "no"}}',
    )
    probes = tuple(
        Probe(criterion=criterion, kind=None, asked=asked, exchange="ex-m", mark="heron")
        for criterion, each in pairs.items()
        for asked in each
    )
    return evidence(exchanges=(answer,), probes=probes)


def document(**operation) -> Evidence:
    whole = {"openapi": "3.1.0", "info": {"title": "t"}, "paths": {"/texts": {"post": operation}}}
    return evidence(document=json.dumps(whole).encode())


def secrets_of(**scans) -> Evidence:
    return evidence(scans=Scans(files=3, **scans))


CASES: dict[str, Evidence] = {
    "all is well": evidence(
        test_run=run(asked_for=("text",), boundaries={"app": True}, faults=planted(True)),
        notebooks=(NotebookRun(path="a.ipynb", cells=3, exercises={"01.1": CheckedExercise(state="done", sentence="Right.")}),),
        scans=Scans(files=3, ci=("ci.yml",), env_is_ignored=True),
    ),
    "nothing was handed in": Evidence(
        submission=Submission(name="ada", digest="d"), isolation="process", bucket="b", canary_fingerprint="f",
        app=AppStart(failure="No web application was found in the code."),
        test_run=TestRun(failure="There are no tests: no file named test_*.py or *_test.py."),
    ),
    "the skeleton": evidence(offers=(), probes=(), calls=(), objects=(), scans=Scans(files=1, untouched=("main.py",))),
    "it raised": not_started("The app did not start: main.py, line 3 (x = y): NameError: name 'y'"),
    "a module is missing": not_started(
        "main.py, line 1, imports rich, and no file of the submission declares the package that has it.", "failed",
        "Add the package of the module rich to requirements.txt. If rich is a file of your own, it was not handed in: git may ignore it. What it holds, such as a key, belongs into variables of the environment.",
    ),
    "a service is missing": not_started("The app needs Redis to start, and the grader has none (main.py, line 3: ConnectionError)", "not_run"),
    "the grader was slow": not_started(
        "The app did not answer within 61 seconds, of which the machine was busy with other work for 40. Grade it again when the machine has less to do.", "error"
    ),
    "nothing to try": evidence(offers=(), probes=(), calls=(), objects=()).model_copy(update={"exchanges": ()}),
    "nothing reached": unreached(AppStart(started=True, operations=2, mentions_openai=False), 422, 500, None),
    "guarded": unreached(AppStart(started=True, operations=2, presented=("header X-Key", "query key", "cookie k")), 401),
    "a login": unreached(AppStart(started=True, operations=2, login="POST /register answered 201"), 403),
    "a service when asked": unreached(AppStart(started=True, operations=2, needs="api.example.org"), 500),
    "crashed": generating(status=500),
    "silent": generating(status=None, failure="no answer within 20 seconds"),
    "nothing stored": generating(),
    "a prompt that went astray": evidence(probes=()).model_copy(
        update={"probes": (GENERATED.model_copy(update={"carriers": (), "astray": ("metadata",)}),)}
    ),
    "another type": evidence(objects=(STORED.model_copy(update={"content_type": "image/png"}),)),
    "other bytes": evidence(objects=(STORED.model_copy(update={"sha256": sha256_of(b"other")}),)),
    "served": served(),
    "served as something else": served(content_type="text/html"),
    "not served": served(status=404, body_sha256=None),
    "no server for files": evidence(
        probes=(Probe(criterion="endpoint.serves_file", kind="text", asked="the stored file", not_applicable="the app has no GET that takes a name"),)
    ),
    "other ordinary requests": evidence(
        exchanges=tuple(Exchange(id=f"ex-{at}", purpose="o", method="POST", url="/texts", status=status, failure=None if status else "the connection broke: ReadError") for at, status in ((20, 500), (21, None))),
        probes=tuple(Probe(criterion=each, kind="text", asked=asked, exchange=f"ex-{at}") for at, each, asked in ((20, "endpoint.ordinary", "a prompt with capitals, digits and punctuation"), (21, "endpoint.foreign", "a prompt in another language"))),
    ),
    "expected kinds": evidence(expected_kinds=("image",)),
    "a document without anything": document(),
    "a valid document": evidence(
        document=json.dumps(
            {
                "openapi": "3.1.0",
                "info": {"title": "t", "version": "1", "description": "d"},
                "paths": {"/texts": {"post": {"responses": {"201": {"description": "Made."}}}}},
            }
        ).encode()
    ),
    "a document of sentences": document(responses={"201": {"description": "x"}, "502": {"description": "x"}}, parameters=[{"in": "query", "name": "prompt", "schema": {"type": "string"}}]),
    "an old document": evidence(document=b'{"openapi": "2.0", "paths": {}}'),
    "a document that is none": evidence(document=b'{"openapi": "3.1.0", "paths": 7}'),
    "red tests": evidence(test_run=run(exit_code=1, failed=2, red=(RedTest(name="a", why="assert 1"), RedTest(name="b", hosts=("x.org",)))), scans=Scans(live_markers=("live",))),
    "no tests in the output": evidence(test_run=run(exit_code=2, passed=0, output="ERROR: x")),
    "docker": evidence(test_run=run(exit_code=1, red=(RedTest(name="a", needs="Docker"),))),
    "all skipped": evidence(test_run=run(passed=0, skipped=2)),
    "not in time": evidence(test_run=run(failure="The tests did not end within 300 seconds.")),
    "a busy machine": evidence(test_run=run(exit_code=1, red=(RedTest(name="a", why="x"),), programs=("uvicorn",), waited=9.0, seconds=10.0)),
    "for a later Python": evidence(test_run=run(exit_code=1, red=(RedTest(name="a", why="SyntaxError"),)), for_later_python=("a.py, line 2, is written for Python 3.14 or later, and this grader runs on 3.11.",)),
    "an uninstalled package": evidence(
        test_run=run(exit_code=1, red=(RedTest(name="a", why="No module named 'rich'"),)), uninstalled=("rich",),
        notebooks=(NotebookRun(path="a.ipynb", failure="code cell 1 raised ModuleNotFoundError: No module named 'rich'"),),
    ),
    "a host of AWS'": evidence(test_run=run(outside=("s3.amazonaws.com",))),
    "faults missed": evidence(test_run=run(asked_for=("text",), boundaries={"app": True}, faults=planted(False))),
    "faults undecided": evidence(test_run=run(asked_for=("text",), boundaries={"app": True}, faults=planted(None, "tests/test_a.py::test_b fails once with S3 refusing the file, and not again"))),
    "faults that can't be planted": evidence(test_run=run(asked_for=("text",), boundaries={"app": True}, replaced=("s3:text", "openai:text"), faults=planted(None))),
    "statuses alone": evidence(
        test_run=run(asked_for=("text",), boundaries={"app": True}, replaced=("s3:text", "openai:text"), faults=tuple(
            PlantedFault(name=fault.name, kind="text", tests=2, caught=not fault.contents) for fault in FAULTS))
    ),
    "an unknown fault": evidence(test_run=run(faults=(PlantedFault(name="heron", kind="text", tests=1, caught=True),))),
    "tests of other operations": evidence(test_run=run(faults=planted(True))),
    "no request of the tests": evidence(test_run=run(served=False, programs=("uvicorn",), faults=planted(True))),
    "code that looks for the runs": evidence(test_run=run(asked_for=("text",), boundaries={"app": True}, faults=planted(True), looked=("gc.get_objects()",))),
    "broken notebooks": evidence(notebooks=(NotebookRun(path="a.ipynb", failure="It did not end within 60 seconds."),)),
    "open exercises": evidence(notebooks=(NotebookRun(path="a.ipynb", cells=1, exercises={"01.1": CheckedExercise(state="open", sentence="Exercise 01.1: not yet, its notebook did not run to the end, so that it could not be tried.")}),)),
    "unclear exercises": evidence(notebooks=(NotebookRun(path="a.ipynb", cells=1, exercises={"01.1": CheckedExercise(state="unclear", sentence="x")}),)),
    "notebooks without anything": evidence(notebooks=(NotebookRun(path="a.ipynb"),)),
    "the module answers": asked_module(200),
    "the module refuses": asked_module(429),
    "the module says it is gone": asked_module(410),
}  # fmt: skip


def untranslated(message: Message | str | None) -> Iterator[str]:
    """What of a message no catalogue has: a template with places, or the whole text."""
    if message is None or isinstance(message, str):
        yield str(message)
    elif message.template:
        if GERMAN(message.template) == message.template and message.template not in SAME:
            yield message.template
        for field in message.fields.values():
            if isinstance(field, Message) and field.fields:
                yield from untranslated(field)
    else:
        for part in message.parts:
            if isinstance(part, Message):
                yield from untranslated(part)


# what is written alike in both languages
SAME = {
    text
    for text in (*reported.TEMPLATES, *sentences.templates())
    if GERMAN(text) == text and re.fullmatch(r"(GET )?[\W]*(\{\w+\}[\W]*)+", text)
}


@pytest.mark.parametrize("case", CASES)
def test_no_verdict_reaches_a_german_report_in_english(case):
    report = judge(CASES[case], read())
    left = {
        (result.id, text)
        for result in report.criteria
        for message in (result.messages.summary, *result.messages.advice) if result.messages
        for text in untranslated(message)
    } | {(result.id, result.summary) for result in report.criteria if result.messages is None}  # fmt: skip
    assert left == set()


def test_the_cases_hold_every_criterion_with_every_verdict_that_its_section_can_have():
    seen: dict[str, set[str]] = {}
    for case in CASES.values():
        for result in judge(case, read()).criteria:
            seen.setdefault(result.id, set()).add(result.status)
    assert set(seen) == {criterion.id for criterion in ALL}
    by_section: dict[str, set[str]] = {}
    for id, statuses in seen.items():
        by_section.setdefault(id.partition(".")[0], set()).update(statuses)
    for section in ("endpoint", "tests", "openapi", "module", "notebooks"):
        assert {"passed", "failed", "not_run"} <= by_section[section], section
    for section in ("endpoint", "tests", "notebooks"):
        assert "error" in by_section[section], section


def test_no_criterion_says_a_text_that_is_no_sentence():
    """What says a verdict gets a sentence; one that is written there as text would stay in English."""
    found = []
    for file in sorted(Path(criteria.__file__).parent.glob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                place = {"passed": 0, "failed": 0, "not_run": 0, "Verdict": 1, "Finding": 1}.get(node.func.id)
                if place is not None and len(node.args) > place:
                    text = node.args[place]
                    if isinstance(text, ast.JoinedStr) or isinstance(getattr(text, "value", None), str):
                        found.append(f"{file.name}, line {text.lineno}")
    assert found == []


# names in that code that hold sentences themselves
_SENTENCES = {
    "sentence": "a.py, line 7, imports x",
    "absent": "Python 3.11, which this grader runs on, has no X in y; a later one may.",
}


def _said(node: ast.expr) -> str:
    """A text as it is written, a word at each of its places."""
    if isinstance(node, ast.JoinedStr):
        return "".join(
            str(part.value)
            if isinstance(part, ast.Constant)
            else _SENTENCES.get(ast.unparse(part).strip("f'{}\""), "7")
            for part in node.values
        )
    return str(ast.literal_eval(node))


def test_what_a_start_says_is_recognised():
    """The reasons in the code of the start each have a template by which other languages have them."""
    folder = Path(start.__file__).parent
    said = []
    for name in ("start_reasons.py", "launching.py"):
        for node in ast.walk(ast.parse((folder / name).read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "Reason" and len(node.args) > 1:
                texts = [node.args[1], *(node.args[2].elts if len(node.args) > 2 and isinstance(node.args[2], ast.Tuple) else [])]  # fmt: skip
                said += [_said(each) for each in texts if isinstance(each, ast.JoinedStr | ast.Constant)]
    assert len(said) > 12
    assert [text for text in said if not _is_recognised(text)] == []


def _is_recognised(text: str) -> bool:
    message = message_of(reported.reported(text))
    return message is not None and (bool(message.fields) or message.template in reported.TEMPLATES)


def test_a_text_of_the_evidence_is_the_same_in_english():
    text = "The app did not start: main.py, line 3 (x): KeyError: '{reason}'"
    assert reported.reported(text) == text
    assert reported.reported("heron {count} of 3") == "heron {count} of 3"


def test_a_long_text_of_the_evidence_is_compared_quickly():
    began = time.process_time()
    for text in (", line 3, " * 9_000, "app.py, line 1, imports " * 150, "x" * 4_000):
        assert reported.reported(text) == text
    assert time.process_time() - began < 1


def test_what_a_start_says_is_said_in_german():
    result = next(each for each in judge(CASES["a module is missing"], read()).criteria)
    assert isinstance(result, Result)
    german = spoken(result, GERMAN)
    assert german.summary == (
        "main.py, Zeile 1, importiert rich, und keine Datei der Abgabe gibt das Paket an, in dem es liegt."
    )
    assert german.advice[0].startswith("Trag das Paket des Moduls rich in requirements.txt ein.")
