"""The packages of a submission that declares none: what its code imports, in the versions that its author's commands name.

Nobody can run such work without guessing them, and people do. A guess is a name from an import statement, which leads to a
package as a line of requirements.txt would: to wheels of the machine's index, behind the wall.
"""

import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from grader import reading
from grader.environments import choosing
from grader.environments.declaration import Declaration, Unusable, canonical, declare, readable

_MOST_FILES, _MOST_BYTES, _MOST_MODULES = 40, 256 * 1024, 60
# where people write down which commands to run
_COMMANDS = re.compile(
    r"(?i)(?:readme|install|setup|.*Dockerfile|Makefile|justfile)[\w.-]*|.*\.(?:md|rst|sh|nix|ya?ml|bat|ps1)"
)
_INSTALLS = re.compile(r"\b(?:pip3?|conda|uv)[ \t]+(?:install|add|pip[ \t]+install)[ \t]+([^\n`|;&#]{1,500})")
# packages whose modules have other names than they
_OTHERWISE_NAMED: Mapping[str, str] = {
    "PIL": "pillow", "bs4": "beautifulsoup4", "corsheaders": "django-cors-headers", "cv2": "opencv-python-headless",
    "dateutil": "python-dateutil", "decouple": "python-decouple", "docx": "python-docx", "dotenv": "python-dotenv",
    "environ": "django-environ", "fitz": "pymupdf", "jose": "python-jose", "jwt": "pyjwt", "multipart": "python-multipart",
    "psycopg2": "psycopg2-binary", "rest_framework": "djangorestframework", "sklearn": "scikit-learn",
    "socketio": "python-socketio", "yaml": "pyyaml",
}  # fmt: skip
# what a framework asks to be installed once it is used so; the first error of such code says so
_ASKED_FOR = (
    (re.compile(r"\bJinja2Templates\b"), "fastapi starlette", "jinja2"),
    (re.compile(r"\b(?:Form|File|UploadFile)\b"), "fastapi", "python-multipart"),
    (re.compile(r"\bSessionMiddleware\b"), "fastapi starlette", "itsdangerous"),
    (re.compile(r"\bEmailStr\b"), "pydantic", "email-validator"),
)
# what people call modules of their own that they keep to themselves, such as a file with a key
_LIKELY_OWN = re.compile(
    r"(?i)_|.*(?:config|setting|secret|credential|constant|api_?key|utils?$|helper|^keys?$|^models?$|^database$)"
)
_THE_LABS = frozenset({"classroom", "grader"})  # never a package of that name: it is somebody else's
NOTE = "No file declares packages: those that the code imports were installed. Name them in requirements.txt."


def assumed(root: Path, modules: Iterable[str]) -> Declaration | None:
    """What a submission that declares nothing needs; None if it imports nothing that has to be installed.

    Args:
        root: the submission.
        modules: the top-level names that its code imports.
    """
    wanted = [name for name in sorted(modules) if _is_foreign(root, name)][:_MOST_MODULES]
    if not wanted:
        return None
    by_name = dict(named(root))
    requirements = []
    for module in wanted:
        package = _package(module)
        listed = [
            text
            for name, text in by_name.items()
            if name == package or choosing.may_be_imported(name, [module])
        ]
        requirements.append(listed[0] if listed else package)
    requirements += [name for name in _asked_for(root, wanted) if name not in requirements]
    optional = {str(canonicalize_name(Requirement(text).name)) for text in requirements}
    return declare(requirements, None, [NOTE], optional)


def also_named(root: Path, modules: Iterable[str], declaration: Declaration) -> Declaration:
    """A declaration with the packages that it leaves out, the code imports, and the author's commands install.

    Who follows a README that says `pip install beautifulsoup4` has it, whatever requirements.txt says.

    Args:
        root: the submission.
        modules: the top-level names that its code imports.
        declaration: what its files declare.
    """
    declared = {str(canonicalize_name(Requirement(text).name)) for text in declaration.requirements}
    lacking = [
        module
        for module in sorted(modules)
        if _package(module) not in declared
        and not any(choosing.may_be_imported(name, [module]) for name in declared)
        and _is_foreign(root, module)
    ][:_MOST_MODULES]
    written = dict(named(root)) if lacking else {}
    added = [
        text
        for name, text in written.items()
        if any(name == _package(module) or choosing.may_be_imported(name, [module]) for module in lacking)
    ]
    if not added:
        return declaration
    names = {str(canonicalize_name(Requirement(text).name)) for text in added}
    notes = [readable(f"{name} is only named in a command, such as README's.") for name in sorted(names)]
    made = declare(
        [*declaration.requirements, *added],
        declaration.python,
        [*declaration.ignored, *notes],
        {*declaration.optional, *names},
        declaration.limits,
    )
    return made.model_copy(update={"before": declaration.before, "absent": declaration.absent})


def _asked_for(root: Path, modules: Iterable[str]) -> Iterator[str]:
    """The packages without which the code's use of a framework ends in an error."""
    imported = set(modules)
    texts = []
    for file in islice(sorted(root.rglob("*.py")), _MOST_MODULES):
        try:
            texts.append(reading.read_text(file, _MOST_BYTES))
        except reading.Unreadable:
            continue
    for used, frameworks, package in _ASKED_FOR:
        if imported & set(frameworks.split()) and any(map(used.search, texts)):
            yield package


def _is_foreign(root: Path, module: str) -> bool:
    """Whether a module is neither Python's own nor the submission's, nor one that was most likely not handed in."""
    if (
        module in sys.stdlib_module_names
        or module in _THE_LABS
        or not module.isascii()
        or not module.isidentifier()
    ):
        return False
    is_own = next(islice(root.rglob(f"{module}.py"), 1), None) or any(
        each.is_dir() for each in root.rglob(module)
    )
    return not is_own and (module in choosing.owners() or not _LIKELY_OWN.match(module))


def _package(module: str) -> str:
    if module in _OTHERWISE_NAMED:
        return _OTHERWISE_NAMED[module]
    owners = choosing.owners().get(module, frozenset())
    plain = str(canonicalize_name(module))
    return plain if plain in owners or len(owners) != 1 else next(iter(owners))


def named(root: Path) -> Iterator[tuple[str, str]]:
    """Packages that commands in the submission's texts install: name, and requirement."""
    files = (
        each
        for each in root.rglob("*")
        if _COMMANDS.fullmatch(each.name) and "node_modules" not in each.parts
    )
    for file in islice((each for each in files if each.is_file()), _MOST_FILES):
        try:
            text = reading.read_bytes(file, _MOST_BYTES).decode("utf-8", "replace")
        except reading.Unreadable:
            continue
        for words in _INSTALLS.findall(text):
            for word in words.split():
                try:
                    made = canonical(word.strip("\"',()"))
                except Unusable:
                    continue  # an option, an address, or prose
                yield str(canonicalize_name(Requirement(made).name)), made
