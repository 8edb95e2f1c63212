"""Champion and challenger mean something: the gate decides, one promotion at a time, each undone; a version serves."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from facelab.config import Detection
from facelab.deploy import read_tuned
from facelab.errors import BadInput, NotMeasured, PackError
from facelab.experiments import promotion, served_model
from facelab.experiments.promotion import promote, promoting, undo
from facelab.experiments.registry import champion
from facelab.experiments.served_model import ServedModel, file_digest
from facelab.experiments.store import open_store
from facelab.experiments.study import Study, open_study
from facelab.experiments.tracked_run import TrackedRun
from facelab.experiments.workspace import write_json
from facelab.pipeline import tables
from facelab.pipeline.packs.registry import SHIPPED
from facelab.pipeline.packs.spec import PackSpec
from facelab.types import Faces, Gallery, Templates

if TYPE_CHECKING:
    from mlflow import MlflowClient

FINGERPRINT = "a" * 64


@dataclass(frozen=True)
class FakePack:
    """A pack that sees one face in any picture and embeds it by the picture's first pixel."""

    name: str = "scrfd-mbf"
    fingerprint: str = FINGERPRINT
    dimension: int = 4
    licence: str = "research"
    operational_use: bool = False
    restriction: str = "research only"

    @property
    def spec(self) -> PackSpec:
        return SHIPPED["scrfd-mbf"].spec

    @property
    def files(self) -> dict[str, str]:
        return self.spec.files

    def detect(self, image: np.ndarray, settings: Detection) -> Faces:
        if image[0, 0, 0] == 255:
            return Faces.none()
        return Faces(np.array([[0.0, 0, 9, 9]]), np.array([0.9]), np.zeros((1, 5, 2)))

    def embed(self, image: np.ndarray, landmarks: np.ndarray) -> np.ndarray:
        return np.eye(4, dtype=np.float32)[[int(image[0, 0, 0]) % 4]]


@dataclass(frozen=True)
class Said:
    """A verdict that a test decides."""

    verdict: str
    passed: bool
    exit_code: int = 0
    reason: str = "because"
    checks: tuple[Any, ...] = (1,)


PASSES, WORSE, UNSURE = Said("better", True), Said("worse", False, 10), Said("cannot tell with this data", False, 11)


def gallery_of(pack: str = FINGERPRINT) -> Gallery:
    """Two enrolled people, at right angles."""
    names = np.array(["w00", "w01"])
    templates = Templates(names, names, np.eye(2, 4, dtype=np.float32), np.ones(2), np.ones(2, int), pack)
    return Gallery(templates, names)


@pytest.fixture
def measured(study: Study, store: None, monkeypatch: pytest.MonkeyPatch) -> Study:
    """A study with everything that an evaluation leaves, but for which faces a fake pack may be trusted with."""
    monkeypatch.setattr("facelab.experiments.tuned._trusted", lambda study: (None, None))
    study.__dict__["pack"] = FakePack()
    study.keep_points()
    study.tuned()
    write_json(study.workspace.scenario, study.scenario.model_dump(mode="json"))
    tables.write_gallery(study.workspace.gallery, gallery_of())
    return study


def logged(study: Study) -> str:
    """A finished run of the study, as `evaluate` leaves it."""
    run = TrackedRun(study.scenario, study.workspace.folder / "outbox")
    place = study.workspace
    for path in (place.points, place.tuned, place.scenario, place.comparisons, place.evidence):
        run.file(path)
    run.end("FINISHED")
    write_json(place.run, {"run_id": run.id, "status": "ENDED"})
    return run.id


def always(verdict: Said) -> Any:
    return lambda run, against: verdict


def _aliases(client: MlflowClient) -> dict[str, str]:
    return {name: str(version) for name, version in client.get_registered_model("demo").aliases.items()}


