"""Which inputs choose the kind of file, and which are only called a type, such as the type of an analysis."""

from collections.abc import Sequence

from grader.collect.finding.field_roles import TYPE_WORDS, kind_of_words, words_of
from grader.evidence import Input, Offer

# what a type is the type of, where it is that of the file
_OF_FILES = frozenset({"file", "media", "mime", "content", "output", "result", "asset", "resource", "object"})
_OF_MAKING = frozenset(
    {"generate", "generated", "generation", "generator", "make", "create", "creation", "requested"}
)


def settle_types(offers: Sequence[Offer]) -> list[Offer]:
    """The offers without type inputs that choose something else, as far as was seen.

    An input chooses the kind if its documented values name kinds, if another value of it led to another kind, or if nothing
    but a file can be what its name is about.
    """
    return [offer if _chooses(offer, offers) else _without(offer) for offer in offers]


def _chooses(offer: Offer, offers: Sequence[Offer]) -> bool:
    field = offer.type_input
    if field is None:
        return True
    shown = (*field.choices, *([field.example] if field.example else []))
    return (
        any(kind_of_words(each) for each in shown)
        or _is_about_files(field.name)
        or _led_elsewhere(offer, offers)
    )


def _is_about_files(name: str) -> bool:
    about = set(words_of(name.rpartition(".")[2])) - TYPE_WORDS
    return about <= _OF_FILES | _OF_MAKING


def _led_elsewhere(offer: Offer, offers: Sequence[Offer]) -> bool:
    """Whether the same operation made another kind when that input had another value."""
    return any(
        other.kind != offer.kind
        and (other.method, other.path) == (offer.method, offer.path)
        and _value(other, offer.type_input) != _value(offer, offer.type_input)
        for other in offers
    )


def _value(offer: Offer, field: Input | None) -> object:
    return offer.values.get(f"{field.location}:{field.name}") if field else None


def _without(offer: Offer) -> Offer:
    by_extension = offer.extension_given and offer.path_input is not None
    return offer.model_copy(update={"type_input": None, "kind_by_extension": by_extension})
