"""The hooks in a learner's process lead nowhere, and code that looks for what is behind them is noticed."""

import asyncio
import inspect
import subprocess
import sys
from pathlib import Path

import pytest

from grader.collect.suites.deciding import Decider
from grader.inside.out_of_reach import BY_INSPECT, Keeper

# in a process of its own: an audit hook stays for good
_SCRIPT = """
import gc, sys
from grader.inside.out_of_reach import Keeper
class Secret: pass
noticed = []
keeper = Keeper(sys.argv[1], lambda what, where: noticed.append(what))
secret = Secret()
keeper.begin()
hook = keeper.hide(lambda: type(secret).__name__)
assert hook() == "Secret"
sys.path.insert(0, sys.argv[1])
import learner
learner.look(hook)
print(*noticed, sep="\\n")
"""


def noticed(place: Path, code: str) -> list[str]:
    """What is noticed of a learner's function `look(hook)`."""
    (place / "learner.py").write_text(code)
    command = [sys.executable, "-c", _SCRIPT, str(place)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=Path(__file__).parents[2])
    assert done.returncode == 0, done.stderr
    return done.stdout.split("\n")[:-1] if done.stdout.strip() else []


LOOKS = {
    "gc": ("import sys\ndef look(hook): sys.modules['gc'].get_objects()", "gc.get_objects"),
    "gc by a built name": (
        "import sys\ndef look(hook): getattr(sys.modules['g' 'c'], 'get_' + 'referents')(hook)",
        "gc.get_referents",
    ),
    "gc by pickle": (
        "import pickle\ndef look(hook): pickle.loads(b'cgc\\nget_objects\\n(tR.')",
        "gc.get_objects",
    ),
    "gc by a file that is no module": (
        "import pathlib, importlib.machinery as m\ndef look(hook):\n    p = pathlib.Path(__file__).with_name('x.txt')\n"
        "    p.write_text('import gc; gc.get_objects()')\n    m.SourceFileLoader('x', str(p)).load_module()",
        "gc.get_objects",
    ),
    "gc by a text": ("def look(hook): exec('import gc; gc.get_objects()')", "gc.get_objects"),
    "code under the name of another file": (
        "import logging\ndef look(hook): exec(compile('import gc', logging.__file__, 'exec'))",
        "exec",
    ),
    "code under the name of a compiled package's": (
        "import json\ndef look(hook):\n    code = compile('import gc; gc.get_objects()', 'json/fast.pyx', 'exec')\n    exec(code, vars(json))",
        "exec",
    ),
    "a function made of such code": (
        "import types\ndef look(hook): types.FunctionType(compile('import gc', 'json/fast.pyx', 'exec'), {})()",
        "function.__new__",
    ),
    "a file that is run": (
        "import pathlib, runpy\ndef look(hook):\n    p = pathlib.Path(__file__).with_name('x.txt')\n    p.write_text('import gc; gc.get_objects()')\n    runpy.run_path(str(p))",
        "gc.get_objects",
    ),
    "frames": ("import sys\ndef look(hook): getattr(sys, '_get' + 'frame')()", "sys._getframe"),
    "frames by inspect": ("import inspect\ndef look(hook): inspect.currentframe()", BY_INSPECT),
    "the frame of an error": (
        "def look(hook):\n    try: 1 / 0\n    except ZeroDivisionError as e: getattr(e.__traceback__, 'tb_' + 'frame')",
        "object.__getattr__ tb_frame",
    ),
    "an audit hook": (
        "import sys\nHEARD = []\ndef look(hook):\n    sys.addaudithook(lambda *heard: HEARD.append(heard))\n"
        "    hook()\n    assert not HEARD",
        "sys.addaudithook",
    ),
    "a socket of an open file": (
        "import socket\ndef look(hook):\n    one, other = socket.socketpair()\n"
        "    socket.socket(socket.AF_UNIX, socket.SOCK_STREAM, 0, fileno=one.detach())\n    socket.socket(fileno=other.detach())",
        "socket.__new__",
    ),
    "memory of all runs": ("import mmap\ndef look(hook): mmap.mmap(-1, 8)", "mmap.__new__"),
    "ctypes": ("import ctypes\ndef look(hook): ctypes.string_at(id(hook), 8)", "ctypes.string_at"),
}


@pytest.mark.parametrize("name", LOOKS)
def test_who_looks_for_what_is_behind_the_hooks_is_noticed(name, tmp_path):
    code, event = LOOKS[name]
    assert event in noticed(tmp_path, code)


def test_what_programs_do_every_day_is_not_noticed(tmp_path):
    code = """
import collections, dataclasses, enum, inspect, json, logging, pickle, re, socket, tempfile, traceback, typing, unittest.mock, warnings
@dataclasses.dataclass
class Point:
    x: int
Pair = collections.namedtuple("Pair", "a b")
class Colour(enum.Enum):
    RED = 1
async def later(): return 1
def look(hook):
    logging.getLogger("app").warning("a line")
    try: 1 / 0
    except ZeroDivisionError: traceback.format_exc()
    inspect.signature(look); warnings.warn("old"); re.compile("a"); pickle.loads(pickle.dumps(Pair(1, 2)))
    one, other = socket.socketpair(); one.close(); other.close()
    socket.socket().close(); tempfile.TemporaryFile().close()
    unittest.mock.create_autospec(look)
    import asyncio; asyncio.run(later())
    import av
    frame = av.AudioFrame(format="s16", layout="mono", samples=1024); frame.sample_rate = 48_000
    av.AudioResampler(format="s16", layout="mono", rate=24_000).resample(frame)
    eval(compile("1", "<a text>", "eval")); exec(compile("1", __file__, "exec"))
"""
    assert noticed(tmp_path, code) == []


def test_a_hidden_function_holds_nothing_but_a_number():
    hidden = Keeper("/nowhere", lambda *_: None).hide(lambda nodeid: nodeid)
    assert [cell.cell_contents for cell in hidden.__closure__] == [0]
    assert not hasattr(hidden, "__wrapped__")
    assert list(inspect.signature(hidden).parameters) == ["nodeid"]


def test_a_hidden_coroutine_function_is_one():
    async def later():
        """Nothing."""

    keeper = Keeper("/nowhere", lambda *_: None)
    assert asyncio.iscoroutinefunction(keeper.hide(later))
    with keeper.hidden(later):
        assert len(keeper._kept) == 2
    assert len(keeper._kept) == 1


def test_an_app_that_names_who_logs_is_not_shown_to_a_person():
    notes = {}
    for file in ("main.py", "conftest.py"):
        decider = Decider(None)
        decider.note({"looked": BY_INSPECT, "where": f"{file}, line 3"})
        notes[file] = decider.notes.looked
    assert notes == {"main.py": set(), "conftest.py": {f"conftest.py, line 3: {BY_INSPECT}"}}
