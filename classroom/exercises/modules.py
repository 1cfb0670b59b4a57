"""Notebooks 02, 03 and 04: the OpenAI module of `lab/`, asked as its callers would."""

import base64
import json
from typing import Any

from classroom.exercises import words
from classroom.exercises.exercise import Bench, Exercise, Trial
from classroom.exercises.plain import Thing, encode, shorten
from classroom.media.signatures import sniff

_MODEL = "gpt-5.4-mini"
_BASE = "/modules/openai"
_LETTER = b"PK\x03\x04\x14\x00\x06\x00\x08\x00\x00\x00[Content_Types].xml"  # how a .docx begins


def _answered(trial: Trial, status: int, what: str) -> dict[str, Any]:
    """The JSON object of an answer with that status."""
    expected = f"status {status} and a JSON object"
    if trial.raised and "ModuleProblem" in trial.raised.kinds:
        raise trial.wrong(shorten(trial.raised.message, 200), expected, "a file that can't be run")
    answer = trial.returned(expected)
    if not isinstance(answer, Thing) or "status_code" not in answer.fields:
        raise trial.wrong("module is something else now: run the cell with open_module() again.", expected)
    got = answer.fields["status_code"]
    if got == 500 != status and trial.stopped:
        problem = f"{what} stops with an error: {trial.stopped.name}."
        raise trial.wrong(problem, expected, f"status 500, after {trial.stopped}")
    content = answer.fields.get("content")
    try:
        body = json.loads(content) if isinstance(content, bytes) else None
    except (ValueError, RecursionError) as error:
        raise trial.wrong(f"{what} answers no JSON.", expected, f"status {got} and no JSON") from error
    if body is None:
        problem = f"{what} answers nothing so far. Write its body, and end it with return."
        raise trial.wrong(problem, expected, f"status {got} and an empty answer (null)")
    if got != status:
        raise trial.wrong(f"{what} answers {shorten(str(got))}, not {status}.", expected, f"status {got}")
    if not isinstance(body, dict):
        raise trial.wrong(f"{what} answers no JSON object.", expected, "JSON of another kind")
    return body


def _refused(trial: Trial, status: int, what: str) -> dict[str, Any]:
    error = _answered(trial, status, what).get("error")
    if not isinstance(error, dict) or "message" not in error:
        raise trial.wrong(
            f"{what} answers {status}, but not in OpenAI's shape.",
            'a body such as {"error": {"message": …}}',
            "a body without error or without message",
        )
    return error


