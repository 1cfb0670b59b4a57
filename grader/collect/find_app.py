"""Where a submission's web application is, found by reading its code; nothing is imported."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grader import reading
from grader.manifest import Manifest

_FRAMEWORKS = frozenset({"FastAPI", "Starlette", "Flask", "Quart", "Litestar", "APIFlask", "OpenAPI"})
_READY_MADE = frozenset({"get_wsgi_application", "get_asgi_application"})  # Django's
_NOT_THE_APP = frozenset(
    {"tests", "test", "docs", "examples", "notebooks", "migrations", "scripts", "build", "dist"}
)
_LIKELY_MODULES = ("main", "app", "api", "server", "asgi", "wsgi", "application")
_LIKELY_NAMES = (
    "app",
    "application",
    "create_app",
    "api",
    "make_app",
    "get_app",
    "build_app",
    "create_application",
)
# a candidate assigns, or returns, what something of one of these names makes
_WORTH_PARSING = (*_FRAMEWORKS, *_READY_MADE, *_LIKELY_NAMES)
_MOST_FILES, _MOST_ROOTS = 2_000, 20


@dataclass(frozen=True)
class AppTarget:
    """`module:attribute`, the folders that imports need, and how it was found."""

    target: str
    pythonpath: tuple[Path, ...]
    found_by: str


@dataclass(frozen=True)
class _Candidate:
    file: Path
    name: str
    is_factory: bool

    def rank(self, root: Path) -> tuple[int, ...]:
        """Smaller is likelier."""
        module, names = self.file.stem, _LIKELY_NAMES
        return (
            _LIKELY_MODULES.index(module) if module in _LIKELY_MODULES else len(_LIKELY_MODULES),
            names.index(self.name) if self.name in names else len(names),
            len(self.file.relative_to(root).parts),
        )


def find_app(root: Path, manifest: Manifest) -> AppTarget | None:
    """The app that the manifest names, or else the likeliest that the code shows; None if there is none."""
    roots = _declared_roots(root, manifest)
    if manifest.app:
        return AppTarget(manifest.app, (*roots, root / "src", root), "named in [tool.lab]")
    candidates = [found for file in _python_files(root) for found in _candidates(file)]
    if not candidates:
        return None
    best = min(candidates, key=lambda candidate: candidate.rank(root))
    base, module = _module(root, best.file)
    what = "the factory" if best.is_factory else "the application"
    where = best.file.relative_to(root).as_posix()
    return AppTarget(
        f"{module}:{best.name}",
        tuple(dict.fromkeys((*roots, base, root / "src", root, best.file.parent))),
        f"{what} {best.name} in {where}",
    )


def _declared_roots(root: Path, manifest: Manifest) -> tuple[Path, ...]:
    """Import folders that the submission names, for the grader or for pytest."""
    named = list(manifest.pythonpath)
    options: Any = pytest_options(root).get("pythonpath")
    named += [options] if isinstance(options, str) else options if isinstance(options, list) else []
    folders = (reading.inside(root, name) for name in named[:_MOST_ROOTS] if isinstance(name, str))
    return tuple(folder for folder in folders if folder is not None)


def pytest_options(root: Path) -> dict[str, Any]:
    """What `pyproject.toml` configures of pytest; nothing if there is none that can be read."""
    try:
        at: Any = reading.parse_toml(reading.read_text(root / "pyproject.toml", reading.MAX_TOML))
    except reading.Unreadable:
        return {}
    for name in ("tool", "pytest", "ini_options"):
        at = at.get(name) if isinstance(at, dict) else None
    return at if isinstance(at, dict) else {}


def _python_files(root: Path) -> Iterator[Path]:
    for file in sorted(root.rglob("*.py"))[:_MOST_FILES]:
        parts = file.relative_to(root).parts
        if not reading.is_text(file):
            continue  # no import statement can name it
        if not _NOT_THE_APP.intersection(parts[:-1]) and not file.name.startswith(("test_", "conftest")):
            yield file


def _called(node: ast.expr | None) -> str:
    """The bare name of what a call calls: "FastAPI" for `fastapi.FastAPI(…)`."""
    if not isinstance(node, ast.Call):
        return ""
    return node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")


def _makes_app(node: ast.FunctionDef) -> bool:
    """Whether a function that needs no arguments returns an application that it made."""
    arguments = node.args
    needed = len(arguments.posonlyargs) + len(arguments.args) - len(arguments.defaults)
    keyword_needed = [default for default in arguments.kw_defaults if default is None]
    if needed or keyword_needed:
        return False
    calls = any(
        _called(child) in _FRAMEWORKS | _READY_MADE for child in ast.walk(node) if isinstance(child, ast.Call)
    )
    returns = any(isinstance(child, ast.Return) and child.value is not None for child in ast.walk(node))
    return calls and returns


def _candidates(file: Path) -> Iterator[_Candidate]:
    try:
        text = reading.read_text(file, reading.MAX_PYTHON)
        if not any(name in text for name in _WORTH_PARSING):
            return
        tree = reading.parse_python(text)
    except reading.Unreadable:
        return  # not Python that this interpreter reads; it will not be the app
    factories = {node.name for node in tree.body if isinstance(node, ast.FunctionDef) and _makes_app(node)}
    for name in factories:
        yield _Candidate(file, name, is_factory=True)
    for statement in _top_level(tree.body):
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                pass
            case ast.AnnAssign(target=ast.Name(id=name), value=value):
                pass
            case _:
                continue
        called = _called(value)
        if called in _FRAMEWORKS | _READY_MADE | factories or called in _LIKELY_NAMES:
            yield _Candidate(file, name, is_factory=False)


def _top_level(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Statements that run on import, those inside `if` and `try` among them; not under `if __name__ == …`."""
    for statement in body:
        if isinstance(statement, ast.If):
            if "__name__" not in ast.dump(statement.test):
                yield from _top_level(statement.body + statement.orelse)
        elif isinstance(statement, ast.Try):
            yield from _top_level(statement.body)
        else:
            yield statement


def _module(root: Path, file: Path) -> tuple[Path, str]:
    """The folder to import from, and the module's dotted name there."""
    parts = file.relative_to(root).parts
    base = root
    if "src" in parts[:-1]:
        base = root.joinpath(*parts[: parts.index("src") + 1])
    else:
        # the outermost folder that the module's own imports name, or that is a package
        imported = _imported_names(file)
        inner = file.parent
        while inner != root and ((inner / "__init__.py").exists() or inner.name in imported):
            inner = inner.parent
        base = inner
    dotted = ".".join(file.relative_to(base).with_suffix("").parts)
    return base, dotted.removesuffix(".__init__")


def _imported_names(file: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(reading.parse_python(reading.read_text(file, reading.MAX_PYTHON))):
        if isinstance(node, ast.Import):
            names.update(alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            names.add("." if node.level else (node.module or "").split(".")[0])
            if node.level:
                names.add(file.parent.name)  # a relative import needs its folder to be a package
    return names
