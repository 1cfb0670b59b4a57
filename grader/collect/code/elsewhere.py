"""Another service than OpenAI that the code gives its client the address of."""

import ast
import re
from itertools import islice
from pathlib import Path
from urllib.parse import urlsplit

from grader import reading

_ADDRESSES = frozenset({"base_url", "api_base", "openai_api_base", "openai_base_url", "azure_endpoint"})
_CLIENT = re.compile(r"OpenAI|^Client$|^AsyncClient$|completion")
_NOT_ELSEWHERE = re.compile(r"(?:^|\.)openai\.com$|^localhost$|^127\.")
_MOST_FILES = 400


def host_of_client(root: Path) -> str | None:
    """The host of another service, where a module of the submission names it as a client's address; None if none does."""
    for file in islice(sorted(root.rglob("*.py")), _MOST_FILES):
        try:
            tree = reading.parse_python(reading.read_text(file, reading.MAX_PYTHON))
        except reading.Unreadable:
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and _CLIENT.search(_last(node.func)):
                for given in node.keywords:
                    if given.arg in _ADDRESSES and (host := _host(given.value)):
                        return host
    return None


def _last(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _host(node: ast.expr) -> str | None:
    if not (isinstance(node, ast.Constant) and isinstance(node.value, str)):
        return None
    try:
        host = urlsplit(node.value).hostname or ""
    except ValueError:
        return None
    return host if re.fullmatch(r"[\w.-]{1,200}", host) and not _NOT_ELSEWHERE.search(host) else None
