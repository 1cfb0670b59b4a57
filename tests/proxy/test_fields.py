"""What a request may hold: every field is declared or refused, and what is refused is named."""

import json
import typing
from dataclasses import dataclass, field

import httpx
import pytest

from classroom.proxy import fields
from classroom.proxy.app import Proxy
from classroom.proxy.books.database import connect
from classroom.proxy.books.ledger import Ledger
from classroom.proxy.calling.upstream import Upstream
from classroom.proxy.fields.shapes import Refused
from classroom.proxy.fields.tally import Tally
from classroom.proxy.prices import pricing
from classroom.proxy.requests import bodies, parsing
from classroom.proxy.rules import routes
from classroom.proxy.rules.events import NANO
from classroom.standin.incoming.errors import APIError
from tests.proxy.conftest import KEY, Running, an_event, served
from tests.proxy.meter import Meter, metered

CHAT = {"model": "gpt-5.4-mini", "messages": [{"role": "user", "content": "Say hello."}]}
RESPONSE = {"model": "gpt-5.4-mini", "input": "Say hello."}
MODELS = {
    name: name
    for name in (
        *("gpt-5.4-mini", "gpt-4o-mini", "gpt-3.5-turbo-instruct", "text-embedding-3-small"),
        *("gpt-image-1.5", "tts-1", "whisper-1"),
    )
}


@dataclass
class Greedy(Running):
    """A proxy before a meter; `before`: what was booked when the test began, by event."""

    before: dict[str, float] = field(default_factory=dict)

    def offer(self, code, **facts):
        """An event of that code; all tests that ask for one mean the same."""
        if self.ledger.event(code) is None:
            self.ledger.add(an_event(code, **{"models": MODELS, **facts}))


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    ledger = Ledger(connect(str(tmp_path_factory.mktemp("proxy") / "proxy.sqlite")))
    meter = Meter()
    with (
        metered(meter, served) as upstream,
        served(Proxy(ledger, Upstream(upstream, KEY))) as url,
    ):
        yield Greedy(url, ledger, meter)
    ledger.close()


@pytest.fixture
def meter(running):
    running.openai.__init__()
    return running.openai


@pytest.fixture
def greedy(running, meter):
    """A proxy before an upstream that takes everything and charges for it, with an open event."""
    running.offer("lesson")
    running.before = {event.code: spent / NANO for event, spent in running.ledger.events()}
    return running


def ask(proxy, body, path="chat/completions", token="lesson/ada", **named):
    return httpx.post(f"{proxy.url}/v1/{path}", headers={"api-key": token}, json=body, timeout=30, **named)


def booked(proxy, code="lesson"):
    return sum(line.cost for line in proxy.ledger.report(code)) / NANO - proxy.before.get(code, 0) + 1e-9


def assert_refused(answer, field, meter=None):
    assert answer.status_code == 400, answer.text
    assert answer.json()["error"]["param"] == field
    assert field.split("[")[0].split(".")[0] in answer.json()["error"]["message"]
    if meter is not None:
        assert not meter.bodies


# --- money --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("start", ["data:", "data:image/png;base64,", "data:text/plain,"])
def test_text_is_counted_by_its_bytes_whatever_it_begins_with(start):
    words = start + "kite " * 200_000
    body = {**CHAT, "max_tokens": 1, "messages": [{"role": "user", "content": words}]}
    assert pricing.most("chat/completions", body, "gpt-5.4-mini") >= 0.75e-6 * NANO * len(words)


