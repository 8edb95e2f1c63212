"""One clip, streamed: frames in, observations and the embeddings that templates need out.

Only what a template will use is embedded: of each track the best few faces, spread in time, are kept as aligned crops
while it lives, and embedded when it ends. So memory does not grow with the clip, and the recogniser, which costs most,
runs a few times a passage and not once a face. Frames may be looked at by several threads at once; they are tracked in
their order, and what goes into one call of a model is one frame, or faces of one track: the result does not depend on
the number of threads.
"""

from __future__ import annotations

from array import array
from collections import deque
from concurrent.futures import Executor, Future
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import numpy as np

from facelab.data.losses import Losses
from facelab.data.slots import Slots
from facelab.data.sources import VideoFile
from facelab.pipeline.alignment import CROP_PX, aligned_crops, similarity
from facelab.pipeline.attention import Attention, Verdict
from facelab.pipeline.opencv import on_calling_thread
from facelab.pipeline.quality import embeddable, face_quality
from facelab.pipeline.selection import BestFaces, Candidate
from facelab.pipeline.tracking import NO_TRACK, FaceTracker
from facelab.types import LANDMARKS, Faces, Floats, Image, Ints

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from numpy.typing import NDArray

    from facelab.config import Detection, PipelineSettings
    from facelab.data.footage import Source
    from facelab.pipeline.checkpoints import Checkpoints
    from facelab.pipeline.packs import Pack
    from facelab.types import Frame

EMBEDDED_AT_ONCE = 16
HELD = 4  # frames held for each look that may be under way: those passed over between looks wait for their turn


class Stopped(Exception):
    """Raised by `on_frame` of `clip_passages` to end the work before its time; nothing of the clip is kept."""


@dataclass(frozen=True, eq=False)
class ClipPassages:
    """What one clip gave, on the clip's own clock and with its own frame and track numbers (from 0).

    Shapes: frame, time_s, track, score, quality (n,), box (n, 4), landmarks (n, 5, 2): one row an observation of a
    track that was kept, in the order of the frames; face_row (m,), embedding (m, d): the observations embedded.
    """

    frame: Ints
    time_s: Floats
    track: Ints
    box: Floats
    score: Floats
    quality: Floats
    landmarks: Floats
    face_row: Ints
    embedding: Floats
    faces: int
    untracked: int
    short_tracks: int
    short_faces: int
    losses: Losses

    ARRAYS: ClassVar = ("frame", "time_s", "track", "box", "score", "quality", "landmarks", "face_row", "embedding")
    COUNTS: ClassVar = ("faces", "untracked", "short_tracks", "short_faces")

    @property
    def tracks(self) -> int:
        """How many tracks were kept; they are numbered from 0 in the order in which they began."""
        return int(self.track.max()) + 1 if len(self.track) else 0

    @property
    def arrays(self) -> dict[str, NDArray[Any]]:
        """The arrays, by name."""
        return {name: np.asarray(getattr(self, name)) for name in self.ARRAYS}

    @property
    def facts(self) -> dict[str, Any]:
        """The rest, as JSON holds it."""
        return {name: getattr(self, name) for name in self.COUNTS} | {"losses": asdict(self.losses)}

    @classmethod
    def stored(cls, arrays: Mapping[str, NDArray[Any]], facts: Mapping[str, Any]) -> ClipPassages:
        """The clip whose `arrays` and `facts` were stored."""
        values: dict[str, Any] = {name: arrays[name] for name in cls.ARRAYS}
        values |= {name: int(facts[name]) for name in cls.COUNTS}
        return cls(**values, losses=Losses(**facts["losses"]))


@dataclass(frozen=True)
class Look:
    """What one frame shows: n faces, their quality (n,), and their crops (n, 112, 112, 3).

    A face that cannot be aligned has a black crop and quality 0. Where a look is repeated, because nothing has moved,
    its crops were there before and are not asked for again.
    """

    faces: Faces
    quality: Floats
    crops: Image
    repeated: bool = False


def look(pack: Pack, image: Image, settings: Detection, known: Faces | None = None) -> Look:
    """The faces of `image`, or those that are `known` to be in it, with their quality and their crops."""
    faces = pack.detect(image, settings) if known is None else known
    transform = similarity(faces.landmarks)
    fit = np.isfinite(transform).all(axis=(1, 2))
    crops = np.zeros((len(faces), CROP_PX, CROP_PX, 3), np.uint8)
    crops[fit] = aligned_crops(image, transform[fit])
    return Look(faces, np.where(fit, face_quality(faces, crops).combined, np.float32(0)), crops)


