"""The answer of a made-up city: people are unit vectors, passages the same with noise; no model and no picture."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from facelab.errors import BadInput
from facelab.experiments.sites import city_cameras as cameras
from facelab.experiments.sites.city import answer, threshold_lines
from facelab.experiments.sites.city_distractors import Labelled, distractor_check
from facelab.experiments.sites.city_evidence import growth_section
from facelab.experiments.sites.city_findings import Findings
from facelab.experiments.sites.city_search import of_passages, with_drawn
from facelab.experiments.sources import Enrolment
from facelab.experiments.study import Study, open_study
from facelab.gallery.exact_search import Candidates
from facelab.matching import match
from facelab.report.site_answer import SiteAnswer
from facelab.stats.searches import searches
from facelab.types import Gallery, Templates

PACK, WIDTH = "b" * 64, 48
POSTS = ("street_bazaar", "street_lane", "toll_north", "toll_port")
NOISE = {"street_bazaar": 0.6, "street_lane": 1.1, "toll_north": 1.0, "toll_port": 1.6}
EVIDENCE = {
    "footage": "terminal", "footage_digest": "c" * 64, "cameras": list(POSTS), "watchlist_digest": "d" * 64,
    "enrolled": 0, "references": 0, "failed_to_enrol": 0, "passages": 0, "missed": 0, "failed": 0, "unmatched": 0,
    "frames": 1000, "faces": 5000, "pack": "scrfd-mbf", "pack_fingerprint": PACK, "pack_licence": "research",
    "synthetic": True,
}  # fmt: skip


def unit(vectors: np.ndarray) -> np.ndarray:
    return (vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)).astype(np.float32)


def templates(ids: list[str], subjects: list[str], vectors: np.ndarray, attributes: Any = None) -> Templates:
    n = len(ids)
    return Templates(ids, subjects, vectors, np.full(n, 0.8), np.full(n, 5), PACK, attributes or {})


def city(folder: Path, *, strangers: int = 90, wanted: int = 24, listed: int = 130, **overrides: Any) -> Study:
    """A study whose people pass four cameras; one reference and one passage in forty fail."""
    rng = np.random.default_rng(4)
    names = [f"w{i:02d}" for i in range(wanted)] + [f"u{i:03d}" for i in range(strangers)]
    people = unit(rng.normal(size=(len(names) + listed, WIDTH)))
    on_list = [*names[:wanted], *(f"d{i:03d}" for i in range(listed))]
    photographs = people[[*range(wanted), *range(len(names), len(people))]].copy()
    photographs[-1] = np.nan
    gallery = Gallery(templates([f"{n}/1" for n in on_list], on_list, photographs), np.array(on_list))
    ids, subjects, rows = [], [], []
    for camera in POSTS:
        for i, name in enumerate(names):
            ids.append(f"{camera}/{i}")
            subjects.append(name)
            rows.append(people[i] + rng.normal(size=WIDTH) * NOISE[camera] / np.sqrt(WIDTH))
    vectors = unit(np.stack(rows))
    vectors[::40] = np.nan
    known = {"camera": np.array([name.split("/")[0] for name in ids]), "passage": np.array(ids)}
    probes = templates(ids, subjects, vectors, known)
    chosen = {
        "site.galleries": [2_000, 4_000],
        "site.cameras": 50,
        "site.plazas": 10,
        "site.probability_checks": [1e-2, 1e-3],
        "site.sources": {"galleries": "a test", "probability_checks": "a test", **overrides.pop("sources", {})},
    }
    study = open_study("city_cameras", workspace=folder, overrides=_with_sources(chosen | overrides))
    study.__dict__ |= {"passages": _Passages(probes), "_enrolment": Enrolment(gallery, None, "d" * 64), "pack": None}
    study.__dict__["comparisons"] = match(probes, gallery, synthetic=True)
    from facelab.pipeline import tables

    tables.write_comparisons(study.workspace.comparisons, study.comparisons)
    study.workspace.evidence.write_text(json.dumps({"key": study._key, **EVIDENCE}))
    return study


def _with_sources(overrides: dict[str, Any]) -> dict[str, Any]:
    """The scenario's own sources and those of what is overridden."""
    from facelab.experiments.scenario import load_scenario

    site = load_scenario("city_cameras").site
    assert site is not None
    named = {name.split(".")[1]: "a test" for name in overrides if name.startswith("site.") and name != "site.sources"}
    return {**overrides, "site.sources": {**dict(site.sources), **named}}


class _Passages:
    """As much of passages as a city looks at."""

    def __init__(self, probes: Templates) -> None:
        self.templates, self.synthetic = probes, True


