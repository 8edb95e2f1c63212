"""What is labelled: the tracks of a footage as rows, with their templates, their place in time and their anchors.

A row is a track that was seen; a passage of an older truth that no track found has nothing to look at and is left out.
Clocks of clips may be wrong or missing, so *at the same time* means: in the same clip, with frames in common.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from facelab.label.anchors import Anchors
from facelab.types import Bools, Checked, Floats, Ints, Strings, shaped

if TYPE_CHECKING:
    from facelab.data.footage import Footage
    from facelab.pipeline.passages import Passages
    from facelab.types import Tracks


@dataclass(frozen=True, eq=False)
class Material(Checked):
    """The n tracks of a footage.

    Shapes: sample_id (n,) str ``camera/track``; subject_id (n,) str as an older truth has it, empty where it says
    nothing; embedding (n, d), NaN where no face was good enough; clip (n,) int; first_frame, last_frame (n,) int;
    start_s, end_s (n,) s; width_px (n,); best_row (n,) the observation of the highest quality; anchor (n,) str.

    Parameters
    ----------
    synthetic : bool
        True where nobody in it exists.
    """

    sample_id: Strings
    subject_id: Strings
    embedding: Floats
    clip: Ints
    first_frame: Ints
    last_frame: Ints
    start_s: Floats
    end_s: Floats
    width_px: Floats
    best_row: Ints
    anchor: Strings
    synthetic: bool = False

    def __post_init__(self) -> None:
        n = len(self.sample_id)
        self._set(embedding=shaped("embedding", self.embedding, np.float32, (n, None)))
        for name in ("sample_id", "subject_id", "anchor"):
            self._set(**{name: shaped(name, getattr(self, name), np.str_, (n,))})
        for name in ("clip", "first_frame", "last_frame", "best_row"):
            self._set(**{name: shaped(name, getattr(self, name), np.int64, (n,))})
        for name in ("start_s", "end_s", "width_px"):
            self._set(**{name: shaped(name, getattr(self, name), np.float64, (n,))})

    def __len__(self) -> int:
        return len(self.sample_id)

    @property
    def usable(self) -> Bools:
        """(n,) true where there is a template."""
        return np.asarray(~np.isnan(self.embedding).any(axis=1))

    @cached_property
    def row_of(self) -> dict[str, int]:
        """The row of each track, by its name."""
        return {name: k for k, name in enumerate(self.sample_id.tolist())}

    def together(self, a: int, b: int) -> bool:
        """Whether two rows were seen at once by one camera: they are two people."""
        return bool(
            self.clip[a] == self.clip[b]
            and self.first_frame[a] <= self.last_frame[b]
            and self.first_frame[b] <= self.last_frame[a]
        )

    def any_together(self, rows: Ints) -> bool:
        """Whether two of `rows` were seen at once by one camera."""
        order = rows[np.lexsort((self.first_frame[rows], self.clip[rows]))]
        same = self.clip[order][1:] == self.clip[order][:-1]
        # neighbours are enough: where none overlaps, the last frames rise within a clip
        return bool(np.any(same & (self.first_frame[order][1:] <= self.last_frame[order][:-1])))

    def follows(self, within_s: float) -> list[tuple[int, int]]:
        """Pairs of rows of one clip of which the second begins at most `within_s` after the first ends."""
        pairs = []
        for clip in np.unique(self.clip):
            rows = np.flatnonzero(self.clip == clip)
            begin = rows[np.argsort(self.start_s[rows], kind="stable")]
            starts = self.start_s[begin]
            for a in rows.tolist():
                low, high = np.searchsorted(starts, [self.end_s[a], self.end_s[a] + within_s], side="right")
                pairs += [(a, int(b)) for b in begin[low:high] if int(b) != a and not self.together(a, int(b))]
        return pairs


def material_of(footage: Footage, passages: Passages) -> tuple[Material, Anchors]:
    """The tracks of `passages` as material, and their anchors in `footage`.

    Raises
    ------
    BadInput
        A clip is live.
    """
    anchors, tracks = Anchors(footage, passages.tracks), passages.tracks
    names, inverse = np.unique(tracks.passage_id, return_inverse=True)
    best, first, last = _extremes(tracks, inverse, len(names))
    subject: dict[str, str] = {}
    embedding = np.full((len(names), passages.templates.embedding.shape[1]), np.nan, np.float32)
    width = np.full(len(names), np.nan)
    place = {name: k for k, name in enumerate(names.tolist())}
    for part in (passages.templates, passages.unmatched):
        for row, name in enumerate(part.sample_id.tolist()):
            if name in place:
                embedding[place[name]] = part.embedding[row]
                width[place[name]] = float(part.attributes["width_px"][row])
                subject[name] = str(part.subject_id[row])
    made = Material(
        sample_id=names,
        subject_id=np.array([subject.get(name, "") for name in names.tolist()], np.str_),
        embedding=embedding,
        clip=anchors.clip[best],
        first_frame=tracks.frame[first],
        last_frame=tracks.frame[last],
        start_s=tracks.time_s[first],
        end_s=tracks.time_s[last],
        width_px=width,
        best_row=best,
        anchor=np.array([str(anchors.of_row(int(row))) for row in best], np.str_),
        synthetic=passages.synthetic,
    )
    return made, anchors


def _extremes(tracks: Tracks, inverse: Ints, n: int) -> tuple[Ints, Ints, Ints]:
    """The observation of the highest quality, the first and the last of each track (rows of `tracks`)."""
    quality = np.nan_to_num(tracks.quality, nan=-1.0)
    by_quality = np.lexsort((-quality, inverse))
    by_frame = np.lexsort((tracks.frame, inverse))
    starts = np.searchsorted(inverse[by_quality], np.arange(n))
    ends = np.append(starts[1:], len(inverse)) - 1
    return by_quality[starts], by_frame[starts], by_frame[ends]
