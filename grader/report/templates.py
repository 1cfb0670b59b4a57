"""How pages are rendered: whatever a template prints is escaped, whether its author thought of it or not."""

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from grader.escaping import for_html


def environment() -> Environment:
    """Jinja, for pages about strangers' work: every text that a template prints goes through `for_html`."""
    return Environment(
        autoescape=True,
        finalize=_finalize,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _finalize(value: object) -> object:
    # what a macro of the template's own returned is escaped already
    return Markup(for_html(value)) if isinstance(value, str) and not hasattr(value, "__html__") else value  # noqa: S704 - escaped in the same breath
