"""The suite's own stand-ins for S3 and OpenAI: what the app gives them passes the grader, too.

A suite that replaces a client, or one of the app's functions, by a mock of its own leaves no call for the hooks in the SDKs. So
the app's files are compiled with one look at each function before it is called: one that is the tests' is called through
here, any other as it stands. That is the same in every run.
"""

import builtins
import functools
import inspect
import os
import re
import sys
import types
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

from .boundaries import Boundaries, head_of, other_words
from .faults import ASKED, DROP, GO_ON, MUST, OTHER, REFUSE
from .looks import INSTALLED, LOOK, Finder

_MIME = re.compile(r"(?:text|image|audio|application)/[\w.+-]{1,60}(?:;.{0,60})?")
_PROMPT_NAMES = ("messages", "input", "prompt")
_SHORTEST = 8  # characters of a caller's words by which they are known again
_LONGEST = 2_000
# libraries that call in another thread, or later, what they are given
_CALLERS = re.compile(
    r"(?:anyio|asgiref|asyncio|concurrent|functools|(?:fastapi|starlette)\.(?:background|concurrency))(?:\.|$)"
)
_ROUTES = {
    "images": "/images/generations",
    "speech": "/audio/speech",
    "completions": "/chat/completions",
    "responses": "/responses",
}


@dataclass
class _Given:
    """A call to a stand-in, as one at a boundary.

    `place`: in which argument its content is, a number or a name. `type_place`: where its Content-Type is. `sdk`: it has the
    SDK's own arguments, so that what the SDK would return or raise is known.
    """

    boundary: str
    place: int | str | None = None
    type_place: int | str | None = None
    sdk: bool = False
    about: dict[str, Any] = field(default_factory=dict)


class StandIns:
    """Shows the grader what the app's code gives to stand-ins of the suite's own.

    Args:
        boundaries: where the grader is asked.
        root: the submission's folder.
        app: the app's files, relative to it.
    """

    def __init__(self, boundaries: Boundaries, root: str, app: Sequence[str]) -> None:
        self._boundaries = boundaries
        self._root = root.rstrip(os.sep) + os.sep
        self._app = frozenset(self._root + file for file in app)
        hide = boundaries.keeper.hide
        self.look, self._through, self._hands_on = hide(self._look), hide(self._call), hide(self._hand_on)

    def watch(self) -> None:
        """From now on the app's modules are imported with a look before each call."""
        setattr(builtins, LOOK, self.look)
        sys.meta_path.insert(0, Finder(self._app))

    def _look(self, function: Any, name: str = "") -> Any:
        """What is to be called: the function itself, unless it is the tests' or hands one of the tests' on."""
        if self._is_the_tests(function):
            return functools.partial(self._through, function, name)
        if _CALLERS.match(_module_of(function)):
            return functools.partial(self._hands_on, function)
        return function

    def _hand_on(self, function: Any, *rest: Any, **named: Any) -> Any:
        def seen(one: Any) -> Any:
            return functools.partial(self._through, one, "") if self._is_the_tests(one, data=True) else one

        return function(*map(seen, rest), **named)

    def _is_the_tests(self, function: Any, *, data: bool = False) -> bool:
        """Whether something that can be called is a mock, or was written in a file of the tests'.

        `data`: it may be no function at all; then a mock counts only where it is the method of another.
        """
        kind = type(function)
        if kind is types.MethodType and function.__module__ == "botocore.client":
            return (
                not self._boundaries.is_s3_watched()
            )  # the tests have put something in the place of what would see it
        mock = sys.modules.get("unittest.mock")
        if mock is not None and issubclass(kind, mock.NonCallableMock):
            return not data or function._mock_new_parent is not None or issubclass(kind, mock.AsyncMock)
        if kind is functools.partial:
            return self._is_the_tests(function.func)
        if kind is types.MethodType:
            function = function.__func__
        elif kind is not types.FunctionType:
            if data or kind is type:
                return False
            function = next(
                (each.__dict__["__call__"] for each in kind.__mro__ if "__call__" in each.__dict__), None
            )
        code = (
            getattr(inspect.unwrap(function), "__code__", None)
            if type(function) is types.FunctionType
            else None
        )
        if code is None:
            return False
        if mock is not None and "mock" in function.__dict__:  # what `create_autospec` makes of a function
            return True
        file = code.co_filename
        return file.startswith(self._root) and file not in self._app and INSTALLED not in file

    def _call(self, function: Any, name: str, *rest: Any, **named: Any) -> Any:
        given = _stored(name, rest, named) or self._asked(name, rest, named)
        if given is None:
            return function(*rest, **named)
        bare = vars(builtins).get(LOOK) is self.look
        about = {**given.about, "making": self._boundaries.making(), "stand_in": True}
        where = {**self._boundaries.origin(builtins, LOOK, self.look), "bare": bare}
        if given.boundary == "s3":
            return self._put(given, function, rest, named, {**about, **where})
        now = self._boundaries.decided(
            "openai",
            {"prompt": ASKED, "model": _text(named.get("model")), "then": GO_ON if given.sdk else MUST},
            **about,
            **where,
        )
        if now["then"] == REFUSE:
            _refuse_openai()
        if now["prompt"] == OTHER:
            for place in [given.place] if given.place is not None else _PROMPT_NAMES:
                rest, named = _with(rest, named, place, lambda value: other_words(value, now["words"]))
        if now["model"] != _text(named.get("model")) and "model" in named:
            named["model"] = now["model"]
        return function(*rest, **named)

    def _put(
        self,
        given: _Given,
        function: Any,
        rest: tuple[Any, ...],
        named: dict[str, Any],
        about: dict[str, Any],
    ) -> Any:
        body, media = _at(rest, named, given.place), _text(_at(rest, named, given.type_place))
        asked = {
            "key": _text(named.get("Key")),
            "content_type": media,
            "body": ASKED,
            "then": GO_ON if given.sdk else MUST,
        }
        now = self._boundaries.decided("s3", asked, head=head_of(body), **about)
        if now["then"] == REFUSE:
            _refuse_s3()
        if now["then"] == DROP:
            return _claimed(function)
        if now["body"] == OTHER:
            words: bytes = now["words"].encode()
            other: Any = BytesIO(words) if hasattr(body, "read") else words
            rest, named = _with(rest, named, given.place, lambda _: other)
        if now["content_type"] != media and given.type_place is not None:
            rest, named = _with(rest, named, given.type_place, lambda _: now["content_type"])
        if now["key"] != asked["key"] and "Key" in named:
            named["Key"] = now["key"]
        return function(*rest, **named)

    def _asked(self, name: str, rest: tuple[Any, ...], named: dict[str, Any]) -> _Given | None:
        """A call by which OpenAI is asked: with the SDK's own arguments, or one that hands the caller's words on."""
        words = name.split(".")
        url = next((route for word, route in _ROUTES.items() if word in words), "")
        if "model" in named and any(each in named for each in _PROMPT_NAMES):
            return _Given("openai", sdk=True, about={"url": url})
        text = self._boundaries.request_text()
        values: list[tuple[int | str, Any]] = [*enumerate(rest), *named.items()]
        known = [
            (len(value), place)
            for place, value in values
            if isinstance(value, str) and len(value) >= _SHORTEST and _is_in(value, text)
        ]
        return _Given("openai", max(known, key=lambda one: one[0])[1], about={"url": url}) if known else None


