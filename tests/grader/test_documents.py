"""Hostile OpenAPI documents: nothing outside them is fetched, everything ends, and no reading of them fails."""

import copy
import json
import random
import socket
import time
import urllib.request

import pytest

from grader import patterns, reading
from grader.collect.exchange.wording import carries
from grader.collect.finding.fitting import file_name, fit
from grader.collect.finding.values import assign
from grader.criteria import openapi, validity
from grader.evidence import AppStart, Evidence, Exchange, Input, Offer, Submission, sha256_of
from grader.operations import Field, operations

SECONDS = 8.0


@pytest.fixture(autouse=True)
def quickly():
    began = time.process_time()
    yield
    assert time.process_time() - began < SECONDS


@pytest.fixture(autouse=True)
def no_way_out(monkeypatch):
    """Whatever would open an address or a host, and fails the test where it is swallowed."""
    went: list[object] = []

    def refuse(*arguments, **named):
        went.append(arguments)
        raise AssertionError(f"something went out: {arguments}")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    opened = urllib.request.OpenerDirector.open

    def of_the_package(self, address, *more):
        name = address if isinstance(address, str) else address.full_url
        return (opened if "/openapi_spec_validator/resources/" in name else refuse)(self, address, *more)

    monkeypatch.setattr(urllib.request.OpenerDirector, "open", of_the_package)
    yield
    assert not went


def document(schema: object, version: str = "3.1.0", **more: object) -> dict:
    body = {"content": {"application/json": {"schema": schema}}}
    responses = {
        "200": {"description": "ok", **body}
    }  # the validator looks into answers, discovery into bodies
    operation = {"requestBody": body, "responses": responses, "operationId": "make"}
    return {
        "openapi": version,
        "info": {"title": "t", "version": "1"},
        "paths": {"/make": {"post": operation}},
        **more,
    }


def schemas(**named: object) -> dict:
    return {"components": {"schemas": named}}


def ref(name: str) -> dict:
    return {"$ref": f"#/components/schemas/{name}"}


def doubling(levels: int, keyword: str) -> dict:
    named = {f"S{n}": {keyword: [ref(f"S{n + 1}"), ref(f"S{n + 1}")]} for n in range(levels)}
    return schemas(**named, **{f"S{levels}": {"type": "object", "properties": {"x": {"type": "string"}}}})


