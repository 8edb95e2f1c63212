"""Thresholds on other systems' scales: the round trip, and the refusal of another model."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from facelab.deploy import TunedConfig
from facelab.deploy.systems import converted, known_systems
from facelab.deploy.systems.conversion import SYSTEMS, Conversion, decisions_that_differ
from facelab.errors import BadInput

PLAIN = ("cosine", "cosine-distance", "euclidean", "squared-euclidean", "angle")


def _own_file(config: TunedConfig, folder: Path) -> tuple[TunedConfig, Path]:
    """A config whose recogniser is a file in `folder`."""
    import hashlib

    path = folder / "own.onnx"
    path.write_bytes(b"a recogniser")
    digest = hashlib.sha256(b"a recogniser").hexdigest()
    named = config.pack.recogniser_file
    assert named is not None
    pack = config.pack.model_copy(update={"files": {**config.pack.files, named: digest}})
    return config.model_copy(update={"pack": pack}), path


@pytest.mark.parametrize("system", PLAIN)
def test_plain_scales_decide_as_the_cosine_does(config: TunedConfig, system: str) -> None:
    found = converted(config, system)
    score = np.random.default_rng(1).uniform(-1, 1, 100_000)
    assert decisions_that_differ(found, score) == 0
    assert found.cosine_there == pytest.approx(config.threshold, abs=1e-12)


def test_plain_scales_by_hand(config: TunedConfig) -> None:
    c = config.threshold
    assert converted(config, "euclidean").value == pytest.approx(math.sqrt(2 - 2 * c))
    assert converted(config, "cosine-distance").value == pytest.approx(1 - c)
    assert converted(config, "angle").value == pytest.approx(math.acos(c) / math.pi)


def test_insightface_server_takes_the_cosine_where_it_runs_the_measured_file(config: TunedConfig) -> None:
    """buffalo_sc holds w600k_mbf.onnx, the recogniser of the default pack."""
    found = converted(config, "insightface-server", model="buffalo_sc")
    assert found.value == config.threshold
    assert "measured file" in found.recogniser


@pytest.mark.parametrize("model", ["buffalo_l", "antelopev2"])
def test_another_recogniser_is_refused(config: TunedConfig, model: str) -> None:
    with pytest.raises(BadInput, match="another recogniser"):
        converted(config, "insightface-server", model=model)


def test_a_system_whose_model_is_not_named_is_refused(config: TunedConfig) -> None:
    with pytest.raises(BadInput, match="say which model"):
        converted(config, "frigate")
    with pytest.raises(BadInput, match="has no model 'huge'"):
        converted(config, "frigate", model="huge")
    with pytest.raises(BadInput, match="not known here"):
        converted(config, "frigate", model="large")


def test_deepface_sface_is_refused_for_another_pack_and_taken_for_its_own(config: TunedConfig) -> None:
    from facelab.pipeline.packs.registry import SHIPPED

    with pytest.raises(BadInput, match="another recogniser"):
        converted(config, "deepface", model="SFace")
    spec = SHIPPED["yunet-sface"].spec
    changes = {"files": dict(spec.files), "recogniser_file": spec.recogniser_file.file}
    pack = config.pack.model_copy(update=changes)
    found = converted(config.model_copy(update={"pack": pack}), "deepface", model="SFace")
    assert found.accepts.startswith("distance <=")
    assert found.value == pytest.approx(1 - config.threshold)


def test_the_file_itself_opens_a_system_whose_models_are_not_known(config: TunedConfig, tmp_path: Path) -> None:
    own, path = _own_file(config, tmp_path)
    found = converted(own, "frigate", recogniser=path)
    assert found.cosine_there >= config.threshold
    other = tmp_path / "other.onnx"
    other.write_bytes(b"another one of the size")
    with pytest.raises(BadInput, match="another model"):
        converted(own, "frigate", recogniser=other)
    with pytest.raises(BadInput, match="no such file"):
        converted(own, "frigate", recogniser=tmp_path / "absent.onnx")


def test_the_detectors_file_does_not_pass_for_the_recogniser(config: TunedConfig, tmp_path: Path) -> None:
    own, path = _own_file(config, tmp_path)
    detector = own.pack.model_copy(update={"recogniser_file": own.pack.detector_file})
    with pytest.raises(BadInput, match="another model"):
        converted(own.model_copy(update={"pack": detector}), "frigate", recogniser=path)


def test_frigate_by_hand(config: TunedConfig, tmp_path: Path) -> None:
    """Two digits, moved up: the score that shows is at least the exact one, by less than a step."""
    own, path = _own_file(config, tmp_path)
    found = converted(own, "frigate", recogniser=path)
    exact = 1 / (1 + math.exp(-20 * (config.threshold - 0.3)))
    assert found.value == pytest.approx(math.ceil(exact * 100) / 100)
    assert 0 <= found.moved < 0.05


def test_compreface_uses_the_coefficients_of_its_server(config: TunedConfig, tmp_path: Path) -> None:
    own, path = _own_file(config, tmp_path)
    a, b = 1.3, 4.0
    found = converted(own, "compreface", recogniser=path, coefficients=(a, b))
    distance = math.sqrt(2 - 2 * config.threshold)
    assert found.value == pytest.approx((math.tanh((a - distance) * b) + 1) / 2, abs=1e-5)
    with pytest.raises(BadInput, match="only CompreFace"):
        converted(own, "frigate", recogniser=path, coefficients=(a, b))


@given(st.floats(0.05, 0.9), st.sampled_from(sorted(SYSTEMS)))
def test_a_stepped_threshold_never_accepts_more(threshold: float, name: str) -> None:
    """FPIR cannot rise by the conversion, whatever the system's step."""
    from facelab.deploy.systems.conversion import _stepped

    system = SYSTEMS[name]
    value = float(system.scale.from_cosine(threshold))
    if system.step:
        value = _stepped(value, system.step, up=system.scale.higher_is_more_alike)
    low, high = system.scale.shown_range
    if low <= value <= high:
        found = Conversion(system, threshold, value, float(system.scale.to_cosine(value)), "")
        score = np.linspace(-1, 1, 2001)
        score = score[np.abs(score - threshold) > 1e-9]
        shown = system.scale.from_cosine(score)
        there = shown >= value if system.scale.higher_is_more_alike else shown <= value
        assert not (there & (score < threshold)).any()
        if not system.step:
            assert decisions_that_differ(found, score) == 0


