"""The report as one self-contained page: for each criterion what was asked, sent, answered, and where to look.

Everything from a submission is a stranger's: it is escaped, shown as text, or, where its bytes are those of a picture
or a sound, put into an image or a player; the page allows no scripts.
"""

import base64
from dataclasses import dataclass
from pathlib import Path

from grader import stages, traces
from grader.evidence import Call, Evidence, Exchange, StoredObject
from grader.judge import Report, Result
from grader.media_types import sniff
from grader.ordinary_requests import GENERATES
from grader.report.language import ENGLISH, Language
from grader.report.spoken import in_language
from grader.report.templates import environment
from grader.report.words import add_sign, closing, next_step, remarks, select_shown

_TEMPLATE = Path(__file__).with_name("report.html.jinja")
_SHOWN_EXCHANGES = 12  # of one criterion
_OPEN_EXCHANGES = 3
_LARGEST_MEDIA = 3 * 1024 * 1024  # bytes of a file that is shown in the page


@dataclass(frozen=True)
class Media:
    """A stored file as the page shows it: `source` is a data URL, `text` its words; one of them is empty."""

    stored: StoredObject
    media_type: str
    source: str = ""
    text: str = ""

    @property
    def family(self) -> str:
        """ "image", "audio" or "text"."""
        return self.media_type.partition("/")[0]


@dataclass(frozen=True)
class Seen:
    """One exchange with what it led to."""

    exchange: Exchange
    calls: list[Call]
    media: list[Media]


@dataclass(frozen=True)
class Part:
    """One criterion with what was seen of it."""

    result: Result
    seen: list[Seen]
    left_out: int
    say: Language = ENGLISH

    @property
    def first(self) -> list[Seen]:
        """The exchanges that are shown at once; the others are folded."""
        return self.seen[:_OPEN_EXCHANGES]

    @property
    def more(self) -> list[Seen]:
        """The others."""
        return self.seen[_OPEN_EXCHANGES:]

    @property
    def is_folded(self) -> bool:
        """Whether it is shown closed: all but what is required and failed, and the grader's own errors."""
        return not (
            self.result.status == "error" or (self.result.status == "failed" and self.result.required)
        )

    @property
    def sign(self) -> str:
        """The status as the page words it; what nobody has to do is open, not wrong."""
        if self.result.status == "failed" and not self.result.required:
            return f"○ {self.say('optional')}"
        return add_sign(self.result.status, self.say)


def _media(evidence: Evidence, stored: StoredObject) -> Media:
    content = evidence.blob(stored.sha256)
    media_type = sniff(content)
    if media_type == "text/plain":
        return Media(stored, media_type, text=content.decode(errors="replace")[:2000])
    if media_type.startswith(("image/", "audio/")) and 0 < len(content) <= _LARGEST_MEDIA:
        return Media(
            stored, media_type, source=f"data:{media_type};base64,{base64.b64encode(content).decode()}"
        )
    return Media(stored, media_type, text=f"({stored.size} bytes)")


def _part(evidence: Evidence, result: Result, say: Language) -> Part:
    known = {exchange.id: exchange for exchange in evidence.exchanges}
    owners = {call.id: call.exchange for call in evidence.calls}
    owners |= {stored.id: stored.exchange for stored in evidence.objects}
    wanted = list(dict.fromkeys(owners.get(id, id) for id in result.evidence))
    exchanges = [known[id] for id in wanted if id in known]
    # files are shown where they are the point; elsewhere their names are enough
    show_files = result.section == "endpoint"
    seen = [
        Seen(
            exchange,
            evidence.calls_of(exchange.id),
            [_media(evidence, stored) for stored in evidence.objects_of(exchange.id)] if show_files else [],
        )
        for exchange in exchanges[:_SHOWN_EXCHANGES]
    ]
    return Part(result, seen, max(0, len(exchanges) - _SHOWN_EXCHANGES), say)


def _gallery(evidence: Evidence) -> list[Media]:
    """One file of each kind that came out, for the top of the page."""
    out = []
    for probe in evidence.probes_of(GENERATES.id):
        objects = evidence.files_of(probe.exchange) if probe.exchange else []
        out += [_media(evidence, stored) for stored in objects[-1:]]
    return out


@dataclass(frozen=True)
class Printed:
    """What a program printed: from its first error on, without the frames of packages; and the whole, if that is more."""

    short: str
    whole: str


def _log(log: str) -> Printed:
    short = traces.without_others(traces.from_the_error(log))
    return Printed(short, _whole(log, short))


def _whole(text: str, short: str) -> str:
    """A text, if lines of it were left out; characters that end a line for some programs are no difference."""
    return text if len(text.strip().splitlines()) != len(short.strip().splitlines()) else ""


def _tests(evidence: Evidence, results: list[Result]) -> tuple[str, Printed] | None:
    """The output of the tests, and the criterion below which it is shown: once, at the first that needs it."""
    output = evidence.test_run.output
    of_tests = [result for result in results if result.section == "tests"]
    if not output or not of_tests:
        return None
    place = next((result for result in of_tests if result.id == "tests.pass"), of_tests[0])
    _, failures, after = output.partition("= FAILURES =")
    _, errors, after_errors = output.partition("= ERRORS =")
    short = errors + after_errors if errors else failures + after if failures else output
    short = traces.without_others(short.strip("= \n") if short is not output else output)
    return place.id, Printed(short, _whole(output, short))


def render(report: Report, evidence: Evidence, say: Language = ENGLISH) -> str:
    """The page, in a language."""
    template = environment().from_string(_TEMPLATE.read_text(encoding="utf-8"))
    graded = select_shown(in_language(report, say).criteria)
    sections = {
        say(title): [_part(evidence, result, say) for result in graded if result.section == name]
        for name, title in report.sections.items()
    }
    return template.render(
        report=report,
        evidence=evidence,
        sections={title: parts for title, parts in sections.items() if parts},
        to_do=[result for result in graded if result.status == "failed" and result.required],
        optional=[result for result in graded if result.status == "failed" and not result.required],
        tests=_tests(evidence, graded),
        log=_log(evidence.app.log),
        gallery=_gallery(evidence),
        say=say,
        is_part=stages.is_part(report),
        next_step=next_step(report, say),
        remarks=remarks,
        closing=closing(report, say),
    )
