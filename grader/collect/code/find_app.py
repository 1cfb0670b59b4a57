"""Where a submission's web application is, found by reading its code; nothing is imported."""

import ast
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any

from grader import reading
from grader.collect.code import own_servers
from grader.collect.code.later_python import Unparsed, unparsed
from grader.collect.code.reaching import Reach
from grader.collect.code.scripts import find_script_app, serves_when_imported
from grader.collect.code.start_commands import is_named, named_apps
from grader.manifest import Manifest

_FRAMEWORKS = frozenset(
    {"FastAPI", "Starlette", "Flask", "Quart", "Litestar", "APIFlask", "OpenAPI", "Sanic", "Bottle"}
)
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
SCRIPT = "__main__"  # in the place of an attribute: the module is run, and what it would serve is the app


@dataclass(frozen=True)
class AppTarget:
    """`module:attribute`, the folders that imports need, how it was found, and its file, relative to the submission.

    `may_serve`: a script of which nothing says that it listens.
    """

    target: str
    pythonpath: tuple[Path, ...]
    found_by: str
    file: str | None = None
    may_serve: bool = False


@dataclass(frozen=True)
class _Candidate:
    file: Path
    name: str
    is_factory: bool
    maker: str = ""  # of an app that a script finishes: what it begins with
    may_serve: bool = False
    is_imported: bool = False  # made in another module: this one imports it, and perhaps what adds its routes

    def rank(self, root: Path, reach: Reach | None, named: frozenset[tuple[str, str]]) -> tuple[int, ...]:
        """Smaller is likelier: one that leads to OpenAI, then one that the submission's own commands start."""
        module, names = self.file.stem, _LIKELY_NAMES
        return (
            reach is not None and not reach.asks_openai(self.file),
            not is_named(PurePosixPath(self.file.relative_to(root)), self.name, named),
            self.is_imported and module not in _LIKELY_MODULES,
            _LIKELY_MODULES.index(module) if module in _LIKELY_MODULES else len(_LIKELY_MODULES),
            names.index(self.name) if self.name in names else len(names),
            len(self.file.relative_to(root).parts),
        )


def find_app(root: Path, manifest: Manifest) -> AppTarget | None:
    """The app that the manifest names, or else the likeliest that the code shows; None if there is none."""
    roots = _declared_roots(root, manifest)
    if manifest.app:
        return AppTarget(manifest.app, (*roots, root / "src", root), "named in [tool.lab]")
    best = _best(root)
    if best is None:
        return None
    base, module = _module(root, best.file)
    what = "the factory" if best.is_factory else "what is run by" if best.maker else "the application"
    where = best.file.relative_to(root).as_posix()
    return AppTarget(
        f"{module}:{best.name}",
        tuple(dict.fromkeys((*roots, base, root / "src", root, *_beside(best.file, (base, root))))),
        f"{what} {best.name} in {where}",
        best.file.relative_to(root).as_posix(),
        best.may_serve,
    )


def unparsed_app(root: Path) -> Unparsed | None:
    """A module that names a web framework and can't be parsed, where no app was found; one that a later Python parses first."""
    found = [
        trouble
        for file in _python_files(root)
        if _text_that_names(file, _FRAMEWORKS | _READY_MADE) is not None
        and (trouble := unparsed(root, file.relative_to(root).as_posix())) is not None
    ]
    return min(found, key=lambda trouble: trouble.version is None, default=None)


def file_of_app(root: Path, manifest: Manifest) -> str | None:
    """The file of the app's module, relative to the submission; None where it is not known."""
    if manifest.app:
        module = manifest.app.partition(":")[0].replace(".", "/")
        for folder in (*_declared_roots(root, manifest), root / manifest.cwd, root / "src", root):
            for file in (folder / f"{module}.py", folder / module / "__init__.py"):
                if file.is_file() and file.is_relative_to(root):
                    return file.relative_to(root).as_posix()
        return None
    best = _best(root)
    return best.file.relative_to(root).as_posix() if best else None


def _best(root: Path) -> _Candidate | None:
    """The likeliest app that the code shows."""
    every = list(_python_files(root))
    files = [(file, tree) for file in every if (tree := _parse(file, _WORTH_PARSING)) is not None]
    makers = frozenset(name for _, tree in files for name in _makers(tree))
    if makers:
        files = [(file, tree) for file in every if (tree := _parse(file, (*_WORTH_PARSING, *makers)))]
    candidates = [found for file, tree in files for found in _candidates(file, tree, makers)]
    finished = {one.maker for one in candidates if one.maker}
    candidates = [one for one in candidates if one.maker or not (one.is_factory and one.name in finished)]
    if not candidates:
        return _script(root, every)
    candidates += [found for file, tree in files for found in _imported_apps(file, tree, candidates)]
    if len(candidates) == 1:
        return candidates[0]
    reach, named = Reach(root), named_apps(root)
    return min(candidates, key=lambda candidate: candidate.rank(root, reach, named))


def _imported_apps(file: Path, tree: ast.Module, made: Sequence[_Candidate]) -> Iterator[_Candidate]:
    """Applications that a module takes from the one that makes them."""
    for statement in _top_level(tree.body):
        if not isinstance(statement, ast.ImportFrom):
            continue
        for alias in statement.names:
            for one in made:
                if one.name == alias.name and one.file != file and _may_be(statement, one.file, file):
                    yield replace(one, file=file, name=alias.asname or alias.name, is_imported=True)


