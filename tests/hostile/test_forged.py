"""Who only pretends to use the prompt is found out; who uses it in a roundabout way is accused of nothing."""

import pytest

from tests.hostile.cases import Attack
from tests.hostile.forged import FORGED, ROUNDABOUT
from tests.hostile.graded import graded
from tests.hostile.test_attacks import TIERS, statuses, written
from tests.sampling import representative


def judged(attack: Attack, place) -> tuple[dict[str, str], dict[str, str]]:
    """The status and the summary of each criterion."""
    report, _, _ = graded(written(attack, place), attack.only, TIERS[0] if TIERS else "process")
    return statuses(report), {result.id: result.summary for result in report.criteria}


@pytest.mark.parametrize("attack", representative(FORGED, 9), ids=lambda attack: attack.name)
def test_a_forged_use_of_the_prompt_is_found_out(attack, tmp_path):
    found, summaries = judged(attack, tmp_path)
    assert {id: found[id] for id in attack.verdicts} == attack.verdicts, summaries


@pytest.mark.parametrize("design", representative(ROUNDABOUT, 9), ids=lambda design: design.name)
def test_an_honest_roundabout_way_passes(design, tmp_path):
    found, summaries = judged(design, tmp_path)
    assert {id: found[id] for id in design.verdicts} == design.verdicts, summaries
    assert "failed" not in {found[id] for id in found if id != "endpoint.serves_file"}, summaries


def test_there_are_enough_of_both():
    assert len({attack.name for attack in FORGED}) == len(FORGED) >= 8
    assert len({design.name for design in ROUNDABOUT}) == len(ROUNDABOUT) >= 6
