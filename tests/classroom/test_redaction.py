"""Keys that only their name or their shape shows, in every place of a notebook; and what is no key has to stay."""

import base64
import copy
import html
import json
import secrets
import time
from pathlib import Path

import nbformat
import pytest

from classroom.redaction.notebooks import BLOT, without_keys
from tests.classroom.redacted import AZURE, CUSTOM, KEYS, OPENAI, cell, has, saved, shown, stream

ROOT = Path(__file__).resolve().parents[2]

# --- keys that only their name or their shape shows -------------------------------------------------------------------


@pytest.mark.parametrize("key", KEYS.values(), ids=KEYS)
@pytest.mark.parametrize(
    "source",
    [
        'api_key = "{}"',
        "aws_secret_access_key='{}'",
        'client = OpenAI(api_key="{}", timeout=3)',
        'boto3.client("s3", aws_access_key_id=AKIA, aws_secret_access_key="{}")',
        'os.environ["MY_SERVICE_TOKEN"] = "{}"',
        'os.environ.setdefault("ACME_API_KEY", "{}")',
        'settings = {{"azure_openai_api_key": "{}"}}',
        'headers = {{"api-key": "{}"}}',
        'headers = {{"Authorization": "Bearer {}"}}',
        'token: str = "{}"',
        'name, openaiApiKey = "x", "{}"',
        'self.password = b"{}"',
        "%env ACME_SECRET={}",
        "%set_env ACME_SECRET {}",
        "!export ACME_SECRET={}",
        '"""AWS_SECRET_ACCESS_KEY={}"""',
        "SECRET = '''{}'''",
        "Ocp-Apim-Subscription-Key: {}",
        "curl -H 'api-key: {}' https://host.example",
        "<table><tr><td>api_key</td><td>{}</td></tr></table>",
        "| api_key   | {} |",
        "api_key    {}",
        "https://me:{}@host.example/",
    ],
)
def test_a_key_that_is_given_to_a_name_is_taken_out_of_the_cell_and_of_what_it_shows(source, key):
    if "://" in source and "/" in key:
        pytest.skip("an address can't hold it")
    notebook = saved(
        cell(source.format(key), stream(f"got {key}!\n")),
        cell("x", shown(text__html=f"<b>{html.escape(key)}</b>", text__plain=f"'{key}'")),
    )
    assert not has(notebook, key)
    assert BLOT in notebook["cells"][0]["source"]


def test_a_key_that_is_added_up_in_the_code_is_taken_out():
    parts = f'api_key = ("{CUSTOM[:9]}" "{CUSTOM[9:15]}" + "{CUSTOM[15:]}")'
    notebook = saved(cell(parts, stream(CUSTOM)))
    assert not has(notebook, CUSTOM)
    assert CUSTOM[9:15] not in str(notebook)


def test_a_key_under_a_name_in_data_is_taken_out():
    assert not has(saved(cell("x", shown(application__json={"settings": {"apiKey": AZURE}}))), AZURE)


def test_the_code_still_parses_afterwards():
    source = saved(cell(f'client = OpenAI(api_key="{OPENAI}")\nprint("kept")\n'))["cells"][0]["source"]
    assert source == f'client = OpenAI(api_key="{BLOT}")\nprint("kept")\n'


