"""The stand-in's state: settings, journal, scripted faults and replies, and stored objects."""

import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from classroom.allowance import Allowance
from classroom.standin.generation.text import last_user_text, text_of
from classroom.standin.generation.tools import Offer, find_answered
from classroom.standin.incoming import model_checks
from classroom.standin.models.caching import PromptCache
from classroom.standin.models.catalogue import Catalogue, Kind, Model, load
from classroom.standin.outgoing.pace import AT_ONCE, Tempo
from classroom.standin.records.handling import Handling
from classroom.standin.records.journal import Journal
from classroom.standin.records.weights import weight_of
from classroom.standin.scripting.faults import FaultScript
from classroom.standin.scripting.limits import RateLimiter
from classroom.standin.scripting.replies import Given, ReplyScript, Request
from classroom.standin.scripting.scripts import Script

T = TypeVar("T")

_KEPT = 10_000  # things of each kind; the oldest is forgotten first
_MOST_BYTES = 128 * 1024 * 1024  # of memory that the things of a kind take, likewise

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
# https://learn.microsoft.com/azure/ai-foundry/openai/reference: what a deployment serves at each address
_KIND_AT: Mapping[str, Kind] = {
    "chat/": "chat",
    "responses": "chat",
    "completions": "completion",
    "images/": "image",
    "audio/speech": "speech",
    "audio/": "transcription",
    "embeddings": "embedding",
    "moderations": "moderation",
}


def _bare(name: str) -> str:
    return "".join(char for char in name.casefold() if char.isalnum())


class Shelf(Generic[T]):
    """Things kept by name, in the order of their arrival; the oldest give way to new ones. Safe across threads."""

    def __init__(self) -> None:
        self._things: OrderedDict[str, tuple[T, int]] = OrderedDict()
        self._weight = 0
        self._numbers = 0
        self._lock = threading.Lock()

    def number(self) -> int:
        """The next number, from 1 on; none comes twice, whatever is taken away meanwhile."""
        with self._lock:
            self._numbers += 1
            return self._numbers

    def put(self, name: str, thing: T) -> None:
        """Keep a thing, in place of another of that name."""
        weight = weight_of(thing)
        with self._lock:
            self._let_go(self._things.get(name))
            self._things[name] = thing, weight
            self._weight += weight
            while len(self._things) > _KEPT or (self._weight > _MOST_BYTES and len(self._things) > 1):
                self._let_go(self._things.popitem(last=False)[1])

    def _let_go(self, kept: tuple[T, int] | None) -> T | None:
        if kept is None:
            return None
        self._weight -= kept[1]
        return kept[0]

    def get(self, name: str) -> T | None:
        """The thing of that name, if it is kept."""
        kept = self._things.get(name)
        return kept[0] if kept is not None else None

    def take(self, name: str) -> T | None:
        """The thing of that name, which is then kept no longer."""
        with self._lock:
            return self._let_go(self._things.pop(name, None))

    def all(self) -> list[T]:
        """Everything, the oldest first."""
        with self._lock:
            return [thing for thing, _ in self._things.values()]

    def __len__(self) -> int:
        return len(self._things)

    def clear(self) -> None:
        """Keep nothing."""
        with self._lock:
            self._things.clear()
            self._weight = self._numbers = 0


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
    """A response, what it was asked, and the whole conversation that led to it.

    `left`: how often it is asked for, where it runs in the background, until it is done.
    """

    response: Mapping[str, Any]
    input: tuple[Mapping[str, Any], ...]
    conversation: tuple[Mapping[str, Any], ...]
    left: int = 0


@dataclass(frozen=True)
class StoredConversation:
    """A conversation and its items; `added` counts those that were deleted, too."""

    described: Mapping[str, Any]
    items: tuple[Mapping[str, Any], ...] = ()
    added: int = 0


@dataclass(frozen=True)
class StoredUpload:
    """An upload and the parts that came so far, by their identifiers."""

    described: Mapping[str, Any]
    parts: Mapping[str, bytes] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class StoredBatch:
    """A batch as it is now, and as it will be when it is asked for again."""

    steps: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True)
class StoredStore:
    """A vector store: its description, and its files by their identifiers."""

    described: Mapping[str, Any]
    files: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True)
class StoredContainer:
    """A container: its description, and its files, described and as bytes, by their identifiers."""

    described: Mapping[str, Any]
    files: Mapping[str, tuple[Mapping[str, Any], bytes]] = field(default_factory=dict)


