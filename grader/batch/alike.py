"""Submissions whose code has nearly the same shape: a question for a person, never a verdict.

What many have in common (the skeleton, what the lesson shows) says nothing and is left out.
"""

from collections import Counter
from collections.abc import Mapping

_COMMON = 0.2  # of the class: what more have than that is everybody's
_FEW = 4  # submissions in which something may stand and still be somebody's own
_LEAST = 40  # fingerprints of one's own, without which nothing can be said
_ALIKE = 0.6  # of the smaller one's, shared


def alike(shapes: Mapping[str, frozenset[int]]) -> dict[str, tuple[str, ...]]:
    """For each submission those that it is alike to, by name.

    Args:
        shapes: name → fingerprints (see `grader.collect.likeness`).
    """
    counts = Counter(number for shape in shapes.values() for number in shape)
    common = max(_FEW, _COMMON * len(shapes))
    own = {
        name: frozenset(number for number in shape if counts[number] <= common)
        for name, shape in shapes.items()
    }
    holders: dict[int, list[str]] = {}
    for name, shape in own.items():
        for number in shape:
            holders.setdefault(number, []).append(name)
    shared: Counter[tuple[str, str]] = Counter()
    for names in holders.values():
        ordered = sorted(names)
        shared.update((one, other) for at, one in enumerate(ordered) for other in ordered[at + 1 :])
    found: dict[str, set[str]] = {}
    for (one, other), count in shared.items():
        smaller = min(len(own[one]), len(own[other]))
        if smaller >= _LEAST and count >= _ALIKE * smaller:
            found.setdefault(one, set()).add(other)
            found.setdefault(other, set()).add(one)
    return {name: tuple(sorted(others)) for name, others in found.items()}
