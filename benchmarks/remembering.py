"""A pack that runs its models once a picture: benchmarks that compare settings share what settings do not change."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from facelab.config import Detection
    from facelab.pipeline.packs import Pack
    from facelab.types import Faces, Floats, Image


class Remembering:
    """`pack`, asked once for each picture and crop; `embedded` counts the faces asked for, remembered or not."""

    def __init__(self, pack: Pack) -> None:
        self._pack = pack
        self._faces: dict[tuple[bytes, str], Faces] = {}
        self._embedding: dict[bytes, Floats] = {}
        self.fingerprint, self.name, self.dimension = pack.fingerprint, pack.name, pack.dimension
        self.embedded = 0

    def detect(self, image: Image, settings: Detection) -> Faces:
        """The faces of `image`."""
        key = hashlib.sha1(image.tobytes()).digest(), settings.model_dump_json()
        if key not in self._faces:
            self._faces[key] = self._pack.detect(image, settings)
        return self._faces[key]

    def embed_aligned(self, crops: Image) -> Floats:
        """(n, d) the embeddings of `crops`."""
        self.embedded += len(crops)
        keys = [hashlib.sha1(crop.tobytes()).digest() for crop in crops]
        for key, crop in zip(keys, crops):
            if key not in self._embedding:
                self._embedding[key] = self._pack.embed_aligned(crop[None])[0]
        return np.stack([self._embedding[key] for key in keys])
