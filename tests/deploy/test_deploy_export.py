"""Which threshold is exported, and what it may be used for."""

from __future__ import annotations

import numpy as np
import pytest

from facelab.deploy import TunedConfig
from facelab.deploy.card import card
from facelab.deploy.export import allowed_use, exported_point, point_records, rate_record
from facelab.deploy.records import SYNTHETIC, RateRecord
from facelab.errors import BadInput, NotMeasured
from facelab.stats.dyadic import PeopleTrials, rate_of
from facelab.stats.points import OperatingPoint, Unattainable


def test_the_smallest_supported_target_is_exported(points: list[OperatingPoint | Unattainable]) -> None:
    assert [point.supported for point in points[:3]] == [True, False, False]
    assert exported_point(points).target == 0.1


def test_without_a_supported_target_the_largest_resolved_one_is_and_says_so(
    points: list[OperatingPoint | Unattainable],
) -> None:
    chosen = exported_point(points[1:])
    assert chosen.target == 0.02
    assert not chosen.supported


def test_a_named_target_wins(points: list[OperatingPoint | Unattainable]) -> None:
    assert exported_point(points, 0.02).target == 0.02


def test_a_target_that_was_not_measured_is_refused(points: list[OperatingPoint | Unattainable]) -> None:
    with pytest.raises(BadInput, match=r"FPIR 0.3 is not among the targets \(0.1, 0.02, 0.001\)"):
        exported_point(points, 0.3)


def test_a_target_that_was_not_resolved_has_no_threshold(points: list[OperatingPoint | Unattainable]) -> None:
    with pytest.raises(NotMeasured, match="cannot be resolved"):
        exported_point(points, 0.001)


def test_a_given_threshold_alone_is_never_tuned(points: list[OperatingPoint | Unattainable]) -> None:
    with pytest.raises(NotMeasured, match="no target FPIR was asked for"):
        exported_point(points[3:])


def test_every_measured_threshold_is_recorded_with_its_origin(points: list[OperatingPoint | Unattainable]) -> None:
    records = point_records(points, 0.95)
    assert [(record.origin, record.target_fpir) for record in records] == [
        ("target", 0.1),
        ("certified", 0.1),
        ("target", 0.02),
        ("site", None),
    ]


def test_a_rate_that_rests_on_the_people_seen_says_so_in_the_config_and_on_its_card(
    points: list[OperatingPoint | Unattainable], config: TunedConfig
) -> None:
    trials = PeopleTrials(np.repeat(np.arange(150), 30))
    rate = rate_of(trials, np.random.default_rng(1).random(4500) < 0.02, "FPIR")
    record = rate_record(rate.to_dict())
    assert (record.reliable, record.rarest) == (False, 50)
    assert record.guaranteed == rate.interval().guaranteed
    point = config.operating_point.model_copy(update={"fpir": record})
    said = card(config.model_copy(update={"operating_point": point}))
    assert "people rarer than 1 in 50 make the errors" in said
    assert "]* |" in said


def test_a_rate_without_these_fields_is_written_as_it_was_read() -> None:
    """What was signed before there was such a field still has the same bytes."""
    said = {"rate": 0.5, "errors": 1, "trials": 2, "low": 0.1, "high": 0.9, "confidence": 0.95, "method": "wilson"}
    written = RateRecord(**said).model_dump(mode="json")
    assert {"reliable", "rarest", "guaranteed"}.isdisjoint(written)
    assert "reliable" in RateRecord(**said, reliable=False).model_dump(mode="json")


def test_synthetic_evidence_is_never_for_deployment(pack) -> None:
    pack.restriction = ""
    use = allowed_use(pack, synthetic=True, restriction_accepted=True)
    assert use.status == "evaluation only"
    assert use.reason == SYNTHETIC


def test_a_restricted_pack_is_for_evaluation_unless_accepted_and_that_is_recorded(pack) -> None:
    refused = allowed_use(pack, synthetic=False, restriction_accepted=False)
    assert (refused.status, refused.restriction_accepted) == ("evaluation only", False)
    accepted = allowed_use(pack, synthetic=False, restriction_accepted=True)
    assert (accepted.status, accepted.restriction_accepted) == ("operational", True)
    assert "non-commercial research only" in accepted.reason


def test_a_free_pack_on_real_evidence_is_operational_and_nothing_was_accepted(pack) -> None:
    pack.restriction = ""
    use = allowed_use(pack, synthetic=False, restriction_accepted=True)
    assert (use.status, use.restriction_accepted) == ("operational", False)
