"""Intercepts an app's calls at its boundaries during its tests: the grader decides how each is made.

The hooks are the same in every run, and know of no fault: each call goes to the grader as a set of fields, and comes back as
one, after several turns. Whether anything differs in the end is decided there, call by call.
"""

import functools
import itertools
import os
import re
import socket
import subprocess
import sys
from collections.abc import Callable
from copy import copy
from typing import Any

from .channel import Line
from .faults import ASKED, DROP, GO_ON, OTHER, REFUSE
from .out_of_reach import Keeper

_LOCAL = ("127.", "localhost", "::1", "0.0.0.0", "testserver")  # noqa: S104 - compared with, not bound
_REAL = re.compile(r"(^|\.)(openai\.com|openai\.azure\.com|amazonaws\.com)\.?$")
_PROMPT_PLACES = ("messages", "input", "prompt")
_INSTALLED = f"{os.sep}site-packages{os.sep}"
# tiktoken: read_file_cached; nltk: download; huggingface_hub: hf_hub_download; torch.hub: download_url_to_file
_KEEPS = re.compile(r"(?i)download|cached")
_READS = frozenset({"GetObject", "HeadObject", "ListObjects", "ListObjectsV2"})
_MOST_NOTED = 2_000  # hosts and programs of all tests
_HEAD = 64  # bytes of a body by which its kind is known
_LONGEST = 2_000  # characters of a field that the grader is shown


