"""What JupyterLab does before it saves a notebook: no key, and no state of a widget, reaches the file.

Set as `pre_save_hook` by `jupyter/jupyter_server_config.json`, which `classroom lab` starts JupyterLab with.
"""

import os
import re
from typing import Any

# OpenAI's keys, AWS' key identifiers; one digit at least, so that placeholders stay readable
_KEY = re.compile(
    r"\bsk-(?=[A-Za-z0-9_-]*\d)[A-Za-z0-9_-]{20,}|\b(?:AKIA|ASIA)(?!IOSFODNN7EXAMPLE)[A-Z0-9]{16}\b"
)
_SECRETS = ("OPENAI_API_KEY", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
_SHORTEST = 20  # characters of a variable's value that can be nothing but a secret
BLOT = "[a key was here]"


def before_saving(model: dict[str, Any], **_: Any) -> None:
    """Change what is about to be saved. https://jupyter-server.readthedocs.io/en/latest/developers/savehooks.html"""
    if model.get("type") != "notebook" or not isinstance(model.get("content"), dict):
        return
    notebook = model["content"]
    notebook.get("metadata", {}).pop("widgets", None)
    notebook["cells"] = without_keys(notebook.get("cells", []))


def without_keys(value: Any) -> Any:
    """The same value, with what looks like a key, or is one, blotted out wherever it stands."""
    if isinstance(value, str):
        for secret in filter(None, map(os.environ.get, _SECRETS)):
            if len(secret) >= _SHORTEST:
                value = value.replace(secret, BLOT)
        return _KEY.sub(BLOT, value)
    if isinstance(value, dict):
        return {name: without_keys(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [without_keys(inner) for inner in value]
    return value
