"""Finds similar submissions: a question for a person, never a verdict.

The same work to the byte is always pointed out. Code of nearly the same shape is, too, however many share it: only what
the class was given, the skeleton and the answer key, says nothing of anybody.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import grader
from grader.collect.code import fingerprints

_LEAST = 40  # fingerprints of one's own, without which nothing is reported
_ALIKE = 0.6  # of the smaller one's, shared
_GIVEN = ("lab", "answer-key")  # beside the grader, in the course's repository


@dataclass(frozen=True)
class Group:
    """Submissions of which each is alike to another one, by name.

    `identical`: all of them are the same to the byte. `closest`: to each the most alike other, and the share of the
    smaller one's fingerprints that both have, 0 to 1.
    """

    members: tuple[str, ...]
    identical: bool
    closest: Mapping[str, tuple[str, float]]


@cache
def given(root: Path = Path(grader.__file__).parents[1]) -> frozenset[int]:
    """The fingerprints of what the class was given; nothing, where the grader is installed without the course."""
    files = [file for name in _GIVEN for file in sorted((root / name).rglob("*.py"))]
    # file by file: what bounds a submission's fingerprints must not cut the given ones short
    return frozenset(number for file in files for number in fingerprints.fingerprints([file]))


def groups(
    shapes: Mapping[str, frozenset[int]],
    digests: Mapping[str, str],
    given: frozenset[int] = frozenset(),
) -> list[Group]:
    """Every group of submissions that are alike, the largest first.

    Args:
        shapes: name → fingerprints (see `grader.collect.code.fingerprints`).
        digests: name → digest of every file; names that are missing or empty are the same as nobody's.
        given: fingerprints that say nothing.
    """
    own = {name: shape - given for name, shape in shapes.items()}
    closest: dict[str, tuple[str, float]] = {}
    united = _Union([*dict.fromkeys([*own, *digests])])
    for names in _by(digests):
        _note(closest, united, names)
    comparable = {name: shape for name, shape in own.items() if len(shape) >= _LEAST}
    for names in _by(comparable):
        _note(closest, united, names)
    # from here each shape once: a class that hands in one work is no more to compare than one learner
    shapes_once = {shape: name for name, shape in reversed(comparable.items())}
    single = sorted(shapes_once.items(), key=lambda item: item[1])
    masks = _masks([shape for shape, _ in single])
    for at, (shape, one) in enumerate(single):
        for other_at in range(at + 1, len(single)):
            smaller = min(len(shape), len(single[other_at][0]))
            share = (masks[at] & masks[other_at]).bit_count() / smaller
            if share >= _ALIKE:
                other = single[other_at][1]
                united.join(one, other)
                for name, near in ((one, other), (other, one)):
                    if share > closest.get(name, ("", 0.0))[1]:
                        closest[name] = (near, share)
    found = [
        Group(
            tuple(members),
            len({digests.get(name) or name for name in members}) == 1,
            {name: closest[name] for name in members},
        )
        for members in united.groups()
    ]
    return sorted(found, key=lambda group: (-len(group.members), group.members))


def likes(found: Sequence[Group]) -> dict[str, tuple[str, ...]]:
    """For each submission the others of its group."""
    return {
        name: tuple(other for other in group.members if other != name)
        for group in found
        for name in group.members
    }


def _by(values: Mapping[str, object]) -> list[list[str]]:
    """Names of the same value, where there are several."""
    names: dict[object, list[str]] = {}
    for name, value in values.items():
        if value:
            names.setdefault(value, []).append(name)
    return [same for same in names.values() if len(same) > 1]


def _note(closest: dict[str, tuple[str, float]], united: "_Union", names: list[str]) -> None:
    for at, name in enumerate(names):
        united.join(names[0], name)
        closest.setdefault(name, (names[at - 1], 1.0))


def _masks(shapes: Sequence[frozenset[int]]) -> list[int]:
    """Each set as the bits of one number: two of them are compared in microseconds. What only one has is left out."""
    holders = Counter(number for shape in shapes for number in shape)
    place = {number: at for at, number in enumerate(number for number, times in holders.items() if times > 1)}
    masks = []
    for shape in shapes:
        bits = bytearray(len(place) // 8 + 1)
        for number in shape & place.keys():
            bits[place[number] >> 3] |= 1 << (place[number] & 7)
        masks.append(int.from_bytes(bits, "little"))
    return masks


class _Union:
    """Names that belong together."""

    def __init__(self, names: Sequence[str]) -> None:
        self._leader = {name: name for name in names}

    def _first(self, name: str) -> str:
        while self._leader[name] != name:
            self._leader[name] = name = self._leader[self._leader[name]]
        return name

    def join(self, one: str, other: str) -> None:
        self._leader[self._first(other)] = self._first(one)

    def groups(self) -> list[list[str]]:
        found: dict[str, list[str]] = {}
        for name in sorted(self._leader):
            found.setdefault(self._first(name), []).append(name)
        return [names for names in found.values() if len(names) > 1]
