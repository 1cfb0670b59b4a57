"""Keys in notebooks, against every way in which one may stand there; and what is no key has to stay."""

import base64
import bz2
import codecs
import copy
import gzip
import html
import json
import os
import secrets
import subprocess
import sys
import textwrap
import time
import zlib
from multiprocessing.connection import Client
from pathlib import Path
from random import Random
from urllib.parse import quote
from urllib.request import Request, urlopen

import nbformat
import pytest
from jupyter_client import BlockingKernelClient
from jupyter_client.manager import start_new_kernel
from tornado.web import HTTPError

from classroom.jupyter_hooks import saving
from classroom.jupyter_hooks.saving import before_saving
from classroom.redaction import known
from classroom.redaction.kernels import profile, secrets_of
from classroom.redaction.known import CHANNEL, Known, Reporter, listen
from classroom.redaction.notebooks import BLOT, without_keys

ROOT = Path(__file__).resolve().parents[2]
OPENAI = "sk-" + "proj-" + "Zq8vT3nK1wXb7LmR5yPd" + "G2hJ9sFc4tVa6eUoWiNx"
AWS = "wJ9lrXUt" + "nFEM2K7M/DENGbPx+Rfi" + "CYzz81KEYqpL"
AZURE = "8f0b3c1de45a" + "4b7f9c2e6d7a" + "10293847"
CUSTOM = "acme~live~" + "9xQ2mB7rT4vZ8kL1"
KEYS = {"OpenAI": OPENAI, "AWS": AWS, "Azure": AZURE, "custom": CUSTOM}


def cell(source="", *outputs, **more):
    return {"cell_type": "code", "source": source, "outputs": list(outputs), "metadata": {}, **more}


def stream(text, name="stdout"):
    return {"output_type": "stream", "name": name, "text": text}


def shown(**data):
    kinds = {name.replace("__", "/"): value for name, value in data.items()}
    return {"output_type": "display_data", "data": kinds, "metadata": {}}


