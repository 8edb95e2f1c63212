"""The single faces of the tracks of a footage with their embeddings: what an alert that does not wait is decided on.

Two ways to them, and they differ in what is known when:

- `template_faces`: the K faces of each track that its template is made of. They cost nothing, being in the cache, but
  were picked when the track had ended: taken one by one in the order in which they were seen they are *hindsight*. The
  template itself, at the end of the track, is not.
- `live_faces`: of each track the best face of every so many seconds, embedded when those seconds are over, as a live
  consumer can do it (`BestOfEvery`, the same code frame by frame). Nothing is known before its time; the footage is
  read once more and every such face is embedded, some ten milliseconds of a core each.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from facelab.config import PipelineSettings, Runtime
from facelab.errors import BadInput, NotMeasured
from facelab.pipeline import cache
from facelab.pipeline.clip import ClipPassages
from facelab.pipeline.observations import observation_embeddings
from facelab.pipeline.packs import load_pack
from facelab.pipeline.quality import embeddable
from facelab.pipeline.run import KIND, clip_key, track_footage
from facelab.types import Checked, shaped

if TYPE_CHECKING:
    from facelab.config import Quality
    from facelab.data.footage import Clip, Footage
    from facelab.pipeline.packs import Pack
    from facelab.pipeline.passages import Passages
    from facelab.types import Floats, Ints, Strings, Tracks

_SETTINGS, _RUNTIME = PipelineSettings(), Runtime()


@dataclass(frozen=True, eq=False)
class TrackFaces(Checked):
    """The m faces of tracks that have an embedding, in the order of `known_s`.

    Parameters
    ----------
    row : (m,) int array
        Which observation of the `Tracks`.
    known_s : (m,) array
        When the face had been embedded, s on the clock of the footage (the time of embedding itself left out).
    embedding : (m, d) array
        Unit, or NaN where a face gave none.
    hindsight : bool
        True where faces were picked by what was seen only after `known_s`.
    """

    row: Ints
    known_s: Floats
    embedding: Floats
    hindsight: bool

    def __post_init__(self) -> None:
        m = len(self.row)
        order = np.lexsort((self.row, self.known_s))
        self._set(
            row=shaped("row", np.asarray(self.row, np.int64)[order], np.int64, (m,)),
            known_s=shaped("known_s", np.asarray(self.known_s, np.float64)[order], np.float64, (m,)),
            embedding=shaped("embedding", np.asarray(self.embedding, np.float32)[order], np.float32, (m, None)),
        )

    def __len__(self) -> int:
        return len(self.row)


class BestOfEvery:
    """Of one track the best face of every `every_s` seconds, known when they are over.

    Parameters
    ----------
    every_s : float
        Above 0, s; the first stretch begins with the track's first face.
    """

    def __init__(self, every_s: float) -> None:
        if not every_s > 0:
            raise BadInput(f"must be above 0, it is {every_s}", place="every_s")
        self._every_s, self._start_s, self._stretch = every_s, 0.0, -1
        self._best: tuple[float, int] | None = None

    def add(self, row: int, time_s: float, quality: float, *, fit: bool) -> tuple[int, float] | None:
        """One more face, no earlier than those before; the row of the stretch that it ends, and when it ended, s.

        Parameters
        ----------
        row : int
            What the face is called.
        time_s, quality : float
            When it was seen, and how good it is; of equals the earlier is taken.
        fit : bool
            Whether it may be embedded at all; a stretch without such a face gives none.
        """
        if self._stretch < 0:
            self._start_s, self._stretch = time_s, 0
        stretch = max(int((time_s - self._start_s) / self._every_s), self._stretch)
        over = None if stretch == self._stretch else self.end()
        self._stretch = stretch
        if fit and (self._best is None or quality > self._best[0]):
            self._best = (quality, row)
        return over

    def end(self) -> tuple[int, float] | None:
        """The face of the stretch that is under way, and when it ends; None where it has none."""
        best, self._best = self._best, None
        return None if best is None else (best[1], self._start_s + (self._stretch + 1) * self._every_s)


def live_faces(
    footage: Footage,
    passages: Passages,
    pack: Pack,
    every_s: float,
    rule: Quality = _SETTINGS.quality,
    *,
    progress: bool = True,
) -> TrackFaces:
    """Of each track of `passages` the best face of every `every_s` seconds, embedded when they are over.

    Parameters
    ----------
    footage : Footage
        Where `passages` come from; it is read once more.
    passages : Passages
        Tracked with `pack`.
    pack : Pack
        The model pack.
    every_s : float
        Above 0, s.
    rule : Quality
        Which faces may be embedded.
    progress : bool
        False never shows a bar.
    """
    row, known = live_rows(passages.tracks, every_s, rule)
    return TrackFaces(
        row, known, observation_embeddings(footage, passages.tracks, row, pack, progress=progress), hindsight=False
    )


def live_rows(tracks: Tracks, every_s: float, rule: Quality) -> tuple[Ints, Floats]:
    """(m,) the observations that `live_faces` embeds, in the order of tracks, and (m,) when each is known, s."""
    width = tracks.box[:, 2] - tracks.box[:, 0]
    fit = embeddable(width, tracks.quality, rule)
    found: list[tuple[int, float] | None] = []
    for rows in _rows_of_tracks(tracks):
        best = BestOfEvery(every_s)
        for row in rows.tolist():
            moment, quality = float(tracks.time_s[row]), float(tracks.quality[row])
            found.append(best.add(row, moment, quality, fit=bool(fit[row])))
        found.append(best.end())
    known = [pair for pair in found if pair is not None]
    return np.array([row for row, _ in known], np.int64), np.array([at for _, at in known], np.float64)


def _rows_of_tracks(tracks: Tracks) -> list[Ints]:
    """The observations of each track, in the order of time."""
    if not len(tracks):
        return []
    _, code = np.unique(tracks.passage_id, return_inverse=True)
    order = np.lexsort((tracks.time_s, code))
    return np.split(order, np.flatnonzero(np.diff(code[order])) + 1)


def template_faces(
    footage: Footage,
    passages: Passages,
    pack: Pack,
    settings: PipelineSettings = _SETTINGS,
    *,
    runtime: Runtime = _RUNTIME,
) -> TrackFaces:
    """The faces that the templates of `passages` were pooled from, each at the time it was seen: hindsight.

    Parameters
    ----------
    footage, passages : Footage, Passages
        `passages` came from `track_footage(footage, pack, settings)`.
    pack : Pack
        The model pack.
    settings : PipelineSettings
        The same as for `track_footage`.
    runtime : Runtime
        Used only where a clip is not in the cache.

    Raises
    ------
    NotMeasured
        The faces of a live camera are not kept, or the cache keeps nothing here.
    """
    clips = [_kept(clip, pack, settings) for clip in footage.clips]
    if None in clips:
        track_footage(footage, load_pack(pack) if isinstance(pack, str) else pack, settings, runtime=runtime)
        clips = [_kept(clip, pack, settings) for clip in footage.clips]
    place = _places(passages.tracks)
    rows: list[int] = []
    vectors: list[Floats] = []
    for clip, found in zip(footage.clips, clips):
        if found is None:
            raise NotMeasured(
                f"{clip.camera}: the embeddings of its faces were not kept (a live camera, or a full disk)"
            )
        for face, vector in zip(found.face_row.tolist(), found.embedding):
            at = (clip.camera, int(found.frame[face]) + clip.first_frame, found.box[face].tobytes())
            row = place.get(at)
            if row is not None:  # a face whose track was dropped afterwards has no row
                rows.append(row)
                vectors.append(vector)
    row_of = np.array(rows, np.int64)
    return TrackFaces(
        row_of, passages.tracks.time_s[row_of], np.array(vectors).reshape(-1, pack.dimension), hindsight=True
    )


def _kept(clip: Clip, pack: Pack, settings: PipelineSettings) -> ClipPassages | None:
    digest = clip.source.digest
    kept = None if digest is None else cache.load(KIND, clip_key(digest, pack, settings))
    return None if kept is None else ClipPassages.stored(*kept)


def _places(tracks: Tracks) -> dict[tuple[str, int, bytes], int]:
    """Where each observation stands, by camera, frame and box."""
    box = np.ascontiguousarray(tracks.box)
    keys = zip(tracks.camera.tolist(), tracks.frame.tolist(), (b.tobytes() for b in box))
    return {key: row for row, key in enumerate(keys)}


def track_of(tracks: Tracks, rows: Ints) -> Strings:
    """(m,) the name ``camera/track`` of the track of each observation in `rows`."""
    return np.array([f"{tracks.camera[r]}/{tracks.track_id[r]}" for r in rows], np.str_)
