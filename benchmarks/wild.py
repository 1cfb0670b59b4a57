"""How the grader does with repositories that nobody made for it: `python -m benchmarks.wild PLACE… [--only WORD]`.

Grades clones or git URLs with the plain command's settings and compares the reports with what a person judged by hand.
PLACE is a folder of clones, one clone, or a URL. What a person judged is in `benchmarks/expected/NAME.toml` (or in
`--expected FOLDER`); NAME is the clone's, as `OWNER+REPOSITORY`:

    source = "https://github.com/OWNER/REPOSITORY"
    runs = "started"               # by hand, with what it declares; or "not_run" or "error", if it can't be started
    reach = ["POST /chat"]         # the operations that reach OpenAI by hand; [] if none does
    note = "why, in a sentence"
    [verdicts]                     # as far as somebody judged them
    "validation.blank_prompt" = "failed"

A report has one operation for each kind of file, so that of two that make a text one is found: `reached` counts the
repositories in which any was. Clones are never committed. Exit 1 if anything was accused without ground.
"""

import argparse
import json
import sys
import time
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict
from rich.console import Console
from rich.table import Table

from grader import rubric as rubrics
from grader.errors import GraderError, SubmissionError
from grader.sandbox import choose_tier
from grader.worker import Wanted, grade

_EXPECTED = Path(__file__).parent / "expected"

Start = Literal["started", "failed", "not_run", "error"]


class Expected(BaseModel):
    """What a person found out about a repository by hand."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    source: str = ""
    runs: Start
    reach: tuple[str, ...] = ()
    note: str = ""
    verdicts: dict[str, Literal["passed", "failed", "not_run", "error"]] = {}


@dataclass(frozen=True)
class Seen:
    """What the grader found out. `why`: the reason for what did not start, or for a submission without a report."""

    start: Start
    reach: frozenset[str] = frozenset()
    verdicts: Mapping[str, str] = field(default_factory=dict)
    why: str = ""
    seconds: float = 0.0


@dataclass(frozen=True)
class Comparison:
    """One repository. A verdict is `undecided` where a person judged and the grader gave `not_run` or `error`."""

    name: str
    expected: Expected | None
    seen: Seen

    @property
    def started_as_expected(self) -> bool:
        """Whether it was started, or not, as by hand; an error of the grader's is never expected to fail."""
        return self.expected is None or self.expected.runs == self.seen.start

    @property
    def found(self) -> int:
        """How many of the operations that reach OpenAI were found."""
        return len(self.seen.reach & set(self.expected.reach)) if self.expected else len(self.seen.reach)

    def ids(self, *, judged: str, given: tuple[str, ...]) -> list[str]:
        """Criteria that a person judged so, and the grader so."""
        wanted = self.expected.verdicts if self.expected else {}
        return [
            id for id, verdict in wanted.items() if verdict == judged and self.seen.verdicts.get(id) in given
        ]

    @property
    def accused(self) -> list[str]:
        """Criteria that failed without ground; what could not be started is no fault of the work, either."""
        unjust = self.ids(judged="passed", given=("failed",)) + self.ids(judged="not_run", given=("failed",))
        if self.expected and self.expected.runs != "failed" and self.seen.start == "failed":
            unjust.append("endpoint.starts")
        return list(dict.fromkeys(unjust))

    @property
    def missed(self) -> list[str]:
        """Faults that a person saw, and that passed."""
        return self.ids(judged="failed", given=("passed",))

    @property
    def undecided(self) -> list[str]:
        """Criteria that a person could judge, and the grader did not."""
        open_ = ("not_run", "error")
        return self.ids(judged="passed", given=open_) + self.ids(judged="failed", given=open_)

    @property
    def right(self) -> int:
        """How many verdicts are as a person's."""
        return sum(len(self.ids(judged=one, given=(one,))) for one in ("passed", "failed", "not_run"))


