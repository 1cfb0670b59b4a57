"""Decides outside the sandbox, call by call, what happens to a call that a suite's app makes.

A run is given a fault to be planted, or none, and does not learn which. Every call comes back in several turns, each a whole
set of fields, some of them changed: only the last one counts. A run without a fault sees changed fields, too, and ends with
the right ones. So nothing but what really arrives at S3, at OpenAI or at the client tells one run from another.
"""

import secrets
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from grader.collect.code.app_files import is_test
from grader.collect.exchange.kinds_of_routes import kind_of_address
from grader.evidence import Kind
from grader.inside.faults import FAULTS, FIELDS, Boundary, Fault
from grader.inside.out_of_reach import BY_INSPECT
from grader.media_types import sniff

_KIND_OF_TYPE: tuple[tuple[str, Kind], ...] = (("image/", "image"), ("audio/", "audio"), ("text/", "text"))
_KINDS: tuple[Kind, ...] = get_args(Kind)
_MOST_NOTES = 20_000  # calls, tests and names of one run that are kept
_MOST_LOOKS = 20
_FAULTS_AT: dict[Boundary, tuple[Fault, ...]] = {
    place: tuple(fault for fault in FAULTS if fault.boundary == place) for place in get_args(Boundary)
}
_random = secrets.SystemRandom()


@dataclass(frozen=True)
class Planted:
    """A fault for one kind of file; faults in the app's answers are for "any"."""

    fault: Fault
    kind: Kind | str


def plan_faults(kinds: Iterable[str]) -> list[Planted]:
    """Every fault that can be asked for, of an app that offers these kinds."""
    offered = list(dict.fromkeys(kinds))
    by_kind = [Planted(fault, kind) for fault in FAULTS if fault.boundary != "app" for kind in offered]
    of_app = [Planted(fault, "any") for fault in FAULTS if fault.boundary == "app"]
    return [*by_kind, *of_app] if offered else []


@dataclass
class Notes:
    """What one run showed of itself. All of it is a claim of the learner's process.

    Attributes:
        reached: fault → the tests that made a call in which it could be planted.
        began: the tests in their order, and when each began (`time.monotonic`).
        reads: the tests whose own code read from S3.
        boundaries: those that a call of the app's passed.
        covered: those at which the tests' code has put something over the grader's hook.
        asked_for: the kinds that tests had the app make.
        outside: real hosts of OpenAI's or AWS' that were asked for.
        made: for each test, the kinds that it had the app make, through the app's own door.
        passed: for each test, the boundaries that calls of the app's passed.
        openai: for each test, the kinds that the app asked OpenAI for.
        places: for each test, the methods and paths at which the app answered it.
        sites: for each boundary and kind, the functions of the app's that made such a call while it answered a request.
        made_at: fault and test → the functions that made the calls in which it could be planted.
        red: the tests that do not pass, with why and where.
        hosts, programs: for each test, the hosts that it asked for, and the programs that it started.
        fetched: of the hosts, those from which only an installed package wanted what it keeps.
        refused: for each test, the ports of this computer at which nothing answered it.
        looked: where code of the submission's looked for what the grader has put into the process, and how.
        served: whether the app answered any request at all where that can be seen.
        counts: how many tests passed, failed and were skipped; None until the run reported it.
    """

    reached: dict[Planted, set[str]] = field(default_factory=dict)
    began: dict[str, float] = field(default_factory=dict)
    reads: set[str] = field(default_factory=set)
    boundaries: set[Boundary] = field(default_factory=set)
    covered: set[Boundary] = field(default_factory=set)
    asked_for: set[Kind] = field(default_factory=set)
    outside: set[str] = field(default_factory=set)
    made: dict[str, set[Kind]] = field(default_factory=dict)
    passed: dict[str, set[Boundary]] = field(default_factory=dict)
    openai: dict[str, set[Kind]] = field(default_factory=dict)
    places: dict[str, set[str]] = field(default_factory=dict)
    sites: dict[tuple[Boundary, str], set[str]] = field(default_factory=dict)
    made_at: dict[tuple[Planted, str], set[str]] = field(default_factory=dict)
    red: dict[str, tuple[str, str]] = field(default_factory=dict)
    hosts: dict[str, set[str]] = field(default_factory=dict)
    programs: dict[str, set[str]] = field(default_factory=dict)
    fetched: dict[str, set[str]] = field(default_factory=dict)
    refused: dict[str, set[str]] = field(default_factory=dict)
    looked: set[str] = field(default_factory=set)
    served: bool = False
    counts: dict[str, int] | None = None

    def settle(self) -> None:
        """Forget what is reached by calls from elsewhere than the functions through which the app answers.

        A module that nothing but the tests use may call OpenAI and S3, and look at what comes of that: it tests itself. Where
        no request of the kind came so far, every function counts.
        """
        for planted, tests in list(self.reached.items()):
            left = {
                test
                for test in tests
                if any(
                    self.is_on_the_way(planted.fault.boundary, planted.kind, site)
                    for site in self.made_at[planted, test]
                )
            }
            self.reached[planted] = left

    def is_on_the_way(self, place: Boundary, kind: str, site: str) -> bool:
        """Whether a function makes such calls when the app answers, as far as that is known."""
        return not site or site in self.sites.get((place, kind), {site})