def _stored(name: str, rest: tuple[Any, ...], named: dict[str, Any]) -> _Given | None:
    """A call by which something is stored: with the SDK's own arguments, or one that is given bytes."""
    if "Body" in named:
        return _Given("s3", "Body", "ContentType" if "ContentType" in named else None, sdk=True)
    if "Fileobj" in named or name.endswith("upload_fileobj"):
        return _Given("s3", "Fileobj" if "Fileobj" in named else 0, sdk=True)
    values: list[tuple[int | str, Any]] = [*enumerate(rest), *named.items()]
    places = [
        (len(value), place) for place, value in values if isinstance(value, (bytes, bytearray)) and value
    ]
    if not places:
        return None
    types_ = [place for place, value in values if isinstance(value, str) and _MIME.fullmatch(value)]
    return _Given("s3", max(places, key=lambda one: one[0])[1], types_[0] if types_ else None)


def _at(rest: tuple[Any, ...], named: dict[str, Any], place: int | str | None) -> Any:
    if isinstance(place, int):
        return rest[place] if place < len(rest) else None
    return named.get(place) if place is not None else None


def _with(
    rest: tuple[Any, ...], named: dict[str, Any], place: int | str | None, change: Callable[[Any], Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """The arguments with one of them changed, if it is there."""
    if isinstance(place, int) and place < len(rest):
        return (*rest[:place], change(rest[place]), *rest[place + 1 :]), named
    if isinstance(place, str) and place in named:
        return rest, {**named, place: change(named[place])}
    return rest, named


def _is_in(value: str, text: str) -> bool:
    """Whether the text of a request holds a value, as an address, a form or JSON writes it."""
    from json import dumps
    from urllib.parse import quote, quote_plus

    short = value[:_LONGEST]
    return any(each in text for each in (short, dumps(short)[1:-1], quote(short), quote_plus(short)))


def _claimed(function: Any) -> Any:
    """What S3's client returns for something stored; awaited where the stand-in is."""
    answer = {
        "ETag": '"0"',
        "ResponseMetadata": {"HTTPStatusCode": 200, "HTTPHeaders": {}, "RetryAttempts": 0},
    }
    mock = sys.modules.get("unittest.mock")
    if not (inspect.iscoroutinefunction(function) or (mock and isinstance(function, mock.AsyncMock))):
        return answer

    async def later() -> dict[str, Any]:
        return answer

    return later()


def _refuse_s3() -> None:
    from botocore.exceptions import ClientError

    raise ClientError(
        {"Error": {"Code": "ServiceUnavailable", "Message": "Please reduce your request rate."}}, "PutObject"
    )


def _refuse_openai() -> None:
    import httpx2
    import openai

    raise openai.APIConnectionError(request=httpx2.Request("POST", "https://api.openai.com/v1"))


def _text(value: Any) -> str:
    return value[:_LONGEST] if isinstance(value, str) else ""


def _module_of(function: Any) -> str:
    """Where a function or a class was written; empty if it is neither."""
    if not isinstance(function, (type, types.FunctionType, types.MethodType)):
        return ""
    module = getattr(function, "__module__", None)
    return module if isinstance(module, str) else ""
