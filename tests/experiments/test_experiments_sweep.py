"""A sweep runs nothing twice, judges points by people that it does not report on, and marks the best."""

from __future__ import annotations

import itertools
import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from facelab.errors import BadInput
from facelab.experiments.objective import Limit, Objective, parse_objective
from facelab.experiments.pareto import Tradeoff, non_dominated
from facelab.experiments.progress import Step
from facelab.experiments.remembered_pack import RememberedPack
from facelab.experiments.saved_run import finished_runs
from facelab.experiments.scenario import load_scenario
from facelab.experiments.search import Search
from facelab.experiments.store import open_store
from facelab.experiments.study import Study
from facelab.experiments.sweep import Sweeper, best_point, why_none
from facelab.experiments.sweep_point import PointFound, PointTask, measure_point, upstream_of
from facelab.experiments.sweep_run import SweepPlan, sweep
from facelab.experiments.sweep_space import Range, grid_points, parse_grid, parse_space


def test_an_objective_is_read_with_its_limits_and_the_target_that_they_mean() -> None:
    found = parse_objective("Minimise fnir subject to fpir_high <= 1e-3 and seconds_a_frame <= 0.5")
    assert found == Objective("minimise", "fnir", (Limit("fpir_high", "<=", 1e-3), Limit("seconds_a_frame", "<=", 0.5)))
    assert (found.target, found.certified) == (1e-3, True)
    assert parse_objective("maximise threshold subject to fpir <= 5 %").target == 0.05
    assert parse_objective("minimise fnir").target is None


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("fnir", "reads 'minimise NAME"),
        ("minimise fnri", "did you mean 'fnir'"),
        ("minimise fnir subject to fpir", "a limit reads"),
        ("minimise fnir subject to fpir_hihg <= 0.1", "did you mean 'fpir_high'"),
        ("minimise fnir subject to fpir <= 2", "between 0 and 1"),
        ("minimise fnir subject to fpir <= 1e", "is no number"),
    ],
)
def test_an_objective_that_cannot_be_read_is_refused(text: str, line: str) -> None:
    with pytest.raises(BadInput, match=line):
        parse_objective(text)


def test_a_value_that_is_not_there_keeps_no_limit() -> None:
    objective = parse_objective("minimise fnir subject to seconds_a_frame <= 1")
    assert not objective.feasible({"fnir": 0.1, "seconds_a_frame": None})
    assert objective.feasible({"fnir": 0.1, "seconds_a_frame": 1.0})
    assert objective.loss({}) == np.inf


def test_a_grid_is_every_combination_and_a_comma_in_brackets_separates_nothing() -> None:
    grid = parse_grid(["rank=1,2", "targets_fpir=[0.1, 1e-2],[0.05]"])
    assert grid == {"rank": (1, 2), "targets_fpir": ([0.1, 0.01], [0.05])}
    points = grid_points(grid)
    assert points == [dict(zip(grid, values)) for values in itertools.product(*grid.values())]


@pytest.mark.parametrize(
    ("read", "text", "line"),
    [
        (parse_grid, "rank", "reads name=values"),
        (parse_grid, "rank=1,1", "a value stands twice"),
        (parse_space, "rank=5..1", "is empty"),
        (parse_space, "rank=0..1:log", "begins above 0"),
        (parse_space, "rank=-..1", "reads low..high"),
    ],
)
def test_what_is_no_grid_or_range_is_refused(read: Any, text: str, line: str) -> None:
    with pytest.raises(BadInput, match=line):
        read([text])


def test_a_setting_given_twice_and_a_grid_beyond_all_measure_are_refused() -> None:
    with pytest.raises(BadInput, match="given twice"):
        parse_grid(["rank=1", "rank=2"])
    with pytest.raises(BadInput, match="search instead"):
        grid_points({"a": range(200), "b": range(200)})


def _beaten(table: np.ndarray, k: int) -> bool:
    return any((row <= table[k]).all() and (row < table[k]).any() for row in table)


@given(arrays(float, st.tuples(st.integers(0, 12), st.just(3)), elements=st.integers(0, 4).map(float)))
@settings(max_examples=60, deadline=None)
def test_the_front_is_what_no_other_point_beats(table: np.ndarray) -> None:
    """Against the definition, point by point; and a front is never empty."""
    front = non_dominated(table)
    assert front.tolist() == [not _beaten(table, k) for k in range(len(table))]
    assert front.any() or not len(table)


def test_a_point_without_a_value_is_never_on_the_front_and_beats_nobody() -> None:
    assert non_dominated([[np.nan, 0], [1, 1]]).tolist() == [False, True]
    with pytest.raises(BadInput, match="1 dimensions"):
        non_dominated([1.0, 2.0])


