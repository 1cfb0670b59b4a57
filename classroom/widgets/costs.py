"""A cost calculator: requests, lengths and a model give a price."""

import html

import ipywidgets

from classroom.standin.generation.text import count_tokens
from classroom.standin.models.costs import Usage, cost_of
from classroom.widgets import panel

MODELS = ("gpt-6-luna", "gpt-5.4-mini", "gpt-5.4")


def cost_calculator() -> None:
    """Reckon what texts cost. The plain way: `cost_of(Usage(model, {"input_tokens": …, "output_tokens": …}))`."""
    prompt = panel.add_label(
        ipywidgets.Textarea,
        "A typical prompt",
        "lab-cost-prompt",
        value="Summarize this page in one sentence.",
        rows=3,
    )
    answer = panel.add_label(
        ipywidgets.BoundedIntText, "Tokens of an answer", "lab-cost-answer", value=300, min=1, max=100_000
    )
    requests = panel.add_label(
        ipywidgets.BoundedIntText, "Requests", "lab-cost-requests", value=1_000, min=1, max=100_000_000
    )
    table = ipywidgets.HTML()
    table.add_class("lab-cost-table")

    def reckon(_: object = None) -> None:
        table.value = costs(prompt.value, answer.value, requests.value)

    for field in (prompt, answer, requests):
        field.observe(reckon, "value")
    reckon()
    panel.show("What it costs", "lab-cost", [prompt, answer, requests, table])


def costs(prompt: str, answer_tokens: int, requests: int) -> str:
    """A table, as HTML, of what it costs with each model."""
    asked = count_tokens(prompt)
    rows = "".join(
        f"<tr><th scope='row' style='text-align:left'>{html.escape(model)}</th><td>${_dollars(model, asked, answer_tokens) * requests:,.2f}</td></tr>"
        for model in MODELS
    )
    return (
        f"<p>The prompt has {asked} tokens. {requests:,} requests cost:</p>"
        f"<table><thead><tr><th>Model</th><th>US dollars</th></tr></thead><tbody>{rows}</tbody></table>"
    )


def _dollars(model: str, asked: int, answered: int) -> float:
    return float(cost_of(Usage(model, {"input_tokens": asked, "output_tokens": answered})))