class Decider:
    """Answers the questions of one run.

    Args:
        planting: the fault that it gets; None for a run without one.
        is_app: whether a file of the submission is the app's. Calls that others make are never changed: they test nothing.
        known: what the suite showed when it ran as it is.
    """

    def __init__(
        self,
        planting: Planted | None,
        is_app: Callable[[str], bool] | None = None,
        known: Notes | None = None,
    ) -> None:
        self._known = known or Notes()
        self._planting = planting
        self._is_app = is_app or (lambda file: not is_test(file))
        self.notes = Notes()
        self._asked: dict[str, Kind] = {}  # what each test had the app ask OpenAI for last
        self._noted = 0

    def note(self, message: Mapping[str, Any]) -> None:
        """Something that needs no answer.

        Raises:
            ValueError: it can't be what a run says.
        """
        self._noted += 1
        if self._noted > _MOST_NOTES:
            raise ValueError("more than any suite says")
        test = _text(message.get("test"))
        if message.get("began"):
            self.notes.began.setdefault(test, time.monotonic())
        if "read" in message and test and not self._of_app(message):
            self.notes.reads.add(test)
        if "asked" in message:
            self.notes.hosts.setdefault(test, set()).add(_text(message["asked"]))
        if "fetched" in message:
            self.notes.fetched.setdefault(test, set()).add(_text(message["fetched"]))
        if "refused" in message:
            self.notes.refused.setdefault(test, set()).add(_text(message["refused"]))
        if "program" in message:
            self.notes.programs.setdefault(test, set()).add(_text(message["program"]))
        if "red" in message:
            self.notes.red[_text(message["red"])] = (
                _text(message.get("why")),
                _text(message.get("where")),
            )
        if "looked" in message and len(self.notes.looked) < _MOST_LOOKS:
            self._note_look(_text(message["looked"])[:100], _text(message.get("where"))[:200])
        if message.get("served") is True:
            self.notes.served = True
        if "outside" in message and len(self.notes.outside) < 100:
            self.notes.outside.add(_text(message["outside"]))
        if "counts" in message:
            counts = message["counts"]
            self.notes.counts = {name: _count(counts[name]) for name in ("passed", "failed", "skipped")}

    def _note_look(self, what: str, where: str) -> None:
        """An app may ask for a frame to name who logs, as loguru's recipe does."""
        if what != BY_INSPECT or not self._is_app(where.rpartition(", line ")[0]):
            self.notes.looked.add(f"{where}: {what}")

    def turns(self, message: Mapping[str, Any]) -> list[dict[str, Any]]:
        """How a call comes back, turn by turn; the last is how it is to be made.

        Raises:
            ValueError: it can't be a call.
        """
        self._noted += 1
        if self._noted > _MOST_NOTES:
            raise ValueError("more than any suite asks")
        place = message.get("at")
        if place not in FIELDS:
            raise ValueError("no such boundary")
        call = _call(place, message.get("call"))
        kind = self._note_call(place, call, message)
        right, final = call, call
        planting = self._planting
        if (
            planting is not None
            and planting.fault.boundary == place
            and planting.kind in (kind, "any")
            and planting.fault.applies(call)
            and self._counts_here(place, message)
            and self._known.is_on_the_way(place, kind, _site(message))
        ):
            final = {**call, **planting.fault.change(call, kind)}
        changed = [{**right, **fault.change(right, kind)} for fault in _FAULTS_AT[place]]
        before = [_random.choice([right, *changed]) for _ in range(_random.randint(1, 2))]
        before[_random.randrange(len(before))] = _random.choice(changed)
        return [*before, final]

    def _kind(
        self, place: Boundary, call: Mapping[str, Any], message: Mapping[str, Any], test: str
    ) -> Kind | Literal["any"]:
        if place == "s3":
            return _kind_of_object(call, message, self._asked.get(test))
        kind = _kind_of_call(place, message)
        making = _kinds_of(message.get("making"))
        if kind == "any" and len(making) == 1:
            kind = next(iter(making))
        if place == "openai" and kind != "any" and self._of_app(message):
            self._asked[test] = kind
        return kind

    def _of_app(self, message: Mapping[str, Any]) -> bool:
        """Whether a call is made by the app's code, rather than by a test's; or for a request that the app is serving."""
        by = _text(message.get("by"))
        return self._is_app(by) if by else message.get("serving") is True

    def _counts_here(self, place: Boundary, message: Mapping[str, Any]) -> bool:
        return message.get("bare") is True and (place == "app" or self._of_app(message))

    def _note_call(self, place: Boundary, call: Mapping[str, Any], message: Mapping[str, Any]) -> str:
        """Keep what a call shows; returns its kind."""
        test = _text(message.get("test"))
        kind = self._kind(place, call, message, test)
        if not self._counts_here(place, message):
            if message.get("bare") is not True:
                self.notes.covered.add(place)
            return kind
        # what a stand-in of the suite's own is given: faults can be planted there, but it may look at what none of them changes
        if message.get("stand_in") is not True:
            self.notes.boundaries.add(place)
            self.notes.passed.setdefault(test, set()).add(place)
        if place == "openai" and kind in _KINDS:
            self.notes.openai.setdefault(test, set()).add(kind)
        if place == "app":
            self.notes.places.setdefault(test, set()).add(_text(message.get("place")))
        if place == "app" and 200 <= call["status"] < 400:  # a redirect leads to the file, or to its page
            made = _kinds_of(message.get("kinds"))
            self.notes.asked_for |= made
            self.notes.made.setdefault(test, set()).update(made)
        site = _site(message)
        if site and message.get("serving") is True and message.get("stand_in") is not True:
            self.notes.sites.setdefault((place, kind), set()).add(site)
        for fault in _FAULTS_AT[place] if test else ():
            if fault.applies(call):
                planted = Planted(fault, kind)
                self.notes.reached.setdefault(planted, set()).add(test)
                self.notes.made_at.setdefault((planted, test), set()).add(site)
        return kind


