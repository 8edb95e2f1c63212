"""What a data scientist types first: footage and passages by the sentence in their head.

Thin words over `facelab.data` and `facelab.pipeline`; everything that they do can be done there with more settings.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from facelab.config import FileFootage, PipelineSettings, Runtime

if TYPE_CHECKING:
    from pathlib import Path

    from facelab.data.footage import Footage
    from facelab.data.truth import Truth
    from facelab.pipeline.packs import Pack
    from facelab.pipeline.passages import Passages

DEFAULT_PACK = "scrfd-mbf"


def footage(path: str | Path, *, camera: str = "camera", fps: float | None = None) -> Footage:
    """The footage at `path`: a video, a folder of frames, a manifest of several, or a camera's address.

    Parameters
    ----------
    path : str or Path
        A folder is a folder of frames; ``.csv``, ``.yaml`` and ``.yml`` are manifests; an address with ``://`` or a
        device number is a camera; anything else is a video.
    camera : str
        The camera's name, where no manifest gives one.
    fps : float, optional
        Frames a second of a folder of frames.

    Raises
    ------
    BadInput
        There is nothing there, or it cannot be read.
    """
    from facelab.data.footage import open_footage

    return open_footage(FileFootage(path=str(path), camera=camera, fps=fps))


def passages(
    footage: Footage,
    *,
    truth: Truth | None = None,
    pack: Pack | str | Path = DEFAULT_PACK,
    settings: PipelineSettings = PipelineSettings(),
    runtime: Runtime | None = None,
) -> Passages:
    """Everyone who went past the cameras: one template a passage, from detection to pooled embedding.

    Parameters
    ----------
    footage : Footage
        From `footage`, or of one's own making.
    truth : Truth, optional
        The boxes of known people (`facelab.read_truth`), in place of what the footage's own manifest names.
    pack : Pack, str or Path
        The model pack, its name, or its folder; fetched on first use.
    settings : PipelineSettings
        All that changes what comes out.
    runtime : Runtime, optional
        Who works, and how many at a time; unless given, as the environment says (``FACELAB_ENGINE``).

    Returns
    -------
    Passages
        Cached by content: the same footage, pack and settings never run a model again.
    """
    from facelab.pipeline.run import track_footage

    known = footage if truth is None else replace(footage, truth=truth)
    return track_footage(known, pack, settings, runtime=runtime)
