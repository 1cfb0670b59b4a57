"""Trains the n-gram model on what learners of this course read: `python -m classroom.standin.language_model.training`.

Sources: the prose of the solved notebooks, the explanations of predictions and quizzes, and the lab's page. Code and tables are
left out. `make notebooks` runs it first, since notebook 03 shows the model's probabilities.
"""

import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from classroom.standin.language_model import ngrams
from classroom.standin.language_model.sampling import prepare

ROOT = Path(__file__).resolve().parents[3]
_FENCED = re.compile(r"```.*?(?:```|\Z)", re.DOTALL)
_PICTURE = re.compile(r"!\[[^\]]*\]\([^)]*\)|<[^>\n]+>")
_LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)")
_LABEL = re.compile(r"^\s*\*\*[^*]+\*\*\s*", re.MULTILINE)  # "Exercise 03.1.", in front of a paragraph
_MARKS = re.compile(r"\*\*|__|`|(?<!\w)[*_](?=\w)|(?<=[\w.!?:])[*_](?!\w)")
_BEGINS = re.compile(r"^\s*(?:#+|[-*+]|\d+\.|>)\s+", re.MULTILINE)
_FEWEST = 4  # words: what is shorter is a label


def course_texts(root: Path = ROOT) -> list[str]:
    """The paragraphs that the model learns from, in an order that is always the same."""
    paragraphs = [paragraph for source in _sources(root) for paragraph in _paragraphs(source)]
    return [prepare(each) for each in paragraphs]


def _sources(root: Path) -> Iterator[str]:
    for path in sorted((root / "answer-key" / "notebooks").glob("*.ipynb")):
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            if cell["cell_type"] == "markdown":
                yield "".join(cell["source"])
    for name in ("predictions.toml", "quizzes.toml"):
        yield from _strings(tomllib.loads((root / "classroom" / name).read_text(encoding="utf-8")))
    yield (root / "answer-key" / "README.md").read_text(encoding="utf-8")


def _strings(value: Any) -> Iterator[str]:
    """The texts in a table of a TOML file."""
    if isinstance(value, str):
        yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _strings(inner)


def _paragraphs(markdown: str) -> Iterator[str]:
    """The paragraphs and list entries of a page, without its marks."""
    plain = _LINK.sub(r"\1", _PICTURE.sub("", _FENCED.sub("\n\n", markdown)))
    plain = _LABEL.sub("", _BEGINS.sub("\n\n", plain))
    for block in re.split(r"\n\s*\n", plain):
        if "|" in block:
            continue  # a table
        words = _MARKS.sub("", block).split()
        if len(words) >= _FEWEST:
            yield " ".join(words)


def main() -> None:
    """Write the table."""
    texts = course_texts()
    table = ngrams.count(texts)
    ngrams.TABLE.write_bytes(table.packed())
    words = sum(len(text.split()) for text in texts)
    print(
        f"{len(texts)} paragraphs, {words} words, {len(table.vocabulary)} tokens, {len(table.trigrams)} trigrams, "
        f"{ngrams.TABLE.stat().st_size // 1024} KB"
    )


if __name__ == "__main__":
    main()
