"""What a project's own files declare: pyproject.toml of every flavour, setup.cfg, Pipfile, and the versions of lock files.

https://packaging.python.org/en/latest/specifications/pyproject-toml/
https://packaging.python.org/en/latest/specifications/dependency-groups/
"""

import configparser
import json
import posixpath
import re
from typing import Any

from packaging.utils import canonicalize_name

from grader.environments import setup_script, versions
from grader.environments.declaration import Unusable
from grader.environments.gathering import Gathering, quote, within
from grader.environments.requirement_files import read_requirements

_LOCKS = ("uv.lock", "poetry.lock", "pdm.lock")
_MOST_PROJECTS = 20


class ProjectReader:
    """Reads the declarations of projects in folders of one submission, each folder once."""

    def __init__(self, gathering: Gathering) -> None:
        self._gathering = gathering
        self._seen: set[str] = set()

    def read(self, folder: str) -> None:
        """Take what the project in a folder declares.

        Args:
            folder: relative to the submission; "." is the submission itself.
        """
        name = posixpath.normpath(folder)
        if name in self._seen or len(self._seen) >= _MOST_PROJECTS:
            return
        self._seen.add(name)
        for lock in _LOCKS:
            self._lock(self._gathering.read_toml(_inside(name, lock), locked=True).get("package"))
        self._pipfile_lock(_inside(name, "Pipfile.lock"))
        self._pyproject(name, _inside(name, "pyproject.toml"))
        self._setup(_inside(name, "setup.cfg"), name)
        self._pipfile(_inside(name, "Pipfile"))

    # --- pyproject.toml ---------------------------------------------------------------------------------------

    def _pyproject(self, folder: str, path: str) -> None:
        table = self._gathering.read_toml(path)
        project, tool = _table(table.get("project")), _table(table.get("tool"))
        uv = _table(tool.get("uv"))
        own = str(canonicalize_name(str(project.get("name", ""))))
        local = self._sources(_table(uv.get("sources")), folder, path)
        if isinstance(asked := project.get("requires-python"), str):
            self._gathering.ask_python(asked, path)
        wanted: list[tuple[str, Any]] = [("dependencies", project.get("dependencies"))]
        wanted += [(f"extra {name}", value) for name, value in _pairs(project.get("optional-dependencies"))]
        # every group is read, so that one which includes another adds nothing
        wanted += [(f"group {name}", value) for name, value in _pairs(table.get("dependency-groups"))]
        wanted.append(("tool.uv.dev-dependencies", uv.get("dev-dependencies")))
        for name, value in _pairs(_table(tool.get("pdm")).get("dev-dependencies")):
            wanted.append((f"group {name}", value))
        for name, value in _pairs(_table(tool.get("hatch")).get("envs")):
            wanted.append((f"hatch {name}", _table(value).get("dependencies")))
        for part, texts in wanted:
            with self._gathering.beside(part != "dependencies"):
                for text in _strings(texts):
                    if _name_of(text) not in local | {own}:
                        self._gathering.add(text, f"{path}, {part}")
        for name in ("workspace", "index", "find-links", "no-binary", "extra-index-url", "index-url", "pip"):
            if name in uv:
                self._gathering.ignore(path, f"[tool.uv] {name} is ignored.")
        self._dynamic(_table(_table(tool.get("setuptools")).get("dynamic")), folder)
        self._poetry(_table(tool.get("poetry")), path)

    def _sources(self, sources: dict[str, Any], folder: str, path: str) -> set[str]:
        """Notes the sources of packages; returns the names of those that are the submission's own code."""
        local: set[str] = set()
        for name, value in list(sources.items())[:300]:
            self._gathering.ignore(path, f"[tool.uv.sources] of {quote(name)} is ignored.")
            for source in map(_table, [value, *_list(value)]):
                if "path" in source or "workspace" in source:
                    local.add(canonicalize_name(name))
                    inner = within(folder, str(source.get("path", "")))
                    if inner is not None and self._gathering.holds(inner, folder=True):
                        self.read(inner)
        return local

    def _dynamic(self, dynamic: dict[str, Any], folder: str) -> None:
        """Requirements that setuptools reads from files."""
        tables = [dynamic.get("dependencies"), *_table(dynamic.get("optional-dependencies")).values()]
        for table in tables[:50]:
            files = _table(table).get("file")
            for file in [files] if isinstance(files, str) else _strings(files):
                inner = within(folder, file)
                if inner is not None:
                    read_requirements(self._gathering, inner, self.read)

    # --- Poetry and Pipenv ------------------------------------------------------------------------------------

    def _poetry(self, poetry: dict[str, Any], path: str) -> None:
        tables = [poetry.get("dependencies"), poetry.get("dev-dependencies")]
        tables += [_table(group).get("dependencies") for _, group in _pairs(poetry.get("group"))]
        for number, table in enumerate(tables):
            for name, value in _pairs(table):
                if name == "python":
                    self._ask_python(value, path)
                    continue
                for one in _list(value)[:20] or [value]:
                    with self._gathering.beside(number > 0 or _table(one).get("optional") is True):
                        self._constraint(name, one, path)

    def _pipfile(self, path: str) -> None:
        table = self._gathering.read_toml(path)
        if "source" in table:
            self._gathering.ignore(path, "[[source]] is ignored; the grader chooses the index.")
        python = _table(table.get("requires"))
        if isinstance(short := python.get("python_version"), str):
            self._ask_python(f"{short}.*" if short.count(".") == 1 else short, path)
        for part in ("packages", "dev-packages"):
            with self._gathering.beside(part != "packages"):
                for name, value in _pairs(table.get(part)):
                    self._constraint(name, value, path)

    def _ask_python(self, value: Any, path: str) -> None:
        try:
            self._gathering.ask_python(versions.ranges(str(value)), path)
        except Unusable:
            self._gathering.ignore(path, "its versions of Python are ignored: they are no range.")

    def _constraint(self, name: str, value: Any, path: str) -> None:
        """One package of a table: a constraint, or a table that holds one."""
        where = f"{path}, {quote(name)}"
        table = {"version": value} if isinstance(value, str) else _table(value)
        address = next((table[key] for key in ("git", "url", "file", "path") if key in table), None)
        extras = ",".join(_strings(table.get("extras")))
        named = f"{name}[{extras}]" if extras else name
        for key in ("source", "index"):
            if key in table:
                self._gathering.ignore(where, f"its {key} is ignored; the grader chooses the index.")
        try:
            marker = _marker(table)
            if address is not None:
                scheme = "" if "path" in table else "git+" if "git" in table else ""
                self._gathering.add_reference(named, f"{scheme}{address}", marker, where)
                return
            ranges = versions.ranges(str(table.get("version", "*")))
        except Unusable as error:
            self._gathering.declares = True
            self._gathering.ignore(where, f"its constraint is ignored: {error}.")
            return
        self._gathering.add(f"{named}{ranges} {marker}", where)

    # --- setup.cfg --------------------------------------------------------------------------------------------

    def _setup(self, path: str, folder: str) -> None:
        text = self._gathering.read(path)
        if text is not None:
            parser = configparser.RawConfigParser(strict=False)
            try:
                parser.read_string(text)
            except (configparser.Error, RecursionError):
                self._gathering.ignore(path, "the file is ignored: it is not in setup.cfg's format.")
                return
            if python := parser.get("options", "python_requires", fallback=""):
                self._gathering.ask_python(python, path)
            listed = [parser.get("options", "install_requires", fallback="")]
            if parser.has_section("options.extras_require"):
                listed += [value or "" for _, value in parser.items("options.extras_require")]
            for number, lines in enumerate(listed):
                with self._gathering.beside(number > 0):
                    for line in lines.splitlines()[:1000]:
                        if line.strip():
                            self._gathering.add(line, path)
        self._setup_script(_inside(folder, "setup.py"))

    def _setup_script(self, path: str) -> None:
        """The lists that `setup.py` passes to setup(), where they are written there as lists; it is not run."""
        text = self._gathering.read(path)
        if text is None:
            return
        listed = setup_script.requirements(text)
        if listed is None:
            self._gathering.ignore(path, "the file is not run, and what it requires is no list of texts.")
            return
        for number, texts in enumerate(listed):
            with self._gathering.beside(number > 0):
                for one in texts:
                    self._gathering.add(one, path)

    # --- lock files -------------------------------------------------------------------------------------------

    def _lock(self, packages: Any) -> None:
        several: set[str] = set()
        for package in map(_table, _list(packages)[:5000]):
            name, version = package.get("name"), package.get("version")
            if isinstance(name, str) and isinstance(version, str) and _is_version(version):
                known = str(canonicalize_name(name))
                if self._gathering.locked.setdefault(known, version) != version:
                    several.add(known)  # one for each of several Pythons
        for known in several:
            del self._gathering.locked[known]

    def _pipfile_lock(self, path: str) -> None:
        text = self._gathering.read(path, locked=True)
        try:
            table = _table(json.loads(text)) if text is not None else {}
        except (ValueError, RecursionError):
            self._gathering.ignore(path, "the file is ignored: it is not JSON.")
            return
        for part in ("default", "develop"):
            self._lock(
                [
                    {"name": name, "version": str(_table(value).get("version", "")).removeprefix("==")}
                    for name, value in _pairs(table.get(part))
                ]
            )


def _inside(folder: str, name: str) -> str:
    return posixpath.normpath(posixpath.join(folder, name))


def _table(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _strings(value: Any) -> list[str]:
    return [text for text in _list(value)[:1000] if isinstance(text, str)]


def _pairs(value: Any) -> list[tuple[str, Any]]:
    return list(_table(value).items())[:1000]


def _name_of(text: str) -> str:
    match = re.match(r"\s*([A-Za-z0-9][A-Za-z0-9._-]{0,98})", text)
    return canonicalize_name(match[1]) if match else ""


def _is_version(text: str) -> bool:
    return re.fullmatch(r"[0-9][A-Za-z0-9.!+_-]{0,50}", text) is not None


def _marker(table: dict[str, Any]) -> str:
    """The marker of a package's table: its own, its versions of Python and its platform together."""
    parts = [str(table["markers"])] if "markers" in table else []
    if "python" in table and (python := versions.python_marker(str(table["python"]))):
        parts.append(python)
    if "platform" in table:
        parts.append(f'sys_platform == "{table["platform"]}"')
    return "; " + " and ".join(f"({part})" for part in parts) if parts else ""
