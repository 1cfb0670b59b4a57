"""An app that lets in members alone is registered at and logged in to, as a person would do it."""

import json
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from grader.collect.code import accounts
from grader.collect.code.accounts import Account
from grader.collect.code.variables import read_variables
from grader.collect.exchange import transmission
from grader.collect.exchange.presenting import Presented
from grader.collect.exchange.requests import Request
from grader.collect.finding import login
from grader.criteria import nearest
from grader.evidence import Evidence, Exchange, Miss
from grader.operations import Field, Operation


class App:
    """Answers as a function says, and remembers what was sent."""

    def __init__(self, answer: Any, *, cookies: bool = False) -> None:
        self.answer, self.cookies, self.sent = answer, cookies, []
        self.presented = Presented()

    def has_cookies(self) -> bool:
        return self.cookies

    def send(self, purpose: str, request: Any) -> Exchange:
        body = request.json if request.has_json else dict(request.form or {})
        self.sent.append((request.method, request.target, body))
        status, answer = self.answer(request.target, body)
        return Exchange(
            id=f"ex-{len(self.sent)}",
            purpose=purpose,
            method=request.method,
            url=request.target,
            status=status,
            content_type="text/html" if isinstance(answer, str) else "application/json",
            body=answer if isinstance(answer, str) else json.dumps(answer),
        )


def operation(path: str, *names: str, place: str = "json") -> Operation:
    shape = tuple(Field(place, name, {"type": "string"}, True) for name in names)  # type: ignore[arg-type]
    return Operation("POST", path, path, (shape,))


REGISTER = operation("/auth/register", "email", "password")
LOGIN = operation("/auth/login", "username", "password", place="form")


def members(target: str, body: dict[str, str]) -> tuple[int, Any]:
    """Knows an address that registered, and asks for it as the user's name."""
    if target == "/auth/register":
        return 201, {"id": 7}
    right = body["username"] == "gradingperson@example.com"
    return (200, {"access_token": "abc.def", "token_type": "bearer"}) if right else (401, {"detail": "no"})


def test_one_registers_first_and_then_logs_in_with_the_same_password():
    app = App(members)
    ended = login.log_in(app, [LOGIN, REGISTER], (), {})  # type: ignore[arg-type]
    assert [path for _, path, _ in app.sent][:2] == ["/auth/register", "/auth/login"]
    assert app.sent[0][2]["password"] == app.sent[-1][2]["password"]
    assert ended.presented == Presented({"Authorization": "Bearer abc.def"})


def test_what_registering_hands_out_is_known_to_later_requests():
    assert login.log_in(App(members), [LOGIN, REGISTER], (), {}).given["registerid"] == 7  # type: ignore[arg-type]


def test_a_token_goes_where_the_document_says():
    document = {
        "components": {"securitySchemes": {"k": {"type": "apiKey", "in": "header", "name": "X-Pass"}}}
    }
    ended = login.log_in(App(members), [LOGIN, REGISTER], (), document)  # type: ignore[arg-type]
    assert ended.presented is not None
    assert ended.presented.headers["X-Pass"] == "abc.def"


def test_a_token_of_another_kind_is_sent_as_such():
    app = App(lambda target, body: (200, {"key": "0123456789", "token_type": "Token"}))
    ended = login.log_in(app, [LOGIN], (), {})  # type: ignore[arg-type]
    assert ended.presented is not None
    assert ended.presented.headers == {"Authorization": "Token 0123456789"}


def test_an_account_that_the_submission_shows_is_tried_where_nobody_can_register():
    app = App(lambda _, body: (200, {"jwt": "a.b.c"}) if body["password"] == "brushes" else (401, {}))
    ended = login.log_in(app, [LOGIN], (Account("curator", "brushes"),), {})  # type: ignore[arg-type]
    assert ended.presented is not None
    assert app.sent[-1][2] == {"username": "curator", "password": "brushes"}


def test_a_login_that_answers_with_its_own_page_is_none():
    app = App(lambda *_: (200, '<form><input name="p" type="password"></form>'), cookies=True)
    ended = login.log_in(app, [LOGIN], (), {})  # type: ignore[arg-type]
    assert ended.presented is None
    assert "POST /auth/login answered 200" in ended.transcript


def test_an_operation_that_resets_a_password_is_left_alone():
    app = App(members)
    login.log_in(app, [operation("/auth/reset-password", "email", "new_password")], (), {})  # type: ignore[arg-type]
    assert app.sent == []


def test_a_few_requests_are_all_that_logging_in_takes():
    app = App(lambda *_: (401, {}))
    many = [operation(f"/login{number}", "username", "password") for number in range(40)]
    login.log_in(app, many, [Account(f"n{each}", "p") for each in range(40)], {})  # type: ignore[arg-type]
    assert len(app.sent) <= 24


