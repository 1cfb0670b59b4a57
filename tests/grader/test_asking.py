"""How an app is asked: within its own limits, within the grader's, and wherever its inputs are."""

import json
import socket
import threading
import time
import tomllib
from types import SimpleNamespace

import pytest
from pydantic import ValidationError
from websockets.sync.server import serve

from classroom.standin.mock import OpenAIMock
from grader.collect.code import azure
from grader.collect.code.handlers import Sources
from grader.collect.exchange import budget, patience
from grader.collect.exchange.patience import Patience
from grader.collect.exchange.requests import build
from grader.collect.exchange.sockets import Broken, converse
from grader.collect.finding import html_forms, routes
from grader.collect.finding.discovery import decode_values, encode_values
from grader.collect.finding.swagger import as_openapi
from grader.collect.finding.values import assign
from grader.collect.start.setting import Setting
from grader.criteria import BY_ID
from grader.criteria.criterion import Criterion, failed
from grader.evidence import AppStart, Evidence, Exchange, Miss, Submission
from grader.judge import _verdict
from grader.manifest import Endpoint
from grader.operations import Operation, operations


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


# --- what no document says


def test_the_inputs_of_a_function_are_read_from_its_source(tmp_path):
    (tmp_path / "views.py").write_text(
        "@app.post('/x')\n"
        "def make():\n"
        "    data = request.get_json() or {}\n"
        "    hero, mood = data['hero'], data.get('mood', 'calm')\n"
        "    if mood not in ('calm', 'merry'):\n"
        "        return other(request)\n"
        "def other(request):\n"
        "    return request.args.get('page'), request.form['look'], request.headers.get('X-Team')\n"
    )
    found = Sources(tmp_path).inputs("views.py", 1)
    assert found is not None
    assert {(one.location, one.name) for one in found} == {
        ("json", "hero"),
        ("json", "mood"),
        ("query", "page"),
        ("form", "look"),
        ("header", "X-Team"),
    }
    assert next(one for one in found if one.name == "mood").choices == ("calm", "merry")


@pytest.mark.parametrize(
    ("reading", "found"),
    [
        ("words = (await request.body()).decode()", {("text", "")}),
        ("words = request.get_data(as_text=True)", {("text", "")}),
        ("words = json.loads(await request.body())['hero']", {("json", "hero")}),
        ("words = request.form['hero'] or request.data", {("form", "hero")}),
        ("words = Order.model_validate_json(await request.body())", set()),
    ],
)
def test_a_body_that_is_read_whole_is_the_words_themselves(tmp_path, reading, found):
    (tmp_path / "views.py").write_text(f"async def make(request):\n    {reading}\n")
    inputs = Sources(tmp_path).inputs("views.py", 1)
    assert inputs is not None
    assert {one.key for one in inputs} == found


def operation_with(**facts) -> Operation:
    return operations({"paths": {"/make": {"post": facts}}})[0]


def test_the_type_of_an_answer_that_comes_as_several_is_chosen_by_a_header():
    content = {media_type: {} for media_type in ("text/plain", "image/png", "application/json")}
    declared = {"in": "header", "name": "accept", "schema": {"type": "string"}}
    operation = operation_with(parameters=[declared], responses={"200": {"content": content}})
    [field] = operation.shapes[0]
    assert (field.key, field.choices) == (("header", "Accept"), ("text/plain", "image/png"))
    body = {"content": {"text/plain": {"schema": {"type": "string"}}}}
    with_body = operation_with(requestBody=body, responses={"200": {"content": content}}).shapes[0]
    assert [one.key for one in with_body] == [("text", ""), ("header", "Accept")]
    alone = operation_with(responses={"200": {"content": {"image/png": {}, "image/webp": {}}}})
    assert alone.shapes == ((),)


def test_a_body_is_sent_under_the_media_type_that_the_document_names():
    schema = {"type": "object", "required": ["hero"], "properties": {"hero": {"type": "string"}}}
    body = {"content": {"application/vnd.api+json": {"schema": schema}}}
    sent = assign(operation_with(requestBody=body).shapes[0], "text", "txt")
    request = build("POST", "/make", sent.values)
    assert request.has_json
    assert request.headers == {"Content-Type": "application/vnd.api+json"}


def test_what_a_document_says_of_a_body_it_says_of_the_words_that_are_one():
    body = {"description": "The words.", "content": {"text/plain": {"schema": {"type": "string"}}}}
    [field] = operation_with(requestBody=body).shapes[0]
    assert (field.key, field.description) == (("text", ""), "The words.")
    assert build("POST", "/make", {field.key: "a heron"}).text == "a heron"


