"""The report as one self-contained page: for each criterion what was asked, sent, answered, and where to look.

Everything from a submission is a stranger's: it is escaped, shown as text, or, where its bytes are those of a picture
or a sound, put into an image or a player; the page allows no scripts.
"""

import base64
from dataclasses import dataclass
from pathlib import Path

from grader.evidence import Call, Evidence, Exchange, StoredObject
from grader.judge import Report, Result
from grader.media_types import sniff
from grader.report.pages import environment
from grader.report.words import closing, remarks, shown

_TEMPLATE = Path(__file__).with_name("report.html.jinja")
_SHOWN_EXCHANGES = 12  # of one criterion
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


def _part(evidence: Evidence, result: Result) -> Part:
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
    return Part(result, seen, max(0, len(exchanges) - _SHOWN_EXCHANGES))


def _gallery(evidence: Evidence) -> list[Media]:
    """One file of each kind that came out, for the top of the page."""
    out = []
    for probe in evidence.probes_of("endpoint.generates"):
        objects = evidence.files_of(probe.exchange) if probe.exchange else []
        out += [_media(evidence, stored) for stored in objects[-1:]]
    return out


def render(report: Report, evidence: Evidence) -> str:
    """The page."""
    template = environment().from_string(_TEMPLATE.read_text(encoding="utf-8"))
    graded = shown(report.criteria)
    sections = {
        title: [_part(evidence, result) for result in graded if result.section == name]
        for name, title in report.sections.items()
    }
    return template.render(
        report=report,
        evidence=evidence,
        sections={title: parts for title, parts in sections.items() if parts},
        to_do=[result for result in graded if result.status == "failed"],
        gallery=_gallery(evidence),
        remarks=remarks,
        closing=closing(report),
    )
