"""What a submission's containers and workflows say of its variables, and what answers hand out for later requests."""

from types import SimpleNamespace

import pytest

from grader.collect.code import handlers, locating, services
from grader.collect.code.deployment import read_deployment
from grader.collect.code.meanings import Places
from grader.collect.finding import handed_out
from grader.collect.questioning import questions
from grader.collect.start.start_failure import StartFailure
from grader.collect.start.starting import plan
from grader.evidence import Exchange, Input, Offer, Probe
from grader.inside import routes
from grader.operations import Field

COMPOSE = """
x-usual: &usual
  METRICS_ENVIRONMENT: local
services:
  web:
    build: ./server
    environment:
      <<: *usual
      GREETING: "good morning"
      CACHE_URL: redis://cache:6379/0
      CACHE_HOST: cache
      LEVEL: ${LEVEL:-warning}
      OPENAI_API_KEY: ${OPENAI_API_KEY}
      OPENAI_BASE_URL: http://elsewhere.example/v1
      LD_PRELOAD: /tmp/evil.so
      HTTPS_PROXY: http://elsewhere.example:3128
      OPENAI_PROXY: http://elsewhere.example:3128
      AWS_PROFILE: somebody
      SSL_CERT_FILE: /tmp/mine.pem
      PORT: 9000
      QUIET: true
  page:
    build: {context: page}
    environment: [COLOUR=blue]
  cache:
    image: redis
    environment: [SECRET=other]
"""
PLACES = Places(
    key="k",
    openai="http://127.0.0.1:1/v1",
    s3="http://127.0.0.1:2",
    bucket="b",
    region="r",
    access_key="a",
    secret_key="s",
    port="8000",
    database="sqlite:///x.db",
)


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "server").mkdir()
    (tmp_path / "server" / "main.py").write_text("import os\nos.environ['GREETING']\n")
    (tmp_path / "compose.yaml").write_text(COMPOSE)
    return tmp_path


def test_the_service_that_is_built_from_the_app_s_folder_says_with_what_it_runs(folder):
    assert read_deployment(folder, "server/main.py").container == {
        "METRICS_ENVIRONMENT": "local",
        "GREETING": "good morning",
        "LEVEL": "warning",
        "OPENAI_BASE_URL": "http://elsewhere.example/v1",
        "QUIET": "true",
    }


def test_what_no_code_reads_is_set_at_once_and_nothing_leads_away_from_a_stand_in(folder):
    made = plan(folder, "main:app", (folder / "server",), "server/main.py", ".", PLACES, {"LEVEL": "info"})
    assert made.environment == {"METRICS_ENVIRONMENT": "local", "QUIET": "true"}
    assert made.variables["GREETING"].example == "good morning"
    assert made.revise(StartFailure("KeyError", "'GREETING'"))
    assert made.environment["GREETING"] == "good morning"


def test_what_only_a_container_needs_is_left_out_where_the_start_fails_all_the_same(folder):
    (folder / "server" / "main.py").write_text("")
    made = plan(folder, "main:app", (folder / "server",), "server/main.py", ".", PLACES, {})
    assert made.revise(StartFailure("ValueError", "METRICS_ENVIRONMENT"))
    assert made.environment == {}
    assert not made.revise(StartFailure("ValueError", "METRICS_ENVIRONMENT"))


def test_a_dockerfile_and_a_workflow_are_read(tmp_path):
    (tmp_path / "Dockerfile").write_text("FROM python\nENV A=1 B='two words' \\\n  C=3\nENV OLD style\n")
    workflows = tmp_path / ".github" / "workflows"
    workflows.mkdir(parents=True)
    (workflows / "ci.yml").write_text("env: {D: '4'}\njobs: {test: {steps: [{env: {E: 5}}]}}\n")
    found = read_deployment(tmp_path, None)
    assert found.container == {"A": "1", "B": "two words", "C": "3", "OLD": "style"}
    assert found.examples == {"D": "4", "E": "5"}


@pytest.mark.parametrize(
    "text",
    [
        "a: &a {x: 1}\n" + "".join(f"k{n}: &k{n} {{<<: [{', '.join(['*a'] * 9)}]}}\n" for n in range(50)),
        "[" * 5_000,
        "services: !!python/object/apply:os.system [id]",
        "services: {web: {build: ., environment: {A: 1e999999999, ? [b] : c}}}",
        "services: {web: {build: ../../.., environment: 7}}",
        "services: [1]\n\x00",
    ],
)
def test_a_hostile_compose_file_says_nothing_and_harms_nothing(tmp_path, text):
    (tmp_path / "docker-compose.yml").write_text(text)
    assert set(read_deployment(tmp_path, "main.py").container) <= {"A"}


