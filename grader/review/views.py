"""What a review shows of submissions, asked of workers, and kept for as long as the review is open."""

import tempfile
import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from typing import BinaryIO

from pydantic import ValidationError

from grader.batch import vault
from grader.errors import EvidenceError, GraderError
from grader.review import opening
from grader.review.decisions import ForLearner
from grader.review.record import ClassRecord
from grader.review.viewing import View
from grader.sandbox import Tier
from grader.worker import Wanted, judge_again

_KEPT = 48  # views; each is some MB at most
_LARGEST = 64 * 1024 * 1024


class Views:
    """Views by the name of the record that they are of. Safe to use from several threads; one worker at a time reads."""

    def __init__(self, tier: Tier) -> None:
        self._tier = tier
        self._turn, self._open = threading.Lock(), threading.Lock()
        self._kept: OrderedDict[str, View | str] = OrderedDict()

    def of(self, known: ClassRecord, records: Sequence[str]) -> dict[str, View | str]:
        """For each record what there is to show, or why there is nothing."""
        wanted = [record for record in dict.fromkeys(records) if record]
        found = self._known(wanted)
        if len(found) < len(wanted):
            with self._turn:
                found = self._known(wanted)  # the worker before this one may have read it
                missing = [record for record in wanted if record not in found]
                found |= dict(self._asked(known, missing))
        with self._open:
            for record in wanted:
                self._kept[record] = found[record]
                self._kept.move_to_end(record)
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        return found

    def _known(self, records: Sequence[str]) -> dict[str, View | str]:
        with self._open:
            return {record: self._kept[record] for record in records if record in self._kept}

    def _asked(self, known: ClassRecord, records: Sequence[str]) -> Iterator[tuple[str, View | str]]:
        files: dict[str, bytes] = {}
        troubles: dict[str, str] = {}
        wanted = Wanted(self._tier, rubric=known.worth, pages=("view",))

        def keep(name: str, file: str, content: bytes) -> None:
            files[name] = content

        for record, judged in judge_again(_streams(known, records, troubles), wanted, keep, packed=True):
            if record not in files:
                troubles[record] = judged.message or "The worker gave nothing to show."
        for record in records:
            yield (
                record,
                _parsed(files[record]) if record in files else troubles.get(record, "Nothing is kept."),
            )

    def page(self, known: ClassRecord, record: str, name: str, said: ForLearner) -> bytes:
        """The page that the learner gets, with every decision in it.

        Raises:
            GraderError, EvidenceError, SubmissionError: there is none; the text says why.
        """
        content = opening.evidence_of(known, record)
        if content is None:
            raise EvidenceError("The evidence is not kept any more. Run grader batch again.")
        wanted = Wanted(self._tier, rubric=known.worth, pages=("html",))
        with self._turn:
            return opening.judged(opening.Kept(name, content, said), wanted).files["page.html"]


def _streams(
    known: ClassRecord, records: Sequence[str], troubles: dict[str, str]
) -> Iterator[tuple[str, BinaryIO]]:
    for record in records:
        try:
            content = opening.evidence_of(known, record)
            if content is None:
                troubles[record] = "The evidence is not kept any more. Run grader batch again."
                continue
            outcome, packed = vault.parsed(content)
        except (GraderError, EvidenceError, OSError) as error:
            troubles[record] = str(error)
            continue
        if outcome.state != "graded":
            troubles[record] = outcome.message
            continue
        with tempfile.TemporaryFile() as file:
            file.write(packed)
            file.seek(0)
            yield record, file


def _parsed(content: bytes) -> View | str:
    if len(content) > _LARGEST:
        return "There is more to show than a page can hold."
    try:
        return View.model_validate_json(content)
    except ValidationError:
        return "The worker gave what is not to be shown."
