"""Finds the owner of each submission: by the platform's identifier, otherwise by a name that only one learner has.

Where two answers are possible, none is chosen: a question names the candidates, and the class record answers it.
"""

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from grader.batch.columns import PARTICIPANT
from grader.batch.names import endings_of, holds, keys_of, without_branch
from grader.batch.parts import match_parts

if TYPE_CHECKING:
    from grader.batch.discovery import HandedIn
    from grader.batch.roster import Learner, Roster

_MOST_ANSWERS = 4  # identifiers that a question names as answers
# columns whose values end the names of repositories
_LOGINS = ("username", "github username", "login", "github")


@dataclass(frozen=True)
class Question:
    """What only a person can say: a sentence, the submissions that it is about, and whose they may be.

    `anyone`: whether they may also be those of others, as a group's are.
    """

    words: str
    submissions: tuple[str, ...]
    candidates: tuple["Learner", ...] = ()
    anyone: bool = False


@dataclass(frozen=True)
class Owners:
    """`whose`: for each submission those whose it is, several for a group. `absent`: those with no submission at all.
    `unclear`: those for whom that is open, with the reason."""

    whose: Mapping[str, tuple["Learner", ...]] = field(default_factory=dict)
    questions: tuple[Question, ...] = ()
    absent: tuple["Learner", ...] = ()
    unclear: tuple[tuple["Learner", str], ...] = ()
    notes: Mapping[str, str] = field(default_factory=dict)


@dataclass
class _Answer:
    """What is known of one submission. `certain`: by an identifier."""

    owners: tuple["Learner", ...] = ()
    certain: bool = False
    question: str = ""
    candidates: tuple["Learner", ...] = ()
    note: str = ""
    anyone: bool = False


def match_owners(
    submissions: Sequence["HandedIn"],
    roster: "Roster",
    owners: Mapping[str, Sequence[str]] | None = None,
    groups: Mapping[str, Sequence[str]] | None = None,
) -> Owners:
    """Decide whose each submission is.

    Args:
        owners: a submission's name → identifiers of learners, as a person has answered.
        groups: a group's name → identifiers of its members.
    """
    if not roster.learners:
        return Owners()
    known = _Known(submissions, roster, owners or {}, groups or {})
    answers = {one.name: known.answer(one) for one in submissions}
    _settle(answers)
    whose = {name: answer.owners for name, answer in answers.items() if answer.owners}
    questions = tuple(
        Question(answer.question, (name,), answer.candidates, answer.anyone or not answer.candidates)
        for name, answer in answers.items()
        if answer.question
    )
    present = {learner.id for each in whose.values() for learner in each}
    unclear = _unclear(roster.learners, present, questions)
    absent = tuple(each for each in roster.learners if each.id not in present and each.id not in unclear)
    notes = {name: answer.note for name, answer in answers.items() if answer.note}
    doubtful = tuple((each, unclear[each.id]) for each in roster.learners if each.id in unclear)
    return Owners(whose, questions, absent, doubtful, notes)


def _settle(answers: dict[str, _Answer]) -> None:
    """Of somebody with several submissions, only the one with their identifier is certainly theirs."""
    held: dict[str, list[str]] = defaultdict(list)
    for name, answer in answers.items():
        for learner in answer.owners:
            held[learner.id].append(name)
    disputed = {id: names for id, names in held.items() if len(names) > 1}
    for names in disputed.values():
        certain = [name for name in names if answers[name].certain]
        for name in names:
            answer = answers[name]
            if (len(certain) == 1 and name == certain[0]) or not answer.owners:
                continue
            others = " or ".join(each for each in names)
            answer.question = f"Which one is meant? {_names(answer.owners)} may have handed in {others}. {_how(name, answer.owners[0])}"
            answer.candidates, answer.owners = answer.owners, ()


def _unclear(
    learners: Iterable["Learner"], present: set[str], questions: Sequence[Question]
) -> dict[str, str]:
    """Those who may have handed in something after all."""
    anyone_s = [name for question in questions if question.anyone for name in question.submissions]
    unclear: dict[str, str] = {}
    for learner in learners:
        if learner.id in present:
            continue
        theirs = [
            name
            for question in questions
            if learner.id in {each.id for each in question.candidates}
            for name in question.submissions
        ]
        if theirs or anyone_s:
            which = ", ".join((theirs or anyone_s)[:4])
            unclear[learner.id] = (
                f"No submission is theirs for certain, but this may be: {which}. Answer the question about it in class.toml."
            )
    return unclear


