"""What a client can do: functions that try it, each in its own program, with the standard library alone.

A program tries its features and prints a line of JSON for each. `control()` asks the stand-in's control port.
"""

import json
import os
import sys
import traceback
import urllib.request

WANTED = {}  # feature → the function that tries it


def tries(feature):
    """Mark a function that tries a feature; it raises if the feature fails."""

    def marked(function):
        WANTED[feature] = function
        return function

    return marked


def control(method, path, sent=None):
    """What the control port answers."""
    data = None if sent is None else json.dumps(sent).encode()
    request = urllib.request.Request(os.environ["STANDIN_CONTROL"] + path, data, method=method)
    with urllib.request.urlopen(request, timeout=30) as answer:
        content = answer.read()
    return json.loads(content) if content else None


def calls():
    """The calls since the feature began."""
    return control("GET", "/calls?limit=1000")["calls"]


def main():
    """Try each feature, whatever becomes of the others."""
    for feature, function in WANTED.items():
        control("POST", "/reset")
        try:
            function()
            outcome = {"feature": feature, "passed": True, "why": ""}
        except Exception as error:
            last = traceback.extract_tb(error.__traceback__)[-1]
            why = f"{type(error).__name__}: {error}"[:500] + f" ({last.name}, line {last.lineno})"
            outcome = {"feature": feature, "passed": False, "why": why}
            traceback.print_exc()
        sys.stdout.write("\nfeature " + json.dumps(outcome) + "\n")  # whatever a client printed before
        sys.stdout.flush()
