"""How an app is asked: within its own limits, within the grader's, and wherever its inputs are."""

import json
import tomllib
from types import SimpleNamespace

import pytest
from pydantic import ValidationError

from classroom.standin.mock import OpenAIMock
from grader.collect.code import azure
from grader.collect.exchange import budget, patience
from grader.collect.exchange.patience import Patience
from grader.collect.exchange.requests import build
from grader.collect.finding.discovery import decode_values, encode_values
from grader.collect.start.setting import Setting
from grader.criteria import BY_ID
from grader.criteria.criterion import Criterion, failed
from grader.evidence import AppStart, Evidence, Exchange, Miss, Submission
from grader.judge import _verdict
from grader.manifest import Endpoint


def answer(status: int = 429, body: str = "", **headers: str) -> Exchange:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Exchange(id="ex-1", purpose="", method="POST", url="/", status=status, body=body, headers=named)


# --- limits of the app's own


@pytest.mark.parametrize(
    ("refusal", "seconds"),
    [
        (answer(retry_after="3"), 3.05),
        (answer(body="Rate limit exceeded: 5 per 1 minute"), 60.0),
        (answer(body="10 requests/second"), 1.0),
        (answer(body="Slow down."), None),
        (answer(retry_after="soon"), None),
        (answer(retry_after="9" * 5000), None),
    ],
)
def test_an_answer_names_how_long_to_wait(refusal, seconds):
    assert patience.seconds_named(refusal) == seconds


def test_only_what_keeps_requests_off_is_waited_for():
    kept_off = [answer(429), answer(503, retry_after="1")]
    assert all(map(patience.protects_itself, kept_off))
    assert not any(map(patience.protects_itself, [answer(503), answer(500), answer(200)]))


def test_after_a_limit_the_rest_is_paced():
    waited: list[float] = []
    waits = Patience(waited.append)
    for _ in range(4):
        waits.before()
    assert waits.after(answer(retry_after="2"), 1)
    waits.before()
    assert waited == [2.05, 2.05 / 4]


def test_a_limit_by_the_hour_is_not_waited_for():
    waited: list[float] = []
    assert not Patience(waited.append).after(answer(retry_after="3600"), 1)
    assert waited == []


def test_waiting_comes_to_an_end():
    waited: list[float] = []
    waits = Patience(waited.append)
    while waits.after(answer(retry_after="60"), 1):
        waits.before()
    assert sum(waited) <= patience.MOST_WAITING


# --- what the grader itself could not do is its error


def evidence(*exchanges: Exchange, **facts: object) -> Evidence:
    return Evidence(
        submission=Submission(name="ada", digest="d"),
        isolation="process",
        bucket="b",
        canary_fingerprint="f",
        exchanges=exchanges,
        **facts,  # type: ignore[arg-type]
    )


def test_a_failure_that_rests_on_a_withheld_answer_is_an_error():
    withheld = answer().model_copy(update={"withheld": "the grader could not wait"})
    criterion = Criterion("errors.some", "", "", lambda seen: failed("It fails.", ("ex-1",)))
    verdict = _verdict(criterion, evidence(withheld), {})
    assert (verdict.status, verdict.summary) == ("error", "It can't be judged: the grader could not wait.")
    assert _verdict(criterion, evidence(answer()), {}).status == "failed"


def test_one_request_may_not_use_up_the_calls_of_all():
    allowance = budget.PerRequest(10_000, 10_000_000)
    allowance.begin()
    assert sum(allowance.take({}) for _ in range(budget.MOST_CALLS + 50)) == budget.MOST_CALLS
    assert allowance.refused == 50
    allowance.begin()
    assert allowance.take({})
    assert allowance.refused == 0


# --- where inputs go


@pytest.mark.parametrize(
    ("facts", "place"),
    [
        ({"path": "/say", "prompt": "word"}, "json"),
        ({"path": "/say", "prompt": "word", "method": "GET"}, "query"),
        ({"path": "/say/{word}", "prompt": "word"}, "path"),
        ({"path": "/say", "prompt": "word", "prompt_in": "form"}, "form"),
        ({"path": "/say", "prompt": "x-word", "prompt_in": "header", "method": "PUT"}, "header"),
        ({"path": "/say", "prompt": "", "prompt_in": "json"}, "json"),
        ({"path": "/say", "prompt": "", "prompt_in": "text"}, "text"),
    ],
)
def test_a_manifest_places_the_prompt(facts, place):
    assert Endpoint(**facts).prompt_place == place


