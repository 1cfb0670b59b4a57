"""A rate limit to run into: what is answered when, with and without waiting."""

import time
from dataclasses import dataclass

import ipywidgets
import openai

from classroom.standin.mock import OpenAIMock
from classroom.widgets import panel

_WINDOW = 2.0  # seconds of the limit: a minute would be too long to watch


@dataclass(frozen=True)
class Answer:
    """One call: seconds after the first was sent, and what came; `waited`: seconds that the client waited for it."""

    at: float
    answered: bool
    waited: float


def rate_limits() -> None:
    """Send calls into a limit and see which pass. The plain way: `lesson.openai.limit(requests=3, seconds=2)`, and a loop."""
    allowed = panel.add_label(
        ipywidgets.BoundedIntText,
        f"Allowed in {_WINDOW:g} seconds",
        "lab-limit-allowed",
        value=3,
        min=1,
        max=20,
    )
    calls = panel.add_label(
        ipywidgets.BoundedIntText, "Calls to send", "lab-limit-calls", value=6, min=1, max=30
    )
    waits = panel.add_label(
        ipywidgets.Dropdown,
        "When refused",
        "lab-limit-waits",
        options=[("give up at once", 0), ("let the SDK wait and try again", 8)],
    )
    send = panel.button("Send them", "lab-limit-send")
    answer = ipywidgets.HTML()
    answer.add_class("lab-limit-answer")

    def run(_: object) -> None:
        send.disabled, answer.value = True, "<p>Sending …</p>"
        try:
            answer.value = render(send_calls(allowed.value, calls.value, waits.value))
        finally:
            send.disabled = False

    send.on_click(run)
    panel.show("Into the limit", "lab-limit", [allowed, calls, waits, send, answer])


def send_calls(allowed: int, calls: int, retries: int) -> list[Answer]:
    """Send calls one after the other to a stand-in of its own, under a limit."""
    answers = []
    with OpenAIMock() as mock:
        mock.limit(requests=allowed, seconds=_WINDOW)
        client = openai.OpenAI(base_url=mock.base_url, api_key="sk-mock-key", max_retries=retries)
        client.models.list()
        mock.reset()
        mock.limit(requests=allowed, seconds=_WINDOW)
        began = time.monotonic()
        for _ in range(calls):
            asked = time.monotonic()
            try:
                client.responses.create(model="gpt-5.4-mini", input="Count.")
                answered = True
            except openai.RateLimitError:
                answered = False
            now = time.monotonic()
            answers.append(Answer(now - began, answered, now - asked))
    return answers


def render(answers: list[Answer]) -> str:
    """The calls as a table, as HTML: sign, word and a bar for each."""
    longest = max(_WINDOW, *(answer.at for answer in answers))
    rows = "".join(
        f"<tr><td>{number}</td><td>{'✓ answered' if answer.answered else '✗ refused (429)'}</td>"
        f"<td>{answer.at:.1f} s</td><td><progress max='{longest:.3f}' value='{answer.at:.3f}' "
        f"aria-label='call {number} came back after {answer.at:.1f} seconds'></progress></td></tr>"
        for number, answer in enumerate(answers, 1)
    )
    passed = sum(answer.answered for answer in answers)
    sentence = f"{passed} of {len(answers)} were answered, in {answers[-1].at:.1f} seconds."
    return (
        panel.render_message(sentence, wrong=passed < len(answers))
        + f"<table><thead><tr><th>Call</th><th>What came</th><th>After</th>"
        f"<th>On a line</th></tr></thead><tbody>{rows}</tbody></table>"
    )
