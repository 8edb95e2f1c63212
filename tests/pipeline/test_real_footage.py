"""The default pack on a second of real footage: people stay themselves, and nothing is computed twice."""

import numpy as np
import pytest

from facelab.config import PipelineSettings, Pooling, Runtime
from facelab.data.footage import Clip, Footage
from facelab.data.research import CHOKEPOINT_FPS, CHOKEPOINT_SEQUENCE, chokepoint
from facelab.data.sources import FrameFolder
from facelab.pipeline.packs import load_pack
from facelab.pipeline.run import track_footage

pytestmark = [pytest.mark.research, pytest.mark.models, pytest.mark.slow, pytest.mark.usefixtures("own_cache")]
FIRST, LAST = 240, 300


@pytest.fixture(scope="module")
def footage(research_data, tmp_path_factory):
    folder = tmp_path_factory.mktemp("frames")
    for number in range(FIRST, LAST):
        name = f"{number:08d}.jpg"
        (folder / name).symlink_to((research_data / "chokepoint" / CHOKEPOINT_SEQUENCE / name).resolve())
    known = chokepoint().truth
    truth = known.take((known.frame >= FIRST) & (known.frame < LAST))
    return Footage("piece", (Clip(FrameFolder(folder, CHOKEPOINT_FPS, CHOKEPOINT_SEQUENCE)),), truth)


@pytest.fixture(scope="module")
def pack():
    return load_pack("scrfd-mbf")


def test_real_people_are_found_kept_apart_and_never_computed_twice(footage, pack):
    passages = track_footage(footage, pack, PipelineSettings(pooling=Pooling(faces=4)), runtime=Runtime(workers=2))
    counts = passages.counts
    assert counts.frames == LAST - FIRST
    assert counts.missed == 0
    assert counts.mixed == 0
    assert counts.fragments <= 1
    good = passages.templates.take(~passages.templates.failed)
    assert np.linalg.norm(good.embedding, axis=1) == pytest.approx(1, abs=1e-5)
    score = good.embedding @ good.embedding.T
    other = good.subject_id[:, None] != good.subject_id[None]
    assert score[other].max() < 0.4
    assert ((passages.tracks.quality > 0.2) & (passages.tracks.quality < 1)).mean() > 0.9

    class Unused:
        name, fingerprint, dimension = pack.name, pack.fingerprint, pack.dimension

    again = track_footage(footage, Unused(), PipelineSettings(pooling=Pooling(faces=4)), runtime=Runtime(workers=1))
    assert again.templates.embedding.tobytes() == passages.templates.embedding.tobytes()
