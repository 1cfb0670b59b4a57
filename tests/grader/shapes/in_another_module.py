"""Flask; the JSON is read by a function that the view calls: nothing in the view names the field."""

from flask import Flask, request
from making import text

app = Flask(__name__)


def wanted(body, name="matter"):
    return body[name]


@app.post("/notes")
def notes():
    try:
        return {"key": text(wanted(request.json))}
    except KeyError as missing:
        return {"error": f"The body lacks {missing}."}, 400
