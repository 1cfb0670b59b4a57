"""What the grader reads without running it: the code for the app, the document for the inputs."""

import pytest

from grader.collect.code.find_app import find_app
from grader.collect.exchange.requests import build
from grader.collect.finding.field_roles import kind_of_words, role, words_of
from grader.collect.finding.values import assign
from grader.manifest import Manifest
from grader.operations import operations

FACTORY = "from fastapi import FastAPI\ndef create_app():\n    app = FastAPI()\n    return app\n"

PLAIN = "from fastapi import FastAPI\napp = FastAPI()"


@pytest.mark.parametrize(
    ("files", "target"),
    [
        ({"main.py": "import fastapi\napp = fastapi.FastAPI()"}, "main:app"),
        ({"src/files_api/__init__.py": "", "src/files_api/main.py": FACTORY}, "files_api.main:create_app"),
        ({"src/files_api/main.py": FACTORY}, "files_api.main:create_app"),
        ({"app/__init__.py": "", "app/main.py": FACTORY + "app = create_app()"}, "app.main:app"),
        (
            {
                "app/x.py": "y = 1",
                "app/main.py": "from app.x import y\nfrom fastapi import FastAPI\napp = FastAPI()",
            },
            "app.main:app",
        ),
        ({"server.py": "from flask import Flask\napi = Flask(__name__)"}, "server:api"),
        (
            {
                "main.py": "from starlette.applications import Starlette\ntry:\n    app = Starlette()\nexcept OSError:\n    pass"
            },
            "main:app",
        ),
        (
            {
                "wsgi.py": "from django.core.wsgi import get_wsgi_application\napplication = get_wsgi_application()"
            },
            "wsgi:application",
        ),
        ({"src/main.py": "from .texts import x\n" + PLAIN, "src/texts.py": "x = 1"}, "src.main:app"),
        ({"src/main.py": "from src.texts import x\n" + PLAIN, "src/texts.py": "x = 1"}, "src.main:app"),
        ({"src/api/main.py": "from ..texts import x\n" + PLAIN, "src/texts.py": "x = 1"}, "src.api.main:app"),
        (
            {"src/shop/main.py": "from .texts import x\n" + PLAIN, "src/shop/texts.py": "x = 1"},
            "shop.main:app",
        ),
        ({"tests/main.py": FACTORY, "service.py": FACTORY}, "service:create_app"),
        ({"main.py": "def create_app(settings):\n    return FastAPI()"}, None),
        ({"main.py": "if __name__ == '__main__':\n    app = FastAPI()"}, None),
        ({"main.py": "raise SystemExit  # FastAPI()"}, None),
    ],
)
def test_the_app_is_found_by_reading(tmp_path, files, target):
    for name, text in files.items():
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    found = find_app(tmp_path, Manifest())
    assert (found.target if found else None) == target


def document(body: dict, **components: dict) -> dict:
    content = {"application/json": {"schema": body}}
    return {
        "paths": {"/make": {"post": {"requestBody": {"content": content}}}},
        "components": {"schemas": components},
    }


def names(body: dict, **components: dict) -> list[list[str]]:
    [operation] = operations(document(body, **components))
    return [[field.name for field in shape] for shape in operation.shapes]


TEXT = {"type": "string"}


def test_references_nested_objects_and_null_are_seen_through():
    body = {"$ref": "#/components/schemas/Order"}
    order = {
        "type": "object",
        "properties": {"item": {"anyOf": [{"$ref": "#/components/schemas/Item"}, {"type": "null"}]}},
    }
    item = {"type": "object", "properties": {"prompt": {"anyOf": [TEXT, {"type": "null"}]}}}
    assert names(body, Order=order, Item=item) == [["item.prompt"]]


def test_a_union_is_as_many_shapes_as_it_has_members():
    members = [{"type": "object", "properties": {name: TEXT}} for name in ("story", "scene")]
    assert names({"oneOf": members}) == [["story"], ["scene"]]
    assert names({"type": "object", "properties": {"item": {"oneOf": members}, "n": TEXT}}) == [
        ["item.story", "n"],
        ["item.scene", "n"],
    ]


@pytest.mark.parametrize(
    "broken", [{}, {"paths": []}, {"paths": {"/": 7}}, {"paths": {"/": {"post": {"parameters": 3}}}}]
)
def test_a_document_that_makes_no_sense_has_no_operations_or_no_inputs(broken):
    assert all(not field for operation in operations(broken) for field in operation.shapes)


def test_a_schema_that_refers_to_itself_ends():
    node = {"type": "object", "properties": {"prompt": TEXT, "child": {"$ref": "#/components/schemas/Node"}}}
    [operation] = operations(document({"$ref": "#/components/schemas/Node"}, Node=node))
    assert operation.shapes[0][0].name == "prompt"


@pytest.mark.parametrize(
    ("name", "schema", "expected"),
    [
        ("prompt", TEXT, "words"),
        ("wish", TEXT, "words"),
        ("file_path", TEXT, "path"),
        ("fileName", TEXT, "path"),
        ("folder", TEXT, "folder"),
        ("file_type", {"enum": ["Text", "Image"]}, "type"),
        ("flavour", {"enum": ["png", "mp3"]}, "type"),
        ("voice", TEXT, "option"),
        ("count", {"type": "integer"}, "other"),
        ("upload", {"type": "string", "format": "binary"}, "file"),
    ],
)
def test_what_goes_into_an_input(name, schema, expected):
    body = {"type": "object", "properties": {name: schema}, "required": [name]}
    [operation] = operations(document(body))
    assert role(operation.shapes[0][0]) == expected


def test_every_free_text_gets_a_mark_of_its_own():
    body = {
        "type": "object",
        "properties": dict.fromkeys(("a", "b", "path"), TEXT),
        "required": ["a", "b", "path"],
    }
    [operation] = operations(document(body))
    assignment = assign(operation.shapes[0], "image", "png")
    assert len(set(assignment.marks.values())) == 3
    assert assignment.values["json", "path"].endswith(".png")


@pytest.mark.parametrize(
    ("value", "kind"),
    [("Image", "image"), ("audio/mpeg", "audio"), ("TEXT", "text"), ("SpeechFile", "audio"), ("spam", None)],
)
def test_a_value_names_a_kind(value, kind):
    assert kind_of_words(value) == kind


def test_an_identifier_is_cut_into_words():
    assert words_of("filePath") == words_of("file_path") == words_of("file-path") == ["file", "path"]


def test_a_prompt_in_the_path_that_is_left_out_is_nothing_and_not_its_name():
    assert build("GET", "/say/{phrase}", {}).target == "/say/"
    assert build("GET", "/say/{phrase}", {("path", "phrase"): "a b/c"}).target == "/say/a%20b/c"


def test_a_path_that_leads_up_reaches_the_app_as_it_is():
    assert (
        build("PUT", "/f/{p}", {("path", "p"): "../../etc/x.txt"}).target
        == "/f/%2E%2E%2F%2E%2E%2Fetc%2Fx%2Etxt"
    )
