"""Runs a learner's code in a process of its own: `python child.py ORDER`, where ORDER is JSON.

Imports nothing of the grader's, and nothing outside the standard library until the learner's own code asks for it.
"serve" starts an application on a socket that is already open; "pytest" runs a test suite, "notebook" a notebook.
"""

import importlib
import importlib.util
import inspect
import json
import os
import sys
from collections.abc import Callable
from typing import Any

_MEGABYTE = 1024 * 1024


def limit(limits: dict[str, int]) -> None:
    """Ceilings that this process and its children cannot raise again."""
    try:
        import resource
    except ImportError:  # Windows has none
        return
    for name, value in (
        ("RLIMIT_CORE", 0),
        ("RLIMIT_FSIZE", limits["file_megabytes"] * _MEGABYTE),
        ("RLIMIT_AS", limits["memory_megabytes"] * _MEGABYTE),
        ("RLIMIT_CPU", limits["cpu_seconds"]),
    ):
        resource.setrlimit(getattr(resource, name), (value, value))


def parameters_needed(target: Any) -> int:
    """How many positional arguments a call needs."""
    try:
        signature = inspect.signature(target)
    except (TypeError, ValueError):
        return -1
    return sum(
        parameter.default is parameter.empty
        and parameter.kind in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD)
        for parameter in signature.parameters.values()
    )


def application(target: str) -> Any:
    """The object that `module:attribute` names; a function that needs nothing is called for it."""
    module_name, _, attribute = target.partition(":")
    found: Any = importlib.import_module(module_name)
    for part in attribute.split("."):
        found = getattr(found, part)
    if inspect.isfunction(found) and parameters_needed(found) == 0:
        found = found()
    if inspect.iscoroutine(found):
        import asyncio

        found = asyncio.run(found)
    return found


def is_asgi(app: Any) -> bool:
    """ASGI takes scope, receive and send; WSGI takes environ and start_response."""
    call: Callable[..., Any] = app if inspect.isfunction(app) else type(app).__call__
    return (
        inspect.iscoroutinefunction(call)
        or parameters_needed(app if inspect.isfunction(app) else app.__call__) == 3
    )


def serve(order: dict[str, Any]) -> None:
    """Serve until killed."""
    import socket

    app = application(order["target"])
    listener = socket.socket(fileno=order["fd"])
    if is_asgi(app):
        import uvicorn

        config = uvicorn.Config(app, log_level="info", access_log=False)
        server = uvicorn.Server(config)
        server.run(sockets=[listener])
        # uvicorn only returns on its own when the app's startup failed
        sys.exit(0 if server.started else 3)
    from werkzeug.serving import make_server

    host, port = listener.getsockname()[:2]
    make_server(host, port, app, threaded=True, fd=listener.detach()).serve_forever()


def run_pytest(order: dict[str, Any]) -> None:
    """Run the suite with the plugin beside this file; the exit code is pytest's."""
    import pytest

    place = os.path.join(os.path.dirname(os.path.abspath(__file__)), "planting.py")
    spec = importlib.util.spec_from_file_location("_planting", place)
    assert spec is not None
    assert spec.loader is not None
    planting = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(planting)
    sys.exit(int(pytest.main(order["arguments"], plugins=[planting.Planter(order["planting"])])))


_VERDICTS = """
import json as _json
from classroom.exercises import EXERCISES as _known, verdict as _verdict
print({mark!r} + _json.dumps({{id: _verdict(id, dict(globals())) for id in {ids!r} if id in _known}}))
"""


def run_notebook(order: dict[str, Any]) -> None:
    """Run every cell, then the check of every exercise; what was seen goes into a file."""
    import re
    import secrets
    import time

    import nbclient
    import nbformat

    notebook: Any = nbformat.read(order["path"], as_version=4)  # type: ignore[no-untyped-call]
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    written = "\n".join(cell.source for cell in cells)
    ids = sorted(set(re.findall(r"""\bcheck\(\s*["']([\w.]+)["']\s*\)""", written)))
    mark = secrets.token_hex(8)
    if ids:
        asked = _VERDICTS.format(mark=mark, ids=ids)
        notebook.cells.append(nbformat.v4.new_code_cell(asked))  # type: ignore[no-untyped-call]
    began = time.monotonic()
    client = nbclient.NotebookClient(notebook, timeout=int(order["seconds"]), allow_errors=True)
    client.execute()
    report = {
        "cells": len(cells),
        "seconds": round(time.monotonic() - began, 3),
        "failure": next(filter(None, map(_error_of, range(1, len(cells) + 1), cells)), None),
        "exercises": _verdicts(notebook.cells[-1], mark) if ids else {},
    }
    with open(order["report"], "w") as file:
        json.dump(report, file)


def _error_of(number: int, cell: Any) -> str | None:
    """The error that a cell ended with; one that it announces by a tag is none."""
    if "raises-exception" in cell.metadata.get("tags", []):
        return None
    for output in cell.outputs:
        if output.output_type == "error":
            return f"code cell {number} raised {output.ename}: {str(output.evalue)[:300]}"
    return None


def _verdicts(cell: Any, mark: str) -> dict[str, str]:
    said = "".join(output.get("text", "") for output in cell.outputs if output.output_type == "stream")
    for line in said.splitlines():
        if line.startswith(mark):
            return dict(json.loads(line[len(mark) :]))
    return {}


def main() -> None:
    """Do as ordered on the command line."""
    order = json.loads(sys.argv[1])
    limit(order["limits"])
    sys.argv = [order["name"]]
    # this script's own folder is not the learner's
    sys.path[:] = [
        *order["pythonpath"],
        *(entry for entry in sys.path if entry != os.path.dirname(os.path.abspath(__file__))),
    ]
    {"serve": serve, "pytest": run_pytest, "notebook": run_notebook}[order["do"]](order)


if __name__ == "__main__":
    main()