OUTSIDE = {
    "a file": document({"$ref": "file:///etc/passwd"}),
    "an address": document({"$ref": "http://127.0.0.1:9/x"}),
    "a path": document({"$ref": "/etc/passwd"}),
    "a neighbour": document({"$ref": "other.json#/x"}),
    "no scheme": document({"$ref": "//127.0.0.1/x"}),
    "in another case": document({"$ref": "FILE:///etc/passwd"}),
    "inside a component": document(ref("A"), **schemas(A={"items": {"$ref": "file:///etc/hostname"}})),
    "dynamically": document({"$dynamicRef": "http://127.0.0.1:9/x#y"}),
    "a parameter": {**document({}), "paths": {"/x": {"parameters": [{"$ref": "file:///etc/passwd"}]}}},
    "a path item": {**document({}), "paths": {"/x": {"$ref": "file:///etc/passwd"}}},
    "a property named default": document(
        {"type": "object", "properties": {"default": {"$ref": "file:///etc/passwd"}}}
    ),
}
INSIDE = {
    "a base of its own": document({"$id": "http://127.0.0.1:9/", "allOf": [{"$ref": "#/components/x"}]}),
    "a dialect": document({}, jsonSchemaDialect="http://127.0.0.1:9/dialect"),
    "a schema's dialect": document({"$schema": "http://127.0.0.1:9/dialect"}),
    "documentation": document({}, externalDocs={"url": "http://127.0.0.1:9/"}),
    "a discriminator": document(
        {"type": "object", "discriminator": {"propertyName": "a", "mapping": {"b": "file:///etc/passwd"}}}
    ),
    "an anchor": document({"$ref": "#nowhere"}),
    "a dangling reference": document({"$ref": "#/components/nowhere"}),
    "itself": document(ref("A"), **schemas(A=ref("A"))),
    "each other": document(ref("A"), **schemas(A=ref("B"), B=ref("A"))),
    "allOf of itself": document(ref("A"), **schemas(A={"allOf": [ref("A")] * 3_000})),
    "oneOf of itself": document(ref("A"), **schemas(A={"type": "object", "oneOf": [ref("A")] * 300})),
    "properties of itself": document(
        ref("A"), **schemas(A={"type": "object", "properties": {f"p{n}": ref("A") for n in range(300)}})
    ),
    "items of itself": document(ref("A"), **schemas(A={"allOf": [ref("A")], "items": ref("A")})),
    "doubling allOf": document(ref("S0"), **doubling(30, "allOf")),
    "doubling anyOf": document(ref("S0"), **doubling(30, "anyOf")),
    "doubling with a default": document(
        {"allOf": [ref("S0")], "default": {"x": "y"}}, **doubling(30, "allOf")
    ),
    "doubling under another name": document({"$ref": "#/components/schemas/%5330"}, **doubling(30, "allOf")),
    "the whole document": document({"$ref": "#"}),
    "a place in a path": document(
        {"$ref": "#/paths/~1make/post/requestBody/content/application~1json/schema"}
    ),
    "ids": document({"allOf": [{"$id": f"urn:x:{n}", "$anchor": f"a{n}"} for n in range(2_000)]}),
    "anchors": document({"allOf": [{"$ref": f"#a{n}"} for n in range(2_000)]}),
    "a slow pattern": document({"type": "string", "pattern": "^(a+)+$", "default": "a" * 5_000 + "!"}),
    "slow names": document(
        {"type": "object", "patternProperties": {"^(a+)+$": {}}, "default": {"a" * 5_000 + "!": 1}}
    ),
    "slow additional names": document(
        {
            "patternProperties": {"^(a+)+$": {}},
            "additionalProperties": False,
            "default": {"a" * 5_000 + "!": 1},
        }
    ),
    "slow unevaluated names": document(
        {
            "patternProperties": {"^(a+)+$": {}},
            "unevaluatedProperties": False,
            "default": {"a" * 5_000 + "!": 1},
        }
    ),
    "a format": document({"type": "string", "format": "idn-email", "default": "a@" * 100_000}),
    "a pattern as a default": document({"type": "string", "format": "regex", "default": "(" * 5_000}),
    "unlike things": document({"type": "object", "required": [1, "a", None, {}, []] * 2_000}),
    "a long enum": document({"enum": [[n] for n in range(20_000)], "default": 5}),
    "many values": document({"enum": list(range(60_000))}),
    "many parameters": document({}, paths={"/x": {"parameters": [{"name": "a", "in": "query"}] * 20_000}}),
    "lists for objects": {"openapi": "3.1.0", "info": [], "paths": [1], "components": "x"},
    "numbers for objects": {"openapi": "3.0.0", "info": 1, "paths": {"/make": {"post": {"responses": 5}}}},
    "an empty version": {"openapi": "3."},
    "a strange version": {"openapi": "3.9.9.9" + "9" * 50_000, "info": {}, "paths": {}},
    "thirty": document(ref("S0"), "3.0.0", **doubling(30, "allOf")),
}
ALL = {**OUTSIDE, **INSIDE}


@pytest.mark.parametrize("whole", OUTSIDE.values(), ids=OUTSIDE)
def test_a_reference_to_elsewhere_is_not_followed_and_the_report_says_so(whole):
    verdict = openapi.valid(seen(whole))
    assert verdict.status == "failed"
    assert "refers outside itself" in verdict.summary
    assert "root:" not in verdict.summary


@pytest.mark.parametrize("whole", INSIDE.values(), ids=INSIDE)
def test_every_check_ends(whole):
    checked = validity.check(whole)
    assert len(checked.problem) < 1_000
    assert checked.result != "outside"


@pytest.mark.parametrize("whole", ALL.values(), ids=ALL)
def test_every_reading_of_inputs_ends_and_every_value_can_be_sent(whole):
    for operation in operations(whole):
        assert len(operation.words) < 20_000
        for shape in operation.shapes:
            for everything in (False, True):
                made = assign(shape, "text", "txt", everything=everything)
                sent = json.dumps([value for value in made.values.values() if not isinstance(value, tuple)])
                assert len(sent) < 1_000_000


