"""What an exact search of a large database costs: processor time and memory at each size, and that it is exact.

    python benchmarks/large_gallery.py
    python benchmarks/large_gallery.py --sizes 100000,1000000 --probes 1000 --out large_gallery.json
    python benchmarks/large_gallery.py --check results/city_cameras --splits 20
    python benchmarks/large_gallery.py --check congress --splits 10

The last two search nothing: how often the check of drawn references passes, over splits of the people.

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
from typing import TYPE_CHECKING

import numpy as np

from facelab.experiments.sites.city_distractors import Labelled, distractor_check
from facelab.experiments.sites.city_search import one_a_person
from facelab.gallery.distractors import TemplateDistribution, distribution_of, fitted_distribution
from facelab.gallery.exact_search import ExactSearch

if TYPE_CHECKING:
    from collections.abc import Callable

DIMENSIONS, PEOPLE, COMPARED, SEED = 512, 300, 5, 1


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", default="1000,10000,100000,1000000", help="references, separated by commas")
    parser.add_argument("--probes", type=int, default=1_000, help="searched together")
    parser.add_argument("--k", type=int, default=32, help="candidates kept")
    parser.add_argument("--out", type=Path, help="where the measurements go, as JSON")
    parser.add_argument("--check", help="a city's workspace, or congress: how often the check passes")
    parser.add_argument("--splits", type=int, default=20, help="seeds of the check")
    chosen = parser.parse_args(arguments)
    if chosen.check:
        return checked(chosen.check, chosen.splits)
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


class Mixed(TemplateDistribution):
    """Not for use: `number` of the fitted people themselves, mixed at random; one of them is that person copied."""

    given: np.ndarray
    number: int

    def draw(self, count: int, rng: np.random.Generator) -> np.ndarray:
        """(count, d) unit templates."""
        weight = np.abs(rng.standard_normal((count, self.number)))
        weight /= np.linalg.norm(weight, axis=1, keepdims=True)
        who = rng.random((count, len(self.given))).argpartition(self.number, axis=1)[:, : self.number]
        drawn = self.mean + sum(weight[:, [k]] * (self.given - self.mean)[who[:, k]] for k in range(self.number))
        return (drawn / np.linalg.norm(drawn, axis=1, keepdims=True)).astype(np.float32)


def mixed(number: int) -> Callable[..., TemplateDistribution]:
    """A fit that takes the people themselves."""

    def fit(references: np.ndarray, *_: object) -> TemplateDistribution:
        base = distribution_of(references)
        own = Mixed(base.mean, base.axes, base.spread, 1, np.inf, base.people)
        object.__setattr__(own, "given", references.astype(np.float64))
        object.__setattr__(own, "number", number)
        return own

    return fit


def checked(place: str, splits: int) -> int:
    """Print how often the check passes with each way of drawing, and the geometric means of what it found."""
    references, probes = people_of(place)
    ways = {"fitted": fitted_distribution, **{f"{n} of the people mixed": mixed(n) for n in (1, 2, 3)}}
    print("| drawn | passed | FMR of people's, 1e-3 | 1e-4 | FPIR of people's, 1e-3 | 1e-4 | alike, 1e-3 |")
    print("|---|---|---|---|---|---|---|")
    for name, fit in ways.items():
        checks = [
            distractor_check(place, references, probes, (1e-3, 1e-4), np.random.default_rng(seed), fit_with=fit)
            for seed in range(splits)
        ]
        fmr, fpir = (
            [np.exp(np.mean([np.log(max(f(c.levels[k]), 1e-3)) for c in checks])) for k in (0, 1)]
            for f in (lambda x: x.drawn / x.people.value, lambda x: x.drawn_fpir / x.people_fpir.value)
        )
        alike = float(np.nanmedian([c.levels[0].alike for c in checks]))
        passed = sum(c.allowed for c in checks)
        print(
            f"| {name} | {passed} of {splits} | {fmr[0]:.2f} | {fmr[1]:.2f} | {fpir[0]:.2f} | {fpir[1]:.2f}"
            f" | {alike:.1f} |",
            flush=True,
        )
    return 0


def people_of(place: str) -> tuple[Labelled, Labelled]:
    """References and probes of a city's workspace, or the Congress portraits."""
    if place != "congress":
        from facelab.pipeline import tables

        folder = Path(place)
        gallery = tables.read_gallery(folder / "gallery.parquet").templates
        return one_a_person(gallery), one_a_person(tables.read_templates(folder / "passages.parquet"), every=True)
    from facelab.data.research import CONGRESS_YEARS, congress_portraits
    from facelab.gallery import photograph_templates
    from facelab.pipeline.packs import load_pack

    pack = load_pack("scrfd-mbf")
    old, new = (
        photograph_templates(congress_portraits((year,)).photographs, pack, progress=False) for year in CONGRESS_YEARS
    )
    return one_a_person(old), one_a_person(new, every=True)


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
