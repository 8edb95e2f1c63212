"""How often the intervals of discard areas and of FMR differences hold the truth, and how often the FMR test rejects.

Run: OMP_NUM_THREADS=1 .venv/bin/python benchmarks/discard_and_fmr_coverage.py [--repeats 200] [--only areas]
"""

from __future__ import annotations

import argparse

import numpy as np

from facelab.errors import NotMeasured
from facelab.stats.discard_areas import discard_areas
from facelab.stats.paired_fmr import fmr_difference
from facelab.stats.quality import DiscardCurve, discard_curve


def curve_of(rng: np.random.Generator, people: int) -> DiscardCurve:
    """Three comparisons a person, of whom score and quality share a part; FNMR about 9 %."""
    who = np.repeat(np.arange(people), 3)
    quality = 0.5 * rng.normal(size=people)[who] + rng.normal(size=len(who))
    score = 0.8 * rng.normal(size=len(who)) + 0.6 * quality + 0.6 * rng.normal(size=people)[who]
    return discard_curve(score, quality, quality, -1.6, who.astype(str))


def areas(rng: np.random.Generator, repeats: int) -> None:
    """Partial area and gain to 20 % discarded; the truth is that of 400,000 people (to 1 in 30 of a standard error)."""
    truth = curve_of(rng, 400_000)
    for people in (30, 100, 400):
        held, made = np.zeros(2), 0
        for _ in range(repeats):
            try:
                found = discard_areas(curve_of(rng, people), replicates=400, rng=rng)
            except NotMeasured:
                continue
            made += 1
            held += [truth.partial_area() in found.interval(), truth.gain() in found.gain_interval()]
        shares = ", ".join(f"{name} {100 * value / made:.0f} %" for name, value in zip(("area", "gain"), held))
        print(f"| error versus discard to 20 % | {people} people, three comparisons each | {shares} |", flush=True)


def fmr(rng: np.random.Generator, repeats: int) -> None:
    """All pairs of people, FMR .05 and .05 or .07; hubs (5 in 100) are each system's own and add .5."""
    for people in (20, 60):
        i, j = np.triu_indices(people, 1)
        for hub in (0.0, 0.5):
            rejected, held = 0, np.zeros(2)
            for _ in range(repeats):
                for k, shift in enumerate((0.0, 0.02)):
                    errors = []
                    for system in range(2):
                        adds = (rng.random(people) < 0.05) * hub
                        chance = np.minimum(0.05 + shift * system + np.maximum(adds[i], adds[j]), 1.0)
                        errors.append(rng.random(len(i)) < chance)
                    found = fmr_difference(*errors, (i, j), replicates=400, rng=rng)
                    held[k] += shift in found.interval()
                    rejected += k == 0 and found.test.p_value < 0.05
            setting = f"{people} people, {'hubs' if hub else 'no hubs'}"
            shares = f"interval {100 * held[0] / repeats:.0f}, {100 * held[1] / repeats:.0f} %"
            print(
                f"| FMR difference 0, .02 | {setting} | {shares}; rejects {100 * rejected / repeats:.1f} % |",
                flush=True,
            )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=200)
    parser.add_argument("--only", choices=("areas", "fmr"))
    options = parser.parse_args()
    rng = np.random.default_rng(20261122)
    print("| what | setting | holds |\n| --- | --- | --- |")
    if options.only != "fmr":
        areas(rng, options.repeats)
    if options.only != "areas":
        fmr(rng, options.repeats)


if __name__ == "__main__":
    main()
