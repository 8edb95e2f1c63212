"""The departures hall's answer on made-up journeys: counted by hand, paired by person, and honest where it ends."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))
from hall_for_tests import CAMERAS, hall

from facelab.config import AlertRule
from facelab.errors import BadInput, NotMeasured
from facelab.experiments.sites import departures_findings, departures_journeys, real
from facelab.experiments.sites.departures import answer
from facelab.experiments.sites.departures_elsewhere import aligned, elsewhere
from facelab.experiments.sites.departures_evidence import _model_sentence
from facelab.experiments.sites.departures_findings import findings, rising_lists
from facelab.experiments.sites.departures_journeys import Journeys
from facelab.experiments.sites.departures_lists import ListAnswer, flows_of, list_answer, target_of
from facelab.experiments.sites.departures_marks import missed_by_label, missed_by_mark
from facelab.experiments.sites.departures_moments import alarm_moments
from facelab.experiments.study import Study
from facelab.report.site_answer import HEADINGS, SiteAnswer
from facelab.types import Comparisons

SMALL = {
    "site.watchlists": [40, 5000],
    "site.false_alarms_a_shift": 1000,
    "site.second_airport": {"footage": {"kind": "terminal", "cameras": ["north_hall"]}},
    "site.hard_passages": {"masked": {"footage": {"kind": "terminal", "masked": 1.0}}},
}


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Study]:
    """A hall whose second airport and masked passengers are the same people with more noise."""
    folder = tmp_path_factory.mktemp("hall")
    made = hall(folder / "here", **SMALL)
    noisier = {name: hall(folder / name, noise=3.5, **SMALL) for name in ("second_airport", "masked")}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(departures_journeys, "template_faces", lambda footage, passages, *_: _single(passages))
        patch.setattr(departures_findings, "other_study", lambda study, name, overrides: noisier[name])
        patch.setattr(real, "research_folder", lambda: None)
        for one in (made, *noisier.values()):
            KNOWN[id(one.passages)] = one.__dict__["single"]
        yield made


KNOWN: dict[int, object] = {}


def _single(passages: object) -> object:
    return KNOWN[id(passages)]


@pytest.fixture(scope="module")
def journeys(study: Study) -> Journeys:
    return Journeys(study, study.scenario.alerts)


@pytest.fixture(scope="module")
def told(study: Study) -> SiteAnswer:
    return answer(study)


def test_a_journey_is_a_person_past_all_cameras(journeys: Journeys) -> None:
    table = journeys.table
    assert len(table) == 96
    assert (np.asarray(table.probe_attributes["cameras"]) == 3).all()
    assert not set(journeys.select.probe_subject.tolist()) & set(journeys.report.probe_subject.tolist())
    assert journeys.report.mated.sum() == 16, "no wanted person had a say in the threshold, so all of them report"
    assert not journeys.select.mated.any()


def test_the_score_of_the_rule_alarms_whom_the_replay_alarms(journeys: Journeys) -> None:
    """At any threshold: the wanted people whom the state machine finds are those whose score reaches it."""
    own = journeys.table.take(journeys.table.mated)
    column = {name: i for i, name in enumerate(own.reference_subject.tolist())}
    best = np.array([own.score[i, column[who]] for i, who in enumerate(own.probe_subject.tolist())])
    for threshold in np.quantile(best, [0.1, 0.5, 0.9]):
        moments = alarm_moments(journeys, float(threshold))
        assert (moments.wanted, moments.alarmed) == (16, int((best >= threshold).sum()))


def test_moments_by_hand(journeys: Journeys) -> None:
    """Five faces .8 s apart: the second one confirms at .8 s; the person is in view for 4 s and walks on for 90."""
    moments = alarm_moments(journeys, -1.0)
    assert moments.alarmed == 16
    assert moments.at_camera_s == pytest.approx(np.full(16, 0.8))
    assert moments.left_s == pytest.approx(np.full(16, 3.2))
    assert moments.in_view.all()
    assert moments.on_the_way.all()
    whole = alarm_moments(Journeys(journeys.study, AlertRule()), -1.0)
    assert whole.at_camera_s == pytest.approx(np.full(whole.alarmed, 5.0)), (
        "4 s of passage and 1 s to know that it ended"
    )
    assert not whole.in_view.any()


def test_fewer_cameras_are_shorter_journeys(study: Study) -> None:
    one = Journeys(study, study.scenario.alerts, CAMERAS[:1])
    assert (np.asarray(one.table.probe_attributes["cameras"]) == 1).all()
    both = Journeys(study, study.scenario.alerts)
    order = np.argsort(one.table.probe_subject), np.argsort(both.table.probe_subject)
    first, whole = one.table.score[order[0]], both.table.score[order[1]]
    assert (whole >= first).all(), "whoever passes more cameras is alarmed no later in the score"


def test_the_target_is_the_people_that_a_shift_may_alarm(study: Study) -> None:
    site = study.scenario.site
    international, domestic = flows_of(site)
    assert target_of(site, international) == pytest.approx(1000 * 3 / (30_000 * (1 - 1e-5)))
    assert (domestic.name, domestic.passengers_a_day) == ("domestic departures", 18_000)


def test_false_alarms_and_ppv_follow_from_the_counts(study: Study, journeys: Journeys) -> None:
    flow = flows_of(study.scenario.site)[0]
    found = list_answer(journeys, study.scenario.site, flow, 56)
    assert isinstance(found, ListAnswer)
    counted = journeys.curve.at(found.threshold)
    assert found.chosen.basis == found.rate.basis == "measured"
    assert found.rate.fpir.value == pytest.approx(counted.fpir.value)
    assert found.false_a_shift.value == pytest.approx(counted.fpir.value * 30_000 * (1 - 1e-5) / 3)
    right = 1e-5 * (1 - counted.fnir.value)
    if counted.fpir.value:
        assert found.ppv.value == pytest.approx(right / (right + (1 - 1e-5) * counted.fpir.value))
    assert found.operators[1].operators <= found.operators[2].operators
    planned = 1000 * 3 + 0.3 * (1 - counted.fnir.value)
    assert found.operators[0].alarms_an_hour == pytest.approx(planned * 0.1)
    assert found.ppv_planned == pytest.approx(0.3 * (1 - counted.fnir.value) / planned)


def test_a_longer_list_that_nobody_tested_is_not_told_here(study: Study, journeys: Journeys) -> None:
    """So few strangers have no tail: the answer says that it cannot tell, and gives no number."""
    short, long = rising_lists(journeys, study.scenario.site, flows_of(study.scenario.site)[0])
    assert isinstance(short, ListAnswer)
    assert (long.basis, long.threshold) == ("cannot tell", None)


def test_the_same_hall_elsewhere_differs_in_nothing(study: Study, journeys: Journeys) -> None:
    again = elsewhere("again", journeys, journeys, 0.4, target=0.1, retune=True)
    assert again.carried["fpir"].value == again.carried["fnir"].value == 0
    assert again.alike is not None
    assert again.alike.value == 0
    assert again.here == again.there or again.here.to_dict() == again.there.to_dict()


def test_elsewhere_pairs_people_by_name(journeys: Journeys) -> None:
    some = journeys.table.take(np.random.default_rng(0).permutation(len(journeys.table))[:50])
    one, two = aligned(journeys.table, some)
    assert len(one) == 50
    assert one.probe_id.tolist() == two.probe_id.tolist()
    np.testing.assert_array_equal(one.mate_score, two.mate_score)
    with pytest.raises(NotMeasured, match="nobody walks"):
        aligned(journeys.table.take(np.arange(3)), journeys.table.take(np.arange(3, 6)))


def test_lists_of_different_people_are_compared_on_those_whom_both_have(journeys: Journeys) -> None:
    """w00 is on one list alone: their journey and their photograph are in neither side."""
    table = journeys.table
    kept = table.reference_subject != "w00"
    fewer = Comparisons(
        table.score[:, kept], table.probe_id, table.probe_subject, table.reference_id[kept],
        table.reference_subject[kept], table.enrolled[table.enrolled != "w00"],
    )  # fmt: skip
    one, two = aligned(table, fewer)
    assert one.subjects == two.subjects == 55
    assert len(one) == len(two) == 95
    assert "w00" not in one.probe_subject
    np.testing.assert_array_equal(one.other_score, two.other_score)


def test_worse_faces_are_missed_more_often(study: Study) -> None:
    found = findings(study)
    assert found.second is not None
    assert found.second.carried["fnir"].value > 0
    assert found.second.retuned is not None
    assert found.second.retuned.fpir.value <= found.second.target
    assert [one.name for one in found.hard] == ["masked"]
    assert {one.name for one in found.rules} == {"passage end", "1 face", "2 of 3 faces", "3 of 5 faces"}


def test_missed_people_are_split_by_their_mark(journeys: Journeys) -> None:
    """Every even wanted person wears a mask at two of three cameras: half of the people, and no journey is lost."""
    subject = journeys.passages.probe_subject.tolist()
    camera = np.asarray(journeys.passages.probe_attributes["camera"]).tolist()
    even = [who[-1] in "02468" and where != "gate" for who, where in zip(subject, camera, strict=True)]
    threshold = float(np.median(journeys.curve.searches.mate_score[journeys.curve.searches.mated]))
    found = missed_by_label(journeys, threshold, np.where(even, "mask", "none"))
    assert {name: rate.trials for name, rate in found.items()} == {"mask": 8, "none": 8}
    assert sum(rate.errors for rate in found.values()) == journeys.curve.at(threshold).fnir.errors > 0
    assert missed_by_mark(journeys, threshold) == {}, "this hall was never rendered, so nobody is marked"


def test_the_answer_answers_every_heading_and_comes_back_from_json(told: SiteAnswer) -> None:
    assert all(told.under(heading) for heading in HEADINGS)
    assert SiteAnswer.from_dict(json.loads(json.dumps(told.to_dict()))) == told
    assert "nan" not in str(told).lower()
    assert told.threshold is not None
    assert f"{told.threshold:.3f}" in told.under("Threshold")[0].text


def test_the_answer_says_what_it_cannot_tell(told: SiteAnswer) -> None:
    kinds = {line.kind for heading in HEADINGS for line in told.under(heading)}
    assert {"measured", "simulated", "assumed", "cannot tell"} <= kinds
    cannot = " ".join(line.text for line in told.lines if line.kind == "cannot tell")
    for words in ("5,000", "generated", "How many wanted people come is not known"):
        assert words in cannot


def test_evidence_protocol_and_numbers(told: SiteAnswer, study: Study) -> None:
    titles = [section.title for section in told.evidence]
    for part in ("Watchlists of each size", "How many operators", "Which photographs", "A second airport", "Domestic"):
        assert any(title.startswith(part) for title in titles), part
    assert told.side_by_side is not None
    assert "No research data" in told.side_by_side.sentences[0]
    assert all(np.isfinite(value) for value in told.metrics.values())
    assert told.metrics["list_40_threshold"] == told.threshold
    assert {row.name for row in told.assumptions} >= {"prevalence", "minutes_a_review", "second_airport"}
    assert len(told.protocol) == 6
    assert (study.workspace.figures / "journeys_by_watchlist.png").is_file()


def test_another_kind_of_site_is_refused(tmp_path: Path) -> None:
    other = hall(tmp_path, strangers=4, wanted=2, **{"site": None})
    with pytest.raises(BadInput, match="no departures hall"):
        findings(other)


def test_with_strangers_enough_a_longer_list_is_extrapolated_and_the_models_are_held_against_counts(
    tmp_path: Path,
) -> None:
    made = hall(tmp_path, strangers=240, others=80, **SMALL | {"site.watchlists": [80, 400, 2000]})
    alone = Journeys(made, AlertRule())
    site = made.scenario.site
    lists = rising_lists(alone, site, flows_of(site)[0])
    assert [one.chosen.basis for one in lists] == ["measured", "extrapolated", "extrapolated"]
    thresholds = [one.threshold for one in lists]
    assert thresholds == sorted(thresholds)
    assert lists[1].rate.fpir.low <= lists[1].rate.fpir.value <= lists[1].rate.fpir.high
    assert alone.tail is not None
    sentence = _model_sentence(SimpleNamespace(journeys=alone, first=lists[0], target=target_of(site, lists[0].flow)))
    threshold = alone.tail.threshold(0.05 / 96).threshold
    assert f"they say 6 of 120 strangers alarmed at {threshold:.3f}" in sentence
    assert f"{alone.curve.at(threshold).fpir.errors} were." in sentence