def saved(*cells, knows=(), **metadata):
    return without_keys(
        {"cells": list(cells), "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}, knows
    )


def has(notebook, key, least=16):
    """Whether a notebook still holds so long a part of a key."""
    text = json.dumps(notebook, ensure_ascii=False)
    return any(key[at : at + least] in text for at in range(len(key) - least + 1))


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


# --- keys that the kernel knows -----------------------------------------------------------------------------------------

_WRITTEN = {
    "as it is": lambda key: key,
    "wrapped": lambda key: "\n".join(textwrap.wrap(key, 7)),
    "spaced": " ".join,
    "listed": lambda key: repr(list(key)),
    "quoted in pieces": lambda key: f'"{key[:10]}" + "{key[10:]}"',
    "Base64": lambda key: base64.b64encode(key.encode()).decode(),
    "Base64 within": lambda key: base64.b64encode(b"xy" + key.encode() + b"more").decode(),
    "Base64 in lines": lambda key: "\n".join(
        textwrap.wrap(base64.b64encode(b"abc" + key.encode()).decode(), 20)
    ),
    "Base64 for addresses": lambda key: base64.urlsafe_b64encode(b"z" + key.encode()).decode(),
    "hexadecimal": lambda key: key.encode().hex(),
    "percent": lambda key: "".join(f"%{ord(character):02X}" for character in key),
    "quoted for addresses": lambda key: quote(key, safe=""),
    "entities": lambda key: "".join(f"&#x{ord(character):x};" for character in key),
    "escapes": lambda key: "".join(f"\\x{ord(character):02x}" for character in key),
    "marked up": lambda key: f"<b>{key[:5]}</b><i>{key[5:]}</i>",
    "coloured": lambda key: f"\x1b[1m{key[:5]}\x1b[0m{key[5:]}",
    "backwards": lambda key: key[::-1],
    "Base64 of Base64": lambda key: base64.b64encode(base64.b64encode(key.encode())).decode(),
    "Base32 within": lambda key: base64.b32encode(b"xyz" + key.encode() + b"more").decode(),
    "Base85": lambda key: base64.b85encode(key.encode()).decode(),
    "Base85 within": lambda key: base64.b85encode(b"xyz" + key.encode() + b"more").decode(),
    "Ascii85 within": lambda key: base64.a85encode(b"x" + key.encode() + b"more").decode(),
    "rot13": lambda key: codecs.encode(key, "rot13"),
    "a list of bytes": lambda key: str(list(key.encode())),
    "a list in hexadecimal": lambda key: str([hex(byte) for byte in key.encode()]),
    "capitals": str.upper,
    "gzip in Base64": lambda key: base64.b64encode(gzip.compress(key.encode())).decode(),
    "zlib in Base64 in lines": lambda key: base64.encodebytes(
        zlib.compress(b"some words, and " + key.encode())
    ).decode(),
    "bzip2 in hexadecimal": lambda key: bz2.compress(key.encode()).hex(),
    "gzip as Python shows it": lambda key: repr(gzip.compress(key.encode())),
    "zlib in Base85": lambda key: base64.b85encode(zlib.compress(key.encode())).decode(),
    "gzip in Base64 of gzip": lambda key: base64.b64encode(
        gzip.compress(base64.b64encode(gzip.compress(key.encode())))
    ).decode(),
}


@pytest.mark.parametrize("written", _WRITTEN.values(), ids=_WRITTEN)
@pytest.mark.parametrize("key", KEYS.values(), ids=KEYS)
def test_a_known_key_is_found_however_it_is_written(key, written):
    text = f"before {written(key)} after"
    result = saved(cell("x", stream(text)), knows={key})["cells"][0]["outputs"][0]["text"]
    assert BLOT in result
    assert result.startswith("before ")
    assert result.endswith(" after")
    left = result.replace(BLOT, "")
    assert len(left) < len(text) - 10
    middle = len(written(key)) // 2
    assert written(key)[middle - 6 : middle + 6] not in left


@pytest.mark.parametrize("key", KEYS.values(), ids=KEYS)
def test_half_of_a_known_key_is_taken_out_of_each_of_two_cells(key):
    notebook = saved(
        cell("x", stream(f"first: {key[:18]}\n")), cell("y", stream(f"rest: {key[-18:]}\n")), knows={key}
    )
    if len(key) >= 24:
        assert not has(notebook, key)


def test_a_known_key_in_a_picture_leaves_no_picture():
    picture = base64.b64encode(b"\x89PNG\r\n\x1a\n" + b"\xff" * 10 + CUSTOM.encode() + b"\xff" * 9).decode()
    assert saved(cell("x", shown(image__png=picture)), knows={CUSTOM})["cells"][0]["outputs"][0]["data"] == {
        "image/png": BLOT
    }


def test_a_short_known_secret_is_taken_out_only_where_it_stands_alone():
    notebook = saved(cell("x", stream("hunter2024 and hunter2024s")), knows={"hunter2024"})
    assert notebook["cells"][0]["outputs"][0]["text"] == f"{BLOT} and hunter2024s"


_NAMES = (
    "cells",
    "outputs",
    "data",
    "source",
    "text",
    "metadata",
    "attachments",
    "text/plain",
    "image/png",
    CUSTOM,
)


def _anything(random, depth=0):
    """Any JSON, with a key or half of one in many of its texts."""
    if depth > 4 or random.random() < 0.3:
        texts = (
            CUSTOM,
            CUSTOM[:20],
            "x",
            f"token: {CUSTOM}",
            f"<b>{CUSTOM[:9]}</b>{CUSTOM[9:]}",
            f"\ud800{CUSTOM}",
            "",
        )
        return random.choice([*texts, None, 3, True, 1.5, ["a", CUSTOM], {}, []])
    count = range(random.randint(0, 4))
    if random.random() < 0.4:
        return [_anything(random, depth + 1) for _ in count]
    return {random.choice(_NAMES): _anything(random, depth + 1) for _ in count}


@pytest.mark.parametrize("seed", range(5))
def test_whatever_shape_a_notebook_has_no_half_of_a_known_key_is_left(seed):
    random = Random(seed)
    for _ in range(100):
        assert not has(without_keys(_anything(random), {CUSTOM}), CUSTOM, least=20)


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


# --- the hook ---------------------------------------------------------------------------------------------------------------


def test_a_notebook_that_is_saved_as_a_text_is_searched_too():
    model = {
        "type": "file",
        "format": "text",
        "content": json.dumps({"cells": [cell(OPENAI)], "metadata": {"widgets": {}}}),
    }
    before_saving(model, path="folder/A.ipynb")
    assert not has(model["content"], OPENAI)
    assert "widgets" not in json.loads(model["content"])["metadata"]


def test_a_notebook_that_can_not_be_searched_is_not_saved(monkeypatch):
    monkeypatch.setattr(saving.notebooks, "without_keys", lambda *_: 1 / 0)
    with pytest.raises(HTTPError, match="could not be searched"):
        before_saving({"type": "notebook", "content": {"cells": []}}, path="a.ipynb")


def test_a_notebook_that_is_nested_without_end_is_not_saved():
    deep = inner = {}
    for _ in range(5_000):
        inner["x"] = inner = {}
    with pytest.raises(HTTPError, match="could not be searched"):
        before_saving({"type": "notebook", "content": {"cells": [], "metadata": deep}}, path="a.ipynb")


# --- from the kernel to the server ------------------------------------------------------------------------------------------


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setenv(CHANNEL, "")
    holding = Known()
    listen(holding)
    return holding


def test_what_a_kernel_reports_is_known_to_the_server_and_nowhere_on_the_disk(server):
    reporter = Reporter()
    reporter.report(CUSTOM)
    reporter.report("short")
    assert CUSTOM in server.all()
    assert "short" not in server.all()
    assert CUSTOM not in os.environ[CHANNEL]


def test_a_kernel_reports_nothing_to_somebody_who_does_not_know_the_word(server, monkeypatch):
    address, _, _ = os.environ[CHANNEL].rpartition(" ")
    monkeypatch.setenv(CHANNEL, f"{address} another-word")
    Reporter().report(CUSTOM)
    assert CUSTOM not in server.all()


def test_strangers_do_not_end_the_channel(server):
    address, _, _ = os.environ[CHANNEL].rpartition(" ")
    for _ in range(3):
        with pytest.raises(Exception):  # noqa: B017, PT011 - of any kind
            Client(address, authkey=b"guessed")
    Reporter().report(OPENAI)
    assert OPENAI in server.all()


@pytest.mark.parametrize("channel", ["", "nowhere", "/tmp/absent word", "127.0.0.1:9 word"])
def test_without_a_server_nothing_is_reported_and_nothing_fails(monkeypatch, channel):
    monkeypatch.setenv(CHANNEL, channel)
    Reporter().report(CUSTOM)


def test_only_so_many_secrets_are_kept(monkeypatch):
    monkeypatch.setattr(known, "_MOST", 3)
    holding = Known()
    for number in range(9):
        holding.add(f"{CUSTOM}-{number}")
    assert [value for value in holding.all() if value.startswith(CUSTOM)].__len__() == 3


def test_the_environments_secrets_are_known_by_their_names(monkeypatch):
    monkeypatch.setenv("ACME_TOKEN", CUSTOM)
    monkeypatch.setenv("ACME_TOKEN_FILE", "/run/secrets/acme-token-0123456789")
    monkeypatch.setenv("OTHER_API_KEY", "testing")
    monkeypatch.setenv("PWD", "/home/a learner/work 2026")
    found = Known().all()
    assert CUSTOM in found
    assert not {"/run/secrets/acme-token-0123456789", "testing", "/home/a learner/work 2026"} & found


def test_secrets_of_a_notebooks_names_are_found_one_level_deep():
    class Client:
        def __init__(self):
            self.api_key = AZURE

        @property
        def secret(self):
            raise AssertionError("nothing of a value is run")

    names = {
        "my_token": CUSTOM,
        "settings": {"aws_secret_access_key": AWS},
        "client": Client(),
        "line": f"x {OPENAI}",
        "key": OPENAI[::-1],
        "n": 3,
    }
    assert set(secrets_of(names)) == {*KEYS.values(), OPENAI[::-1]}


_NOTEBOOK = """
import os, sys, json
from nbclient import NotebookClient
import nbformat
from classroom.jupyter_hooks import saving
from classroom.redaction.known import Known, listen
saving._load_jupyter_server_extension(None)
key = sys.argv[1]
sources = [
    "x = 1",
    f"key_parts = ['{key[:9]}', '{key[9:]}']; import os; os.environ['ACME_TOKEN'] = ''.join(key_parts)",
    "print(os.environ['ACME_TOKEN'])",
    "from IPython import get_ipython; print(get_ipython().history_manager.hist_file, len(In))",
]
notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])
NotebookClient(notebook, timeout=60).execute()
model = {"type": "notebook", "content": json.loads(nbformat.writes(notebook))}
saving.before_saving(model, path="a.ipynb")
print(json.dumps(model["content"]))
"""


def test_a_key_that_only_a_kernel_knows_is_in_no_saved_notebook_and_in_no_history(tmp_path):
    with profile() as of_lessons:
        done = subprocess.run(
            [sys.executable, "-c", _NOTEBOOK, CUSTOM],
            env={**os.environ, **of_lessons, "HOME": str(tmp_path)},
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr
        written = [
            path
            for place in (tmp_path, Path(of_lessons["IPYTHONDIR"]))
            for path in place.rglob("*")
            if path.is_file()
        ]
        assert not [
            path
            for path in written
            if path.name.startswith("history") or CUSTOM[9:].encode() in path.read_bytes()
        ]
    assert not Path(of_lessons["IPYTHONDIR"]).exists()
    notebook = json.loads(done.stdout)
    assert ":memory:" in str(notebook["cells"][3]["outputs"])
    assert not has(notebook, CUSTOM)
    assert BLOT in str(notebook["cells"][2]["outputs"])


def test_what_is_typed_into_a_field_for_passwords_is_known_at_once(server, tmp_path, monkeypatch):
    with profile() as of_lessons:
        for name, value in of_lessons.items():
            monkeypatch.setenv(name, value)
        manager, client = start_new_kernel()
        try:
            client.execute_interactive(
                "import getpass; typed = [getpass.getpass('Key: ')]; print(typed)",
                timeout=60,
                allow_stdin=True,
                output_hook=lambda _: None,
                stdin_hook=lambda _: client.input(f"not-so-random {CUSTOM[:4]}"),
            )
        finally:
            client.stop_channels()
            manager.shutdown_kernel(now=True)
    assert f"not-so-random {CUSTOM[:4]}" in server.all()


_SERVER = """
from pathlib import Path
from classroom import cli
cli._jupyter(Path("notebooks/00-start-here.ipynb"), {}, "127.0.0.1", 0, False)
"""


def _asked(url, token, body=None, method=None):
    request = Request(
        url,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Authorization": f"token {token}", "Content-Type": "application/json"},
        method=method,
    )
    with urlopen(request, timeout=60) as answer:
        return json.loads(answer.read())


@pytest.fixture
def lab(tmp_path):
    """JupyterLab as `classroom lab` starts it, in an empty folder: its address and its word."""
    word, runtime = secrets.token_hex(16), tmp_path / "runtime"
    environment = {
        **os.environ,
        "JUPYTER_TOKEN": word,
        "JUPYTER_RUNTIME_DIR": str(runtime),
        "HOME": str(tmp_path / "home"),
    }
    place = tmp_path / "work"
    place.mkdir()
    process = subprocess.Popen([sys.executable, "-c", _SERVER], cwd=place, env=environment)
    try:
        deadline = time.monotonic() + 120
        while not (found := list(runtime.glob("jpserver-*.json"))) and time.monotonic() < deadline:
            time.sleep(0.1)
        while True:
            try:
                url = json.loads(found[0].read_text())["url"]
                _asked(f"{url}api/status", word)
                break
            except (OSError, ValueError):
                assert time.monotonic() < deadline
                time.sleep(0.1)
        yield url, word, place, runtime
    finally:
        process.terminate()
        process.wait(30)


def test_in_the_lab_a_key_that_a_kernel_got_reaches_neither_the_file_nor_the_history(lab, tmp_path):
    url, word, place, runtime = lab
    kernel = _asked(f"{url}api/kernels", word, {"name": "python3"})
    client = BlockingKernelClient(connection_file=str(runtime / f"kernel-{kernel['id']}.json"))
    client.load_connection_file()
    client.start_channels()
    client.wait_for_ready(timeout=120)
    halves = f"import os; os.environ['ACME_TOKEN'] = '{CUSTOM[:12]}' + '{CUSTOM[12:]}'"
    reply = client.execute_interactive(halves, timeout=60, output_hook=lambda _: None)
    assert reply["content"]["status"] == "ok"
    client.stop_channels()
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(halves, outputs=[nbformat.v4.new_output("stream", text=CUSTOM)])]
    )
    _asked(
        f"{url}api/contents/a.ipynb", word, {"type": "notebook", "format": "json", "content": notebook}, "PUT"
    )
    text = (place / "a.ipynb").read_text()
    assert BLOT in text
    assert CUSTOM[12:] not in text
    for path in tmp_path.rglob("*"):
        assert not path.is_file() or CUSTOM[12:].encode() not in path.read_bytes(), path
    assert not list(tmp_path.rglob("history*"))
