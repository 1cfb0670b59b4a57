"""The control port: what can be read and steered over it, and who can't."""

import base64
import json
import socket

import httpx2
import openai
import pytest
from openai import OpenAI
from typer.testing import CliRunner

from classroom import OpenAIMock
from classroom.cli import app
from classroom.loopback import PortTaken
from tests.classroom.pictures import make_picture

MODEL = "gpt-5.4-mini"


@pytest.fixture(scope="module")
def shared():
    with OpenAIMock(control=0) as mock:
        yield mock


@pytest.fixture
def mock(shared):
    shared.reset()
    shared.strict_replies = False
    return shared


@pytest.fixture
def client(mock):
    return OpenAI(base_url=mock.base_url, api_key="k", max_retries=0)


@pytest.fixture
def control(mock):
    with httpx2.Client(base_url=mock.control_url) as client:
        yield client


def test_a_reply_that_was_posted_answers_and_is_listed(client, control):
    posted = control.post(
        "/replies", json={"when": "weather", "tool_calls": {"look": {"city": "Oslo"}}, "times": 1}
    )
    assert posted.status_code == 201
    tools = [{"type": "function", "name": "look", "parameters": {"type": "object", "properties": {}}}]
    [item] = client.responses.create(model=MODEL, input="the weather", tools=tools).output
    assert (item.name, item.arguments) == ("look", '{"city": "Oslo"}')
    [listed] = control.get("/replies").json()["data"]
    assert listed == {"when": "weather", "times": 1, "tool_calls": {"look": {"city": "Oslo"}}, "met": 1}


def test_several_replies_with_patterns_and_sequences_are_posted_at_once(client, control):
    control.post("/replies", json=[{"pattern": r"\d+ degrees", "text": "A coat."}, {"text": ["one", "two"]}])
    answers = [
        client.responses.create(model=MODEL, input=words).output_text for words in ("14 degrees", "a", "b")
    ]
    assert answers == ["A coat.", "one", "two"]


def test_a_picture_is_posted_in_base64_and_never_named_as_a_file(client, control, tmp_path):
    given = make_picture()
    assert control.post("/replies", json={"image": base64.b64encode(given).decode()}).status_code == 201
    made = client.images.generate(model="gpt-image-2", prompt="a fox")
    assert base64.b64decode(made.data[0].b64_json) == given
    secret = tmp_path / "secret.png"
    secret.write_bytes(given)
    refused = control.post("/replies", json={"image": str(secret)})
    assert (refused.status_code, "Base64" in refused.json()["error"]) == (400, True)


def test_faults_and_limits_are_posted_and_cleared(client, control):
    control.post("/faults", json={"status": 429, "times": 1})
    with pytest.raises(openai.RateLimitError):
        client.models.list()
    control.post("/limits", json={"requests": 1})
    client.models.list()
    with pytest.raises(openai.RateLimitError):
        client.models.list()
    assert [len(control.get(f"/{name}").json()["data"]) for name in ("faults", "limits")] == [0, 1]
    assert control.delete("/limits").status_code == 204
    client.models.list()


def test_calls_come_by_pages_with_what_they_cost_and_made(client, control):
    client.responses.create(model=MODEL, input="first")
    client.images.generate(model="gpt-image-2", prompt="a fox")
    page = control.get("/calls", params={"limit": 1}).json()
    assert (page["more"], page["made"], page["dropped"]) == (True, 2, 0)
    [first] = page["calls"]
    assert first["body"]["input"] == "first"
    assert float(first["cost"]) > 0
    [second] = control.get("/calls", params={"after": first["id"]}).json()["calls"]
    made = control.get(f"/calls/{second['id']}/outputs/0")
    assert made.headers["content-type"] == "image/png"
    assert made.content.startswith(b"\x89PNG")


def test_the_key_is_not_in_what_is_shown(mock, control):
    key = "sk-" + "proj-" + "very-secret-0123456789"
    OpenAI(base_url=mock.base_url, api_key=key).responses.create(model=MODEL, input=f"my key is {key}")
    assert key not in control.get("/calls").text


def test_strict_replies_and_the_pace_are_settings(client, control, mock):
    settings = control.put("/settings", json={"strict_replies": True, "pace": {"first": 0.01}}).json()
    assert settings == {"strict_replies": True, "pace": {"first": 0.01, "tokens_per_second": None}}
    with pytest.raises(openai.BadRequestError, match="No scripted reply"):
        client.responses.create(model=MODEL, input="hi")
    assert control.put("/settings", json={"strict_replies": "yes"}).status_code == 400
    assert mock.strict_replies


def test_reset_forgets_everything(client, control):
    control.post("/script", json={"reply": [{"text": "hi"}], "fault": [{"status": 500, "after": 9}]})
    client.responses.create(model=MODEL, input="hi")
    assert control.post("/reset").status_code == 204
    states = [control.get(path).json() for path in ("/replies", "/faults", "/calls")]
    assert [states[0]["data"], states[1]["data"], states[2]["calls"]] == [[], [], []]


