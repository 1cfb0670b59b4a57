"""What plain grading finds in the apps of `shapes`: `python -m tests.grader.finding [NAME…]`."""

import shutil
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

from grader.collect import collect
from grader.evidence import Evidence
from grader.sandbox import choose_tier
from grader.submission import open_submission
from tests.grader.grading import from_nursery
from tests.grader.shapes import HERE, SHAPES


def looked(name: str, only: tuple[str, ...] = ("endpoint.starts",)) -> Evidence:
    """One of the apps, as far as its endpoint is looked for."""
    tier = choose_tier("auto")
    with tempfile.TemporaryDirectory(prefix="shape-") as place:
        shutil.copy(HERE / f"{name}.py", Path(place) / "main.py")
        shutil.copy(HERE / "making.py", place)
        with open_submission(place, tier=tier) as submission:
            return collect(submission, tier=tier, only=only, open_sandbox=partial(from_nursery, tier))


def found(evidence: Evidence) -> dict[str, tuple[str, str]]:
    """By kind: where it is asked, and the prompt's input."""
    return {
        offer.kind: (
            f"{offer.method} {offer.path}",
            f"{offer.prompt_input.location}:{offer.prompt_input.name}" if offer.prompt_input else "",
        )
        for offer in evidence.offers
    }


def problem(name: str, evidence: Evidence) -> str:
    """What was not found as a person finds it; empty if all was."""
    shape, offers = SHAPES[name], found(evidence)
    if set(offers) != shape.kinds:
        return f"kinds {sorted(offers)} instead of {sorted(shape.kinds)}"
    wrong = [each for each in offers.values() if each != (shape.place, shape.prompt)]
    return f"{wrong[0]} instead of {(shape.place, shape.prompt)}" if wrong else ""


def main() -> int:
    """Look, print, count."""
    names = sys.argv[1:] or list(SHAPES)
    right = 0
    for name in names:
        began = time.monotonic()
        evidence = looked(name)
        wrong = problem(name, evidence)
        right += not wrong
        sent = sum(exchange.purpose.startswith("look") for exchange in evidence.exchanges)
        seconds = time.monotonic() - began
        print(
            f"{name:24} {wrong or 'found'}; {sent} looked, {len(evidence.exchanges)} sent, {seconds:.1f} s",
            flush=True,
        )
        if wrong and evidence.app.failure:
            print(f"    {evidence.app.failure}")
    print(f"{right} of {len(names)}")
    return 0 if right == len(names) else 1


if __name__ == "__main__":
    sys.exit(main())
