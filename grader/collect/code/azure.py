"""Variables of Azure's OpenAI service, for an app whose code asks for them.

An app that does not must not see them: with a key of each kind, the SDK's module-level client refuses to choose.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from grader import reading

_ASKED = re.compile(r"AZURE_OPENAI|Azure\w*OpenAI|azure_endpoint|azure_deployment")
_DEPLOYMENT = re.compile(r"[\"'](AZURE_[A-Z0-9_]{0,60}DEPLOYMENT[A-Z0-9_]{0,40})[\"']")
_MOST_FILES = 400
VERSION = "2024-10-21"  # the API's latest stable version by date


def environment(root: Path, openai_url: str, key: str) -> dict[str, str]:
    """The variables; none if no file of the submission's code mentions Azure's client or variables.

    Args:
        root: the submission's folder.
        openai_url: the stand-in's, which ends with /v1.
        key: the canary.
    """
    texts = [text for text in _texts(root) if _ASKED.search(text)]
    if not texts:
        return {}
    # a deployment may have any name; its variable's own tells best which model it is for
    deployments = {name for text in texts for name in _DEPLOYMENT.findall(text)}
    return {
        **{name: name.lower().replace("_", "-") for name in deployments},
        "AZURE_OPENAI_ENDPOINT": openai_url.removesuffix("/v1"),
        "AZURE_OPENAI_API_KEY": key,
        "AZURE_OPENAI_KEY": key,
        "AZURE_OPENAI_API_VERSION": VERSION,
        "OPENAI_API_VERSION": VERSION,
    }


def _texts(root: Path) -> Iterator[str]:
    for file in sorted(root.rglob("*.py"))[:_MOST_FILES]:
        try:
            yield reading.read_text(file, reading.MAX_PYTHON)
        except reading.Unreadable:
            continue