@dataclass
class StandIn:
    """One stand-in.

    `lenient` checks shapes alone and takes any model and identifier; `legacy` serves what was retired.
    `deployments` are Azure's names for models; a model's own name is always one; with `any_deployment`
    any other name is one, too. `allowance`: what it takes at most. `hurried`: nobody looks or listens, so that voices
    speak fast and pictures are coarse.
    `strict_replies` refuses what no scripted reply answers. `spoken`: words by the hash of their sound; `voices`: the
    loudness and words of sounds that were sent without a header, by which they are known in any file.
    """

    lenient: bool = False
    legacy: bool = False
    deployments: Mapping[str, str] = field(default_factory=dict)
    any_deployment: bool = False
    allowance: Allowance | None = None
    hurried: bool = False
    catalogue: Catalogue = field(default_factory=load)
    journal: Journal = field(default_factory=Journal)
    faults: FaultScript = field(default_factory=FaultScript)
    replies: ReplyScript = field(default_factory=ReplyScript)
    strict_replies: bool = False
    limits: RateLimiter = field(default_factory=RateLimiter)
    tempo: Tempo = field(default_factory=Tempo)
    handling: Handling = field(default_factory=Handling)
    prompts: PromptCache = field(default_factory=PromptCache)
    published: Shelf[tuple[bytes, str]] = field(default_factory=Shelf)
    pictures_asked: int = 0  # how often an address of a published picture was asked
    files: Shelf[StoredFile] = field(default_factory=Shelf)
    completions: Shelf[StoredCompletion] = field(default_factory=Shelf)
    responses: Shelf[StoredResponse] = field(default_factory=Shelf)
    conversations: Shelf[StoredConversation] = field(default_factory=Shelf)
    uploads: Shelf[StoredUpload] = field(default_factory=Shelf)
    containers: Shelf[StoredContainer] = field(default_factory=Shelf)
    batches: Shelf[StoredBatch] = field(default_factory=Shelf)
    vector_stores: Shelf[StoredStore] = field(default_factory=Shelf)
    file_batches: Shelf[Mapping[str, Any]] = field(default_factory=Shelf)
    spoken: Shelf[str] = field(default_factory=Shelf)
    drawn_words: Shelf[str] = field(default_factory=Shelf)  # what is written into a picture, by its digest
    voices: Shelf[tuple[bytes, str]] = field(default_factory=Shelf)

    def model(self, name: Any, kind: Kind) -> Model:
        """The model that a request asks for.

        Raises:
            APIError: 404 if it is unknown or retired, 400 if it is of another kind.
        """
        if self.lenient and (not isinstance(name, str) or name not in self.catalogue.models):
            name = _STAND_FOR[kind]
        return model_checks.find_model(self.catalogue, name, kind, legacy=self.legacy or self.lenient)

    def deployed(self, name: str, path: str) -> str:
        """The model behind one of Azure's deployments, as an operation at a path needs it.

        With `any_deployment` a name that nobody gave is the model that it resembles most, or else a usual one.
        """
        known = self.deployments.get(name, name)
        if known in self.catalogue.models or not self.any_deployment:
            return known
        kind = next((kind for start, kind in _KIND_AT.items() if path.startswith(start)), None)
        if kind is None:
            return known
        alike = [
            model.id
            for model in self.catalogue.models.values()
            if model.kind == kind and _bare(model.id) in _bare(name)
        ]
        return max(alike, key=len, default=_STAND_FOR[kind])

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
            results=tuple(name for name, _ in find_answered(messages)),
            body=body,
        )
        return self.replies.take(request, strict=self.strict_replies)

    def put(self, script: Script) -> None:
        """Put in force what a script asks for, beside what is in force."""
        for fault in script.faults:
            self.faults.add(fault)
        for reply in script.replies:
            self.replies.add(reply)
        for limit in script.limits:
            self.limits.add(limit)
        if script.pace is not None:
            self.tempo.change(script.pace)

    def reset(self) -> None:
        """Forget every call, fault, reply, limit, pace and kept thing."""
        self.faults.clear()
        self.replies.clear()
        self.limits.clear()
        self.tempo.change(AT_ONCE)
        self.journal.clear()
        self.prompts.clear()
        for shelf in vars(self).values():
            if isinstance(shelf, Shelf):
                shelf.clear()
