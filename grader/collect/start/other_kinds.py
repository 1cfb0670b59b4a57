"""Submissions without a web server: what they are, and what would make them gradable."""

import ast
import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from grader import reading
from grader.collect.code.app_files import is_test

_MOST_FILES = 1_000
_PAGES = {
    "streamlit": "Streamlit",
    "gradio": "Gradio",
    "chainlit": "Chainlit",
    "nicegui": "NiceGUI",
    "dash": "Dash",
}
_SERVERLESS = {
    "chalice": "AWS Chalice",
    "azure.functions": "Azure Functions",
    "functions_framework": "Cloud Functions",
}
_SERVERS = {
    "aiohttp.web": "aiohttp",
    "sanic": "Sanic",
    "tornado": "Tornado",
    "http.server": "http.server",
    "robyn": "Robyn",
}
_IMPORT = re.compile(r"^[ \t]*(?:import|from)[ \t]+([\w.]+)(?:[ \t]+import[ \t]+(\w+))?", re.MULTILINE)
_LIKELY = re.compile(r"lambda_handler|handler")
_GENERATES = "put what generates behind an HTTP endpoint (FastAPI, Flask, Django, Starlette or Litestar)"


def other_kind(root: Path) -> str | None:
    """A sentence on what a submission without a web application is, and what to do; None if it is nothing known."""
    handlers: list[str] = []
    for file, text in _modules(root):
        where = file.relative_to(root).as_posix()
        for match in _IMPORT.finditer(text):
            line = (
                text.count("\n", 0, match.start())
                + 1
                + match[0][: len(match[0]) - len(match[0].lstrip())].count("\n")
            )
            named = {match[1], match[1].partition(".")[0], f"{match[1]}.{match[2]}"}
            for known, kind in (
                (_PAGES, "a page that calls Python directly, without an HTTP API"),
                (_SERVERLESS, "functions that a cloud calls, without a server"),
                (_SERVERS, "a server, and no script that leads to OpenAI starts it"),
            ):
                for name in named & known.keys():
                    return (
                        f"{where}, line {line}, uses {known[name]}: {kind}. "
                        f"To have it graded, {_GENERATES}, and let this code call it."
                    )
        handlers += [f"{where}, line {line}" for line in _handlers(text)]
    if handlers:
        return (
            f"{handlers[0]} is a handler that AWS Lambda calls with an event, and nothing serves it over HTTP. "
            f"To have it graded, {_GENERATES}; Mangum lets the same app run as a Lambda function."
        )
    return None


def _modules(root: Path) -> Iterator[tuple[Path, str]]:
    for file in islice(sorted(root.rglob("*.py")), _MOST_FILES):
        if is_test(file.relative_to(root).as_posix()):
            continue
        try:
            yield file, reading.read_bytes(file, reading.MAX_PYTHON).decode("utf-8", "replace")
        except reading.Unreadable:
            continue


def _handlers(text: str) -> Iterator[int]:
    """The lines of functions that take an event and a context."""
    if not _LIKELY.search(text):
        return
    try:
        tree = reading.parse_python(text)
    except reading.Unreadable:
        return
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and len(node.args.args) == 2:
            first, second = (each.arg.lstrip("_") for each in node.args.args)
            if first == "event" and second in ("context", "ctx"):
                yield node.lineno
