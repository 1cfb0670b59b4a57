"""What an app takes where no document of today's OpenAPI says it: read from its source, its pages, its routes, an older document."""

import time
from types import SimpleNamespace

import pytest

from grader.collect.code.handlers import Sources
from grader.collect.exchange.requests import build
from grader.collect.finding import html_forms, routes
from grader.collect.finding.swagger import as_openapi
from grader.collect.finding.values import assign
from grader.evidence import Exchange
from grader.operations import Operation, operations


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


def shown_page() -> Exchange:
    """An answer whose body is kept under the name "h"."""
    return Exchange(
        id="ex-1", purpose="", method="GET", url="/", status=200, content_type="text/html", body_sha256="h"
    )


def test_a_form_on_a_page_is_an_operation():
    page = (
        b'<form action="make" method=post><input name=idea placeholder="a fox" maxlength=80>'
        b"<select name=look><option>oil<option value=ink>Ink</select><input type=hidden name=t value=1></form>"
        b'<form action="http://elsewhere.example/"><input name=q></form>'
    )
    got = shown_page()
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
    got = shown_page()
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
