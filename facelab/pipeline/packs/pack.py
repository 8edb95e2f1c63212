"""A loaded model pack: what finds faces and what turns them into embeddings."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from facelab.config import Detection, Runtime
from facelab.types import Faces, Floats, Image


@dataclass(frozen=True)
class Pack:
    """One detector and one recogniser, ready to run; its sessions are made when first used.

    A pack pickles as the name (or folder) it was loaded by, so it can be handed to worker processes.
    """

    name: str
    fingerprint: str
    licence: str
    operational_use: bool
    restriction: str
    files: dict[str, str]
    dimension: int

    def detect(self, image: Image, settings: Detection = Detection()) -> Faces:
        """The faces in `image` (H, W, 3) BGR, best score first."""
        raise NotImplementedError

    def embed(self, image: Image, landmarks: Floats) -> Floats:
        """(n, d) float32 unit embeddings of the faces of `image` at `landmarks` (n, 5, 2)."""
        raise NotImplementedError

    def embed_aligned(self, crops: Image) -> Floats:
        """(n, d) float32 unit embeddings of aligned `crops` (n, 112, 112, 3) BGR."""
        raise NotImplementedError


def load_pack(name_or_folder: str | Path, runtime: Runtime = Runtime()) -> Pack:
    """The pack of that name, or in that folder."""
    raise NotImplementedError