def test_parallel_texts_that_begin_like_pictures_do_not_pass_a_budget_together(greedy, meter):
    meter.tells = False
    greedy.offer("poor", learner_budget=NANO // 20)
    words = "data:" + "kite " * 50_000
    body = {**CHAT, "max_tokens": 1, "messages": [{"role": "user", "content": words}]}
    for _ in range(4):
        assert ask(greedy, body, token="poor/ada").json()["error"]["code"] == "budget_spent"
    assert meter.dollars == 0


@pytest.mark.parametrize("value", ["16000", 16000.0, True, [16000], {"$gt": 1}])
@pytest.mark.parametrize(
    ("route", "field"),
    [
        ("chat/completions", "max_tokens"),
        ("chat/completions", "max_completion_tokens"),
        ("chat/completions", "n"),
        ("completions", "best_of"),
        ("responses", "max_output_tokens"),
    ],
)
def test_a_number_that_is_no_integer_is_refused(greedy, meter, route, field, value):
    body = {"model": "gpt-5.4-mini"} | (
        {"messages": CHAT["messages"]} if route.startswith("chat") else {"input": "x"}
    )
    if route == "completions":
        body = {"model": "gpt-3.5-turbo-instruct", "prompt": "x"}
    answer = ask(greedy, {**body, field: value}, route)
    assert_refused(answer, field, meter)
    assert answer.json()["error"]["code"] == "invalid_type"


def test_two_bounds_of_one_answer_are_refused(greedy, meter):
    answer = ask(greedy, {**CHAT, "max_completion_tokens": 1, "max_tokens": 16_000})
    assert_refused(answer, "max_tokens", meter)


@pytest.mark.parametrize(
    "more",
    [
        {"best_of": 20},
        {"n": 20, "best_of": 20},
        {"prompt": ["a"] * 500},
        {"prompt": [[1, 2, 3]] * 300, "n": 2},
        {"prompt": [1, 2, 3]},
    ],
)
@pytest.mark.parametrize("tells", [True, False])
def test_completions_are_booked_for_every_answer_that_is_made(greedy, meter, more, tells):
    meter.tells = tells
    body = {"model": "gpt-3.5-turbo-instruct", "prompt": "Once upon a time", "max_tokens": 200, **more}
    assert ask(greedy, body, "completions").status_code == 200
    assert meter.dollars <= booked(greedy)


def test_a_prediction_is_booked_as_output(greedy, meter):
    words = "kite " * 5_000
    plain = pricing.most("chat/completions", {**CHAT, "max_tokens": 10}, "gpt-5.4-mini")
    body = {**CHAT, "max_tokens": 10, "prediction": {"type": "content", "content": words}}
    assert pricing.most("chat/completions", body, "gpt-5.4-mini") - plain >= 4.5e-6 * NANO * len(words)


def test_an_answer_is_bounded_where_nobody_bounds_it(greedy, meter):
    ask(greedy, CHAT)
    ask(greedy, RESPONSE, "responses")
    assert meter.bodies[0]["max_completion_tokens"] == meter.bodies[1]["max_output_tokens"]
    assert meter.dollars <= booked(greedy)


def test_what_the_upstream_may_have_made_before_it_broke_off_is_charged(tmp_path):
    from classroom import OpenAIMock

    ledger = Ledger(connect(str(tmp_path / "proxy.sqlite")))
    ledger.add(an_event())
    with OpenAIMock() as openai, served(Proxy(ledger, Upstream(openai.base_url, KEY))) as url:
        openai.fail(effect="truncate", times=1)
        answer = httpx.post(f"{url}/v1/chat/completions", headers={"api-key": "lesson/ada"}, json=CHAT)
        assert answer.status_code == 503
        assert "charged" in answer.json()["error"]["message"]
    assert sum(line.cost for line in ledger.report("lesson")) > 0


# --- what is the owner's, or has no price -------------------------------------------------------------------------

FILE = {"type": "file", "file": {"file_id": "file-abc"}}
TOOLS = [
    *("web_search", "web_search_preview", "code_interpreter", "image_generation", "mcp"),
    *("computer_use_preview", "local_shell", "shell", "apply_patch", "tool_search", "namespace"),
]


@pytest.mark.parametrize("tool", TOOLS)
def test_tools_of_the_upstream_are_refused_unless_allowed(greedy, meter, tool):
    body = {**RESPONSE, "tools": [{"type": tool, "container": {"type": "auto"}}]}
    assert_refused(ask(greedy, body, "responses"), "tools[0]", meter)


@pytest.mark.parametrize("tool", ["retrieval", "", 7, None])
def test_tools_that_nobody_knows_are_refused(greedy, meter, tool):
    assert_refused(ask(greedy, {**RESPONSE, "tools": [{"type": tool}]}, "responses"), "tools[0].type", meter)


@pytest.mark.parametrize(
    ("route", "field", "value"),
    [
        ("responses", "service_tier", "priority"),
        ("responses", "service_tier", "flex"),
        ("chat/completions", "service_tier", "fast"),
        ("chat/completions", "service_tier", "scale"),
        ("chat/completions", "web_search_options", {}),
        ("chat/completions", "data_sources", [{"type": "azure_search"}]),
        ("responses", "conversation", "conv_of_someone"),
        ("responses", "prompt", {"id": "pmpt_of_the_owner"}),
        ("responses", "background", True),
        ("responses", "context_management", [{"type": "compaction"}]),
        ("responses", "moderation", {"model": "x"}),
        ("images/generations", "svg", {"model": "gpt-6-astra"}),
    ],
)
def test_what_is_dearer_or_the_owner_s_is_refused(greedy, meter, route, field, value):
    body = {"chat/completions": CHAT, "responses": RESPONSE}.get(
        route, {"model": "gpt-image-1.5", "prompt": "a kite"}
    )
    assert_refused(ask(greedy, {**body, field: value}, route), field, meter)


@pytest.mark.parametrize(
    ("route", "body", "at"),
    [
        (
            "chat/completions",
            {**CHAT, "messages": [{"role": "user", "content": [FILE]}]},
            "messages[0].content[0].file.file_id",
        ),
        (
            "responses",
            {
                **RESPONSE,
                "input": [{"role": "user", "content": [{"type": "input_file", "file_id": "file-abc"}]}],
            },
            "input[0].content[0].file_id",
        ),
        (
            "responses",
            {
                **RESPONSE,
                "input": [{"role": "user", "content": [{"type": "input_image", "file_id": "file-abc"}]}],
            },
            "input[0].content[0].file_id",
        ),
        (
            "audio/speech",
            {"model": "tts-1", "input": "x", "voice": {"id": "voice_of_someone"}},
            "voice.id",
        ),
    ],
)
def test_identifiers_of_what_the_owner_stored_are_refused(greedy, meter, route, body, at):
    assert_refused(ask(greedy, body, route), at, meter)


@pytest.mark.parametrize("model", ["gpt-4o-search-preview", "gpt-5-search-api", "o3-deep-research"])
def test_models_that_charge_by_the_call_are_unpriced(greedy, meter, model):
    greedy.offer(f"odd-{model}", models={model: model})
    answer = ask(greedy, {**CHAT, "model": model}, token=f"odd-{model}/ada")
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "model_unpriced")
    assert not meter.bodies


