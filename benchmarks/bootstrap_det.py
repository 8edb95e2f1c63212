"""2,000 subject-bootstrap replicates of a DET: 64 thresholds, 1,000 people with 2 images each, all pairs, one core.

Run: OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 .venv/bin/python benchmarks/bootstrap_det.py
"""

from __future__ import annotations

import argparse
import time

import numpy as np

from facelab.stats.bootstrap import det_replicates


def all_pairs(people: int, images: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    centre = rng.normal(size=(people, 64))
    samples = np.repeat(centre, images, axis=0) + 0.7 * rng.normal(size=(people * images, 64))
    samples /= np.linalg.norm(samples, axis=1, keepdims=True)
    who = np.repeat(np.char.zfill(np.arange(people).astype(str), 5), images)
    i, j = np.triu_indices(len(samples), 1)
    return (samples @ samples.T)[i, j], who[i], who[j]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=1000)
    parser.add_argument("--images", type=int, default=2)
    parser.add_argument("--thresholds", type=int, default=64)
    parser.add_argument("--replicates", type=int, default=2000)
    given = parser.parse_args()
    rng = np.random.default_rng(1)
    score, first, second = all_pairs(given.people, given.images, rng)
    nonmated = score[first != second]
    threshold = np.quantile(nonmated, 1 - np.logspace(0, -6, given.thresholds))
    start, start_cpu = time.perf_counter(), time.process_time()
    result = det_replicates(score, first, second, threshold, replicates=given.replicates, rng=rng)
    seconds, cpu = time.perf_counter() - start, time.process_time() - start_cpu
    print(f"{len(score):,} comparisons, {result!r}: {seconds:.1f} s, {cpu:.1f} s of one core")


if __name__ == "__main__":
    main()
