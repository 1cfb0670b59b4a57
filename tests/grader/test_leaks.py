"""The key is looked for in everything that leaves the app: also encoded, in part, and in what no client shows."""

import base64
import bz2
import codecs
import gzip
import hashlib
import json
import lzma
import os
import socket
import threading
import time
import zlib
from types import SimpleNamespace

import httpx
import pytest

from classroom.allowance import Allowance
from classroom.s3 import S3Mock
from classroom.standin.records.handling import Handling
from grader.collect.exchange import canary
from grader.collect.exchange.canary import PART, CanarySearch, new_key
from grader.collect.exchange.requests import Request
from grader.collect.exchange.session import Session
from grader.sandbox.job import Listener

KEY = new_key()
SECRET = KEY.removeprefix("sk-proj-")
SEARCH = CanarySearch(KEY)
_BYTES = KEY.encode()

WRITTEN = {
    "in capitals": KEY.upper(),
    "backwards": KEY[::-1],
    "rot13": codecs.encode(KEY, "rot13"),
    "with spaces between": " ".join(KEY),
    "a list of characters": json.dumps(list(KEY)),
    "a list of numbers": json.dumps(list(_BYTES)),
    "hexadecimal": _BYTES.hex(),
    "hexadecimal in capitals with colons": _BYTES.hex(":").upper(),
    "numbers of Python": ", ".join(hex(byte) for byte in _BYTES),
    "escapes of Python": "".join(f"\\x{byte:02x}" for byte in _BYTES),
    "escapes of JSON": "".join(f"\\u{byte:04x}" for byte in _BYTES),
    "escapes of HTML": "".join(f"&#{byte};" for byte in _BYTES),
    "escapes of addresses": "".join(f"%{byte:02X}" for byte in _BYTES),
    "binary": " ".join(f"{byte:08b}" for byte in _BYTES),
    "UTF-16": KEY.encode("utf-16"),
    "base64": base64.b64encode(b"ab" + _BYTES),
    "base32": base64.b32encode(b"abc" + _BYTES),
    "base85": base64.b85encode(b"a" + _BYTES),
    "Ascii85": base64.a85encode(b"abc" + _BYTES),
    "gzip": gzip.compress(_BYTES),
    "zlib after other bytes": b"IDAT" + zlib.compress(_BYTES),
    "bzip2": bz2.compress(_BYTES),
    "xz": lzma.compress(_BYTES),
    "gzip in base64": base64.b64encode(gzip.compress(_BYTES)),
    "base64 twice": base64.b64encode(base64.b64encode(_BYTES)),
    "the beginning of it": SECRET[:PART],
    "a part of its middle": SECRET[51 : 51 + PART],
}
MASKED = {
    "its first and last characters": f"{KEY[:12]}…{KEY[-4:]}",
    "what every key begins with": "sk-proj-",
    "stars": KEY[:15] + "*" * 40,
    "another key": new_key(),
    "a digest of it": hashlib.sha256(_BYTES).hexdigest(),
}


@pytest.mark.parametrize("form", WRITTEN)
def test_a_key_is_recognised_in_whatever_code_a_library_offers(form):
    written = WRITTEN[form]
    whole = written.encode() if isinstance(written, str) else written
    assert SEARCH.is_in(b'{"trace": "' + whole + b'", "ok": true}')


@pytest.mark.parametrize("before", ["", "a", "ab", "api:", "Bearer "])
@pytest.mark.parametrize("encode", [base64.b64encode, base64.b32encode, base64.b85encode, base64.a85encode])
def test_a_key_in_a_code_is_recognised_wherever_in_a_text_it_begins(encode, before):
    assert SEARCH.is_in(encode(f"{before}{KEY}, and more".encode()))


@pytest.mark.parametrize("form", MASKED)
def test_what_a_careful_app_shows_of_a_key_is_no_leak(form):
    assert not SEARCH.is_in(MASKED[form])


def test_what_is_made_to_be_unpacked_for_long_is_not():
    inner = b"".join(zlib.compress(os.urandom(10)) for _ in range(3_000))
    hostile = zlib.compress(inner) * 300 + zlib.compress(b"\0" * 5_000_000) * 300 + b"\x78\x9c" * 100_000
    began = time.process_time()
    assert not SEARCH.is_in(hostile)
    assert time.process_time() - began < 2.0


def test_what_is_printed_first_is_looked_through_though_only_the_end_is_kept():
    theirs, ours = os.pipe()
    listener = Listener(theirs, 100, "last")
    listener.seek(SEARCH.is_in)
    with open(ours, "wb", buffering=0) as out:
        for letter in KEY:
            out.write(f"{letter}\n".encode())
        for _ in range(50):
            out.write(b"line\n" * 500)
    listener.settle()
    assert listener.found
    assert _BYTES not in listener.content