@pytest.mark.parametrize("tells", [True, False])
@pytest.mark.parametrize("stream", [True, False])
def test_searches_are_booked_where_the_event_allows_them(greedy, meter, tells, stream):
    meter.tells = tells
    greedy.offer("search", allows=("web_search",))
    body = {**RESPONSE, "tools": [{"type": "web_search"}], "stream": stream, "max_output_tokens": 100}
    assert ask(greedy, body, "responses", "search/ada").status_code == 200
    assert meter.bodies[0]["max_tool_calls"] == 2
    assert 0.02 < meter.dollars <= booked(greedy, "search")
    many = {**body, "max_tool_calls": 1000}
    assert_refused(ask(greedy, many, "responses", "search/ada"), "max_tool_calls")


@pytest.mark.parametrize("tells", [True, False])
def test_a_dearer_tier_is_booked_where_the_event_allows_it(greedy, meter, tells):
    meter.tells = tells
    greedy.offer("fast", allows=("priority",))
    for tier in ("priority", "fast"):
        assert ask(greedy, {**CHAT, "service_tier": tier}, token="fast/ada").status_code == 200
    assert meter.dollars <= booked(greedy, "fast")


def test_the_owner_s_usual_tier_is_not_taken_for_the_usual_price(greedy, meter):
    ask(greedy, CHAT)
    ask(greedy, {**RESPONSE, "service_tier": "auto"}, "responses")
    assert [body["service_tier"] for body in meter.bodies] == ["default", "default"]


