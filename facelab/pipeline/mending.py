"""What the tracker mixed is split, and what it broke is joined again, by the faces themselves.

First tracks that hold two people are split (`facelab.pipeline.splitting`), then fragments of one person are joined
(`facelab.pipeline.rejoining`); parts that end up too short to be a passage are dropped and counted, as short tracks
are. It works on one clip, from what was embedded anyway: it costs no model run, it comes after the cache, and the
result depends on the clip and the settings alone. The truth is not used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from facelab.pipeline.fragments import fragments_of, with_fragments
from facelab.pipeline.rejoining import rejoined
from facelab.pipeline.splitting import split_tracks

if TYPE_CHECKING:
    from facelab.config import PipelineSettings
    from facelab.pipeline.clip import ClipPassages


def mended(found: ClipPassages, settings: PipelineSettings) -> ClipPassages:
    """The clip with its tracks split and joined as `settings.mending` says.

    Parameters
    ----------
    found : ClipPassages
        As the tracker left it.
    settings : PipelineSettings
        `mending`, and `tracking.min_observations` for the parts.
    """
    rule = settings.mending
    parts = fragments_of(found) if rule.split_score is None else split_tracks(found, rule.split_score)
    if rule.rejoin_s > 0:
        parts = rejoined(found, parts, rule.rejoin_s, rule.rejoin_score)
    return with_fragments(found, parts, least=settings.tracking.min_observations)
