"""A loaded pack: what finds faces in a picture and turns them into embeddings."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from facelab.config import Detection, Runtime
from facelab.pipeline.alignment import aligned_crops, similarity
from facelab.pipeline.detection import detected_faces
from facelab.pipeline.embedding import embeddings
from facelab.pipeline.packs.graphs import ready_graph
from facelab.pipeline.packs.leaner import leaner_graph
from facelab.pipeline.packs.store import verified_content

if TYPE_CHECKING:
    from pathlib import Path

    from facelab.pipeline.packs.spec import ModelFile, PackSpec
    from facelab.pipeline.sessions import Model
    from facelab.types import Faces, Floats, Image

_DETECTION, _RUNTIME = Detection(), Runtime()


class Pack:
    """One detector and one recogniser whose files were verified; their sessions are made when first used.

    It pickles as its specification and its folder, so it can be handed to worker processes; they verify again.

    Parameters
    ----------
    spec : PackSpec
        What the files must be and how they are used.
    folder : Path
        Where they lie.
    runtime : Runtime
        Providers and threads of the sessions.

    Raises
    ------
    PackError
        A file is missing or altered.
    """

    def __init__(self, spec: PackSpec, folder: Path, runtime: Runtime = _RUNTIME) -> None:
        self.spec, self.folder, self.runtime = spec, folder, runtime
        for model in spec.models:
            verified_content(folder, model, spec)

    def __reduce__(self) -> tuple[type[Pack], tuple[PackSpec, Path, Runtime]]:
        return Pack, (self.spec, self.folder, self.runtime)

    def __repr__(self) -> str:
        return f"Pack({self.name!r}, {self.fingerprint[:12]}, {self.licence!r})"

    @property
    def name(self) -> str:
        """The pack's name."""
        return self.spec.name

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 over everything that the pack's use depends on."""
        return self.spec.fingerprint

    @property
    def licence(self) -> str:
        """What the makers of the models state, in words."""
        return self.spec.licence

    @property
    def operational_use(self) -> bool:
        """True where the licence lets it be used in operation; else `restriction` says why not."""
        return not self.spec.restriction

    @property
    def restriction(self) -> str:
        """Why the pack may not be used in operation; empty where it may."""
        return self.spec.restriction

    @property
    def files(self) -> dict[str, str]:
        """SHA-256 of each file, by name."""
        return self.spec.files

    @property
    def dimension(self) -> int:
        """Length of an embedding."""
        return self.spec.recogniser.dimension

    @property
    def providers(self) -> tuple[str, ...]:
        """The providers that the models run on here."""
        return self._detector.providers

    def detect(self, image: Image, settings: Detection = _DETECTION) -> Faces:
        """The faces in `image` (H, W, 3) uint8 BGR, the highest score first; see `facelab.pipeline.detection`."""
        return detected_faces(image, self._detector, self.spec.detector, settings)

    def embed(self, image: Image, landmarks: Floats) -> Floats:
        """The embedding of each face of `image`.

        Parameters
        ----------
        image : (H, W, 3) uint8 array
            BGR.
        landmarks : (n, 5, 2) array
            Of each face, px.

        Returns
        -------
        (n, d) float32 array
            Unit vectors; a row is NaN (a failed acquisition) where the landmarks give no alignment.
        """
        transforms = similarity(landmarks)
        usable = np.isfinite(transforms).all(axis=(1, 2))
        found = np.full((len(transforms), self.dimension), np.nan, dtype=np.float32)
        found[usable] = self.embed_aligned(aligned_crops(image, transforms[usable]))
        return found

    def embed_aligned(self, crops: Image) -> Floats:
        """(n, d) float32 unit embeddings of aligned `crops` (n, 112, 112, 3) uint8 BGR."""
        return embeddings(crops, self._recogniser, self.spec.recogniser)

    @cached_property
    def _detector(self) -> Model:
        return self._model(self.spec.detector_file)

    @cached_property
    def _recogniser(self) -> Model:
        return self._model(self.spec.recogniser_file)

    def _model(self, file: ModelFile) -> Model:
        """The model in `file`, on a session of its own."""
        from facelab.pipeline.sessions import Model, is_on_cpu

        place = str(self.folder / file.file)
        graph = ready_graph(verified_content(self.folder, file, self.spec), file.graph, place=place)
        return Model(leaner_graph(graph) if is_on_cpu(self.runtime) else graph, self.runtime, place=place)
