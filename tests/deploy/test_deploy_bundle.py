"""A bundle is whole, is the same twice, and its consumer works where there is no facelab."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import numpy as np
import pytest

from facelab.deploy import TunedConfig, read_tuned
from facelab.deploy.bundle import SUMS, write_bundle
from facelab.deploy.export import pack_record
from facelab.errors import BadInput, PackError
from facelab.pipeline.packs import Pack, load_pack

pytestmark = pytest.mark.models
PEOPLE = Path(__file__).parents[2] / "datasets" / "synthetic_people" / "passengers"


def _measured_with(config: TunedConfig, pack: Pack) -> TunedConfig:
    return config.model_copy(update={"pack": pack_record(pack)})


@pytest.mark.parametrize("name", ["scrfd-mbf", "yunet-sface"])
def test_the_consumer_of_a_bundle_needs_no_facelab(config: TunedConfig, tmp_path: Path, name: str) -> None:
    """Two people enrolled; the right one is found in another picture, with facelab's own score.

    It runs with onnxruntime, numpy and OpenCV from this environment; `-S` leaves out the editable install of facelab.
    """
    pack = load_pack(name)
    threshold = 0.2
    point = config.operating_point.model_copy(update={"threshold": threshold})
    made = _measured_with(config, pack).model_copy(update={"threshold": threshold, "operating_point": point})
    folder = write_bundle(made, pack, tmp_path / "bundle")
    references = tmp_path / "references"
    references.mkdir()
    for person in ("p0001", "p0002"):
        (references / f"{person}.jpg").write_bytes((PEOPLE / person / "00.jpg").read_bytes())
    probe = PEOPLE / "p0001" / "01.jpg"
    environment = os.environ | {"PYTHONPATH": sysconfig.get_path("purelib"), "ORT_DISABLE_TELEMETRY": "1"}
    command = [sys.executable, "-S", str(folder / "consumer.py"), str(references), str(probe)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    alert = json.loads(done.stdout.splitlines()[0])
    assert alert["subject"] == "p0001"
    absent = subprocess.run(
        [sys.executable, "-S", "-c", "import facelab"], env=environment, capture_output=True, cwd=tmp_path
    )
    assert absent.returncode != 0
    assert alert["score"] == pytest.approx(_own_score(pack, made, PEOPLE / "p0001" / "00.jpg", probe), abs=0.01)


def _own_score(pack: Pack, config: TunedConfig, reference: Path, probe: Path) -> float:
    from facelab.data.images import read_image

    vectors = []
    for path in (reference, probe):
        image = read_image(path)
        faces = pack.detect(image, config.pipeline.detection)
        vectors.append(pack.embed(image, faces.landmarks[:1])[0])
    return float(np.dot(vectors[0], vectors[1]))


def test_a_bundle_is_whole_and_the_same_twice(config: TunedConfig, tmp_path: Path) -> None:
    pack = load_pack("scrfd-mbf")
    made = _measured_with(config, pack)
    folder = write_bundle(made, pack, tmp_path / "folder")
    for line in (folder / SUMS).read_text().splitlines():
        digest, name = line.split("  ")
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest
    present = {str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file()}
    listed = {line.split("  ")[1] for line in (folder / SUMS).read_text().splitlines()}
    assert present == listed | {SUMS}
    assert read_tuned(folder / "tuned.json") == made
    assert {f"models/{file}" for file in pack.files} < present
    licences = (folder / "LICENCES.txt").read_text()
    assert pack.licence in licences
    assert "Apache License" in licences
    first, second = write_bundle(made, pack, tmp_path / "a.zip"), write_bundle(made, pack, tmp_path / "b.zip")
    assert first.read_bytes() == second.read_bytes()
    assert set(zipfile.ZipFile(first).namelist()) == present
    assert {p.name for p in tmp_path.iterdir()} == {"folder", "a.zip", "b.zip"}


def test_a_bundle_is_not_made_of_other_models_nor_over_something(config: TunedConfig, tmp_path: Path) -> None:
    pack = load_pack("scrfd-mbf")
    with pytest.raises(PackError, match="not the one that the config was measured with"):
        write_bundle(config, pack, tmp_path / "b")
    with pytest.raises(BadInput, match="is there already"):
        write_bundle(_measured_with(config, pack), pack, tmp_path)
    bare = pack_record(pack).model_copy(update={"detector": None})
    with pytest.raises(BadInput, match="schema 1"):
        write_bundle(config.model_copy(update={"pack": bare}), pack, tmp_path / "b")
    assert not (tmp_path / "b").exists()


def test_the_consumers_are_short() -> None:
    folder = Path(__file__).parents[2] / "facelab" / "deploy" / "consumers"
    for path in folder.glob("*.py"):
        assert sum(1 for line in path.read_text().splitlines() if line.strip()) <= 50
