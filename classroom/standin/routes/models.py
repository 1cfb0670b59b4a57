"""`GET /v1/models` and `/v1/models/{id}`: the catalogue, with each model's end of life."""

from typing import Any

from classroom.standin import errors
from classroom.standin.answers import CREATED, Answer
from classroom.standin.catalogue import Catalogue, Model


def _described(model: Model) -> dict[str, Any]:
    return {
        "id": model.id,
        "object": "model",
        "created": CREATED,
        "owned_by": "openai",
        "shutdown_date": str(model.shutdown) if model.shutdown else None,
    }


def listing(catalogue: Catalogue, *, legacy: bool) -> Answer:
    """Every model that answers."""
    models = [model for model in catalogue.models.values() if legacy or not model.is_retired(catalogue.as_of)]
    return Answer(data={"object": "list", "data": [_described(model) for model in models]})


def detail(catalogue: Catalogue, id: str, *, legacy: bool) -> Answer:
    """One model.

    Raises:
        APIError: 404 for an unknown or a retired one.
    """
    model = catalogue.models.get(id)
    if model is None:
        raise errors.unknown_model(id)
    if model.is_retired(catalogue.as_of) and not legacy:
        raise errors.retired_model(id, str(model.shutdown), model.replacement)
    return Answer(data=_described(model))
