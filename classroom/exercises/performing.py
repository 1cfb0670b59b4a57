"""In the learner's kernel: carries out a check's orders with what the learner defined, and answers in plain data.

Nothing is decided here. What a kernel says may be a lie; a check therefore chooses its inputs by chance, and looks at the
stand-ins, which are outside.
"""

import asyncio
import contextlib
import ctypes
import functools
import inspect
import io
import logging
import os
import socket
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from classroom.exercises import channel, making
from classroom.exercises.apps import answer_of
from classroom.exercises.clock import shortened_sleep
from classroom.exercises.making import Back
from classroom.exercises.plain import decode, encode
from classroom.exercises.reading import is_written
from classroom.standin.mock import OpenAIMock

_MOST_PRINTED = 2_000
_LAST_WORDS = 1.0  # seconds that an answer has to end when it is stopped
_MODEL = "gpt-5.4-mini"


class TimeIsUp(BaseException):
    """Raised in the learner's function when it has run for too long."""


class _Printed(io.StringIO):
    """What was printed, the beginning of it."""

    def write(self, text: str) -> int:
        if self.tell() < _MOST_PRINTED:
            super().write(text[:_MOST_PRINTED])
        return len(text)


class Performer:
    """Performs orders on a namespace, one at a time."""

    def __init__(self, namespace: Mapping[str, Any]) -> None:
        self._namespace = namespace
        self._held: dict[str, Any] = {}
        self._modules: dict[tuple[str, int], Any] = {}
        self._openai: OpenAIMock | None = None

    def perform(self, order: Mapping[str, Any], back: Back) -> dict[str, Any]:
        """What came of an order.

        Returns:
            `missing`, `callable`, `written`, `value`, `printed`, `errors`, `raised`, `stopped`, `spread`, `given`, `late`,
            `asked`; encoded values.
        """
        name = str(order["name"])
        if name not in self._namespace:
            return {"missing": True}
        target = self._namespace[name]
        if order["do"] == "value":
            return _in_time(float(order["seconds"]), lambda seen: seen.update(value=encode(target)))
        if order["do"] == "http":
            return _in_time(float(order["seconds"]), lambda seen: self._request(target, order, seen))
        if not callable(target):
            return {"callable": False, "value": encode(target)}
        return {**self._call(target, order, back), "written": is_written(target)}

    def _call(self, target: Any, order: Mapping[str, Any], back: Back) -> dict[str, Any]:
        with contextlib.ExitStack() as things:
            things.enter_context(_environment(order.get("environment") or {}))
            arguments = [self._made(each, back, things) for each in order["arguments"]]

            def action(seen: dict[str, Any]) -> None:
                with shortened_sleep():
                    value = _awaited(target(*arguments))
                    seen["value"] = encode(value)
                    if order.get("ask") is not None and value is not None:
                        seen["asked"] = _ask(value, str(order["ask"]))

            seen = _in_time(float(order["seconds"]), action)
            with contextlib.suppress(Exception):  # an argument may have become anything
                seen["given"] = [
                    encode(argument) if isinstance(argument, (list, dict)) else ["constant", None]
                    for argument in arguments
                ]
            return seen

    def _request(self, target: Any, order: Mapping[str, Any], seen: dict[str, Any]) -> None:
        """One request to an app, or to the OpenAI module of the lab, read again whenever its file was saved."""
        from starlette.applications import Starlette

        from classroom.exercises.openai_module import LabModule, ModuleProblem

        if isinstance(target, Starlette):
            answer = _awaited(answer_of(target, order))
            seen["value"], seen["spread"] = encode(answer.response), answer.spread
            if answer.stopped is not None:
                seen["stopped"] = _describe(answer.stopped)
            return
        if not isinstance(target, LabModule):
            seen["value"] = encode(target)
            return
        try:
            saved = (str(target.path), target.path.stat().st_mtime_ns)
            if saved not in self._modules:
                self._modules[saved] = LabModule(target.path)
        except (ModuleProblem, OSError) as problem:
            seen["raised"] = _describe(problem)
            return
        options: dict[str, Any] = {}
        if order.get("json") is not None:
            options["json"] = order["json"]
        if order.get("form") is not None:
            options["data"] = order["form"]
            name, content, kind = order["file"]
            options["files"] = {"file": (name, decode(content), kind)}
        module, address = self._modules[saved], str(order["address"])
        response = module.get(address) if order["method"] == "GET" else module.post(address, **options)
        seen["value"] = encode(response)
        if module.stopped is not None:
            seen["stopped"] = _describe(module.stopped)

    def _made(self, order: Any, back: Back, things: contextlib.ExitStack) -> Any:
        match order:
            case ["plain", value]:
                return decode(value)
            case ["held", name, value]:
                return self._held.setdefault(name, decode(value))
            case ["folder", files]:
                place = Path(things.enter_context(tempfile.TemporaryDirectory()))
                for name, text in files.items():
                    (place / name).write_text(text, encoding="utf-8")
                return place
            case ["error", kind, status, code]:
                return making.sdk_error(kind, status, code)
            case ["moderation", scores]:
                return making.moderation(scores)
            case ["s3", url]:
                return making.s3_client(url)
            case ["asking", url, prompt]:
                return making.asking(url, prompt)
            case ["client", url, asynchronous]:
                return making.openai_client(url, asynchronous)
            case ["request", body]:
                import httpx2

                return httpx2.Request("POST", "https://api.openai.com/v1/chat/completions", json=body)
            case ["keeper"]:
                things.enter_context(_fresh_lesson())
                return making.keeper(back)
            case ["texts client"]:
                return making.texts_client(back, self._openai_for(things).base_url)
            case ["texts openai"]:
                return self._openai_for(things)
        raise ValueError(f"unknown argument: {order}")

    def _openai_for(self, things: contextlib.ExitStack) -> OpenAIMock:
        """One stand-in for all arguments of a call."""
        if self._openai is None:
            self._openai = things.enter_context(OpenAIMock())
            things.callback(setattr, self, "_openai", None)
        return self._openai