@pytest.mark.parametrize(
    "outputs",
    [
        [
            shown(
                text__html=f"<pre>{OPENAI[:9]}<b>{OPENAI[9:20]}</b><span class='x'>{OPENAI[20:]}</span></pre>"
            )
        ],
        [shown(text__html="".join(f"<i>{character}</i>" for character in OPENAI))],
        [shown(text__html="".join(f"&#{ord(character)};" for character in OPENAI))],
        [shown(text__latex=OPENAI), shown(text__markdown=f"**{OPENAI}**"), shown(image__svg_xml=OPENAI)],
        [shown(application__json={"a": [{"b": OPENAI}], OPENAI: 1})],
        [shown(**{"application/vnd.custom.v1+json": {"deep": [[[OPENAI]]]}})],
        [shown(text__plain=[OPENAI[:12], OPENAI[12:]])],
        [stream(OPENAI, "stderr")],
        [stream(OPENAI[:10]), stream(OPENAI[10:30], "stderr"), stream(OPENAI[30:])],
        [shown(text__plain=OPENAI[:25], text__html="x"), shown(text__plain=OPENAI[25:], text__html="y")],
        [stream(OPENAI[:25]), shown(text__html=OPENAI[25:], text__plain="<HTML>")],
        [
            {
                "output_type": "error",
                "ename": OPENAI,
                "evalue": OPENAI,
                "traceback": [f"\x1b[31m{OPENAI}\x1b[0m"],
            }
        ],
        [
            {
                "output_type": "error",
                "ename": "",
                "evalue": "",
                "traceback": ["\x1b[31m".join([OPENAI[:7], OPENAI[7:]])],
            }
        ],
        [{"output_type": "display_data", "data": {}, "metadata": {"x": {OPENAI: OPENAI}}}],
        [stream(base64.b64encode(f"key={OPENAI}".encode()).decode())],
        [stream("".join(f"\\u{ord(character):04x}" for character in OPENAI))],
        [stream("\u200b".join(OPENAI))],
    ],
    ids=range(17),
)
def test_a_key_with_a_shape_is_taken_out_of_every_kind_of_output(outputs):
    notebook = saved(cell("x", *outputs))
    everything = json.dumps(notebook)
    assert BLOT in everything
    plain = html.unescape(everything.replace("\\\\u", "\\u"))
    for text in (everything, plain, "".join(character for character in plain if character not in "\u200b")):
        assert OPENAI[20:36] not in text
    assert base64.b64encode(OPENAI[20:35].encode()).decode()[4:] not in everything
    assert "".join(f"<i>{character}</i>" for character in OPENAI[9:12]) not in everything


def test_a_key_is_taken_out_of_metadata_attachments_raw_and_markdown_cells():
    attached = base64.b64encode(f"the key is {OPENAI}, keep it".encode()).decode()
    notebook = saved(
        {
            "cell_type": "markdown",
            "source": f"My key: `{OPENAI}`",
            "metadata": {"tags": [OPENAI]},
            "attachments": {"a.txt": {"text/plain": attached}, "b.svg": {"image/svg+xml": attached}},
        },
        {"cell_type": "raw", "source": [f"OPENAI_API_KEY={OPENAI}\n", "more\n"], "metadata": {}},
        kernelspec={"env": {"X": OPENAI}},
    )
    assert not has(notebook, OPENAI)
    assert attached not in json.dumps(notebook)


_RANDOM = "aB3dE6gH9jK2mN5pQ8sT1vW4yZ7bC0dF"  # 32 characters, of nobody's


@pytest.mark.parametrize(
    "start",
    [
        "r8_",
        "npm_",
        "whsec_",
        "lin_api_",
        "dop_v1_",
        "lsv2_pt_",
        "tvly-",
        "xai-",
        "pplx-",
        "pypi-" + _RANDOM,
        "SG." + _RANDOM + ".",
    ],
)
def test_other_vendors_keys_are_known_by_their_shape(start):
    assert not has(saved(cell("x", stream(f"it is {start}{_RANDOM} now"))), _RANDOM)


def test_a_key_that_is_the_name_of_an_entry_is_taken_out():
    assert not has(saved(cell("x", shown(application__json={OPENAI: 3}))), OPENAI)


@pytest.mark.parametrize(
    "text",
    [
        "npm-package-lock-json-version-2-of-the-example",
        "resp_67c9fdcecf488190bdd9a0409de3a1ec07b8b0ad4e5eb654",
        "chatcmpl-AbC123dEf456GhI789jKl012MnO34",
        "file-Zk3Jq9Lm2Xv7Rt5Bn8Wc4H",
        "pplx-is-a-word-and-a-few-more-of-them-2",
    ],
)
def test_identifiers_that_are_no_keys_stay(text):
    assert has(saved(cell("x", stream(text))), text)


