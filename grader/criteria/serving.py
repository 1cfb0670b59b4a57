"""Whether a file's address stays that file's: for `endpoint.serves_file`."""

from itertools import groupby
from pathlib import PurePosixPath

from grader import media_types
from grader.criteria import provenance
from grader.evidence import Evidence, Input, Probe, StoredObject
from grader.messages import sentence
from grader.ordinary_requests import SERVES_AGAIN

_OFTEN = 3  # requests whose files got the same name: so many do not by chance
_NO_CHANCE = 3  # characters of a caller's value that is not in a name by chance


def serves_another(evidence: Evidence, probe: Probe, wanted: StoredObject) -> str | None:
    """What is wrong if a file's address, asked again later, gave another file: whichever was made last, for instance."""
    name = (wanted.bucket, wanted.key)
    own = {one.sha256 for one in evidence.objects if (one.bucket, one.key) == name}
    has_one_name = _has_one_name(evidence, probe, wanted)
    if has_one_name:
        own = {wanted.sha256}
    others = {one.sha256 for one in evidence.objects} - own
    for again in evidence.probes_of(SERVES_AGAIN.id):
        if again.kind == probe.kind and again.exchange:
            answer = evidence.exchange(again.exchange)
            if answer.status == 200 and answer.body_sha256 in others:
                if has_one_name:
                    return sentence(
                        "every one is kept as {name}, so that the next one replaces it",
                        name=provenance.shown(wanted.key),
                    )
                return sentence(
                    "GET {place} served {name} at first, and later another file's bytes",
                    place=answer.place or sentence("the address in your answer"),
                    name=provenance.shown(wanted.key),
                )
    return None


def _has_one_name(evidence: Evidence, probe: Probe, wanted: StoredObject) -> bool:
    """Whether the app keeps files of a kind under one name, which no caller chose: each replaces the one before.

    What is stored again under a name that the caller gives is rightly served there. A name made of the time may be the same
    by chance, so it has to be the only one, or to come again after another.
    """
    alike = [
        one
        for one in evidence.objects
        if media_types.essence(one.content_type) == media_types.essence(wanted.content_type)
    ]
    if len({one.exchange for one in alike if one.key == wanted.key}) < _OFTEN:
        return False
    turns = [key for key, _ in groupby(one.key for one in alike)]
    if len(turns) > 1 and turns.count(wanted.key) == 1:
        return False
    given = [
        str(value)
        for offer in evidence.offers
        if offer.kind == probe.kind
        for key, value in offer.values.items()
        if key not in _keys(offer.prompt_input, offer.path_input, offer.type_input)
    ]
    called = PurePosixPath(wanted.key)
    return not any(
        value in (called.name, called.stem)
        or (len(_squeezed(value)) >= _NO_CHANCE and _squeezed(value) in _squeezed(wanted.key))
        for value in given
    )


def _squeezed(text: str) -> str:
    """Its letters and digits: "Evening Song" may be kept as evening-song."""
    return "".join(each for each in text.casefold() if each.isalnum())


def _keys(*inputs: Input | None) -> set[str]:
    return {f"{one.location}:{one.name}" for one in inputs if one}
