"""The audit names what was planted, how unusual it is, and leaves a watchlist without errors alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from facelab.experiments.gallery_audit import KINDS, Finding, Searched, audit_gallery
from facelab.gallery.audit.decisions import new_decision
from facelab.gallery.audit.measures import PhotographMeasures
from facelab.stats.thresholds import split_probes
from facelab.stats.workload import Site
from facelab.types import Comparisons, Gallery, Templates

D = 128


def faces(rng: np.random.Generator, count: int) -> np.ndarray:
    e = rng.normal(size=(count, D))
    return e / np.linalg.norm(e, axis=1)[:, None]


def photos(rng: np.random.Generator, person: np.ndarray, spread: float = 0.7) -> np.ndarray:
    """Photographs of people: cosine about 1 / (1 + spread^2) between two of one."""
    e = person + spread * faces(rng, len(person))
    return e / np.linalg.norm(e, axis=1)[:, None]


def gallery(rng: np.random.Generator, people: int = 150, photographs: int = 2, **changed: object) -> Gallery:
    base = faces(rng, people)
    e = np.concatenate([photos(rng, base) for _ in range(photographs)])
    who = np.array([f"s{i:03d}" for _ in range(photographs) for i in range(people)])
    ids = np.array([f"s{i:03d}/{j}" for j in range(photographs) for i in range(people)])
    quality = 1 / (1 + np.exp(-rng.normal(2.2, 0.25, len(ids))))
    return made(ids, who, e, quality)


def made(ids: np.ndarray, who: np.ndarray, e: np.ndarray, quality: np.ndarray | float = 0.9) -> Gallery:
    n = len(ids)
    width = {"width_px": np.full(n, 110.0)}
    return Gallery(Templates(ids, who, e, np.broadcast_to(quality, n), np.ones(n), "pack", width), who)


def changed(g: Gallery, **columns: np.ndarray) -> Gallery:
    t = replace(g.templates, **columns)
    return Gallery(t, t.subject_id)


def errors(g: Gallery, **options: object) -> tuple[Finding, ...]:
    """The open findings but neighbours, of which one gallery in four has a pair by chance."""
    return tuple(f for f in audit_gallery(g, **options).open if f.kind != "neighbours")  # type: ignore[arg-type]


def kinds(g: Gallery, **options: object) -> dict[str, int]:
    audit = audit_gallery(g, **options)  # type: ignore[arg-type]
    return {kind: audit.counts[kind] for kind in KINDS if audit.counts[kind]}


def test_a_watchlist_without_errors_is_left_alone_nineteen_times_in_twenty() -> None:
    found = [kinds(gallery(np.random.default_rng(seed), 80)) for seed in range(25)]
    assert sum(bool({*f} - {"neighbours"}) for f in found) <= 4


def test_one_person_under_two_names_is_named_with_both_and_how_unusual_it_is() -> None:
    g = gallery(np.random.default_rng(1))
    who = g.templates.subject_id.astype("U9")
    who[150 + 7] = "alias"
    audit = audit_gallery(changed(g, subject_id=who))
    (found,) = audit.of_kind("duplicate")
    assert set(found.subjects) == {"s007", "alias"}
    assert set(found.samples) == {"s007/0", "s007/1"}
    assert found.expected < 1e-3
    assert found.action == "merge"
    assert "one person under two names" in str(audit)


def test_three_names_of_one_person_are_one_finding() -> None:
    rng = np.random.default_rng(2)
    g = gallery(rng, 150, 3)
    who = g.templates.subject_id.astype("U20")
    who[[150 + 4, 300 + 4]] = ["first alias", "second alias"]
    (found,) = errors(changed(g, subject_id=who))
    assert set(found.subjects) == {"s004", "first alias", "second alias"}


def test_exchanged_photographs_are_mislabelled_and_not_duplicates() -> None:
    g = gallery(np.random.default_rng(3), 150, 3)
    who = g.templates.subject_id.astype("U9")
    who[[0, 1]] = who[[1, 0]]
    found = errors(changed(g, subject_id=who))
    assert {f.kind for f in found} == {"mislabelled"}
    by_subject = {f.subjects[0]: f for f in found}
    assert by_subject["s000"].drop == ("s001/0",)
    assert by_subject["s000"].into == "s001"
    assert by_subject["s000"].action == "move"
    assert "strangers are as alike" in by_subject["s000"].odds


def test_of_two_photographs_that_are_not_alike_nobody_can_say_which_is_wrong() -> None:
    rng = np.random.default_rng(4)
    g = gallery(rng)
    e = g.templates.embedding.copy()
    e[3] = faces(rng, 1)
    (found,) = errors(changed(g, embedding=e))
    assert found.kind == "mislabelled"
    assert set(found.samples) == {"s003/0", "s003/1"}
    assert found.action == "re-photograph"
    assert "cannot be told" in found.why


def test_two_photographs_each_exchanged_between_two_people_are_said_to_be_so() -> None:
    g = gallery(np.random.default_rng(5))
    who = g.templates.subject_id.astype("U9")
    who[[150, 151]] = who[[151, 150]]
    found = errors(changed(g, subject_id=who))
    assert {f.kind for f in found} == {"mislabelled"}
    assert {f.subjects for f in found} == {("s000", "s001"), ("s001", "s000")}
    assert all("exchanged" in f.why for f in found)


def test_a_template_of_several_people_is_a_hub_and_no_duplicate() -> None:
    rng = np.random.default_rng(6)
    g = gallery(rng, 200, 1)
    e = g.templates.embedding.astype(np.float64)
    mixed = e[10] + e[20] + e[30]
    e[40] = mixed / np.linalg.norm(mixed)
    (found,) = errors(changed(g, embedding=e))
    assert found.kind == "hub"
    assert found.drop == ("s040/0",)
    assert {"s010", "s020", "s030"} <= set(found.subjects)


def test_a_reference_drawn_towards_everybody_is_a_hub() -> None:
    rng = np.random.default_rng(7)
    common = faces(rng, 1)
    e = faces(rng, 300) + 0.15 * common
    e[5] += 0.6 * common[0]
    e /= np.linalg.norm(e, axis=1)[:, None]
    ids = np.array([f"r{i}" for i in range(300)])
    hubs = audit_gallery(made(ids, ids, e)).of_kind("hub")
    assert [f.drop for f in hubs] == [("r5",)]


def test_poor_photographs_are_named_and_what_is_wrong_with_them_is_said_where_it_was_looked_at() -> None:
    g = gallery(np.random.default_rng(8))
    quality, width = g.templates.quality.copy(), np.array(g.templates.attributes["width_px"])
    quality[4], width[9] = 0.4, 30.0
    measures = {"s004/0": PhotographMeasures(90, 0.6, 0.1, 0.0, 0.99, 0.05, 0.9, 0.9)}
    poor = changed(g, quality=quality, attributes={"width_px": width})
    audit = audit_gallery(poor, measures=measures)
    said = {f.samples[0]: f for f in audit.of_kind("poor photograph")}
    assert set(said) == {"s004/0", "s009/0"}
    assert "turned away: yaw +0.60" in said["s004/0"].why
    assert "30 px wide" in said["s009/0"].why
    assert said["s009/0"].odds == "below a fixed limit"


def searches(g: Gallery, rng: np.random.Generator, hub: int | None = None) -> Comparisons:
    """Two passages each of 120 strangers, and one of everybody enrolled; strangers score .5 more with the hub."""
    t = g.templates
    strangers = np.repeat(faces(rng, 120), 2, axis=0)
    score = np.concatenate([strangers, photos(rng, t.embedding, 0.5)]) @ t.embedding.T
    if hub is not None:
        score[:240, hub] += 0.18
    who = [f"x{i // 2}" for i in range(240)] + t.subject_id.tolist()
    ids = [f"p{i}" for i in range(len(who))]
    return Comparisons(score, ids, who, t.sample_id, t.subject_id, g.enrolled)


def test_a_hub_of_searches_is_named_on_some_people_and_its_saving_measured_on_others() -> None:
    rng = np.random.default_rng(9)
    g = gallery(rng, 120, 1)
    select, report = split_probes(searches(g, rng, hub=17), 0.5, rng)
    audit = audit_gallery(g, Searched(select, report, 0.28, site=Site(10_000, 1e-4, cameras=2)))
    (found,) = audit.of_kind("hub")
    assert found.drop == ("s017/0",)
    assert audit.hubs is not None
    assert found.saving is not None
    assert found.saving.people == 60
    assert audit.hubs.before.errors - audit.hubs.after.errors == found.saving.errors > 0
    assert found.a_day is not None
    assert found.a_day.value == pytest.approx(20_000 * (1 - 1e-4) * found.saving.value)
    assert "on the other half" in " ".join(audit.sentences()).lower()
    assert audit.to_dict()["hubs"]["named"] == ["s017/0"]


def test_poor_photographs_have_their_misses_beside_those_of_the_others() -> None:
    rng = np.random.default_rng(10)
    g = gallery(rng, 120, 1)
    comparisons = searches(g, rng)
    quality = g.templates.quality.copy()
    quality[:10] = 0.4
    score = comparisons.score.copy()
    score[240:250] = 0.0
    spoilt = replace(comparisons, score=score)
    select, report = split_probes(spoilt, 0.5, rng)
    audit = audit_gallery(changed(g, quality=quality), Searched(select, report, 0.3))
    assert audit.misses is not None
    assert audit.misses.marked.value == 1.0
    assert audit.misses.others.value < 0.1
    assert audit.misses.cost > 0


def test_a_decision_stands_beside_its_finding_and_closes_it_when_the_gallery_is_made_again() -> None:
    g = gallery(np.random.default_rng(1))
    who = g.templates.subject_id.astype("U9")
    who[157] = "alias"
    wrong = changed(g, subject_id=who)
    (finding,) = audit_gallery(wrong).of_kind("duplicate")
    made_of_it = new_decision(wrong, "keep", samples=finding.samples, why="twins, checked", finding=finding.id)
    again = audit_gallery(changed(g, subject_id=who), decisions=[made_of_it])
    assert [f.id for f in again.of_kind("duplicate")] == [finding.id]
    assert again.findings[0].decision == made_of_it
    assert finding.id not in {f.id for f in again.open}
    assert "decided: keep" in again.table()
    assert again.counts["duplicate"] == 0


@pytest.mark.parametrize("people", [0, 1, 2, 5])
def test_few_people_give_no_finding_and_notes_that_say_what_was_not_looked_at(people: int) -> None:
    rng = np.random.default_rng(11)
    g = gallery(rng, people, 1) if people else Gallery(Templates([], [], np.zeros((0, D)), [], [], "pack"), [])
    audit = audit_gallery(g)
    assert audit.findings == ()
    assert "nothing stands out" in str(audit)
    assert any("no searches" in note for note in audit.notes)
    if people < 2:
        assert "not two people" in audit.notes[0]
    assert len(audit.to_frame()) == 0
    assert audit.to_dict()["findings"] == []


def test_a_gallery_without_quality_and_width_and_with_failures_is_audited_by_its_scores() -> None:
    g = gallery(np.random.default_rng(12))
    e = g.templates.embedding.copy()
    e[[3, 8]] = np.nan
    who = g.templates.subject_id.astype("U9")
    who[157] = "alias"
    bare = changed(g, embedding=e, subject_id=who, quality=np.full(len(e), np.nan), attributes={})
    audit = audit_gallery(bare)
    assert [f.kind for f in audit.findings if f.kind != "neighbours"] == ["duplicate"]
    assert audit.usable == len(e) - 2
    assert any("no quality" in note for note in audit.notes)


def test_searches_of_one_kind_are_told_and_the_gallery_is_still_audited() -> None:
    rng = np.random.default_rng(13)
    g = gallery(rng, 60, 1)
    mated = searches(g, rng).take(np.arange(240, 300))
    audit = audit_gallery(g, Searched(mated.take(np.arange(30)), mated.take(np.arange(30, 60)), 0.3))
    assert audit.hubs is None
    assert any("no non-mated search" in note for note in audit.notes)


def test_names_in_the_table_cannot_break_the_page() -> None:
    g = gallery(np.random.default_rng(1))
    who = g.templates.subject_id.astype("U30")
    who[157] = "<script>alert(1)</script>"
    assert "<script>" not in audit_gallery(changed(g, subject_id=who))._repr_html_()
