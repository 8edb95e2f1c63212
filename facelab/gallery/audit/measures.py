"""What a photograph is like, looked at again: size, pose, sharpness and detector score of its face.

A gallery keeps one quality and the width of the face; which of its parts is low, and the pose that the landmarks give,
is read off the picture (`facelab.pipeline.quality`). Nothing is kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from facelab.config import Detection
from facelab.data.images import read_image
from facelab.errors import BadInput
from facelab.gallery.stills import taken_face
from facelab.pipeline.alignment import aligned_crops, similarity
from facelab.pipeline.quality import face_quality, pose

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from facelab.data.photographs import Photograph
    from facelab.pipeline.packs import Pack

PARTS = ("size", "pose", "sharpness", "score")
_DETECTION = Detection()


@dataclass(frozen=True)
class PhotographMeasures:
    """Of the face that was taken of one photograph: its width in px, its pose, and the four parts of its quality.

    Parameters
    ----------
    width_px : float
        Of the box.
    yaw, pitch, roll : float
        As `facelab.pipeline.quality.pose` gives them: 0 is frontal, about .5 is 45 degrees; roll in degrees.
    size, pose, sharpness, score : float
        In [0, 1]; higher is better.
    """

    width_px: float
    yaw: float
    pitch: float
    roll: float
    size: float
    pose: float
    sharpness: float
    score: float

    @property
    def worst(self) -> str:
        """The part of the quality that is lowest."""
        return min(PARTS, key=lambda name: float(getattr(self, name)))

    def words(self) -> str:
        """What is wrong with it first."""
        said = {
            "size": f"small: the face is {self.width_px:.0f} px wide",
            "pose": f"turned away: yaw {self.yaw:+.2f}, pitch {self.pitch:+.2f} (0 is frontal, .5 about 45 degrees)",
            "sharpness": f"blurred: sharpness {self.sharpness:.2f}",
            "score": f"hardly a face: detector score {self.score:.2f}",
        }
        return said[self.worst]


def photograph_measures(
    photographs: Iterable[Photograph], pack: Pack, detection: Detection = _DETECTION
) -> Mapping[str, PhotographMeasures]:
    """The measures of each of `photographs` by sample id; those without a readable face are left out.

    Parameters
    ----------
    photographs : iterable of Photograph
        Such as those of a few findings: each costs a detection, about 15 ms.
    pack : Pack
        Its detector is used.
    detection : Detection
        Settings of the detector.
    """
    found = {}
    for photograph in photographs:
        try:
            image = read_image(photograph.path)
        except BadInput:
            continue
        faces = pack.detect(image, detection)
        if not len(faces):
            continue
        face = faces.take([taken_face(faces, image.shape)[0]])  # type: ignore[arg-type]  # one position
        quality = face_quality(face, aligned_crops(image, similarity(face.landmarks)))
        yaw, pitch, roll = (float(value) for value in pose(face.landmarks)[0])
        parts = {name: float(getattr(quality, name)[0]) for name in PARTS}
        found[photograph.sample_id] = PhotographMeasures(
            width_px=float(face.box[0, 2] - face.box[0, 0]), yaw=yaw, pitch=pitch, roll=roll, **parts
        )
    return found