def test_a_manifest_places_the_other_inputs():
    endpoint = Endpoint(
        path="/{room}/say",
        prompt="word",
        prompt_in="form",
        fixed={"room": 1, "voice": "onyx", "x-team": "a"},
        fixed_in={"x-team": "header"},
    )
    assert [endpoint.place_of(name) for name in endpoint.fixed] == ["path", "form", "header"]


@pytest.mark.parametrize("name", ["host", "content-length", "two words", "line\nbreak"])
def test_a_manifest_can_not_steer_the_connection(name):
    with pytest.raises(ValidationError):
        Endpoint(path="/say", prompt=name, prompt_in="header")
    with pytest.raises(ValidationError):
        Endpoint(path="/say", prompt="word", fixed={name: "x"}, fixed_in={name: "header"})


def test_a_number_in_a_path_is_a_place_in_a_list():
    values = {("json", "messages.0.role"): "user", ("json", "messages.0.content"): "hello"}
    assert build("POST", "/chat", values).json == {"messages": [{"role": "user", "content": "hello"}]}
    assert build("POST", "/chat", {("json", "0.content"): "hello"}).json == [{"content": "hello"}]


# --- Azure


def test_azures_variables_are_for_apps_that_ask_for_them(tmp_path):
    (tmp_path / "app.py").write_text("client = OpenAI()\n")
    assert azure.environment(tmp_path, "http://127.0.0.1:1/v1", "key") == {}
    (tmp_path / "app.py").write_text(
        'AzureOpenAI(azure_deployment=os.environ["AZURE_OPENAI_DALLE3_DEPLOYMENT"])\n'
    )
    named = azure.environment(tmp_path, "http://127.0.0.1:1/v1", "key")
    assert named["AZURE_OPENAI_ENDPOINT"] == "http://127.0.0.1:1"
    assert named["AZURE_OPENAI_DALLE3_DEPLOYMENT"] == "azure-openai-dalle3-deployment"


def test_any_name_may_be_a_deployments():
    with OpenAIMock(any_deployment=True) as openai:
        standin = openai._standin
        assert standin.deployed("our-writer", "chat/completions") == "gpt-5.4-mini"
        assert standin.deployed("team-gpt41mini", "chat/completions") == "gpt-4.1-mini"
        assert standin.deployed("our-painter", "images/generations") == "gpt-image-2"
    with OpenAIMock() as openai:
        assert openai._standin.deployed("our-writer", "chat/completions") == "our-writer"


# --- where nothing was found


def test_the_report_quotes_the_nearest_answer_and_gives_lines_to_copy():
    near = answer(422, '{"detail": "Mood must be calm"}').model_copy(
        update={"purpose": "look for what generates", "url": "/orders?loud=1", "place": "/orders"}
    )
    miss = Miss(exchange="ex-1", prompt="json:subject", values={"json:mood": "x", "query:loud": 1})
    started = AppStart(started=True, openapi_url="/openapi.json", operations=1)
    verdict = BY_ID["endpoint.starts"].judge(evidence(near, app=started, misses=(miss,)))
    assert 'Nearest: POST /orders answered 422: “{"detail": "Mood must be calm"}”.' in verdict.summary
    lines = verdict.advice[0].partition("\n")[2]

    [endpoint] = tomllib.loads(lines)["tool"]["lab"]["endpoint"]
    known = Endpoint(**endpoint)
    assert (known.path, known.prompt, known.prompt_place) == ("/orders", "subject", "json")
    assert (known.place_of("mood"), known.place_of("loud")) == ("json", "query")


def test_a_file_among_the_values_of_an_offer_is_kept():
    values = {("multipart", "photo"): ("a.png", b"\x89PNG", "image/png"), ("json", "a"): {"b": 1}}
    assert decode_values(json.loads(json.dumps(encode_values(values)))) == values


@pytest.mark.parametrize(
    ("only", "family", "asked"),
    [
        ((), "errors.", True),
        (("errors.quota",), "errors.", True),
        (("errors.quota",), "validation.", False),
        (("errors",), "validation.", True),
        (("openapi",), "errors.timeout", True),
        (("openapi.inputs",), "errors.", False),
        (("validation",), "errors.", False),
    ],
)
def test_what_a_criterion_reads_is_asked_when_it_is_judged_alone(only, family, asked):
    assert Setting.wants(SimpleNamespace(only=only), family) is asked
