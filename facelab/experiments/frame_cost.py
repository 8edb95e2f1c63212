"""What one frame costs: processor time of the detector and the recogniser, measured on frames of the footage itself."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np

from facelab.data.losses import Losses
from facelab.errors import FacelabError

if TYPE_CHECKING:
    from facelab.experiments.study import Study
    from facelab.pipeline.packs import Pack
    from facelab.types import Image

FRAMES, EVERY, WARM = 8, 5, 1
CROP_PX = 112


def seconds_a_frame(study: Study, pack: Pack, embeddings_a_frame: float) -> float | None:
    """Processor seconds a frame: detection, and as many embeddings as the pipeline makes; None where it has no frame.

    The median of a few frames after a first one; the time of the thread that runs the models, which other work on the
    machine changes little. A pack that runs on several threads or on another device is measured by the clock.

    Parameters
    ----------
    study : Study
        Whose footage and detection settings are used.
    pack : Pack
        Without a memory.
    embeddings_a_frame : float
        From `facelab.experiments.sweep_point.costs_of`.
    """
    try:
        images = _images(study)
    except FacelabError:
        return None
    if len(images) <= WARM:
        return None
    alone = pack.runtime.threads == 1 and pack.runtime.providers == ("CPUExecutionProvider",)
    clock = time.thread_time if alone else time.perf_counter
    settings = study.scenario.pipeline.detection
    crop: Image = np.zeros((1, CROP_PX, CROP_PX, 3), np.uint8)
    detection, embedding = [], []
    for image in images:
        begun = clock()
        pack.detect(image, settings)
        between = clock()
        pack.embed_aligned(crop)
        detection.append(between - begun)
        embedding.append(clock() - between)
    return float(np.median(detection[WARM:]) + embeddings_a_frame * np.median(embedding[WARM:]))


def _images(study: Study) -> list[Image]:
    """A few frames of the first clip that has some, spread over its beginning."""
    for clip in study.footage.clips:
        found: list[Image] = []
        for k, frame in enumerate(clip.source.frames(Losses())):
            if k % EVERY == 0:
                found.append(frame.image)
            if len(found) == FRAMES + WARM:
                break
        if found:
            return found
    return []
