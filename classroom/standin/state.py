"""The stand-in's state: what it knows, what it recorded, what will go wrong, what it was given to keep."""

import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from classroom.allowance import Allowance
from classroom.standin import checks
from classroom.standin.caching import PromptCache
from classroom.standin.catalogue import Catalogue, Kind, Model, load
from classroom.standin.faults import FaultScript
from classroom.standin.journal import Journal
from classroom.standin.limits import RateLimiter
from classroom.standin.replies import Given, ReplyScript, Request
from classroom.standin.text import last_user_text, text_of
from classroom.standin.tools import Offer, answered

T = TypeVar("T")

_KEPT = 10_000  # things of each kind; the oldest is forgotten first

# The model that a lenient stand-in answers with where it was asked for one it doesn't know.
_STAND_FOR: Mapping[Kind, str] = {
    "chat": "gpt-5.4-mini",
    "completion": "gpt-3.5-turbo-instruct",
    "image": "gpt-image-2",
    "speech": "gpt-4o-mini-tts",
    "transcription": "gpt-transcribe",
    "embedding": "text-embedding-3-small",
    "moderation": "omni-moderation-latest",
    "realtime": "gpt-realtime-2.1-mini",
}


class Shelf(Generic[T]):
    """Things kept by name, in the order of their arrival. Safe across threads."""

    def __init__(self) -> None:
        self._things: OrderedDict[str, T] = OrderedDict()
        self._lock = threading.Lock()

    def put(self, name: str, thing: T) -> None:
        """Keep a thing, in place of another of that name."""
        with self._lock:
            self._things[name] = thing
            while len(self._things) > _KEPT:
                self._things.popitem(last=False)

    def get(self, name: str) -> T | None:
        """The thing of that name, if it is kept."""
        return self._things.get(name)

    def take(self, name: str) -> T | None:
        """The thing of that name, which is then kept no longer."""
        with self._lock:
            return self._things.pop(name, None)

    def all(self) -> list[T]:
        """Everything, the oldest first."""
        with self._lock:
            return list(self._things.values())

    def __len__(self) -> int:
        return len(self._things)

    def clear(self) -> None:
        """Keep nothing."""
        with self._lock:
            self._things.clear()


@dataclass(frozen=True)
class StoredFile:
    """A file of `/files`: its description and its bytes."""

    described: Mapping[str, Any]
    content: bytes = field(repr=False)


@dataclass(frozen=True)
class StoredCompletion:
    """A chat completion that was asked for with `store`, and the messages that led to it."""

    completion: Mapping[str, Any]
    messages: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True)
class StoredResponse:
    """A response, the events of its stream, and the whole conversation that led to it."""

    response: Mapping[str, Any]
    input: tuple[Mapping[str, Any], ...]
    conversation: tuple[Mapping[str, Any], ...]


@dataclass
class StandIn:
    """One stand-in.

    `lenient` checks shapes alone and takes any model and identifier; `legacy` serves what was retired.
    `deployments` are Azure's names for models; a model's own name is always one. `allowance`: what it takes at most.
    `strict_replies` refuses what no scripted reply answers. `spoken`: words by the hash of their sound; `voices`: the
    loudness and words of sounds that were sent without a header, by which they are known in any file.
    """

    lenient: bool = False
    legacy: bool = False
    deployments: Mapping[str, str] = field(default_factory=dict)
    allowance: Allowance | None = None
    catalogue: Catalogue = field(default_factory=load)
    journal: Journal = field(default_factory=Journal)
    faults: FaultScript = field(default_factory=FaultScript)
    replies: ReplyScript = field(default_factory=ReplyScript)
    strict_replies: bool = False
    limits: RateLimiter = field(default_factory=RateLimiter)
    prompts: PromptCache = field(default_factory=PromptCache)
    published: Shelf[tuple[bytes, str]] = field(default_factory=Shelf)
    files: Shelf[StoredFile] = field(default_factory=Shelf)
    completions: Shelf[StoredCompletion] = field(default_factory=Shelf)
    responses: Shelf[StoredResponse] = field(default_factory=Shelf)
    spoken: Shelf[str] = field(default_factory=Shelf)
    voices: Shelf[tuple[bytes, str]] = field(default_factory=Shelf)

    def model(self, name: Any, kind: Kind) -> Model:
        """The model that a request asks for.

        Raises:
            APIError: 404 if it is unknown or retired, 400 if it is of another kind.
        """
        if self.lenient and (not isinstance(name, str) or name not in self.catalogue.models):
            name = _STAND_FOR[kind]
        return checks.find_model(self.catalogue, name, kind, legacy=self.legacy or self.lenient)

    def scripted(
        self,
        route: str,
        model: str,
        body: Mapping[str, Any],
        messages: Sequence[Mapping[str, Any]],
        offer: Offer | None = None,
    ) -> Given | None:
        """What a test scripted for a request; None if nothing.

        Raises:
            APIError: nothing is scripted, and only scripted replies are to be given.
        """
        if not len(self.replies) and not self.strict_replies:
            return None
        offered = [tool.name for tool in offer.tools] if offer else []
        listed = [tool for tool in body.get("tools") or [] if isinstance(tool, Mapping)]
        hosted = [str(tool.get("type")) for tool in listed if tool.get("type") != "function"]
        request = Request(
            route=route,
            model=model,
            last=text_of(messages[-1].get("content")) if messages else "",
            prompt=last_user_text(messages),
            tools=(*offered, *hosted),
            results=tuple(name for name, _ in answered(messages)),
            body=body,
        )
        return self.replies.take(request, strict=self.strict_replies)

    def reset(self) -> None:
        """Forget every call, fault, reply, limit and kept thing."""
        self.faults.clear()
        self.replies.clear()
        self.limits.clear()
        self.journal.clear()
        self.prompts.clear()
        for shelf in (self.published, self.files, self.completions, self.responses, self.spoken, self.voices):
            shelf.clear()
