"""The default pack on the terminal drawn from the committed people: it finds their faces where the truth says."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from facelab.config import Detection, TerminalFootage
from facelab.data.losses import Losses
from facelab.data.people import SyntheticPeople, default_people_folder
from facelab.data.terminal import render_terminal
from facelab.pipeline.packs import load_pack
from facelab.types import Floats

pytestmark = [
    pytest.mark.models,
    pytest.mark.skipif(not (default_people_folder() / "people.csv").exists(), reason="the people are not here"),
]


def _overlaps(box: Floats, others: Floats) -> Floats:
    """Intersection over union of `box` (4,) with `others` (n, 4)."""
    low, high = np.maximum(box[:2], others[:, :2]), np.minimum(box[2:], others[:, 2:])
    shared = np.prod(np.maximum(high - low, 0), axis=1)
    areas = np.prod(others[:, 2:] - others[:, :2], axis=1)
    return np.asarray(shared / (np.prod(box[2:] - box[:2]) + areas - shared))


def test_the_default_pack_finds_the_faces_where_the_truth_has_them_and_few_elsewhere(tmp_path: Path) -> None:
    people = SyntheticPeople(default_people_folder())
    settings = TerminalFootage(seed=3, unknown=5, wanted=1, cameras=("queue",))
    footage = render_terminal(settings, tmp_path / "terminal", people=people, workers=1)
    assert footage.truth is not None
    pack, best, elsewhere = load_pack("scrfd-mbf"), [], 0
    for clip in footage.clips:
        for frame in clip.frames(Losses()):
            if frame.index % 4:
                continue
            here = footage.truth.box[footage.truth.frame == frame.index]
            found = pack.detect(frame.image, Detection()).box
            best += [float(_overlaps(box, found).max(initial=0)) for box in here]
            elsewhere += sum(float(_overlaps(box, here).max(initial=0)) < 0.2 for box in found)
    assert len(best) > 40
    assert np.mean(np.array(best) > 0.5) > 0.85
    assert np.median(best) > 0.7
    assert elsewhere < 0.1 * len(best)
