"""Several upstreams behind one proxy: each request goes to the next in turn, and to another if that one gives nothing.

Another is asked only where the first has done no work that it could ask money for: it could not be reached, it refused the
proxy's own key, had no room, or failed at once. One that had the request and fell silent is not followed by another.
"""

import os
import re
import threading
import time
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from classroom.proxy.calling.upstream import Upstream
from classroom.proxy.rules.errors import UpstreamError

LATE = (408, 504, *range(520, 528))  # of a gateway that stopped waiting for what goes on working
_NOT_LEARNERS = (401, 403, 404, 429)  # what the next upstream may answer otherwise
_REST_SECONDS = 20.0  # for which one that failed is asked last
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
_KEYS = frozenset({"name", "kind", "endpoint", "key", "models"})


def is_worth_another(status: int) -> bool:
    """Whether an answer of that status cost nothing, and another upstream may do better."""
    return status in _NOT_LEARNERS or (status >= 500 and status not in LATE)


class Upstreams:
    """All that are behind a proxy. Safe to use from several threads.

    Args:
        members: at least one; several have names of their own.
        clock: seconds.
    """

    def __init__(self, members: Sequence[Upstream], clock: Callable[[], float] = time.monotonic) -> None:
        names = {member.name for member in members}
        if not members or len(names) != len(members) or (len(members) > 1 and "" in names):
            raise UpstreamError("Each upstream needs a name of its own.")
        self._members = list(members)
        self._clock = clock
        self._lock = threading.Lock()
        self._turn = 0
        self._resting: dict[str, float] = {}

    @property
    def first(self) -> Upstream:
        """The first of them."""
        return self._members[0]

    @property
    def are_several(self) -> bool:
        """Whether there is a choice."""
        return len(self._members) > 1

    @property
    def plain(self) -> bool:
        """Whether one of them knows fewer fields than OpenAI."""
        return any(member.azure for member in self._members)

    def in_turn(self, model: str | None, place: str | None = None) -> list[Upstream]:
        """Those that may be asked, in that order; those that failed a moment ago come last.

        Args:
            model: that is asked for, by the event's name for it.
            place: the name of the only one that will do: it stored what the request names.
        """
        with self._lock:
            self._turn += 1
            start = (self._turn - 1) % len(self._members)
            turned = self._members[start:] + self._members[:start]
            now = self._clock()
            resting = {name for name, until in self._resting.items() if until > now}
        fitting = [
            member
            for member in turned
            if member.offers(model) and (place is None or member is self.named(place))
        ]
        return sorted(fitting, key=lambda member: member.name in resting)

    def failed(self, upstream: Upstream) -> None:
        """Ask that one last for a while."""
        with self._lock:
            self._resting[upstream.name] = self._clock() + _REST_SECONDS

    def named(self, name: str) -> Upstream | None:
        """The one of that name; the first, where there is one only or no name: it may have been the only one before."""
        if not self.are_several or not name:
            return self.first
        return next((member for member in self._members if member.name == name), None)

    def change_key(self, key: str) -> None:
        """Ask with another key from now on."""
        self._members = [replace(member, key=key) for member in self._members]

    def without_key(self, content: bytes) -> bytes:
        """An error's body without any of their keys."""
        for member in self._members:
            content = member.without_key(content)
        return content


def from_file(path: Path, environment: Mapping[str, str] = os.environ) -> list[Upstream]:
    """Upstreams of a TOML file: `[[upstream]]` with `name`, `kind`, `endpoint`, `key` (the name of a variable), `models`.

    Raises:
        UpstreamError: it can't be read, or something in it is missing or unknown.
    """
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UpstreamError(f"{path} can't be read: {error}") from error
    entries = document.get("upstream")
    if not isinstance(entries, list) or not entries or set(document) != {"upstream"}:
        raise UpstreamError(f"{path} needs one [[upstream]] or several, and nothing else.")
    members = [
        _member(entry, f"{path}, upstream {number}", environment) for number, entry in enumerate(entries, 1)
    ]
    Upstreams(members)  # report names that come twice now, before anything is served
    return members


def _member(entry: Any, where: str, environment: Mapping[str, str]) -> Upstream:
    if not isinstance(entry, dict) or not set(entry) <= _KEYS:
        unknown = ", ".join(sorted(set(entry) - _KEYS)) if isinstance(entry, dict) else "no table"
        raise UpstreamError(f"{where}: {unknown}. It takes {', '.join(sorted(_KEYS))}.")
    name, kind, variable = (entry.get(key) for key in ("name", "kind", "key"))
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise UpstreamError(f"{where}: the name has small letters, digits and dashes.")
    if kind not in ("openai", "azure"):
        raise UpstreamError(f'{where}: the kind is "openai" or "azure".')
    if not isinstance(variable, str) or not environment.get(variable):
        raise UpstreamError(
            f"{where}: key is the name of a variable in the environment of the proxy, and {variable!r} is not set there."
        )
    endpoint = entry.get("endpoint", "https://api.openai.com/v1" if kind == "openai" else None)
    if not isinstance(endpoint, str) or not re.match(r"https?://[^/\s]", endpoint):
        raise UpstreamError(f"{where}: endpoint is an address that begins with https://.")
    models = entry.get("models", {})
    if not isinstance(models, dict) or not all(isinstance(each, str) and each for each in models.values()):
        raise UpstreamError(f'{where}: models is a table, as in {{ "gpt-5.4-mini" = "my-deployment" }}.')
    base = endpoint.rstrip("/") + ("/openai/v1" if kind == "azure" else "")
    return Upstream(base, environment[variable], azure=kind == "azure", name=name, models=models)
