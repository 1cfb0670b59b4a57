"""Sentences that evidence holds as text, recognised by their templates, so that a report can say them in another language.

What examines a submission writes English sentences into the evidence: why an app did not start, why no answer came, what was
asked. Each has its template here. A text that fits none of them is said as it is.
"""

from functools import cache

from grader.messages import Sentence, made_from, term

_LONGEST = 4_000  # characters of a text that is compared with templates
_DEEPEST = 3  # sentences within one another
_NUMBERS = frozenset({"count", "line", "seconds", "waited"})
_HANDLED = "To have it graded, put what generates behind an HTTP endpoint (FastAPI, Flask, Django, Starlette or Litestar)"

# in the order in which they are tried: of two that fit, the one that says more comes first
_STARTS = (
    "No web application was found in the code.",
    "The app ended while starting. It printed nothing.",
    "The app did not answer within {seconds} seconds.",
    "The app did not answer within {seconds} seconds, of which the machine was busy with other work for {waited}. Grade it again when the machine has less to do.",
    "The app did not start: {reason}",
    "The app did not answer in time: {reason}",
    "{where} imports {name}, and the submission's own code has no such module.",
    "{where} imports {name}, which was not handed in: {ignored} leaves {file} out.",
    "{where} imports {name}. The submission declares it, and ran with the lab's own packages, which do not have it.",
    "{where} imports {name}. The submission declares it, and the grader could not install it as declared.",
    "{where} leads to {package}, which imports {name}, and no file of the submission declares the package that has it.",
    "{where} imports {name}, and no file of the submission declares the package that has it.",
    "The app needs a database server, such as PostgreSQL, to start: SQLite, which the grader has, did not do ({reason})",
    "The app needs {service} to start, and the grader has none ({reason})",
    "The app asks for {host} while it starts, and it is graded without a network ({reason})",
    "The app needs {place} to start, which is there in its container or on its author's machine only ({reason})",
    "The app asks OpenAI while it starts for something that the grader's stand-in does not have ({reason})",
    "The app needs variables that the grader can't guess: {variables}. {reason}",
    "Python {version}, which this grader runs on, has no {name} in {module}; a later one may. {reason}",
    "Python {version}, which this grader runs on, has no {name} in {module}; a later one may.",
    "The submission asks for Python {asked}, and this grader runs on {version}: {reason}",
    "{file}, line {line}, is not Python: {problem}.",
    "{file}, line {line}, is written for Python {version} or later, and this grader runs on {own}.",
    "{file}, line {line}, uses {framework}: {kind}. " + _HANDLED + ", and let this code call it.",
    "{file}, line {line} is a handler that AWS Lambda calls with an event, and nothing serves it over HTTP. "
    + _HANDLED
    + "; Mangum lets the same app run as a Lambda function.",
)
_ADVICE = (
    "Add the file {file}, or correct the import; if it is in a folder that imports do not see, name that folder: [tool.lab] pythonpath.",
    "Read what it holds, such as a key, from variables of the environment; the grader sets those that your code reads.",
    "Add the package of the module {module} to {file}. If {name} is a file of your own, it was not handed in: git may ignore it. What it holds, such as a key, belongs into variables of the environment.",
    "Add the package of the module {module} to {file}.",
    "To have it graded, let it start without {service}: connect when it is first used, or take the address from a variable for which SQLite or memory will do as well, and set it under [tool.lab.env].",
    "To have it graded, ask for that only when a request needs it, or keep what it fetches in the submission.",
    "To have it graded, begin at the folder of your code, such as Path(__file__).parent, in the place of {place}.",
    "Write their values into pyproject.toml:{lines}",
    "If the Python that you use has it, name that version as requires-python in pyproject.toml; if none has, correct the import.",
    "The exception comes from inside packages ({packages}), not from your code: the versions that are installed today may not fit together. Raise the version that you pin, or pin those that it ran with (pip freeze shows them).",
    "python -m py_compile {file} shows the place; it prints nothing once the file is right.",
    "To have it graded here, write that line in a way that Python {version} reads, too.",
    "{name} ends with {extension}, but its bytes are {type}.",
)
_ANSWERS = (
    "no answer within {seconds} seconds",
    "the connection broke: {error}",
    "the address is not the app's own",
    "it was not sent, since the app had used up its {seconds} seconds for all answers together",
    "your app limits how many requests it takes, and the grader could not wait long enough for all that it asks. Raise the limit while it is graded, for example by a variable in [tool.lab.env]",
    "it made more than {count} calls to OpenAI, of which the grader's stand-in answered the first only",
    "the grader's stand-in for OpenAI took longer than the app waits, since the machine was busy",
    "it came after {count} calls to OpenAI or {objects} stored objects, which is all that the grader keeps",
)
_ASKED = (
    "a text of something",
    "an image of something",
    "audio of something",
    "a prompt with capitals, digits and punctuation",
    "a prompt in another language",
    "the documented type “{type}”",
    "another ordinary request",
    "nothing was stored",
    "the app has no GET that takes a name",
)
_RUNS = (
    "[tool.lab] names the tests {folder}, which are not there.",
    "There are no tests: no file named test_*.py or *_test.py.",
    "The tests did not end within {seconds} seconds.",
    "The tests were not asked for.",
    "The tests have not run yet.",
    "It did not end within {seconds} seconds.",
    "It could not be run: {reason}",
    "code cell {line} raised {error}",
    "Exercise {exercise}: not yet, its notebook did not run to the end, so that it could not be tried.",
)
_CHANCE = (
    "{test} fails when it runs again, with nothing planted",
    "{test} sometimes fails with {fault}, and sometimes not",
    "{test} fails once with {fault}, and not again",
    "there was no time to run the tests often enough",
)
_DOCUMENTS = (
    "The document can't be read as OpenAPI: {error}.",
    "The document is not valid at {place}: {problem}.",
    "The document is not valid: {problem}.",
    "it has more than {count} values",
    "its references lead through more than {count} schemas",
    "it was not checked within {seconds} seconds",
)
# parts of the sentences above
_PARTS = (
    "The app",
    "{file}, line {line},",
    "{place}: it was still busy there.",
    "it was still waiting.",
    "{file}, line {line} ({code}): {error}",
    "{file}, line {line}: {error}",
    "its database server",
    "the tables of its database server",
    "a host of the network",
    "a message broker",
    "a download from {host}",
    "a server at {place}",
    "the host {host}",
    "requirements.txt or pyproject.toml",
    "a page that calls Python directly, without an HTTP API",
    "functions that a cloud calls, without a server",
    "a server, and no script that leads to OpenAI starts it",
)
TEMPLATES = (*_STARTS, *_ADVICE, *_ANSWERS, *_ASKED, *_RUNS, *_CHANCE, *_DOCUMENTS, *_PARTS)


