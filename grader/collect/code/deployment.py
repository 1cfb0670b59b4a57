"""The variables that a submission is deployed with, as its compose file, its Dockerfile and its CI workflows give them.

What a container sets is what the author runs with: libraries read their own variables there, which no code of the
submission mentions. What a workflow sets is only an example.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import Any

import yaml  # type: ignore[import-untyped]

from grader import reading
from grader.manifest import steers_loading

_MOST_FILES, _MOST_VARIABLES = 10, 100
_LARGEST = 64 * 1024  # bytes of a file
_LONGEST = 200  # characters of a value
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}")
_COMPOSE = re.compile(r"(?:docker-)?compose(?:\.\w+)?\.ya?ml")
_DOCKERFILE = re.compile(r"(?:[\w-]+\.)?Dockerfile(?:\.[\w-]+)?")
_ENV = re.compile(r"^[ \t]*ENV[ \t]+(.+)$", re.MULTILINE | re.IGNORECASE)
_PAIR = re.compile(r"([A-Za-z_]\w*)=(\"[^\"]*\"|'[^']*'|[^\s\"']*)")
_DEFAULTED = re.compile(r"\$\{\w+:?-([^${}]*)\}")
# what the grader itself decides: where an app listens, and where programs are
_NOT_TAKEN = frozenset({"PORT", "HOST", "PATH", "HOME", "USER", "VIRTUAL_ENV", "TMPDIR", "SHELL"})
# what would lead a client past the stand-ins, or to credentials that are not here
_LEADS_AWAY = re.compile(
    r"(?i).*PROXY.*|.*(?:CERT|CA_BUNDLE).*|AWS_(?:PROFILE|DEFAULT_PROFILE|CONFIG_FILE|SHARED_CREDENTIALS_FILE|ROLE_.*"
    r"|WEB_IDENTITY_.*|CONTAINER_.*|SESSION_TOKEN|IGNORE_.*)|BOTO_.*"
)


@dataclass(frozen=True)
class Deployment:
    """Values by the names of their variables. `container`: the app's own; `examples`: what a workflow gives."""

    container: Mapping[str, str] = field(default_factory=dict)
    examples: Mapping[str, str] = field(default_factory=dict)


class _Plain(yaml.SafeLoader):  # type: ignore[misc]
    """Reads YAML without merging mappings into each other, which a small file can make endless."""

    def flatten_mapping(self, node: Any) -> None:
        """Leave `<<` as a key of that name."""


_Plain.add_constructor("tag:yaml.org,2002:merge", yaml.SafeLoader.construct_yaml_str)


def read_deployment(root: Path, app: str | None) -> Deployment:
    """What a submission's files say of the variables of its app.

    Args:
        root: the submission.
        app: the file of the app's module, relative to `root`; None if it is not known.
    """
    container: dict[str, str] = {}
    for file in _files(root, _COMPOSE):
        _add(container, _of_compose(_parse(file), file.parent, root, app))
    for file in _files(root, _DOCKERFILE):
        if app is None or (root / app).is_relative_to(file.parent):
            _add(container, _of_dockerfile(file))
    examples: dict[str, str] = {}
    for file in _files(root / ".github" / "workflows", re.compile(r".*\.ya?ml")):
        _add(examples, _of_workflow(_parse(file)))
    return Deployment(container, examples)


def _files(folder: Path, named: re.Pattern[str]) -> Iterator[Path]:
    """Files of such a name, those nearest to the top first."""
    found = [file for file in folder.rglob("*") if named.fullmatch(file.name) and file.is_file()]
    found = [file for file in found if "node_modules" not in file.parts]
    yield from islice(sorted(found, key=lambda file: (len(file.parts), file.as_posix())), _MOST_FILES)


def _text(file: Path) -> str:
    try:
        return reading.read_text(file, _LARGEST)
    except reading.Unreadable:
        return ""


