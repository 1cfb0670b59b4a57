"""What the fuzzer makes: bytes of every format that a submission can hand to the grader, well formed but for some lies.

Each strategy gives a description that prints short; `…_bytes` makes the bytes of it, in the process that reads them.
"""

import gzip
import hashlib
import json
import struct
import zlib
from typing import Any

from hypothesis import strategies as st

Description = dict[str, Any]

NAMES = st.sampled_from(
    [
        "main.py",
        "tests/test_app.py",
        "a/b/c.txt",
        "lab.toml",
        "pyproject.toml",
        "note.ipynb",
        "a",
        "a/b",
        "../up.py",
        "/etc/cron.d/evil",
        "C:\\evil.py",
        "..\\up",
        "./main.py",
        "a//b",
        "a/./b",
        "",
        ".",
        "..",
        "\x1b[2J",
        "=1+1.py",
        "half\udc80.py",
        "nul\0byte",
        "line\nbreak",
        "\u202egnp.py",
        ".git/config",
        ".git",
        "a/.git/hooks/x",
        "x" * 300,
        "d/" * 150 + "deep.py",
        "CON",
        "naïve.py",
        "-rf",
        ".venv/x",
        "reports/x",
    ]
) | st.text(max_size=12)
CONTENTS = st.sampled_from(
    [b"", b"x", b"from fastapi import FastAPI\napp = FastAPI()\n", b"\xff\xfe", b"[" * 3000]
) | st.binary(max_size=64)
SIZES = st.sampled_from([0, 1, 511, 512, 513, 2**16, 2**31 - 1, 2**32 - 1, 2**33, 2**62])