@pytest.fixture(autouse=True)
def no_research(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("FACELAB_RESEARCH_DATA", str(tmp_path / "none"))


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    return city(tmp_path_factory.mktemp("city"))


@pytest.fixture(scope="module")
def found(study: Study) -> Findings:
    return Findings(study)


@pytest.fixture(scope="module")
def told(study: Study, tmp_path_factory: pytest.TempPathFactory) -> SiteAnswer:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FACELAB_RESEARCH_DATA", str(tmp_path_factory.mktemp("none") / "none"))
        return answer(study)


def test_the_answer_is_whole_and_survives_json(told: SiteAnswer) -> None:
    assert SiteAnswer.from_dict(json.loads(json.dumps(told.to_dict()))).to_dict() == told.to_dict()
    titles = [section.title for section in told.sections]
    assert titles == [
        "May drawn references stand in for people", "How false alerts grow with the database",
        "How reviews are best spent", "A threshold for each site", "Plaza against street", "More cameras",
        "Cases instead of alerts", "Machines", "Synthetic and real, side by side",
    ]  # fmt: skip
    assert told.metrics["database"] == 2_000
    assert told.metrics["distractors_allowed"] == 1
    assert any("generated" in line.text and line.kind == "cannot tell" for line in told.under("Threshold"))


def test_every_assumption_stands_with_its_source(told: SiteAnswer, study: Study) -> None:
    assert {a.name for a in told.assumptions} == set(type(study.scenario.site).model_fields) - {"kind", "sources"}


def test_the_search_of_a_drawn_database_is_the_dense_one(found: Findings) -> None:
    """Best other score, mate's score and rank against the whole product of passages and all references."""
    database, study = found.database, found.study
    assert database.check is not None
    size = 2_000
    drawn = np.concatenate(list(database.check.model.shards(size - database.enrolled.subjects, found.site.seed)))
    probes, base = study.probes.templates.embedding.astype(np.float64), database.enrolled
    score = (probes @ drawn.T.astype(np.float64)).astype(np.float32)
    here = database.by_size[size]
    best = np.fmax(base.other_score, np.where(np.isnan(score).all(axis=1), np.nan, score.max(axis=1)))
    np.testing.assert_array_equal(here.other_score, best)
    np.testing.assert_array_equal(here.mate_score, base.mate_score)
    rank = np.where(base.rank > 0, base.rank + (score >= base.mate_score[:, None]).sum(axis=1), 0)
    known = rank <= base.rank + 31
    np.testing.assert_array_equal(here.rank[known], rank[known])
    assert here.subjects == size


def test_false_alerts_never_fall_as_the_database_grows(found: Findings) -> None:
    sizes = sorted(found.database.by_size)
    assert sizes == [1_000, 2_000, 4_000, 10_000]
    rates = [found.report_of(size).curve.at(float(found.threshold or 0)).fpir.errors for size in sizes]
    assert rates == sorted(rates)
    assert rates[-1] > rates[0]


def test_the_cameras_of_the_city_have_the_sites_means_and_its_plazas(found: Findings) -> None:
    whole, site = found.cameras, found.site
    assert len(whole) == 50
    assert sum(c.stands_on.startswith("toll") for c in whole) == site.plazas
    assert sum(c.rendered for c in whole) == len(POSTS)
    assert len({c.name for c in whole}) == 50
    passages = np.array([c.passages for c in whole])
    share = np.array([c.prevalence for c in whole])
    assert passages.mean() == pytest.approx(site.passages_a_camera_a_day)
    assert (passages * share).sum() / passages.sum() == pytest.approx(site.prevalence)


def test_own_thresholds_find_no_less_than_one_for_all_on_the_people_who_chose(found: Findings) -> None:
    for one in found.spent:
        assert one.own.true >= one.common.true - one.own.gap - 1e-9
        assert one.own.alerts <= one.budget * (1 + 1e-9)
        assert one.common.alerts <= one.budget * (1 + 1e-9)
        assert one.common.true <= one.own.bound + 1e-9


def test_a_distribution_that_does_not_match_is_refused_and_the_large_database_with_it(tmp_path: Path) -> None:
    """Passages that lie in a corner of their own, where references of people are and draws of their normal are not."""
    rng = np.random.default_rng(1)
    corner = unit(rng.normal(size=(1, WIDTH)))
    # one reference in thirty is a copy of what every fifth passage looks like: no normal distribution does that
    references = unit(rng.normal(size=(300, WIDTH)))
    references[::30] = unit(corner + 0.02 * rng.normal(size=(10, WIDTH)))
    probes = unit(rng.normal(size=(200, WIDTH)))
    probes[::5] = unit(corner + 0.02 * rng.normal(size=(40, WIDTH)))
    names = np.array([f"r{i}" for i in range(300)]), np.array([f"p{i}" for i in range(200)])
    check = distractor_check(
        "corner", Labelled(references, names[0]), Labelled(probes, names[1]), (1e-2, 1e-3), np.random.default_rng(2)
    )
    assert not check.allowed
    assert "refused" in check.sentence()


def test_too_few_people_for_the_check_leave_an_extrapolation_that_says_so(tmp_path: Path) -> None:
    study = city(tmp_path, **{"site.probability_checks": [1e-3, 1e-9]})
    told = answer(study)
    assert told.metrics["distractors_allowed"] == 0
    assert told.metrics["database"] == len(study.gallery)
    refused = [line for line in told.under("Threshold") if "was not searched" in line.text]
    assert [line.kind for line in refused] == ["cannot tell"]
    growth = next(section for section in told.evidence if section.title.startswith("How false alerts grow"))
    assert growth.table is not None
    assert [row[2] for row in growth.table.rows] == ["measured", "extrapolated", "extrapolated"]
    needed = [row[-1] for row in growth.table.rows]
    assert all("extrapolated" in cell or "cannot tell" in cell for cell in needed[1:])


def test_a_refused_database_has_the_threshold_that_the_tail_of_the_choosing_strangers_gives(tmp_path: Path) -> None:
    """Held to the tail itself: size times its FMR at that score is the share that can be reviewed; larger, higher."""
    from facelab.stats.watchlist_size import strangers_tail

    many = {"site.probability_checks": [1e-9], "site.galleries": [400, 800]}
    found = Findings(city(tmp_path, strangers=300, wanted=60, **many, **{"site.reviews_a_day": 2_500.0}))
    section = growth_section(found)
    assert section is not None
    assert section.table is not None
    assert any("generalised Pareto" in said for said in section.sentences)
    needed = [row[-1] for row in section.table.rows if row[2] == "extrapolated"]
    rows = np.isin(found.study.comparisons.probe_id, found.select.searches.probe_id)
    tail = strangers_tail(found.study.comparisons.take(rows), np.random.default_rng(found.site.seed))
    target = 2_500 / sum(camera.passages for camera in found.cameras)
    scores = [float(cell.split(" (extrapolated")[0]) for cell in needed]
    for size, score in zip((400, 800), scores, strict=True):
        assert size * tail.fmr(score) == pytest.approx(target, rel=0.06)
    assert scores[1] > scores[0]


def test_so_few_people_that_nothing_can_be_fitted_are_a_refusal_and_no_error(tmp_path: Path) -> None:
    found = Findings(city(tmp_path, strangers=12, wanted=6, listed=10))
    assert found.database.check is None
    assert "20 references or more" in found.database.refusal
    assert found.size == 16
    assert any(line.kind == "cannot tell" for line in threshold_lines(found))


def test_a_database_smaller_than_the_tested_one_is_measured_by_leaving_people_out(tmp_path: Path) -> None:
    found = Findings(city(tmp_path, **{"site.galleries": [50], "site.probability_checks": [1e-9]}))
    section = growth_section(found)
    assert section is not None
    assert section.table is not None
    assert [row[2] for row in section.table.rows] == ["measured: people left out", "measured"]


def test_nobody_is_in_both_halves_of_the_check() -> None:
    from facelab.experiments.sites.city_distractors import _halves

    references = np.array([f"a{i}" for i in range(9)])
    probes = np.array(["a1", "a1", "a2", "b", "b", "c", "", ""])
    fit, held = _halves(references, probes, np.random.default_rng(3))
    people = {*references[fit[0]], *probes[fit[1]]} - {""}
    others = {*references[held[0]], *probes[held[1]]} - {""}
    assert not people & others
    assert people | others == {*references, *probes} - {""}


def test_drawn_references_join_by_passage_and_outrank_a_mate_only_from_its_score_on() -> None:
    candidates = Candidates(
        np.array([[0.9, 0.5], [0.7, 0.6], [np.nan, np.nan]], np.float32), np.array([[3, 1], [3, 2], [-1, -1]]), 10
    )
    joined = of_passages(candidates, np.array([0, 0, 1]), 2)
    assert joined.reference.tolist() == [[3, 2], [-1, -1]]
    assert joined.score[0].tolist() == pytest.approx([0.9, 0.6])


def test_ties_of_drawn_references_count_against_the_mate() -> None:
    people = np.eye(4, dtype=np.float32)
    gallery = Gallery(templates(["a/1"], ["a"], people[:1]), np.array(["a"]))
    base = searches(match(templates(["p", "q"], ["a", ""], people[:2]), gallery))
    drawn = Candidates(np.array([[1.0, 0.2], [0.4, 0.1]], np.float32), np.array([[0, 1], [2, 3]]), 4)
    found = with_drawn(base, drawn)
    assert found.rank.tolist() == [2, 0]
    assert found.other_score.tolist() == pytest.approx([1.0, 0.4])
    assert found.subjects == 5


def test_alarmed_at_any_of_so_many_cameras_by_hand() -> None:
    """One stranger passes two cameras and is alarmed at one, another passes one and is not."""
    people = np.eye(4, dtype=np.float32)
    gallery = Gallery(templates(["a/1"], ["a"], people[:1]), np.array(["a"]))
    found = searches(match(templates(["p1", "p2", "q"], ["s", "s", "t"], people[[0, 1, 2]]), gallery))
    assert cameras.any_of_cameras(found, 0.5) == [(1, 2, pytest.approx(0.25)), (2, 1, pytest.approx(1.0))]


def test_another_kind_of_site_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no city"):
        Findings(open_study("demo", workspace=tmp_path))
