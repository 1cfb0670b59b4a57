"""The submitted source files, kept for the report: bounded, and without credentials."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from grader import reading
from grader.evidence import Source

_KINDS = frozenset(
    {
        ".py",
        ".pyi",
        ".toml",
        ".cfg",
        ".ini",
        ".txt",
        ".md",
        ".rst",
        ".yml",
        ".yaml",
        ".json",
        ".ipynb",
        ".html",
        ".js",
        ".sh",
    }
)
_NAMES = frozenset({"Makefile", "Dockerfile", "Procfile", ".gitignore", ".env.example"})
_LARGEST = 128 * 1024  # bytes of one file
_LARGEST_TOGETHER = 2 * 1024 * 1024
_MOST = 200  # files

Credentials = Callable[[str], Iterable[tuple[str, str, int]]]


def select_sources(
    root: Path, files: Iterable[Path], credentials: Credentials, masked: Callable[[str], str]
) -> tuple[Source, ...]:
    """The texts of a submission, code first; what goes beyond the bounds is left out.

    Args:
        credentials: finds those in a text (see `grader.collect.scanning.scans.secrets_in`).
        masked: what is written in a credential's place.
    """
    wanted = [file for file in files if file.suffix in _KINDS or file.name in _NAMES]
    wanted.sort(key=lambda file: (file.suffix != ".py", file))
    found: list[Source] = []
    left = _LARGEST_TOGETHER
    for file, text in _texts(wanted):
        left -= len(text)
        if left < 0 or len(found) >= _MOST:
            break
        for _, secret, _ in credentials(text):
            text = text.replace(secret, masked(secret))
        found.append(Source(path=reading.show_name(file.relative_to(root)), text=text))
    return tuple(found)


def _texts(files: Iterable[Path]) -> Iterator[tuple[Path, str]]:
    for file in files:
        try:
            yield file, reading.read_text(file, _LARGEST)
        except reading.Unreadable:
            continue