def test_metadata_and_tags_of_an_object_are_seen():
    with S3Mock("leaks") as s3:
        s3.client().put_object(Bucket="leaks", Key="a", Body=b"", Metadata={"by": "ada"}, Tagging="of=class")
        [stored] = [one for one in s3.objects() if one.bucket == "leaks"]
    assert "ada" in stored.metadata.values()
    assert stored.metadata["of"] == "class"


def test_what_a_request_to_s3_asks_for_is_seen_though_nothing_is_stored():
    with S3Mock("leaks", allowance=Allowance(1_000, 10_000_000)) as s3:
        s3.client().list_objects_v2(Bucket="leaks", Prefix=KEY)
        assert SEARCH.is_in(s3.requests[-1].sent)


def test_an_object_that_is_deleted_or_written_over_at_once_is_seen():
    heard: list[bool] = []
    with S3Mock("leaks", allowance=Allowance(1_000, 10_000_000)) as s3:
        s3.overhear(lambda content: heard.append(SEARCH.is_in(content)))
        s3.client().put_object(Bucket="leaks", Key="a", Body=b"x" * 5_000 + _BYTES)
        s3.client().put_object(Bucket="leaks", Key="a", Body=b"nothing")
        s3.client().delete_object(Bucket="leaks", Key="a")
    assert heard == [True, False]


@pytest.mark.parametrize("before", [0, 262_100, 900_000])
def test_a_key_is_seen_wherever_in_an_object_that_is_written_over_it_stands(before):
    heard: list[bool] = []
    with S3Mock("leaks", allowance=Allowance(1_000, 10_000_000)) as s3:
        s3.overhear(lambda content: heard.append(SEARCH.is_in(content)))
        s3.client().put_object(Bucket="leaks", Key="a", Body=b"." * before + _BYTES + b"." * 900_000)
    assert any(heard)


@pytest.mark.parametrize("query", ["", "?notification"])
def test_a_body_that_s3_refuses_is_seen_all_the_same(query):
    heard: list[bool] = []
    with S3Mock("leaks", allowance=Allowance(1_000, 10_000_000)) as s3:
        s3.overhear(lambda content: heard.append(SEARCH.is_in(content)))
        if not query:
            s3.fail()
        answer = httpx.put(f"{s3.endpoint_url}/leaks/a{query}", content=b"x" * 500 + _BYTES)
    assert (answer.status_code >= 500, heard) == (True, [True])


_JSON = b"Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
BESIDE = {
    "a header that clients hide": b"HTTP/1.1 200 OK\r\nAuthorization: Bearer %s\r\n" + _JSON,
    "an answer before the answer": b"HTTP/1.1 103 Early Hints\r\nLink: %s\r\n\r\nHTTP/1.1 200 OK\r\n" + _JSON,
    "the words after the status": b"HTTP/1.1 200 %s\r\n" + _JSON,
    "a trailer": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\nX-End: %s\r\n\r\n",
    "an extension of a chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;k=%s\r\n{}\r\n0\r\n\r\n",
    "an answer that breaks off": b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n%s",
    "what is no HTTP": b"%s\r\n\r\n",
    "a redirect that is followed": b"HTTP/1.1 303 See Other\r\nLocation: /end?k=%s\r\nContent-Length: 0\r\n\r\n",
}


@pytest.mark.parametrize("place", BESIDE)
def test_a_key_beside_an_answer_is_seen(place):
    heard = _asked_once(BESIDE[place].replace(b"%s", _BYTES))
    assert heard == ["the answer to POST /files"]


def test_an_answer_without_the_key_is_not_accused():
    assert _asked_once(b"HTTP/1.1 200 OK\r\nX: 1\r\n" + _JSON) == []


def _asked_once(answer: bytes) -> list[str]:
    """Where a session with an app that answers so sees the key."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            for content in (answer, b"HTTP/1.1 200 OK\r\n" + _JSON):
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection:
                    connection.recv(65_536)
                    connection.sendall(content)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        nothing = SimpleNamespace(calls=(), requests=(), bucket="lab", endpoint_url="http://127.0.0.1:1")
        nothing.objects, nothing.handling = (lambda wanted: []), Handling()
        sandbox = SimpleNamespace(root="/app", socket=socket.socket)
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
        session = Session(url, nothing, nothing, KEY, {}, sandbox)
        session.send("ask", Request("POST", "/files", json={}, has_json=True, place="/files"))
        return session.canary_seen


def test_a_content_that_comes_again_is_looked_through_once_and_a_leak_is_seen_each_time(monkeypatch):
    looked = []
    monkeypatch.setattr(canary, "layers", lambda content: looked.append(content) or [content])
    key = new_key()
    search = CanarySearch(key)
    assert not search.is_in(b"a picture")
    assert not search.is_in("a picture")
    assert len(looked) == 1
    assert search.is_in(f"a picture of {key}")
    assert search.is_in(f"a picture of {key}")