@pytest.mark.parametrize("whole", ALL.values(), ids=ALL)
def test_every_criterion_judges_it(whole):
    evidence = seen(whole)
    for criterion in openapi.CRITERIA:
        assert criterion.judge(evidence).status in ("passed", "failed", "not_run")


def test_what_is_beyond_the_bounds_is_not_held_against_the_app():
    verdict = openapi.valid(seen(INSIDE["many values"]))
    assert (verdict.status, "beyond what the grader checks" in verdict.summary) == ("not_run", True)


def test_a_reference_in_an_example_is_a_text_like_any_other():
    whole = document({"type": "object", "example": {"$ref": "https://example.org/schema"}})
    assert validity.check(whole).result == "valid"


@pytest.mark.parametrize("version", ["3.0.3", "3.1.0"])
def test_a_default_that_its_own_pattern_refuses_is_still_found(version):
    good = {"type": "string", "pattern": "^[a-z]+$", "default": "abc"}
    assert validity.check(document(good, version)).result == "valid"
    assert validity.check(document({**good, "default": "123"}, version)).result == "invalid"


def test_names_in_references_may_be_escaped():
    whole = document({"$ref": "#/components/schemas/a~1b%20c"}, **schemas(**{"a/b c": {"type": "string"}}))
    [operation] = operations(whole)
    assert operation.shapes[0][0].schema["type"] == "string"


def test_a_schema_that_is_a_part_of_itself_is_still_read():
    itself = {"type": "object", "properties": {"prompt": {"type": "string"}}, "allOf": [ref("A")] * 3_000}
    [operation] = operations(document(ref("A"), **schemas(A=itself)))
    assert [field.name for field in operation.shapes[0]] == ["prompt"]


def seen(whole: dict) -> Evidence:
    """Evidence of an app that serves a document, with an offer for its operation."""
    content = json.dumps(whole).encode()
    name = sha256_of(content)
    exchange = Exchange(
        id="ex-1", purpose="", method="GET", url="/openapi.json", status=200, body_sha256=name
    )
    prompt = Input(location="json", name="prompt")
    offer = Offer(kind="text", method="POST", path="/make", prompt_input=prompt, exchange="ex-1")
    return Evidence(
        submission=Submission(name="x", digest="sha256:0"),
        isolation="process",
        bucket="b",
        canary_fingerprint="0",
        app=AppStart(started=True, openapi_url="/openapi.json"),
        exchanges=(exchange,),
        offers=(offer,),
    ).with_blobs({name: content})


# --- changed at random -----------------------------------------------------------------------------------------------

FRAGMENTS = [
    None, True, -1, 10**12, 10**400, 1.5, "", "x", "#", "#/", "file:///etc/passwd", "\x00", "^(a|a)*$", [], {}, [[]],
    [None], {"$ref": "#"}, {"$ref": 5}, {"type": ["x", None]}, {"minLength": 10**12}, {"oneOf": [{}]}, {"allOf": 5},
    {"pattern": "["}, {"enum": []}, {"properties": {"a": 1}}, {"required": {"a": 1}}, "🦊" * 100,
]  # fmt: skip
WHOLE = document(
    ref("A"),
    **schemas(
        A={
            "type": "object",
            "required": ["prompt"],
            "properties": {
                "prompt": {
                    "type": "string",
                    "minLength": 1,
                    "maxLength": 100,
                    "pattern": r"\S",
                    "example": "x",
                },
                "size": {"anyOf": [{"type": "integer", "minimum": 1, "maximum": 5}, {"type": "null"}]},
                "type": {"enum": ["text", "image"], "default": "text"},
                "inner": {"oneOf": [ref("B"), {"type": "array", "items": ref("B")}]},
            },
        },
        B={"type": "object", "properties": {"path": {"type": "string"}}},
    ),
)


def places(value: object, at: tuple = ()) -> list[tuple]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [at, *(place for name, each in inner for place in places(each, (*at, name)))]


@pytest.mark.parametrize("seed", range(100))
def test_a_document_changed_at_random_is_read_and_judged(seed):
    chance = random.Random(seed)
    whole = copy.deepcopy(WHOLE)
    for _ in range(chance.randint(1, 4)):
        *parents, last = chance.choice([place for place in places(whole) if place])
        at = whole
        for name in parents:
            at = at[name]
        at[last] = copy.deepcopy(chance.choice(FRAGMENTS))
    test_every_criterion_judges_it(whole)
    test_every_reading_of_inputs_ends_and_every_value_can_be_sent(whole)


