"""All criteria of the lab: titles, hints, and how evidence is judged.

One module a section. docs/contributing.md has the recipe for a new one.
"""

from grader.criteria import endpoint, errors, notebooks, openai_module, openapi, secrets, tests, validation
from grader.criteria.criterion import Criterion, Verdict

ALL: tuple[Criterion, ...] = (
    *endpoint.CRITERIA,
    *secrets.CRITERIA,
    *validation.CRITERIA,
    *errors.CRITERIA,
    *openapi.CRITERIA,
    *tests.CRITERIA,
    *notebooks.CRITERIA,
    *openai_module.CRITERIA,
)
BY_ID = {criterion.id: criterion for criterion in ALL}

# what each section is called, in the order in which reports show them
SECTIONS = {
    "endpoint": "Your endpoint",
    "secrets": "Your key",
    "validation": "Bad input",
    "errors": "When OpenAI or S3 fails",
    "openapi": "Your API's document",
    "tests": "Your tests",
    "notebooks": "Notebooks",
    "module": "The OpenAI module (extension)",
}

__all__ = ["ALL", "BY_ID", "SECTIONS", "Criterion", "Verdict"]
