"""The top of a report: one thing to do next, with the file to open."""

from io import StringIO

from rich.console import Console

from grader import rubric
from grader.evidence import AppStart, Exchange, Miss, Probe, RedTest, Scans, TestRun
from grader.judge import judge
from grader.report import html, terminal
from tests.grader.seen import OFFER, evidence

TRACE = """INFO:     Started server process [7]
Traceback (most recent call last):
  File "/work/.venv/lib/python3.11/site-packages/uvicorn/server.py", line 69, in serve
    config.load()
  File "shop/main.py", line 12, in <module>
    BUCKET = os.environ["UPLOADS"]
KeyError: 'UPLOADS'
"""


def step(seen) -> str:
    return judge(seen, rubric.read()).next_step


def shown(seen) -> str:
    console = Console(record=True, width=100, file=StringIO())
    terminal.show(judge(seen, rubric.read()), console)
    return console.export_text()


def test_an_app_that_does_not_start_is_the_next_step_with_its_file_and_line():
    app = AppStart(failure="The app ended while starting. KeyError: 'UPLOADS'", log=TRACE)
    seen = step(evidence(app=app, offers=(), exchanges=()))
    assert "KeyError: 'UPLOADS'" in seen
    assert "Open shop/main.py, line 12" in seen


def test_an_untouched_skeleton_is_recognised():
    scans = Scans(files=9, untouched=("src/files_api/generated_files.py", "src/files_api/generation.py"))
    assert step(evidence(offers=(), scans=scans)) == (
        "src/files_api/generated_files.py is still empty: begin there."
    )


def test_a_required_thing_that_could_not_be_looked_at_is_a_next_step_with_its_cause():
    red = RedTest(name="test_a.py::test_b", needs="Docker")
    run = TestRun(found=True, exit_code=1, failed=1, red=(red,))
    results = judge(evidence(test_run=run), rubric.only(rubric.read(), ["tests.pass"]))
    assert "could not be looked at yet: Needs Docker" in results.next_step


def test_a_failed_request_names_the_place_of_the_endpoint_s_function():
    refused = Exchange(id="ex-2", purpose="", method="POST", url="/texts", place="/texts", status=201)
    probe = Probe(
        criterion="validation.blank_prompt",
        kind="text",
        asked="an empty prompt",
        exchange="ex-2",
        calls=("call-1",),
    )
    seen = evidence(
        exchanges=(refused,),
        probes=(probe,),
        offers=(OFFER.model_copy(update={"code": "shop/views.py, line 30, make"}),),
    )
    report = judge(seen, rubric.only(rubric.read(), ["validation.blank_prompt"]))
    assert "Open shop/views.py, line 30, make." in report.next_step
    assert "In your code: shop/views.py, line 30, make" in shown(seen)


def test_nothing_is_left_to_do_where_everything_required_passed():
    assert judge(evidence(), rubric.only(rubric.read(), ["endpoint.saves_to_s3"])).next_step == ""


def test_what_is_not_required_is_folded_and_no_red_cross():
    refused = Exchange(id="ex-2", purpose="", method="GET", url="/a", place="/files/{name}", status=404)
    probe = Probe(criterion="endpoint.serves_file", kind="text", asked="the stored file", exchange="ex-2")
    seen = evidence(exchanges=(refused,), probes=(probe,))
    report = judge(seen, rubric.only(rubric.read(), ["endpoint.serves_file"]))
    [result] = report.criteria
    assert (result.status, result.required) == ("failed", False)
    page = html.render(report, seen)
    assert "✗ failed" not in page
    assert "○ optional" in page


def test_a_log_opens_at_the_error_without_the_frames_of_packages():
    page = html.render(
        judge(evidence(app=AppStart(failure="It ended.", log=TRACE), offers=()), rubric.read()),
        evidence(app=AppStart(failure="It ended.", log=TRACE), offers=()),
    )
    first = page[page.index("What the app printed") :].partition("All of it")[0]
    assert "uvicorn/server.py" not in first
    assert "shop/main.py" in first
    assert "1 frame of packages left out" in first


def test_the_output_of_the_tests_is_on_the_page_once():
    run = TestRun(found=True, exit_code=1, failed=1, output="the words of pytest alone")
    seen = evidence(test_run=run)
    assert html.render(judge(seen, rubric.read()), seen).count("the words of pytest alone") == 1


