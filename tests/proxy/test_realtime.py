"""Realtime through the proxy: carried with the attendee's token, reserved before each response, settled by what it used."""

import base64
import json
import time
from contextlib import contextmanager
from datetime import timedelta
from urllib.parse import quote

import httpx
import pytest
import websockets.sync.client
from openai import OpenAI
from websockets.exceptions import ConnectionClosed, InvalidStatus

from classroom.proxy.realtime import asking, reckoning
from classroom.proxy.rules.events import NANO
from tests.proxy.conftest import KEY, PASSWORD, an_event

MODEL = "gpt-realtime-2.1-mini"
ALOUD = "Read the user's text aloud, word for word."


@pytest.fixture
def talking(proxy):
    """The proxy, with an event that offers a voice."""
    proxy.ledger.add(an_event("talk", models={MODEL: MODEL}))
    return proxy


@contextmanager
def connected(proxy, token="talk/ada", **options):
    with OpenAI(api_key=token, base_url=f"{proxy.url}/v1").realtime.connect(model=MODEL, **options) as made:
        assert made.recv().type == "session.created"
        yield made


def order(words, **more):
    part = {"type": "input_text", "text": words}
    message = {"type": "message", "role": "user", "content": [part]}
    return {"conversation": "none", "input": [message], "instructions": ALOUD, **more}


def until(connection, *kinds):
    events = []
    while not events or events[-1].type not in kinds:
        events.append(connection.recv())
    return events


def say(connection, words, **more):
    connection.response.create(response=order(words, **more))
    return until(connection, "response.done", "error")


def books(proxy, code="talk"):
    return proxy.ledger.report(code)


def spent(proxy, code="talk"):
    return sum(line.cost for line in books(proxy, code)) / NANO


def settled(proxy, code="talk"):
    """Wait until nothing is reserved any more."""
    deadline = time.monotonic() + 20
    while proxy.ledger.standing(proxy.ledger.event(code), "ada").reserved and time.monotonic() < deadline:
        time.sleep(0.02)
    return proxy.ledger.standing(proxy.ledger.event(code), "ada")


def test_a_voice_comes_through_and_is_charged_by_what_it_used(talking):
    with connected(talking) as connection:
        events = say(connection, "The tide comes in at noon.")
    sound = b"".join(base64.b64decode(e.delta) for e in events if e.type == "response.output_audio.delta")
    assert sound == talking.openai.calls[0].outputs[0].content
    assert spent(talking) == pytest.approx(float(talking.openai.calls.cost), abs=2e-9)
    [line] = books(talking)
    assert (line.attendee, line.model, line.requests) == ("ada", MODEL, 1)
    assert line.output_tokens > 20


def test_the_upstream_sees_its_own_key_and_a_pseudonym(talking):
    with connected(talking) as connection:
        say(connection, "Hello.")
    [call] = talking.openai.calls.by(KEY)
    assert "ada" not in json.dumps(call.body)


@pytest.mark.parametrize("path", ["/v1/realtime", "/api/v1/realtime", "/openai/v1/realtime", "/v1/realtime/"])
@pytest.mark.parametrize("where", ["authorization", "api-key", "openai-event-code", "protocol"])
def test_the_token_comes_in_a_header_or_in_the_subprotocol(talking, path, where):
    url = talking.url.replace("http", "ws") + f"{path}?model={MODEL}"
    options = {"additional_headers": {where: "talk/ada"}}
    if where == "authorization":
        options = {"additional_headers": {where: "Bearer talk/ada"}}
    if where == "protocol":
        options = {"subprotocols": ["realtime", f"openai-insecure-api-key.{quote('talk/ada', safe='')}"]}
    with websockets.sync.client.connect(url, **options) as socket:
        assert json.loads(socket.recv())["type"] == "session.created"
        assert socket.subprotocol == ("realtime" if where == "protocol" else None)