class Boundaries:
    """Watches S3, OpenAI and the network in this process, for the test that runs.

    Args:
        line: where the grader is asked.
        root: the submission's folder; calls are distinguished by which of its files they come from.
        keeper: hides the hooks.
    """

    def __init__(self, line: Line, root: str, keeper: Keeper) -> None:
        self.line = line
        self.keeper = keeper
        self.test: str | None = None
        self.serving = 0  # requests that the app is answering now
        self.making: Callable[[], list[str]] = (
            list  # the kinds of the generating request that is being answered
        )
        self.request_text: Callable[[], str] = str  # what that request says
        self.is_s3_watched: Callable[[], bool] = bool  # whether every call of boto3's passes here
        self._noted: set[tuple[str | None, str]] = set()
        self._numbers = itertools.count(1)  # of calls: those of several threads are decided side by side
        self._root = root.rstrip(os.sep) + os.sep

    def decided(self, boundary: str, call: dict[str, Any], **about: Any) -> dict[str, Any]:
        """The call as it is to be made; `words`: what comes in the place of a content or a prompt, if that is changed.

        They come from the grader whether they are needed or not: nothing here is called for a changed call alone.
        """
        facts = {name: value[:_LONGEST] if isinstance(value, str) else value for name, value in about.items()}
        number = next(self._numbers)
        answer = self.line.ask({"at": boundary, "test": self.test, "number": number, "call": call, **facts})
        while answer["again"]:
            answer = self.line.ask({"at": boundary, "number": number, "go": "on"})
        return {**call, **answer["call"], "words": answer["words"]}

    def tell(self, **facts: Any) -> None:
        """Something that the grader only notes."""
        self.line.tell({"test": self.test, **facts})

    def origin(self, place: Any, name: str, hook: Any) -> dict[str, Any]:
        """Whose call this is: the file and the function of the submission's that made it, and whether the hook is still where it
        was put."""
        frame = sys._getframe(2)
        while frame is not None:
            file = frame.f_code.co_filename
            if file.startswith(self._root) and _INSTALLED not in file:
                break
            frame = frame.f_back  # type: ignore[assignment]
        by = frame.f_code.co_filename[len(self._root) :] if frame is not None else ""
        site = frame.f_code.co_qualname[:_LONGEST] if frame is not None else ""
        return {"by": by, "site": site, "serving": self.serving > 0, "bare": place.__dict__.get(name) is hook}

    def _note(self, what: str, name: str) -> None:
        """Once for each test: a host or a port that it asked for, or a program that it started."""
        if name and (self.test, name) not in self._noted and len(self._noted) < _MOST_NOTED:
            self._noted.add((self.test, name))
            self.tell(**{what: name[:_LONGEST]})

    # --- S3 ---------------------------------------------------------------------------------------------------

    def watch_s3(self) -> None:
        """Wrap the one method through which every boto3 call goes."""
        from botocore.client import BaseClient

        real = BaseClient._make_api_call

        def call(client: Any, operation: str, parameters: dict[str, Any]) -> Any:
            if operation in _READS:
                self.tell(read=operation, **self.origin(BaseClient, "_make_api_call", hook))
            if operation != "PutObject":
                return real(client, operation, parameters)
            origin = self.origin(BaseClient, "_make_api_call", hook)
            return self._put(lambda changed: real(client, operation, changed), parameters, origin)

        hook = self.keeper.hide(functools.wraps(real)(call))
        put_in_place(BaseClient, "_make_api_call", hook)
        self.is_s3_watched = lambda: BaseClient.__dict__.get("_make_api_call") is hook

    def _put(
        self, put: Callable[[dict[str, Any]], Any], parameters: dict[str, Any], origin: dict[str, Any]
    ) -> Any:
        asked = {
            "key": str(parameters.get("Key", ""))[:_LONGEST],
            "content_type": str(parameters.get("ContentType", ""))[:_LONGEST],
            "body": ASKED,
            "then": GO_ON,
        }
        about = {"head": head_of(parameters.get("Body")), "making": self.making()}
        now = self.decided("s3", asked, **about, **origin)
        changed = dict(parameters)
        if now["key"] != asked["key"]:
            changed["Key"] = now["key"]
        if now["content_type"] != asked["content_type"]:
            changed["ContentType"] = now["content_type"]
        if now["body"] == OTHER:
            changed["Body"] = now["words"].encode()
        if now["then"] == DROP:
            return {
                "ETag": '"0"',
                "ResponseMetadata": {"HTTPStatusCode": 200, "HTTPHeaders": {}, "RetryAttempts": 0},
            }
        if now["then"] == REFUSE:
            from botocore.exceptions import ClientError

            error = {"Code": "ServiceUnavailable", "Message": "Please reduce your request rate."}
            raise ClientError({"Error": error}, "PutObject")
        return put(changed)

    # --- OpenAI -----------------------------------------------------------------------------------------------

    def watch_openai(self) -> None:
        """Wrap the SDK's `request`, sync and async: beneath every resource, above every transport."""
        from openai import _base_client

        for base in (_base_client.SyncAPIClient, _base_client.AsyncAPIClient):
            self._watch_client(base)

    def _watch_client(self, base: Any) -> None:
        real = base.request

        def request(client: Any, cast_to: Any, options: Any, *rest: Any, **named: Any) -> Any:
            body = getattr(options, "json_data", None)
            if isinstance(body, dict):
                options = self._asked(options, body, self.origin(base, "request", hook))
            return real(client, cast_to, options, *rest, **named)

        hook = self.keeper.hide(functools.wraps(real)(request))
        put_in_place(base, "request", hook)

    def _asked(self, options: Any, body: dict[str, Any], origin: dict[str, Any]) -> Any:
        asked = {"prompt": ASKED, "model": str(body.get("model", ""))[:_LONGEST], "then": GO_ON}
        now = self.decided("openai", asked, url=str(getattr(options, "url", "")), **origin)
        changed = copy(options)
        if now["prompt"] == OTHER:
            changed.json_data = {
                name: other_words(value, now["words"]) if name in _PROMPT_PLACES else value
                for name, value in body.items()
            }
        if now["model"] != asked["model"]:
            changed.json_data = {**changed.json_data, "model": now["model"]}
        if now["then"] == REFUSE:
            import httpx2
            import openai

            raise openai.APIConnectionError(request=httpx2.Request("POST", "https://api.openai.com/v1"))
        return changed

    # --- the world outside ------------------------------------------------------------------------------------

    def watch_network(self) -> None:
        """Nothing but this computer can be reached; other names that are asked for are reported."""
        resolve, connect = socket.getaddrinfo, socket.socket.connect
        start = subprocess.Popen.__init__

        def refuse(host: Any) -> None:
            name = host.decode() if isinstance(host, bytes) else str(host)
            if name and not name.startswith(_LOCAL):
                is_real = bool(_REAL.search(name))
                if is_real:
                    self.tell(outside=name[:_LONGEST])
                is_kept = not is_real and _is_kept_afterwards(sys._getframe(2))
                self._note("fetched" if is_kept else "asked", name)
                raise OSError(f"the tests run without a network: {name} can't be reached")

        def getaddrinfo(host: Any, *rest: Any, **named: Any) -> Any:
            if host is not None:
                refuse(host)
            return resolve(host, *rest, **named)

        def connect_(self_: Any, address: Any) -> Any:
            if isinstance(address, tuple):
                refuse(address[0])
            elif str(address).endswith("docker.sock"):
                self._note("program", "docker")
            try:
                return connect(self_, address)
            except ConnectionRefusedError:
                if isinstance(address, tuple):
                    self._note("refused", str(address[1]))
                raise

        def begin(self_: Any, args: Any, *rest: Any, **named: Any) -> Any:
            first = args if isinstance(args, (str, bytes)) else next(iter(args), "")
            words = os.fsdecode(first).split()
            self._note("program", os.path.basename(words[0]) if words else "")
            return start(self_, args, *rest, **named)

        hide = self.keeper.hide
        put_in_place(subprocess.Popen, "__init__", hide(functools.wraps(start)(begin)))
        put_in_place(socket, "getaddrinfo", hide(getaddrinfo))
        put_in_place(socket.socket, "connect", hide(connect_))


def _is_kept_afterwards(frame: Any) -> bool:
    """Whether an installed package asks for what it downloads once and keeps, by the names of its functions."""
    while frame is not None:
        if _INSTALLED in frame.f_code.co_filename and _KEEPS.search(frame.f_code.co_name):
            return True
        frame = frame.f_back
    return False


def put_in_place(place: Any, name: str, function: Any) -> None:
    """Put a function in the place of another."""
    setattr(place, name, function)


def head_of(body: Any) -> str:
    """The first bytes of what is stored, each as one character; empty if they can't be had without using them up."""
    try:
        if isinstance(body, (bytes, bytearray)):
            return bytes(body[:_HEAD]).decode("latin-1")
        if isinstance(body, str):
            return body[:_HEAD].encode().decode("latin-1")
        if hasattr(body, "seek") and hasattr(body, "tell"):
            at = body.tell()
            first = body.read(_HEAD)
            body.seek(at)
            return head_of(first)
    except Exception:  # of any kind: it is the learner's object
        return ""
    return ""


def other_words(value: Any, words: str) -> Any:
    """Other words in the place of the prompt; the shape stays."""
    if isinstance(value, str):
        return words
    if isinstance(value, list):
        return [other_words(item, words) for item in value]
    if isinstance(value, dict):
        return {
            name: other_words(item, words) if name in ("content", "text") else item
            for name, item in value.items()
        }
    return value
