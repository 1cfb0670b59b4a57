"""An app that lets in only callers who know a secret is given one, and is asked with it."""

from pathlib import Path
from textwrap import dedent

import pytest

from grader import rubric
from grader.collect.code.meanings import Places
from grader.collect.exchange.presenting import Presented
from grader.collect.start.starting import StartPlan, plan
from grader.evidence import AppStart, Exchange, Miss
from grader.judge import judge
from grader.operations import Field, Operation
from tests.grader.seen import evidence

PLACES = Places(
    key="the-key",
    openai="http://127.0.0.1:1/v1",
    s3="http://127.0.0.1:2",
    bucket="the-bucket",
    region="us-east-1",
    access_key="access",
    secret_key="hidden",
    port="8000",
    database="sqlite:////tmp/app.db",
)


def planned(
    root: Path, text: str, *, guarded: bool = True, own: dict[str, str] | None = None, **others: str
) -> StartPlan:
    for name, each in {"main": text, **others}.items():
        (root / f"{name}.py").write_text(dedent(each), encoding="utf-8")
    given = {"OPENAI_API_KEY": "the-key", **(own or {})}
    return plan(root, "main:app", (root,), "main.py", ".", PLACES, given, guarded=guarded)


def brought(made: StartPlan, **document: object) -> Presented:
    return made.presented(document)


IN_A_HEADER = """
    import os
    from flask import request, abort
    CODE = os.getenv("DOOR_CODE")
    def check():
        if request.headers.get("X-Door") != CODE:
            abort(401)
"""


def test_what_is_compared_with_a_header_is_set_and_sent_there(tmp_path):
    made = planned(tmp_path, IN_A_HEADER)
    assert dict(brought(made).headers) == {"X-Door": made.environment["DOOR_CODE"]}


def test_a_constant_with_the_name_of_another_variable_is_what_its_module_makes_it(tmp_path):
    door = """
        import os
        from flask import request
        API_KEY = os.getenv("DOOR_CODE")
        def check():
            if request.headers.get("X-Door") != API_KEY:
                return {"error": "Unauthorized"}, 401
    """
    text = """
        import os, door
        from openai import OpenAI
        client = OpenAI(api_key=os.getenv("API_KEY"))
    """
    made = planned(tmp_path, text, door=door)
    assert (made.environment["API_KEY"], dict(brought(made).headers)) == (
        "the-key",
        {"X-Door": made.environment["DOOR_CODE"]},
    )


def test_nothing_is_set_or_sent_where_the_manifest_says_what_to_send(tmp_path):
    made = planned(tmp_path, IN_A_HEADER, guarded=False)
    assert ("DOOR_CODE" in made.environment, brought(made)) == (False, Presented())


def test_what_the_manifest_sets_is_what_is_sent(tmp_path):
    made = planned(tmp_path, IN_A_HEADER, own={"DOOR_CODE": "open"})
    assert dict(brought(made).headers) == {"X-Door": "open"}
    assert "DOOR_CODE" not in made.environment


def test_a_default_is_kept_and_sent(tmp_path):
    made = planned(tmp_path, IN_A_HEADER.replace('"DOOR_CODE"', '"DOOR_CODE", "open sesame"'))
    assert dict(brought(made).headers) == {"X-Door": "open sesame"}
    assert "DOOR_CODE" not in made.environment


def test_a_guard_in_another_module_than_the_setting_is_found(tmp_path):
    made = planned(
        tmp_path,
        """
        from typing import Optional
        from fastapi import FastAPI, Header, HTTPException
        import config
        def verify(x_api_key: Optional[str] = Header(None)):
            if x_api_key is None or x_api_key != config.API_KEY:
                raise HTTPException(401)
        app = FastAPI()
        """,
        config="import os\nAPI_KEY = os.getenv('API_KEY')\n",
    )
    assert dict(brought(made).headers) == {"x-api-key": made.environment["API_KEY"]}


