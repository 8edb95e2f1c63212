"""From a footage to its passages (being built; the signature stands)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from facelab.config import PipelineSettings, Runtime

if TYPE_CHECKING:
    from pathlib import Path

    from facelab.data.footage import Footage
    from facelab.pipeline.packs import Pack
    from facelab.pipeline.passages import Passages


def track_footage(
    footage: Footage,
    pack: Pack | str | Path = "scrfd-mbf",
    settings: PipelineSettings = PipelineSettings(),
    *,
    runtime: Runtime = Runtime(),
    progress: bool = True,
) -> Passages:
    """The passages of `footage`: tracks, templates and losses."""
    raise NotImplementedError