@pytest.mark.parametrize(
    ("path", "sent"),
    [
        ("/replies", {"when": "x"}),
        ("/replies", {"text": "x", "colour": "red"}),
        ("/faults", {"effect": "vanish"}),
        ("/limits", {"requests": 0}),
        ("/script", {"answers": []}),
        ("/script", 3),
    ],
)
def test_what_makes_no_sense_is_refused_with_a_reason(control, path, sent):
    refused = control.post(path, json=sent)
    assert refused.status_code == 400
    assert refused.json()["error"]
    assert control.post("/replies", content=b"{").status_code == 400


# --- who may not --------------------------------------------------------------------------------------------------------


def test_nothing_of_it_is_on_the_port_that_apps_talk_to(mock):
    origin = mock.base_url.removesuffix("/v1")
    for path in ("/calls", "/replies", "/faults", "/settings", "/health"):
        for base in (origin, mock.base_url):
            assert httpx2.get(base + path, headers={"authorization": "Bearer k"}).status_code == 404


def test_a_stand_in_has_no_control_port_unless_it_is_asked_for():
    assert OpenAIMock().control_url is None


def test_a_page_of_another_site_can_not_steer_it(control):
    for origin in ("https://evil.example", "http://localhost:3000", "null"):
        assert control.post("/reset", headers={"origin": origin}).status_code == 403
    answer = control.get("/calls")
    assert "access-control-allow-origin" not in answer.headers


def test_a_name_that_somebody_made_lead_here_is_refused(control):
    for host in ("evil.example", "evil.example:80", "127.0.0.1.evil.example", ""):
        assert control.get("/calls", headers={"host": host}).status_code == 403
    for host in ("localhost:1", "127.0.0.1", "[::1]:80", "standin:4011"):
        assert control.get("/health", headers={"host": host}).status_code == 200


def test_a_request_that_never_ends_is_cut_off(control):
    assert control.post("/replies", content=(b" " * 2**20 for _ in range(40))).status_code == 413


def test_it_listens_on_loopback_and_a_port_that_is_taken_leaves_none_open():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        with pytest.raises(PortTaken):
            OpenAIMock(control=taken.getsockname()[1])
    with pytest.raises(PortTaken, match="no address of this computer"):
        OpenAIMock(host="nowhere.invalid")
    with OpenAIMock(host="0.0.0.0", control=0) as open_mock:
        assert open_mock.control_url.startswith("http://127.0.0.1:")
        assert open_mock.base_url.startswith("http://127.0.0.1:")
        assert OpenAI(base_url=open_mock.base_url, api_key="k").models.list().data


def test_the_command_refuses_an_impossible_pace_in_one_line():
    done = CliRunner().invoke(app, ["mock", "--port", "0", "--first-token", "-1"])
    assert done.exit_code == 2
    assert "from 0 to 3600 seconds" in done.output


# --- pages in a browser ---------------------------------------------------------------------------------------------------


def preflight(mock, origin):
    asked = {
        "access-control-request-method": "POST",
        "access-control-request-headers": "authorization,x-stainless-os",
    }
    return httpx2.options(f"{mock.base_url}/responses", headers={"origin": origin, **asked})


@pytest.mark.parametrize(
    "origin", ["http://localhost:5173", "http://127.0.0.1:8000", "https://app.localhost"]
)
def test_pages_of_this_computer_may_call(mock, origin):
    answer = preflight(mock, origin)
    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (200, origin)
    assert "x-stainless-os" in answer.headers["access-control-allow-headers"]
    called = httpx2.get(f"{mock.base_url}/models", headers={"origin": origin, "authorization": "Bearer k"})
    assert called.headers["access-control-allow-origin"] == origin
    assert "x-request-id" in called.headers["access-control-expose-headers"]


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "http://localhost.evil.example", "http://127.0.0.1.evil"]
)
def test_pages_of_other_sites_may_not(mock, origin):
    answer = preflight(mock, origin)
    assert answer.status_code == 400
    assert "access-control-allow-origin" not in answer.headers


def test_other_pages_may_where_they_are_named():
    with OpenAIMock(cors=["https://app.example"]) as named, OpenAIMock(cors=["*"]) as every:
        assert preflight(named, "https://app.example").status_code == 200
        assert preflight(named, "https://other.example").status_code == 400
        assert preflight(every, "https://other.example").headers["access-control-allow-origin"] == "*"


def test_an_error_can_be_read_by_a_page_too(mock):
    refused = httpx2.post(f"{mock.base_url}/responses", json={}, headers={"origin": "http://localhost:1"})
    assert refused.status_code == 401
    assert refused.headers["access-control-allow-origin"] == "http://localhost:1"
    assert json.loads(refused.text)["error"]