def test_the_traceback_of_a_500_is_on_the_page():
    crashed = Exchange(
        id="ex-2",
        purpose="",
        method="POST",
        url="/texts",
        place="/texts",
        status=500,
        content_type="text/plain",
        log=TRACE,
    )
    probe = Probe(
        criterion="errors.server_error",
        kind="text",
        asked="OpenAI fails (500)",
        exchange="ex-2",
        calls=("call-1",),
    )
    seen = evidence(exchanges=(crashed,), probes=(probe,))
    page = html.render(judge(seen, rubric.read()), seen)
    assert "BUCKET = os.environ[" in page
    assert "In your code" in page


def test_what_could_not_be_started_says_what_to_do_rather_than_what_helps_in_general():
    app = AppStart(
        target="main:app",
        verdict="not_run",
        failure="The app needs Redis to start (main.py, line 3: refused; at once). More.",
        advice=("Connect when it is first used.\n[tool.lab.env]", "More."),
    )
    seen = step(evidence(app=app, offers=(), exchanges=()))
    assert "(main.py, line 3: refused; at once)" in seen
    assert seen.endswith("Connect when it is first used.")


def test_a_start_that_the_grader_could_not_make_is_nothing_to_change():
    app = AppStart(target="main:app", verdict="error", failure="The machine was busy. Grade it again.")
    assert step(evidence(app=app, offers=(), exchanges=())) == (
        "The grader could not start your app. That does not count against you: The machine was busy. Grade it again."
    )


def test_an_app_that_needs_a_service_when_it_is_asked_is_not_at_fault():
    app = AppStart(started=True, operations=1, needs="Redis")
    looked = Exchange(id="ex-1", purpose="look for what generates", method="POST", url="/chat", status=500)
    report = judge(
        evidence(app=app, offers=(), exchanges=(looked,)), rubric.only(rubric.read(), ["endpoint.starts"])
    )
    assert report.criteria[0].status == "not_run"
    assert "needs Redis when it is asked" in report.next_step


def test_an_endpoint_that_crashes_before_it_asks_openai_is_named_with_its_exception():
    log = (
        "Traceback (most recent call last):\n"
        '  File "shop/main.py", line 9, in make\n    openai.Completion.create()\n'
        "openai.lib._old_api.APIRemovedInV1: \n\nYou tried to access openai.Completion\n"
    )
    other = log.replace("line 9", "line 99")
    looked = [
        Exchange(
            id=f"look-{n}",
            purpose="look for what generates",
            method="POST",
            url=url,
            place=url,
            status=500,
            log=advice,
        )
        for n, (url, advice) in enumerate((("/other", other), ("/make", log)))
    ]
    seen = evidence(
        app=AppStart(started=True, operations=2),
        offers=(),
        exchanges=tuple(looked),
        misses=(Miss(exchange="look-1"),),
    )
    advice = step(seen)
    assert advice.startswith("Your endpoint: None of 2 requests to 2 operations reached OpenAI")
    assert advice.endswith(
        "Open shop/main.py, line 9, in make (openai.lib._old_api.APIRemovedInV1: You tried to access openai.Completion)."
    )


def test_what_was_expected_is_part_of_the_step_where_it_is_short():
    stored = evidence(objects=())
    report = judge(stored, rubric.only(rubric.read(), ["endpoint.saves_to_s3"]))
    assert "nothing was stored. Expected: an object in the bucket" in report.next_step


def test_a_package_that_nothing_declares_is_added_where_packages_are_declared():
    app = AppStart(
        failure="api/main.py, line 2, imports stars, and no file of the submission declares the package that has it.",
        advice=("Add the package of the module stars to api/requirements.txt.",),
        log='Traceback (most recent call last):\n  File "api/main.py", line 2, in <module>\n    import stars\n'
        "ModuleNotFoundError: No module named 'stars'\n",
    )
    seen = step(evidence(app=app, offers=(), exchanges=()))
    assert seen.endswith("Add the package of the module stars to api/requirements.txt.")


def test_an_app_that_never_mentions_openai_is_reported():
    app = AppStart(started=True, operations=1, mentions_openai=False)
    looked = Exchange(id="ex-1", purpose="look for what generates", method="GET", url="/", status=200)
    assert "No module that your app imports mentions OpenAI." in step(
        evidence(app=app, offers=(), exchanges=(looked,))
    )