def _names(learners: Sequence["Learner"]) -> str:
    return " or ".join(f"{each.name} ({each.id})" for each in learners)


def _how(submission: str, *learners: "Learner") -> str:
    ids = [each.id for each in learners[:_MOST_ANSWERS]] or ["an identifier of the roster's"]
    answer = " or ".join(f'"{id}"' for id in ids)
    return f'To answer, write into class.toml: [owners] "{submission}" = {answer}'


class _Known:
    """The roster, by everything that a submission may say of its owner."""

    def __init__(
        self,
        submissions: Sequence["HandedIn"],
        roster: "Roster",
        owners: Mapping[str, Sequence[str]],
        groups: Mapping[str, Sequence[str]],
    ) -> None:
        self._roster, self._owners = roster, owners
        self._ids: dict[str, list[Learner]] = defaultdict(list)
        self._numbers: dict[str, list[Learner]] = defaultdict(list)
        self._by_name: dict[str, list[Learner]] = defaultdict(list)
        self._groups: dict[str, list[Learner]] = defaultdict(list)
        self._logins: dict[str, list[Learner]] = defaultdict(list)
        for learner in roster.learners:
            for login in {learner.row.get(column, "").casefold() for column in _LOGINS} - {""}:
                self._logins[login].append(learner)
            for key in {learner.id.casefold(), *learner.handles}:
                self._ids[key].append(learner)
            for number in learner.numbers:
                self._numbers[number].append(learner)
            for key in set(keys_of(learner.name)):
                self._by_name[key].append(learner)
            for group in learner.groups:
                self._groups[_plain(group)].append(learner)
        for group, members in groups.items():
            self._groups[_plain(group)] = [each for id in members for each in self._named(id)]
        labels = [one.label for one in submissions if one.label]
        self._repositories = without_branch(
            one.name for one in submissions if one.label and one.label.platform == "plain"
        )
        self._names = Counter(label.name.casefold() for label in labels)
        moodle = [label for label in labels if label.platform == "moodle" and label.number]
        one_name = {label.name.casefold() for label in moodle}
        words = PARTICIPANT | {roster.word.casefold()}
        self._blind = {name for name in one_name if name in words or (len(moodle) > 2 and len(one_name) == 1)}

    def _named(self, id: str) -> list["Learner"]:
        """The learner of an identifier that a person wrote."""
        exact = [each for each in self._roster.learners if each.id == id]
        keys = [id.casefold(), *keys_of(id)]
        found = exact or list(_once(each for key in keys for each in self._ids.get(key, [])))
        if not found:
            found = list(_once(each for key in keys_of(id) for each in self._by_name.get(key, [])))
        return found if len(found) == 1 else []

    def answer(self, one: "HandedIn") -> _Answer:
        """Whose a submission is, or the question."""
        key = one.label.key if one.label else one.name
        owners = self._owners.get(one.name) or self._owners.get(key)
        if owners:
            theirs = {id: self._named(id) or self._groups.get(_plain(id), []) for id in owners}
            nobody = [id for id, learners in theirs.items() if not learners]
            if nobody:
                who = ", ".join(nobody)
                return _Answer(
                    question=f"class.toml gives {one.name} to {who}, who is not one learner of the roster's."
                )
            return _Answer(_once(each for learners in theirs.values() for each in learners), certain=True)
        if one.members:
            return self._of_members(one)
        if one.label and one.label.platform in ("canvas", "moodle"):
            return self._of_a_platform(one)
        return self._of_a_name(one)

    def _of_members(self, one: "HandedIn") -> _Answer:
        found: list[Learner] = []
        for member in one.members:
            ids = [
                key
                for value in (member.id, member.email)
                if value
                for key in (value.casefold(), *keys_of(value))
            ]
            theirs = _once([each for key in ids for each in self._ids.get(key, [])])
            if not ids or (not theirs and not (member.id or member.email)):
                theirs = _once([each for key in keys_of(member.name) for each in self._by_name.get(key, [])])
            if len(theirs) != 1:
                who = f"{member.name} ({member.id or member.email or 'without an identifier'})"
                which = (
                    f" May be {_names(theirs)}." if theirs else " The roster has nobody of that identifier."
                )
                return _Answer(
                    question=f"Who is {who}, of {one.name}?{which} {_how(one.name)}", candidates=theirs
                )
            found += theirs
        return _Answer(_once(found), certain=True)

    def _of_a_platform(self, one: "HandedIn") -> _Answer:
        label = one.label
        assert label is not None
        comparable = self._roster.platform in (label.platform, "other")
        by_number = _once(self._numbers.get(label.number, [])) if label.number and comparable else ()
        by_name = _once([each for key in keys_of(label.name) for each in self._by_name.get(key, [])])
        group = _once(self._groups.get(_plain(label.name), []))
        is_blind = label.name.casefold() in self._blind or label.number.startswith("anon_")
        number = f"{label.platform.capitalize()}'s number {label.number}"
        if group and not set(_ids(by_number)) & set(_ids(by_name)):
            return _Answer(group, certain=True)
        if len(by_number) == 1:
            [learner] = by_number
            if (
                learner.id in _ids(by_name)
                or holds(label.name, learner.name)
                or (is_blind and self._roster.platform == label.platform)
            ):
                return _Answer(by_number, certain=True)
            if by_name:
                words = f"Whose is {one.name}? {number} is {_names(by_number)}, the name is that of {_names(by_name)}."
                return _Answer(
                    question=f"{words} {_how(one.name, learner)}", candidates=(*by_number, *by_name)
                )
            if label.platform == "canvas" and self._roster.platform == "canvas" and not label.is_glued:
                note = f"The name on it is {label.name!r}. If that is a group, name its members in class.toml: [groups]"
                return _Answer(by_number, certain=True, note=note)
            words = (
                f"Whose is {one.name}? {number} is {_names(by_number)}, but the name is not theirs. If it is a group, the "
                f'number is the group\'s: name its members in class.toml, [groups] "{label.name}" = ["…"].'
            )
            return _Answer(question=f"{words} {_how(one.name, learner)}", candidates=by_number, anyone=True)
        has_numbers = comparable and self._roster.platform == label.platform and bool(label.number)
        if len(by_name) == 1 and not has_numbers and self._names[label.name.casefold()] == 1:
            return _Answer(by_name, note="Matched by name: the roster has no number of the platform's.")
        why = f"the roster has nobody with {number}" if has_numbers else "the roster does not tell"
        which = f" May be {_names(by_name)}." if by_name else ""
        as_group = f' If it is a group: [groups] "{label.name}" = ["…"].' if not by_name else ""
        return _Answer(
            question=f"Whose is {one.name}? {why[0].upper()}{why[1:]}.{which} {_how(one.name, *by_name)}{as_group}",
            candidates=by_name,
        )

    def _of_a_repository(self, handles: Sequence[str]) -> "tuple[Learner, bool] | None":
        """Whose login a repository's name ends with, behind the classroom's and the assignment's, the longest one; and
        whether it is the whole name."""
        for handle in sorted(handles, key=len, reverse=True):
            for at, ending in enumerate(endings_of(self._repositories.get(handle, handle))):
                theirs = self._logins.get(ending, ())
                if len(theirs) == 1:
                    return theirs[0], at == 0
        return None

    def _of_a_name(self, one: "HandedIn") -> _Answer:
        handles = list(dict.fromkeys((*one.handles, one.name)))
        by_login = self._of_a_repository(handles)
        if by_login is not None:
            return _Answer((by_login[0],), certain=by_login[1])
        by_id = _once(
            [each for handle in handles for key in keys_of(handle) for each in self._ids.get(key, [])]
        )
        by_name = _once(
            [each for handle in handles for key in keys_of(handle) for each in self._by_name.get(key, [])]
        )
        group = _once([each for handle in handles for each in self._groups.get(_plain(handle), [])])
        if len(by_id) == 1:
            return _Answer(by_id, certain=True)
        if not by_id and group:
            return _Answer(group, certain=True)
        candidates = by_id or by_name
        if len(candidates) == 1:
            return _Answer(candidates)
        matched = _Answer(**match_parts(handles, self._ids, self._by_name)._asdict())
        # of namesakes, a login or an address beside the name says which
        if matched.owners and (
            not candidates or (matched.certain and {*_ids(matched.owners)} <= {*_ids(candidates)})
        ):
            return matched
        candidates = candidates or matched.candidates
        which = (
            f"May be {_names(candidates)}."
            if candidates
            else "The roster has nobody of that name or identifier."
        )
        return _Answer(
            question=f"Whose is {one.name}? {which} {_how(one.name, *candidates)}",
            candidates=candidates,
        )


def _plain(name: str) -> str:
    """A group's name: Moodle writes a blank for `_`, Canvas leaves out what is no letter or digit."""
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", name).casefold())


def _once(learners: Iterable["Learner"]) -> tuple["Learner", ...]:
    return tuple({learner.id: learner for learner in learners}.values())


def _ids(learners: Iterable["Learner"]) -> list[str]:
    return [learner.id for learner in learners]
