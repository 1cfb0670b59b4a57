"""Keeps the grader's part in a learner's process out of reach of the code that runs there, and notices who looks for it.

Hooks stand where anybody finds them: in the SDKs, in pytest's list of plugins, among the built-in names. What they do and know
is kept by an audit hook, which Python holds where no code gets at it, and which can't be removed; the hooks only raise an event
that it answers. The few ways around that, such as asking the garbage collector or a frame, raise events of Python's own.
"""

import contextlib
import functools
import inspect
import itertools
import os
from _thread import get_ident
from collections.abc import Callable, Iterator
from sys import _getframe, addaudithook, audit
from typing import Any

_CALL = "lab.call"
_INSPECT = "inspect.py"
BY_INSPECT = "a frame by inspect"  # as logging does to name who logs
_FORWARDS = {
    "sys._getframe": (_INSPECT, "traceback.py"),
    "socket.__new__": ("socket.py",),
    "exec": ("runpy.py", "code.py", "timeit.py", "bdb.py", "pdb.py", "trace.py", "cProfile.py", "profile.py"),
}
_ANYWHERE = "<string>"  # of code that was made from a text; it is whoever's had it made
_CTYPES = f"{os.sep}ctypes{os.sep}"
# https://docs.python.org/3/library/audit_events.html
_LOOKS = frozenset(
    {
        "gc.get_objects",
        "gc.get_referrers",
        "gc.get_referents",
        "sys._getframe",
        "sys._current_frames",
        "sys._current_exceptions",
        "sys.settrace",
        "sys.setprofile",
        "sys.monitoring.register_callback",
        "function.__new__",
        "marshal.loads",
        "exec",
        "mmap.__new__",
        "socket.__new__",
        "object.__getattr__",
    }
)
_OF_FRAMES = frozenset({"tb_frame", "gi_frame", "cr_frame", "ag_frame"})
_ANY_FAMILY = -1  # of a socket that is made of an open file
_NO_FILE = -1  # of memory that processes share
_INSTALLED = f"{os.sep}site-packages{os.sep}"

Notice = Callable[[str, str], None]


class Keeper:
    """Keeps functions, and gives out others that call them.

    Args:
        root: the submission's folder.
        notice: gets what code of the submission's looked for, and from where.
    """

    def __init__(self, root: str, notice: Notice) -> None:
        self._kept: dict[int, Callable[..., Any]] = {}
        self._numbers = itertools.count()
        self._busy: set[int] = set()  # threads in which it is looking itself
        self._root = root.rstrip(os.sep) + os.sep
        self._notice = notice

    def begin(self) -> None:
        """From now on; there is no way back."""
        kept, looked, look = self._kept, self._looked, _LOOKS

        def hear(event: str, arguments: tuple[Any, ...]) -> None:
            if event == _CALL:
                number, box = arguments
                rest, named = box
                box[:] = [kept[number](*rest, **named)]
            elif event in look or event.startswith("ctypes."):
                looked(event, arguments)
            elif event == "sys.addaudithook":
                looked(event, arguments)
                raise RuntimeError  # it is not added, and nobody hears of it: that hook would hear all calls

        hear.__cantrace__ = True  # type: ignore[attr-defined]  # what is called through it may be traced, as by coverage
        addaudithook(hear)

    def hide(self, function: Callable[..., Any]) -> Any:
        """A function that does the same, and leads nowhere."""
        number = next(self._numbers)
        self._kept[number] = function
        return _through(number, function)

    @contextlib.contextmanager
    def hidden(self, function: Callable[..., Any]) -> Iterator[Any]:
        """The same, for as long as it is needed."""
        number = next(self._numbers)
        self._kept[number] = function
        try:
            yield _through(number, function)
        finally:
            del self._kept[number]

    def _looked(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event == "object.__getattr__" and arguments[1] not in _OF_FRAMES:
            return
        if event == "socket.__new__" and arguments[1] != _ANY_FAMILY:
            return
        if event == "mmap.__new__" and arguments[0] != _NO_FILE:
            return
        if event == "exec" and arguments[0].co_filename.startswith((self._root, "<")):
            return  # nobody takes it for what it is not
        thread = get_ident()
        if thread in self._busy:
            return
        self._busy.add(thread)
        try:
            self._find(event, arguments)
        finally:
            self._busy.discard(thread)

    def _find(self, event: str, arguments: tuple[Any, ...]) -> None:
        frame: Any = _getframe(3)
        by_inspect = event == "sys._getframe" and os.path.basename(frame.f_code.co_filename) == _INSPECT
        while frame is not None and _forwards(event, frame.f_code.co_filename):
            frame = frame.f_back
        if frame is None:
            return
        file: str = frame.f_code.co_filename
        if self._is_the_submissions(file):
            name = f"{event} {arguments[1]}" if event == "object.__getattr__" else event
            self._notice(
                BY_INSPECT if by_inspect else name, f"{file.removeprefix(self._root)}, line {frame.f_lineno}"
            )

    def _is_the_submissions(self, file: str) -> bool:
        """Whether code is of no installed package, and not Python's own.

        Compiled packages call their files "package/module.py". Who runs code under such a name is noticed when it is run.
        """
        if file.startswith(self._root):
            return _INSTALLED not in file
        return file.startswith("<") and not file.startswith("<frozen ")


def _forwards(event: str, file: str) -> bool:
    """Whether a module of Python's own asks for the one that called it."""
    if file == _ANYWHERE:
        return True
    if event.startswith("ctypes."):
        return _CTYPES in file
    return file.startswith(os.path.dirname(os.__file__)) and os.path.basename(file) in _FORWARDS.get(
        event, ()
    )


def _through(number: int, function: Callable[..., Any]) -> Any:
    """It looks like the function, but holds no more of it than its number."""

    def call(*rest: Any, **named: Any) -> Any:
        box: list[Any] = [rest, named]
        audit(_CALL, number, box)
        return box[0]

    async def call_later(*rest: Any, **named: Any) -> Any:
        return await call(*rest, **named)

    made: Any = call_later if inspect.iscoroutinefunction(function) else call
    real = getattr(function, "__wrapped__", None)
    signature = inspect.signature(function) if real is None else None
    functools.update_wrapper(made, function)
    del made.__wrapped__
    if real is not None:
        made.__wrapped__ = real
    else:
        made.__signature__ = signature
    return made
