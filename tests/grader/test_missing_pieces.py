"""A piece that is missing costs what depends on it, and nothing else."""

import pytest

from grader import rubric
from grader.collect.code.elsewhere import host_of_client
from grader.criteria import BY_ID
from grader.evidence import AppStart, Environment, Exchange, Probe, Scans
from grader.judge import judge
from tests.grader.seen import CALL, OFFER, PROMPT, evidence


def statuses(seen) -> dict[str, str]:
    return {result.id: result.status for result in judge(seen, rubric.read()).criteria}


def test_an_app_without_a_document_starts_and_generates():
    seen = statuses(evidence())
    assert {seen[f"endpoint.{name}"] for name in ("starts", "generates_text", "uses_prompt")} == {"passed"}


def test_an_app_without_a_document_loses_the_document_s_criteria_alone():
    with_one, without = statuses(evidence(document=b'{"openapi": "3.1.0"}')), statuses(evidence())
    changed = {id for id in without if without[id] != with_one[id]}
    assert {id.partition(".")[0] for id in changed} <= {"openapi"}
    assert without["openapi.valid"] == "failed"


def test_a_missing_document_is_described_by_what_was_asked_and_what_came_back():
    asked = Exchange(
        id="ex-9", purpose="fetch the OpenAPI document", method="GET", url="/openapi.json", status=404
    )
    verdict = BY_ID["openapi.valid"].judge(evidence(exchanges=(asked,)))
    assert "GET /openapi.json answered 404" in verdict.summary


def test_a_long_prompt_is_judged_by_what_came_of_it_where_no_document_names_a_limit():
    refused = Exchange(id="ex-2", purpose="", method="POST", url="/texts", status=413)
    probe = Probe(
        criterion="validation.oversized_prompt",
        kind="text",
        asked="a prompt of 1000001 characters",
        exchange="ex-2",
    )
    verdict = BY_ID["validation.oversized_prompt"].judge(evidence(exchanges=(refused,), probes=(probe,)))
    assert verdict.status == "passed"


@pytest.mark.parametrize(
    ("limit", "openai", "answered", "status"),
    [
        (6000, 400, 422, "passed"),
        (None, 400, 422, "failed"),  # no limit of its own
        (6000, 400, 502, "failed"),  # the caller is told that the server is to blame
        (6000, 200, 422, "failed"),  # it was paid for
    ],
)
def test_a_prompt_beyond_openai_s_limit_may_be_refused_by_openai_where_the_app_has_a_limit(
    limit, openai, answered, status
):
    refused = Exchange(id="ex-2", purpose="", method="POST", url="/texts", place="/texts", status=answered)
    call = CALL.model_copy(update={"id": "call-2", "exchange": "ex-2", "status": openai, "outputs": ()})
    probe = Probe(
        criterion="validation.oversized_prompt",
        kind="text",
        asked="a prompt of 4097 characters",
        exchange="ex-2",
        calls=("call-2",),
    )
    offer = OFFER.model_copy(update={"prompt_input": PROMPT.model_copy(update={"max_length": limit})})
    seen = evidence(exchanges=(refused,), probes=(probe,), calls=(CALL, call), offers=(offer,))
    assert BY_ID["validation.oversized_prompt"].judge(seen).status == status


@pytest.mark.parametrize(("used", "status"), [(True, "passed"), (False, "not_run")])
def test_a_key_that_was_never_used_can_not_be_seen_to_stay_inside(used, status):
    seen = evidence() if used else evidence(calls=())
    assert BY_ID["secrets.not_leaked"].judge(seen).status == status


def test_a_key_that_was_printed_is_a_leak_though_openai_was_never_called():
    assert BY_ID["secrets.not_leaked"].judge(evidence(calls=(), canary_seen=("the app's log",))).status == (
        "failed"
    )


def test_an_env_file_that_was_committed_fails_whatever_gitignore_says():
    verdict = BY_ID["secrets.ignored_by_git"].judge(
        evidence(scans=Scans(files=1, env_is_ignored=True, tracked_env=("backend/.env",)))
    )
    assert verdict.status == "failed"
    assert "backend/.env" in verdict.summary


@pytest.mark.parametrize(
    ("code", "host"),
    [
        ("OpenAI(api_key=key, base_url='https://router.example/api/v1')", "router.example"),
        ("openai.AsyncOpenAI(base_url='https://api.openai.com/v1')", None),
        ("OpenAI(base_url=os.environ['OPENAI_BASE_URL'])", None),
        ("OpenAI(base_url='http://localhost:11434/v1')", None),
        ("Chart(base_url='https://charts.example')", None),
        ("OpenAI(base_url='https://[broken')", None),
    ],
)
def test_another_service_s_address_in_a_client_is_read(tmp_path, code, host):
    (tmp_path / "asking.py").write_text(f"client = {code}\n")
    assert host_of_client(tmp_path) == host


def test_an_app_that_asks_another_service_is_reported_and_not_failed():
    app = AppStart(started=True, operations=1, needs="router.example")
    asked = Exchange(id="ex-1", purpose="look for what generates", method="POST", url="/ask", status=500)
    seen = evidence(app=app, offers=(), exchanges=(), probes=()).model_copy(
        update={"exchanges": (asked,), "probes": ()}
    )
    verdict = BY_ID["endpoint.starts"].judge(seen)
    assert verdict.status == "not_run"
    assert "needs router.example" in verdict.summary
    assert "OPENAI_BASE_URL" in verdict.advice[0]


@pytest.mark.parametrize(
    ("ignored", "status"),
    [
        ("sqlalchemy is left out: it does not fit here, and nothing imports it.", "error"),
        ("sqlalchemy is left out: only its developers need it.", "failed"),
        ("psycopg2-binary is left out: it does not fit here, and nothing imports it.", "failed"),
    ],
)
def test_a_start_that_fails_in_another_version_than_was_asked_for_is_the_grader_s_trouble(ignored, status):
    app = AppStart(
        target="main:app", failure="AttributeError: module 'sqlalchemy' has no attribute '__all__'"
    )
    seen = evidence(
        app=app, offers=(), environment=Environment(packages=("sqlalchemy==2.1.9",), ignored=(ignored,))
    )
    assert BY_ID["endpoint.starts"].judge(seen).status == status


def test_a_module_that_a_package_may_have_which_the_grader_left_out_is_not_the_work_s_fault():
    app = AppStart(
        failure="shop/urls.py, line 3, imports lanterns, and no file of the submission declares the package that has it.",
        target="shop.asgi:application",
    )
    left_out = "django-night-light is left out: it has no wheel, and the grader builds nothing."
    idle = "black is left out: only its developers need it."
    for ignored, status in ((left_out, "error"), (idle, "failed")):
        seen = evidence(app=app, offers=(), environment=Environment(packages=(), ignored=(ignored,)))
        verdict = BY_ID["endpoint.starts"].judge(seen)
        assert verdict.status == status
        assert ("django-night-light" in verdict.summary) is (status == "error")


def test_the_line_of_the_log_that_shows_the_key_is_quoted():
    app = AppStart(target="main:app", started=True, log=f"INFO up\n{'x' * 200} key=(the key) done\n")
    summary = BY_ID["secrets.not_leaked"].judge(evidence(app=app, canary_seen=("the app's log",))).summary
    assert "x key=(the key)" in summary
    assert len(summary) < 300