def answer(body: str, *, status: int = 200, place: str = "/api/chats", request_body: str = "") -> Exchange:
    return Exchange(
        id="ex-1",
        purpose="",
        method="POST",
        url=place,
        place=place,
        status=status,
        body=body,
        request_body=request_body,
    )


def test_an_identifier_that_was_handed_out_goes_where_its_name_is_asked_for():
    given = handed_out.read_values(
        answer('{"data": {"id": 41}, "chatId": "7f2c", "message": "Go ahead, please"}')
    )
    shape = (Field("path", "chat_id", {}), Field("json", "message", {}), Field("json", "colour", {}))
    assert handed_out.match_inputs(shape, given) == {("path", "chat_id"): "7f2c"}


def test_the_id_of_a_new_thing_is_known_by_what_its_path_is_about():
    given = handed_out.read_values(answer('{"id": "9"}'))
    assert given == {"id": "9", "chatid": "9"}


@pytest.mark.parametrize(
    "seen",
    [
        answer('{"id": "9"}', status=500),
        answer("<p>9</p>"),
        answer('{"q": "ours"}', request_body='{"q": "ours"}'),
    ],
)
def test_a_refusal_a_page_and_our_own_words_hand_out_nothing(seen):
    assert handed_out.read_values(seen) == {}


@pytest.mark.parametrize(
    ("output", "service"),
    [
        (
            "redis.exceptions.ConnectionError: Error 111 connecting to localhost:6379. Connection refused.",
            "Redis",
        ),
        (
            "sqlalchemy.exc.OperationalError: (psycopg2.OperationalError) connection to server failed: Connection refused",
            "PostgreSQL",
        ),
        ("ConnectionRefusedError: [Errno 111] Connect call failed ('127.0.0.1', 27017)", "MongoDB"),
        ('{"detail": "could not connect to localhost:5432"}', "PostgreSQL"),
        ("redis.exceptions.DataError: Invalid input of type: 'NoneType'.", ""),
        ("KeyError: 'prompt'", ""),
        ("ConnectionRefusedError: [Errno 111] Connect call failed ('127.0.0.1', 8123)", ""),
    ],
)
def test_a_service_that_an_app_asks_for_while_it_answers_is_known_by_its_client_or_its_port(output, service):
    assert services.missing_service(output) == service


def offer(location: str, **more: object) -> Offer:
    asked = Input(location=location, name="line", **more)
    return Offer(kind="text", method="GET", path="/say", prompt_input=asked, exchange="ex-1", values={})


def sent_long(asked: Offer) -> list[questions.Question | Probe]:
    return [one for one in questions.validation(asked) if one.criterion == "validation.oversized_prompt"]


def test_no_prompt_is_sent_in_an_address_that_no_server_takes():
    [asked] = sent_long(offer("query"))
    assert asked.not_applicable
    [asked] = sent_long(offer("query", max_length=900_000))
    assert asked.not_applicable
    [first] = sent_long(offer("query", max_length=500))
    assert first.asked == "a prompt of 501 characters"


@pytest.mark.parametrize(
    ("kind", "more", "length"),
    [
        ("audio", {"max_length": 900}, 901),
        ("audio", {"max_length": 6_000}, 4_097),
        ("audio", {"description": "A text may have 2,000 characters"}, 4_097),
        ("audio", {"description": "bis zu 2000 Token"}, 4_097),
        ("audio", {"description": "one of 3 lines"}, 4_097),
        ("image", {}, 32_001),
        ("text", {"description": "At most 400 tokens"}, 1_000_001),
    ],
)
def test_a_prompt_is_too_long_by_the_document_or_by_openai_s_own_limit(kind, more, length):
    [asked] = sent_long(offer("json", **more).model_copy(update={"kind": kind, "method": "POST"}))
    assert asked.asked.startswith(f"a prompt of {length} characters")


