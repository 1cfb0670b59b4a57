"""Whether a submission's Python could keep something beyond the process that runs a test: a server, a pipe, shared memory.

It decides how much a suite's reruns have to be kept apart, and no verdict: see `grader.collect.suites.rerun`. What it can't follow, such as
a name that is put together when it runs, counts as something that lasts.
"""

import ast
from collections.abc import Iterable
from itertools import islice
from pathlib import Path

from grader import reading

_MOST_FILES = 500
# what has it in hand, under whichever module's name it is reached
_LASTS = frozenset(
    [
        "pipe",
        "pipe2",
        "openpty",
        "fork",
        "forkpty",
        "memfd_create",
        "eventfd",
        "mkfifo",
        "socket",
        "socketpair",
        "create_server",
        "create_connection",
        "fromfd",
        "mmap",
        "shared_memory",
        "SharedMemory",
        "ShareableList",
        "multiprocessing",
        "subprocess",
        "Popen",
        "Process",
        "Thread",
        "Timer",
        "start_new_thread",
        "ThreadPoolExecutor",
        "BackgroundScheduler",
        "Pool",
        "Manager",
        "ProcessPoolExecutor",
        "socketserver",
        "TCPServer",
        "UDPServer",
        "UnixStreamServer",
        "HTTPServer",
        "ThreadingHTTPServer",
        "start_server",
        "start_unix_server",
        "create_unix_server",
        "make_server",
        "run_simple",
        "posix_spawn",
        "spawnv",
        "spawnl",
        "popen",
        "shmget",
        "ctypes",
        "cffi",
        "posix",
        "_socket",
        "_posixsubprocess",
        "_multiprocessing",
        "_posixshmem",
        "sysv_ipc",
        "posix_ipc",
        "zmq",
        "redis",
        "diskcache",
        "xmlrpc",
    ]
)
# what reaches anything by a name that nobody can read here
_HIDES = frozenset(
    [
        "__import__",
        "import_module",
        "importlib",
        "builtins",
        "modules",
        "__dict__",
        "__getattribute__",
        "__builtins__",
        "__subclasses__",
        "__globals__",
        "attrgetter",
        "methodcaller",
        "pickle",
        "marshal",
        "runpy",
        "_getframe",
        "gc",
    ]
)
# as functions alone, since others have methods of these names
_BUILTINS = frozenset({"eval", "exec", "compile", "globals", "locals", "vars"})
_NAMED = frozenset({"getattr", "setattr", "hasattr", "delattr"})  # by a name, which may be written out


def may_last(root: Path, files: Iterable[str]) -> bool:
    """Whether any of the files could; one that can't be read could.

    Args:
        root: the submission's folder.
        files: Python files below it.
    """
    names = list(islice(files, _MOST_FILES + 1))
    return len(names) > _MOST_FILES or any(_in_file(root / name) for name in names)


def _in_file(path: Path) -> bool:
    try:
        tree = reading.parse_python(reading.read_text(path, reading.MAX_PYTHON))
    except reading.Unreadable:
        return True
    return any(_may(node) for node in ast.walk(tree))


def _may(node: ast.AST) -> bool:
    """Whether a part of the code names what lasts, or what may reach it unseen."""
    match node:
        case ast.Import(names=aliases):
            return any(_tells(part) for alias in aliases for part in alias.name.split("."))
        case ast.ImportFrom(module=module, names=aliases):
            parts = [*(module or "").split("."), *(alias.name for alias in aliases)]
            return any(map(_tells, parts))
        case ast.Attribute(attr=name):
            return _tells(name)
        case ast.Name(id=name):
            return name in _BUILTINS or _tells(name)
        case ast.Call(func=ast.Name(id=function), args=[_, ast.Constant(value=str(name)), *_]) if (
            function in _NAMED
        ):
            return _tells(name)
        case ast.Call(func=ast.Name(id=function)) if function in _NAMED:
            return True  # of what is not written out
    return False


def _tells(name: str) -> bool:
    return name in _LASTS or name in _HIDES
