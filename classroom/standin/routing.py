"""Which operation of the API a request is for, by its method and address: OpenAI's own addresses, and Azure's."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from urllib.parse import unquote

from classroom.standin.operations import Operation
from classroom.standin.routes import (
    batches,
    chat,
    completions,
    containers,
    conversations,
    embeddings,
    files,
    images,
    models,
    moderations,
    responses,
    speech,
    transcription,
    uploads,
    vector_store_files,
    vector_stores,
)

OPERATIONS: tuple[Operation, ...] = (
    *models.OPERATIONS,
    *responses.OPERATIONS,
    *chat.OPERATIONS,
    *embeddings.OPERATIONS,
    *moderations.OPERATIONS,
    *images.OPERATIONS,
    *speech.OPERATIONS,
    *transcription.OPERATIONS,
    *files.OPERATIONS,
    *uploads.OPERATIONS,
    *containers.OPERATIONS,
    *conversations.OPERATIONS,
    *batches.OPERATIONS,
    *vector_stores.OPERATIONS,
    *vector_store_files.OPERATIONS,
    *completions.OPERATIONS,
)

# https://learn.microsoft.com/azure/ai-foundry/openai/reference: the API by deployment, and the API as OpenAI's own
# an app whose one setting is the address of either has /v1 before Azure's path
_AZURE_DEPLOYMENT = re.compile(r"(?:/v1)?/openai/deployments/(?P<deployment>[^/]+)/(?P<rest>.+)")
_BASES = ("/v1/", "/openai/v1/")
_AZURE = "/openai/"


@dataclass(frozen=True)
class Found:
    """Which operation a request is for, what stood in its path's places, and Azure's deployment, if any.

    `dated`: whether the address is one of Azure's that need the version of the API.
    """

    operation: Operation
    path: Mapping[str, str]
    deployment: str | None = None
    dated: bool = False


@cache
def _patterns() -> tuple[tuple[re.Pattern[str], Operation], ...]:
    """Paths with places as regular expressions; a model's name may hold slashes, other names don't."""
    out = []
    for operation in OPERATIONS:
        if "{" in operation.path:
            inside = ".+" if operation.path == "models/{id}" else "[^/]+"
            pattern = re.sub(r"\{(\w+)\}", rf"(?P<\1>{inside})", operation.path)
            out.append((re.compile(pattern), operation))
    return tuple(out)


@cache
def _plain() -> Mapping[tuple[str, str], Operation]:
    return {(each.method, each.path): each for each in OPERATIONS if "{" not in each.path}


def find(method: str, path: str) -> Found | None:
    """The operation, None if the API has none there."""
    deployment, dated = None, False
    inside = next((path[len(base) :] for base in _BASES if path.startswith(base)), None)
    if azure := _AZURE_DEPLOYMENT.fullmatch(path):
        deployment, inside = unquote(azure["deployment"]), azure["rest"]
    if inside is None and path.startswith(_AZURE):  # what no deployment answers: models, responses, files …
        inside, dated = path.removeprefix(_AZURE), True
    if inside is None:
        return None
    inside = inside.rstrip("/")
    operation = _plain().get((method, inside))
    if operation is not None:
        return Found(operation, {}, deployment, dated or deployment is not None)
    for pattern, each in _patterns():
        if each.method == method and (match := pattern.fullmatch(inside)):
            return Found(each, match.groupdict(), deployment, dated or deployment is not None)
    return None
