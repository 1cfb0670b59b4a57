"""Which environment variables a submission reads, and what for: read from its code, its examples and its settings classes."""

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

from grader import reading
from grader.collect.code.env_files import holders, taken
from grader.collect.code.purposes import Purposes
from grader.collect.code.reads import NAME, dotted, held_name, read_name, text_of
from grader.manifest import steers_loading

_MOST_FILES, _MOST_VARIABLES = 500, 400
_LONGEST = 200  # characters of an example's value
_READ_BY = ("decouple", "environs", "environ", "starlette.config", "dynaconf")
_EXAMPLES = re.compile(
    r"\.?env[._-](?:example|sample|template|dist|defaults?|test|local\.example|docker\.example)|(?:example|sample|template)\.env|\.env\.[\w.]*example"
)
_ASSIGNED = re.compile(r"^[ \t]*(?:export[ \t]+)?([A-Za-z_]\w*)[ \t]*=[ \t]*(.*)$", re.MULTILINE)


@dataclass(frozen=True)
class Variable:
    """A variable of the environment that the code reads.

    `needed`: it has no default. `kind`: the type that it is turned into, as the code writes it. `purpose`: what a call
    uses it for, such as `openai_key`, or nothing. `example`: what an example of the submission's gives.
    `identifier`: the name that the code gives its value. `least`: the fewest characters that it may have. `default`: the text
    that the code takes without it.
    """

    name: str
    file: str
    line: int
    needed: bool
    kind: str = ""
    purpose: str = ""
    example: str = ""
    identifier: str = ""
    least: int = 0
    default: str = ""


def read_variables(root: Path, files: Iterable[str]) -> dict[str, Variable]:
    """The variables that some modules of a submission read, by name; where several read one, the first that needs it."""
    modules = [(name, tree) for name in islice(sorted(files), _MOST_FILES) if (tree := _tree(root / name))]
    found: dict[str, Variable] = {}
    held: dict[str, dict[tuple[str, str], None]] = {}
    kept = frozenset(each for _, tree in modules for each in holders(tree))
    for name, tree in modules:
        for one in (*_reads(tree, name, kept), *_settings(tree, name)):
            known = found.get(one.name)
            if (known is None and len(found) >= _MOST_VARIABLES) or steers_loading(one.name):
                continue
            if known is None or (one.needed and not known.needed):
                found[one.name] = (
                    one if one.identifier or known is None else replace(one, identifier=known.identifier)
                )
            elif one.identifier and not known.identifier:
                found[one.name] = replace(known, identifier=one.identifier)
            if one.identifier:
                held.setdefault(one.name, {})[name, one.identifier] = None
    purposes = Purposes(modules, {name: tuple(places) for name, places in held.items()})
    examples = _examples(root)
    return {
        name: replace(
            one, purpose=purposes.of(name), example=examples.get(name, examples.get(name.upper(), ""))
        )
        for name, one in found.items()
    }


def _tree(file: Path) -> ast.Module | None:
    try:
        return reading.parse_python(reading.read_text(file, reading.MAX_PYTHON))
    except reading.Unreadable:
        return None