@pytest.mark.slow
def test_promoting_obeys_the_gate_keeps_the_reason_and_is_undone_step_by_step(measured: Study) -> None:
    client = open_store()
    assert champion("demo", client) is None, "a registry without a champion"
    with pytest.raises(NotMeasured, match="has no champion in the registry: there is nothing to undo"):
        undo("demo", client)
    first, second, third = (logged(measured) for _ in range(3))
    asked: list[tuple[str, str | None]] = []

    def judge(run: Any, against: str | None) -> Said:
        asked.append((run.run_id, against))
        return PASSES

    one = promote(first, client, judge=judge, why="the first")
    assert (one.promoted, one.version, one.before) == (True, "1", None)
    assert _aliases(client) == {"champion": "1"}
    kept = client.get_model_version("demo", "1").tags
    assert (kept["gate.verdict"], kept["promotion.reason"]) == ("better", "the first")
    with pytest.raises(BadInput, match="version 1 of demo is the champion already"):
        promote(first, client, judge=judge)
    for verdict in (WORSE, UNSURE):
        refused = promote(second, client, judge=always(verdict))
        assert (refused.promoted, refused.exit_code) == (False, verdict.exit_code)
        assert _aliases(client) == {"champion": "1", "challenger": "2"}
        assert client.get_model_version("demo", "2").tags["gate.verdict"] == verdict.verdict
    assert promote("demo@challenger", client, judge=judge).version == "2"
    assert promote(third, client, judge=judge).before == "2"
    assert asked == [(first, None), (second, first), (third, second)]
    standing = undo("demo", client, why="the camera was moved")
    assert standing is not None
    assert (standing.version, standing.run_id) == ("2", second)
    assert _aliases(client) == {"champion": "2", "challenger": "3"}
    assert "the camera was moved" in client.get_model_version("demo", "3").tags["promotion.undone"]
    again = undo("demo", client)
    assert again is not None
    assert again.version == "1"
    assert undo("demo", client) is None
    assert champion("demo", client) is None


def evaluated(study: Study, limits: dict[str, str], *, shift: float = 0.0) -> str:
    """A finished run of the same people under the gate's `limits`, whose own scores are `shift` higher."""
    made = open_study("demo", overrides={f"gate.{name}": value for name, value in limits.items()})
    moved = study.comparisons.score + np.where(np.eye(190, 60, dtype=bool), shift, 0.0)
    tables.write_comparisons(made.workspace.comparisons, replace(study.comparisons, score=moved))
    made.__dict__["pack"] = FakePack()
    made.keep_points()
    made.tuned()
    write_json(made.workspace.scenario, made.scenario.model_dump(mode="json"))
    return logged(made)


@pytest.mark.slow
def test_the_real_gate_lets_through_what_is_not_worse_and_refuses_the_worse(measured: Study) -> None:
    client = open_store()
    limits = {"fnir_margin": "0.1", "score_shift": "null", "quality_shift": "null"}
    first = promote(evaluated(measured, limits), client)
    assert (first.promoted, first.verdict) == (True, "not worse"), "its own limits judge the first: failures to acquire"
    standing = champion("demo", client)
    assert standing is not None
    assert read_tuned(standing.config_path()) == read_tuned(measured.workspace.tuned)
    worse = promote(evaluated(measured, limits, shift=-0.3), client)
    assert (worse.promoted, worse.verdict, worse.exit_code) == (False, "worse", 10)
    assert "FNIR" in worse.reason
    assert _aliases(client) == {"champion": "1", "challenger": "2"}
    better = promote(evaluated(measured, limits, shift=0.2), client)
    assert (better.promoted, better.verdict, better.exit_code, better.before) == (True, "not worse", 0, "1")
    assert _aliases(client) == {"champion": "3"}


@pytest.mark.slow
def test_a_first_champion_of_which_no_limit_can_be_asked_takes_somebody_who_says_why(measured: Study) -> None:
    client = open_store()
    none = dict.fromkeys(("score_shift", "quality_shift", "failure_to_acquire"), "null")
    run = evaluated(measured, none)
    refused = promote(run, client)
    assert (refused.promoted, refused.verdict, refused.exit_code) == (False, "cannot tell with this data", 11)
    assert "--why with a reason promotes the first champion on trust" in str(refused)
    assert champion("demo", client) is None
    trusted = promote(run, client, why="agreed with the site")
    assert (trusted.promoted, trusted.exit_code) == (True, 0)
    assert str(trusted).endswith("promoted on trust")
    assert client.get_model_version("demo", "1").tags["promotion.reason"] == "agreed with the site"
    other = promote(evaluated(measured, none, shift=-0.3), client, why="agreed too")
    assert not other.promoted, "once there is a champion, a reason is no verdict"


@pytest.mark.slow
def test_two_promotions_at_once_are_one_after_the_other(measured: Study) -> None:
    client, run = open_store(), logged(measured)
    with promoting("demo", client), pytest.raises(NotMeasured, match="another promotion of demo is under way"):
        promote(run, client, judge=always(PASSES))
    with promoting("demo", client), promoting("other", client):
        pass
    assert promote(run, client, judge=always(PASSES)).promoted