# --- one body, read once ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content",
    [
        b'{"model": "gpt-5.4-mini", "model": "gpt-6-astra", "messages": []}',
        b'{"model": "gpt-5.4-mini", "messages": [{"role": "user", "content": "x", "content": "y"}]}',
        b'{"model": "gpt-5.4-mini", "messages": [], "temperature": NaN}',
        b'{"model": "gpt-5.4-mini", "messages": [], "temperature": 1e999}',
        b'{"model": "gpt-5.4-mini", "messages": [], "n": ' + b"1" * 5000 + b"}",
        '{"model": "gpt-5.4-mini", "messages": []}'.encode("utf-16"),
        b'{"model": "gpt-5.4-mini", "messages": [{"role": "user", "content": "\xff"}]}',
        b'\xef\xbb\xbf{"model": "gpt-5.4-mini", "messages": []}',
    ],
)
def test_a_body_that_two_readers_could_read_differently_is_refused(greedy, meter, content):
    answer = httpx.post(
        f"{greedy.url}/v1/chat/completions", headers={"api-key": "lesson/ada"}, content=content
    )
    assert answer.status_code == 400
    assert not meter.bodies


@pytest.mark.parametrize("half", [chr(0xD83D), chr(0xDC00), f"a{chr(0xD800)}b"])
@pytest.mark.parametrize(
    "place",
    [
        lambda half: {**CHAT, "messages": [{"role": "user", "content": half}]},
        lambda half: {**CHAT, "metadata": {half: "x"}},
        lambda half: {**CHAT, half: "x"},
        lambda half: {**CHAT, "model": half},
        lambda half: {
            **CHAT,
            "tools": [{"type": "function", "function": {"name": "f", "parameters": {half: 1}}}],
        },
        lambda half: {**CHAT, "messages": [{"role": half, "content": "x"}]},
        lambda half: {**CHAT, "user": half},
    ],
)
def test_half_of_a_surrogate_pair_is_a_400(greedy, meter, half, place):
    answer = httpx.post(
        f"{greedy.url}/v1/chat/completions",
        headers={"api-key": "lesson/ada", "content-type": "application/json"},
        content=json.dumps(place(half)),
    )
    assert answer.status_code in (400, 403)
    assert not meter.bodies


def test_what_goes_upstream_is_written_anew(greedy, meter):
    padded = b' {"messages" : [ {"content":"caf\\u00e9", "role":"user", "name": null} ] , "model":"gpt-5.4-mini"}  '
    httpx.post(f"{greedy.url}/v1/chat/completions", headers={"api-key": "lesson/ada"}, content=padded)
    assert meter.bodies[0]["messages"] == [{"content": "café", "role": "user"}]


def test_what_an_answer_says_of_itself_may_come_back_with_its_words_and_goes_no_further(greedy, meter):
    part = {"type": "text", "text": "Hello.", "role": "assistant", "refusal": None, "annotations": []}
    said = [*CHAT["messages"], {"role": "assistant", "content": [part]}, *CHAT["messages"]]
    answer = httpx.post(
        f"{greedy.url}/v1/chat/completions", headers={"api-key": "lesson/ada"}, json=CHAT | {"messages": said}
    )
    assert answer.status_code == 200
    assert meter.bodies[-1]["messages"][1]["content"] == [{"type": "text", "text": "Hello."}]


def test_the_upstream_knows_attendees_by_a_pseudonym_that_they_do_not_choose(greedy, meter):
    for token in ("lesson/ada", "lesson/ada", "lesson/grace"):
        ask(greedy, {**CHAT, "safety_identifier": "grace", "user": "grace"}, token=token)
    first, second, third = ((body["safety_identifier"], body["user"]) for body in meter.bodies)
    assert first == second != third
    assert first[0] == first[1]
    assert "ada" not in first[0]
    ask(greedy, {"model": "text-embedding-3-small", "input": "x"}, "embeddings")
    assert meter.bodies[-1]["user"] == first[0]