def test_source_outside_the_submission_is_not_read(tmp_path):
    (tmp_path / "work").mkdir()
    (tmp_path / "other.py").write_text("def f(request):\n    return request.form['secret']\n")
    assert Sources(tmp_path / "work").inputs("../other.py", 1) is None
    assert Sources(tmp_path / "work").inputs(str(tmp_path / "other.py"), 1) is None


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"null",
        b"[" * 10_000,
        b'{"routes": 3}',
        b'{"routes": [{"path": "no", "methods": ["GET"], "code": {}, "types": {}}]}',
        b'{"routes": [{"path": "/x", "methods": [["GET"]], "code": {"GET": [1, "2"]}, "types": {}}], "document": 1}',
        b'{"routes": [{"path": "/x", "methods": ["DELETE"], "code": [], "types": {}}]}',
    ],
)
def test_a_table_of_routes_that_is_none_says_nothing(content, tmp_path):
    tables = routes.read_tables(content)
    assert routes.find_undocumented(tables, [], Sources(tmp_path)) == []


def test_a_form_on_a_page_is_an_operation():
    page = (
        b'<form action="make" method=post><input name=idea placeholder="a fox" maxlength=80>'
        b"<select name=look><option>oil<option value=ink>Ink</select><input type=hidden name=t value=1></form>"
        b'<form action="http://elsewhere.example/"><input name=q></form>'
    )
    got = answer(200).model_copy(update={"content_type": "text/html", "body_sha256": "h"})
    session = SimpleNamespace(url="http://127.0.0.1:1", blobs={"h": page}, send=lambda purpose, request: got)
    [form] = html_forms.forms(session, "/app/")  # type: ignore[arg-type]
    assert (form.method, form.path) == ("POST", "/app/make")
    inputs = {one.name: (one.choices, one.schema.get("maxLength")) for one in form.shapes[0]}
    assert inputs == {"idea": ((), 80), "look": (("oil", "ink"), None), "t": (("1",), None)}


@pytest.mark.parametrize(
    "part", ["<", "<a ", "<form><input name=a>", "<![if", "<select name=a><option>", '<a b="', "&#"]
)
def test_a_page_that_is_none_is_read_in_no_time(part):
    page = (part * 400_000).encode()[:400_000]
    got = answer(200).model_copy(update={"content_type": "text/html", "body_sha256": "h"})
    session = SimpleNamespace(url="http://127.0.0.1:1", blobs={"h": page}, send=lambda purpose, request: got)
    began = time.process_time()
    assert len(html_forms.forms(session, "/")) <= 20  # type: ignore[arg-type]
    assert time.process_time() - began < 10


def test_swagger_two_is_read_as_openapi():
    body = {
        "in": "body",
        "name": "body",
        "schema": {"type": "object", "properties": {"scene": {"type": "string"}}},
    }
    form = {"in": "formData", "name": "idea", "type": "string", "required": True}
    document = {
        "swagger": "2.0",
        "basePath": "/v1",
        "paths": {"/a": {"post": {"parameters": [body]}}, "/b": {"post": {"parameters": [form]}}},
    }
    found = {one.path: [each.key for each in one.shapes[0]] for one in operations(as_openapi(document))}
    assert found == {"/v1/a": [("json", "scene")], "/v1/b": [("form", "idea")]}


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


# --- WebSockets


@pytest.fixture
def talk():
    """Serves one function over WebSockets; gives a function that asks it."""
    servers = []

    def asking(handler, question="hello", seconds=5.0, **more):
        server = serve(handler, "127.0.0.1", 0)
        servers.append(server)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        port = server.socket.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)) as connection:
            return converse(connection, f"ws://127.0.0.1:{port}/ws", question, {}, seconds, **more)

    yield asking
    for server in servers:
        server.shutdown()


def test_a_conversation_is_followed_to_its_end(talk):
    def handler(connection):
        assert connection.recv() == "hello"
        for part in ("a", "b", '{"type": "end"}', "after the end"):
            connection.send(part)
        connection.recv()

    assert talk(handler) == (200, b'a\nb\n{"type": "end"}')


def test_what_is_no_text_is_sent_as_json(talk):
    assert talk(lambda connection: connection.send(connection.recv()), {"line": "x"}) == (
        200,
        b'{"line": "x"}',
    )


def test_a_conversation_that_ends_in_an_error_is_a_refusal(talk):
    assert talk(lambda connection: connection.send('{"error": "no words"}'))[0] == 400
    assert talk(lambda connection: connection.close(1008, "no"))[0] == 403


def test_a_conversation_in_which_nothing_is_reported_is_not_waited_for_for_ever(talk):
    began = time.monotonic()
    with pytest.raises(TimeoutError):
        talk(lambda connection: (connection.recv(), connection.recv()), seconds=0.5)
    assert time.monotonic() - began < 5


def test_silence_is_no_end_while_nothing_is_made(talk):
    def handler(connection):
        connection.send('{"type": "start"}')
        connection.recv()
        connection.recv()

    with pytest.raises(TimeoutError):
        talk(handler, seconds=1.0, is_made=lambda: False)
    assert talk(handler, seconds=3.0) == (200, b'{"type": "start"}')


def test_a_connection_that_is_none_is_broken():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]

        def garbage():
            other, _ = listener.accept()
            with other:
                other.recv(1000)
                other.sendall(b"not http\r\n\r\n")

        threading.Thread(target=garbage, daemon=True).start()
        with socket.create_connection(("127.0.0.1", port)) as connection, pytest.raises(Broken):
            converse(connection, f"ws://127.0.0.1:{port}/", "x", {}, 2.0)


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
