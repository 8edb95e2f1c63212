"""The values that travel between facelab's modules: frozen, checked when made, read-only.

Conventions, said once: images are uint8 (H, W, 3) in BGR as OpenCV gives them; boxes are ``x1, y1, x2, y2`` in pixels
of the frame; the five landmarks are left eye, right eye, nose, left and right mouth corner *as seen in the picture*;
times are seconds; embeddings are unit-norm float32; scores are similarities (higher is more alike). A failed
acquisition is a NaN that is counted, never dropped. An empty subject id means "unlabelled": an unknown, unenrolled
person of their own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from facelab.errors import BadInput

if TYPE_CHECKING:
    import pandas as pd

Floats: TypeAlias = NDArray[np.floating[Any]]
Ints: TypeAlias = NDArray[np.integer[Any]]
Bools: TypeAlias = NDArray[np.bool_]
Strings: TypeAlias = NDArray[np.str_]
Image: TypeAlias = NDArray[np.uint8]
Attributes: TypeAlias = Mapping[str, NDArray[Any]]

LANDMARKS = 5


def shaped(name: str, value: Any, dtype: Any, shape: tuple[int | None, ...]) -> NDArray[Any]:
    """`value` as a read-only array of `dtype` whose shape matches `shape` (None: any length)."""
    array = np.array(value, dtype=dtype, copy=None)
    if array.ndim != len(shape) or any(want is not None and want != got for want, got in zip(shape, array.shape)):
        raise BadInput(f"{name} must have shape {shape} (None: any length), it has {array.shape}", place=name)
    array = array.view()
    array.flags.writeable = False
    return array


def _columns(name: str, attributes: Attributes, length: int) -> Attributes:
    """`attributes` as a read-only mapping of read-only columns of `length` each."""
    checked = {}
    for key, value in attributes.items():
        checked[key] = shaped(f"{name}[{key!r}]", value, None, (length,))
    return MappingProxyType(checked)


class Checked:
    """Sets fields of a frozen dataclass while it is being made."""

    def _set(self, **values: Any) -> None:
        for name, value in values.items():
            object.__setattr__(self, name, value)


@dataclass(frozen=True)
class Frame:
    """One picture of one camera: its index in the clip, its time in seconds, the camera and the image (H, W, 3) BGR."""

    index: int
    time_s: float
    camera: str
    image: Image


@dataclass(frozen=True, eq=False)
class Faces(Checked):
    """The n faces found in one picture: box (n, 4) xyxy px, score (n,), landmarks (n, 5, 2) px."""

    box: Floats
    score: Floats
    landmarks: Floats

    def __post_init__(self) -> None:
        n = len(self.box)
        self._set(
            box=shaped("box", self.box, np.float32, (n, 4)),
            score=shaped("score", self.score, np.float32, (n,)),
            landmarks=shaped("landmarks", self.landmarks, np.float32, (n, LANDMARKS, 2)),
        )

    def __len__(self) -> int:
        return len(self.box)

    def take(self, index: Ints | Bools) -> Faces:
        """The faces at `index` (positions or a mask), in that order."""
        return Faces(self.box[index], self.score[index], self.landmarks[index])

    @classmethod
    def none(cls) -> Faces:
        """No face at all."""
        return cls(np.zeros((0, 4)), np.zeros(0), np.zeros((0, LANDMARKS, 2)))


@dataclass(frozen=True, eq=False)
class Tracks(Checked):
    """One row an observation; the observations of one camera that share a `track_id` are one *passage*.

    Shapes: camera (n,) str, frame (n,) int, time_s (n,) s, track_id (n,) int, box (n, 4) px, score (n,), quality (n,)
    in [0, 1], landmarks (n, 5, 2) px. Rows are ordered by camera, frame and track.
    """

    camera: Strings
    frame: Ints
    time_s: Floats
    track_id: Ints
    box: Floats
    score: Floats
    quality: Floats
    landmarks: Floats

    def __post_init__(self) -> None:
        n = len(self.frame)
        self._set(
            camera=shaped("camera", self.camera, np.str_, (n,)),
            frame=shaped("frame", self.frame, np.int64, (n,)),
            time_s=shaped("time_s", self.time_s, np.float64, (n,)),
            track_id=shaped("track_id", self.track_id, np.int64, (n,)),
            box=shaped("box", self.box, np.float32, (n, 4)),
            score=shaped("score", self.score, np.float32, (n,)),
            quality=shaped("quality", self.quality, np.float32, (n,)),
            landmarks=shaped("landmarks", self.landmarks, np.float32, (n, LANDMARKS, 2)),
        )

    def __len__(self) -> int:
        return len(self.frame)

    @property
    def passage_id(self) -> Strings:
        """(n,) the passage of each observation: ``camera/track_id``."""
        return np.array([f"{c}/{t}" for c, t in zip(self.camera, self.track_id)], dtype=np.str_)

    def to_frame(self) -> pd.DataFrame:
        """A DataFrame, one row an observation."""
        import pandas as pd

        boxes = {name: self.box[:, i] for i, name in enumerate(("x1", "y1", "x2", "y2"))}
        axes = [(i, a, f"{name}_{i}") for i in range(LANDMARKS) for a, name in enumerate(("lx", "ly"))]
        points = {name: self.landmarks[:, i, a] for i, a, name in axes}
        head = {"camera": self.camera, "frame": self.frame, "time_s": self.time_s, "track_id": self.track_id}
        return pd.DataFrame(head | boxes | {"score": self.score, "quality": self.quality} | points)


@dataclass(frozen=True, eq=False)
class Templates(Checked):
    """k templates of one pack; a row whose embedding is NaN is a failed acquisition (no face): counted, never dropped.

    Shapes: sample_id (k,) str, unique; subject_id (k,) str, empty where unknown; embedding (k, d) unit float32 or NaN;
    quality (k,) in [0, 1] or NaN; n_faces (k,) faces pooled into the template (0 where acquisition failed).

    Parameters
    ----------
    pack : str
        Fingerprint of the model pack; templates of different packs are never compared.
    attributes : mapping of str to (k,) array
        Anything known of each sample (camera, time_s, width_px, note, …).
    """

    sample_id: Strings
    subject_id: Strings
    embedding: Floats
    quality: Floats
    n_faces: Ints
    pack: str
    attributes: Attributes = field(default_factory=dict)

    def __post_init__(self) -> None:
        k = len(self.sample_id)
        self._set(
            sample_id=shaped("sample_id", self.sample_id, np.str_, (k,)),
            subject_id=shaped("subject_id", self.subject_id, np.str_, (k,)),
            embedding=shaped("embedding", self.embedding, np.float32, (k, None)),
            quality=shaped("quality", self.quality, np.float32, (k,)),
            n_faces=shaped("n_faces", self.n_faces, np.int64, (k,)),
            attributes=_columns("attributes", self.attributes, k),
        )
        if len(set(self.sample_id.tolist())) != k:
            names, counts = np.unique(self.sample_id, return_counts=True)
            raise BadInput(f"sample ids must be unique, {str(names[counts > 1][0])!r} stands twice", place="sample_id")
        with np.errstate(over="ignore"):  # a length beyond what float32 holds is infinite, and refused below
            norm = np.linalg.norm(self.embedding[~self.failed], axis=1)
        if norm.size and not np.allclose(norm, 1.0, atol=1e-3):
            raise BadInput(
                f"embeddings must have length 1, one has {norm[np.argmax(abs(norm - 1))]:.4g}; were they normalised?",
                place="embedding",
            )

    def __len__(self) -> int:
        return len(self.sample_id)

    @property
    def failed(self) -> Bools:
        """(k,) true where acquisition failed."""
        return np.asarray(np.isnan(self.embedding).any(axis=1))

    def take(self, index: Ints | Bools) -> Templates:
        """The templates at `index` (positions or a mask), in that order."""
        attributes = {key: value[index] for key, value in self.attributes.items()}
        return Templates(
            self.sample_id[index],
            self.subject_id[index],
            self.embedding[index],
            self.quality[index],
            self.n_faces[index],
            self.pack,
            attributes,
        )

    def to_frame(self) -> pd.DataFrame:
        """A DataFrame, one row a template (without the embeddings)."""
        import pandas as pd

        head = {"sample_id": self.sample_id, "subject_id": self.subject_id, "quality": self.quality}
        return pd.DataFrame(head | {"n_faces": self.n_faces, "failed": self.failed} | dict(self.attributes))


@dataclass(frozen=True, eq=False)
class Gallery(Checked):
    """The watchlist as enrolled: its templates, and every subject who was to be enrolled.

    Parameters
    ----------
    templates : Templates
        One row a reference sample that was offered, failed ones (NaN) included.
    enrolled : (m,) array of str
        Every subject of the watchlist, sorted, those included whose enrolment failed altogether (they stay mated).
    """

    templates: Templates
    enrolled: Strings

    def __post_init__(self) -> None:
        self._set(enrolled=shaped("enrolled", np.unique(np.asarray(self.enrolled, dtype=np.str_)), np.str_, (None,)))
        missing = np.setdiff1d(self.templates.subject_id, self.enrolled)
        if missing.size:
            raise BadInput(
                f"subject {str(missing[0])!r} has a template and is not among the enrolled", place="enrolled"
            )

    def __len__(self) -> int:
        return len(self.enrolled)

    @property
    def failed_to_enrol(self) -> Strings:
        """(f,) the subjects without a single usable template."""
        return np.setdiff1d(self.enrolled, self.templates.subject_id[~self.templates.failed])


@dataclass(frozen=True, eq=False)
class Comparisons(Checked):
    """Every probe against every reference: where the pipeline half ends and the statistics half begins.

    Parameters
    ----------
    score : (p, r) float array
        Similarity of probe and reference sample; NaN where either failed acquisition.
    probe_id, probe_subject : (p,) arrays of str
        The probes (passages) and who they are; an empty subject is an unknown, unenrolled person of their own.
    reference_id, reference_subject : (r,) arrays of str
        The reference samples and whose they are.
    enrolled : (m,) array of str
        Every enrolled subject, those without a usable reference included: N = m, and a probe is mated when its
        subject is among them.
    probe_attributes, reference_attributes : mappings of str to (p,) and (r,) arrays
        Camera, time, quality, group, … of each.
    pack : str
        Fingerprint of the pack the scores come from; empty for scores of another matcher.
    synthetic : bool
        True where any of the evidence was generated.
    """

    score: Floats
    probe_id: Strings
    probe_subject: Strings
    reference_id: Strings
    reference_subject: Strings
    enrolled: Strings
    probe_attributes: Attributes = field(default_factory=dict)
    reference_attributes: Attributes = field(default_factory=dict)
    pack: str = ""
    synthetic: bool = False

    def __post_init__(self) -> None:
        p, r = len(self.probe_id), len(self.reference_id)
        self._set(
            score=shaped("score", self.score, None, (p, r)),
            probe_id=shaped("probe_id", self.probe_id, np.str_, (p,)),
            probe_subject=shaped("probe_subject", self.probe_subject, np.str_, (p,)),
            reference_id=shaped("reference_id", self.reference_id, np.str_, (r,)),
            reference_subject=shaped("reference_subject", self.reference_subject, np.str_, (r,)),
            enrolled=shaped("enrolled", np.unique(np.asarray(self.enrolled, dtype=np.str_)), np.str_, (None,)),
            probe_attributes=_columns("probe_attributes", self.probe_attributes, p),
            reference_attributes=_columns("reference_attributes", self.reference_attributes, r),
        )
        if np.isinf(self.score).any():
            raise BadInput("scores must be finite, or NaN where acquisition failed; one is infinite", place="score")
        missing = np.setdiff1d(self.reference_subject, self.enrolled)
        if missing.size:
            raise BadInput(
                f"subject {str(missing[0])!r} has a reference and is not among the enrolled", place="enrolled"
            )

    def __len__(self) -> int:
        return len(self.probe_id)

    @property
    def mated(self) -> Bools:
        """(p,) true where the probe's subject is enrolled."""
        return np.isin(self.probe_subject, self.enrolled)

    def take(self, index: Ints | Bools) -> Comparisons:
        """The probes at `index` (positions or a mask) against the whole gallery."""
        attributes = {key: value[index] for key, value in self.probe_attributes.items()}
        return Comparisons(
            self.score[index],
            self.probe_id[index],
            self.probe_subject[index],
            self.reference_id,
            self.reference_subject,
            self.enrolled,
            attributes,
            self.reference_attributes,
            self.pack,
            self.synthetic,
        )

    def to_frame(self) -> pd.DataFrame:
        """A DataFrame, one row a probe: its subject, attributes, best score and the reference that gave it."""
        import pandas as pd

        filled = np.where(np.isnan(self.score), -np.inf, self.score)
        column = filled.argmax(axis=1) if filled.shape[1] else np.zeros(len(self), dtype=np.int64)
        head: dict[str, Any] = {"probe_id": self.probe_id, "probe_subject": self.probe_subject, "mated": self.mated}
        if filled.shape[1]:
            best = filled[np.arange(len(self)), column]
            head["best_score"] = np.where(np.isneginf(best), np.nan, best)
            head["best_reference"] = np.where(np.isneginf(best), "", self.reference_id[column])
        return pd.DataFrame(head | dict(self.probe_attributes))
