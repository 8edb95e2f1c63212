"""A series drawn from a small pool: days follow the plan, and the gate sees the camera and the watchlist."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from facelab.config import Floor, GateLimits
from facelab.data.losses import Losses
from facelab.data.people import default_people_folder
from facelab.errors import BadInput, NotMeasured
from facelab.experiments.outbox import log_kept
from facelab.experiments.series import Series, SeriesPlan
from facelab.experiments.series_pool import OutOfFocus, Pool, altered_comparisons, out_of_focus
from facelab.experiments.series_runs import VERDICTS, log_series
from facelab.experiments.store import open_store
from facelab.experiments.study import open_study
from facelab.types import Comparisons, Frame

PLAN = SeriesPlan(days=6, mates=40, strangers=80, altered_from=3, list_first=20, list_last=80, grown_on=5, target=0.1)


def _passages(cameras: tuple[str, ...], mean: float, quality: float, seed: int) -> Comparisons:
    """20 enrolled people and 60 strangers past each camera against 80 enrolled."""
    rng = np.random.default_rng(seed)
    who = np.array([f"w{i:02d}" for i in range(20)] + [f"u{i:02d}" for i in range(60)])
    subjects, camera = np.tile(who, len(cameras)), np.repeat(cameras, len(who))
    enrolled = [f"w{i:02d}" for i in range(80)]
    score = rng.normal(0, 0.1, (len(subjects), 80))
    own = subjects[:, None] == np.array(enrolled)[None, :]
    score[own] = rng.normal(mean, 0.1, int(own.sum()))
    attributes = {"camera": camera, "quality": rng.normal(quality, 0.02, len(subjects))}
    ids = [f"{c}/{s}" for c, s in zip(camera, subjects)]
    return Comparisons(score, ids, subjects, enrolled, enrolled, enrolled, attributes, {}, "a" * 64, True)


@pytest.fixture(scope="module")
def pool() -> Pool:
    return Pool(_passages(("gate", "queue"), 0.7, 0.9, 1), _passages(("gate",), 0.2, 0.6, 2), "gate")


def _series(pool: Pool, **limits: float | None) -> Series:
    only = {"failure_to_acquire": None, "score_shift": None, "quality_shift": None} | limits
    return Series(pool, PLAN, GateLimits(fnir_margin=0.5, **only))


def test_the_list_of_a_day_is_the_first_of_the_whole_and_its_scores_stay(pool: Pool) -> None:
    small, whole = pool.searches(20), pool.searches(80)
    assert (small.subjects, whole.subjects) == (20, 80)
    assert (small.mated == whole.mated).all()
    assert np.array_equal(small.mate_score, whole.mate_score, equal_nan=True)
    assert (small.other_score <= whole.other_score).all()
    with pytest.raises(BadInput, match="20 to 80"):
        pool.searches(5)


def test_a_day_shows_each_camera_once_and_the_altered_one_from_its_day_on(pool: Pool) -> None:
    before, after = pool.rows(altered=False), pool.rows(altered=True)
    assert before.sum() == after.sum() == 160
    assert not pool.is_altered[before].any()
    assert (pool.cameras[after & pool.is_altered] == "gate").all()
    assert (pool.cameras[after & ~pool.is_altered] == "queue").all()


def test_people_drawn_twice_are_two_people_and_stay_mated(pool: Pool) -> None:
    series = _series(pool)
    day = series.day(0, series.champion(), np.random.default_rng(1))
    found = day.measured.searches
    assert len(np.unique(found.person)) == PLAN.mates + PLAN.strangers
    assert len(found) == 2 * (PLAN.mates + PLAN.strangers)
    assert int(found.mated.sum()) == 2 * PLAN.mates
    assert not day.verdict.paired


def test_the_same_seed_gives_the_same_series(pool: Pool) -> None:
    series = _series(pool, quality_shift=0.15)
    runs = [[d.verdict.to_dict() for d in series.run(np.random.default_rng(4))] for _ in range(2)]
    assert runs[0] == runs[1]


def test_the_gate_sees_the_camera_from_its_first_day_on_and_not_before(pool: Pool) -> None:
    days = _series(pool, quality_shift=0.15, group_fnir_margin=0.3).run(np.random.default_rng(2))
    assert [day.fired("quality lower", "gate") for day in days] == [False] * 3 + [True] * 3
    assert [day.fired("FNIR above the champion's, at one threshold", "camera gate") for day in days] == [False] * 3 + [
        True
    ] * 3
    assert not any(day.fired("FNIR above the champion's, at one threshold", "camera queue") for day in days)
    assert [day.verdict.verdict == "worse" for day in days] == [False] * 3 + [True] * 3


def test_the_gate_sees_the_watchlist_once_its_alerts_are_too_many(pool: Pool) -> None:
    floor = Floor(passengers_a_day=1000, prevalence=0.01, cameras=1, assumptions=("none",))
    plan = replace(PLAN, altered_from=6, days=2, grown_on=1)
    series = replace(_series(pool, false_alerts_a_day=180.0), plan=plan, floor=floor)
    first, last = series.run(np.random.default_rng(3))
    assert not first.fired("false alerts a day")
    assert last.fired("false alerts a day")
    assert (series.plan.subjects(0), series.plan.subjects(1)) == (20, 80)


class _Still:
    """A source of one frame with one white pixel."""

    camera, digest, frames_expected = "gate", "d" * 64, 1

    def check(self) -> None:
        """Nothing to refuse."""

    def frames(self, losses: Losses):
        image = np.zeros((21, 21, 3), dtype=np.uint8)
        image[10, 10] = 255
        yield Frame(0, 0.0, "gate", image)


def test_out_of_focus_spreads_light_and_has_a_digest_of_its_own() -> None:
    source = OutOfFocus(_Still(), 2.0)
    (frame,) = source.frames(Losses())
    assert 0 < frame.image[10, 10, 0] < 30
    assert frame.image[8, 10, 0] > 0
    assert source.digest != OutOfFocus(_Still(), 3.0).digest != "d" * 64
    assert (source.camera, source.frames_expected) == ("gate", 1)


@pytest.mark.models
@pytest.mark.slow
@pytest.mark.skipif(not (default_people_folder() / "people.csv").is_file(), reason="the generated people are not here")
def test_the_altered_camera_is_looked_at_anew_and_its_faces_are_worse(project: Path) -> None:
    """Pixels to pool: a small terminal, its gate out of focus, everybody still a passage of the same people."""
    small = {"footage.unknown": 4, "footage.wanted": 2, "footage.cameras": ["gate"], "watchlist.distractors": 3}
    study = open_study("demo", overrides=small)
    normal, altered = study.match(), altered_comparisons(study, "gate", 3.0)
    pool = Pool(normal, altered, "gate")
    assert sorted(altered.probe_id.tolist()) == sorted(normal.probe_id.tolist())
    assert (pool.quality[pool.is_altered].mean()) < pool.quality[~pool.is_altered].mean()
    assert pool.searches(5).subjects == 5
    with pytest.raises(BadInput, match="not 'hall'"):
        out_of_focus(study.footage, "hall", 3.0)


def test_the_days_are_runs_nested_in_one_that_draws_the_trend(
    pool: Pool, project: Path, store: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    series = _series(pool)
    champion = series.champion()
    days = series.run(np.random.default_rng(1), champion)
    folder = project / "results" / "demo"
    with monkeypatch.context() as gone:
        gone.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
        gone.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
        with pytest.raises(NotMeasured, match="is the server up"):
            log_series(series, days, champion, folder)
    ((_, run_id),) = log_kept(folder / "outbox")
    client = open_store()
    whole = client.get_run(run_id)
    runs = client.search_runs([whole.info.experiment_id], max_results=100)
    nested = [run for run in runs if run.data.tags.get("mlflow.parentRunId") == run_id]
    assert sorted(run.info.run_name for run in nested) == [f"day {day:02d}" for day in range(6)]
    assert {run.info.status for run in runs} == {"FINISHED"}
    assert client.get_experiment(whole.info.experiment_id).name == "demo series"
    assert not any("scenario" in run.data.tags for run in runs), "nothing that is judged or watched counts these"
    drawn = {point.step: point.value for point in client.get_metric_history(run_id, "trend/fnir_gate_percent")}
    high = {point.step: point.value for point in client.get_metric_history(run_id, "limits/fnir_gate_high_percent")}
    of_days = {int(run.data.metrics["day"]): run.data.metrics["fnir_gate_percent"] for run in nested}
    assert drawn == pytest.approx(of_days)
    assert all(drawn[day] > high[day] for day in (3, 4, 5)), "the altered camera leaves its limits on its day"
    verdicts = {point.step: point.value for point in client.get_metric_history(run_id, "trend/gate")}
    assert verdicts == {day.day: VERDICTS[day.verdict.verdict] for day in days}
    for logged in (run_id, log_series(series, days, champion, folder)):
        drawn_files = {file.path for file in client.list_artifacts(logged, "figures")}
        assert drawn_files >= {"figures/fpir_trend.png", "figures/fnir_gate_trend.svg"}
    assert not (folder / "outbox").exists(), "nothing is kept of what was logged"
