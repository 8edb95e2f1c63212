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
    started = time.perf_counter()
    buffer = np.empty((1024, 1024), dtype=np.float32)
    for top in range(0, samples, 1024):
        for left in range(0, samples, 1024):
            a, b = embedding[top : top + 1024], embedding[left : left + 1024]
            np.matmul(a, b.T, out=buffer[: len(a), : len(b)])
    bare, before = time.perf_counter() - started, peak_mb()
    started = time.perf_counter()
    curve = all_pairs_curve(embedding, person)
    points = [curve.threshold_at_fmr(target) for target in (1e-3, 1e-4, 1e-5)]
    one_pass = time.perf_counter() - started
    started = time.perf_counter()
    below = curve.at(0.0)
    second = time.perf_counter() - started
    started = time.perf_counter()
    eer = curve.eer()
    third = time.perf_counter() - started
    pairs = curve.non_mated.completed + curve.mated.completed
    print(f"all pairs of {samples:,} x {dimension}: {pairs:,} comparisons")
    print(f"  bare full product        {bare:8.2f} s")
    print(f"  curve and thresholds     {one_pass:8.2f} s   {one_pass / bare:.2f} times the product")
    print(f"  a rate below the tail    {second:8.2f} s   {second / bare:.2f} times")
    print(f"  equal error rate         {third:8.2f} s   {third / bare:.2f} times")
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
    score = rng.normal(0.05, 0.06, number) + 0.5 * mated
    targets = (1e-2, 1e-3, 1e-4, 1e-5)
    started = time.perf_counter()
    fmr, fnmr, thresholds = det_curve(mated, score)
    theirs = [float(thresholds[np.argmax(fmr <= target)]) for target in targets]
    at = int(np.argmin(np.abs(fmr - fnmr)))
    their_time = time.perf_counter() - started
    started = time.perf_counter()
    curve = verification_curve(score, mated)
    ours = [curve.threshold_at_fmr(target) for target in targets]
    eer = curve.eer()
    our_time = time.perf_counter() - started
    print(f"{number:,} stored scores")
    print(f"  det_curve and look-ups   {their_time:8.2f} s")
    print(f"  curve and look-ups       {our_time:8.2f} s   {their_time / our_time:.1f} times as fast")
    print(f"  thresholds {theirs} against {[round(p.threshold, 12) for p in ours]}")
    print(f"  EER {(fmr[at] + fnmr[at]) / 2:.6g} against {eer.rate:.6g}")


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