@pytest.mark.parametrize(
    ("token", "model", "status", "code"),
    [
        ("talk", MODEL, 401, "token_missing"),
        ("nowhere/ada", MODEL, 401, "event_unknown"),
        ("over/ada", MODEL, 401, "event_ended"),
        ("talk/ada", "gpt-realtime-2.1", 403, "model_not_allowed"),
        ("lesson/ada", "gpt-5.4-mini", 403, "model_not_allowed"),
    ],
)
def test_who_may_not_is_refused_before_the_connection(talking, token, model, status, code):
    talking.ledger.add(over("over"))
    with pytest.raises(InvalidStatus) as refused, connected_as(talking, token, model):
        pass
    assert refused.value.response.status_code == status
    assert json.loads(refused.value.response.body)["error"]["code"] == code
    assert not talking.openai.calls


def over(code):
    """An event that is over."""
    usual = an_event(code, models={MODEL: MODEL})
    return an_event(
        code, models={MODEL: MODEL}, starts=usual.starts, ends=usual.starts + timedelta(minutes=1)
    )


@contextmanager
def connected_as(proxy, token, model):
    url = proxy.url.replace("http", "ws") + f"/v1/realtime?model={model}"
    with websockets.sync.client.connect(url, additional_headers={"api-key": token}) as socket:
        yield socket


def test_other_addresses_carry_no_sockets(talking):
    url = talking.url.replace("http", "ws") + f"/v1/responses?model={MODEL}"
    with pytest.raises(InvalidStatus) as refused:
        websockets.sync.client.connect(url, additional_headers={"api-key": "talk/ada"})
    assert refused.value.response.status_code == 404


def test_a_budget_ends_in_the_middle_of_a_session(proxy):
    one = reckoning.of_words(MODEL, [ALOUD, "x" * 400])
    proxy.ledger.add(an_event("talk", models={MODEL: MODEL}, learner_budget=one))
    with connected(proxy) as connection:
        assert say(connection, "One.")[-1].type == "response.done"
        refused = say(connection, "Two.")[-1]
        assert refused.error.code == "budget_spent"
        connection.response.create(response=order("Three, shorter.", max_output_tokens=50))
        assert until(connection, "response.done", "error")[-1].type == "response.done"
    assert len(talks(proxy)) == 2


def talks(proxy):
    return [call for call in proxy.openai.calls if call.status == 200 and call.route == "realtime"]


def test_the_requests_of_a_day_are_counted_by_response(proxy):
    proxy.ledger.add(an_event("talk", models={MODEL: MODEL}, daily_requests=2))
    with connected(proxy) as connection:
        outcomes = [say(connection, "Hi.", max_output_tokens=60)[-1] for _ in range(3)]
    assert [each.type for each in outcomes] == ["response.done", "response.done", "error"]
    assert outcomes[-1].error.code == "daily_cap_reached"


def test_an_event_that_ends_ends_its_sessions_responses(talking):
    with connected(talking) as connection:
        assert say(connection, "Hi.")[-1].type == "response.done"
        talking.ledger.change(over("talk"))
        time.sleep(1.2)  # what the database answered is believed for a second
        assert say(connection, "Hi again.")[-1].error.code == "event_ended"
    assert len(talks(talking)) == 1


def test_an_answer_is_no_longer_than_the_event_allows(proxy):
    proxy.ledger.add(an_event("talk", models={MODEL: MODEL}, max_tokens=40))
    with connected(proxy) as connection:
        assert say(connection, "Hi.", max_output_tokens=41)[-1].error.code == "max_tokens_exceeded"
        connection.session.update(session={"type": "realtime", "max_output_tokens": "inf"})
        assert until(connection, "session.updated")[-1].session.max_output_tokens == 40
        done = say(connection, "Hi. " * 100, output_modalities=["text"])[-1]
        assert done.response.status == "incomplete"