def test_a_pseudonym_outlives_a_change_of_the_event(greedy, meter):
    greedy.offer("changed")
    ask(greedy, CHAT, token="changed/ada")
    greedy.ledger.change(an_event("changed", models=MODELS, max_tokens=500))
    ask(greedy, {**CHAT, "max_tokens": 400}, token="changed/ada")
    assert meter.bodies[0]["safety_identifier"] == meter.bodies[1]["safety_identifier"]


# --- forms --------------------------------------------------------------------------------------------------------

PNG = b"\x89PNG\r\n\x1a\n" + b"x" * 100


def form(*parts, boundary="b0undary"):
    """A form of (head, content)."""
    out = b""
    for head, content in parts:
        out += f"--{boundary}\r\n{head}\r\n\r\n".encode() + content + b"\r\n"
    return out + f"--{boundary}--\r\n".encode()


def part(name, content, file=None):
    named = f'; filename="{file}"' if file else ""
    return f'Content-Disposition: form-data; name="{name}"{named}', content


EDIT = [part("model", b"gpt-image-1.5"), part("prompt", b"a kite"), part("image", PNG, "a.png")]


def send_form(proxy, parts, path="images/edits", kind="multipart/form-data; boundary=b0undary"):
    return httpx.post(
        f"{proxy.url}/v1/{path}",
        headers={"api-key": "lesson/ada", "content-type": kind},
        content=form(*parts),
        timeout=30,
    )


def test_an_ordinary_form_goes_through(greedy, meter):
    assert send_form(greedy, [*EDIT, part("n", b"2")]).status_code == 200
    assert [name for name, _ in meter.bodies[0]["parts"] if name == "n"] == ["n"]
    assert meter.dollars <= booked(greedy)


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ([part("n", b"1"), part("n", b"10")], "n"),
        ([part("n", b"10", "n.txt")], "n"),
        ([part("n", b"2.0")], "n"),
        ([part("n", b" 2")], "n"),
        ([part("n", "٣".encode())], "n"),
        ([part("n[]", b"2")], "n[]"),
        ([part("model", b"gpt-image-2")], "model"),
        ([part("model", b"gpt-image-2", "model.txt")], "model"),
        ([part("model[]", b"gpt-image-2")], "model[]"),
        ([part("Model", b"gpt-image-2")], "Model"),
        ([part("user[id]", b"x")], "user[id]"),
        ([part("image", PNG, "b.png")], "image"),
        ([part("size", b"99999x99999")], "size"),
    ],
)
def test_a_form_that_two_readers_could_read_differently_is_refused(greedy, meter, more, field):
    answer = send_form(greedy, [*EDIT, *more])
    assert_refused(answer, field, meter)


@pytest.mark.parametrize(
    "kind",
    [
        "application/x-www-form-urlencoded",
        "multipart/form-data",
        "multipart/mixed; boundary=b0undary",
        "multipart/form-data; boundary=b0undary; charset=unicode_escape",
        "multipart/form-data; boundary=other",
        "application/json",
    ],
)
def test_a_body_of_another_kind_than_its_route_s_is_refused(greedy, meter, kind):
    assert send_form(greedy, EDIT, kind=kind).status_code == 400
    assert not meter.bodies


def test_parts_of_a_form_have_plain_heads(greedy, meter):
    for head in (
        'Content-Disposition: form-data; name="n"\r\nContent-Type: text/plain; charset=utf-7\r\nX-More: y',
        'Content-Disposition: form-data; name="n"; name="model"',
        'Content-Disposition: form-data; name="n"\r\nContent-Disposition: form-data; name="model"',
        'Content-Disposition: form-data; name="n"\r\nContent-Transfer-Encoding: base64',
        "Content-Disposition: form-data; name=n; name=model",
        "Content-Disposition: form-data; name=n=model",
        'Content-Disposition: form-data; name=n"',
    ):
        assert send_form(greedy, [*EDIT, (head, b"2")]).status_code == 400
    assert not meter.bodies