@pytest.mark.usefixtures("store")
def test_on_a_server_a_name_is_the_lock_and_says_who_holds_it(project: Path) -> None:
    client = open_store()
    with promotion._name_lock("demo", client):
        with pytest.raises(NotMeasured, match=r"under way \(.* on .*, process \d+, .*delete the registered model"):
            promotion._name_lock("demo", client).__enter__()
        with promotion._name_lock("other", client):
            pass
    with promotion._name_lock("demo", client):
        pass
    assert client.search_registered_models() == []


@pytest.mark.slow
def test_a_champion_that_changed_while_the_gate_was_asked_is_not_overrun(measured: Study) -> None:
    client = open_store()
    first, second, third = (logged(measured) for _ in range(3))
    promote(first, client, judge=always(PASSES))
    promote(third, client, only_register=True)

    def slow(run: Any, against: str | None) -> Said:
        client.set_registered_model_alias("demo", "champion", "2")
        return PASSES

    with pytest.raises(NotMeasured, match="changed while the gate was asked"):
        promote(second, client, judge=slow)
    assert _aliases(client)["champion"] == "2"


@pytest.mark.slow
def test_what_was_deleted_is_told_in_one_line(measured: Study, project: Path) -> None:
    client = open_store()
    run, other = logged(measured), logged(measured)
    promote(run, client, judge=always(PASSES))
    standing = champion("demo", client)
    assert standing is not None
    config = standing.config_path()
    shutil.rmtree(config.parent)
    with pytest.raises(NotMeasured, match="version 1 of demo: its tuned config is gone; was the artefact deleted"):
        standing.config_path()
    next((project / "mlruns" / "artifacts").rglob(f"{other}/artifacts/tuned.json")).unlink()
    with pytest.raises(NotMeasured, match=r"has no tuned.json"):
        promote(other, client, judge=always(PASSES))
    client.delete_run(other)
    with pytest.raises(NotMeasured, match="was deleted"):
        promote(other, client, judge=always(PASSES))
    with pytest.raises(BadInput, match="the registry has no version 'demo/99'"):
        promote("demo/99", client)