def test_a_cancelled_response_is_charged_by_what_was_made(talking):
    with connected(talking) as connection:
        connection.response.create(response=order("One two three four five six seven. " * 30))
        started = until(connection, "response.output_audio.delta")[-1]
        connection.response.cancel(response_id=started.response_id)
        done = until(connection, "response.done")[-1]
    assert done.response.status == "cancelled"
    standing = settled(talking)
    assert standing.reserved == 0
    assert 0 < spent(talking) == pytest.approx(float(talking.openai.calls.cost), abs=2e-9)


def test_who_hangs_up_pays_for_what_was_made(talking):
    with connected(talking) as connection:
        connection.response.create(response=order("One two three four five six seven. " * 30))
        until(connection, "response.output_audio.delta")
    standing = settled(talking)
    assert standing.reserved == 0
    assert spent(talking) >= float(talking.openai.calls.cost) > 0


@pytest.mark.parametrize("effect", ["drop", "truncate", "malformed"])
def test_a_session_that_breaks_is_charged_as_reckoned_before(talking, effect):
    talking.openai.fail(effect=effect)
    with connected(talking) as connection:
        connection.response.create(response=order("Hi."))
        with pytest.raises((ConnectionClosed, ValueError)):
            until(connection, "response.done")
    standing = settled(talking)
    assert standing.reserved == 0
    assert standing.spent >= reckoning.LONGEST_ANSWER * 20_000  # billionths of a dollar for a token of sound


def test_what_the_upstream_refuses_costs_nothing(talking):
    talking.openai.fail(status=429, times=1)
    with connected(talking) as connection:
        done = say(connection, "Hi.")[-1]
        assert done.response.status_details.error.code == "rate_limit_exceeded"
        assert settled(talking).spent == 0
        connection.response.create(
            event_id="mine", response={"tool_choice": {"type": "function", "name": "x"}}
        )
        until(connection, "response.done", "error")
    assert settled(talking).reserved == 0


def test_an_upstream_that_is_not_there_is_reported_before_the_connection(talking):
    talking.openai.fail(status=401)
    with pytest.raises(InvalidStatus) as refused, connected(talking):
        pass
    assert refused.value.response.status_code == 503
    assert KEY not in refused.value.response.body.decode()
    assert spent(talking) == 0


def test_one_response_at_a_time(talking):
    with connected(talking) as connection:
        connection.response.create(response=order("One two three four five six seven. " * 10))
        connection.response.create(event_id="second", response=order("Two."))
        events = until(connection, "response.done")
    [error] = [event.error for event in events if event.type == "error"]
    assert (error.code, error.event_id) == ("conversation_already_has_active_response", "second")


def test_a_session_remembers_what_was_asked_and_reckons_with_it(talking):
    with connected(talking) as connection:
        part = {"type": "input_text", "text": "word " * 2_000}
        connection.conversation.item.create(item={"type": "message", "role": "user", "content": [part]})
        connection.response.create(response={"output_modalities": ["text"], "max_output_tokens": 10})
        until(connection, "response.done")
    [call] = talks(talking)
    assert call.mentions("word word")
    assert spent(talking) == pytest.approx(float(talking.openai.calls.cost), abs=2e-9)


def test_sound_is_taken_and_answered_when_it_is_asked_for(talking):
    from classroom.media import sound

    heard = base64.b64encode(sound.speak("What is an API?", format="pcm")).decode()
    with connected(talking) as connection:
        connection.input_audio_buffer.append(audio=heard)
        connection.input_audio_buffer.commit()
        kinds = [event.type for event in until(connection, "conversation.item.done")]
        assert "session.updated" not in kinds  # the proxy's own affair
        connection.response.create(response={"output_modalities": ["text"]})
        assert until(connection, "response.done", "error")[-1].response.usage.input_token_details.audio_tokens
    assert spent(talking) >= float(talking.openai.calls.cost) > 0


