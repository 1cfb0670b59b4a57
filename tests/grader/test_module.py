"""module.*: the OpenAI module is found, asked, and judged by what came through; each of its faults is distinguished."""

from functools import partial

import pytest

from grader import rubric
from grader.collect import collect
from grader.judge import judge
from grader.sandbox import choose_tier
from grader.submission import open_submission
from tests.grader.grading import ANSWER_KEY, Change, from_nursery, planted
from tests.sampling import representative

FILE = "src/files_api/openai_module.py"
ALL = {
    f"module.{name}"
    for name in (
        "models",
        "engines",
        "chat",
        "completion",
        "edits",
        "images",
        "transcription",
        "translation",
        "errors",
    )
}


def failing(path) -> set[str]:
    tier = choose_tier("auto")
    with open_submission(str(path), tier=tier) as submission:
        sandbox = partial(from_nursery, tier)
        evidence = collect(submission, tier=tier, only=("module.",), open_sandbox=sandbox)
    report = judge(evidence, rubric.only(rubric.read(), ["module."]))
    return {result.id for result in report.criteria if result.status != "passed"}


def test_the_answer_key_s_module_is_complete():
    assert failing(ANSWER_KEY) == set()


def test_the_untouched_skeleton_is_a_to_do_list():
    assert failing(ANSWER_KEY.parent / "lab") == ALL


# name → what is changed in the module, and the criteria that fail then
WRONG: dict[str, tuple[Change, set[str]]] = {
    "a name cut at its dot": (
        Change(
            FILE,
            'await passed_on(client, "GET", f"models/{model_id}")',
            'await passed_on(client, "GET", f"models/{model_id.split(\'.\')[0]}")',
        ),
        {"module.models"},
    ),
    "temperature dropped": (
        Change(
            FILE,
            '"chat/completions", json=body.model_dump(exclude_unset=True)',
            '"chat/completions", json=body.model_dump(include={"model", "messages"})',
        ),
        {"module.chat"},
    ),
    "model replaced": (
        Change(
            FILE,
            'asked = {"model": IMAGE_MODEL, **body.model_dump(exclude_unset=True)}',
            'asked = {**body.model_dump(exclude_unset=True), "model": IMAGE_MODEL}',
        ),
        {"module.images"},
    ),
    "any upload sent on": (
        Change(FILE, '    if PurePath(name).suffix.lower().lstrip(".") not in SOUNDS:', "    if False:"),
        {"module.transcription", "module.translation"},
    ),
    "errors as 200": (
        Change(
            FILE,
            "return Response(content, answer.status_code, headers=kept",
            "return Response(content, 200, headers=kept",
        ),
        {"module.errors"},
    ),
    "unreachable as 500": (
        Change(
            FILE,
            '        return problem(502, f"OpenAI {reason}."',
            '        return problem(500, f"OpenAI {reason}."',
        ),
        {"module.errors"},
    ),
    "another address": (
        Change(FILE, '@router.post("/completion/"', '@router.post("/completions/"'),
        {"module.completion"},
    ),
    "retired, truthfully": (
        Change(FILE, 'passed_on(client, "POST", "edits"', 'passed_on(client, "POST", "edit"'),
        set(),
    ),
}


@pytest.mark.parametrize("name", representative(list(WRONG), 3))
def test_each_fault_of_the_module_fails_its_own_criterion(tmp_path, name):
    change, criteria = WRONG[name]
    assert failing(planted("answer-key", tmp_path, change)) == criteria
