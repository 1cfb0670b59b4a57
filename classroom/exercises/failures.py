"""Notebook 06: what to do when a call fails, and what calls cost."""

import itertools
from collections.abc import Sequence
from statistics import median

from classroom.exercises import words
from classroom.exercises.carrying import carries
from classroom.exercises.exercise import Bench, Exercise, Trial
from classroom.exercises.given import asking
from classroom.exercises.plain import number_of
from classroom.exercises.trying import try_each
from classroom.standin.models.costs import Usage, cost_of
from classroom.standin.records.journal import Call
from classroom.standin.scripting.faults import fault

_MODEL = "gpt-5.4-mini"
_MOST_TRIES = 12
_SECONDS = 90.0  # that an answer may take which waits as real programs do, and not by time.sleep
_FEWEST_ROUNDS, _MOST_ROUNDS = 2, 5


def _patiently(bench: Bench) -> str:
    trial, tries = _tried(bench, 0, "a call that works at once")
    _has_answer(trial, tries, "what the call returned, after one try")
    trial, tries = _tried(bench, 2, "a call that meets two rate limits, then works")
    _has_answer(trial, tries, "what the call returned in the end, after three tries")
    rounds: list[list[float]] = []
    while (grow := _grow(rounds)) is None:
        trial, pauses = _gives_up(bench)
        rounds.append(pauses)
    if not grow:
        raise trial.wrong(
            "It does not wait longer from try to try. Wait before each new try, and longer each time.",
            "pauses that grow",
            f"{len(rounds[-1]) + 1} tries with pauses that don't",
        )
    _repeats_nothing_wrong(bench)
    return "It waits longer each time, gives up in the end, and repeats nothing that is wrong in itself."


def _grow(rounds: Sequence[Sequence[float]]) -> bool | None:
    """Whether pauses grow, by several runs of the same function; None to see one more run.

    A busy computer makes any pause longer, and pauses may have a part that is left to chance: what is not clear is
    seen again, and decided by most of the pairs of an earlier and a later pause.
    """
    if len(rounds) < _FEWEST_ROUNDS:
        return None
    first, last = [pauses[0] for pauses in rounds], [pauses[-1] for pauses in rounds]
    if min(last) > 1.1 * max(first) + 0.02:
        return True
    if max(last) < min(first):
        return False
    if len(rounds) < _MOST_ROUNDS:
        return None
    pairs = [pair for pauses in rounds for pair in itertools.combinations(pauses, 2)]
    growing = sum(earlier < later for earlier, later in pairs) >= 0.7 * len(pairs)
    return growing and median(last) > 1.05 * median(first) + 0.01


def _tried(bench: Bench, refusals: int, case: str, status: int = 429) -> tuple[Trial, list[Call]]:
    """One run of the answer with a call that is refused so often first; and its tries, as they arrived."""
    openai = bench.boundary.openai
    before = bench.boundary.count
    for number in range(1, refusals + 1):
        # who does as it says waits longer each time, too
        headers = {"retry-after": str(number), "retry-after-ms": str(1_000 * number)}
        openai.faults.add(fault(status=status, times=1, headers=headers))
    question = words.question(bench.chance)
    try:
        call = asking(f"{bench.boundary.url}/v1", question)
        trial = bench.call(call, case=f"patiently(call), {case}", seconds=_SECONDS)
    finally:
        openai.faults.clear()
    return trial, [each for each in openai.journal[before:] if carries(each, question)]


def _has_answer(trial: Trial, tries: list[Call], expected: str) -> None:
    value = trial.returned(expected)
    if not tries:
        raise trial.wrong("It never calls what it was given.", expected)
    worked = sum(each.status == 200 for each in tries)
    if worked > 1:
        raise trial.wrong("The call worked, and it calls again all the same.", expected, f"{worked} answers")
    if not tries[-1].outputs or value != tries[-1].outputs[0].content.decode():
        raise trial.wrong("It does not return what the call returned.", expected)


