"""What the pipeline makes of a footage: observations, one template a track, and what was lost on the way.

A *track* is what the tracker held together; a *passage* is one person past one camera, once, as the truth has it. Where
a footage has no truth every track is a passage of its own. A passage may come as several tracks (fragments): each keeps
its row, and `facelab.matching.match` makes one probe of them. A passage that no track found is a row of NaN: a failed
acquisition is counted, never dropped. A track that belongs to no passage of the truth stands apart: the truth may be
incomplete, so such a track is no non-mated search.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from facelab.data.losses import Losses
    from facelab.types import Templates, Tracks


@dataclass(frozen=True)
class PassageCounts:
    """What became of every frame, face and passage: counts, each of them a number of things.

    Parameters
    ----------
    frames, faces : int
        Frames read and faces detected.
    untracked : int
        Faces in no track (too weak to start one).
    short_tracks, short_faces : int
        Tracks with fewer observations than `Tracking.min_observations`, dropped, and the faces in them.
    tracks : int
        Tracks kept.
    passages : int
        Passages of the truth; of the tracks, where there is no truth.
    missed : int
        Passages that no track joined.
    broken, fragments : int
        Passages that came as more than one track, and the tracks beyond the first of each.
    mixed : int
        Tracks that hold two people (`facelab.pipeline.truthjoin`).
    unmatched : int
        Tracks that belong to no passage of the truth.
    failed : int
        Passages that have a track and no template: no face in it was good enough.
    static : int
        Tracks of a face that never moves (`facelab.pipeline.static_faces`).
    set_aside : int
        Of these, the ones that were left out; they are in no other count but `faces`.
    """

    frames: int = 0
    faces: int = 0
    untracked: int = 0
    short_tracks: int = 0
    short_faces: int = 0
    tracks: int = 0
    passages: int = 0
    missed: int = 0
    broken: int = 0
    fragments: int = 0
    mixed: int = 0
    unmatched: int = 0
    failed: int = 0
    static: int = 0
    set_aside: int = 0


@dataclass(frozen=True, eq=False)
class Passages:
    """Everyone who went past the cameras of a footage.

    Parameters
    ----------
    tracks : Tracks
        One row an observation.
    templates : Templates
        One row a track that belongs to a passage, ``sample_id`` = ``camera/track``, and one row of NaN with `n_faces` 0
        a passage that no track found (``camera/missed/passage``). Attributes: `camera`, `passage`, `start_s`, `end_s`,
        `width_px` (of the faces pooled, median).
    unmatched : Templates
        The tracks that belong to no passage of the truth, with the same attributes; empty where there is no truth.
    losses : Losses
        What could not be read.
    counts : PassageCounts
        What became of every frame, face and passage.
    footage : str
        The footage's name.
    truth_known : bool
        True where the footage had a truth to join.
    synthetic : bool
        True where the footage was generated.
    lost_by_camera : mapping of str to Losses
        `losses`, camera by camera.
    """

    tracks: Tracks
    templates: Templates
    unmatched: Templates
    losses: Losses
    counts: PassageCounts
    footage: str
    truth_known: bool = False
    synthetic: bool = False
    lost_by_camera: Mapping[str, Losses] = field(default_factory=dict)

    def __len__(self) -> int:
        return self.counts.passages

    @property
    def pack(self) -> str:
        """Fingerprint of the pack that the templates come from."""
        return self.templates.pack

    def with_templates(self, templates: Templates) -> Passages:
        """The same passages with other `templates`."""
        return replace(self, templates=templates)

    def summary(self) -> dict[str, Any]:
        """The counts and what was lost, as JSON holds them."""
        lost = asdict(self.losses)
        return {"footage": self.footage, "synthetic": self.synthetic, "truth_known": self.truth_known} | {
            "counts": asdict(self.counts),
            "losses": lost,
            "losses_by_camera": {camera: asdict(losses) for camera, losses in self.lost_by_camera.items()},
        }

    def to_frame(self) -> pd.DataFrame:
        """A DataFrame, one row a template (without the embeddings)."""
        return self.templates.to_frame()

    def __str__(self) -> str:
        """One sentence."""
        c = self.counts
        text = f"{self.footage}: {c.passages:,} passages in {c.frames:,} frames, {c.faces:,} faces, {c.tracks:,} tracks"
        if self.truth_known:
            text += f"; {c.missed:,} passages without a track, {c.broken:,} broken ({c.fragments:,} fragments too many)"
            text += f", {c.mixed:,} mixed tracks, {c.unmatched:,} tracks of nobody known"
        if c.failed:
            text += f"; {c.failed:,} without a face good enough"
        if c.static:
            text += f"; {c.static:,} of a face that never moves" + (", set aside" if c.set_aside else "")
        if self.losses.any:
            text += f"; lost: {self.losses}"
        return text + ("; synthetic" if self.synthetic else "")

    def __repr__(self) -> str:
        return f"<Passages {self}>"

    def _repr_html_(self) -> str:
        import html

        return f"<p>{html.escape(str(self))}</p>"
