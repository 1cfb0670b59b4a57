"""`/models`, and `/engines` as it was: the catalogue, with each model's end of life."""

from typing import Any

from classroom.standin.incoming import errors
from classroom.standin.models.catalogue import Model
from classroom.standin.operations import Asked, Operation, Retired
from classroom.standin.outgoing.answers import CREATED, Answer
from classroom.standin.state import StandIn


def _describe(model: Model) -> dict[str, Any]:
    return {
        "id": model.id,
        "object": "model",
        "created": CREATED,
        "owned_by": "openai-files-lab" if model.ngrams else "openai",
        "shutdown_date": str(model.shutdown) if model.shutdown else None,
    }


def _list_served(standin: StandIn) -> list[Model]:
    models = standin.catalogue.models.values()
    return [model for model in models if standin.legacy or not model.is_retired(standin.catalogue.as_of)]


def list_models(standin: StandIn, asked: Asked) -> Answer:
    """Every model that answers."""
    return Answer(data={"object": "list", "data": [_describe(model) for model in _list_served(standin)]})


def _find(standin: StandIn, id: str) -> Model:
    model = standin.catalogue.models.get(id)
    if model is None and standin.lenient:
        return Model(id=id, kind="chat")
    if id in standin.catalogue.unsupported:
        raise errors.unsupported_model(id)
    if model is None:
        raise errors.unknown_model(id)
    if model.is_retired(standin.catalogue.as_of) and not (standin.legacy or standin.lenient):
        raise errors.retired_model(id, str(model.shutdown), model.replacement)
    return model


def retrieve(standin: StandIn, asked: Asked) -> Answer:
    """One model.

    Raises:
        APIError: 404 for an unknown or a retired one.
    """
    return Answer(data=_describe(_find(standin, asked.path["id"])))


def delete(standin: StandIn, asked: Asked) -> Answer:
    """Nobody deletes a model of OpenAI's, and the stand-in tunes none.

    Raises:
        APIError: 403 for a model of the catalogue, 404 for any other; a lenient stand-in says it is done.
    """
    id = asked.path["id"]
    if standin.lenient:
        return Answer(data={"id": id, "object": "model", "deleted": True})
    _find(standin, id)
    raise errors.APIError(
        403, f"The model '{id}' is not yours to delete: only fine-tuned models of your organization are."
    )


def _engine(model: Model) -> dict[str, Any]:
    return {"id": model.id, "object": "engine", "owner": "openai", "ready": True}


def list_engines(standin: StandIn, asked: Asked) -> Answer:
    """What `/models` lists, as engines."""
    return Answer(data={"object": "list", "data": [_engine(model) for model in _list_served(standin)]})


def retrieve_engine(standin: StandIn, asked: Asked) -> Answer:
    """One model, as an engine."""
    return Answer(data=_engine(_find(standin, asked.path["id"])))


_ENGINES_END = Retired(None, "/v1/models")

OPERATIONS = (
    Operation("GET", "models", list_models),
    Operation("GET", "models/{id}", retrieve),
    Operation("DELETE", "models/{id}", delete),
    Operation("GET", "engines", list_engines, retired=_ENGINES_END),
    Operation("GET", "engines/{id}", retrieve_engine, retired=_ENGINES_END),
)
