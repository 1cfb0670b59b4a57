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
