"""What single verdicts are made of: documents, addresses of files, errors that say nothing."""

import json

import pytest

from classroom.standin.scripting import faults
from grader import rubric
from grader.collect.exchange.keeping import MAX_BODY, readable
from grader.criteria import BY_ID
from grader.criteria.planted_faults import advise
from grader.evidence import AppStart, Exchange, Output, PlantedFault, Probe, RedTest, TestRun, cap, sha256_of
from grader.judge import judge
from tests.grader.seen import CALL, MADE, OFFER, PROMPT, STORED, evidence

MODEL = {"content": {"application/json": {"schema": {"type": "object", "properties": {"detail": {}}}}}}
SENTENCE = {"description": "OpenAI failed."}


def responses_of(redirected_with=None, **documented):
    answers = {code.removeprefix("_"): facts for code, facts in documented.items()}
    document = {"openapi": "3.1.0", "paths": {"/texts": {"post": {"responses": answers}}}}
    seen = evidence(document=json.dumps(document).encode())
    if redirected_with:
        exchanges = [each.model_copy(update={"redirected_with": redirected_with}) for each in seen.exchanges]
        seen = seen.model_copy(update={"exchanges": tuple(exchanges)})
    return BY_ID["openapi.responses"].judge(seen)


def test_an_answer_that_leads_to_the_file_is_a_success():
    assert responses_of(_303=SENTENCE, _422=MODEL, redirected_with=303).status == "passed"
    assert "303" in responses_of(_200=MODEL, _422=MODEL, redirected_with=303).summary


def test_an_error_that_is_described_by_a_sentence_alone_has_no_model():
    verdict = responses_of(_201=MODEL, _422=MODEL, _502=SENTENCE)
    assert verdict.status == "failed"
    assert "502" in verdict.summary
    assert "422" not in verdict.summary


def test_errors_with_models_are_documented():
    assert responses_of(_201=MODEL, _422=MODEL, _502=MODEL).status == "passed"


def described(**made):
    info = {"title": "Texts", "version": "1", "description": "Writes texts."}
    document = {"openapi": "3.1.0", "info": info, "paths": {"/texts": {"post": made}}}
    return BY_ID["openapi.described"].judge(evidence(document=json.dumps(document).encode()))


@pytest.mark.parametrize("lacking", ["summary", "description", "tags"])
def test_an_operation_lacks_nothing_that_describes_it(lacking):
    whole = {"summary": "Write", "description": "Writes a text.", "tags": ["texts"]}
    assert described(**whole).status == "passed"
    verdict = described(**{name: value for name, value in whole.items() if name != lacking})
    assert (verdict.status, f"no {lacking}" in verdict.summary) == ("failed", True)


@pytest.mark.parametrize("name", ["example", "examples", "default"])
def test_every_form_of_an_example_counts(name):
    schema = {
        "type": "object",
        "properties": {"prompt": {"type": "string", "description": "What to say.", name: "a fox"}},
    }
    if name == "examples":
        schema["properties"]["prompt"]["examples"] = ["a fox"]
    body = {"content": {"application/json": {"schema": schema}}}
    document = {"openapi": "3.1.0", "paths": {"/texts": {"post": {"requestBody": body}}}}
    assert BY_ID["openapi.inputs"].judge(evidence(document=json.dumps(document).encode())).status == "passed"


@pytest.mark.parametrize(
    ("taken", "named", "status"),
    [
        ("prompt", "prompt", "passed"),
        ("messages.0.content", "messages", "passed"),
        ("", "anything", "passed"),
        ("hidden_words", "prompt", "failed"),
    ],
)
def test_a_document_that_names_other_inputs_than_the_app_takes_fails(taken, named, status):
    schema = {
        "type": "object",
        "properties": {named: {"type": "string", "description": "What to say.", "example": "a fox"}},
    }
    body = {"content": {"application/json": {"schema": schema}}}
    document = {"openapi": "3.1.0", "paths": {"/texts": {"post": {"requestBody": body}}}}
    offer = OFFER.model_copy(update={"prompt_input": PROMPT.model_copy(update={"name": taken})})
    seen = evidence(document=json.dumps(document).encode(), offers=(offer,))
    assert BY_ID["openapi.inputs"].judge(seen).status == status


