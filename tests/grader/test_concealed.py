"""Credentials that a file holds in another writing are found, and nothing is taken for one that is none."""

import base64
import codecs
import gzip
import hashlib
import time
import zlib

import pytest

from grader.collect.scanning.concealed import Concealed
from grader.collect.scanning.scans import scan
from grader.sandbox import Sandbox
from grader.submission import open_submission
from tests.grader.test_scans import OTHERS

# put together here, so that this file itself holds nothing of a secret's shape
KEY = "sk-" + "proj-" + "Zk3Jq9Lm2Xv7Rt5Bn8Wc4Hd6Fs1Gy0PaQe7U4oS2iT9Lm2Xv7Rt5"
_BYTES = KEY.encode()
WRITTEN = {
    "base64": base64.b64encode(_BYTES),
    "base64 for addresses": base64.urlsafe_b64encode(b">>>" + _BYTES),
    "base64 twice": base64.b64encode(base64.b64encode(_BYTES)),
    "base32": base64.b32encode(_BYTES),
    "base85": base64.b85encode(_BYTES),
    "Ascii85": base64.a85encode(_BYTES).replace(b'"', b"'"),
    "hexadecimal": _BYTES.hex().encode(),
    "packed": base64.b64encode(zlib.compress(_BYTES)),
    "packed, in base85": base64.b85encode(gzip.compress(_BYTES)),
    "backwards": KEY[::-1].encode(),
    "rot13": codecs.encode(KEY, "rot13").encode(),
}


@pytest.mark.parametrize("form", WRITTEN)
def test_a_key_in_another_writing_is_found(form):
    text = f'# settings\nKEY = decoded("{WRITTEN[form].decode()}")\n'
    found = list(Concealed().secrets_in(text))
    assert {(kind, value, line) for kind, value, line in found} == {("OpenAI key, encoded", KEY, 2)}


_IN_BASE64 = WRITTEN["base64"].decode()
PUT_TOGETHER = {
    "added up": f'"{KEY[:3]}" + "{KEY[3:20]}" + "{KEY[20:]}"',
    "one beside the other": f"('{KEY[:9]}'\n    '{KEY[9:]}')",
    "joined": f'"".join(["{KEY[:3]}", "{KEY[3:20]}",\n "{KEY[20:]}"])',
    "joined in JavaScript": f"['{KEY[:12]}', '{KEY[12:]}'].join('')",
    "as bytes": f'b"{KEY[:12]}" + b"{KEY[12:]}"',
    "backwards": f'("{KEY[::-1][:20]}" + "{KEY[::-1][20:]}")[::-1]',
    "in base64": f'"{_IN_BASE64[:30]}" + \\\n  "{_IN_BASE64[30:]}"',
}


@pytest.mark.parametrize("form", PUT_TOGETHER)
def test_a_key_that_is_put_together_from_parts_is_found(form):
    *_, (kind, value, _) = Concealed().secrets_in(f"# settings\nkey = {PUT_TOGETHER[form]}\n")
    assert (kind.partition(",")[0], value) == ("OpenAI key", KEY)


def test_parts_that_nothing_joins_are_not_put_together():
    assert list(Concealed().secrets_in(f'prefixes = ["{KEY[:3]}", "{KEY[3:]}"]')) == []


@pytest.mark.parametrize(
    "text",
    [
        base64.b64encode(b"sk-your-key-goes-here-and-here-and-here-123").decode(),
        f"sha256:{hashlib.sha256(b'x').hexdigest()} sha512-{base64.b64encode(hashlib.sha512(b'x').digest()).decode()}",
        "fx-eurusd1hourly-rates-of-the-year-2024-with-volumes",
        "daily-and-weekly-reports-of-2024-about-long-running-tasks-ks",
        "ks-" + "the-longest-name-of-a-folder-that-holds-7-tests"[::-1],
        '"' + base64.b85encode(bytes(range(200))).decode().replace('"', "") + '"',
        "data:image/png;base64," + base64.b64encode(zlib.compress(bytes(range(256)) * 30)).decode(),
        "a/path/to/some/deeply/nested/folder_with_names/and-2024-versions/of.many.files",
    ],
)
def test_what_is_no_key_in_any_writing_is_not_accused(text):
    assert list(Concealed().secrets_in(text)) == []


@pytest.mark.parametrize("kind", OTHERS)
def test_every_vendor_s_key_is_found_in_base64(kind):
    text = f'KEY = "{base64.b64encode(OTHERS[kind].encode()).decode()}"'
    assert f"{kind}, encoded" in {found for found, *_ in Concealed().secrets_in(text)}


def test_what_is_made_to_be_decoded_for_long_is_not():
    hostile = " ".join(
        base64.b64encode(zlib.compress(bytes([number % 256]) * 90_000)).decode() for number in range(9_000)
    )
    began = time.process_time()
    assert list(Concealed().secrets_in(f"{hostile} {'a' * 3_000_000} {'a+' * 1_000_000}")) == []
    assert time.process_time() - began < 10.0


def test_a_submission_with_such_a_key_fails(tmp_path):
    work = tmp_path / "work"
    work.mkdir()
    (work / "main.py").write_text(f'KEY = b64decode("{WRITTEN["base64"].decode()}")\n')
    with open_submission(str(work), tier="process") as submission, Sandbox("process") as sandbox:
        assert [secret.kind for secret in scan(submission, sandbox).secrets] == ["OpenAI key, encoded"]
