"""Studies of alerts, cameras and bad faces on small evidence of their own; no model runs."""

from __future__ import annotations

import types
from pathlib import Path

import cv2
import numpy as np
import pytest

from facelab.config import AlertRule, Scenario
from facelab.data.losses import Losses
from facelab.errors import BadInput, NotMeasured
from facelab.experiments.alert_study import AlertStudy, NoAlerts, alert_study
from facelab.experiments.camera_study import NONE, CameraStudy
from facelab.experiments.degradation_study import FacePair, degraded_scores
from facelab.experiments.scenario import load_scenario
from facelab.experiments.study import Halves
from facelab.experiments.workspace import Workspace
from facelab.matching import match
from facelab.pipeline.alignment import TEMPLATE
from facelab.pipeline.degradations import FULL, Degradation
from facelab.pipeline.passages import PassageCounts, Passages
from facelab.pipeline.track_faces import TrackFaces
from facelab.stats.alarms import Thresholds
from facelab.stats.alerts import read_alerts
from facelab.stats.openset import open_set_curve
from facelab.stats.thresholds import split_probes
from facelab.types import Faces, Gallery, Templates, Tracks

CAMERAS = ("entrance", "gate")


def unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


@pytest.fixture
def study(tmp_path: Path) -> types.SimpleNamespace:
    """12 enrolled people and 60 strangers past two cameras, five faces a passage, seen for four seconds."""
    rng = np.random.default_rng(3)
    people = [f"w{i:02d}" for i in range(12)] + [f"u{i:02d}" for i in range(60)]
    own = unit(rng.normal(size=(len(people), 32)))
    columns: dict[str, list] = {name: [] for name in ("camera", "frame", "time", "track", "face")}
    ids, subjects, starts, pooled = [], [], [], []
    for number, who in enumerate(people):
        for at, camera in enumerate(CAMERAS):
            start = 10.0 * number + 60.0 * at
            faces = unit(own[number] + 0.16 * rng.normal(size=(5, 32)))
            for k, face in enumerate(faces):
                values = (camera, int(10 * start) + 10 * k, start + k, number, face)
                for name, value in zip(columns, values):
                    columns[name].append(value)
            ids.append(f"{camera}/{number}")
            subjects.append(who if who.startswith("w") else "")
            starts.append(start)
            pooled.append(unit(faces.sum(axis=0)))
    n, k = len(columns["frame"]), len(ids)
    order = np.lexsort((columns["track"], columns["frame"], columns["camera"]))
    box = np.tile([0.0, 0, 50, 60], (n, 1))
    tracks = Tracks(
        np.array(columns["camera"])[order],
        np.array(columns["frame"])[order],
        np.array(columns["time"])[order],
        np.array(columns["track"])[order],
        box,
        np.ones(n),
        np.ones(n),
        np.zeros((n, 5, 2)),
    )
    attributes = {
        "camera": np.array([i.split("/")[0] for i in ids]),
        "passage": np.array(ids),
        "start_s": np.array(starts),
        "end_s": np.array(starts) + 4,
    }
    templates = Templates(ids, subjects, np.array(pooled), np.ones(k), np.full(k, 5), "pack", attributes)
    nobody = templates.take(np.zeros(0, dtype=np.int64))
    passages = Passages(tracks, templates, nobody, Losses(), PassageCounts(), "toy", truth_known=True, synthetic=True)
    gallery = Gallery(Templates(people[:12], people[:12], own[:12], np.ones(12), np.ones(12), "pack"), people[:12])
    comparisons = match(passages, gallery)
    select, report = split_probes(comparisons, 0.5, np.random.default_rng(1))
    clips = tuple(types.SimpleNamespace(camera=c, frames_expected=8000, first_frame=0) for c in CAMERAS)
    faces = TrackFaces(np.arange(n), tracks.time_s, np.array(columns["face"])[order], hindsight=True)
    curves = Halves(open_set_curve(select), open_set_curve(report))
    return types.SimpleNamespace(
        scenario=load_scenario("demo", {"targets_fpir": [0.1]}),
        workspace=Workspace(tmp_path),
        passages=passages,
        probes=passages,
        gallery=gallery,
        comparisons=comparisons,
        halves=curves,
        points=[curves.select.threshold_at_fpir(0.1).at(curves.report)],
        footage=types.SimpleNamespace(cameras=CAMERAS, clips=clips),
        faces=faces,
        figure=lambda ax, name: (ax, name),
    )


