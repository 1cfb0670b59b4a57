"""A part of the fuzzer's cases in every run of the tests, the same ones each time; and that it notices what it looks for."""

import time

import pytest

from tests.hostile.fuzzing import BadEndError, examined, in_a_worker, run, shares, through_the_command
from tests.hostile.readers import TARGETS
from tests.hostile.test_attacks import TIERS

SEED, CASES = 1, 100


@pytest.mark.skipif(not TIERS, reason="no wall can be had here")
def test_whatever_is_read_ends_in_time_within_memory_and_with_our_own_refusals():
    code, printed = in_a_worker(TIERS[0], SEED, CASES)
    assert code == 0, printed
    assert printed.count("held") == len(TARGETS)


@pytest.mark.skipif(not TIERS, reason="no wall can be had here")
@pytest.mark.parametrize("kind", ["bundles", "notebooks"])
def test_whatever_is_checked_exits_with_0_1_or_2_and_stays_as_it_is(kind):
    assert through_the_command(TIERS[0], SEED, CASES, kind) == 0


def test_every_target_has_its_share():
    assert sum(shares(1_000).values()) == pytest.approx(1_000, abs=len(TARGETS))
    assert all(shares(10).values())


def test_a_description_is_the_same_for_the_same_seed():
    seen: list[list[str]] = [[], []]
    for made in seen:
        run(
            "archives",
            3,
            5,
            TARGETS["archives"].made,
            lambda description, to=made: to.append(repr(description)),
        )
    assert seen[0] == seen[1]
    assert len(seen[0]) == 5


# --- what the fuzzer must notice -----------------------------------------------------------------------------------


def hangs():
    while True:
        time.sleep(1)


def is_busy():
    while True:
        pass


def grows():
    kept = bytearray(1 << 30)
    kept[:: 1 << 12] = b"x" * (1 << 18)


def raises():
    raise KeyError("a bug")


def dies():
    import os

    os.kill(os.getpid(), 9)


@pytest.mark.parametrize(
    ("work", "words"),
    [
        (hangs, "did not end"),
        (is_busy, "did not end"),
        (grows, "memory|Memory"),
        (raises, "a bug"),
        (dies, "-9"),
    ],
)
def test_a_bad_end_is_noticed(work, words):
    with pytest.raises(BadEndError, match=words):
        examined(work, seconds=2.0)


def test_a_file_that_is_left_is_noticed(tmp_path, monkeypatch):
    monkeypatch.setenv("FUZZING_INSIDE", "1")
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(BadEndError, match="left"):
        examined((tmp_path / "evil").touch, seconds=20.0)


def test_a_good_end_is_one():
    examined(lambda: None, seconds=20.0)
