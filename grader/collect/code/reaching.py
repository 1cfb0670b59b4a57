"""Which modules of a submission an app imports, and whether they reach OpenAI: this orders what is tried first."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath

from grader import reading
from grader.collect.code.app_files import is_test

_MOST_FILES = 2_000
_FROM = re.compile(
    r"^[ \t]*from[ \t]+(\.*)([\w.]*)[ \t]+import[ \t]+(\([^)]{0,4000}\)|[^\n#]+)", re.MULTILINE
)
_IMPORT = re.compile(r"^[ \t]*import[ \t]+([\w., \t]+)", re.MULTILINE)
_NAME = re.compile(r"(?:^|,)\s*(\w+)")
# packages that ask OpenAI, the address itself, and the names of its settings
_OPENAI = re.compile(
    r"openai|litellm|langchain|llama_index|pydantic_ai|AZURE_|/chat/completions|^[ \t]*(?:from|import) agents\b",
    re.IGNORECASE | re.MULTILINE,
)
_CONFIGURED = ("INSTALLED_APPS", "DJANGO_SETTINGS_MODULE")  # Django imports by the names in its settings


class Reach:
    """The modules of a submission and what imports what; read once."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._texts = _texts(root)
        self._by_name: dict[str, list[str]] = defaultdict(list)
        for file in self._texts:
            parts = PurePosixPath(file).with_suffix("").parts
            parts = parts[:-1] if parts and parts[-1] == "__init__" else parts
            for start in range(len(parts)):
                self._by_name[".".join(parts[start:])].append(file)

    def asks_openai(self, file: Path) -> bool:
        """Whether a module, or one that it leads to, mentions OpenAI or what asks it."""
        return any(_OPENAI.search(self._texts[each]) for each in self.files_of(file))

    def mentions(self, files: Iterable[str], pattern: re.Pattern[str]) -> bool:
        """Whether the text of some modules has something that a pattern finds."""
        return any(pattern.search(self._texts.get(each, "")) for each in files)

    def quoted(self, files: Iterable[str], pattern: re.Pattern[str]) -> str:
        """The first thing in some modules that a pattern finds; empty if there is none."""
        found = (match[0] for each in sorted(files) for match in pattern.finditer(self._texts.get(each, "")))
        return next(found, "")

    def files_of(self, file: Path) -> frozenset[str]:
        """The modules that one leads to, itself among them; relative to the submission."""
        begin = file.relative_to(self._root).as_posix()
        if begin not in self._texts:
            return frozenset()
        if any(word in self._texts[begin] for word in _CONFIGURED):
            return frozenset(self._below(PurePosixPath(begin).parent.parent))
        found, waiting = {begin}, [begin]
        while waiting:
            here = waiting.pop()
            for name in _imported(self._texts[here], here):
                other = self._nearest(name, here)
                if other is not None and other not in found:
                    found.add(other)
                    waiting.append(other)
        return frozenset(found)

    def _below(self, folder: PurePosixPath) -> Iterable[str]:
        return (file for file in self._texts if PurePosixPath(file).is_relative_to(folder))

    def _nearest(self, name: str, here: str) -> str | None:
        """Of the modules of a name, the one that shares most folders with the module that asks for it."""
        candidates = self._by_name.get(name, [])
        mine = PurePosixPath(here).parts
        return max(candidates, key=lambda file: _shared(PurePosixPath(file).parts, mine), default=None)

    def folders_of(self, name: str) -> list[str]:
        """The folders from which a module of this dotted name can be imported, relative to the submission."""
        depth = name.count(".") + 1
        found = []
        for file in self._by_name.get(name, []):
            path = PurePosixPath(file)
            path = path.parent if path.name == "__init__.py" else path
            found.append(PurePosixPath(*path.parts[:-depth]).as_posix())
        return list(dict.fromkeys(found))

    def is_own(self, name: str) -> bool:
        """Whether a dotted name begins with a package or a module of the submission's own."""
        first = name.partition(".")[0]
        return first in self._by_name or any(first in PurePosixPath(file).parts[:-1] for file in self._texts)


def _shared(one: tuple[str, ...], other: tuple[str, ...]) -> int:
    count = 0
    for mine, theirs in zip(one, other, strict=False):
        if mine != theirs:
            break
        count += 1
    return count


def _texts(root: Path) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for file in sorted(root.rglob("*.py"))[:_MOST_FILES]:
        name = file.relative_to(root).as_posix()
        if is_test(name):
            continue
        try:
            found[name] = reading.read_bytes(file, reading.MAX_PYTHON).decode("utf-8", "replace")
        except reading.Unreadable:
            continue
    return found


def _imported(text: str, here: str) -> set[str]:
    """Dotted names that a module's imports may mean."""
    names: set[str] = set()
    for plain in _IMPORT.findall(text):
        for part in plain.split(","):
            parts = part.split()[0].split(".") if part.split() else []
            names.update(".".join(parts[:end]) for end in range(1, len(parts) + 1))
    for dots, source, listed in _FROM.findall(text):
        base = source
        if dots:
            folder = PurePosixPath(here).parent
            for _ in dots[1:]:
                folder = folder.parent
            base = ".".join((*folder.parts, *filter(None, source.split("."))))
        names.add(base)
        names.update(f"{base}.{name}" if base else name for name in _NAME.findall(listed.strip("()")))
    return names
