"""Exercises of a notebook that is not the course's: their checks lie beside it, in `checks.py`.

```python
from classroom.exercises.beside import exercises

mine = exercises("checks.py")
mine.check("01.1")
mine.hint("01.1")
```
"""

import importlib.util
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from classroom.exercises.exercise import Exercise, judge_here

_ID = re.compile(r"\d\d\.\d{1,2}")


class ChecksError(ValueError):
    """`checks.py` is not what it should be; the text says what it lacks."""


@dataclass
class Exercises:
    """Exercises by their identifiers, such as "01.2": the number of the notebook, then the exercise's.

    `missing`: why there are none, if their file is not there. `asked`: how many hints were asked for.
    """

    known: Mapping[str, Exercise]
    missing: str = ""
    asked: Counter[str] = field(default_factory=Counter)

    def check(self, id: str) -> None:
        """Try the answer to an exercise, and show what was seen.

        Raises:
            KeyError: there is no such exercise.
        """
        from IPython.core.getipython import get_ipython

        from classroom.exercises.card import (
            show_verdict,  # here: it loads IPython, which a grading does without
        )

        if self.missing:
            print(self.missing)
            return
        shell = get_ipython()
        show_verdict(judge_here(id, self._one(id), dict(shell.user_ns) if shell else {}))

    def hint(self, id: str) -> None:
        """Show a hint: a question first, asked again a pointer, and then what is nearly the answer.

        Raises:
            KeyError: there is no such exercise.
        """
        from classroom.exercises.card import show_hint

        if self.missing:
            print(self.missing)
            return
        hints = self._one(id).hints
        self.asked[id] += 1
        number = min(self.asked[id], len(hints))
        show_hint(f"Hint {number} of {len(hints)} for exercise {id}:", hints[number - 1])

    def _one(self, id: str) -> Exercise:
        if id not in self.known:
            raise KeyError(f"There is no exercise {id}. There are: {', '.join(self.known)}.")
        return self.known[id]


def load(file: Path) -> dict[str, Exercise]:
    """The `EXERCISES` of a file of checks.

    Raises:
        ChecksError: it has no table of exercises by identifiers such as "01.2".
        Exception: whatever the file itself raises.
    """
    spec = importlib.util.spec_from_file_location(f"checks_of_{file.parent.name or 'here'}", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    exec(compile(file.read_bytes(), str(file), "exec"), module.__dict__)  # noqa: S102 - the course's author wrote it
    found = getattr(module, "EXERCISES", None)
    if not isinstance(found, dict) or not all(isinstance(each, Exercise) for each in found.values()):
        raise ChecksError("EXERCISES is not a table of exercises by their identifiers")
    wrong = next((id for id in found if not isinstance(id, str) or not _ID.fullmatch(id)), None)
    if wrong is not None:
        raise ChecksError(f"{wrong!r} is no identifier of an exercise: write it as 01.2")
    return dict(sorted(found.items()))


def exercises(file: str | Path = "checks.py") -> Exercises:
    """The exercises whose checks a file holds; where there is none, `check` says so, and the notebook runs on.

    Raises:
        ChecksError: it has no table of exercises by identifiers such as "01.2".
    """
    place = Path(file)
    if not place.is_file():
        return Exercises({}, f"{place} is not here, so that nothing is checked: keep it beside the notebook.")
    return Exercises(load(place))