def _site(message: Mapping[str, Any]) -> str:
    """The function of the submission's that made a call; empty where none did, as for answers."""
    by = _text(message.get("by"))
    return f"{by}:{_text(message.get('site'))}" if by else ""


def _kinds_of(reported: Any) -> set[Kind]:
    return {one for one in _KINDS if isinstance(reported, list) and one in reported}


def _kind_of_object(
    call: Mapping[str, Any], message: Mapping[str, Any], asked: Kind | None
) -> Kind | Literal["any"]:
    """What is stored: by its bytes, else by what OpenAI was asked for it, or the app; what it claims to be comes last.

    The bytes of a test's own making may be those of no picture, and a text may be stored as any type.
    """
    family = sniff(_text(message.get("head")).encode("latin-1", "replace")).partition("/")[0]
    making = _kinds_of(message.get("making"))
    if family == "image" or family == "audio":
        return "image" if family == "image" else "audio"
    if asked is not None:
        return asked
    if len(making) == 1:
        return next(iter(making))
    return next((kind for start, kind in _KIND_OF_TYPE if call["content_type"].startswith(start)), "any")


def _kind_of_call(place: Boundary, message: Mapping[str, Any]) -> Kind | Literal["any"]:
    if place == "openai":
        url = _text(message.get("url"))
        return kind_of_address(url) or "any"
    return "any"


def _call(place: Boundary, reported: Any) -> dict[str, Any]:
    if not isinstance(reported, dict) or set(reported) != set(FIELDS[place]):
        raise ValueError("not the fields of a call")
    if place == "app":
        if type(reported["status"]) is not int or not 100 <= reported["status"] <= 999:
            raise ValueError("no status of HTTP's")
        return reported
    return {name: _text(value) for name, value in reported.items()}


def _text(value: Any) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise ValueError("no text")
    return value[:2_000]


def _count(value: Any) -> int:
    if type(value) is not int or not 0 <= value < 1_000_000:
        raise ValueError("no count")
    return value