# --- what is no key -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "import sklearn  # sk-learn, scikit-learn",
        "a sk-learn-based-pipeline-for-classification-of-text",
        "risk-assessment-of-2024-and-2025-in-detail",
        "max_tokens=500, total_tokens: 1234567890123456",
        'api_key = os.environ["OPENAI_API_KEY"]',
        "api_key=settings.openai_api_key",
        'token = tokenizer.encode("a long sentence with 12345 words")',
        'api_key="sk-mock-key"',
        'api_key="testing"',
        'api_key = "YOUR-API-KEY-HERE"',
        'api_key="<your key, 51 characters>"',
        'aws_secret_access_key="wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"',
        "AKIAIOSFODNN7EXAMPLE",
        's3.put_object(Bucket="b", Key="images/2024/cat-0123456789abcdef.png")',
        'key = "reports/a1b2c3d4e5f6a7b8c9d0e1f2a3b4c5d6.txt"',
        '"ETag": "d41d8cd98f00b204e9800998ecf8427e"',
        "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "secret sha1 da39a3ee5e6b4b0d3255bfef95601890afd80709",
        'password = getpass("Your password: ")',
        "The token is what a model reads: 'hackathon/ada' is a code and a name.",
        "openai-event-code: hackathon/ada",
        'NextContinuationToken = response["NextContinuationToken"]',
        'next_token = "1ueGcxLPRx1Tr/XYExHnhbYLgveDs2J/wm36Hy4vbOwM="',
        "chatcmpl-9xQ2mB7rT4vZ8kL1acme resp_0a1b2c3d4e5f6a7b8c9d",
        "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk",
        'prompt_cache_key="lesson-04-cats-and-dogs-2024-v2"',
        "https://user@host.example/path:80/x@y",
        "X-Amz-Credential=testing%2F20261122%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Signature=" + "0a1b" * 16,
    ],
)
def test_what_is_no_key_stays(text):
    notebook = {"cells": [cell(text, stream(text), shown(text__html=f"<p>{text}</p>"))], "metadata": {}}
    assert without_keys(copy.deepcopy(notebook)) == notebook


@pytest.mark.parametrize(
    "path",
    sorted([*ROOT.glob("notebooks/*.ipynb"), *ROOT.glob("answer-key/notebooks/*.ipynb")]),
    ids=lambda path: path.name,
)
def test_the_courses_own_notebooks_stay_as_they_are(path):
    notebook = json.loads(path.read_text(encoding="utf-8"))
    assert without_keys(copy.deepcopy(notebook)) == notebook


def test_a_redacted_notebook_is_valid_and_is_not_changed_again():
    notebook = nbformat.v4.new_notebook()
    notebook.cells = [
        nbformat.v4.new_code_cell(
            f'api_key = "{CUSTOM}"', outputs=[nbformat.v4.new_output("stream", text=CUSTOM)]
        ),
        nbformat.v4.new_markdown_cell(OPENAI),
    ]
    once = without_keys(json.loads(nbformat.writes(notebook)))
    nbformat.validate(once)
    assert without_keys(copy.deepcopy(once)) == once


def test_a_large_notebook_is_searched_in_reasonable_time():
    picture = base64.b64encode(secrets.token_bytes(4_000_000)).decode()
    text = "\n".join(f"{number}: {secrets.token_hex(20)} some words, more words" for number in range(15_000))
    notebook = {"cells": [cell("x", stream(text), shown(image__png=picture))], "metadata": {}}
    began = time.process_time()
    assert without_keys(notebook, set(KEYS.values())) == notebook
    assert time.process_time() - began < 6


@pytest.mark.parametrize(
    "text",
    [
        "a" * 300_000,
        "<" * 200_000,
        "&" * 200_000,
        "a.b" * 100_000,
        "key=" * 100_000,
        "eyJ" * 100_000,
        "\\u" * 100_000,
        "sk-" * 100_000,
        "'" * 200_000,
        "x: y =" * 50_000,
        "((" * 50_000,
    ],
)
def test_no_text_keeps_a_save_waiting(text):
    began = time.process_time()
    saved(cell(text, stream(text)), knows={OPENAI})
    assert time.process_time() - began < 6