def _list_of(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _models(bench: Bench) -> str:
    trial = bench.request("GET", f"{_BASE}/models/")
    listed = _answered(trial, 200, "GET models/").get("data")
    names = [each.get("id") for each in _list_of(listed) if isinstance(each, dict)]
    if _MODEL not in names:
        raise trial.wrong(
            f"GET models/ does not list {_MODEL}.", f"a list with {_MODEL}", f"{len(names)} models"
        )
    if trial.calls is not None and not any(call.route == "models" for call in trial.calls):
        raise trial.wrong(
            "GET models/ answers a list, and OpenAI was not asked for it.",
            "OpenAI's own list",
            "no call to OpenAI",
        )
    for name in bench.chance.sample([_MODEL, "gpt-image-2", "text-embedding-3-small"], 2):
        trial = bench.request("GET", f"{_BASE}/models/{name}/")
        one = _answered(trial, 200, "GET models/<id>/")
        if one.get("id") != name:
            got = shorten(str(one.get("id")))
            raise trial.wrong(f"GET models/{name}/ describes '{got}'.", f"the model {name}", got)
    unknown = bench.request("GET", f"{_BASE}/models/gpt-{words.mark(bench.chance)}/")
    answer = unknown.value
    forbidden = (
        isinstance(answer, Thing) and answer.fields.get("status_code") == 403
    )  # a class proxy's refusal
    _refused(unknown, 403 if forbidden else 404, "GET of a model that does not exist")
    _refused(bench.request("GET", f"{_BASE}/engines/"), 410, "GET engines/, which OpenAI has retired,")
    return "Models come through, with OpenAI's own refusal of those that do not exist; engines are gone."


def _chat(bench: Bench) -> str:
    question, temperature = words.question(bench.chance), bench.chance.randrange(1, 20) / 10
    body = {"model": _MODEL, "messages": [{"role": "user", "content": question}], "temperature": temperature}
    address = f"{_BASE}/chat/completions/"
    trial = bench.request("POST", address, json=body)
    answer = _answered(trial, 200, "POST chat/completions/")
    expected = "a chat completion with the model's words"
    choices = _list_of(answer.get("choices"))
    message = choices[0].get("message") if choices and isinstance(choices[0], dict) else None
    content = message.get("content") if isinstance(message, dict) else None
    if not isinstance(content, str) or not content:
        raise trial.wrong(
            "POST chat/completions/ answers 200, but no chat completion.", expected, "another body"
        )
    for call in (trial.calls_for(question, expected, "chat/completions") or ())[-1:]:
        if call.body.get("temperature") != temperature:
            raise trial.wrong(
                "Not all that the caller sent reached OpenAI: pass every parameter on.",
                f"a request with temperature {temperature}",
                "a request without it",
            )
        if not any(output.content.decode("utf-8", "replace") == content for output in call.outputs):
            raise trial.wrong("It answers other words than OpenAI did.", expected, f'"{shorten(content)}"')
    trial = bench.request("POST", address, json={**body, "temperature": 5})
    if _refused(trial, 400, "A temperature of 5").get("param") != "temperature":
        raise trial.wrong(
            "OpenAI's error does not come through as it is: its param is lost.",
            'an error with the param "temperature"',
            "an error without it",
        )
    return "Questions and refusals come through as they are."


def _media(bench: Bench) -> str:
    _pictures(bench)
    sentence = words.sentence(bench.chance)
    form = {"model": "gpt-transcribe", "language": bench.chance.choice(["en", "de"])}
    address = f"{_BASE}/audio/transcription/"
    sound = ("kite.mp3", encode(bench.boundary.speech(sentence)), "audio/mpeg")
    trial = bench.request("POST", address, form=form, file=sound)
    heard = str(_answered(trial, 200, "POST audio/transcription/").get("text", ""))
    if _letters(sentence) not in _letters(heard):
        raise trial.wrong(
            "POST audio/transcription/ answers other words than the sound says.",
            f'"{sentence}"',
            f'"{shorten(heard)}"',
        )
    for call in [call for call in trial.calls or () if call.route == "audio/transcriptions"][-1:]:
        if call.body.get("language") != form["language"]:
            raise trial.wrong(
                "Not all that the caller sent reached OpenAI: pass the language on, too.",
                f"a request with the language {form['language']}",
                "a request without it",
            )
    _unknown_model(bench, address, {"form": {"model": _nonsense(bench)}, "file": sound})
    note = ("kite.docx", encode(_LETTER), "application/msword")
    trial = bench.request("POST", address, form=form, file=note)
    status = trial.value.fields.get("status_code") if isinstance(trial.value, Thing) else None
    expected = "a status from 400 to 499, and no call to OpenAI"
    if not isinstance(status, int) or not 400 <= status < 500:
        if trial.calls:
            raise trial.wrong("An upload that is no sound was sent to OpenAI.", expected, f"status {status}")
        raise trial.wrong("An upload called kite.docx is not refused.", expected, f"status {status}")
    if trial.calls:
        raise trial.wrong(
            "An upload that is no sound was sent to OpenAI.", expected, f"status {status}, after a call"
        )
    return "Pictures and transcripts come through, and what is no sound is never sent."


def _pictures(bench: Bench) -> None:
    prompt, form = words.scene(bench.chance), bench.chance.choice(["jpeg", "webp"])
    order = {"prompt": prompt, "quality": "low", "output_format": form}
    address = f"{_BASE}/images/generations/"
    trial = bench.request("POST", address, json=order)
    data = _list_of(_answered(trial, 200, "POST images/generations/").get("data"))
    expected = f"a picture in data[0].b64_json, as {form}"
    encoded = data[0].get("b64_json") if data and isinstance(data[0], dict) else None
    try:
        picture = base64.b64decode(encoded) if isinstance(encoded, str) else b""
    except ValueError:
        picture = b""
    if not picture:
        raise trial.wrong("POST images/generations/ answers 200, but no picture.", expected, "no picture")
    trial.calls_for(prompt, expected, "images/generations")
    if sniff(picture) != f"image/{form}":
        problem = (
            "Not all that the caller sent reached OpenAI: pass every parameter on, output_format included."
        )
        raise trial.wrong(problem, expected, f"a picture of the type {sniff(picture)}")
    _unknown_model(bench, address, {"json": {"prompt": prompt, "model": _nonsense(bench)}})


def _nonsense(bench: Bench) -> str:
    return f"gpt-{words.mark(bench.chance)}"


def _unknown_model(bench: Bench, address: str, order: dict[str, Any]) -> None:
    """A model that the caller chose has to reach OpenAI, which refuses one that does not exist."""
    trial = bench.request("POST", address, **order)
    status = trial.value.fields.get("status_code") if isinstance(trial.value, Thing) else None
    if not isinstance(status, int) or not 400 <= status < 500:
        raise trial.wrong(
            "The caller asks for a model that does not exist, and OpenAI does not learn of it. Pass the model on.",
            "OpenAI's own refusal, a status from 400 to 499",
            f"status {status}",
        )


def _letters(text: str) -> str:
    return "".join(letter for letter in text.casefold() if letter.isalnum())


_WHERE = (
    "Write it in lab/src/files_api/openai_module.py, save, and run check again: it reads the file again. "
)
EXERCISES = {
    "02.3": Exercise(
        "module",
        _models,
        (
            "Your module sits between a program and OpenAI. What should it change in an answer, and what not?",
            _WHERE
            + 'passed_on(client, "GET", "models") asks OpenAI and answers with its status and its JSON.',
            "The routes only call passed_on with their address. For engines, problem(410, …) makes the error.",
        ),
    ),
    "03.4": Exercise(
        "module",
        _chat,
        (
            "Which of the caller's parameters should reach OpenAI: those that you know, or all of them?",
            _WHERE
            + "body.model_dump(exclude_unset=True) is what the caller sent, further parameters included.",
            'chat only returns passed_on(client, "POST", "chat/completions", json=…) with all of that.',
        ),
    ),
    "04.4": Exercise(
        "module",
        _media,
        (
            "What can you refuse before you send anything to OpenAI?",
            _WHERE + "Look at the ending of file.filename first: SOUNDS has those that OpenAI reads.",
            "For another ending return problem(415, …). Otherwise send the file's name and bytes on, as a form.",
        ),
    ),
}