def _parse(file: Path) -> Mapping[str, Any]:
    try:
        found = yaml.load(_text(file), Loader=_Plain)  # noqa: S506 - a safe one
    except (yaml.YAMLError, ValueError, RecursionError, TypeError, OverflowError):
        return {}
    return found if isinstance(found, dict) else {}


def _add(values: dict[str, str], more: Iterator[tuple[str, str]]) -> None:
    for name, value in more:
        taken = name.upper() in _NOT_TAKEN or steers_loading(name) or _LEADS_AWAY.fullmatch(name) is not None
        taken = taken or len(values) >= _MOST_VARIABLES
        if _NAME.fullmatch(name) and not taken and value.isprintable() and 0 < len(value) <= _LONGEST:
            values.setdefault(name, value)


def _of_compose(
    file: Mapping[str, Any], folder: Path, root: Path, app: str | None
) -> Iterator[tuple[str, str]]:
    """Of the services that are built from the folder of the app; not what leads to another service."""
    services = file.get("services")
    if not isinstance(services, dict):
        return
    others = "|".join(re.escape(str(name)) for name in list(services)[:50])
    elsewhere = re.compile(rf"(?:^|//|@)(?:{others})(?::|/|$)")
    for service in list(services.values())[:50]:
        built = service.get("build") if isinstance(service, dict) else None
        context = built.get("context", ".") if isinstance(built, dict) else built
        if not isinstance(context, str) or not _holds(folder, context, root, app):
            continue
        for name, value in _pairs(service.get("environment")):
            if not elsewhere.search(value):
                yield name, value


def _holds(folder: Path, context: str, root: Path, app: str | None) -> bool:
    """Whether the app is in the folder from which a service is built."""
    base = PurePosixPath(folder.relative_to(root).as_posix()) / context
    return app is None or ".." in base.parts or PurePosixPath(app).is_relative_to(base)


def _pairs(environment: Any) -> Iterator[tuple[str, str]]:
    """From a mapping or from a list of `NAME=value`; a mapping that another is merged into is read, too."""
    if isinstance(environment, list):
        for line in environment[:_MOST_VARIABLES]:
            name, equals, value = str(line).partition("=")
            if equals:
                yield from _literal(name.strip(), value)
    elif isinstance(environment, dict):
        for name, value in list(environment.items())[:_MOST_VARIABLES]:
            if name == "<<":
                for each in value if isinstance(value, list) else [value]:
                    plain = (
                        {key: one for key, one in each.items() if key != "<<"}
                        if isinstance(each, dict)
                        else {}
                    )
                    yield from _pairs(plain)
            elif isinstance(value, bool):
                yield str(name), str(value).lower()
            elif isinstance(value, (str, int, float)):
                yield from _literal(str(name), str(value))


def _literal(name: str, value: str) -> Iterator[tuple[str, str]]:
    """A value that is there in full, or a variable's default."""
    value = _DEFAULTED.sub(lambda match: match[1], value.strip()).strip("\"'")
    if "$" not in value:
        yield name, value


def _of_dockerfile(file: Path) -> Iterator[tuple[str, str]]:
    for line in _ENV.findall(_text(file).replace("\\\n", " ")):
        pairs = _PAIR.findall(line)
        if not pairs:
            name, _, value = line.strip().partition(" ")  # the older form: ENV NAME value
            pairs = [(name, value)]
        for name, value in pairs:
            yield from _literal(name, value)


def _of_workflow(file: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Of the workflow, its jobs and their steps."""
    jobs = file.get("jobs")
    listed = (
        [each for each in list(jobs.values())[:30] if isinstance(each, dict)]
        if isinstance(jobs, dict)
        else []
    )
    steps = [each.get("steps") for each in listed]
    inner = [step for each in steps if isinstance(each, list) for step in each[:50] if isinstance(step, dict)]
    for place in (file, *listed, *inner):
        yield from _pairs(place.get("env"))