def test_the_function_of_an_operation_is_the_one_of_its_method(tmp_path):
    (tmp_path / "main.py").write_text(
        "@app.get('/say')\ndef page(): ...\n\n@app.post('/say')\ndef make(): ...\n\n@app.route('/old')\ndef old(): ...\n"
    )
    posted = offer("form").model_copy(update={"method": "POST"})
    other = posted.model_copy(update={"path": "/old"})
    assert [each.code for each in locating.locate([offer("query"), posted, other], tmp_path)] == [
        "main.py, line 1, page",
        "main.py, line 4, make",
        "main.py, line 7, old",
    ]


@pytest.mark.parametrize(
    ("registered", "place"),
    [
        (
            "from views import Orders\napp.add_url_rule('/say', view_func=Orders.as_view('orders'))\n",
            "Orders.post",
        ),
        ("urlpatterns = [path('say', views.make)]\n", "make"),
        ("routes = [Route('/say', endpoint=make, methods=['POST'])]\n", "make"),
    ],
)
def test_the_function_of_an_operation_may_be_in_another_file_than_its_route(tmp_path, registered, place):
    (tmp_path / "main.py").write_text(registered)
    views = "class Orders:\n    def get(self): ...\n    def post(self): ...\n\ndef make(request): ...\n"
    (tmp_path / "views.py").write_text(views)
    [found] = locating.locate([offer("form").model_copy(update={"method": "POST"})], tmp_path)
    assert found.code == f"views.py, line {3 if place == 'Orders.post' else 5}, {place}"


def test_a_name_that_two_files_define_leads_to_the_route(tmp_path):
    for name in ("one.py", "two.py"):
        (tmp_path / name).write_text("def make(request): ...\n")
    (tmp_path / "main.py").write_text("routes = [Route('/say', make)]\n")
    [found] = locating.locate([offer("form")], tmp_path)
    assert found.code == "main.py, line 1"


def test_a_class_has_the_path_of_its_methods(tmp_path):
    controller = "class Words(Controller):\n    path = '/say'\n\n    @post(status_code=201)\n    async def make(self): ...\n"
    (tmp_path / "main.py").write_text(
        f"X = 1\n\n{controller}\n\nclass Other:\n    @post()\n    def no(self): ...\n"
    )
    [found] = locating.locate([offer("form").model_copy(update={"method": "POST"})], tmp_path)
    assert found.code == "main.py, line 6, Words.make"


def test_the_sockets_of_channels_are_among_the_routes():
    class Consumer:
        def receive(self, text_data): ...

    router = type("URLRouter", (), {"__module__": "channels.routing"})()
    router.routes = [SimpleNamespace(pattern="ws/chat/", callback=SimpleNamespace(consumer_class=Consumer))]
    around = SimpleNamespace(inner=router)
    app = SimpleNamespace(application_mapping={"websocket": SimpleNamespace(application=around)})
    [found] = routes._routes(app, "", 0)
    assert (found["methods"], found["path"]) == (["WEBSOCKET"], "/ws/chat/")
    assert "WEBSOCKET" in found["code"]


def test_what_a_parser_of_requests_declares_is_what_its_resource_takes(tmp_path):
    (tmp_path / "main.py").write_text(
        "parser = reqparse.RequestParser()\n"
        "parser.add_argument('hero', type=str, required=True, location='form')\n"
        "parser.add_argument('look', choices=('bright', 'dark'), location='form')\n"
        "class Tale(Resource):\n"
        "    def post(self):\n"
        "        args = parser.parse_args()\n"
        "        return make(args['hero'])\n"
        "    def get(self):\n"
        "        return 1\n"
    )
    hero, look = handlers.Sources(tmp_path).inputs("main.py", 5)
    assert (hero.key, hero.required) == (("form", "hero"), True)
    assert (look.key, look.choices) == (("form", "look"), ("bright", "dark"))
    assert handlers.Sources(tmp_path).inputs("main.py", 8) == []


@pytest.mark.parametrize(
    ("pattern", "asked"),
    [(r"^[\w-]{1,60}\.(txt|mp3|flac)$", ["flac"]), (r"^[\w-]{1,60}\.\w+$", []), (None, [])],
)
def test_another_extension_that_a_name_s_pattern_lists_is_asked_for(pattern, asked):
    path = Input(location="path", name="name", pattern=pattern)
    made = offer("text").model_copy(
        update={
            "kind": "audio",
            "path_input": path,
            "kind_by_extension": True,
            "values": {"path:name": "a.mp3"},
        }
    )
    others = [one for one in questions.ordinary(made) if one.criterion == "endpoint.choice"]
    assert [one.order.name.rpartition(".")[2] for one in others] == asked
