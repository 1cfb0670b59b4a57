"""An assignment: its declaration, its criteria, and the rubric that weighs them. The lab's own is one, too."""

import importlib.metadata
import importlib.util
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from grader import rubric as rubrics
from grader.assignment import declaration, loading
from grader.assignment.declaration import Declaration, OwnQuestions
from grader.assignment.package import Package, digest, texts
from grader.criteria import ALL, SECTIONS, Criterion
from grader.errors import AssignmentError
from grader.report.language import Language, language
from grader.rubric import Rubric

if TYPE_CHECKING:
    from classroom.exercises.exercise import Exercise

ENTRY_POINTS = "grader.assignments"
LOCALE = "locale"


@dataclass(frozen=True)
class Assignment:
    """What is graded, and how.

    Attributes:
        name: of its folder.
        declared: what its `assignment.toml` says.
        own: its criteria, beside the lab's.
        folder: where it is; None of the lab's, which is a part of the grader.
        exercises: the checks of its notebooks.
        catalogues: its texts in other languages, `locale/LANGUAGE.po`, by the language's code.
    """

    name: str
    declared: Declaration
    own: tuple[Criterion, ...] = ()
    folder: Path | None = None
    exercises: Mapping[str, "Exercise"] = field(default_factory=dict)
    catalogues: Mapping[str, str] = field(default_factory=dict)

    def language(self, code: str | None = None) -> Language:
        """The language of reports: the one that is asked for, or else the assignment's.

        Raises:
            GraderError: there is none of that code.
        """
        wanted = code or self.declared.language
        return language(wanted, self.catalogues.get(wanted))

    @property
    def criteria(self) -> tuple[Criterion, ...]:
        """Everything that a rubric may name."""
        return (*ALL, *self.own)

    @property
    def sections(self) -> dict[str, str]:
        """The title of each section, in the order in which reports show them."""
        titles = (
            {one.section: one.section.capitalize() for one in self.own} | SECTIONS | self.declared.sections
        )
        return {name: titles[name] for name in dict.fromkeys([*self.declared.sections, *titles])}

    def rubric(self, other: Path | None = None) -> Rubric:
        """Its rubric, or another one for the same criteria.

        Raises:
            RubricError: it isn't there, or names a criterion that doesn't exist.
        """
        usual = self.folder / self.declared.rubric if self.folder else rubrics.SHIPPED
        return rubrics.read(other or usual, tuple(one.id for one in self.criteria))

    @property
    def questions(self) -> OwnQuestions:
        """What is asked of an app, beside what the lab asks."""
        return OwnQuestions(self.declared, self.exercises)

    @property
    def given(self) -> frozenset[int]:
        """The fingerprints of what learners are given; see `grader.review.similarity`."""
        from grader.collect.code.fingerprints import fingerprints

        place = self.folder / self.declared.skeleton if self.folder and self.declared.skeleton else None
        files = sorted(place.rglob("*.py")) if place else []
        return frozenset(number for file in files for number in fingerprints([file]))

    def with_needs(self, prefixes: Sequence[str]) -> tuple[str, ...]:
        """Beginnings of identifiers, with those of the criteria that these need."""
        if self.folder is None or not prefixes:
            return tuple(prefixes)
        wanted = {one.id for one in self.criteria if one.id.startswith(tuple(prefixes))}
        return tuple(dict.fromkeys([*prefixes, *sorted(self._needed(wanted) - wanted)]))

    def _needed(self, wanted: set[str]) -> set[str]:
        needs = {one.id: one.needs for one in self.criteria}
        found, waiting = set(wanted), list(wanted)
        while waiting:
            new = set(needs[waiting.pop()]) - found
            found |= new
            waiting += new
        return found

    def package(self, rubric: Rubric) -> Package | None:
        """What a worker needs to ask and to judge by a rubric; nothing of the lab's, which it has."""
        if self.folder is None:
            return None
        families = {id.partition(".")[0] + "." for id in self._needed(set(rubric.worth))}
        checks = f"{self.declared.notebooks}/{loading.CHECKS}" if self.declared.notebooks else None
        files = texts(self.folder, declaration.FILE, loading.CRITERIA, checks, LOCALE)
        asks = tuple(
            sorted({*families, *(one.name.partition(".")[0] + "." for one in self.declared.question)})
        )
        asked = self.declared.model_dump_json(include={"stand_ins", "operation", "question"})
        return Package(
            name=self.name,
            files=files,
            asks=asks,
            questions=digest(asked, *asks, files.get(checks or "", "")),
        )


LAB = Assignment("lab", Declaration(title="Core"))


def read(folder: Path, *, is_copy: bool = False) -> Assignment:
    """The assignment in a folder. `is_copy`: of a package, which has what judging needs and nothing else.

    Raises:
        AssignmentError: there is none, or something in it makes no sense; the text names the file.
    """
    file = folder / declaration.FILE
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise AssignmentError(
            f"{file} can't be read: an assignment is a folder with that file. See docs/authoring.md."
        ) from error
    declared = declaration.parse(text, file)
    for key, name in (("skeleton", declared.skeleton), ("notebooks", declared.notebooks)):
        if name is not None and not is_copy and not (folder / name).is_dir():
            raise AssignmentError(f"{file}: {key}: there is no folder {name!r} beside it.")
    taken = next((one.name for one in declared.question if one.name.partition(".")[0] in SECTIONS), None)
    if taken is not None:
        raise AssignmentError(
            f"{file}: {taken}: the lab has questions of that section: choose another first word."
        )
    own = loading.criteria(folder)
    known = {one.section for one in own} | set(SECTIONS)
    unknown = next((name for name in declared.sections if name not in known), None)
    if unknown is not None:
        raise AssignmentError(
            f"{file}: sections: no criterion is in {unknown!r}; there are {', '.join(sorted(known))}."
        )
    checks = loading.exercises(folder / declared.notebooks) if declared.notebooks else {}
    catalogues = texts(folder, LOCALE)
    by_code = {Path(name).stem: text for name, text in catalogues.items() if name.endswith(".po")}
    return Assignment(folder.resolve().name, declared, own, folder, checks, by_code)


def unpack(package: Package) -> Assignment:
    """The assignment that a batch kept beside its results.

    Raises:
        AssignmentError: something in it makes no sense to this version of the grader.
    """
    with package.laid_out() as folder:
        return replace(read(folder, is_copy=True), name=package.name)


def find(named: str | None) -> Assignment:
    """The assignment that a person names: a folder, or the name of an installed package's; the lab's, if none is named.

    Raises:
        AssignmentError: there is none, or something in it makes no sense.
    """
    if named is None:
        return LAB
    if Path(named).is_dir():
        return read(Path(named))
    installed = {one.name: one for one in importlib.metadata.entry_points(group=ENTRY_POINTS)}
    if named not in installed:
        there = f"; installed are {', '.join(sorted(installed))}" if installed else ""
        raise AssignmentError(f"{named} is neither a folder nor the name of an installed assignment{there}.")
    spec = importlib.util.find_spec(installed[named].value)
    places = list(spec.submodule_search_locations or ()) if spec else []
    if not places:
        raise AssignmentError(
            f"The installed assignment {named} is no package with a folder: {installed[named].value}."
        )
    return read(Path(places[0]))
