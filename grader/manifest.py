"""`[tool.lab]` of a submission's `pyproject.toml`, or its `lab.toml`: what the grader can't find by itself.

A stranger wrote it. Every path in it leads inside the submission or is refused in the same words, whether or not
something is there; counts, sizes and names are bounded.
"""

import math
import re
from datetime import date, time
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from grader import reading
from grader.errors import SubmissionError
from grader.evidence import Kind
from grader.operations import Location

_LONGEST = 4_096  # characters of a value
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}")
_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}")  # RFC 9110, section 5.6.2
# variables that load other code into a program before its own begins (ld.so(8), python(1), pytest's reference)
_STEERING = re.compile(
    r"(?i)(LD|DYLD)_.*|GLIBC_TUNABLES|GCONV_PATH|PATH|PYTEST_.*"
    r"|PYTHON(PATH|HOME|STARTUP|INSPECT|BREAKPOINT|USERBASE|EXECUTABLE|PLATLIBDIR|PYCACHEPREFIX)"
)


def steers_loading(name: str) -> bool:
    """Whether a variable of this name would load other code into a program before its own begins."""
    return _STEERING.fullmatch(name) is not None


# headers that belong to the connection, and to the peer at its other end
_OF_THE_CONNECTION = frozenset(
    {
        "host",
        "connection",
        "content-length",
        "content-type",
        "transfer-encoding",
        "te",
        "trailer",
        "upgrade",
        "expect",
        "accept-encoding",
        "keep-alive",
        "proxy-connection",
    }
)


def _quote(text: str) -> str:
    """A stranger's word in a message: short, and nothing in it but what can be printed."""
    plain = "".join(char if char.isprintable() else "�" for char in text[:80])
    return f"“{plain}{'…' if len(text) > 80 else ''}”"


def _plain(text: str) -> str:
    if not text.isprintable():
        raise ValueError("control characters are not allowed")
    return text


def _leads_out(path: str) -> str:
    return f"{_quote(path)} does not lead inside the submission; give a path relative to its top, with / and without links"


def _environment(variables: dict[str, str]) -> dict[str, str]:
    for name, value in variables.items():
        if not _NAME.fullmatch(name):
            raise ValueError(f"{_quote(name)} is no name of a variable")
        if _STEERING.fullmatch(name):
            raise ValueError(
                f"{name} would change how programs are loaded; import folders go into pythonpath"
            )
        if len(value) > _LONGEST or not value.isprintable():
            raise ValueError(f"the value of {name} must be one line of at most {_LONGEST} characters")
    return variables


def _headers(headers: dict[str, str]) -> dict[str, str]:
    for name, value in headers.items():
        if not _HEADER.fullmatch(name):
            raise ValueError(f"{_quote(name)} is no name of a header")
        if name.lower() in _OF_THE_CONNECTION:
            raise ValueError(f"{name} is a header of the connection, which the grader sets itself")
        if len(value) > _LONGEST or not (value.isascii() and value.isprintable()):
            raise ValueError(f"the value of {name} must be one line of at most {_LONGEST} ASCII characters")
    return headers


def as_json(value: Any, depth: int = 0) -> Any:
    """A TOML value as JSON has it: dates as text, and no number that JSON can't write."""
    match value:
        case date() | time():
            return value.isoformat()
        case float() if not math.isfinite(value):
            raise ValueError("nan and inf can't be sent as JSON")
        case list() if depth < 10:
            return [as_json(each, depth + 1) for each in value]
        case dict() if depth < 10:
            return {name: as_json(each, depth + 1) for name, each in value.items()}
        case list() | dict():
            raise ValueError("a value is nested too deeply")
        case str() if len(value) > _LONGEST:
            raise ValueError(f"a value is longer than {_LONGEST} characters")
        case int() if abs(value) >= 2**63:
            raise ValueError("a number is larger than TOML allows")
        case _:
            return value


_Inner = Annotated[str, Field(max_length=500)]  # `read` sees to it that it leads inside
_Word = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_plain)]