def test_an_unknown_system_lists_the_known_ones(config: TunedConfig) -> None:
    with pytest.raises(BadInput, match=r"insightface-server, frigate, compreface, deepface, cosine"):
        converted(config, "my-camera")
    assert set(PLAIN) < set(known_systems())


def test_every_system_says_what_it_was_read_from(config: TunedConfig) -> None:
    assert all(system.read_from and system.setting for system in SYSTEMS.values())
    said = converted(config, "insightface-server", model="buffalo_sc").to_dict()
    assert said["caveats"]
    assert said["moved"] == 0


def _calibrated(config: TunedConfig) -> TunedConfig:
    from facelab.deploy.records import ScoresRecord

    return config.model_copy(
        update={"scores": ScoresRecord(low=0.0, high=1.0, mated=(0, 3), non_mated=(3, 0), slope=20.0, offset=-7.0)}
    )


@pytest.mark.parametrize("prior", [0.5, 1e-3])
def test_a_calibrated_probability_by_hand(config: TunedConfig, prior: float) -> None:
    """P = 1 / (1 + exp(-(logit(prior) + 20 T - 7))); all decisions stay the same."""
    found = converted(_calibrated(config), "probability", prior=prior)
    ratio = math.log(prior / (1 - prior)) + 20 * config.threshold - 7
    assert found.value == pytest.approx(1 / (1 + math.exp(-ratio)))
    assert decisions_that_differ(found, np.random.default_rng(2).uniform(-1, 1, 10_000)) == 0


def test_a_probability_needs_a_calibration_and_a_prior(config: TunedConfig) -> None:
    with pytest.raises(BadInput, match="no calibration"):
        converted(config, "probability")
    with pytest.raises(BadInput, match="between 0 and 1"):
        converted(_calibrated(config), "probability", prior=0.0)


def test_the_exported_calibration_is_that_of_the_statistics(points: object) -> None:
    """Two normal classes of the same spread d apart: the slope is d over the variance."""
    from facelab.deploy.export import scores_record
    from facelab.stats.searches import Searches

    rng, n = np.random.default_rng(0), 4_000
    mated = np.arange(n) < n // 2
    mate, other = rng.normal(0.6, 0.1, n), rng.normal(0.3, 0.1, (n, 1))
    nothing = np.zeros(n, np.int64)
    found = scores_record(
        Searches(
            np.arange(n).astype(np.str_), np.arange(n).astype(np.str_), mated, np.where(mated, mate, np.nan), nothing,
            other, np.zeros((n, 1), np.int64), np.zeros(n, np.bool_), np.flatnonzero(~mated), other[~mated, 0], 5, 5,
        )
    )  # fmt: skip
    assert sum(found.mated) == sum(found.non_mated) == n // 2
    assert found.slope == pytest.approx(0.3 / 0.1**2, rel=0.15)
    assert found.offset == pytest.approx(-found.slope * 0.45, rel=0.05)