def failing(body: str, status: int = 500, log: str = "") -> tuple[Exchange, Probe]:
    answer = Exchange(
        id="ex-2",
        purpose="",
        method="POST",
        url="/texts",
        place="/texts",
        request_body='{"prompt": "rain"}',
        status=status,
        content_type="application/json",
        body=body,
        log=log,
    )
    probe = Probe(
        criterion="errors.server_error",
        kind="text",
        asked="OpenAI fails (500)",
        exchange="ex-2",
        calls=("call-1",),
    )
    return answer, probe


def judged(body: str, status: int = 500, log: str = ""):
    answer, probe = failing(body, status, log)
    return BY_ID["errors.server_error"].judge(evidence(exchanges=(answer,), probes=(probe,)))


_TRACE = "Traceback (most recent call last): in /home/ada/app.py"
_PADDED = json.dumps({"detail": "x" * 40_000 + _TRACE + "x" * 40_000})
_ESCAPED = '{"detail": "' + "".join(f"\\u{ord(letter):04x}" for letter in _TRACE) + '"}'


@pytest.mark.parametrize(
    ("content", "content_type"),
    [
        (_PADDED.encode(), "application/json"),
        (_ESCAPED.encode(), "application/json"),
        (_TRACE.encode() + b"\xff\xfe", "text/plain"),
        (_TRACE.encode(), "application/octet-stream"),
    ],
    ids=["in the middle of a long answer", "in escapes", "beside bytes that are no text", "as no text"],
)
def test_the_inside_is_seen_wherever_an_answer_has_it(content, content_type):
    answer, probe = failing(cap(readable(content, content_type), MAX_BODY))
    answer = answer.model_copy(update={"content_type": content_type, "body_sha256": sha256_of(content)})
    seen = evidence(exchanges=(answer,), probes=(probe,)).with_blobs({sha256_of(content): content})
    assert BY_ID["errors.no_internals"].judge(seen).status == "failed"


@pytest.mark.parametrize(
    ("content", "status"), [(b'{"a": "characters left out"}', "passed"), (b"characters left out", "failed")]
)
def test_words_of_ours_make_no_json(content, status):
    answer, probe = failing(content.decode())
    answer = answer.model_copy(update={"body_sha256": sha256_of(content)})
    seen = evidence(exchanges=(answer,), probes=(probe,)).with_blobs({sha256_of(content): content})
    assert BY_ID["errors.server_error"].judge(seen).status == status


@pytest.mark.parametrize(
    ("page", "status", "usual", "expected"),
    [
        ("<h1>Wishes</h1><p role='alert'>OpenAI is not answering.</p>", 502, "text/html; charset=utf-8", "passed"),
        ("<h1>Error</h1><p>Something went wrong.</p>", 502, "text/html", "failed"),
        ("<h1>Internal Server Error</h1><p>The server is overloaded.</p>", 500, "text/html", "failed"),
        ("<p>OpenAI is not answering.</p>", 502, "application/json", "failed"),
    ],
    ids=["says what is wrong", "says nothing", "a crash", "of an app that answers with JSON"],
)  # fmt: skip
def test_an_app_with_pages_for_people_may_say_on_one_what_is_wrong(page, status, usual, expected):
    answer, probe = failing(page, status)
    seen = evidence(exchanges=(answer.model_copy(update={"content_type": "text/html"}),), probes=(probe,))
    made = [
        each.model_copy(update={"content_type": usual}) if each.id == MADE.id else each
        for each in seen.exchanges
    ]
    verdict = BY_ID["errors.server_error"].judge(seen.model_copy(update={"exchanges": tuple(made)}))
    assert verdict.status == expected
    assert bool(verdict.advice) is (expected == "passed")


def test_an_answer_that_says_nothing_passes_with_advice_on_what_a_clear_one_would_be():
    verdict = judged('{"detail": "Internal server error"}')
    assert verdict.status == "passed"
    assert "A clear error" in verdict.advice[0]


def test_an_answer_that_says_what_went_wrong_gets_no_advice():
    assert judged('{"detail": "OpenAI could not be asked. Try again later."}', 502).advice == ()