class Endpoint(BaseModel):
    """One generating endpoint that the manifest declares, so that nothing has to be searched for.

    `prompt`: the input's name, dotted within JSON ("messages.0.content"); empty if the body is the prompt itself.
    `prompt_in`, `fixed_in`: where the prompt and the other inputs go, if not where they go usually.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    method: Literal["GET", "POST", "PUT", "PATCH", "WEBSOCKET"] = "POST"
    path: Annotated[str, Field(max_length=2_000, pattern=r"^/([^/]|$)"), AfterValidator(_plain)]
    prompt: Annotated[str, Field(max_length=200), AfterValidator(_plain)]
    prompt_in: Location | None = None
    kinds: Annotated[tuple[Kind, ...], Field(max_length=10)] = ()
    fixed: Annotated[dict[_Word, Any], Field(max_length=50), BeforeValidator(as_json)] = {}
    fixed_in: Annotated[dict[_Word, Location], Field(max_length=50)] = {}

    @model_validator(mode="after")
    def _headers_are_headers(self) -> "Endpoint":
        """What goes into a header is checked as any header is."""
        named = [name for name in self.fixed if self.place_of(name) == "header"]
        _headers({name: str(self.fixed[name]) for name in named})
        if self.prompt_place == "header":
            _headers({self.prompt: ""})
        return self

    @property
    def prompt_place(self) -> Location:
        """Where the prompt goes: where the manifest says, or into the path's place of its name, or as the method has it."""
        if self.prompt_in:
            return self.prompt_in
        return "path" if f"{{{self.prompt}}}" in self.path else self._usual

    def place_of(self, name: str) -> Location:
        """Where another input goes; without a word of the manifest, beside the prompt if that is in a body or a query."""
        if name in self.fixed_in:
            return self.fixed_in[name]
        if f"{{{name}}}" in self.path:
            return "path"
        if self.prompt_place == "text":  # the body is the prompt, whole
            return "query"
        return self.prompt_place if self.prompt_place not in ("path", "header") else self._usual

    @property
    def _usual(self) -> Location:
        return "query" if self.method == "GET" else "json"


class Auth(BaseModel):
    """Headers that every request needs."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    headers: Annotated[dict[str, str], Field(max_length=20), AfterValidator(_headers)] = {}


class Manifest(BaseModel):
    """Every field may be left out: the grader then looks for itself. The contract, section 2, describes them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    app: Annotated[str, Field(max_length=500, pattern=r"^[\w.]+:[\w.]+$")] | None = None
    pythonpath: Annotated[tuple[_Inner, ...], Field(max_length=20)] = ()
    cwd: _Inner = "."
    tests: _Inner | None = None
    expect: Annotated[tuple[Kind, ...], Field(max_length=10)] = ()
    env: Annotated[dict[str, str], Field(max_length=100), AfterValidator(_environment)] = {}
    auth: Auth = Auth()
    endpoint: Annotated[tuple[Endpoint, ...], Field(max_length=20)] = ()


def read(root: Path) -> Manifest:
    """The manifest of a submission; an empty one if it has none.

    Raises:
        SubmissionError: it has one that can't be read, or names a place outside the submission; the text names the
            file and the field, and tells nothing of what lies outside.
    """
    for name in ("lab.toml", "pyproject.toml"):
        file = root / name
        if not file.is_file():
            continue
        try:
            table = _lab_table(reading.parse_toml(reading.read_text(file, reading.MAX_TOML)), name)
            if table is None:
                continue
            manifest = Manifest.model_validate(table)
        except reading.Unreadable as error:
            raise SubmissionError(f"{name} can't be read: {error}.") from error
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            where = ".".join(_shorten(str(part)) for part in first["loc"])
            problem = first["msg"].removeprefix("Value error, ")
            raise SubmissionError(f"{name}: [tool.lab] {where}: {problem}") from error
        _check_paths(root, name, manifest)
        return manifest
    return Manifest()


def _shorten(part: str) -> str:
    return part if part.isprintable() and len(part) <= 80 else _quote(part)


def _lab_table(table: dict[str, Any], name: str) -> Any:
    """`[tool.lab]`; all of a `lab.toml` that has no such table. None if there is none."""
    tool = table.get("tool")
    inner = tool.get("lab") if isinstance(tool, dict) else None
    found = table if inner is None and name == "lab.toml" else inner
    return None if found in (None, {}) else found


def _check_paths(root: Path, name: str, manifest: Manifest) -> None:
    """Raises SubmissionError for a path that leads out of the submission, or through a link."""
    named = [("cwd", manifest.cwd, manifest.cwd)]
    named += [(f"pythonpath.{index}", path, path) for index, path in enumerate(manifest.pythonpath)]
    if manifest.tests is not None:  # relative to where they are run
        whole = manifest.tests if manifest.tests.startswith("/") else f"{manifest.cwd}/{manifest.tests}"
        named.append(("tests", manifest.tests, whole))
    for where, path, whole in named:
        if reading.inside(root, whole) is None or path.startswith("-"):  # pytest would read an option
            raise SubmissionError(f"{name}: [tool.lab] {where}: {_leads_out(path)}.")