def test_what_comes_after_the_comparisons_shares_them_and_what_comes_before_does_not() -> None:
    demo = upstream_of(load_scenario("demo"))
    assert upstream_of(load_scenario("demo", {"split_seed": 9, "targets_fpir": [0.2]})) == demo
    assert upstream_of(load_scenario("demo", {"pipeline.pooling.faces": 2})) != demo
    assert upstream_of(load_scenario("demo", {"watchlist.distractors": 2})) != demo


class _Counting:
    """A pack whose models only count how often they are asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def detect(self, image: np.ndarray, settings: Any) -> tuple[int, str]:
        self.asked.append("detect")
        return int(image.sum()), settings.model_dump_json()

    def embed_aligned(self, crops: np.ndarray) -> np.ndarray:
        self.asked.append("embed")
        return crops.sum(axis=(1, 2, 3))[:, None].astype(np.float32)


def test_a_pack_with_a_memory_gives_what_the_pack_gives_and_asks_it_once() -> None:
    plain = _Counting()
    pack = RememberedPack(plain)  # type: ignore[arg-type]
    scenario = load_scenario("demo").pipeline.detection
    other = scenario.model_copy(update={"min_score": 0.1})
    a, b = np.zeros((4, 4, 3), np.uint8), np.ones((4, 4, 3), np.uint8)
    for _ in range(2):
        assert pack.detect(a, scenario) == (0, scenario.model_dump_json())
        assert pack.detect(b, scenario)[0] == 48
        assert pack.detect(b, other)[1] == other.model_dump_json()
        assert pack.detect(b[:, ::-1], scenario)[0] == 48
        np.testing.assert_array_equal(pack.embed_aligned(np.stack([a, b])), [[0], [48]])
    assert sorted(plain.asked) == ["detect"] * 3 + ["embed"]
    assert pack.detect(np.zeros((2, 8, 3), np.uint8), scenario)[0] == 0
    assert plain.asked.count("detect") == 4, "the same bytes in another shape are another picture"


def _point(number: int, fnir: float | None, fpir: float, cost: float = 1.0, problem: str = "") -> PointFound:
    values = {"fnir": fnir, "fpir": fpir, "embeddings_a_frame": cost}
    return PointFound(number, str(number), {}, chosen_by=values, problem=problem)


def test_the_best_keeps_every_limit_and_of_equals_the_cheaper_and_then_the_earlier_is_best() -> None:
    objective = parse_objective("minimise fnir subject to fpir <= 0.05")
    points = [_point(1, 0.1, 0.2), _point(2, 0.3, 0.05, 2), _point(3, 0.3, 0.01, 1), _point(4, 0.3, 0.01, 1)]
    best = best_point([*points, _point(5, 0.0, 0.0, problem="broken"), _point(6, None, 0.0)], objective)
    assert best is points[2]
    assert best_point(points[:1], objective) is None
    assert "keeps fpir <= 0.05 (the nearest is 0.2)" in why_none(points[:1], objective)
    assert "nothing could be measured at any of 1 points: broken" in why_none(
        [_point(5, 0.0, 0.0, problem="broken")], objective
    )


def test_a_search_is_seeded_and_finds_what_a_grid_would(tmp_path) -> None:
    """A parabola with its least feasible value at 3; the same seed asks the same points, another does not."""
    objective = parse_objective("minimise fnir subject to fpir <= 0.5")

    def asked(seed: int, storage=None) -> list[float]:
        search = Search({"x": Range(0.0, 10.0), "kind": ("a", [1])}, objective, seed=seed, storage=storage)
        found = []
        for number in range(40):
            change = search.ask(number)
            assert change["kind"] in ("a", [1])
            found.append(change["x"])
            fpir = 0.4 if change["x"] >= 3 else 0.6
            search.tell(number, {"fnir": (change["x"] - 1) ** 2, "fpir": fpir})
        return found

    once = asked(1)
    assert asked(1) == once
    assert asked(2) != once
    assert min(x for x in once if x >= 3) < 4
    file = tmp_path / "search.db"
    asked(1, file)
    assert Search({"x": Range(0.0, 10.0)}, objective, storage=file).done == 40
    file.write_text("no database" * 500)
    with pytest.raises(BadInput, match="no search of Optuna"):
        Search({"x": Range(0.0, 10.0)}, objective, storage=file)


def test_a_point_is_judged_by_one_half_and_reported_on_the_other(study: Study) -> None:
    objective = parse_objective("minimise fnir subject to fpir <= 0.05")
    found = measure_point(PointTask(1, {}, study.scenario, study.workspace, objective), {"embeddings_a_frame": 2.0})
    select, report = study.halves.select, study.halves.report
    threshold = select.threshold_at_fpir(0.05).threshold
    assert found.row is not None
    assert found.row.threshold == threshold == study.points[1].threshold
    assert found.chosen_by["fnir"] == select.at(threshold).fnir.value
    assert found.row.fnir is not None
    assert found.row.fnir["rate"] == report.at(threshold).fnir.value
    assert found.chosen_by["embeddings_a_frame"] == 2.0


def test_a_certified_limit_takes_the_certified_threshold_and_says_so_where_there_is_none(study: Study) -> None:
    def at(limit: float) -> PointFound:
        objective = parse_objective(f"minimise fnir subject to fpir_high <= {limit}")
        return measure_point(PointTask(1, {}, study.scenario, study.workspace, objective), {})

    kept = at(0.1)
    assert kept.chosen_by["fpir_high"] is not None
    assert kept.chosen_by["fpir_high"] <= 0.1
    assert "certified" in at(0.02).problem
    assert "cannot be resolved" in at(1e-5).problem


@pytest.mark.slow
@pytest.mark.usefixtures("store")
def test_a_sweep_makes_comparisons_once_and_is_a_run_with_a_run_for_each_point(study: Study, monkeypatch) -> None:
    def never(self: Study) -> None:
        raise AssertionError("the comparisons are there: nothing upstream may run")

    monkeypatch.setattr(Study, "match", never)
    steps: list[Step] = []
    plan = SweepPlan({"confidence": (0.9, 0.95), "rank": (1, 2)}, objective="minimise fnir subject to fpir <= 0.05")
    found = sweep("demo", plan, workers=1, progress=steps.append)
    assert found.matched == 0
    assert [point.changed for point in found.points] == grid_points(plan.grid)
    assert [step.done for step in steps] == [1, 2, 3, 4]
    assert all(step.total == 4 for step in steps)
    client = open_store()
    parent = client.get_run(found.run_id)
    assert parent.data.tags["facelab.kind"] == "sweep"
    assert parent.data.tags["sweep.of"] == "demo"
    assert finished_runs("demo", client) == [], "a sweep is no evaluation: nothing is compared with it or watched by it"
    query = f"tags.`mlflow.parentRunId` = '{found.run_id}'"
    nested = client.search_runs([parent.info.experiment_id], filter_string=query)
    assert len(nested) == 4
    assert {run.data.params["confidence"] for run in nested} == {"0.9", "0.95"}
    (best,) = (run for run in nested if run.data.tags.get("best") == "yes")
    assert found.best is not None
    assert best.data.tags["point"] == str(found.best.number)
    assert best.data.tags["mlflow.note.content"].startswith("**Best of 4 points.**")
    least = min(run.data.metrics["choosing/fnir"] for run in nested)
    assert best.data.metrics["choosing/fnir"] == least
    assert parent.data.metrics["fnir"] == best.data.metrics["fnir"]
    assert {"figures/pareto.png", "figures/pareto.svg"} == {
        f.path for f in client.list_artifacts(found.run_id, "figures")
    }
    assert json.loads((study.workspace.folder / "sweep.json").read_text())["run_id"] == found.run_id
    alt = (study.workspace.folder / "sweep" / "pareto.txt").read_text()
    assert found.best.name in alt


@pytest.mark.slow
def test_several_processes_give_what_one_gives(study: Study) -> None:
    objective = parse_objective("minimise fnir")
    points = [(k, {"split_seed": k}, load_scenario("demo", {"split_seed": k})) for k in (1, 2, 3)]

    def measured(workers: int) -> list[dict[str, Any]]:
        found = Sweeper(study.workspace, objective, workers).measure(points, 3, lambda point: None)
        return [{**point.to_dict(), "seconds": 0} for point in found]

    alone = measured(1)
    assert all(not point["problem"] for point in alone)
    assert measured(2) == alone


def test_a_search_needs_the_fpir_that_it_keeps_and_every_end_is_checked_before_anything_runs(project) -> None:
    with pytest.raises(BadInput, match="did you mean"):
        sweep("demo", SweepPlan({"pipeline.pooling.fases": (1,)}))
    with pytest.raises(BadInput, match="rank"):
        sweep("demo", SweepPlan(space={"rank": Range(0, 3)}, objective="minimise fnir subject to fpir <= 0.1"))
    with pytest.raises(BadInput, match="give what to try"):
        sweep("demo", SweepPlan())
    for name, values in (("name", ("a", "b")), ("split_seed", (1, 2))):
        with pytest.raises(BadInput, match="a sweep cannot change it"):
            sweep("demo", SweepPlan({name: values}))
    assert not (project / "mlruns").exists()


def test_the_front_is_drawn_with_words_and_zero_rates_have_a_place() -> None:
    from facelab.plots import alt_text
    from facelab.plots.pareto import pareto_front

    found = Tradeoff(
        ("a", "b", "c"), np.array([0.0, 0.01, 0.02]), np.array([0.3, 0.1, 0.2]), np.array([1.0, 2, 3]), "x a frame", 1
    )
    ax = pareto_front(found)
    assert "2 of 3 thresholds are beaten by no other" in ax.get_title(loc="left")
    assert "b: FPIR 1 %, FNIR 10 %" in alt_text(ax)
    assert ax.get_xlim()[0] > 0
