"""The API behind the proxy: OpenAI, Azure, or the stand-in. The key comes from the environment and goes nowhere else."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from classroom.proxy.rules.errors import UpstreamError
from classroom.proxy.rules.events import Event

Kind = Literal["mock", "openai", "azure"]
_OPENAI = "https://api.openai.com/v1"
_KEY = re.compile(rb"\bsk-[A-Za-z0-9_*.-]{6,}")


@dataclass(frozen=True)
class Upstream:
    """Where requests go, and with which key.

    Attributes:
        base_url: of its API, with the version.
        key: from the environment.
        azure: whether it is one of Azure's.
        name: by which the books tell it from others; empty where it is the only one.
        models: the event's name for a model → this upstream's deployment; if there are none, all are asked for by their names.
    """

    base_url: str
    key: str = field(repr=False)
    azure: bool = False
    name: str = ""
    models: Mapping[str, str] = field(default_factory=dict)

    def offers(self, model: str | None) -> bool:
        """Whether a model can be asked for here."""
        return not self.models or model is None or model in self.models

    def model(self, name: str) -> str:
        """What this upstream calls a model."""
        return self.models.get(name, name)

    def url(self, route: str) -> str:
        """The address of a route: nothing of the learner's is in it."""
        return f"{self.base_url.rstrip('/')}/{route}"

    def headers(self, event: Event) -> dict[str, str]:
        """The key, and whom to bill."""
        named = {"api-key": self.key} if self.azure else {"authorization": f"Bearer {self.key}"}
        if event.organization:
            named["openai-organization"] = event.organization
        if event.project:
            named["openai-project"] = event.project
        return {**named, "accept-encoding": "identity"}

    def without_key(self, content: bytes) -> bytes:
        """An error's body, in which a server may repeat the key that it was sent, or a part of it."""
        return _KEY.sub(b"[key]", content.replace(self.key.encode(), b"[key]") if self.key else content)


def from_environment(kind: Kind, environment: Mapping[str, str] = os.environ) -> Upstream:
    """OpenAI by `OPENAI_API_KEY` (and `OPENAI_BASE_URL`), Azure by `AZURE_OPENAI_API_KEY` and `AZURE_OPENAI_ENDPOINT`.

    Raises:
        UpstreamError: a variable is missing.
    """
    names = {"openai": ("OPENAI_API_KEY",), "azure": ("AZURE_OPENAI_API_KEY", "AZURE_OPENAI_ENDPOINT")}
    missing = [name for name in names.get(kind, ()) if not environment.get(name)]
    if missing:
        raise UpstreamError(
            f"Set {' and '.join(missing)} in the environment of the proxy; it is read from there alone."
        )
    if kind == "azure":
        base = environment["AZURE_OPENAI_ENDPOINT"].rstrip("/")
        return Upstream(f"{base}/openai/v1", environment["AZURE_OPENAI_API_KEY"], azure=True)
    return Upstream(environment.get("OPENAI_BASE_URL") or _OPENAI, environment["OPENAI_API_KEY"])
