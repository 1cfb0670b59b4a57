"""endpoint.serves_file: a file's address is that file's, also when others were made since."""

import pytest

from grader.criteria import BY_ID
from grader.evidence import Exchange, Probe, sha256_of
from tests.grader import seen

OTHER = b"a poem on fog"


def verdict(later: bytes, other_key: str, status: int = 200) -> str:
    """The verdict on an app that serves a file, and, when another one was stored, these bytes at its address."""
    got = Exchange(
        id="ex-2", purpose="fetch", method="GET", url="/files/rain.txt", place="/files/{name}", status=200,
        content_type="text/plain", body_sha256=sha256_of(seen.WORDS),
    )  # fmt: skip
    again = got.model_copy(update={"id": "ex-3", "status": status, "body_sha256": sha256_of(later)})
    stored = seen.STORED.model_copy(
        update={"id": "obj-2", "exchange": "ex-3", "key": other_key, "sha256": sha256_of(OTHER)}
    )
    probes = [
        Probe(criterion=criterion, kind="text", asked="the stored file", exchange=exchange)
        for criterion, exchange in (("endpoint.serves_file", "ex-2"), ("endpoint.serves_again", "ex-3"))
    ]
    evidence = seen.evidence(exchanges=(got, again), probes=tuple(probes), objects=(seen.STORED, stored))
    return BY_ID["endpoint.serves_file"].judge(evidence).status


def test_an_address_that_serves_whatever_was_made_last_is_not_the_file_s():
    assert verdict(OTHER, "fog.txt") == "failed"


@pytest.mark.parametrize(
    ("later", "other_key", "status"),
    [
        (seen.WORDS, "fog.txt", 200),
        (OTHER, "rain.txt", 200),
        (b"gone", "fog.txt", 404),
        (OTHER, "fog.txt", 410),
    ],
)
def test_the_same_file_its_successor_of_the_same_name_and_a_link_that_has_ended_are_fine(
    later, other_key, status
):
    assert verdict(later, other_key, status) == "passed"


@pytest.mark.parametrize(
    ("keys", "values", "status"),
    [
        (["last.txt"] * 3, {}, "failed"),
        (["last.txt"] * 3, {"json:room": "last"}, "passed"),  # the caller named it
        (["n.txt"] * 3, {"json:dateiname": "n"}, "passed"),
        (
            ["last.txt", "other.txt", "last.txt", "last.txt"],
            {},
            "failed",
        ),  # one name for each voice, for instance
        (["evening-song.txt"] * 3, {"json:title": "Evening Song"}, "passed"),
        (["last.txt", "last.txt", "now.txt"], {}, "passed"),  # so many seconds since 1970, for instance
        (["last.txt"] * 2, {}, "passed"),
    ],
)
def test_one_name_for_every_file_that_no_caller_chose_is_no_address_of_a_file(keys, values, status):
    contents = [seen.WORDS, *(f"a poem on fog {number}".encode() for number in range(len(keys) - 1))]
    objects = tuple(
        seen.STORED.model_copy(
            update={
                "id": f"obj-{number}",
                "exchange": f"ex-{number}",
                "key": key,
                "sha256": sha256_of(content),
            }
        )
        for number, (key, content) in enumerate(zip(keys, contents, strict=True), 1)
    )
    got = Exchange(
        id="ex-8", purpose="fetch", method="GET", url="/files/a.txt", place="/files/a.txt", status=200,
        content_type="text/plain", body_sha256=sha256_of(seen.WORDS),
    )  # fmt: skip
    last = [one.sha256 for one in objects if one.key == keys[0]][-1]
    again = got.model_copy(update={"id": "ex-9", "body_sha256": last})
    probes = tuple(
        Probe(criterion=criterion, kind="text", asked="the stored file", exchange=exchange)
        for criterion, exchange in (("endpoint.serves_file", "ex-8"), ("endpoint.serves_again", "ex-9"))
    )
    offer = seen.OFFER.model_copy(update={"values": values})
    evidence = seen.evidence(exchanges=(got, again), probes=probes, objects=objects, offers=(offer,))
    assert BY_ID["endpoint.serves_file"].judge(evidence).status == status