def test_a_form_as_dot_net_writes_it_goes_through(greedy, meter):
    """Names without quotes, a charset for each text, a file's name twice, a boundary in quotes."""
    texts = [
        (f"Content-Type: text/plain; charset=utf-8\r\nContent-Disposition: form-data; name={name}", value)
        for name, value in (("model", b"gpt-image-1.5"), ("prompt", b"red"), ("n", b"2"))
    ]
    file = "Content-Type: image/png\r\nContent-Disposition: form-data; name=image; filename=a.png; filename*=utf-8''a.png"
    kind = 'multipart/form-data; boundary="b0undary"'
    assert send_form(greedy, [*texts, (file, PNG)], kind=kind).status_code == 200
    assert dict(meter.bodies[0]["parts"])["n"] in (b"2", "2")
    assert meter.dollars <= booked(greedy)


def test_a_form_may_say_that_it_is_in_utf_8(greedy, meter):
    assert (
        send_form(greedy, EDIT, kind="multipart/form-data; boundary=b0undary; charset=utf-8").status_code
        == 200
    )


def test_fields_that_are_null_are_not_there_wherever_a_client_writes_them(proxy):
    message = {
        "role": "user",
        "content": "hi",
        "name": None,
        "tool_calls": None,
        "tool_call_id": None,
        "refusal": None,
    }
    body = {"model": "gpt-5.4-mini", "messages": [message], "tools": None, "stop": None, "n": None}
    answer = httpx.post(f"{proxy.url}/v1/chat/completions", headers={"api-key": "lesson/ada"}, json=body)
    assert answer.status_code == 200
    [sent] = proxy.openai.calls
    assert sent.body["messages"] == [{"role": "user", "content": "hi"}]


def test_files_go_upstream_by_names_that_the_proxy_gives(proxy):
    proxy.ledger.add(an_event("media", models=MODELS))
    picture = httpx.post(
        f"{proxy.url}/v1/images/generations",
        headers={"api-key": "media/ada"},
        json={"model": "gpt-image-1.5", "prompt": "a kite"},
    ).json()["data"][0]["b64_json"]
    import base64

    answer = httpx.post(
        f"{proxy.url}/v1/images/edits",
        headers={"api-key": "media/ada"},
        data={"model": "gpt-image-1.5", "prompt": "red"},
        files={"image": ("../../etc/passwd", base64.b64decode(picture), "text/html")},
    )
    assert answer.status_code == 200
    assert "passwd" not in str(proxy.openai.calls[-1])


# --- declarations -------------------------------------------------------------------------------------------------


def typed_parameters():
    """The fields of each route, as the installed SDK has them."""
    from openai.types import (
        completion_create_params,
        embedding_create_params,
        image_edit_params,
        image_generate_params,
        moderation_create_params,
    )
    from openai.types.audio import (
        speech_create_params,
        transcription_create_params,
        translation_create_params,
    )
    from openai.types.chat import completion_create_params as chat_params
    from openai.types.responses import response_create_params

    return {
        "chat/completions": chat_params.CompletionCreateParamsStreaming,
        "completions": completion_create_params.CompletionCreateParamsStreaming,
        "responses": response_create_params.ResponseCreateParamsStreaming,
        "embeddings": embedding_create_params.EmbeddingCreateParams,
        "moderations": moderation_create_params.ModerationCreateParams,
        "images/generations": image_generate_params.ImageGenerateParamsStreaming,
        "images/edits": image_edit_params.ImageEditParamsStreaming,
        "audio/speech": speech_create_params.SpeechCreateParams,
        "audio/transcriptions": transcription_create_params.TranscriptionCreateParamsStreaming,
        "audio/translations": translation_create_params.TranslationCreateParams,
    }


@pytest.mark.parametrize("route", fields.ROUTES)
def test_of_every_field_that_the_sdk_knows_it_is_decided_whether_it_passes(route):
    known = typing.get_type_hints(typed_parameters()[route], include_extras=True)
    undecided = set(known) - set(fields.ROUTES[route].fields)
    assert not undecided, f"decide in classroom/proxy/fields what each of these costs: {sorted(undecided)}"


