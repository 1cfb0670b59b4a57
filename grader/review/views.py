"""What a review shows of submissions, asked of a worker, and kept for as long as the review is open."""

import threading
from collections import OrderedDict
from collections.abc import Sequence

from pydantic import ValidationError

from grader.batch import evidence_store
from grader.errors import EvidenceError, GraderError
from grader.review import opening
from grader.review.decisions import ForLearner
from grader.review.reader import Reader
from grader.review.record import ClassRecord
from grader.review.viewing import View
from grader.sandbox import Tier
from grader.worker import Wanted

_KEPT = 48  # views; each is some MB at most
_LARGEST = 64 * 1024 * 1024


class Views:
    """Views by the name of the record that they are of. Safe to use from several threads; one worker at a time reads."""

    def __init__(self, tier: Tier) -> None:
        self._tier = tier
        self._turn, self._open = threading.Lock(), threading.Lock()
        self._kept: OrderedDict[str, View | str] = OrderedDict()
        self._reader: Reader | None = None

    def of(self, known: ClassRecord, records: Sequence[str]) -> dict[str, View | str]:
        """For each record what there is to show, or why there is nothing."""
        wanted = [record for record in dict.fromkeys(records) if record]
        found = self._known(wanted)
        if len(found) < len(wanted):
            with self._turn:
                found = self._known(wanted)  # somebody may have asked meanwhile
                found |= {record: self._ask(known, record) for record in wanted if record not in found}
        with self._open:
            for record in wanted:
                self._kept[record] = found[record]
                self._kept.move_to_end(record)
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        return found

    def page(self, known: ClassRecord, record: str, name: str, decisions: ForLearner) -> bytes:
        """The page that the learner gets, with every decision in it.

        Raises:
            GraderError, EvidenceError, SubmissionError: there is none; the text says why.
        """
        content = opening.evidence_of(known, record)
        if content is None:
            raise EvidenceError("The evidence is not kept any more. Run grader batch again.")
        wanted = Wanted(
            self._tier,
            rubric=known.worth,
            assignment=known.assignment,
            pages=("html",),
            language=known.language,
        )
        return opening.judge_evidence(opening.Kept(name, content, decisions), wanted).files["page.html"]

    def close(self) -> None:
        """End the worker."""
        with self._turn:
            if self._reader:
                self._reader.close()
                self._reader = None

    def _known(self, records: Sequence[str]) -> dict[str, View | str]:
        with self._open:
            return {record: self._kept[record] for record in records if record in self._kept}

    def _ask(self, known: ClassRecord, record: str) -> View | str:
        try:
            content = opening.evidence_of(known, record)
            if content is None:
                return "The evidence is not kept any more. Run grader batch again."
            outcome, packed = evidence_store.parse_record(content)
        except (GraderError, EvidenceError, OSError) as error:
            return str(error)
        if outcome.state != "graded":
            return outcome.message
        judged, files = self._reader_for(known).read(record, packed)
        if "view.json" not in files:
            return judged.message or "The worker gave nothing to show."
        return _parse(files["view.json"])

    def _reader_for(self, known: ClassRecord) -> Reader:
        wanted = Wanted(self._tier, rubric=known.worth, assignment=known.assignment, pages=("view",))
        if self._reader is None or self._reader.wanted != wanted or not self._reader.works:
            if self._reader:
                self._reader.close()
            self._reader = Reader(wanted)
        return self._reader


def _parse(content: bytes) -> View | str:
    if len(content) > _LARGEST:
        return "There is more to show than a page can hold."
    try:
        return View.model_validate_json(content)
    except ValidationError:
        return "The worker gave what is not to be shown."
