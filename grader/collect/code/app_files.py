"""Which of a submission's files belong to its app: those that its module imports, without tests."""

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path, PurePosixPath

_TESTS = re.compile(r"(^|/)(tests?/|testing/|conftest\.py$|test_[^/]*\.py$|[^/]*_tests?\.py$|tests?\.py$)")
_WORD = re.compile(r"[A-Za-z_]\w*")
_LARGEST = 1 << 20  # bytes of a file that is read


def is_test(file: str) -> bool:
    """Whether a file of this name, relative to the submission, holds tests or what belongs to them."""
    return bool(_TESTS.search(file))


def app_files(root: Path, folders: Sequence[Path], target: str | None) -> Callable[[str], bool]:
    """Whether a file, named relative to `root`, is the app's.

    Args:
        root: the submission's folder.
        folders: where its modules are imported from.
        target: the app, as `module:attribute`; where it is not known, every file that holds no tests is the app's.

    A file belongs to the app if its module's name occurs in a file that does: frameworks import by name in many ways.
    """
    texts = {
        file.relative_to(root).as_posix(): _text(file)
        for file in root.rglob("*.py")
        if not is_test(file.relative_to(root).as_posix())
    }
    module = (target or "").partition(":")[0].replace(".", "/")
    starts = {
        (folder / place).relative_to(root).as_posix()
        for folder in folders
        if module and folder.is_relative_to(root)
        for place in (f"{module}.py", f"{module}/__init__.py")
    }
    found = starts & texts.keys()
    if not found:
        return lambda file: not is_test(file)
    app = _led_to(found, texts)
    return lambda file: file in app


def _led_to(found: set[str], texts: Mapping[str, str]) -> frozenset[str]:
    app, waiting = set(found), list(found)
    while waiting:
        file = waiting.pop()
        words = set(_WORD.findall(texts[file])) | set(PurePosixPath(file).parts)
        for other in texts.keys() - app:
            if _name(other) in words:
                app.add(other)
                waiting.append(other)
    return frozenset(app)


def _name(file: str) -> str:
    path = PurePosixPath(file)
    return path.parent.name if path.stem == "__init__" else path.stem


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8", errors="replace") if file.stat().st_size <= _LARGEST else ""
    except OSError:
        return ""
