"""Interactive panels: key entry, playground, costs, rate limit.

Each is built of labelled fields and buttons, so that keyboard and screen reader reach it, and says what happened as text.
"""

from classroom.widgets.costs import cost_calculator
from classroom.widgets.key import key_entry
from classroom.widgets.limits import rate_limits
from classroom.widgets.prompts import playground

__all__ = ["cost_calculator", "key_entry", "playground", "rate_limits"]
