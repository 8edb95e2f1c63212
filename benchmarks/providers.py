"""How far scores move between numbers of threads and providers of ONNX Runtime, and whether a decision flips.

    python benchmarks/providers.py [--people 150] [--threshold 0.41]

Portraits of generated people are detected, aligned and embedded under each runtime; all scores between them are
compared with those of one thread on the CPU. A provider that this machine lacks is said to be not measured.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

import numpy as np

from facelab.config import Runtime
from facelab.data.images import read_image
from facelab.data.people import default_people_folder
from facelab.errors import FacelabError
from facelab.pipeline.packs import load_pack

if TYPE_CHECKING:
    from pathlib import Path

CPU, CUDA = "CPUExecutionProvider", "CUDAExecutionProvider"
RUNTIMES = {
    "CPU, 1 thread": Runtime(),
    "CPU, 1 thread, again": Runtime(),
    "CPU, 2 threads": Runtime(threads=2),
    "CPU, 4 threads": Runtime(threads=4),
    "CUDA": Runtime(providers=(CUDA, CPU)),
}


def embeddings(runtime: Runtime, pictures: list[Path]) -> np.ndarray:
    """(n, d) of the strongest face of each picture."""
    pack = load_pack("scrfd-mbf", runtime)
    found = []
    for path in pictures:
        image = read_image(path)
        faces = pack.detect(image)
        if len(faces):  # the detector's score is far from its limit: no runtime finds one more or one less
            found.append(pack.embed(image, faces.landmarks[:1])[0])
    if not any(provider in runtime.providers[:1] for provider in pack.providers):
        raise FacelabError(f"not on this machine (it ran on {', '.join(pack.providers)})")
    return np.array(found)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--people", type=int, default=150)
    parser.add_argument("--threshold", type=float, default=0.41)
    chosen = parser.parse_args()
    folders = sorted((default_people_folder() / "passengers").iterdir())[: chosen.people]
    pictures = [path for folder in folders for path in sorted(folder.glob("0[01].jpg"))]
    reference: np.ndarray | None = None
    print(
        f"{len(pictures)} portraits, {len(pictures) * (len(pictures) - 1) // 2:,} scores, threshold {chosen.threshold}"
    )
    print(f"{'runtime':22} {'largest move':>13} {'median move':>13} {'decisions flipped':>18}")
    for name, runtime in RUNTIMES.items():
        try:
            vectors = embeddings(runtime, pictures)
        except (FacelabError, RuntimeError, ValueError) as error:
            print(f"{name:22} not measured: {error}")
            continue
        score = (vectors @ vectors.T)[np.triu_indices(len(vectors), 1)]
        reference = score if reference is None else reference
        moved = np.abs(score - reference)
        flipped = int(((score >= chosen.threshold) != (reference >= chosen.threshold)).sum())
        print(f"{name:22} {moved.max():13.2e} {np.median(moved):13.2e} {flipped:18,}")


if __name__ == "__main__":
    main()
