"""jsonschema loaded without what is slow in it finds the same texts right and wrong as jsonschema itself."""

import json
import subprocess
import sys

import pytest

# the process that runs the tests may have loaded jsonschema before: both ways are tried in processes of their own
_TEXTS = [
    ("iri", "https://exämple.org/ä?b#c"),
    ("iri", "no scheme"),
    ("iri", "http://[::1"),
    ("iri", ""),
    ("iri-reference", "../ä"),
    ("iri-reference", "a b"),
    ("iri-reference", "#/components/schemas/Text"),
    ("uri", "https://example.org/a"),
    ("uri", "https://exämple.org/"),
    ("uri-reference", "#/a"),
    ("uri-reference", "a b"),
    ("duration", "P1DT2H"),
    ("duration", "P1W2D"),
    ("duration", "an hour"),
    ("duration", "P"),
    ("duration", ""),
    ("date-time", "2026-01-01T00:00:00Z"),
    ("date-time", "yesterday"),
    ("email", "nobody"),
]
_ASK = """
import json, sys
{load}
from jsonschema import Draft202012Validator, FormatChecker
checker = Draft202012Validator.FORMAT_CHECKER
print(json.dumps([sorted(checker.checkers), [checker.conforms(text, name) for name, text in json.load(sys.stdin)]]))
"""


def _asked(load: str) -> list:
    made = subprocess.run(
        [sys.executable, "-c", _ASK.format(load=load)],
        input=json.dumps(_TEXTS),
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(made.stdout)


@pytest.mark.parametrize(
    "load",
    ["import grader.criteria.validity", "from grader.criteria import formats"],
    ids=["the validator", "alone"],
)
def test_every_format_is_checked_as_by_jsonschema_itself(load):
    assert _asked(load) == _asked("")


def test_what_is_slow_is_not_loaded_before_it_is_needed():
    script = (
        "import sys, grader.worker.grading; print([name for name in ('rfc3987_syntax', 'isoduration', 'lark', 'arrow')"
        " if name in sys.modules])"
    )
    made = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert made.stdout.strip() == "[]"


def test_the_packages_themselves_are_imported_as_ever():
    script = (
        "from grader.criteria import formats; import isoduration, rfc3987_syntax;"
        "print(isoduration.__file__ is not None, rfc3987_syntax.__file__ is not None)"
    )
    made = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert made.stdout.strip() == "True True"
