"""A model pack that remembers: the same picture under the same settings is never looked at twice.

The cache of clips is keyed by every setting of the pipeline, so a sweep over the tracker would run the detector again
at each point. This pack keeps, in memory and for as long as it lives, what each call of a model gave, keyed by the
exact input of that call; so what comes out is bit for bit what the plain pack gives.
"""

from __future__ import annotations

import hashlib
import threading
from typing import TYPE_CHECKING, Any

import numpy as np

from facelab.config import Detection
from facelab.pipeline.packs.pack import Pack

if TYPE_CHECKING:
    from collections.abc import Callable

    from facelab.types import Faces, Floats, Image

_DETECTION = Detection()


class RememberedPack(Pack):
    """`pack` with a memory of its detections and embeddings.

    Parameters
    ----------
    pack : Pack
        Its files were verified when it was made.
    """

    def __init__(self, pack: Pack) -> None:
        # another view of the same verified pack: its sessions are made once
        self.__dict__.update(pack.__dict__)
        self._plain = pack
        self._memory: dict[tuple[str, bytes, str], Any] = {}
        self._guard = threading.Lock()
        self.calls = {"detect": 0, "embed": 0}

    @property
    def plain(self) -> Pack:
        """The pack without a memory."""
        return self._plain

    def detect(self, image: Image, settings: Detection = _DETECTION) -> Faces:
        """As `Pack.detect`."""
        key = ("detect", _digest(image), settings.model_dump_json())
        found: Faces = self._remembered(key, lambda: self._plain.detect(image, settings))
        return found

    def embed_aligned(self, crops: Image) -> Floats:
        """As `Pack.embed_aligned`; remembered as the whole call, since a model's result may depend on the batch."""
        key = ("embed", _digest(crops), "")
        found: Floats = self._remembered(key, lambda: self._plain.embed_aligned(crops))
        return found

    def _remembered(self, key: tuple[str, bytes, str], compute: Callable[[], Any]) -> Any:
        with self._guard:
            if key in self._memory:
                return self._memory[key]
        found = compute()
        with self._guard:
            self.calls[key[0]] += 1
            return self._memory.setdefault(key, found)


def _digest(pixels: Image) -> bytes:
    digest = hashlib.blake2b(repr(pixels.shape).encode(), digest_size=20)
    digest.update(np.ascontiguousarray(pixels).data)
    return digest.digest()