def test_of_every_tool_and_item_that_the_sdk_knows_it_is_decided_whether_it_passes():
    from openai.types.responses import response_input_item_param, tool_param

    from classroom.proxy.fields import items, tools

    def tags(union):
        found = set()
        for shape in typing.get_args(union):
            hint = typing.get_type_hints(shape).get("type")
            for inner in (hint, *typing.get_args(hint)):
                found |= {word for word in typing.get_args(inner) if isinstance(word, str)}
                if isinstance(inner, str):
                    found.add(inner)
        return found

    assert tags(tool_param.ToolParam) <= set(tools.TOOLS)
    known = set(items.ITEMS) | set(items.REFUSED_ITEMS)
    assert tags(response_input_item_param.ResponseInputItemParam) <= known


def test_every_route_that_is_let_in_has_its_fields_and_a_kind_of_model():
    assert set(routes.ROUTES) - {"models"} == set(fields.ROUTES)
    assert set(fields.ROUTES) <= set(bodies.KINDS)


def test_every_refused_field_says_why():
    for route, shape in fields.ROUTES.items():
        for name, kind in shape.fields.items():
            if isinstance(kind, Refused):
                with pytest.raises(APIError) as refused:
                    kind.read({}, name, None)
                assert len(refused.value.message) > 40, (route, name)


def test_ordinary_requests_of_many_kinds_go_through(greedy, meter):
    """What real clients send: nothing of it is refused, or lost."""
    weather = {
        "name": "get_weather",
        "description": "The weather of a city",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
        "strict": True,
    }
    schema = {"type": "object", "properties": {"data": {"type": "string"}}, "additionalProperties": False}
    chat = {
        **CHAT,
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "developer", "content": [{"type": "text", "text": "In English."}]},
            {
                "role": "user",
                "name": "ada",
                "content": [
                    {"type": "text", "text": "What is it?"},
                    {
                        "type": "image_url",
                        "image_url": {"url": "data:image/png;base64,eA==", "detail": "low"},
                    },
                    {"type": "image_url", "image_url": {"url": "https://example.org/kite.png"}},
                ],
            },
            {
                "role": "assistant",
                "content": None,
                "refusal": None,
                "annotations": [],
                "audio": None,
                "function_call": None,
                "tool_calls": [
                    {
                        "id": "call_1",
                        "type": "function",
                        "function": {"name": "get_weather", "arguments": "{}"},
                    }
                ],
            },
            {"role": "tool", "tool_call_id": "call_1", "content": "sunny"},
        ],
        "tools": [{"type": "function", "function": weather}],
        "tool_choice": {"type": "function", "function": {"name": "get_weather"}},
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "a", "schema": schema, "strict": True},
        },
        "metadata": {"lesson": "3"},
        "logit_bias": {"50256": -100},
        "logprobs": True,
        "top_logprobs": 2,
        "seed": 7,
        "store": False,
        "stop": ["\n"],
        "stream": True,
        "stream_options": {"include_usage": True, "include_obfuscation": False},
        "parallel_tool_calls": False,
        "prompt_cache_key": "k",
        "reasoning_effort": "low",
        "modalities": ["text"],
        "temperature": 0.5,
        "top_p": 1,
        "presence_penalty": 0,
        "frequency_penalty": 0.1,
        "verbosity": "low",
        "n": 1,
        "user": "me",
    }
    response = {
        **RESPONSE,
        "input": [
            {"role": "user", "content": "Say hello."},
            {"type": "function_call", "call_id": "call_1", "name": "get_weather", "arguments": "{}"},
            {"type": "function_call_output", "call_id": "call_1", "output": "sunny"},
            {
                "type": "message",
                "role": "assistant",
                "content": [{"type": "output_text", "text": "x", "annotations": []}],
            },
            {
                "role": "user",
                "content": [
                    {"type": "input_text", "text": "And this?"},
                    {"type": "input_image", "image_url": "data:image/png;base64,eA==", "detail": "auto"},
                ],
            },
        ],
        "instructions": "Be brief.",
        "tools": [{"type": "function", **weather}],
        "tool_choice": "auto",
        "reasoning": {"effort": "low", "summary": "auto"},
        "text": {"format": {"type": "json_schema", "name": "a", "schema": schema, "strict": True}},
        "include": ["reasoning.encrypted_content"],
        "truncation": "auto",
        "store": False,
    }
    functions = {**CHAT, "functions": [weather | {"strict": None}], "function_call": {"name": "get_weather"}}
    for route, body in (
        ("chat/completions", chat),
        ("chat/completions", functions),
        ("responses", response),
        ("embeddings", {"model": "text-embedding-3-small", "input": ["a", "b"], "encoding_format": "base64"}),
        ("embeddings", {"model": "text-embedding-3-small", "input": [[1, 2], [3]]}),
        (
            "images/generations",
            {
                "model": "gpt-image-1.5",
                "prompt": "a kite",
                "quality": "high",
                "background": "transparent",
                "output_format": "webp",
                "output_compression": 80,
                "moderation": "low",
                "size": "1536x1024",
                "n": 2,
            },
        ),
        ("audio/speech", {"model": "tts-1", "voice": "alloy", "input": "Hello.", "speed": 0.5}),
    ):
        answer = ask(greedy, body, route)
        assert answer.status_code == 200, answer.text
    sent = meter.bodies[0]
    assert {name: sent[name] for name in chat if name not in ("messages", "user", "max_tokens")} == {
        name: chat[name] for name in chat if name not in ("messages", "user", "max_tokens")
    }
    assert meter.bodies[2]["text"] == response["text"]
    assert meter.dollars <= booked(greedy)


