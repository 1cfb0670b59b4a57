"""What a criterion is: a pure function from evidence to a verdict, with the words around it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from grader.evidence import Evidence, Kind, Offer, Probe
from grader.messages import Sentence, ended, joined, sentence, term
from grader.ordinary_requests import GENERATES

Status = Literal["passed", "failed", "not_run", "error"]


@dataclass(frozen=True)
class Verdict:
    """What a criterion says of a submission.

    `summary`: one sentence of what was seen. `evidence`: identifiers of the exchanges, calls and objects behind it.
    """

    status: Status
    summary: str
    evidence: tuple[str, ...] = ()
    advice: tuple[str, ...] = ()


@dataclass(frozen=True)
class Criterion:
    """One criterion. `title` and `hint` are what learners read; `needs`: what must have passed first."""

    id: str
    title: str
    hint: str
    judge: Callable[[Evidence], Verdict]
    needs: tuple[str, ...] = ()

    @property
    def section(self) -> str:
        """The part of the identifier before the dot."""
        return self.id.partition(".")[0]


class Section:
    """Collects the criteria of one module, in the order in which they are written."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._criteria: list[Criterion] = []

    @property
    def criteria(self) -> tuple[Criterion, ...]:
        """All that were added."""
        return tuple(self._criteria)

    def add(
        self,
        name: str,
        title: str,
        hint: str,
        judge: Callable[[Evidence], Verdict],
        needs: tuple[str, ...] = (),
    ) -> None:
        """Add `section.name`."""
        self._criteria.append(Criterion(f"{self.name}.{name}", title, hint, judge, needs))

    def criterion(
        self, name: str, title: str, hint: str, needs: tuple[str, ...] = ()
    ) -> Callable[[Callable[[Evidence], Verdict]], Callable[[Evidence], Verdict]]:
        """The same, as a decorator."""

        def register(judge: Callable[[Evidence], Verdict]) -> Callable[[Evidence], Verdict]:
            self.add(name, title, hint, judge, needs)
            return judge

        return register


def passed(summary: str, evidence: tuple[str, ...] = (), advice: tuple[str, ...] = ()) -> Verdict:
    """It holds."""
    return Verdict("passed", summary, evidence, advice)


def failed(summary: str, evidence: tuple[str, ...] = (), advice: tuple[str, ...] = ()) -> Verdict:
    """It does not hold."""
    return Verdict("failed", summary, evidence, advice)


def not_run(reason: str) -> Verdict:
    """It could not be asked; the reason is named."""
    return Verdict("not_run", reason)


@dataclass(frozen=True)
class Finding:
    """What one probe showed: `problem` is None if all was well."""

    kind: Kind | None
    problem: str | None
    evidence: tuple[str, ...] = ()
    advice: str | None = None


def together(
    findings: list[Finding],
    well: str,
    expected: str = "",
    *,
    nothing: str = sentence("There was nothing to look at."),
) -> Verdict:
    """One verdict from several findings: any problem fails, and says which kind; none at all is no pass.

    Args:
        findings: what was seen, probe by probe.
        well: the sentence if there is no problem.
        expected: what would have passed, in a few words; added to what failed.
        nothing: the reason for `not_run` if there are no findings.
    """
    if not findings:
        return not_run(nothing)
    problems = [finding for finding in findings if finding.problem]
    advice = tuple(dict.fromkeys(finding.advice for finding in findings if finding.advice))
    if not problems:
        return passed(well, tuple(id for finding in findings for id in finding.evidence), advice)
    kinds_of: dict[str, list[Kind]] = {}
    for finding in problems:
        kinds_of.setdefault(finding.problem or "", []).extend([finding.kind] if finding.kind else [])
    summary = ended(joined([_of_kinds(problem, kinds) for problem, kinds in kinds_of.items()], "; "))
    if expected:
        summary = sentence("{findings} Expected: {expected}.", findings=summary, expected=expected)
    # half of it in another language reads worse than all of it in English
    can_be_translated = all(isinstance(text, Sentence) for text in (*kinds_of, expected or summary))
    whole: str = summary if can_be_translated else str(summary)
    return failed(whole, tuple(id for finding in problems for id in finding.evidence), advice)


def _of_kinds(problem: str, kinds: list[Kind]) -> str:
    if not kinds:
        return problem
    listed = joined([term(kind) for kind in dict.fromkeys(kinds)], ", ")
    return sentence("{kinds}: {problem}", kinds=listed, problem=problem)


def generated(evidence: Evidence, kind: Kind) -> Probe | None:
    """The ordinary request for a kind, if it worked: an answer of success, and a file of that kind from OpenAI."""
    for probe in evidence.probes_of(GENERATES.id):
        if probe.kind == kind and probe.exchange:
            status = evidence.exchange(probe.exchange).status
            made = any(
                output.kind == kind for call in evidence.calls_of(probe.exchange) for output in call.outputs
            )
            if status is not None and 200 <= status < 300 and made:
                return probe
    return None


def working(evidence: Evidence) -> list[Offer]:
    """The offers whose ordinary request worked; only of these does a refusal mean anything."""
    return [offer for offer in evidence.offers if generated(evidence, offer.kind)]


def asked_blindly(evidence: Evidence, kind: Kind | None) -> bool:
    """Whether words of ours may belong into a file, or an object or a list that nothing describes: then no request had a prompt."""
    return any(
        offer.kind == kind
        and offer.prompt_input is None
        and any(isinstance(value, (list, dict)) for value in offer.values.values())
        for offer in evidence.offers
    )


def ids(probe: Probe) -> tuple[str, ...]:
    """Everything that a probe refers to."""
    return tuple(
        id for id in (probe.exchange, probe.outcome, *probe.calls, *probe.objects, probe.after) if id
    )


NOTHING_WORKS = sentence("Depends on a request that generates a file, and none did.")
UNKNOWN_PROMPT = sentence(
    "The grader found no input that takes the prompt as words. If there is one, name it in [tool.lab], as prompt."
)
