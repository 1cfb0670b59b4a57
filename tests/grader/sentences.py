"""Everything that verdicts say by a message: the templates, and the words that are filled into them."""

import ast
from collections.abc import Iterator
from pathlib import Path

import grader
from grader import bad_input, openai_module, ordinary_requests
from grader.criteria import reported
from grader.evidence import EXTENSIONS, a_file
from grader.inside.faults import FAULTS
from grader.upstream_failures import UPSTREAM_FAILURES

_SOURCES = sorted(Path(grader.__file__).parent.rglob("*.py"))


def templates() -> set[str]:
    """The first argument of each `sentence(…)`, and what evidence is recognised by."""
    return set(reported.TEMPLATES) | {
        text for file in _SOURCES for text in _first_arguments(file, "sentence")
    }


def terms() -> set[str]:
    """The texts of `term(…)`: what was asked, and why it could not be."""
    found = {injection.asked for failure in UPSTREAM_FAILURES for injection in failure.injections}
    found |= {declared.well for declared in bad_input.BAD_INPUTS}
    found |= set(_words(Path(bad_input.__file__))) | set(EXTENSIONS)
    found |= {
        f"{a_file(kind)} to be kept in a file that ends with .{'txt' if kind == 'image' else 'png'}"
        for kind in EXTENSIONS
    }
    found |= {fault.wording for fault in FAULTS}
    found |= {openai_module.LISTED, openai_module.DESCRIBED, openai_module.PLAIN, openai_module.STREAMED}
    found |= {
        openai_module.WITHOUT_MODEL,
        openai_module.NO_SOUND,
        openai_module.RATE_LIMITED,
        openai_module.DROPPED,
    }
    found.add(ordinary_requests.LONGEST.asked.replace("{length}", "{n1}"))
    return found | {"the extension itself chooses the kind"}


def _first_arguments(file: Path, function: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == function:
            assert isinstance(node.args[0], ast.Constant), f"{file.name}, line {node.lineno}: no literal"
            yield node.args[0].value


def _words(file: Path) -> Iterator[str]:
    """The texts of requests and reasons, numbers as places; one that names a kind of file is listed by `terms`."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("WrongRequest", "NotApplicable"):
            for argument in node.args[: 1 if ast.unparse(node.func) == "WrongRequest" else 2]:
                yield from _text(argument)
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "asked":
            yield from _text(node.value)


def _text(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.Constant):
        yield str(node.value)
    elif isinstance(node, ast.JoinedStr) and "a_file" not in ast.unparse(node):
        places = iter(range(1, 9))
        yield "".join(
            str(part.value) if isinstance(part, ast.Constant) else f"{{n{next(places)}}}"
            for part in node.values
        )