def _may_be(statement: ast.ImportFrom, made_in: Path, file: Path) -> bool:
    """Whether an import in a file may name the module that another file is."""
    parts = made_in.parent.parts if made_in.stem == "__init__" else made_in.with_suffix("").parts
    named = tuple(statement.module.split(".")) if statement.module else file.parent.parts[-1:]
    return parts[-len(named) :] == named


def _script(root: Path, every: Sequence[Path]) -> _Candidate | None:
    """A script that listens by itself."""
    trees = ((file, tree) for file in every if (tree := _parse(file, ("",))) is not None)
    script = own_servers.likeliest(root, trees)
    if script is None:
        return None
    return _Candidate(script.file, SCRIPT, is_factory=False, maker="itself", may_serve=not script.listens)


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
    """Whether a function returns an application that it made."""
    calls = any(
        _called(child) in _FRAMEWORKS | _READY_MADE for child in ast.walk(node) if isinstance(child, ast.Call)
    )
    returns = any(isinstance(child, ast.Return) and child.value is not None for child in ast.walk(node))
    return calls and returns


def _needs_arguments(node: ast.FunctionDef) -> bool:
    arguments = node.args
    needed = len(arguments.posonlyargs) + len(arguments.args) - len(arguments.defaults)
    return bool(needed or [default for default in arguments.kw_defaults if default is None])


def _parse(file: Path, worth: Collection[str]) -> ast.Module | None:
    text = _text_that_names(file, worth)
    if text is None:
        return None
    try:
        return reading.parse_python(text)
    except reading.Unreadable:
        return None  # see `unparsed_app`


def _text_that_names(file: Path, worth: Collection[str]) -> str | None:
    """A module's text, if one of the words is in it."""
    try:
        text = reading.read_text(file, reading.MAX_PYTHON)
    except reading.Unreadable:
        return None
    return text if any(name in text for name in worth) else None


def _makers(tree: ast.Module) -> Iterator[str]:
    """The names of functions that make an application, with arguments or without."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and _makes_app(node):
            yield node.name


def _candidates(file: Path, tree: ast.Module, makers: frozenset[str]) -> Iterator[_Candidate]:
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and _makes_app(node) and not _needs_arguments(node):
            yield _Candidate(file, node.name, is_factory=True)
    if maker := find_script_app(tree, _FRAMEWORKS | makers | frozenset(_LIKELY_NAMES)):
        yield _Candidate(file, SCRIPT, is_factory=False, maker=maker)
    for statement in _top_level(tree.body):
        annotation = ""
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                pass
            case ast.AnnAssign(target=ast.Name(id=name), value=value, annotation=noted):
                annotation = noted.id if isinstance(noted, ast.Name) else getattr(noted, "attr", "")
            case _:
                continue
        known = _FRAMEWORKS | _READY_MADE | makers
        by_convention = name == "application" and file.stem in ("asgi", "wsgi")
        if (
            by_convention
            or annotation in _FRAMEWORKS
            or _called(value) in known
            or _called(value) in _LIKELY_NAMES
        ):
            if serves_when_imported(_top_level(tree.body), name):
                yield _Candidate(file, SCRIPT, is_factory=False, maker=_called(value) or name)
            else:
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
        source = root.joinpath(*parts[: parts.index("src") + 1])
        base = source.parent if _is_package_of(source, file) else source
    else:
        # the outermost folder that the module's own imports name, or that is a package
        imported = _imported_names(file)
        inner = file.parent
        while inner != root and ((inner / "__init__.py").exists() or _is_imported(inner, file, imported)):
            inner = inner.parent
        base = inner
    dotted = ".".join(file.relative_to(base).with_suffix("").parts)
    return base, dotted.removesuffix(".__init__")


def _beside(file: Path, found_in: Sequence[Path]) -> Iterator[Path]:
    """A module's own folder, if it imports by name what lies there and nowhere else, as a script does.

    Otherwise a folder there would hide the library of its name: `app/agents` the package `agents`.
    """
    for name in _imported_names(file):
        first = name.partition(".")[0]
        if first and not any(_has(folder, first) for folder in found_in) and _has(file.parent, first):
            yield file.parent
            return


def _has(folder: Path, name: str) -> bool:
    return (folder / f"{name}.py").is_file() or (folder / name).is_dir()


def _is_package_of(folder: Path, file: Path) -> bool:
    """Whether a module's imports take a folder above it for a package: they climb to it, or begin with its name."""
    above = len(file.relative_to(folder).parts)
    for node in ast.walk(reading.parse_python(reading.read_text(file, reading.MAX_PYTHON))):
        if isinstance(node, ast.ImportFrom) and node.level >= above:
            return True
    return _is_imported(folder, folder, _imported_names(file))


def _is_imported(folder: Path, file: Path, names: set[str]) -> bool:
    """Whether imports name a folder as their package: one that only has the name of a library is none."""
    if folder == file.parent and "." in names:
        return True  # a relative import needs its folder to be a package
    for name in names:
        first, _, rest = name.partition(".")
        inner = folder / rest.replace(".", "/")
        if first == folder.name and rest and (inner.is_dir() or inner.with_suffix(".py").is_file()):
            return True
    return False


def _imported_names(file: Path) -> set[str]:
    """Dotted names that a module's imports may mean; "." for a relative one."""
    names: set[str] = set()
    for node in ast.walk(reading.parse_python(reading.read_text(file, reading.MAX_PYTHON))):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            names |= {"."} if node.level else {base, *(f"{base}.{alias.name}" for alias in node.names)}
    return names
