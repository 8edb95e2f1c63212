"""Enrolment of a watchlist: every photograph offered becomes a row of the gallery, or is refused with its reason.

A watchlist tolerates no guess, so more is refused here than when a folder is merely embedded: a photograph with
several faces of comparable width (each at least half as wide as the widest) is refused, for nobody can say whose it is;
small faces in the background do not matter. A face narrower than 32 px is too small (or than `Quality.min_width_px`,
where that is more). Whoever has no usable photograph stays enrolled by name: a search for that person is mated, and
misses.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from facelab.config import PipelineSettings, Runtime
from facelab.data.photographs import Photographs, read_photographs
from facelab.errors import BadInput
from facelab.gallery.stills import photograph_templates
from facelab.pipeline.packs import Pack, load_pack
from facelab.types import Gallery, Templates

if TYPE_CHECKING:
    from numpy.typing import NDArray

LEAST_WIDTH_PX = 32.0
_SETTINGS, _RUNTIME = PipelineSettings(), Runtime()


def enrol(
    path: str | Path,
    pack: Pack | str | Path = "scrfd-mbf",
    settings: PipelineSettings = _SETTINGS,
    *,
    runtime: Runtime = _RUNTIME,
    progress: bool = True,
) -> Gallery:
    """The gallery of the photographs at `path`: a folder ``<subject>/<image>``, or a manifest.

    Parameters
    ----------
    path : str or Path
        What `facelab.data.photographs.read_photographs` takes.
    pack : Pack, str or Path
        The model pack, or its name or folder.
    settings : PipelineSettings
        Its `detection` and `quality` apply.
    runtime : Runtime
        How many workers; nothing here changes what comes out.
    progress : bool
        False never shows a bar.

    Returns
    -------
    Gallery
        One row a photograph offered; attribute `note` says why a row has no template
        (`facelab.gallery.enrolment_report` tells the story).

    Raises
    ------
    BadInput
        There is no photograph, or not one that can be enrolled.
    """
    return enrol_photographs(read_photographs(Path(path)), pack, settings, runtime=runtime, progress=progress)


def enrol_photographs(
    photographs: Photographs,
    pack: Pack | str | Path = "scrfd-mbf",
    settings: PipelineSettings = _SETTINGS,
    *,
    runtime: Runtime = _RUNTIME,
    progress: bool = True,
) -> Gallery:
    """The gallery of `photographs`; see `enrol`."""
    if not len(photographs):
        raise BadInput("the watchlist is empty: there is no photograph to enrol", place=str(photographs.folder))
    pack = load_pack(pack, runtime) if isinstance(pack, str | Path) else pack
    least = max(LEAST_WIDTH_PX, settings.quality.min_width_px)
    strict = settings.model_copy(update={"quality": settings.quality.model_copy(update={"min_width_px": least})})
    found = photograph_templates(photographs.photographs, pack, strict, runtime=runtime, progress=progress)
    gallery = Gallery(_without_crowds(found), np.array(photographs.subjects, np.str_))
    if gallery.templates.failed.all():
        reasons = Counter(gallery.templates.attributes["note"].tolist()).most_common(1)
        raise BadInput(
            f"nobody could be enrolled: {len(photographs)} photographs, the most frequent reason: {reasons[0][0]}",
            place=str(photographs.folder),
        )
    return gallery


def _without_crowds(found: Templates) -> Templates:
    """`found` with the photographs refused that show several faces of comparable width."""
    crowd = found.attributes["comparable_faces"] > 1
    embedding = np.where(crowd[:, None], np.float32(np.nan), found.embedding)
    note: NDArray[np.str_] = found.attributes["note"]
    told = [f"several faces ({n} of comparable width)" for n in found.attributes["comparable_faces"]]
    text = np.where(crowd & ~found.failed, np.array(told, np.str_), note)
    return Templates(
        found.sample_id,
        found.subject_id,
        embedding,
        found.quality,
        np.where(crowd, 0, found.n_faces),
        found.pack,
        dict(found.attributes) | {"note": text},
    )