def clip_passages(
    source: Source,
    pack: Pack,
    settings: PipelineSettings,
    *,
    helpers: tuple[Executor, int] | None = None,
    checkpoints: Checkpoints | None = None,
    on_frame: Callable[[], None] = lambda: None,
) -> ClipPassages:
    """What `source` shows: its tracks, and the embeddings of the best faces of each.

    Parameters
    ----------
    source : Source
        The clip; its frames are read once, in order.
    pack : Pack
        Detector and recogniser.
    settings : PipelineSettings
        All but `pooling.method`, which is applied later.
    helpers : (Executor, int), optional
        Threads that look at frames ahead of the tracker, and how many frames may be under way at once. None: the
        calling thread does everything.
    checkpoints : Checkpoints, optional
        The faces found before a run was killed, and where those found now are kept.
    on_frame : callable
        Called after each frame; what it raises ends the work.
    """
    losses = Losses()
    builder = _Builder(pack, settings, None if helpers is None else helpers[0])
    with on_calling_thread():
        for frame, seen in _looks(_frames(source, losses, settings), pack, settings.detection, helpers, checkpoints):
            if seen is not None:
                builder.add(frame, seen)
                if checkpoints is not None and not seen.repeated:
                    checkpoints.add(seen.faces)
            on_frame()
        if checkpoints is not None:
            checkpoints.finish()
        return builder.finished(losses)


def _frames(source: Source, losses: Losses, settings: PipelineSettings) -> Iterator[Frame]:
    """The frames of `source`; those of a file that are passed over are not converted to pixels."""
    per_second = settings.detection.per_second
    if per_second is None or not isinstance(source, VideoFile):
        return source.frames(losses)
    return source.frames(losses, Slots(per_second).first)


def _looks(
    frames: Iterable[Frame],
    pack: Pack,
    settings: Detection,
    helpers: tuple[Executor, int] | None,
    checkpoints: Checkpoints | None,
) -> Iterator[tuple[Frame, Look | None]]:
    """Each frame with what it shows, in order; None where it is passed over.

    At most as many frames are held as `helpers` allows.
    """
    executor, ahead = helpers if helpers is not None else (None, 1)
    attention = Attention(settings)
    last: Future[Look] | None = None
    waiting: deque[_Waiting] = deque()
    try:
        for frame in frames:
            verdict = attention.verdict(frame)
            if verdict is Verdict.LOOK:
                known = None if checkpoints is None else checkpoints.known()
                last = _begun(executor, pack, frame.image, settings, known)
            waiting.append(_Waiting(frame, None if verdict is Verdict.PASS else last, verdict))
            under_way = sum(entry.verdict is Verdict.LOOK for entry in waiting)
            while waiting and (waiting[0].ready or under_way >= ahead or len(waiting) >= HELD * ahead):
                under_way -= waiting[0].verdict is Verdict.LOOK
                yield waiting.popleft().seen()
        while waiting:
            yield waiting.popleft().seen()
    finally:
        for entry in waiting:
            if entry.found is not None:
                entry.found.cancel()


class _Waiting(NamedTuple):
    """A frame whose turn has not come yet."""

    frame: Frame
    found: Future[Look] | None
    verdict: Verdict

    @property
    def ready(self) -> bool:
        return self.found is None or self.found.done()

    def seen(self) -> tuple[Frame, Look | None]:
        """The frame with what it shows, waited for."""
        if self.found is None:
            return self.frame, None
        seen = self.found.result()
        return self.frame, replace(seen, repeated=True) if self.verdict is Verdict.REPEAT else seen


def _begun(
    executor: Executor | None, pack: Pack, image: Image, settings: Detection, known: Faces | None
) -> Future[Look]:
    """A look at `image`: under way on `executor`, or done here where there is none."""
    if executor is not None:
        return executor.submit(look, pack, image, settings, known)
    done: Future[Look] = Future()
    done.set_result(look(pack, image, settings, known))
    return done


@dataclass
class _Live:
    """A track while it lives: how often it was seen, and its best faces."""

    best: BestFaces
    seen: int = 0


