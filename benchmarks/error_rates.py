"""Speed and memory of the error rates, as ratios measured in one run.

    ./run python benchmarks/error_rates.py [--samples 13000] [--dimension 512] [--scores 10000000] [--threads 2]

1. All pairs of embeddings: the exact error curve, EER, thresholds at targets and person-level intervals, against the
   bare full matrix product of the same embeddings in blocks.
2. Stored scores: the curve and the look-ups, against scikit-learn's `det_curve` and the same look-ups.
"""

from __future__ import annotations

import argparse
import os
import resource
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


def timed(work: Callable[[], Any]) -> tuple[Any, float, float]:
    """What `work` returns, its wall-clock time and its processor time (all threads), s."""
    wall, cpu = time.perf_counter(), time.process_time()
    value = work()
    return value, time.perf_counter() - wall, time.process_time() - cpu


def peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def all_pairs(samples: int, dimension: int) -> None:
    import numpy as np

    from facelab.stats.all_pairs import all_pairs_curve

    rng = np.random.default_rng(0)
    person = np.repeat(np.arange(samples * 3 // 5), 2)[:samples]
    person = np.concatenate([person, np.arange(samples - len(person)) + samples])
    middle = rng.standard_normal((person.max() + 1, dimension), dtype=np.float32)
    embedding = middle[person] + 0.8 * rng.standard_normal((samples, dimension), dtype=np.float32)
    embedding /= np.linalg.norm(embedding, axis=1, keepdims=True)
    del middle
    buffer = np.empty((1024, 1024), dtype=np.float32)

    def product() -> None:
        for top in range(0, samples, 1024):
            for left in range(0, samples, 1024):
                a, b = embedding[top : top + 1024], embedding[left : left + 1024]
                np.matmul(a, b.T, out=buffer.ravel()[: len(a) * len(b)].reshape(len(a), len(b)))

    _, bare, bare_cpu = timed(product)
    before = peak_mb()

    def measured() -> tuple[Any, list]:
        curve = all_pairs_curve(embedding, person)
        return curve, [curve.threshold_at_fmr(target) for target in (1e-3, 1e-4, 1e-5)]

    (curve, points), *first = timed(measured)
    below, *second = timed(lambda: curve.at(0.0))
    eer, *third = timed(curve.eer)
    pairs = curve.non_mated.completed + curve.mated.completed
    print(f"all pairs of {samples:,} x {dimension}: {pairs:,} comparisons")
    print(f"  bare full product        {bare:8.2f} s ({bare_cpu:.2f} s of processor time)")
    named = (("curve, three thresholds", first), ("a rate below the tail", second), ("equal error rate", third))
    for name, (wall, cpu) in named:
        print(
            f"  {name:24} {wall:8.2f} s   {wall / bare:.2f} times the product ({cpu / bare_cpu:.2f} by processor time)"
        )
    print(f"  peak memory {peak_mb():,.0f} MB, of which {before:,.0f} MB before the curve")
    for rate in (points[1].fmr, below.fmr):
        print(f"  {rate!r}")
    print(f"  {eer!r}")


def stored_scores(number: int) -> None:
    import numpy as np
    from sklearn.metrics import det_curve

    from facelab.stats.comparing import verification_curve

    rng = np.random.default_rng(0)
    mated = rng.random(number) < 0.01
    score = rng.normal(0.05, 0.06, number) + 0.15 * mated
    targets = (1e-2, 1e-3, 1e-4, 1e-5)

    def theirs() -> tuple[list, float]:
        fmr, fnmr, thresholds = det_curve(mated, score, drop_intermediate=False)
        at = int(np.argmin(np.abs(fmr - fnmr)))
        return [float(thresholds[np.argmax(fmr <= target)]) for target in targets], float(fmr[at] + fnmr[at]) / 2

    def ours() -> tuple[list, float]:
        curve = verification_curve(score, mated)
        return [curve.threshold_at_fmr(target).threshold for target in targets], curve.eer().rate

    their, their_wall, their_cpu = timed(theirs)
    our, our_wall, our_cpu = timed(ours)
    print(f"{number:,} stored scores")
    print(f"  det_curve and look-ups   {their_wall:8.2f} s ({their_cpu:.2f} s of processor time)")
    ratios = f"{their_wall / our_wall:.1f} times as fast ({their_cpu / our_cpu:.1f} by processor time)"
    print(f"  curve and look-ups       {our_wall:8.2f} s   {ratios}")
    print(f"  thresholds {their[0]}\n  against    {our[0]}")
    print(f"  EER {their[1]:.6g} against {our[1]:.6g}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--samples", type=int, default=13_000)
    parser.add_argument("--dimension", type=int, default=512)
    parser.add_argument("--scores", type=int, default=10_000_000)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--only", choices=("pairs", "scores"))
    options = parser.parse_args()
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ[name] = str(options.threads)
    if options.only != "scores":
        all_pairs(options.samples, options.dimension)
    if options.only != "pairs":
        stored_scores(options.scores)


if __name__ == "__main__":
    main()