def test_a_parameter_of_the_setting_s_name_is_what_the_caller_brings(tmp_path):
    made = planned(
        tmp_path,
        """
        import secrets
        from fastapi import Depends, HTTPException, Security
        from fastapi.security import APIKeyHeader
        from pydantic_settings import BaseSettings
        class Settings(BaseSettings):
            service_token: str
        settings = Settings()
        scheme = APIKeyHeader(name="X-Service")
        def check(service_token: str = Security(scheme)):
            if not secrets.compare_digest(service_token, settings.service_token):
                raise HTTPException(403)
        """,
    )
    assert dict(brought(made).headers) == {"X-Service": made.environment["SERVICE_TOKEN"]}


@pytest.mark.parametrize(
    ("scheme", "sent"),
    [
        ({"type": "apiKey", "in": "header", "name": "X-Pass"}, ({"X-Pass": "open"}, {}, {})),
        ({"type": "apiKey", "in": "query", "name": "pass"}, ({}, {"pass": "open"}, {})),
        ({"type": "apiKey", "in": "cookie", "name": "pass"}, ({}, {}, {"pass": "open"})),
        ({"type": "http", "scheme": "bearer"}, ({"Authorization": "Bearer open"}, {}, {})),
        ({"type": "http", "scheme": "basic"}, ({"Authorization": "Basic Z3JhZGluZzpvcGVu"}, {}, {})),
    ],
)
def test_a_documented_scheme_says_where_it_goes(tmp_path, scheme, sent):
    text = "import os\nTOKEN = os.getenv('TOKEN')\ndef check(token):\n    return token == TOKEN\n"
    made = planned(tmp_path, text, own={"TOKEN": "open"})
    presented = brought(made, components={"securitySchemes": {"any": scheme}})
    assert (dict(presented.headers), dict(presented.query), dict(presented.cookies)) == sent


def test_where_nothing_says_where_it_goes_the_usual_headers_are_sent(tmp_path):
    text = "import os\nTOKEN = os.getenv('TOKEN')\ndef check(token):\n    return token == TOKEN\n"
    made = planned(tmp_path, text, own={"TOKEN": "open"})
    assert dict(brought(made).headers) == {"X-API-Key": "open", "Authorization": "Bearer open"}


def test_what_stands_before_the_value_is_sent_too(tmp_path):
    made = planned(
        tmp_path,
        """
        import os
        async def guard(request, call_next):
            if request.headers.get("authorization", "") != f"Token {os.environ['APP_SECRET']}":
                return JSONResponse({}, status_code=401)
        """,
        own={"APP_SECRET": "open"},
    )
    assert dict(brought(made).headers) == {"authorization": "Token open"}


def test_a_name_that_is_compared_where_nothing_refuses_is_part_of_a_guard(tmp_path):
    made = planned(
        tmp_path,
        """
        import os, secrets
        def check(credentials):
            return secrets.compare_digest(credentials.username.encode(), os.environ["APP_USER"].encode())
        """,
    )
    assert "APP_USER" in made.environment


def test_a_name_and_a_password_are_sent_as_basic_authentication(tmp_path):
    made = planned(
        tmp_path,
        """
        import os
        from flask import request, abort
        def check():
            given = request.authorization
            if given.username != os.getenv("APP_USER") or given.password != os.getenv("APP_PASSWORD"):
                abort(401)
        """,
        own={"APP_USER": "ada", "APP_PASSWORD": "open"},
    )
    assert dict(brought(made).headers) == {"Authorization": "Basic YWRhOm9wZW4="}


def test_a_name_and_a_password_that_a_function_gives_back_in_a_dictionary_are_sent(tmp_path):
    settings = """
        import os
        def read_settings():
            if os.environ.get("APP_USER") is None:
                USER = "admin"
            else:
                USER = os.environ.get("APP_USER")
            CODE = os.environ.get("APP_CODE")
            return {"USER": USER, "CODE": CODE}, True
    """
    text = """
        from settings import read_settings
        def let_in(credentials):
            data, is_set = read_settings()
            wanted = data["USER"]
            if (credentials.username != wanted) or (credentials.password != data["CODE"]):
                raise HTTPException(status_code=401)
    """
    made = planned(tmp_path, text, settings=settings)
    assert {"APP_USER", "APP_CODE"} <= made.environment.keys()
    assert brought(made).headers["Authorization"].startswith("Basic ")


