"""Live mode's spending cap: every call goes through a class proxy on this computer, for one learner and one day.

The proxy reserves what a call may cost at most before it asks OpenAI, and refuses with 429 `budget_spent` what would go over
the cap, whichever notebook, test or terminal asks. The real key is known to it alone.
"""

import math
import secrets
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

import platformdirs

from classroom.errors import LessonError
from classroom.proxy.app import Proxy
from classroom.proxy.books.database import connect
from classroom.proxy.books.ledger import Ledger
from classroom.proxy.calling.upstream import from_environment
from classroom.proxy.demonstration import RunningProxy, serve
from classroom.proxy.fields import ALLOWANCES
from classroom.proxy.rules.errors import DatabaseError, EventError
from classroom.proxy.rules.events import ANY, NANO, Event

CAP = "LAB_BUDGET_USD"
_USUAL_CAP = "1"
_COSTS = Path(__file__).with_name("notebook_costs.toml")


@dataclass(frozen=True)
class Spending:
    """A cap in force. `dollars`: of one day; `proxy` keeps to it, at the address of `running`, for any caller with the token."""

    proxy: Proxy
    running: RunningProxy
    event: str
    token: str = field(repr=False)
    dollars: float

    @property
    def environment(self) -> dict[str, str]:
        """The variables that lead the SDK through the cap."""
        return {"OPENAI_BASE_URL": f"{self.running.url}/v1", "OPENAI_API_KEY": self.token}

    def spent(self) -> float:
        """US dollars so far today."""
        return sum(dollars for _, _, _, dollars in self.running.report(self.event))


def _cap(environment: Mapping[str, str]) -> float:
    text = environment.get(CAP) or _USUAL_CAP
    try:
        dollars = float(text)
    except ValueError:
        dollars = math.nan
    if not 0 < dollars < 1000:
        raise LessonError(
            f"{CAP} is {text!r}. Set it to what you would spend in a day, in dollars: 0.50, say."
        )
    return dollars


def _today(code: str, dollars: float, environment: Mapping[str, str]) -> Event:
    midnight = datetime.now().astimezone().replace(hour=0, minute=0, second=0, microsecond=0)
    return Event(
        code,
        midnight - timedelta(days=1),
        midnight + timedelta(days=2),  # a notebook may stay open overnight
        models={ANY: ANY},
        event_budget=round(dollars * NANO),
        organization=environment.get("OPENAI_ORG_ID"),
        project=environment.get("OPENAI_PROJECT_ID"),
        allows=ALLOWANCES,  # they have a price, and the money is the learner's own
    )


@cache
def _running() -> list[Spending]:
    return []


def cap_spending(environment: Mapping[str, str], books: Path | None = None) -> Spending:
    """Start the proxy that keeps to the cap of `LAB_BUDGET_USD`, a dollar a day if it is not set.

    Args:
        environment: with the real key.
        books: where what was spent is written down; all notebooks share it.

    Raises:
        LessonError: the cap is no amount of dollars, or the books can't be written.
    """
    dollars = _cap(environment)
    place = books or platformdirs.user_state_path("openai-files-lab") / "spent.sqlite"
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        ledger = Ledger(connect(str(place)))
    except (OSError, DatabaseError) as error:
        raise LessonError(
            f"What is spent is written down in {place}, which can't be used: {error}"
        ) from error
    code = f"live-{datetime.now().astimezone().date()}"
    event = _today(code, dollars, environment)
    try:
        ledger.add(event)
    except EventError:  # another notebook was there before; the cap of today is the last that was set
        ledger.change(event)
    # a token of this process alone: other users of the machine reach its loopback address, too
    name = f"notebook-{secrets.token_hex(4)}"
    token = ledger.attend(code, [name])[name]
    proxy = Proxy(ledger, from_environment("openai", environment), own_key=True)
    made = Spending(proxy, serve(proxy, ledger), code, token, dollars)
    _running().append(made)
    return made


def use_key(key: str) -> None:
    """From now on, ask with another key; the cap and what was spent stay."""
    _running()[-1].proxy.change_key(key)


def forecast(notebook: str | None) -> str:
    """What a notebook will cost, and what is left of the cap, in a sentence or two."""
    costs = tomllib.loads(_COSTS.read_text(encoding="utf-8"))["dollars"]
    spending = _running()[-1]
    left = f"${spending.spent():.2f} of today's ${spending.dollars:.2f} is spent; {CAP} changes the cap."
    if notebook not in costs:
        return left
    return f"This notebook, once from top to bottom, costs about ${max(0.01, costs[notebook]):.2f}. {left}"