# --- values ------------------------------------------------------------------------------------------------------------

HOSTILE_BOUNDS = [
    {"minLength": 10**12},
    {"minLength": 10**400},
    {"minLength": -5, "maxLength": -7},
    {"minLength": "5"},
    {"minLength": True, "maxLength": False},
    {"minLength": 1.5},
    {"maxLength": 10**400},
    {"minLength": 10, "maxLength": 5},
    {"pattern": "^(a+)+$"},
    {"pattern": "(?<=x)(a|a)*$"},
    {"pattern": "a{1000000000}"},
    {"pattern": "((((a{100}){100}){100}){100})"},
    {"pattern": "("},
    {"pattern": "(" * 3_000},
    {"pattern": "x*" * 50_000},
    {"pattern": 5},
    {"pattern": r"^(\w+\s?)*$", "minLength": 1_000_000},
    {"pattern": "[\\x00-\\U0010ffff]{65535}"},
    {"pattern": "\\ud800+"},
    {"pattern": "^(?!.*(a+)+$)"},
    {"pattern": "$^"},
    {"maxLength": 0},
]


@pytest.mark.parametrize("schema", HOSTILE_BOUNDS, ids=lambda schema: json.dumps(schema)[:40])
def test_words_and_names_for_hostile_bounds_are_made_within_bounds(schema):
    words = fit(schema)
    assert words.mark
    assert carries(words.text, words.mark)
    assert len(words.text) <= 12_000_000
    words.text.encode()
    assert file_name("png", schema)


NUMBERS = [
    {"minimum": 10**400},
    {"maximum": -(10**400)},
    {"exclusiveMinimum": True},
    {"exclusiveMinimum": 10**400},
    {"minimum": "a", "maximum": None},
    {"multipleOf": 10**-300},
    {"minimum": 1.7e308, "maximum": 1},
]


@pytest.mark.parametrize("kind", ["integer", "number"])
@pytest.mark.parametrize("schema", NUMBERS, ids=repr)
def test_numbers_for_hostile_bounds_can_be_sent(kind, schema):
    field = Field("json", "count", {"type": kind, **schema}, required=True)
    [value] = assign([field], "text", "txt").values.values()
    assert len(json.dumps(value, allow_nan=False)) < 30


def test_lists_of_lists_of_lists_end():
    schema: dict = {"type": "integer"}
    for _ in range(90):
        schema = {"type": "array", "items": schema, "minItems": 10**12}
    [value] = assign([Field("json", "x", schema, required=True)], "text", "txt").values.values()
    assert len(json.dumps(value)) < 100


@pytest.mark.parametrize(
    ("pattern", "text", "fits"),
    [
        (r"^\w+\.png$", "abc.png", True),
        (r"^(?!.*\.\.)(?!/)[\w./-]+$", "a/b.png", True),
        (r"^(?!.*\.\.)(?!/)[\w./-]+$", "a/../b.png", False),
        (r"^(?=.*[)\d])[a-z\d()]+$", "abc1", True),
        (r"^(?=.*[)\d])[a-z\d()]+$", "abc", False),
        (r"^.{1,4000}$", "abc", True),
        (r"^.{1,4000}\Z", "", False),
        (r"^(?!a)b|c$", "c", None),
        (r"(?<!a)b", "b", None),
        (r"(a)\1", "aa", None),
        ("[", "a", None),
        (None, "a", None),
    ],
)
def test_patterns_are_matched_in_linear_time_or_not_at_all(pattern, text, fits):
    assert patterns.fits(pattern, text) is fits


def test_a_document_is_read_strictly():
    with pytest.raises(reading.Unreadable):
        reading.parse_json('{"minimum": NaN}')


def test_a_model_that_is_named_after_a_path_is_found():
    model = {"type": "object", "required": ["prompt"], "properties": {"prompt": {"type": "string"}}}
    for written in ("v1/openai__Asked", "v1~1openai__Asked"):
        (operation,) = operations(document(ref(written), **schemas(**{"v1/openai__Asked": model})))
        assert [one.name for shape in operation.shapes for one in shape] == ["prompt"]