def seen_of(place: str) -> Seen:
    """Grade one repository as the plain command does."""
    wanted = Wanted(choose_tier("auto"), rubric=rubrics.read(rubrics.SHIPPED), evidence="files")
    began = time.monotonic()
    try:
        graded = grade(place, wanted)
    except (SubmissionError, GraderError) as error:
        return Seen("error", why=str(error), seconds=time.monotonic() - began)
    evidence: dict[str, Any] = json.loads(graded.files["evidence.json"])
    verdicts = {each.id: each.status for each in graded.report.criteria}
    app = evidence["app"]
    start: Start = "started" if app["started"] else verdicts.get("endpoint.starts", "error")  # type: ignore[assignment]
    reach = frozenset(f"{offer['method']} {offer['path']}" for offer in evidence["offers"])
    return Seen(start, reach, verdicts, app.get("failure") or "", time.monotonic() - began)


def expected_of(name: str, folder: Path) -> Expected | None:
    """What a person judged, if somebody did."""
    file = folder / f"{name}.toml"
    return Expected.model_validate(tomllib.loads(file.read_text(encoding="utf-8"))) if file.exists() else None


def places(given: list[str], only: str) -> Iterator[tuple[str, str]]:
    """Name and place of each repository: a URL, a clone, or each folder in a folder of clones."""
    for place in given:
        path = Path(place)
        if not path.is_dir():
            found = [("+".join(place.removesuffix(".git").rsplit("/", 2)[-2:]), place)]
        elif (path / ".git").exists():
            found = [(path.resolve().name, place)]
        else:
            found = [(inner.name, str(inner)) for inner in sorted(path.iterdir()) if inner.is_dir()]
        yield from (one for one in found if only in one[0])


def table(compared: list[Comparison]) -> Table:
    """A line for each repository."""
    made = Table("repository", "by hand", "start", "found", "right", "accused", "missed", "undecided", "s")
    for each in compared:
        known = each.expected
        made.add_row(
            each.name,
            known.runs if known else "?",
            each.seen.start if each.started_as_expected else f"[bold]{each.seen.start}[/bold]",
            f"{each.found} of {len(known.reach)}" if known else f"{each.found} of ?",
            str(each.right),
            str(len(each.accused)),
            str(len(each.missed)),
            str(len(each.undecided)),
            f"{each.seen.seconds:.0f}",
        )
    return made


def _print_one(each: Comparison) -> None:
    print(f"{each.name}: {each.seen.start} in {each.seen.seconds:.0f} s", flush=True)
    if each.seen.why:
        print(f"    why: {each.seen.why[:600]}")
    for title, items in (
        ("reached", sorted(each.seen.reach)),
        ("not found", sorted(set(each.expected.reach) - each.seen.reach) if each.expected else []),
        ("accused", each.accused),
        ("missed", each.missed),
        ("undecided", each.undecided),
    ):
        if items:
            print(f"    {title}: {', '.join(items)}", flush=True)


def main() -> int:
    """Grade, compare, print, count."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("places", nargs="+", help="folders of clones, clones, or git URLs")
    parser.add_argument("--only", default="", help="repositories whose name holds this")
    parser.add_argument("--expected", type=Path, default=_EXPECTED, help="what a person judged")
    parser.add_argument("--jobs", type=int, default=1)
    options = parser.parse_args()
    compared = []
    with ThreadPoolExecutor(options.jobs) as pool:
        named = list(places(options.places, options.only))
        for (name, _), seen in zip(named, pool.map(seen_of, [place for _, place in named]), strict=True):
            compared.append(Comparison(name, expected_of(name, options.expected), seen))
            _print_one(compared[-1])
    Console(width=140).print(table(compared))
    known = [each for each in compared if each.expected and each.expected.runs == "started"]
    reach = sum(len(each.expected.reach) for each in known if each.expected)
    asking = [each for each in known if each.expected and each.expected.reach]
    totals = Counter(
        right=sum(each.right for each in compared),
        accused=sum(len(each.accused) for each in compared),
        missed=sum(len(each.missed) for each in compared),
    )
    print(
        f"{len(compared)} repositories; of {len(known)} that run by hand, "
        f"{sum(each.seen.start == 'started' for each in known)} started; "
        f"{sum(each.found > 0 for each in asking)} of {len(asking)} that ask OpenAI reached; "
        f"{sum(each.found for each in known)} of {reach} operations found; "
        f"{totals['right']} verdicts right, {totals['accused']} accused, {totals['missed']} missed"
    )
    return 1 if totals["accused"] else 0


if __name__ == "__main__":
    sys.exit(main())
