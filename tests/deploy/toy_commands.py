"""`facelab` with a toy pack in place of models: python toy_commands.py SECONDS_A_FRAME ARGUMENT..."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, ClassVar

import cv2
import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent / "pipeline"))
from toy_pipeline import COLOURS, ToyPack, people_of, picture, walk

from facelab.pipeline.packs.registry import SHIPPED
from facelab.types import Gallery, Templates

FINGERPRINT = "a" * 64
SEEN = people_of(walk("ann", 0, 30), walk("cy", 40, 12))


class Pack(ToyPack):
    """The toy pack under the name and files of one that is shipped."""

    licence, restriction, operational_use = "non-commercial research", "non-commercial research only", False
    spec = SHIPPED["scrfd-mbf"].spec
    files: ClassVar = dict(spec.files)


def pack(*_: Any, pause_s: float = 0.0) -> Pack:
    """In place of `load_pack`."""
    return Pack(SEEN, fingerprint=FINGERPRINT, name="scrfd-mbf", pause_s=pause_s)


def gallery(*names: str, pack: str = FINGERPRINT) -> Gallery:
    """A watchlist of people of the toy footage."""
    vectors = np.array([np.append(np.array(COLOURS[name]) * 0.75, 40) for name in names], np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    ids, ones = np.array([f"{name}/0" for name in names]), np.ones(len(names))
    return Gallery(Templates(ids, np.array(names), vectors, ones, ones.astype(np.int64), pack), np.array(names))


def footage(folder: Path, frames: int = 60, camera: str = "gate") -> Path:
    """Frames as lossless pictures, and the manifest that names camera and frame rate."""
    place = folder / camera
    place.mkdir(parents=True)
    for k in range(frames):
        cv2.imwrite(str(place / f"{k:05d}.png"), picture(k, SEEN.get(k, [])))
    manifest = folder / f"{camera}.yaml"
    manifest.write_text(f"clips:\n- file: {camera}\n  camera: {camera}\n  fps: 10\n")
    return manifest


def main() -> None:
    """The command."""
    from facelab.cli.app import main as run
    from facelab.pipeline import packs

    pause_s = float(sys.argv.pop(1))
    packs.load_pack = lambda *_: pack(pause_s=pause_s)  # type: ignore[assignment]
    run()


if __name__ == "__main__":
    main()