@pytest.mark.parametrize(
    ("event", "code"),
    [
        ({"type": "session.update", "session": {"type": "transcription"}}, "parameter_not_offered"),
        (
            {
                "type": "session.update",
                "session": {
                    "type": "realtime",
                    "audio": {"input": {"transcription": {"model": "whisper-1"}}},
                },
            },
            "parameter_not_offered",
        ),
        (
            {
                "type": "session.update",
                "session": {
                    "type": "realtime",
                    "audio": {"input": {"turn_detection": {"type": "server_vad"}}},
                },
            },
            "parameter_not_offered",
        ),
        (
            {"type": "response.create", "response": {"tools": [{"type": "mcp", "server_url": "http://x"}]}},
            "parameter_not_offered",
        ),
        ({"type": "response.create", "response": {"prompt": {"id": "pmpt_1"}}}, "parameter_not_offered"),
        ({"type": "response.create", "response": {"surprise": 1}}, "unknown_parameter"),
        (
            {"type": "session.update", "session": {"type": "realtime", "model": "gpt-realtime-2.1"}},
            "invalid_value",
        ),
        ({"type": "output_audio_buffer.clear"}, "invalid_value"),
        ({"type": 5}, "invalid_type"),
        ([], "invalid_body"),
    ],
)
def test_what_could_cost_unseen_does_not_pass(talking, event, code):
    url = talking.url.replace("http", "ws") + f"/v1/realtime?model={MODEL}"
    with websockets.sync.client.connect(url, additional_headers={"api-key": "talk/ada"}) as socket:
        socket.recv()
        socket.send(json.dumps(event))
        refused = json.loads(socket.recv())
        assert (refused["type"], refused["error"]["code"]) == ("error", code)
        socket.send(json.dumps({"type": "response.create", "response": order("Still here.")}))
        while json.loads(socket.recv())["type"] != "response.done":
            pass
    assert len(talking.openai.calls) == 1


def test_an_attendee_has_a_few_sessions_at_once(talking):
    held = [connected(talking) for _ in range(4)]
    for each in held:
        each.__enter__()
    with pytest.raises(InvalidStatus) as refused, connected(talking):
        pass
    assert refused.value.response.status_code == 429
    for each in held:
        each.__exit__(None, None, None)
    deadline = time.monotonic() + 10
    while True:
        try:
            with connected(talking):
                return
        except InvalidStatus:
            assert time.monotonic() < deadline
            time.sleep(0.05)


def test_prompts_are_kept_only_where_the_event_says_so(proxy):
    proxy.ledger.add(an_event("talk", models={MODEL: MODEL}, keeps_prompts=True))
    with connected(proxy) as connection:
        say(connection, "Remember this.")
    from classroom.proxy.books.tables import calls

    with proxy.ledger._engine.begin() as books:
        [row] = books.execute(calls.select()).mappings().all()
    assert "Remember this." in row["prompt"]


def test_the_events_are_those_of_the_sdk():
    from openai.types.realtime import RealtimeSessionCreateRequest
    from openai.types.realtime.realtime_response_create_params import RealtimeResponseCreateParams

    assert set(asking._RESPONSE.fields) == set(RealtimeResponseCreateParams.model_fields)
    assert set(asking._SESSION.fields) == set(RealtimeSessionCreateRequest.model_fields)


def test_a_session_that_is_refused_is_counted_and_a_paused_event_lets_none_in(talking):
    talking.ledger.pause("talk", True)
    with pytest.raises(InvalidStatus), connected(talking, "talk/ada"):
        pass
    page = httpx.get(f"{talking.url}/admin/events/talk", auth=("admin", PASSWORD)).text
    assert "event_paused" in page


def test_a_pause_ends_the_answers_of_a_session_that_is_open(talking):
    with connected(talking, "talk/ada") as connection:
        talking.ledger.pause("talk", True)
        time.sleep(1.1)  # what the database answered is believed for a second
        connection.response.create(response=order("hello"))
        assert until(connection, "error", "response.done")[-1].error.code == "event_paused"
    assert talking.openai.calls.cost == 0