def reported(text: str) -> Sentence:
    """A text of the evidence, with the message that it was made from; without places of its own where none is known."""
    return _recognised(text, _DEEPEST) or term(text)


def _recognised(text: str, deepest: int) -> Sentence | None:
    if len(text) > _LONGEST or not deepest:
        return None
    for template in TEMPLATES:
        fields = _fields(template, text)
        if fields is not None:
            inner = {name: _recognised(value, deepest - 1) or term(value) for name, value in fields.items()}
            return made_from(template, inner)
    return None


def _fields(template: str, text: str) -> dict[str, str] | None:
    """What stands at a template's places; None if the text is not made from it. Each place ends where it first can."""
    first, *rest = _pieces(template)
    if not text.startswith(first):
        return None
    fields, at = {}, len(first)
    for number, (name, literal) in enumerate(zip(rest[::2], rest[1::2], strict=True)):
        is_last = 2 * number + 2 == len(rest)
        end = (
            (len(text) - len(literal) if text.endswith(literal) else -1)
            if is_last
            else text.find(literal, at)
        )
        if end < at + 1 or (name in _NUMBERS and not text[at:end].replace(".", "", 1).isdecimal()):
            return None
        fields[name], at = text[at:end], end + len(literal)
    return fields if at == len(text) else None


@cache
def _pieces(template: str) -> tuple[str, ...]:
    """Its text and the names of its places by turns; text at both ends."""
    pieces: list[str] = []
    for part in template.split("{"):
        name, closed, after = part.partition("}")
        pieces += [name, after] if closed else [part]
    return tuple(pieces)
