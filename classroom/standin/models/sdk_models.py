"""Which models the installed SDK knows: `python -m classroom.standin.models.sdk_models` writes `sdk_models.toml`.

Read from the source of `openai.types`, without importing it: every literal of a field or an alias that names a model.
The stand-in itself reads the table alone, so that it starts quickly and runs without the SDK.
"""

import ast
import importlib.util
import re
from collections.abc import Iterator
from datetime import date
from importlib.metadata import version
from pathlib import Path

TABLE = Path(__file__).with_name("sdk_models.toml")

_NAME = re.compile(r"[a-z][\w.]*-|o\d$")  # unlike "auto", and the days of the API's versions
_ANNOUNCED = re.compile(r'((?:"[\w.-]+",?\s*)+):\s+Announced\s+shutdown\s+date:\s+(\d{4}-\d\d-\d\d)')


def _sources() -> Iterator[str]:
    found = importlib.util.find_spec("openai")
    if found is None or found.origin is None:
        raise ModuleNotFoundError("the package openai is not installed", name="openai")
    for path in sorted((Path(found.origin).parent / "types").rglob("*.py")):
        yield path.read_text(encoding="utf-8")


def known_models() -> list[str]:
    """The identifiers of all models that the SDK's types name, sorted."""
    found: set[str] = set()
    for source in _sources():
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
                name = node.target.id
                if name == "model":
                    found |= _literals(node.annotation)
                elif name.endswith(("Model", "Models")) and node.value is not None:
                    found |= _literals(node.value)
    return sorted(name for name in found if _NAME.match(name))


def _literals(annotation: ast.expr) -> set[str]:
    """The texts in every `Literal[…]` of an annotation."""
    out: set[str] = set()
    for node in ast.walk(annotation):
        if (
            isinstance(node, ast.Subscript)
            and isinstance(node.value, ast.Name)
            and node.value.id == "Literal"
        ):
            out |= {
                each.value
                for each in ast.walk(node.slice)
                if isinstance(each, ast.Constant) and isinstance(each.value, str)
            }
    return out


def announced_ends() -> dict[str, date]:
    """The days on which models end, where the SDK's texts announce one."""
    ends = {}
    for source in _sources():
        for names, day in _ANNOUNCED.findall(source):
            for name in re.findall(r'"([\w.-]+)"', names):
                ends[name] = date.fromisoformat(day)
    return ends


def render_table() -> str:
    """The table for the installed SDK, as `sdk_models.toml` should have it."""
    listed = "".join(f'  "{name}",\n' for name in known_models())
    return (
        "# Written by `python -m classroom.standin.models.sdk_models` from the types of the installed SDK. Don't edit: a family in\n"
        "# catalogue.toml says what a model can do, and when it ends.\n"
        f'sdk = "{version("openai")}"\nids = [\n{listed}]\n'
    )


if __name__ == "__main__":
    TABLE.write_text(render_table(), encoding="utf-8")
    print(f"{TABLE.name}: {len(known_models())} models of openai {version('openai')}")