@pytest.mark.parametrize(
    "source",
    [
        'def enter(name, password):\n    return name == "ada" and password == "engine"\n',
        'def enter(form):\n    if form.username != "ada" or form.password != "engine":\n        raise ValueError\n',
        'USERS = {"ada": "engine"}\n',
        'fake_users: dict = {"ada": {"mail": "a@b.c", "password": "engine"}}\n',
    ],
)
def test_an_account_in_the_code_is_read(tmp_path, source):
    (tmp_path / "main.py").write_text(source)
    assert accounts.of_code(tmp_path, ["main.py"]) == [Account("ada", "engine")]


def test_an_account_among_the_variables_is_read_and_that_of_a_database_is_not(tmp_path):
    (tmp_path / "main.py").write_text(
        "import os\nname = os.getenv('DEMO_USER', 'ada')\npassword = os.getenv('DEMO_PASSWORD', 'engine')\n"
        "db_user = os.getenv('DB_USER', 'root')\ndb_password = os.getenv('DB_PASSWORD', 'root')\n"
    )
    found = accounts.of_variables(read_variables(tmp_path, ["main.py"]), {"DEMO_USER": "grace"})
    assert found == [Account("grace", "engine")]


def test_the_default_of_a_setting_with_a_description_is_read(tmp_path):
    (tmp_path / "main.py").write_text(
        "from pydantic import Field\nfrom pydantic_settings import BaseSettings\nclass Settings(BaseSettings):\n"
        "    demo_user: str = Field('ada', description='who')\n    demo_password: str = Field(default='engine')\n"
    )
    assert accounts.of_variables(read_variables(tmp_path, ["main.py"]), {}) == [Account("ada", "engine")]


def test_an_error_is_quoted_with_the_exception_and_the_line_of_the_submission(tmp_path):
    log = (
        'Traceback (most recent call last):\n  File "/x/flask/app.py", line 9, in run\n    go()\n'
        '  File "api/words.py", line 15, in make\n    ask()\n  File "/x/openai/old.py", line 3, in ask\n    raise Gone()\n'
        "openai.old.Gone: \n\nask() is no longer there.\n"
    )
    quote = nearest.quote_nearest(refused(status=500, log=log))
    assert "api/words.py, line 15: Gone: ask() is no longer there." in quote


class Inside:
    """Stands for a sandbox whose app answers as a function says."""

    root = "/submission"


@pytest.mark.parametrize(
    ("cookie", "page"),
    [("csrftoken=abcdefgh12; Path=/", ""), ("", '<meta name="csrf-token" content="abcdefgh12">')],
)
def test_what_a_page_s_scripts_send_back_is_sent_back(cookie, page, monkeypatch):
    heads: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        heads.append(request.headers.get("X-CSRFToken", ""))
        set_it = {"set-cookie": cookie} if cookie else {}
        return httpx.Response(
            200, headers={"content-type": "text/html", **set_it}, content=iter([page.encode()])
        )

    monkeypatch.setattr(transmission, "Inward", lambda _: httpx.MockTransport(answer))
    sender = transmission.Transmitter("http://127.0.0.1:1", None, None, {}, Inside())  # type: ignore[arg-type]
    for method in ("GET", "POST", "GET"):
        sender.transmit(Request(method, "/"))
    assert heads == ["", "abcdefgh12", ""]


def test_a_cookie_for_https_alone_comes_back_to_the_own_machine(monkeypatch):
    came: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        came.append(request.headers.get("cookie", ""))
        return httpx.Response(200, headers={"set-cookie": "who=ada; Secure; Path=/"}, content=iter([b""]))

    monkeypatch.setattr(transmission, "Inward", lambda _: httpx.MockTransport(answer))
    sender = transmission.Transmitter("http://127.0.0.1:1", None, None, {}, Inside())  # type: ignore[arg-type]
    sender.transmit(Request("GET", "/"))
    sender.transmit(Request("GET", "/"))
    assert came == ["", "who=ada"]


def refused(**facts: Any) -> Evidence:
    answer = Exchange(id="ex-1", purpose="", method="POST", url="/chat", **facts)
    return SimpleNamespace(misses=[Miss(exchange="ex-1", prompt="json:q")], exchange=lambda _: answer)  # type: ignore[return-value]


@pytest.mark.parametrize(
    ("facts", "how"),
    [
        ({"status": 401}, "401"),
        (
            {"status": 200, "content_type": "text/html", "body": "<input name=a type='password'>"},
            "with its login",
        ),
        (
            {"status": 302, "headers": {"location": "https://accounts.example.com/oauth2/start"}},
            "with its login",
        ),
        ({"status": 500}, ""),
        ({"status": 302, "headers": {"location": "/thanks"}}, ""),
    ],
)
def test_an_answer_that_asks_for_a_login_is_no_fault(facts, how):
    assert nearest.describe_guard(refused(**facts)) == how
