"""How often the intervals, tests and bounds beyond the core hold the truth, on simulated populations.

Run: OMP_NUM_THREADS=1 .venv/bin/python benchmarks/breadth_coverage.py [--repeats 200]
"""

from __future__ import annotations

import argparse
from collections.abc import Callable

import numpy as np
from scipy.stats import beta, norm

from facelab.errors import NotMeasured
from facelab.stats import pareto
from facelab.stats.alerts import EventRate
from facelab.stats.paired import mcnemar, paired_difference, sign_flip_test
from facelab.stats.paired_targets import difference_at_fpir
from facelab.stats.permutation import person_label_test
from facelab.stats.rates import Rate
from facelab.stats.scaling import fpir_by_gallery_size
from facelab.stats.searches import Searches, searches
from facelab.stats.tail import tail_of
from facelab.stats.workload import estimate, positive_predictive_value
from facelab.types import Comparisons

Draw = Callable[[np.random.Generator, int], np.ndarray]


def line(what: str, setting: str, **shares: float) -> None:
    parts = ", ".join(f"{name} {100 * value:.0f} %" for name, value in shares.items())
    print(f"| {what} | {setting} | {parts} |", flush=True)


def tail_coverage(rng: np.random.Generator, repeats: int) -> None:
    """Independent scores of three shapes, then pairs of 200 people with and without hubs; no goodness of fit."""
    real, pareto.null_statistics = pareto.null_statistics, lambda *_: np.full(9, np.inf)
    shapes: dict[str, tuple[Draw, Callable[[float], float]]] = {
        "normal": (lambda r, n: r.normal(size=n), norm.isf),
        "cosine in 64 dimensions": (
            lambda r, n: 2 * r.beta(31.5, 31.5, n) - 1,
            lambda p: 2 * beta(31.5, 31.5).isf(p) - 1,
        ),
        "exponential": (lambda r, n: r.exponential(size=n), lambda p: -np.log(p)),
    }
    for name, (draw, truth) in shapes.items():
        for n in (12_500, 40_000, 400_000):
            for factor in (1, 10):
                held = certified = 0
                target = 1 / (factor * n)
                for _ in range(repeats):
                    tail = tail_of(draw(rng, n), rng=rng)
                    held += target in tail.interval(truth(target))
                    certified += tail.upper(truth(target)) >= target
                setting = f"{name}, n = {n:,}, FMR 1/({factor} n)"
                line("tail", setting, interval=held / repeats, one_sided=certified / repeats)
    i, j = (np.concatenate([x, x]) for x in np.triu_indices(200, 1))
    for hub in (0.0, 0.2, 0.4):
        held = naive = fits = 0
        for _ in range(repeats // 2):
            effect = rng.normal(size=200)
            score = np.sqrt(hub) * (effect[i] + effect[j]) + np.sqrt(1 - 2 * hub) * rng.normal(size=len(i))
            try:
                tail = tail_of(score, i.astype(str), j.astype(str), rng=rng)
            except NotMeasured:
                continue
            fits += 1
            held += 1e-4 in tail.interval(norm.isf(1e-4))
            naive += 1e-4 in tail_of(score, rng=rng).interval(norm.isf(1e-4))
        line("tail", f"pairs of 200 people, hub share {hub:g}, FMR 1e-4", person_level=held / fits, naive=naive / fits)
    pareto.null_statistics = real


def floor_coverage(rng: np.random.Generator, repeats: int) -> None:
    for pi, f, t in ((0.01, 0.01, 0.85), (1e-4, 1e-3, 0.9), (0.1, 0.05, 0.98)):
        truth, held = pi * t / (pi * t + (1 - pi) * f), 0
        for _ in range(repeats):
            fpir, tpir = Rate(int(rng.binomial(2000, f)), 2000), Rate(int(rng.binomial(100, t)), 100)
            ends = positive_predictive_value(estimate(fpir), estimate(tpir), pi)
            held += ends.low <= truth <= ends.high
        line("PPV", f"prevalence {pi:g}, FPIR {f:g} (2,000 people), TPIR {t:g} (100)", interval=held / repeats)
    for walkers in (3, 10, 100):
        held = naive = 0
        for _ in range(4 * repeats):
            sizes = rng.integers(1, 10, rng.poisson(walkers))
            k = int(sizes.sum())
            rate = EventRate(0, 1.0, "hour")
            if k:
                squares = sizes.astype(float) ** 2
                carriers = float(squares.sum() ** 2 / (squares**2).sum())
                rate = EventRate(k, 1.0, "hour", float(squares.sum() / k), carriers)
            held += 5 * walkers in rate.interval()
            naive += 5 * walkers in EventRate(k, 1.0, "hour").interval()
        shares = {"by_walker": held / (4 * repeats), "naive": naive / (4 * repeats)}
        line("false alerts an hour", f"{walkers} walkers in the mean, 1 to 9 alerts each", **shares)


def paired_coverage(rng: np.random.Generator, repeats: int) -> None:
    for people in (40, 150):
        person = np.arange(people).repeat(3).astype(str)
        one_test = flips = 0
        for _ in range(2 * repeats):
            one, two = (np.repeat(rng.random(people) < 0.3, 3) for _ in range(2))
            one_test += mcnemar(one, two).p_value < 0.05
            flips += sign_flip_test(one, two, person).p_value < 0.05
        shares = {"sign_flips": flips / (2 * repeats), "mcnemar": one_test / (2 * repeats)}
        line("rejections at 5 %, equal systems", f"{people} people, three alike passages each", **shares)
        held = 0
        for _ in range(repeats):
            ease = rng.random(people).repeat(3)
            found = paired_difference("FNMR", ease < 0.1, ease < 0.16, person, replicates=500, rng=rng)
            held += 0.06 in found.interval()
        line("paired difference", f"{people} people, rates .10 and .16", interval=held / repeats)
    for strangers in (100, 400):
        held = sum(0.0 in _equal_systems(rng, strangers) for _ in range(repeats))
        line("difference at equal FPIR .05", f"60 enrolled people, {strangers} strangers", interval=held / repeats)


def _system(rng: np.random.Generator, strangers: int) -> Searches:
    score = rng.normal(size=(60 + strangers, 60))
    score[np.arange(60), np.arange(60)] += 3.5
    who = np.array([f"g{i}" for i in range(60)] + [""] * strangers)
    return searches(Comparisons(score, np.arange(len(who)).astype(str), who, who[:60], who[:60], who[:60]))


def _equal_systems(rng: np.random.Generator, strangers: int) -> object:
    one, two = _system(rng, strangers), _system(rng, strangers)
    return difference_at_fpir(one, two, 0.05, replicates=400, rng=rng).interval()


def group_level(rng: np.random.Generator, repeats: int) -> None:
    for people, sizes in ((20, "equal"), (200, "equal"), (200, "one in ten")):
        label = np.zeros(people, dtype=np.int64)
        label[: people // (2 if sizes == "equal" else 10)] = 1
        rejected = sum(
            person_label_test(5 * (rng.random(people) < 0.2), np.full(people, 5), label, 199, rng).p_value <= 0.05
            for _ in range(2 * repeats)
        )
        setting = f"{people} people in two equal groups ({sizes}), five alike trials each"
        line("rejections at 5 %, permutation", setting, share=rejected / (2 * repeats))


def gallery_extrapolation(rng: np.random.Generator, repeats: int) -> None:
    """1,000 strangers and 500 subjects; a part of these is tested, and 500 asked for."""
    count = max(repeats // 5, 1)
    for tested in (50, 150):
        for name, probe, reference in (("none", 0, 0), ("strangers", 1, 0), ("subjects", 0, 1), ("both", 1, 1)):
            held, relied, bounded, error = 0, 0, 0, np.zeros(2)
            for _ in range(count):
                score = rng.normal(size=(1000, 500))
                score += probe * rng.normal(size=(1000, 1)) + reference * rng.normal(size=(1, 500))
                threshold = float(np.quantile(score.max(axis=1), 0.7))
                subjects = np.arange(tested).astype(str)
                part = Comparisons(score[:, :tested], np.arange(1000).astype(str), np.full(1000, ""), *[subjects] * 3)
                scale = fpir_by_gallery_size(searches(part), threshold, [500])
                held += scale.low[0] <= 0.3 <= scale.high[0]
                relied += scale.reliable
                bounded += scale.floor[0] <= 0.3 <= scale.ceiling[0]
                error += np.abs(np.log(np.array([scale.fpir[0], scale.independent[0]]) / 0.3)) / count
            wrong = f"; typical factor off: mixture {np.exp(error[0]):.2f}, independence {np.exp(error[1]):.2f}"
            shares = {"interval": held / count, "to_rely_on": relied / count, "floor_to_ceiling": bounded / count}
            line(f"FPIR .3 of 500 from {tested} subjects", f"hubs: {name}{wrong}", **shares)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=200)
    repeats = parser.parse_args().repeats
    rng = np.random.default_rng(20261122)
    print("| what | setting | holds |\n| --- | --- | --- |")
    gallery_extrapolation(rng, repeats)
    group_level(rng, repeats)
    floor_coverage(rng, repeats)
    paired_coverage(rng, repeats)
    tail_coverage(rng, repeats)


if __name__ == "__main__":
    main()