@contextlib.contextmanager
def _logged(into: io.StringIO) -> Iterator[None]:
    """What is logged meanwhile is written there, too: a handler of the notebook's may write to another stream."""
    handler = logging.StreamHandler(into)
    logging.getLogger().addHandler(handler)
    try:
        yield
    finally:
        logging.getLogger().removeHandler(handler)


def _in_time(seconds: float, action: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
    """What an action noted, in a thread that is given up when its time is over."""
    seen: dict[str, Any] = {}
    printed, errors = _Printed(), _Printed()

    def run() -> None:
        loop = asyncio.new_event_loop()
        asyncio.set_event_loop(loop)
        try:
            action(seen)
        except TimeIsUp:
            pass
        except BaseException as error:
            seen["raised"] = _describe(error)
        finally:
            loop.close()

    thread = threading.Thread(target=run, name="exercise", daemon=True)
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(errors), _logged(errors):
        thread.start()
        thread.join(seconds)
        late = thread.is_alive()
        if late:
            ctypes.pythonapi.PyThreadState_SetAsyncExc(
                ctypes.c_ulong(thread.ident or 0), ctypes.py_object(TimeIsUp)
            )
            thread.join(_LAST_WORDS)
    return {**seen, "printed": printed.getvalue(), "errors": errors.getvalue(), "late": late}


def _describe(error: BaseException) -> dict[str, Any]:
    """An exception as data: its name, the names of the classes that it is one of, its words."""
    try:
        message = str(error)
    except Exception:  # the learner's own __str__, which may raise anything
        message = ""
    kinds = [each.__name__ for each in type(error).__mro__]
    return {"name": type(error).__name__, "kinds": kinds[:20], "message": message[:500]}


class _Loop:
    """An event loop in a thread of its own, for answers that are coroutines: one for all, since a client keeps
    connections that belong to the loop in which they were made."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, name="exercises-loop", daemon=True).start()

    def wait_for(self, value: Any) -> Any:
        """What an awaitable gives."""

        async def wait() -> Any:
            with shortened_sleep():
                return await value

        future = asyncio.run_coroutine_threadsafe(wait(), self._loop)
        try:
            return future.result()
        except TimeIsUp:
            future.cancel()
            _loop.cache_clear()  # it may never be free again
            raise


@functools.cache
def _loop() -> _Loop:
    return _Loop()


def _awaited(value: Any) -> Any:
    return _loop().wait_for(value) if inspect.isawaitable(value) else value


@contextlib.contextmanager
def _environment(changes: Mapping[str, str | None]) -> Iterator[None]:
    before = dict(os.environ)
    for name, value in changes.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
    try:
        yield
    finally:
        if changes:
            os.environ.clear()
            os.environ.update(before)


def _ask(client: Any, prompt: str) -> dict[str, Any]:
    """What became of a question that a client was given."""
    messages = [{"role": "user", "content": prompt}]
    try:
        client.max_retries = 0
        _awaited(client.chat.completions.create(model=_MODEL, messages=messages, timeout=10.0))
    except Exception as error:
        return {"raised": _describe(error)}
    return {"answered": True}


def serve(file: int, namespace: Mapping[str, Any]) -> None:
    """Perform the orders of a check that is on the other end of a connection, until it hangs up.

    Args:
        file: the number of the open socket that leads to it.
        namespace: what the learner defined.
    """
    performer = Performer(namespace)
    with (
        socket.socket(fileno=file) as connection,
        contextlib.suppress(channel.ChannelError),
        contextlib.ExitStack() as diverted,
    ):
        channel.send(connection, {"ready": True})
        while True:
            message = channel.receive(connection)
            if "divert" in message:
                diverted.enter_context(_diverted(str(message["divert"])))
                channel.send(connection, {"result": {}})
            else:
                back = _Back(connection)
                result = performer.perform(message, back)
                back.over = True
                channel.send(connection, {"result": result, "number": message["number"]})


class _Back:
    """Asks the check something while an order is performed. `over`: a function that was given up asks no more."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self.over = False

    def __call__(self, data: Any) -> Any:
        if self.over:
            raise TimeIsUp
        channel.send(self._connection, {"callback": data})
        return channel.receive(self._connection)["reply"]


def _fresh_lesson() -> contextlib.AbstractContextManager[None]:
    """For a test that the learner wrote: the lesson's stand-in answers it, and lists the calls of this one run."""
    from classroom.lesson import current

    lesson = current()
    return lesson.openai.fresh() if lesson and lesson.openai else contextlib.nullcontext()


def _diverted(url: str) -> contextlib.AbstractContextManager[None]:
    """Lead what is sent to the lesson's stand-in to another one, if a lesson runs here."""
    from classroom.exercises.relay import Relay
    from classroom.lesson import current

    lesson = current()
    if lesson is None or lesson.openai is None:
        return contextlib.nullcontext()
    return lesson.openai.diverted(Relay(url))
