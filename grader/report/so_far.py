"""Verdicts as they come, as plain lines of text: one for each section, and one for each criterion that did not pass."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

from grader.criteria.criterion import Criterion
from grader.judge import Status
from grader.report.language import ENGLISH, Language
from grader.report.words import add_sign


def lines(
    verdicts: Mapping[str, Status],
    criteria: Sequence[Criterion],
    sections: Mapping[str, str],
    say: Language = ENGLISH,
) -> Iterator[str]:
    """What to print of verdicts that are settled.

    Args:
        verdicts: by the criteria's identifiers; others than those of `criteria` are passed over, and so is what was
            not run: the report says why.
        criteria: everything that a rubric may name.
        sections: their titles.
        say: the language.
    """
    known = [one for one in criteria if verdicts.get(one.id, "not_run") != "not_run"]
    for section, group in groupby(known, key=lambda one: one.section):
        ended = list(group)
        passed = sum(verdicts[one.id] == "passed" for one in ended)
        title = say(sections.get(section, section))
        yield say("{section}: {passed} of {all} passed", section=title, passed=passed, all=len(ended))
        for one in ended:
            if verdicts[one.id] != "passed":
                yield f"  {add_sign(verdicts[one.id], say)}  {say(one.title)}"