TRACE = """Traceback (most recent call last):
  File "/usr/lib/python3/site-packages/starlette/routing.py", line 73, in app
    response = await f(request)
  File "/submission/service/api.py", line 41, in make
    made = client.responses.create(model="m", input=prompt)
openai.InternalServerError: Error code: 500
"""


def test_a_failed_criterion_says_what_came_back_what_was_expected_and_where_in_the_code():
    answer, probe = failing('"oops"', 200, log=TRACE)
    report = judge(evidence(exchanges=(answer,), probes=(probe,)), rubric.read())
    [result] = [each for each in report.criteria if each.id == "errors.server_error"]
    assert result.status == "failed"
    for part in ("POST /texts", "200", "Expected"):
        assert part in result.summary
    assert result.where.startswith("/submission/service/api.py, line 41, in make: openai.InternalServerError")


@pytest.mark.parametrize(("name", "status"), [("fox.txt", "passed"), ("fox.png", "failed")])
def test_an_extension_that_has_a_file_of_its_own_kind_made_contradicts_nothing(name, status):
    probe = Probe(
        criterion="validation.extension_mismatch",
        kind="text",
        asked=f"a file that ends with {name[-4:]}",
        exchange="ex-1",
        calls=("call-1",),
        objects=("obj-1",),
        name=name,
    )
    verdict = BY_ID["validation.extension_mismatch"].judge(evidence(probes=(probe,)))
    assert verdict.status == status


@pytest.mark.parametrize(
    "message",
    [
        "(sqlite3.IntegrityError) NOT NULL constraint failed: notes.words",
        "Background on this error at: https://sqlalche.me/e/20/gkpj",
        "could not run [SQL: INSERT INTO notes (words) VALUES (?)]",
        "syntax error in SELECT words, owner FROM notes WHERE owner = 3",
    ],
)
def test_an_answer_that_shows_a_database_s_statement_or_exception_shows_the_inside(message):
    answer, probe = failing(json.dumps({"error": message}), 500)
    seen = evidence(exchanges=(answer,), probes=(probe,))
    assert BY_ID["errors.no_internals"].judge(seen).status == "failed"


@pytest.mark.parametrize(("status", "verdict"), [(200, "failed"), (500, "failed")])
def test_what_openai_said_is_for_no_stranger_whatever_the_status(status, verdict):
    said = max(faults.MESSAGES, key=len)
    answer, probe = failing(json.dumps({"response": f"Error: {said}"}), status)
    seen = evidence(exchanges=(answer,), probes=(probe,))
    assert BY_ID["errors.no_internals"].judge(seen).status == verdict


def test_an_answer_of_success_may_name_its_own_places():
    answer, probe = failing('{"url": "http://b/made/1.txt", "file": "/tmp/1.txt"}', 200)
    seen = evidence(exchanges=(answer,), probes=(probe,))
    assert BY_ID["errors.no_internals"].judge(seen).status == "not_run"


@pytest.mark.parametrize(("variables", "verdict"), [(("DEBUG",), "not_run"), ((), "failed")])
def test_a_page_for_the_author_counts_only_where_the_author_left_it_on(variables, verdict):
    page = "<p>You’re seeing this error because you have <code>DEBUG = True</code></p><pre>/home/ada/views.py</pre>"
    answer, probe = failing(page, 500)
    started = AppStart(started=True, seconds=1.0, variables=variables)
    seen = evidence(exchanges=(answer,), probes=(probe,), app=started)
    assert BY_ID["errors.no_internals"].judge(seen).status == verdict


def test_an_answer_in_words_that_databases_use_too_shows_nothing():
    answer, probe = failing(
        '{"error": "Select a file from the list where you keep them, or insert into it."}', 500
    )
    seen = evidence(exchanges=(answer,), probes=(probe,))
    assert BY_ID["errors.no_internals"].judge(seen).status == "passed"


def test_a_service_that_is_not_here_is_no_failure_of_what_asked_openai_first():
    broken = MADE.model_copy(update={"status": 500, "body": '{"error": "could not translate host name"}'})
    seen = evidence(objects=(), offers=(OFFER,)).model_copy(
        update={"exchanges": (broken,), "app": AppStart(started=True, needs="PostgreSQL")}
    )
    verdict = BY_ID["endpoint.generates_text"].judge(seen)
    assert (verdict.status, "needs PostgreSQL" in verdict.summary) == ("not_run", True)


