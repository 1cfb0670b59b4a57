"""What a learner copies: a few lines that call the event from Python, a terminal or a notebook."""

import json
import shlex
from dataclasses import dataclass

from classroom.proxy.requests import bodies
from classroom.proxy.rules.events import Event
from classroom.proxy.rules.routes import Route
from classroom.standin.incoming.errors import APIError

CHAT, PICTURES = "chat/completions", "images/generations"


@dataclass(frozen=True)
class Snippet:
    """Text to copy. `id`: of its place in the page."""

    id: str
    title: str
    text: str


def model_for(event: Event, route: str) -> str | None:
    """The name of the event's first model for a route; None if it offers none."""
    try:
        asked, model = bodies.choose_model(event, Route(route, "json"), None)
    except APIError:
        return None
    return model if asked == "*" else asked


def snippets(event: Event, origin: str, token: str) -> list[Snippet]:
    """Three ways to ask. Whatever a learner is called stays inside the quotes of Python and of the shell."""
    base, key = _quote(f"{origin}/v1"), _quote(token)
    model = model_for(event, CHAT)
    asks = (
        f'print(client.responses.create(model={_quote(model)}, input="Hello!").output_text)'
        if model
        else "print([model.id for model in client.models.list()])"
    )
    python = f"from openai import OpenAI\nclient = OpenAI(base_url={base}, api_key={key})\n{asks}"
    notebook = (
        f"%pip install -q openai\nimport os\nos.environ.update(OPENAI_BASE_URL={base}, OPENAI_API_KEY={key})\n"
        f"from openai import OpenAI\nclient = OpenAI()\n{asks}"
    )
    header = shlex.quote(f"Authorization: Bearer {token}")
    if model:
        content = json.dumps({"model": model, "messages": [{"role": "user", "content": "Hello!"}]})
        curl = (
            f"curl {shlex.quote(f'{origin}/v1/chat/completions')} \\\n  -H {header} \\\n"
            f"  -H 'Content-Type: application/json' \\\n  -d {shlex.quote(content)}"
        )
    else:
        curl = f"curl {shlex.quote(f'{origin}/v1/models')} \\\n  -H {header}"
    return [
        Snippet("python", "Python", python),
        Snippet("curl", "curl, in a terminal", curl),
        Snippet("notebook", "A notebook cell", notebook),
    ]


def _quote(text: str) -> str:
    """A Python string: what JSON writes, with ASCII alone, is one."""
    return json.dumps(text)
