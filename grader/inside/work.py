"""Runs a learner's code: in a process that the agent forked, or cold, as `python work.py ORDER`, where ORDER is JSON.

Imports nothing outside the standard library until the learner's own code asks for it. "serve" starts an application on
a socket that is already open, "redis" a Redis; "pytest" runs a test suite, "notebook" a notebook; "unpack" unpacks an archive, "run"
is any other program; "checkout" and "fetch" read repositories; "grade" and "judge" are the
grader's own work, in sandboxes where no learner's code runs. What a job has to say goes into the first of the files that came with its order.
"""

import importlib
import inspect
import json
import os
import sys
from collections.abc import Callable
from typing import Any


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
    if hasattr(found, "__path__") and not hasattr(found, attribute.partition(".")[0]):
        found = _beside("hidden_file").file_beside(found) or found
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
    import faulthandler
    import socket

    sys.excepthook = _print_plainly
    # where it hangs is printed, so that somebody can be shown the line
    faulthandler.dump_traceback_later(order["hangs_after"], repeat=True)
    for path in order.get("folders", ()):
        os.makedirs(path, exist_ok=True)
    for path, text in order["env_files"].items():
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
    *tables, listening = order["files"]
    _beside("rerouting").install(os.environ.get("OPENAI_BASE_URL", ""))
    _beside("unanswered").install()
    _beside("token_tables").install()

    def tell(app: Any) -> None:
        _prepare_django()
        _prepare_models(order["database"])
        for file in tables:
            _beside("routes").tell(app, order["root"], file)

    module_name, _, attribute = order["target"].partition(":")
    if attribute == "__main__":

        def begins() -> None:
            faulthandler.cancel_dump_traceback_later()
            tell(None)

        app = _beside("own_server").run(module_name, listening, begins)
        app = application(app) if isinstance(app, str) else app
    else:
        app = application(order["target"])
    tell(app)
    listener = socket.socket(fileno=listening)
    if is_asgi(app):
        import uvicorn

        class Server(uvicorn.Server):
            async def startup(self, sockets: Any = None) -> None:
                await super().startup(sockets)
                faulthandler.cancel_dump_traceback_later()

        # named: a verdict must not depend on what else is installed
        config = uvicorn.Config(app, log_level="info", access_log=False, loop="asyncio", http="h11")
        server = Server(config)
        server.run(sockets=[listener])
        # uvicorn only returns on its own when the app's startup failed
        sys.exit(0 if server.started else 3)
    from werkzeug.serving import make_server

    faulthandler.cancel_dump_traceback_later()
    host, port = listener.getsockname()[:2]
    make_server(host, port, app, threaded=True, fd=listener.detach()).serve_forever()


def _print_plainly(*error: Any) -> None:
    """Print why the app ended where nothing comes between: what an app puts in the place of sys.stderr may cut it up."""
    import traceback

    traceback.print_exception(*error, file=sys.__stderr__)


def _prepare_django() -> None:
    """What `manage.py migrate` and the checks of `manage.py runserver` do: make the tables, load the addresses.

    Tables are made only where they are kept in a file.
    """
    settings = sys.modules.get("django.conf")
    if settings is None or not settings.settings.configured:
        return
    from django.core.management import call_command
    from django.urls import get_resolver

    if getattr(settings.settings, "ROOT_URLCONF", None):
        get_resolver().url_patterns  # noqa: B018 - it imports the views, and their failure is the start's
    if settings.settings.DATABASES.get("default", {}).get("ENGINE", "").endswith("sqlite3"):
        try:
            call_command("migrate", verbosity=0, interactive=False, run_syncdb=True)
        except Exception as error:
            print(f"manage.py migrate failed: {type(error).__name__}: {error}", file=sys.stderr)


def _prepare_models(database: str) -> None:
    """What a migration does, for models of SQLAlchemy: make their tables.

    Args:
        database: the address of the file that the grader offered for a database server; empty if it offered none.
    """
    if not database or "sqlalchemy" not in sys.modules:
        return
    import gc

    from sqlalchemy import MetaData, create_engine

    engine = create_engine(database)
    # the type, not isinstance: proxies such as Flask's pretend to be what they stand for
    for metadata in [each for each in gc.get_objects() if issubclass(type(each), MetaData) and each.tables]:
        try:
            metadata.create_all(engine)
        except Exception as error:
            print(f"The tables could not be made in SQLite: {type(error).__name__}: {error}", file=sys.stderr)
    engine.dispose()


def run_pytest(order: dict[str, Any]) -> None:
    """Run the suite with the plugin beside this file; the exit code is pytest's."""
    import pytest

    planter = _beside("planting").Planter({**order["planting"], "line": order["files"][0]}).plugin()
    plugins = [_beside("django_suite").DjangoSuite(order["django"])] if order["django"] else []
    sys.exit(int(pytest.main(order["arguments"], plugins=[planter, *plugins])))


def _beside(name: str) -> Any:
    """A module of this folder, under a name that no learner's module has; it and its neighbours stay out of `sys.modules`."""
    import types

    package = types.ModuleType("_lab")
    package.__path__ = [os.path.dirname(os.path.abspath(__file__))]
    sys.modules["_lab"] = package
    try:
        return importlib.import_module(f"_lab.{name}")
    finally:
        for loaded in [each for each in sys.modules if each.partition(".")[0] == "_lab"]:
            del sys.modules[loaded]