def test_a_check_that_lacks_belongs_into_the_endpoint_and_not_where_openai_refused():
    refused = MADE.model_copy(update={"id": "ex-2", "log": TRACE, "status": 500})
    blank = Probe(
        criterion="validation.blank_prompt",
        kind="text",
        asked="an empty prompt",
        exchange="ex-2",
        calls=("call-1",),
    )
    offer = OFFER.model_copy(update={"code": "service/api.py, line 12, create"})
    report = judge(evidence(exchanges=(refused,), probes=(blank,), offers=(offer,)), rubric.read())
    [result] = [each for each in report.criteria if each.id == "validation.blank_prompt"]
    assert (result.status, result.where) == ("failed", "service/api.py, line 12, create")


# --- suites that start programs of their own


@pytest.mark.parametrize(
    ("seconds", "waited", "status"), [(20.0, 8.0, "error"), (20.0, 1.0, "failed"), (1.0, 0.9, "failed")]
)
def test_tests_that_wait_for_a_program_are_the_author_s_unless_the_machine_was_long_busy(
    seconds, waited, status
):
    red = RedTest(name="test_server", why="no answer within 3 seconds")
    run = TestRun(
        found=True,
        exit_code=1,
        passed=1,
        failed=1,
        red=(red,),
        programs=("redis-server",),
        seconds=seconds,
        waited=waited,
    )
    assert BY_ID["tests.pass"].judge(evidence(test_run=run)).status == status


@pytest.mark.parametrize(
    ("stored", "said"),
    [
        ("Grüße – vom Meer".encode("cp1252"), "in cp1252, not in UTF-8"),
        ("Grüße – vom Meer".encode("utf-16"), "in utf-16, not in UTF-8"),
        ("Grüße – vom Meer\n".encode(), "other spaces or line ends"),
        (b"An apology.", "is not what OpenAI returned"),
    ],
)
def test_how_a_stored_text_differs_from_what_was_made_is_said(stored, said):
    text = "Grüße – vom Meer".encode()
    made = Output(kind="text", media_type="text/plain", sha256=sha256_of(text), size=len(text))
    kept = STORED.model_copy(update={"sha256": sha256_of(stored)})
    call = CALL.model_copy(update={"outputs": (made,)})
    blobs = {sha256_of(each): each for each in (text, stored)}
    seen = evidence(calls=(call,), objects=(kept,))
    verdict = BY_ID["endpoint.saves_to_s3"].judge(seen.with_blobs({**seen.blobs, **blobs}))
    assert (verdict.status, said in verdict.summary) == ("failed", True)


@pytest.mark.parametrize(("replaced", "said"), [((), 1), (("s3:text",), 0), (("openai:text",), 1)])
def test_what_tests_replace_is_not_said_to_go_unnoticed(replaced, said):
    fault = PlantedFault(name="wrong_key", kind="text", tests=1, caught=False)
    assert len(advise(TestRun(replaced=replaced, asked_for=("text",), faults=(fault,)))) == said


@pytest.mark.parametrize(
    ("read", "advised"),
    [
        ("Say this: My neighbour Selma found 410 coins.", False),
        ("my neighbour selma found 410 coins.", True),
        ("MY NEIGHBOUR SELMA FOUND 410 COINS.", True),
    ],
)
def test_an_app_that_puts_a_prompt_into_other_letters_is_advised_not_to(read, advised):
    ordinary = Probe(
        criterion="endpoint.ordinary", kind="text", asked="x", exchange="ex-9", calls=("call-9",), mark="Selma 410",
        carriers=("call-9",), objects=("obj-9",),
    )  # fmt: skip
    request = json.dumps({"input": read})
    call = CALL.model_copy(update={"id": "call-9", "exchange": "ex-9", "request": request})
    seen = evidence(
        exchanges=(MADE.model_copy(update={"id": "ex-9"}),),
        probes=(ordinary,),
        calls=(CALL, call),
        objects=(STORED, STORED.model_copy(update={"id": "obj-9", "exchange": "ex-9"})),
    )
    verdict = BY_ID["endpoint.uses_prompt"].judge(seen)
    assert (verdict.status, bool(verdict.advice)) == ("passed", advised)
