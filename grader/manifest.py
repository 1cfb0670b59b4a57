"""`[tool.lab]` of a submission's `pyproject.toml`, or its `lab.toml`: what the grader can't find by itself."""

import tomllib
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from grader.errors import SubmissionError
from grader.evidence import Kind


class Endpoint(BaseModel):
    """One generating endpoint, told rather than found."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    method: str = "POST"
    path: str
    prompt: str
    kinds: tuple[Kind, ...] = ()
    fixed: dict[str, Any] = {}


class Auth(BaseModel):
    """Headers that every request needs."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    headers: dict[str, str] = {}


class Manifest(BaseModel):
    """Every field may be left out: the grader then looks for itself. The contract, section 2, describes them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    app: str | None = Field(default=None, pattern=r"^[\w.]+:[\w.]+$")
    pythonpath: tuple[str, ...] = ()
    cwd: str = "."
    tests: str | None = None
    expect: tuple[Kind, ...] = ()
    env: dict[str, str] = {}
    auth: Auth = Auth()
    endpoint: tuple[Endpoint, ...] = ()


def read(root: Path) -> Manifest:
    """The manifest of a submission; an empty one if it has none.

    Raises:
        SubmissionError: it has one that can't be read; the text names the file and the field.
    """
    for name, keys in (("lab.toml", ()), ("pyproject.toml", ("tool", "lab"))):
        file = root / name
        if not file.is_file():
            continue
        try:
            table = tomllib.loads(file.read_text(encoding="utf-8"))
            for key in keys:
                table = table.get(key, {})
            if not table:
                continue
            return Manifest.model_validate(
                table.get("tool", {}).get("lab", table) if name == "lab.toml" else table
            )
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise SubmissionError(f"{name} is not valid TOML: {error}") from error
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"])
            raise SubmissionError(f"{name}: [tool.lab] {where}: {first['msg']}") from error
    return Manifest()