def _utf8(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def cut(content: bytes, change: Description) -> bytes:
    """Content of which some bytes are changed, and the end is missing."""
    raw = bytearray(content)
    for place, value in change["bytes"]:
        if raw:
            raw[place % len(raw)] = value
    return bytes(raw[: len(raw) * change["kept"] // 100])


CHANGES = st.fixed_dictionaries(
    {
        "bytes": st.lists(st.tuples(st.integers(0, 2**16), st.integers(0, 255)), max_size=3),
        "kept": st.sampled_from([100, 100, 100, 100, 99, 50, 10, 0]),
    }
)

# --- archives -------------------------------------------------------------------------------------------------------

_TAR_TYPES = (b"0", b"\0", b"1", b"2", b"3", b"4", b"5", b"6", b"7", b"x", b"g", b"L", b"K", b"S", b"Z")
ARCHIVES = st.fixed_dictionaries(
    {
        "as": st.sampled_from(["zip", "tar", "tar.gz", "tar.bz2", "tar.xz", "tar.gz in tar.gz"]),
        "members": st.lists(
            st.fixed_dictionaries(
                {
                    "name": NAMES,
                    "content": CONTENTS,
                    "size": st.none() | SIZES,
                    "type": st.sampled_from(_TAR_TYPES),
                    "link": NAMES,
                    "mode": st.sampled_from([0o100644, 0o120777, 0o020666, 0o040755, 0]),
                    "flags": st.sampled_from([0, 0, 0, 1, 8, 0x800, 0x41]),
                    "packed": st.sampled_from([0, 8, 12, 14, 99]),
                    "repeated": st.sampled_from([1, 1, 1, 40]),
                }
            ),
            min_size=0,
            max_size=5,
        ),
        "change": CHANGES,
        "before": st.binary(max_size=8),
    }
)


def archive_bytes(made: Description) -> bytes:
    """A zip, a tar, or a tar within a tar."""
    plain = _zip(made["members"]) if made["as"] == "zip" else _tar(made["members"])
    if made["as"] == "tar.gz in tar.gz":
        plain = gzip.compress(_tar([{"name": "inner.tar.gz", "content": gzip.compress(plain), "type": b"0"}]))
    elif made["as"] == "tar.gz":
        plain = gzip.compress(plain)
    elif made["as"] == "tar.bz2":
        import bz2

        plain = bz2.compress(plain)
    elif made["as"] == "tar.xz":
        import lzma

        plain = lzma.compress(plain, preset=0)
    return (made["before"] if made["as"] == "zip" else b"") + cut(plain, made["change"])


def _tar(members: list[Description]) -> bytes:
    out = bytearray()
    for each in members:
        name = _utf8(each["name"])
        size = each.get("size")
        content = each["content"] * each.get("repeated", 1)
        head = bytearray(512)
        head[0 : min(100, len(name))] = name[:100]
        head[100:108] = b"0000644\0"
        head[108:116] = head[116:124] = b"0000000\0"
        length = len(content) if size is None else size
        head[124:136] = b"%011o\0" % length if length < 8**11 else b"\x80" + length.to_bytes(11, "big")
        head[136:148] = b"00000000000\0"
        head[156:157] = each["type"]
        link = _utf8(each.get("link", ""))[:100]
        head[157 : 157 + len(link)] = link
        head[257:265] = b"ustar\x0000"
        head[148:156] = b" " * 8
        head[148:156] = b"%06o\0 " % sum(head)
        out += head + content + bytes(-len(content) % 512)
    return bytes(out) + bytes(1024)


def _zip(members: list[Description]) -> bytes:
    out, central = bytearray(), bytearray()
    for each in members:
        name = _utf8(each["name"])
        plain = each["content"] * each["repeated"]
        packed = plain
        if each["packed"] == 8:
            engine = zlib.compressobj(wbits=-15)
            packed = engine.compress(plain) + engine.flush()
        size = len(plain) if each["size"] is None else each["size"] % 2**32
        facts = struct.pack(
            "<HHHHHIIIHH", 20, each["flags"], each["packed"], 0, 33, zlib.crc32(plain), len(packed), size, len(name), 0
        )  # fmt: skip
        at = len(out)
        out += b"PK\3\4" + facts + name + packed
        central += b"PK\1\2\x14\3" + facts + struct.pack("<HHHII", 0, 0, 0, each["mode"] << 16, at) + name
    end = struct.pack("<HHHHIIH", 0, 0, len(members), len(members), len(central), len(out), 0)
    return bytes(out + central) + b"PK\5\6" + end


# --- git bundles ----------------------------------------------------------------------------------------------------

BUNDLES = st.fixed_dictionaries(
    {
        "entries": st.lists(
            st.tuples(
                st.sampled_from(
                    ["100644", "100755", "100664", "120000", "160000", "40000", "040000", "100600", "7", "0"]
                ),
                NAMES | st.sampled_from(["a", "a", "B", "b", ".gitmodules", ".gitattributes", "git~1"]),
                st.sampled_from(["text", "link", "empty", "tree", "itself", "absent", "commit", "wide"]),
            ),
            max_size=6,
        ),
        "wide": st.sampled_from([1, 2, 10]),  # entries of each level of a tree of trees
        "levels": st.sampled_from([1, 2, 9]),
        "content": CONTENTS,
        "size": st.none() | SIZES,  # of the content, as the pack says
        "count": st.none() | st.sampled_from([0, 1, 2**31]),
        "ref": st.sampled_from(
            ["refs/heads/main", "HEAD", "refs/heads/../../x", "refs/heads/-x", "refs/tags/v1", "", "refs/heads/ü"]
        ),
        "head": st.sampled_from(["commit", "tree", "blob", "absent"]),
        "wants": st.booleans(),  # a commit that is not there
        "change": CHANGES,
    }
)  # fmt: skip
_KINDS = {"commit": 1, "tree": 2, "blob": 3}


class _Pack:
    def __init__(self) -> None:
        self.content, self.names = bytearray(), dict[tuple[str, bytes], bytes]()

    def add(self, kind: str, content: bytes, size: int | None = None) -> bytes:
        """Put an object in; returns its name."""
        if (kind, content) not in self.names:
            name = hashlib.sha1(f"{kind} {len(content)}\0".encode() + content, usedforsecurity=False).digest()
            self.names[kind, content] = name
            left = len(content) if size is None else size
            byte, left = (_KINDS[kind] << 4) | (left & 15), left >> 4
            while left:
                self.content.append(byte | 128)
                byte, left = left & 127, left >> 7
            self.content.append(byte)
            self.content += zlib.compress(content)
        return self.names[kind, content]


def bundle_bytes(made: Description) -> bytes:
    """A bundle of one commit, whose pack is made here byte by byte: git itself refuses to make most of these."""
    pack = _Pack()
    blob = pack.add("blob", made["content"], made["size"])
    targets = {
        "text": blob,
        "link": pack.add("blob", b"/etc/passwd"),
        "empty": pack.add("blob", b""),
        "absent": b"\x11" * 20,
        "itself": b"\x22" * 20,
    }
    tree = targets["tree"] = pack.add("tree", b"100644 x\0" + blob)
    for _ in range(made["levels"]):
        tree = pack.add("tree", b"".join(b"40000 %d\0" % at + tree for at in range(made["wide"])))
    targets["wide"] = targets["commit"] = tree
    listed = [
        (mode.encode(), _utf8(name).replace(b"\0", b""), targets[to]) for mode, name, to in made["entries"]
    ]
    top = pack.add("tree", b"".join(mode + b" " + name + b"\0" + to for mode, name, to in listed))
    who = b"A <a@example.org> 1700000000 +0000"
    commit = pack.add(
        "commit", b"tree " + top.hex().encode() + b"\nauthor " + who + b"\ncommitter " + who + b"\n\nx\n"
    )
    head = {"commit": commit, "tree": top, "blob": blob, "absent": b"\x33" * 20}[made["head"]]
    count = len(pack.names) if made["count"] is None else made["count"]
    content = b"PACK" + struct.pack("!II", 2, count) + bytes(pack.content)
    content += hashlib.sha1(content, usedforsecurity=False).digest()
    wanted = b"-" + b"44" * 20 + b" x\n" if made["wants"] else b""
    line = head.hex().encode() + b" " + made["ref"].encode() + b"\n"
    return cut(b"# v2 git bundle\n" + wanted + line + b"\n" + content, made["change"])  # fmt: skip


# --- texts ----------------------------------------------------------------------------------------------------------

_WORDS = st.sampled_from(
    ["/etc", "shadow", "..", "a/../../b", "-p evil", "main:app", "x" * 5000, "\x1b[2J", "🦊"]
)
_PLAIN: Any = (
    _WORDS | st.integers(-(2**70), 2**70) | st.booleans() | st.floats(allow_nan=False) | st.text(max_size=8)
)
_VALUES = st.recursive(
    _PLAIN,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
_FIELDS = (
    "app",
    "cwd",
    "tests",
    "pythonpath",
    "expect",
    "env",
    "auth",
    "endpoint",
    "kinds",
    "fixed",
    "prompt",
    "path",
)
MANIFESTS = st.fixed_dictionaries(
    {
        "file": st.sampled_from(["lab.toml", "pyproject.toml", "requirements.txt", "Pipfile", "setup.cfg", "uv.lock"]),
        "table": st.dictionaries(st.sampled_from(_FIELDS), _VALUES, max_size=4),
        "requires": st.lists(st.text(max_size=20) | st.sampled_from(["-e ./x", "-r /etc/passwd", "-r requirements.txt",
            "numpy @ file:///etc/passwd", "--index-url http://x", "a" * 5000, "x>=1,<0", "x; python_version<'3'" + " or a" * 99]), max_size=4),
        "junk": st.sampled_from(["", "", "", "[" * 5000, "a." * 3000 + "b=1", "x = " + "-" * 20000, "\ud800", "\0", "a=" + "{a=" * 500]),
        "change": CHANGES,
    }
)  # fmt: skip


def manifest_bytes(made: Description) -> bytes:
    """A manifest or a list of packages."""
    lines = [f"{name} = {_toml(value)}" for name, value in made["table"].items()]
    requires = ", ".join(json.dumps(each) for each in made["requires"])
    if made["file"] == "requirements.txt":
        text = "\n".join(made["requires"])
    else:
        text = "\n".join(
            ["[project]", f"dependencies = [{requires}]", "[packages]", "x = '*'", "[tool.lab]", *lines]
        )
    return cut((text + "\n" + made["junk"]).encode("utf-8", "surrogatepass"), made["change"])


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(name)} = {_toml(each)}" for name, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return json.dumps(value)


ROSTERS = st.fixed_dictionaries(
    {
        "header": st.lists(st.sampled_from(["name", "id", "First Name", "last name", "email", "", "name", "\ufeffname"]), max_size=5),
        "rows": st.lists(st.lists(st.text(max_size=8) | st.sampled_from(["=1+1", '"', "\x1b[2J", "a,b", "Ada", "x" * 140_000]), max_size=6), max_size=6),
        "by": st.sampled_from([",", ";", "\t"]),
        "ends": st.sampled_from(["\n", "\r\n", "\r", "\0\n"]),
        "repeated": st.sampled_from([1, 1, 1, 20_000]),
        "as": st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "latin-1"]),
        "change": CHANGES,
    }
)  # fmt: skip


def roster_bytes(made: Description) -> bytes:
    """A class's list, as CSV."""
    rows = [made["by"].join(row) for row in made["rows"]]
    long = sum(map(len, rows)) * made["repeated"] > 8_000_000
    text = made["ends"].join([made["by"].join(made["header"]), *rows * (1 if long else made["repeated"])])
    return cut(text.encode(made["as"], "replace"), made["change"])
