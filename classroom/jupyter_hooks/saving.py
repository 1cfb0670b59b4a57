"""Runs before JupyterLab saves a notebook: keeps keys and widget state out of the file.

Set as `pre_save_hook`, and loaded as an extension of the server, by `jupyter/jupyter_server_config.json`, which
`classroom lab` starts JupyterLab with.
"""

import logging
from typing import Any

from classroom.redaction import notebooks
from classroom.redaction.known import Known, listen
from classroom.redaction.notebooks import BLOT

__all__ = ["BLOT", "before_saving", "without_keys"]

_known = Known()
_log = logging.getLogger(__name__)


def _load_jupyter_server_extension(app: Any) -> None:
    """Take reports from kernels of what is secret. https://jupyter-server.readthedocs.io/en/latest/developers/extensions.html"""
    try:
        listen(_known)
    except OSError as error:
        app.log.warning(f"Keys that only a notebook knows are not looked for when it is saved: {error}")


def before_saving(model: dict[str, Any], path: str = "", **_: Any) -> None:
    """Change what is about to be saved. https://jupyter-server.readthedocs.io/en/latest/developers/savehooks.html

    Raises:
        HTTPError: keys could not be looked for; nothing is saved then. Any other exception would let the file be saved.
    """
    try:
        _change(model, path)
    except Exception as error:
        from tornado.web import HTTPError

        _log.error("Keys could not be looked for in %s: %s", path, type(error).__name__)
        raise HTTPError(
            500,
            "The notebook was not saved: it could not be searched for keys. Clear its outputs and save it again.",
        ) from None


def _change(model: dict[str, Any], path: str) -> None:
    content = model.get("content")
    if model.get("type") == "notebook" and isinstance(content, dict):
        if isinstance(content.get("metadata"), dict):
            content["metadata"].pop("widgets", None)
        model["content"] = without_keys(content)
    elif path.lower().endswith(".ipynb") and isinstance(content, str) and model.get("format") != "base64":
        model["content"] = notebooks.without_keys_in_file(content, _known.all())


def without_keys(value: Any) -> Any:
    """The same value, with a mark in the place of what looks like a key or is known to be one."""
    return notebooks.without_keys(value, _known.all())
