"""A failed criterion names the line to change, where the code shows one."""

import pytest

from grader.criteria.criterion import failed
from grader.criteria.places import where
from grader.evidence import Scans, Source, TestRun
from grader.evidence.runs import PlantedFault
from tests.grader import seen

SCHEMA = 'KINDS = {\n    "sound": "audio/mpeg",\n}\n'
STORE = "def keep(s3, key, body, kind):\n    s3.put_object(Key=key, Body=body, ContentType=kind)\n"
ASK = 'import os\nfrom openai import OpenAI\n\nclient = OpenAI()\nprint(os.environ["OPENAI_API_KEY"])\nclient.images.generate(prompt="a fox")\n'
TEST = 'def test_it(): pass\nassert kept == "audio/mpeg"\nclient.images.generate\n'


def place(criterion: str, summary: str, store: str = STORE) -> str:
    files = {"app/schema.py": SCHEMA, "app/store.py": store, "app/ask.py": ASK, "tests/test_app.py": TEST}
    sources = tuple(Source(path=path, text=text) for path, text in files.items())
    stored = seen.STORED.model_copy(update={"content_type": "audio/mpeg"})
    evidence = seen.evidence(scans=Scans(sources=sources), objects=(stored,))
    return where(evidence, criterion, failed(summary, (stored.id,)))


@pytest.mark.parametrize(
    ("criterion", "summary", "line"),
    [
        (
            "endpoint.mime_type",
            "It is stored as audio/mpeg, but its bytes are audio/ogg.",
            "app/schema.py, line 2",
        ),
        ("errors.storage_down", "The bucket is gone, and POST /a answered 201.", "app/store.py, line 2"),
        (
            "endpoint.serves_file",
            "Every one is kept as a.png, so that the next one replaces it.",
            "app/store.py, line 2",
        ),
        ("errors.timeout", "No answer came.", "app/ask.py, line 4"),
        ("endpoint.uses_prompt", "Image: the words did not come to OpenAI.", "app/ask.py, line 6"),
        ("errors.rate_limit", "Image: OpenAI is busy, and POST /a answered 200.", "app/ask.py, line 6"),
        (
            "errors.quota",
            "Image: The quota is used up, and still something was stored.",
            "app/store.py, line 2",
        ),
        ("errors.no_internals", "OpenAI fails (500): the answer shows “org-1”.", "app/ask.py, line 6"),
        ("errors.no_internals", "The bucket is gone: the answer shows “b”.", "app/store.py, line 2"),
        ("secrets.from_environment", "The key is written in the code.", "app/ask.py, line 4"),
        ("secrets.ignored_by_git", "git would commit a file named .env.", ".gitignore"),
        ("tests.happy_path", "The tests still pass.", "tests/test_app.py"),
        ("secrets.not_leaked", "The key was seen in the log.", "app/ask.py, line 5"),
    ],
)
def test_the_line_that_a_verdict_is_about_is_named(criterion, summary, line):
    assert place(criterion, summary) == line


def test_many_places_are_none():
    assert place("errors.storage_down", "It answered 201.", STORE * 3) == ""


@pytest.mark.parametrize(
    "line",
    [
        'app.logger.warning("settings: %s", dict(os.environ))',
        'print("with", api_key)',
        "log.info(f'{Settings()}')",
    ],
)
def test_a_key_in_the_log_is_printed_somewhere(line):
    found = place("secrets.not_leaked", "The key was seen in the app's log.", f"\n{line}\n")
    assert found.startswith("app/store.py, line 2;")


@pytest.mark.parametrize(
    "call",
    [
        "bucket.Object(key).put(Body=body, ContentType=kind)",
        "await s3.create_multipart_upload(Key=key)",
        'await call("put_object", Key=key)',
    ],
)
def test_every_way_to_store_is_a_place(call):
    assert place("errors.storage_down", "It answered 201.", f"\n{call}\n") == "app/store.py, line 2"


