"""Which input names the file, where no name tells: found by what a file is stored under."""

from collections.abc import Sequence

from grader.collect.exchange.session import Session
from grader.collect.exchange.wording import carries
from grader.collect.finding.discovery import LOOKING, decode_values, input_of, request_of
from grader.collect.finding.field_roles import role
from grader.collect.finding.fitting import stem_of
from grader.evidence import Offer
from grader.operations import Field, Operation

_SHORTEST = 3  # characters of a value that is not within a name by chance
_MOST_TRIED = 2  # inputs of one operation


def with_names(session: Session, offers: Sequence[Offer], operations: Sequence[Operation]) -> list[Offer]:
    """The offers; one without an input for the file's name gets that whose value the stored file is called by, if there is one.

    It is tried: another value has to lead to a file that is called by that one.
    """
    return [_with_name(session, offer, operations) if offer.path_input is None else offer for offer in offers]


def _with_name(session: Session, offer: Offer, operations: Sequence[Operation]) -> Offer:
    called = _last_names(session, offer.exchange)
    for one in _that_may_name(offer, operations, called)[:_MOST_TRIED]:
        extension = next((name.rpartition(".")[2] for name in called if "." in name), "")
        for end in [f".{extension}", ""] if extension else [""]:
            better = _tried(session, offer, one, end)
            if better is not None:
                return better
    return offer


def _that_may_name(offer: Offer, operations: Sequence[Operation], called: Sequence[str]) -> list[Field]:
    """The operation's inputs for any text, other than the prompt, whose value the file is called by."""
    values = decode_values(offer.values)
    taken = {(each.location, each.name) for each in (offer.prompt_input, offer.type_input) if each}
    fields = {
        one.key: one
        for operation in operations
        if (operation.method, operation.path) == (offer.method, offer.path)
        for shape in operation.shapes
        for one in shape
    }
    return [
        one
        for key, one in fields.items()
        if one.is_text
        and key not in taken
        and role(one) not in ("option", "type", "folder")
        and isinstance(value := values.get(key), str)
        and value
        and any(
            stem_of(name) == stem_of(value) or (len(value) >= _SHORTEST and carries(name, value))
            for name in called
        )
    ]


def _tried(session: Session, offer: Offer, one: Field, end: str) -> Offer | None:
    """The offer with that input, if a file that is to be called otherwise is."""
    key = f"{one.location}:{one.name}"
    usual = f"{stem_of(str(offer.values[key]))}{end}"
    named = offer.model_copy(
        update={
            "path_input": input_of(one),
            "named_by_effect": True,
            "values": {**offer.values, key: usual},
        }
    )
    order = request_of(named)
    exchange = session.send(LOOKING, order.request)
    called = _last_names(session, exchange.id)
    if order.name is None or not any(stem_of(name) == stem_of(order.name) for name in called):
        return None
    given = "." in order.name and order.name in called
    return named.model_copy(
        update={
            "extension_given": given,
            "kind_by_extension": given and offer.type_input is None,
            "exchange": exchange.id,
        }
    )


def _last_names(session: Session, exchange: str) -> list[str]:
    """What the files that a request stored are called, without their folders."""
    return [one.key.rpartition("/")[2] for one in session.objects if one.exchange == exchange]
