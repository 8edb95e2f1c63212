"""How well tracks hold people together: in the words of a site, and in those of the tracking literature.

A site counts passages: how many came as several tracks (*broken*; the tracks beyond the first of each are *fragments*
too many), how many tracks hold two people (*mixed*), and how many passages no track found (*unseen*). Which passage a
track is of says `facelab.pipeline.truthjoin`.

HOTA, IDF1 and MOTA are those of `trackers.eval` (boxes match from an IoU of .5 on; HOTA averages over IoUs of .05 to
.95), over the frames of all cameras together. They count every box without a truth as an error: where the truth does
not label every face they rank settings, and say nothing of the detector.

Sources: Luiten et al., HOTA, IJCV 129 (2021); Ristani et al., IDF1, arXiv:1609.01775; Bernardin and Stiefelhagen, CLEAR
MOT, EURASIP JIVP 2008.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from facelab.errors import NotMeasured
from facelab.pipeline.truthjoin import iou, joined_tracks

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from facelab.data.truth import Truth
    from facelab.types import Ints, Strings, Tracks


@dataclass(frozen=True)
class TrackErrors:
    """What became of the passages of a truth, as counts, and three accuracies of the literature.

    Parameters
    ----------
    passages : int
        Passages of the truth.
    unseen : int
        Passages that no track belongs to.
    broken, fragments : int
        Passages of more than one track, and the tracks beyond the first of each.
    tracks, mixed, unmatched : int
        Tracks; those that hold two people; those that belong to no passage.
    hota, idf1, mota : float
        Each at most 1, higher is better; MOTA may be negative.
    switches : int
        Boxes of a person whose track is another one than before (the CLEAR metrics' IDSW).
    """

    passages: int
    unseen: int
    broken: int
    fragments: int
    tracks: int
    mixed: int
    unmatched: int
    hota: float
    idf1: float
    mota: float
    switches: int

    @property
    def fragments_a_passage(self) -> float:
        """Tracks for each passage that was seen: 1 where none is broken; NaN where none was seen."""
        seen = self.passages - self.unseen
        return (seen + self.fragments) / seen if seen else float("nan")

    def to_dict(self) -> dict[str, Any]:
        """The counts and accuracies, by name, as JSON holds them."""
        ratio = self.fragments_a_passage
        return asdict(self) | {"fragments_a_passage": None if np.isnan(ratio) else ratio}

    def __str__(self) -> str:
        """One sentence."""
        return (
            f"{self.passages:,} passages: {self.unseen:,} unseen, {self.broken:,} broken "
            f"({self.fragments_a_passage:.3f} tracks a passage), {self.mixed:,} of {self.tracks:,} tracks mixed; "
            f"HOTA {self.hota:.3f}, IDF1 {self.idf1:.3f}, MOTA {self.mota:.3f}"
        )


def track_errors(tracks: Tracks, truth: Truth) -> TrackErrors:
    """The errors of `tracks` measured against `truth`.

    Raises
    ------
    NotMeasured
        The truth has no box.
    """
    if not len(truth):
        raise NotMeasured("the truth has no box: there is no passage to measure the tracks against")
    joined = joined_tracks(tracks, truth)
    tracks_of = Counter(j.passage for j in joined.values() if j.passage is not None)
    passages = len(np.unique(truth.passage_id))
    return TrackErrors(
        passages=passages,
        unseen=passages - len(tracks_of),
        broken=sum(count > 1 for count in tracks_of.values()),
        fragments=sum(count - 1 for count in tracks_of.values()),
        tracks=len(joined),
        mixed=sum(j.mixed for j in joined.values()),
        unmatched=sum(j.passage is None for j in joined.values()),
        **_accuracies(tracks, truth),
    )


def _accuracies(tracks: Tracks, truth: Truth) -> dict[str, Any]:
    from trackers.eval.clear import compute_clear_metrics
    from trackers.eval.hota import compute_hota_metrics
    from trackers.eval.identity import compute_identity_metrics

    _, person = np.unique(truth.passage_id, return_inverse=True)
    _, track = np.unique(tracks.passage_id, return_inverse=True)
    known, seen = _rows_by_frame(truth.camera, truth.frame), _rows_by_frame(tracks.camera, tracks.frame)
    frames = [(known[at], seen[at]) for at in sorted(known.keys() | seen.keys())]
    given = (
        [person[rows] for rows, _ in frames],
        [track[rows] for _, rows in frames],
        [iou(truth.box[a].reshape(-1, 4), tracks.box[b].reshape(-1, 4)) for a, b in frames],
    )
    clear = compute_clear_metrics(*given)
    return {
        "hota": float(compute_hota_metrics(*given)["HOTA"]),
        "idf1": float(compute_identity_metrics(*given)["IDF1"]),
        "mota": float(clear["MOTA"]),
        "switches": int(clear["IDSW"]),
    }


def _rows_by_frame(camera: Strings, frame: Ints) -> defaultdict[tuple[str, int], NDArray[np.int64]]:
    """The rows of each frame of each camera; none for a frame that has none."""
    rows: dict[tuple[str, int], list[int]] = {}
    for row, at in enumerate(zip(camera.tolist(), frame.tolist())):
        rows.setdefault(at, []).append(row)
    found: defaultdict[tuple[str, int], NDArray[np.int64]] = defaultdict(lambda: np.zeros(0, np.int64))
    found.update({at: np.array(values, np.int64) for at, values in rows.items()})
    return found