def alerts_of(study: types.SimpleNamespace) -> AlertStudy:
    threshold = study.points[0].threshold
    return AlertStudy(study, Thresholds(threshold), 0.1, study.faces)  # type: ignore[arg-type]


def test_false_alerts_of_the_reporting_half_are_the_false_positives_of_its_curve(study: types.SimpleNamespace) -> None:
    found = alerts_of(study)
    point = study.points[0]
    assert found.rates.an_hour.count == point.fpir.errors + point.misidentification.errors
    share = len(found._reported) / len(study.comparisons)
    assert found.rates.a_camera_hour.exposure == pytest.approx(2 * share * 800 / 3600)


def test_each_rule_keeps_the_target_where_it_was_chosen_and_single_faces_come_sooner(
    study: types.SimpleNamespace,
) -> None:
    outcomes = {o.name: o for o in alerts_of(study).outcomes}
    assert set(outcomes) == {"passage end", "1 face", "2 of 3 faces", "3 of 5 faces"}
    assert outcomes["passage end"].point.threshold == study.points[0].threshold
    assert (
        outcomes["1 face"].quantile(0.5)
        < outcomes["3 of 5 faces"].quantile(0.5)
        < outcomes["passage end"].quantile(0.5)
    )
    assert outcomes["1 face"].in_view.any()
    assert not outcomes["passage end"].in_view.any()
    for outcome in outcomes.values():
        missed = outcome.point.fnir.errors
        assert np.isinf(outcome.latency_s).sum() == missed, outcome.name


def test_the_event_table_is_what_the_alerts_command_reads(study: types.SimpleNamespace) -> None:
    found = alerts_of(study)
    again = read_alerts(found.keep())
    assert len(again) == len(found.replay.log)
    assert again.false.tolist() == found.replay.log.alerts.false.tolist()


def test_sentences_name_hindsight_and_the_half_they_are_read_off(study: types.SimpleNamespace) -> None:
    said = " ".join(alerts_of(study).sentences())
    assert "hindsight" in said
    assert "reporting half" in said
    assert "6 journeys" in said


def test_without_a_threshold_there_is_a_sentence_everywhere(study: types.SimpleNamespace) -> None:
    study.points = []
    found = alert_study(study)  # type: ignore[arg-type]
    assert isinstance(found, NoAlerts)
    assert found.sentences() == (found.reason,)
    assert found.keep() is None


def test_a_site_that_tunes_nothing_has_no_thresholds_by_camera(study: types.SimpleNamespace) -> None:
    assert CameraStudy(study, None).sentences() == (NONE,)  # type: ignore[arg-type]
    assert CameraStudy(study, 0.1).thresholds is not None  # type: ignore[arg-type]
    assert set(CameraStudy(study, 0.1).by_camera) == set(CAMERAS)  # type: ignore[arg-type]


def test_old_scenario_files_stay_valid_and_get_the_defaults() -> None:
    scenario = load_scenario("demo")
    assert scenario.alerts == AlertRule()
    assert set(Scenario.model_fields["alerts"].default.model_dump()) == set(AlertRule().model_dump())