HANDLERS = """
def ask():
    try:
        return client.responses.create(input=prompt)
    except openai.RateLimitError:
        return SORRY
    except openai.OpenAIError:
        return SORRY
"""


@pytest.mark.parametrize(
    ("criterion", "line"),
    [
        ("errors.rate_limit", "app/ask.py, line 5"),
        ("errors.bad_key", "app/ask.py, line 7"),
        ("errors.storage_down", ""),
    ],
)
def test_a_failure_that_is_answered_as_if_all_were_well_is_caught_somewhere(criterion, line):
    evidence = seen.evidence(scans=Scans(sources=(Source(path="app/ask.py", text=HANDLERS),)))
    verdict = failed("Text: OpenAI is busy, and POST /a answered 200, as if all were well.")
    assert where(evidence, criterion, verdict) == line


def test_the_tests_that_came_nearest_to_an_unnoticed_fault_are_named():
    text = (
        "import main\n\n\nclass TestTexts:\n    def test_text(self, client):\n        client.post('/texts')\n"
    )
    faults = tuple(
        PlantedFault(
            name=name, kind="text", tests=1, caught=caught, nearest="test_app.py::TestTexts::test_text[a]"
        )
        for name, caught in (("wrong_content_type", False), ("accepted_error", True))
    )
    evidence = seen.evidence(
        scans=Scans(sources=(Source(path="tests/test_app.py", text=text),)),
        test_run=TestRun(found=True, faults=faults),
    )
    verdict = failed("The tests still pass with a file stored with another Content-Type (text).")
    assert where(evidence, "tests.happy_path", verdict) == "tests/test_app.py, line 5, test_text"


@pytest.mark.parametrize(
    ("kinds", "line"), [(["image"], "app/ask.py, line 4"), (["image", "text"], "app/ask.py, line 6")]
)
def test_where_one_kind_alone_waits_too_long_its_call_is_named_and_not_the_client(kinds, line):
    offers = tuple(seen.OFFER.model_copy(update={"kind": kind}) for kind in kinds)
    evidence = seen.evidence(scans=Scans(sources=(Source(path="app/ask.py", text=ASK),)), offers=offers)
    assert where(evidence, "errors.timeout", failed("Image: OpenAI never answers.")) == line


MANY = """
def keep(s3):
    try:
        s3.put_object(Key="a")
    except ClientError:
        pass


def read(s3):
    try:
        s3.get_object(Key="a")
    except ClientError as error:
        raise Gone from error
    except BotoCoreError:
        raise Away
    except Exception:
        raise
"""


def test_what_catches_the_failure_of_a_store_is_what_follows_it():
    evidence = seen.evidence(scans=Scans(sources=(Source(path="app/store.py", text=MANY),)))
    verdict = failed("Text: the bucket is gone, and POST /a answered 201, as if all were well.")
    assert where(evidence, "errors.storage_down", verdict) == "app/store.py, line 5"


def test_a_route_is_a_place_where_the_function_behind_it_is_not_known():
    routes = 'app.router.add_post("/texts", write)\napp.router.add_get("/texts/{name}", read)\n'
    evidence = seen.evidence(
        scans=Scans(sources=(Source(path="app/web.py", text=routes),)), offers=(seen.OFFER,)
    )
    verdict = failed("Text: a prompt of spaces only, sent to POST /texts, was answered 201.")
    assert where(evidence, "validation.blank_prompt", verdict) == "app/web.py, line 1"


def test_a_workflow_that_runs_no_tests_is_the_place_to_add_them():
    sources = (Source(path=".github/workflows/ci.yml", text="on: push\n"), Source(path="app.py", text=""))
    evidence = seen.evidence(scans=Scans(sources=sources))
    verdict = failed("No CI configuration runs tests, and no test carries a marker that is registered.")
    assert where(evidence, "tests.runs_in_ci", verdict) == ".github/workflows/ci.yml"