@pytest.mark.parametrize(
    "text",
    [
        "STAGE = os.getenv('STAGE')\ndef f(x):\n    if STAGE == 'live':\n        raise Denied(403)\n",
        "MODEL = os.getenv('MODEL')\ndef f(model):\n    if model != MODEL:\n        raise Denied(403)\n",
        "KEY = os.getenv('WRITER_KEY')\ndef f(key):\n    return key == KEY\nclient = OpenAI(api_key=KEY)\n",
        "KEY = os.getenv('OPENAI_API_KEY')\ndef f(key):\n    return key == KEY\n",
        "BACKEND = os.getenv('BACKEND')\ndef f(backend):\n    return backend == BACKEND\n",
        "KEY = os.getenv('SIGNING_KEY')\ndef f(body, sent):\n    return hmac.new(KEY, body).hexdigest() == sent\n",
    ],
)
def test_what_is_no_secret_between_app_and_callers_is_not_sent(tmp_path, text):
    made = planned(tmp_path, f"import os\n{text}")
    assert brought(made) == Presented()


def test_a_header_of_the_connection_is_never_sent(tmp_path):
    text = IN_A_HEADER.replace("X-Door", "Host")
    assert "Host" not in brought(planned(tmp_path, text)).headers


def test_a_default_that_breaks_a_header_is_not_sent(tmp_path):
    made = planned(tmp_path, IN_A_HEADER.replace('"DOOR_CODE"', '"DOOR_CODE", "a\\r\\nHost: b"'))
    assert brought(made) == Presented()


def test_an_input_that_satisfies_a_guard_gets_no_words():
    header, words = Field("header", "x-api-key", {}, True), Field("json", "about", {}, True)
    made = Presented(headers={"X-API-Key": "open"}).without(Operation("POST", "/", "", ((header, words),)))
    assert made.shapes == ((words,),)


@pytest.mark.parametrize(
    "read",
    ["(await request.json())['word']", "request.form.get('word')", "request.get_json().get('word', '')"],
)
def test_a_secret_in_a_body_is_the_only_value_of_its_input(tmp_path, read):
    text = f"""
        import os
        WORD = os.getenv("PASSWORD")
        async def make(request):
            brought = {read}
            if brought != WORD:
                raise HTTPException(status_code=403)
    """
    made = planned(tmp_path, text)
    word, words = Field("json", "word", {"type": "string"}), Field("json", "about", {"type": "string"}, True)
    [[settled, other]] = brought(made).without(Operation("POST", "/", "", ((word, words),))).shapes
    assert (settled.choices, settled.required, other) == ((made.environment["PASSWORD"],), True, words)


def test_a_query_keeps_what_a_request_says_itself():
    sent = Presented(query={"pass": "open"})
    assert [sent.target(each) for each in ("/a", "/a?b=1", "/a?pass=")] == [
        "/a?pass=open",
        "/a?b=1&pass=open",
        "/a?pass=",
    ]


def refused(*statuses: int, **facts: object):
    exchanges = tuple(
        Exchange(id=f"look-{n}", purpose="look for what generates", method="POST", url=f"/{n}", status=status)
        for n, status in enumerate(statuses)
    )
    misses = tuple(Miss(exchange=each.id, prompt="json:about") for each in exchanges)
    return evidence(
        app=AppStart(started=True, operations=1, **facts), offers=(), exchanges=exchanges, misses=misses
    )


def started(seen):
    return judge(seen, rubric.only(rubric.read(), ["endpoint.starts"])).criteria[0]


def test_a_guard_that_the_grader_can_t_satisfy_is_its_limit():
    verdict = started(refused(401, 403, presented=("header X-API-Key",)))
    assert verdict.status == "not_run"
    assert "answers 401" in verdict.summary
    assert "header X-API-Key" in verdict.summary
    assert "[tool.lab.auth]" in verdict.advice[0]


def test_an_app_that_answers_otherwise_somewhere_has_failed():
    assert started(refused(401, 422)).status == "failed"
