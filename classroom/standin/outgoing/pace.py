"""How fast answers come: the time to the first token, and the tokens that follow in a second."""

import asyncio
import threading
from collections.abc import AsyncIterator
from dataclasses import dataclass

from classroom.standin.outgoing.answers import Answer

_LONGEST = 3600.0  # seconds


@dataclass(frozen=True)
class Pace:
    """How fast answers come.

    Attributes:
        first: seconds until the first token, and until an answer that is no stream of tokens.
        tokens_per_second: of those that follow; None sends them at once.

    Raises:
        ValueError: a time below 0 or over an hour, or no token in a second.
    """

    first: float = 0.0
    tokens_per_second: float | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.first <= _LONGEST:
            raise ValueError(f"the time to the first token is from 0 to {_LONGEST:.0f} seconds")
        if self.tokens_per_second is not None and not self.tokens_per_second >= 1 / _LONGEST:
            raise ValueError("the tokens in a second must be more than 0")


AT_ONCE = Pace()


class Tempo:
    """The pace in force, which can be changed while answers are on their way. Safe across threads."""

    def __init__(self) -> None:
        self._pace = AT_ONCE
        self._lock = threading.Lock()

    @property
    def pace(self) -> Pace:
        """The one in force."""
        return self._pace

    def change(self, pace: Pace) -> None:
        """Put another in force, for answers that begin from now on."""
        with self._lock:
            self._pace = pace


def _tokens(answer: Answer) -> float:
    """Tokens of text that an answer has; pictures and sounds are made of others, and come as a whole."""
    if answer.usage is None or any(output.kind != "text" for output in answer.outputs):
        return 0
    return answer.usage.units.get("output_tokens", 0)


async def wait_for_whole(answer: Answer, pace: Pace) -> None:
    """Wait as long as an answer takes that comes in one piece: as one who streams it waits for its end."""
    if answer.usage is None or answer.events is not None:
        return
    following = max(0.0, _tokens(answer) - 1)
    await asyncio.sleep(pace.first + (following / pace.tokens_per_second if pace.tokens_per_second else 0))


async def pace_frames(answer: Answer, pace: Pace) -> AsyncIterator[str]:
    """The frames of a stream, each when it is due: one with a part of the text takes the time of that part's tokens."""
    events = answer.events or ()
    parts = [index for index, event in enumerate(events) if '"delta"' in event]
    of_each = _tokens(answer) / len(parts) if parts else 0
    step = of_each / pace.tokens_per_second if pace.tokens_per_second else 0.0
    waited = set(parts[1:]) if step else set()
    began = asyncio.get_running_loop().time()
    due = began + pace.first
    for index, event in enumerate(events):
        if index in waited:
            due += step
        await asyncio.sleep(
            max(0.0, due - asyncio.get_running_loop().time())
        )  # 0: one write an event, as the API does
        yield event