@pytest.mark.slow
def test_a_version_is_loaded_by_its_alias_and_gives_alerts(
    measured: Study, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import cv2
    import mlflow.pyfunc

    from facelab.experiments.store import quiet_mlflow, tracking_uri

    client = open_store()
    promote(logged(measured), client, judge=always(PASSES))
    copied = list((project / "mlruns" / "artifacts").rglob("gallery.parquet"))
    assert len(copied) == 1, "these people do not exist: their templates go into the model"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", tracking_uri())
    monkeypatch.setattr("facelab.pipeline.packs.load_pack", lambda name: FakePack())
    with quiet_mlflow():
        model = mlflow.pyfunc.load_model("models:/demo@champion")
    pictures = [np.full((8, 8, 3), value, np.uint8) for value in (0, 1, 2, 255)]
    alerts = model.predict(pictures)
    assert alerts[["source", "subject_id", "score"]].values.tolist() == [
        ["picture 1", "w00", 1.0],
        ["picture 2", "w01", 1.0],
    ]
    assert (alerts["threshold"] == read_tuned(measured.workspace.tuned).threshold).all()
    file = project / "one.png"
    cv2.imwrite(str(file), pictures[1])
    assert model.predict([str(file)])["subject_id"].tolist() == ["w01"]
    frames = project / "frames"
    frames.mkdir()
    cv2.imwrite(str(frames / "1.png"), pictures[1])
    with pytest.raises(BadInput, match=r"frames: a folder of frames has no frame rate.*params=\{'fps': 25.0\}"):
        model.predict(str(frames))
    with pytest.raises(BadInput, match="fps is a number above 0"):
        model.predict(str(frames), params={"fps": -1.0})


def _model(folder: Path, study: Study, **said: Any) -> ServedModel:
    folder.mkdir(exist_ok=True)
    shutil.copy(study.workspace.tuned, folder / "tuned.json")
    if said:
        write_json(folder / "gallery.json", said)
    return served_model._load_pyfunc(str(folder))


def test_templates_of_real_people_stay_where_they_are_and_another_file_is_refused(
    measured: Study, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gallery = measured.workspace.gallery
    digest = file_digest(gallery)
    assert len(_model(project / "a", measured, path=str(gallery), sha256=digest).gallery) == 2
    with pytest.raises(BadInput, match="not the one that the config was measured with"):
        _ = _model(project / "b", measured, path=str(gallery), sha256="0" * 64).gallery
    with pytest.raises(NotMeasured, match="the gallery is not here"):
        _ = _model(project / "c", measured, path=str(project / "gone.parquet"), sha256=digest).gallery
    with pytest.raises(NotMeasured, match="the model has no gallery"):
        _ = _model(project / "d", measured).gallery
    monkeypatch.setenv("FACELAB_GALLERY", str(gallery))
    assert len(_model(project / "d", measured).gallery) == 2
    other = project / "other.parquet"
    tables.write_gallery(other, gallery_of("b" * 64))
    with pytest.raises(BadInput, match="enrol with the same one"):
        _ = ServedModel(project / "d", str(other)).gallery


def test_another_pack_than_the_measured_one_and_an_odd_input_are_refused(
    measured: Study, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = _model(project / "a", measured)
    with pytest.raises(BadInput, match="a path or a picture"):
        model.predict([3])
    with pytest.raises(BadInput, match="a column 'path'"):
        model.predict(__import__("pandas").DataFrame({"x": [1]}))
    monkeypatch.setattr("facelab.pipeline.packs.load_pack", lambda name: FakePack(fingerprint="c" * 64))
    with pytest.raises(PackError, match="a threshold means nothing for another model"):
        _ = model.pack


def test_a_run_that_is_in_no_store_cannot_be_promoted(measured: Study, project: Path) -> None:
    with pytest.raises(NotMeasured, match="`facelab log` logs what was kept"):
        promote(str(measured.workspace.folder), open_store(), judge=always(PASSES))


def test_footage_paths_give_the_alerts_of_its_passages(
    project: Path, measured: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A lossless video of two people, one of them enrolled: her passage alerts, with its camera and its times."""
    import cv2
    import pandas as pd
    from toy_pipeline import WIDTH, ToyPack, people_of, picture, walk

    seen = people_of(walk("ann", 0, 12), walk("bob", 20, 12))
    seen = {number: seen.get(number, []) for number in range(34)}
    video = _video(project / "gate.mkv", [picture(number, people) for number, people in seen.items()])
    pack = ToyPack(seen, fingerprint=FINGERPRINT)
    monkeypatch.setenv("FACELAB_CACHE", str(project / "cache"))
    monkeypatch.setattr("facelab.pipeline.packs.load_pack", lambda name: pack)
    close_up = picture(0, [("ann", (0, 0, WIDTH, 120))])[None, 4:116, 4:116]
    names, template = np.array(["ann"]), pack.embed_aligned(close_up)
    templates = Templates(names, names, template, np.ones(1), np.ones(1, int), FINGERPRINT)
    tables.write_gallery(project / "own.parquet", Gallery(templates, names))
    model = ServedModel(_model(project / "m", measured).folder, str(project / "own.parquet"))
    threshold = 0.97
    config = model.config.model_copy(update={"threshold": threshold})
    object.__setattr__(model, "config", config)
    alerts = model.predict(str(video))
    assert alerts["subject_id"].tolist() == ["ann"]
    (alert,) = alerts.to_dict("records")
    assert (alert["source"], alert["threshold"]) == (str(video), threshold)
    assert alert["score"] >= threshold
    assert 0 <= alert["start_s"] < alert["end_s"] < 20 / 25, "she is there for 12 frames, he comes at the 20th"
    empty = _video(project / "empty.mkv", [picture(number, []) for number in (32, 33)])
    assert model.predict([str(empty)]).empty, "nobody there: no alert"
    frames = project / "frames"
    frames.mkdir()
    for number, people in seen.items():
        cv2.imwrite(str(frames / f"{number:03d}.png"), picture(number, people))
    table = pd.DataFrame({"path": [str(video), str(frames)], "fps": [np.nan, 25.0], "camera": ["", "north"]})
    same = ["subject_id", "score", "start_s", "end_s"]
    of_table = model.predict(table)
    assert of_table["camera"].tolist() == ["camera", "north"]
    assert of_table[same].iloc[0].tolist() == of_table[same].iloc[1].tolist() == [alert[name] for name in same]
    by_parameter = model.predict(str(frames), {"fps": 12.5})
    assert by_parameter["end_s"].tolist() == [2 * alert["end_s"]], "half as many frames a second: twice as long"


def _video(path: Path, pictures: list[np.ndarray], fps: int = 25) -> Path:
    """A video without loss: the toy pack reads the number of a frame in its corner."""
    import av

    height, width, _ = pictures[0].shape
    with av.open(str(path), "w") as file:
        stream = file.add_stream("ffv1", rate=fps)
        stream.width, stream.height, stream.pix_fmt = width, height, "bgr0"
        for image in pictures:
            file.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="bgr24")))
        file.mux(stream.encode())
    return path
