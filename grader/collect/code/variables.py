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
from grader.manifest import steers_loading

_MOST_FILES, _MOST_VARIABLES = 500, 400
_LONGEST = 200  # characters of an example's value
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}")
_READERS = frozenset(
    {"config", "env", "environ", "Config", "settings", "get_env", "env_config", "AutoConfig"}
)
_READ_BY = ("decouple", "environs", "environ", "starlette.config", "dynaconf")
_CASTS = frozenset({"int", "float", "bool", "str", "list", "json", "url", "path"})
_CLIENTS = re.compile(r"OpenAI|^Client$|^AsyncClient$|^completion$|^acompletion$|ChatCompletion|^LLM$")
# what an argument of a call means, for a client of OpenAI's and for boto3's
_OF_OPENAI = {
    "api_key": "openai_key",
    "openai_api_key": "openai_key",
    "base_url": "openai_url",
    "api_base": "openai_url",
    "openai_api_base": "openai_url",
    "azure_endpoint": "azure_url",
    "api_version": "api_version",
    "openai_api_version": "api_version",
    "azure_deployment": "deployment",
    "deployment_name": "deployment",
    "model": "model",
    "model_name": "model",
}
_OF_S3 = {
    "aws_access_key_id": "access_key",
    "aws_secret_access_key": "secret_key",
    "endpoint_url": "s3_url",
    "region_name": "region",
    "Bucket": "bucket",
    "bucket": "bucket",
    "bucket_name": "bucket",
}
_ADDRESS = re.compile(r"api\.openai\.com|/chat/completions|/audio/speech|/images/generations|/v1/responses")
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
    kept = frozenset(each for _, tree in modules for each in holders(tree))
    for name, tree in modules:
        for one in (*_reads(tree, name, kept), *_settings(tree, name)):
            known = found.get(one.name)
            if (known is None and len(found) >= _MOST_VARIABLES) or steers_loading(one.name):
                continue
            if known is None or (one.needed and not known.needed):
                found[one.name] = one
    purposes: dict[str, str] = {}
    for _, tree in modules:
        for used, purpose in _purposes(tree).items():
            purposes.setdefault(used, purpose)
    examples = _examples(root)
    return {
        name: replace(
            one,
            purpose=purposes.get(name) or purposes.get(one.identifier, "")
            if one.identifier
            else purposes.get(name, ""),
            example=examples.get(name, examples.get(name.upper(), "")),
        )
        for name, one in found.items()
    }


def _tree(file: Path) -> ast.Module | None:
    try:
        return reading.parse_python(reading.read_text(file, reading.MAX_PYTHON))
    except reading.Unreadable:
        return None


def _text(node: ast.expr | None) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def _dotted(node: ast.expr) -> str:
    if isinstance(node, ast.Name):
        return node.id
    return f"{_dotted(node.value)}.{node.attr}" if isinstance(node, ast.Attribute) else ""


def read_name(node: ast.expr, *, by_library: bool = True) -> tuple[str, bool, str] | None:
    """The variable that an expression reads: its name, whether it is needed, and the type that it becomes."""
    if isinstance(node, ast.Subscript):
        if not isinstance(node.ctx, ast.Load):
            return None  # it is set, not read
        if _dotted(node.value).rpartition(".")[2] == "environ" and (name := _text(node.slice)):
            return name, True, ""
        return None
    if not isinstance(node, ast.Call) or not node.args:
        return None
    called, name = _dotted(node.func), _text(node.args[0])
    if name is None or not _NAME.fullmatch(name):
        return None
    first, _, last = called.rpartition(".")
    given = {each.arg: each.value for each in node.keywords}
    if last == "getenv" or called.endswith("environ.get"):
        default = node.args[1] if len(node.args) > 1 else given.get("default")
        return name, default is None, ""
    if by_library and name.isupper():
        if called in _READERS:
            cast = given.get("cast")
            kind = _dotted(cast) if cast is not None else ""
            return name, "default" not in given and len(node.args) < 2, kind
        if first in _READERS and last in _CASTS:
            return name, "default" not in given and len(node.args) < 2, last
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
                    identifiers.setdefault(id(inner), _dotted(target).rpartition(".")[2])
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
        return _text(node) or ""
    given = [each.value for each in node.keywords if each.arg == "default"]
    if _dotted(node.func).rpartition(".")[2] == "Field":
        return _text(next(iter(node.args[:1] or given), None)) or ""
    last = node.args[1:2] if _text(next(iter(node.args), None)) and not given else given or node.args[:1]
    return _text(next(iter(last), None)) or ""


def _settings(tree: ast.Module, file: str) -> Iterator[Variable]:
    """The fields of pydantic's settings classes: with their prefix, their aliases, and nested models."""
    classes = {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}
    for node in classes.values():
        if any(_dotted(base).rpartition(".")[2].endswith("Settings") for base in node.bases):
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
            if _NAME.fullmatch(name):
                default = _default(value) if value is not None else ""
                yield Variable(
                    name, file, statement.lineno, needed, kind, identifier=field, least=least, default=default
                )


def _of_field(value: ast.expr | None) -> tuple[bool, list[str], int]:
    """Whether a field has no default, the names that it has beside its own, and the fewest characters that it takes."""
    if value is None:
        return True, [], 0
    if not (isinstance(value, ast.Call) and _dotted(value.func).rpartition(".")[2] == "Field"):
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
        aliases += [text for part in parts if (text := _text(part))]
    least = given.get("min_length")
    return (
        needed,
        aliases,
        least.value if isinstance(least, ast.Constant) and isinstance(least.value, int) else 0,
    )


def _purposes(tree: ast.Module) -> dict[str, str]:
    """What variables, or the names that hold their values, are used for: an argument of a client says it."""
    found: dict[str, str] = {}
    asks_openai = any(
        isinstance(node, ast.Constant) and isinstance(node.value, str) and _ADDRESS.search(node.value)
        for node in ast.walk(tree)
    )
    for node in ast.walk(tree):
        match node:
            case ast.Call():
                called = _dotted(node.func).rpartition(".")[2]
                known = _OF_OPENAI if _CLIENTS.search(called) else _OF_S3
                for each in node.keywords:
                    if each.arg in known:
                        _note(found, each.value, known[each.arg])
            case ast.Assign(
                targets=[ast.Attribute(value=ast.Name(id="openai" | "litellm"), attr=attr)], value=value
            ):
                if attr in _OF_OPENAI:
                    _note(found, value, _OF_OPENAI[attr])
            case ast.JoinedStr(
                values=[ast.Constant(value=str() as before), ast.FormattedValue(value=value), *_]
            ):
                if asks_openai and before.endswith("Bearer "):
                    _note(found, value, "openai_key")
    return found


def _note(found: dict[str, str], value: ast.expr, purpose: str) -> None:
    if (
        isinstance(value, ast.Call)
        and isinstance(value.func, ast.Attribute)
        and value.func.attr == "get_secret_value"
    ):
        value = value.func.value
    read = read_name(value) or taken(value)
    name = read[0] if read else _dotted(value).rpartition(".")[2]
    if name:
        found.setdefault(name, purpose)


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