def _reads(tree: ast.Module, file: str, kept: frozenset[str]) -> Iterator[Variable]:
    libraries = any(
        name.startswith(_READ_BY)
        for node in ast.walk(tree)
        for name in (
            [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else []
        )
    )
    identifiers: dict[int, str] = {}
    kinds: dict[int, str] = {}
    for node in ast.walk(tree):
        match node:
            case (
                ast.Assign(targets=[target], value=value)
                | ast.AnnAssign(target=target, value=ast.expr() as value)
            ):
                for inner in ast.walk(value):
                    identifiers.setdefault(id(inner), held_name(target))
            case ast.Call(func=ast.Name(id="int" | "float" | "bool" as cast), args=[inner, *_]):
                kinds[id(inner)] = cast
    for node in ast.walk(tree):
        read = (
            read_name(node, by_library=libraries) or taken(node, kept) if isinstance(node, ast.expr) else None
        )
        if isinstance(node, ast.expr) and read:
            name, needed, kind = read
            yield Variable(
                name,
                file,
                node.lineno,
                needed,
                kinds.get(id(node), kind),
                identifier=identifiers.get(id(node), ""),
                default=_default(node),
            )


def _default(node: ast.expr) -> str:
    """The text that a call such as `getenv` gives back, or a field has, where nothing is set."""
    if not isinstance(node, ast.Call):
        return text_of(node) or ""
    given = [each.value for each in node.keywords if each.arg == "default"]
    if dotted(node.func).rpartition(".")[2] == "Field":
        return text_of(next(iter(node.args[:1] or given), None)) or ""
    last = node.args[1:2] if text_of(next(iter(node.args), None)) and not given else given or node.args[:1]
    return text_of(next(iter(last), None)) or ""


def _settings(tree: ast.Module, file: str) -> Iterator[Variable]:
    """The fields of pydantic's settings classes: with their prefix, their aliases, and nested models."""
    classes = {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}
    for node in classes.values():
        if any(dotted(base).rpartition(".")[2].endswith("Settings") for base in node.bases):
            options = _options(node)
            yield from _fields(node, file, classes, options, str(options.get("env_prefix") or ""), 0)


def _options(node: ast.ClassDef) -> dict[str, Any]:
    """`model_config`, or the inner class `Config`."""
    found: dict[str, Any] = {}
    for statement in node.body:
        match statement:
            case ast.Assign(targets=[ast.Name(id="model_config")], value=ast.Call(keywords=keywords)):
                pairs = [(each.arg, each.value) for each in keywords]
            case ast.ClassDef(name="Config", body=body):
                pairs = [
                    (each.targets[0].id, each.value)
                    for each in body
                    if isinstance(each, ast.Assign) and isinstance(each.targets[0], ast.Name)
                ]
            case _:
                continue
        found.update((name, value.value) for name, value in pairs if name and isinstance(value, ast.Constant))
    return found


def _fields(
    node: ast.ClassDef,
    file: str,
    classes: Mapping[str, ast.ClassDef],
    options: dict[str, Any],
    prefix: str,
    depth: int,
) -> Iterator[Variable]:
    for statement in node.body:
        if not isinstance(statement, ast.AnnAssign) or not isinstance(statement.target, ast.Name):
            continue
        field, kind, value = statement.target.id, ast.unparse(statement.annotation), statement.value
        needed, aliases, least = _of_field(value)
        if value is not None and (read := read_name(value)):
            needed = read[1]  # a default that is itself read from the environment
        inner = classes.get(kind)
        delimiter = options.get("env_nested_delimiter")
        if inner is not None and isinstance(delimiter, str) and depth < 3:
            yield from _fields(inner, file, classes, options, f"{prefix}{field}{delimiter}", depth + 1)
            continue
        names = aliases or [f"{prefix}{field}"]
        for name in names[:1] if options.get("case_sensitive") else [name.upper() for name in names[:1]]:
            if NAME.fullmatch(name):
                default = _default(value) if value is not None else ""
                yield Variable(
                    name, file, statement.lineno, needed, kind, identifier=field, least=least, default=default
                )


def _of_field(value: ast.expr | None) -> tuple[bool, list[str], int]:
    """Whether a field has no default, the names that it has beside its own, and the fewest characters that it takes."""
    if value is None:
        return True, [], 0
    if not (isinstance(value, ast.Call) and dotted(value.func).rpartition(".")[2] == "Field"):
        return isinstance(value, ast.Constant) and value.value is ..., [], 0
    given = {each.arg: each.value for each in value.keywords}
    first = value.args[0] if value.args else given.get("default")
    needed = "default_factory" not in given and (
        first is None or (isinstance(first, ast.Constant) and first.value is ...)
    )
    aliases = []
    for name in ("validation_alias", "alias", "env"):
        node = given.get(name)
        parts = node.args if isinstance(node, ast.Call) else [node]
        aliases += [text for part in parts if (text := text_of(part))]
    least = given.get("min_length")
    return (
        needed,
        aliases,
        least.value if isinstance(least, ast.Constant) and isinstance(least.value, int) else 0,
    )


def _examples(root: Path) -> dict[str, str]:
    """What `.env.example` and the like give as values."""
    found: dict[str, str] = {}
    for file in islice(sorted(root.rglob("*env*")), 200):
        if not _EXAMPLES.fullmatch(file.name) or not file.is_file():
            continue
        try:
            text = reading.read_text(file, 64 * 1024)
        except reading.Unreadable:
            continue
        for name, value in _ASSIGNED.findall(text):
            plain = re.sub(r"\s+#.*$", "", value).strip().strip("\"'")
            if plain.isprintable() and len(plain) <= _LONGEST:
                found.setdefault(name, plain)
    return found