class ColourPack:
    """Finds the one face in the middle of a picture unless it is nearly flat; knows people by their colours."""

    fingerprint, name, dimension = "colours", "colours", 27

    def detect(self, image: np.ndarray, settings: object = None) -> Faces:
        rows = image.shape[0]
        inside = np.flatnonzero((image != 128).any(axis=(0, 2)))
        low, high = (inside[0], inside[-1] + 1) if len(inside) else (0, 0)
        side = float(high - low)
        if side < 24:
            return Faces.none()
        corner = np.array([low, (rows - side) / 2])
        box = np.array([[*corner, *(corner + side)]])
        return Faces(box, np.array([0.9]), corner + TEMPLATE[None] / 112 * side)

    def embed_aligned(self, crops: np.ndarray) -> np.ndarray:
        small = np.stack([cv2.resize(crop, (3, 3), interpolation=cv2.INTER_AREA) for crop in crops])
        return unit(small.reshape(len(crops), -1).astype(np.float64) - 100).astype(np.float32)

    def embed(self, image: np.ndarray, landmarks: np.ndarray) -> np.ndarray:
        from facelab.pipeline.alignment import aligned_crops, similarity

        return self.embed_aligned(aligned_crops(image, similarity(landmarks)))


@pytest.fixture
def pairs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[FacePair]:
    """Three people who are nine coloured fields each, 160 px wide, photographed twice."""
    monkeypatch.setenv("FACELAB_CACHE", str(tmp_path / "cache"))
    rng, found = np.random.default_rng(5), []
    for k in range(3):
        fields = rng.integers(0, 120, (3, 3, 3)).astype(np.uint8)
        for shot in (1, 2):
            picture = np.kron(fields, np.ones((54, 54, 1), np.uint8)) + np.uint8(shot)
            cv2.imwrite(str(tmp_path / f"{k}-{shot}.png"), picture)
        found.append(FacePair(f"p{k}", tmp_path / f"{k}-1.png", tmp_path / f"{k}-2.png"))
    return found


WAYS = (FULL, Degradation("width", 16), Degradation("occlusion", 1.0))


def test_good_faces_match_themselves_and_a_covered_one_is_nobody(pairs: list[FacePair]) -> None:
    found = degraded_scores(pairs, ColourPack(), WAYS, progress=False)  # type: ignore[arg-type]
    assert found.mated[0].min() > 0.99
    assert found.mated[2].max() < found.mated[0].min()
    assert found.width_px.tolist() == [162.0] * 3


def test_a_face_that_is_too_small_to_be_found_again_gave_no_template(pairs: list[FacePair]) -> None:
    known = degraded_scores(pairs, ColourPack(), WAYS, progress=False)  # type: ignore[arg-type]
    again = degraded_scores(pairs, ColourPack(), WAYS, detect=True, progress=False)  # type: ignore[arg-type]
    assert np.isfinite(known.mated[1]).all()
    assert np.isnan(again.mated[1]).all()


def test_a_second_run_computes_nothing(pairs: list[FacePair], monkeypatch: pytest.MonkeyPatch) -> None:
    first = degraded_scores(pairs, ColourPack(), WAYS, progress=False)  # type: ignore[arg-type]
    monkeypatch.setattr(ColourPack, "detect", None)
    again = degraded_scores(pairs, ColourPack(), WAYS, progress=False)  # type: ignore[arg-type]
    assert np.array_equal(first.score, again.score)


def test_without_undegraded_faces_or_with_one_person_there_is_no_study(pairs: list[FacePair]) -> None:
    with pytest.raises(BadInput, match="undegraded"):
        degraded_scores(pairs, ColourPack(), WAYS[1:], progress=False)  # type: ignore[arg-type]
    with pytest.raises(NotMeasured, match="two people"):
        degraded_scores(pairs[:1], ColourPack(), WAYS, progress=False)  # type: ignore[arg-type]
    gone = [FacePair("x", pairs[0].reference.with_name("gone.png"), pairs[0].probe), pairs[1]]
    with pytest.raises(BadInput, match=r"gone\.png"):
        degraded_scores(gone, ColourPack(), WAYS, progress=False)  # type: ignore[arg-type]