# a notebook may ask for the grader's checklist: within a grading there is none, and nothing to wait for; its exercises
# are checked from outside when it has run
_WITHIN_A_GRADING = """
import sys as _sys, types as _types
_grader = {name: _types.ModuleType(name) for name in ("grader", "grader.report", "grader.report.checklist")}
def _checklist(submission, only=()):
    print("The checklist is not shown here: the grader is what runs this notebook now.")
_grader["grader.report.checklist"].checklist = _grader["grader.report.checklist"].live_checklist = _checklist
_sys.modules.update(_grader)
import classroom.exercises as _exercises
def _check(id):
    print(f"Exercise {id} is checked when the notebook has run.")
_exercises.check = _check
del _sys, _types, _grader, _checklist, _exercises, _check
"""
_LONGEST_TRACE = 20_000  # characters
_SERVE = """
from classroom.exercises.performing import serve as _serve
_serve({file}, dict(globals()))
"""


def run_notebook(order: dict[str, Any]) -> None:
    """Run every cell, then let the grader try what they defined; what was seen of the cells goes into a file."""
    import time

    import nbclient
    import nbformat

    notebook: Any = nbformat.read(order["path"], as_version=4)  # type: ignore[no-untyped-call]
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    notebook.cells.insert(0, nbformat.v4.new_code_cell(_WITHIN_A_GRADING))  # type: ignore[no-untyped-call]
    report_file, *checks = order["files"]
    for file in checks:  # the other end of it is the grader's
        serve = _SERVE.format(file=file)
        notebook.cells.append(nbformat.v4.new_code_cell(serve))  # type: ignore[no-untyped-call]
    began = time.monotonic()
    # the grader ends what takes too long
    client = nbclient.NotebookClient(notebook, timeout=None, allow_errors=True)
    client.execute(pass_fds=tuple(checks))
    report = {
        "cells": len(cells),
        "seconds": round(time.monotonic() - began, 3),
        "failure": next(filter(None, map(_error_of, range(1, len(cells) + 1), cells)), None),
        "trace": next(filter(None, map(_trace_of, cells)), "")[-_LONGEST_TRACE:],
    }
    with open(report_file, "w") as file:
        json.dump(report, file)


def _error_of(number: int, cell: Any) -> str | None:
    """The error that a cell ended with; one that it announces by a tag is none."""
    if "raises-exception" in cell.metadata.get("tags", []):
        return None
    for output in cell.outputs:
        if output.output_type == "error":
            return f"code cell {number} raised {output.ename}: {str(output.evalue)[:300]}"
    return None


def _trace_of(cell: Any) -> str:
    """The traceback of the error that a cell ended with; empty if there is none."""
    if "raises-exception" in cell.metadata.get("tags", []):
        return ""
    errors = [output for output in cell.outputs if output.output_type == "error"]
    return "\n".join(map(str, errors[0].traceback)) if errors else ""


def unpack(order: dict[str, Any]) -> None:
    """Unpack an archive into a stream of files: the second file of the order into its first."""
    from grader.inside import unpacking

    unpacking.unpack(order)


def unpack_download(order: dict[str, Any]) -> None:
    """Unpack a platform's download of a class: the second file of the order into a stream of files, its first."""
    from grader.inside import downloads

    downloads.unpack(order)


def checkout(order: dict[str, Any]) -> None:
    """Take the plain files out of a repository: a bundle, or a folder that was brought in."""
    from grader.inside import repositories

    repositories.checkout(order)


def fetch(order: dict[str, Any]) -> None:
    """Bring a repository from another host, as a bundle."""
    from grader.inside import repositories

    repositories.fetch(order)


def grade(order: dict[str, Any]) -> None:
    """Be the grader's worker: see `grader.worker.grading`."""
    from grader.worker.grading import main as work

    work(order)


def judge(order: dict[str, Any]) -> None:
    """Judge and render evidence that was kept: see `grader.worker.judging`."""
    from grader.worker.judging import main as work

    work(order)


def run(order: dict[str, Any]) -> None:
    """Be another program, which writes into the first file of the order."""
    os.dup2(order["files"][0], 1)
    try:
        os.execvp(order["command"][0], order["command"])  # noqa: S606 - the grader's own words
    except OSError as error:
        sys.exit(f"{order['command'][0]} can't be run: {error.strerror}")


# the grader's own work: no learner's code runs in these, and they may import the grader
OURS = frozenset({"unpack", "unpack-download", "checkout", "fetch", "grade", "judge"})
_JOBS = {
    "serve": serve,
    "redis": lambda order: _beside("in_memory").serve(order),
    "pytest": run_pytest,
    "notebook": run_notebook,
    "unpack": unpack,
    "unpack-download": unpack_download,
    "checkout": checkout,
    "fetch": fetch,
    "run": run,
    "grade": grade,
    "judge": judge,
}


def become(order: dict[str, Any]) -> None:
    """Do as ordered in a fresh interpreter that takes the place of this one."""
    for file in order["files"]:
        os.set_inheritable(file, True)
    os.execv(sys.executable, [sys.executable, "-s", os.path.abspath(__file__), json.dumps(order)])  # noqa: S606


def main(order: dict[str, Any]) -> None:
    """Do as ordered."""
    sys.argv = [order["name"]]
    # this script's own folder is not the learner's
    here = os.path.dirname(os.path.abspath(__file__))
    sys.path[:] = [*order["pythonpath"], *(entry for entry in sys.path if entry != here)]
    _JOBS[order["do"]](order)


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
