"""Flask; GET with the prompt in the query; no document."""

from flask import Flask, request
from making import speech

app = Flask(__name__)


@app.get("/say")
def say():
    return {"key": speech(request.args["phrase"])}
