"""What an exact search of a large database costs: processor time and memory at each size, and that it is exact.

    python benchmarks/large_gallery.py
    python benchmarks/large_gallery.py --sizes 100000,1000000 --probes 1000 --out large_gallery.json

References are drawn from a distribution fitted to made-up people, a shard at a time; no file and no model is needed.
Each size runs in a process of its own, so that the peak of its memory is its own. For a few probes the answer is
compared with the dense product in double precision, shard by shard.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import resource
import sys
import time
from pathlib import Path

import numpy as np

from facelab.gallery.distractors import distribution_of
from facelab.gallery.exact_search import ExactSearch

DIMENSIONS, PEOPLE, COMPARED, SEED = 512, 300, 5, 1


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", default="1000,10000,100000,1000000", help="references, separated by commas")
    parser.add_argument("--probes", type=int, default=1_000, help="searched together")
    parser.add_argument("--k", type=int, default=32, help="candidates kept")
    parser.add_argument("--out", type=Path, help="where the measurements go, as JSON")
    chosen = parser.parse_args(arguments)
    rows = []
    print("| references | draw, s | search, s | a search, ms | peak memory, MiB | before, MiB | exact |")
    print("|---|---|---|---|---|---|---|")
    context = multiprocessing.get_context("spawn")
    for size in (int(text) for text in chosen.sizes.split(",")):
        with context.Pool(1) as pool:
            row = pool.apply(measured, (size, chosen.probes, chosen.k))
        rows.append(row)
        print(
            f"| {size:,} | {row['draw_s']:.2f} | {row['search_s']:.2f} | {row['search_ms']:.3f} | {row['peak_mib']:.0f}"
            f" | {row['before_mib']:.0f} | {row['exact']} |",
            flush=True,
        )
    if chosen.out is not None:
        chosen.out.write_text(json.dumps(rows, indent=2) + "\n", encoding="utf-8")
    return 0 if all(row["exact"] for row in rows) else 1


def measured(size: int, probes: int, k: int) -> dict[str, float | bool]:
    """Processor time, memory, and whether the dense product agrees, for one size."""
    rng = np.random.default_rng(SEED)
    people = rng.standard_normal((PEOPLE, DIMENSIONS)) * np.geomspace(1, 0.05, DIMENSIONS)
    model = distribution_of(people / np.linalg.norm(people, axis=1, keepdims=True), 4, 0.4)
    search = ExactSearch(model.draw(probes, rng), k)
    looked = search._probes[:COMPARED].astype(np.float64)
    best = np.full((COMPARED, 0), -np.inf, np.float32)
    before, draw_s, search_s = peak_mib(), 0.0, 0.0
    shards = model.shards(size, SEED)
    while True:
        began = time.process_time()
        shard = next(shards, None)
        draw_s += time.process_time() - began
        if shard is None:
            break
        began = time.process_time()
        search.add(shard)
        search_s += time.process_time() - began
        for start in range(0, len(shard), 10_000):
            part = (looked @ shard[start : start + 10_000].T.astype(np.float64)).astype(np.float32)
            best = -np.sort(-np.concatenate([best, part], axis=1), axis=1)[:, :k]
    found = search.best.score[:COMPARED, : best.shape[1]]
    return {
        "size": size,
        "draw_s": draw_s,
        "search_s": search_s,
        "search_ms": 1e3 * search_s / probes,
        "before_mib": before,
        "peak_mib": peak_mib(),
        "exact": bool(np.array_equal(found, best)),
    }


def peak_mib() -> float:
    """The most memory that this process ever held, MiB (Linux counts in KiB)."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