class _Builder:
    """Puts a clip's passages together, frame by frame; an observation takes 88 bytes, whatever the clip's length."""

    def __init__(self, pack: Pack, settings: PipelineSettings, executor: Executor | None) -> None:
        self._pack, self._settings, self._executor = pack, settings, executor
        self._tracker = FaceTracker(settings.tracking)
        self._live: dict[int, _Live] = {}
        self._kept: list[int] = []
        self._embedded: list[tuple[list[int], Future[Floats] | Floats]] = []
        self._frame, self._number, self._time = array("q"), array("q"), array("d")
        # box, score, quality, landmarks of each observation
        self._values = array("f")
        self._faces = self._untracked = self._short_tracks = self._short_faces = 0

    def add(self, frame: Frame, seen: Look) -> None:
        """Take in one frame and what it shows."""
        number = self._tracker.update(seen.faces, frame.time_s)
        self._faces += len(number)
        self._untracked += int((number == NO_TRACK).sum())
        width, no = seen.faces.box[:, 2] - seen.faces.box[:, 0], np.zeros(len(number), np.bool_)
        wanted = no if seen.repeated else embeddable(width, seen.quality, self._settings.quality)
        faces = seen.faces
        values = np.column_stack([faces.box, faces.score, seen.quality, faces.landmarks.reshape(-1, 2 * LANDMARKS)])
        for face in np.flatnonzero(number != NO_TRACK):
            live = self._live.setdefault(int(number[face]), _Live(BestFaces(self._settings.pooling.faces)))
            live.seen += 1
            if wanted[face]:
                row, quality = len(self._frame), float(seen.quality[face])
                live.best.add(Candidate(row, frame.time_s, quality, seen.crops[face].copy()))
            self._frame.append(frame.index)
            self._number.append(int(number[face]))
            self._time.append(frame.time_s)
            self._values.frombytes(values[face].astype(np.float32).tobytes())
        self._end(set(self._live) - self._tracker.alive)

    def _end(self, numbers: set[int]) -> None:
        """The tracks `numbers` have ended: embed what their templates need, or drop them."""
        for number in sorted(numbers):
            live = self._live.pop(number)
            if live.seen < self._settings.tracking.min_observations:
                self._short_tracks += 1
                self._short_faces += live.seen
                continue
            self._kept.append(number)
            chosen = live.best.chosen()
            for start in range(0, len(chosen), EMBEDDED_AT_ONCE):
                part = chosen[start : start + EMBEDDED_AT_ONCE]
                crops = np.stack([c.crop for c in part])
                work = self._pack.embed_aligned
                done = work(crops) if self._executor is None else self._executor.submit(work, crops)
                self._embedded.append(([c.row for c in part], done))

    def finished(self, losses: Losses) -> ClipPassages:
        """The clip's passages, after its last frame."""
        self._end(set(self._live))
        kept, number = np.array(sorted(self._kept), np.int64), np.array(self._number, np.int64)
        rows = np.flatnonzero(np.isin(number, kept))
        values = np.array(self._values, np.float32).reshape(-1, 6 + 2 * LANDMARKS)[rows]
        face_row, embedding = self._faces_embedded()
        return ClipPassages(
            frame=np.array(self._frame, np.int64)[rows],
            time_s=np.array(self._time, np.float64)[rows],
            track=np.searchsorted(kept, number[rows]),
            box=values[:, :4],
            score=values[:, 4],
            quality=values[:, 5],
            landmarks=values[:, 6:].reshape(-1, LANDMARKS, 2),
            face_row=np.searchsorted(rows, face_row),
            embedding=embedding,
            faces=self._faces,
            untracked=self._untracked,
            short_tracks=self._short_tracks,
            short_faces=self._short_faces,
            losses=losses,
        )

    def _faces_embedded(self) -> tuple[Ints, Floats]:
        """(m,) the observations that were embedded, in order, and (m, d) their embeddings; failed ones are left out."""
        row = np.array([row for rows, _ in self._embedded for row in rows], np.int64)
        parts = [np.asarray(_value(done), np.float32) for _, done in self._embedded]
        embedding = np.concatenate([np.zeros((0, self._pack.dimension), np.float32), *parts])
        order = np.argsort(row)
        order = order[np.isfinite(embedding[order]).all(axis=1)]
        return row[order], embedding[order]


def _value(done: Future[Floats] | Floats) -> Floats:
    return done.result() if isinstance(done, Future) else done