def _gives_up(bench: Bench) -> tuple[Trial, list[float]]:
    """One run with a call that is always refused; and the pauses between its tries, in seconds."""
    trial, tries = _tried(bench, _MOST_TRIES, "a call that meets a rate limit every time")
    expected = "the RateLimitError, after a few tries"
    if len(tries) > _MOST_TRIES:
        raise trial.wrong(
            "It tries again and again. Give up after a few tries.", expected, f"{_MOST_TRIES} tries and more"
        )
    if not trial.late and trial.raised is None:
        raise trial.wrong("It hides the RateLimitError that stays: its caller can't know.", expected)
    trial.refused("RateLimitError", expected)
    return trial, [later.at - earlier.at for earlier, later in itertools.pairwise(tries)] or [0.0]


def _repeats_nothing_wrong(bench: Bench) -> None:
    for status, kind, case, problem in (
        (
            400,
            "BadRequestError",
            "a call that is wrong in itself (status 400)",
            "It repeats a request that is wrong in itself (400). That never helps.",
        ),
        (
            500,
            "InternalServerError",
            "a call that fails at OpenAI (status 500)",
            "It repeats a call after another error than a rate limit. That error should go to the caller.",
        ),
    ):
        trial, tries = _tried(bench, _MOST_TRIES, case, status)
        expected = f"the {kind}, after one try"
        if len(tries) > 1:
            raise trial.wrong(problem, expected, f"{len(tries)} tries")
        if not trial.late and trial.raised is None:
            raise trial.wrong("It hides an error that is not a rate limit: its caller can't know.", expected)
        trial.refused(kind, expected)


def _cost(bench: Bench) -> str:
    chosen = [(1_000_000, 0), (0, 1_000_000), (1_200, 350)]
    # so many that the price has no more than six decimal places: to round it is right, too
    chosen += [(bench.chance.randrange(1, 400) * 40, bench.chance.randrange(1, 400) * 20) for _ in range(3)]

    def look_at(given: tuple[int, int]) -> None:
        units = {"input_tokens": given[0], "output_tokens": given[1]}
        right = float(cost_of(Usage(_MODEL, units)))
        trial = bench.call(*given)
        expected = f"{right:.6f} dollars"
        found = number_of(trial.returned(expected))
        if found is None:
            raise trial.wrong("It returns no number.", expected)
        if not _near(found, right):
            raise trial.wrong(
                f"That is another price. {_why_another(found, right, given)}",
                expected,
                f"{found:.6f} dollars",
            )

    try_each(bench, chosen, look_at)
    units = {"input_tokens": 1_200, "output_tokens": 350}
    return f"1,200 tokens in and 350 out cost ${cost_of(Usage(_MODEL, units)):.6f}."


def _near(found: float, right: float) -> bool:
    return abs(found - right) <= max(6e-7, 1e-6 * right)


def _why_another(found: float, right: float, given: tuple[int, int]) -> str:
    """What an answer confused, by the number that came out."""
    taken, made = given
    prices = [float(cost_of(Usage(_MODEL, {name: 1_000_000}))) for name in ("input_tokens", "output_tokens")]
    confused = (taken * prices[1] + made * prices[0], *((taken + made) * price for price in prices))
    if any(_near(found, each / 1_000_000) for each in confused):
        return "What goes in has one price and what comes out another: is each used for its own?"
    if found == 0 and right > 0.5:
        return "Is one of the two prices left out, or is it divided with //?"
    if any(found == round(right, places) for places in range(6)):
        return "It is rounded too much: one call costs a small part of a cent."
    return "Prices are for a million tokens."


EXERCISES = {
    "06.1": Exercise(
        "patiently",
        _patiently,
        (
            "Which errors go away when you wait, and who should learn of the others?",
            "A for loop over a few growing pauses; in it try: return call(), except openai.RateLimitError: time.sleep(…).",
            "for wait in (0.5, 1, 2, None): on a RateLimitError, raise if wait is None, and otherwise time.sleep(wait).",
        ),
    ),
    "06.2": Exercise(
        "cost",
        _cost,
        (
            "What do 500,000 tokens cost if a million cost $0.75?",
            "Prices are for a million tokens, and there are two of them: one for what goes in, one for what comes out.",
            "Multiply each number of tokens by its price, add both, and divide by 1_000_000.",
        ),
    ),
}