@pytest.mark.parametrize("deep", [70, 900])
def test_a_schema_that_is_too_deep_is_a_400(greedy, meter, deep):
    schema: dict = {}
    for _ in range(deep):
        schema = {"properties": schema}
    body = {**CHAT, "tools": [{"type": "function", "function": {"name": "f", "parameters": schema}}]}
    assert ask(greedy, body).status_code == 400


def test_the_form_parser_is_quick_whatever_comes():
    import time

    from classroom.proxy.fields.media import EDITING

    began = time.process_time()
    for content in (
        b"\r\n--b" * 100_000,
        b"--b\r\n" * 100_000,
        b"\r" * 5_000_000,
        b"--b\r\n" + b"A: b\r\n" * 9_000,
    ):
        with pytest.raises(APIError):
            parsing.of_form(content, "multipart/form-data; boundary=b", EDITING)
    assert time.process_time() - began < 5


@pytest.mark.parametrize(
    "content",
    [
        b'{"model": "gpt-5.4-mini", "messages": [' + b"{}," * 1_200_000 + b"{}]}",
        b"[" + b"0," * 12_000_000 + b"0]",
        b"{" + b",".join(b'"%d":0' % at for at in range(300_000)) + b',"7":0}',
        b'{"a": ' + b"[" * 5_000_000,
    ],
)
def test_a_body_that_takes_long_to_read_does_not_keep_others_waiting(content):
    import time

    began = time.process_time()
    with pytest.raises(APIError):
        fields.read("chat/completions", parsing.of_json(content), Tally())
    assert time.process_time() - began < 3


@pytest.mark.parametrize(
    "more",
    [
        {"max_tokens": 2**53},
        {"max_tokens": 1_000_001},
        {"n": 129},
        {"model": "gpt\u0000"},
        {"model": "g" * 200},
        {"seed": 2**64},
    ],
)
def test_numbers_and_names_that_the_books_could_not_hold_are_refused(greedy, meter, more):
    greedy.offer("any", models={"*": "gpt-5.4-mini"})
    [field] = more
    assert_refused(ask(greedy, {**CHAT, **more}, token="any/ada"), field, meter)


def test_the_dearest_request_that_there_is_fits_into_the_books(greedy, meter):
    body = {
        "model": "gpt-3.5-turbo-instruct",
        "prompt": ["x"] * 2048,
        "max_tokens": 1_000_000,
        "best_of": 128,
    }
    assert ask(greedy, body, "completions").status_code == 200
    assert meter.dollars <= booked(greedy)


@pytest.mark.parametrize("status", [408, 504, 524])
def test_a_gateway_that_stops_waiting_has_not_stopped_the_work(proxy, status):
    proxy.openai.fail(status=status, times=1)
    answer = ask(proxy, CHAT)
    assert (answer.status_code, answer.headers["x-should-retry"]) == (503, "false")
    assert sum(line.cost for line in proxy.ledger.report("lesson")) > 0
