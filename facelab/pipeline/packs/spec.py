"""What a pack is, as data: two model files with all that their use depends on, and a fingerprint over it.

Beside the files of a pack lies a `pack.json` that holds a `PackSpec`. The fingerprint is the SHA-256 of the
specification in canonical JSON (keys sorted, no blanks), without what changes no number and no right: the names of the
pack and of its files, and its title. Templates are compared only where the fingerprints are the same.
"""

from __future__ import annotations

import hashlib
import json
from typing import Literal

from pydantic import Field

from facelab.config_base import Settings
from facelab.pipeline.detection import Detector
from facelab.pipeline.embedding import Recognition

MANIFEST = "pack.json"
NAME = r"^[A-Za-z0-9][A-Za-z0-9._-]*$"
RECIPE = 1
"""Counts up when facelab itself reads, aligns or embeds in another way: old templates then match no new pack."""


class ModelFile(Settings):
    """One ONNX file of a pack."""

    file: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*\.onnx$", description="its name in the pack's folder")
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    graph: Literal["as_is", "free_size", "weights_inside"] = Field(
        "as_is", description="what is changed in memory before it runs, see `facelab.pipeline.packs.graphs`"
    )


class PackSpec(Settings):
    """A pack: who it is, what it may be used for, and its two models."""

    schema_version: Literal[1] = 1
    name: str = Field(pattern=NAME)
    title: str
    licence: str = Field(min_length=1, description="what its makers state, in words")
    restriction: str = Field(description="why it may not be used in operation; empty: it may")
    detector_file: ModelFile
    detector: Detector
    recogniser_file: ModelFile
    recogniser: Recognition

    @property
    def models(self) -> tuple[ModelFile, ModelFile]:
        """The detector's and the recogniser's file."""
        return self.detector_file, self.recogniser_file

    @property
    def files(self) -> dict[str, str]:
        """SHA-256 of each file, by name."""
        return {model.file: model.sha256 for model in self.models}

    @property
    def fingerprint(self) -> str:
        """SHA-256, in hexadecimal digits, over everything that the pack's use depends on."""
        content = self.model_dump(mode="json")
        for key in ("name", "title"):
            del content[key]
        for key in ("detector_file", "recogniser_file"):
            del content[key]["file"]
        canonical = json.dumps(content | {"recipe": RECIPE}, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
        return hashlib.sha256(canonical.encode()).hexdigest()
