"""How often the nominal 95 % intervals hold the truth, and how often a threshold keeps its promise on fresh people.

    ./run python benchmarks/interval_coverage.py [--repeats 400] [--only fmr,fnmr,gallery,promise] [--full]

Populations with latent people: a score is a person's effect on either side (hubs: a few people who match everybody), an
effect of the pair, and noise of the image. The truth is computed by quadrature, never simulated, so coverage errs only
by the number of repeats (+-1 % at 400). "naive" is Clopper and Pearson's interval of independent comparisons.
"""

from __future__ import annotations

import argparse
import itertools
import time
from collections import defaultdict
from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq
from scipy.stats import norm

from facelab.errors import UnattainableTarget
from facelab.stats.comparing import verification_curve
from facelab.stats.dyadic import PairTrials, PeopleTrials, rate_of
from facelab.stats.openset import open_set_curve
from facelab.types import Comparisons

NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(41)
WEIGHTS = WEIGHTS / WEIGHTS.sum()


@dataclass(frozen=True)
class Population:
    """Scores s = a_i + g_j + c_ij + e, total variance about 1; a share of people are hubs, shifted by `shift`."""

    name: str
    person: float
    pair: float
    hubs: float = 0.0
    shift: float = 0.0

    @property
    def image(self) -> float:
        """Standard deviation of the noise of an image."""
        return float(np.sqrt(1 - 2 * self.person**2 - self.pair**2))

    def effects(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """Effects of n people drawn from the population."""
        return self.person * rng.normal(size=n) + self.shift * (rng.random(n) < self.hubs)

    def nodes(self) -> tuple[np.ndarray, np.ndarray]:
        """Values of one person's effect and their probabilities."""
        values = np.concatenate([self.person * NODES, self.person * NODES + self.shift])
        return values, np.concatenate([(1 - self.hubs) * WEIGHTS, self.hubs * WEIGHTS])

    @property
    def rest(self) -> float:
        """Standard deviation of what is not a person's."""
        return float(np.hypot(self.pair, self.image))

    def fmr(self, threshold: float) -> float:
        """The true FMR at a threshold."""
        values, weights = self.nodes()
        accept = norm.sf((threshold - values[:, None] - values[None, :]) / self.rest)
        return float(weights @ accept @ weights)

    def threshold(self, fmr: float) -> float:
        """The threshold at a true FMR."""
        return float(brentq(lambda t: self.fmr(t) - fmr, -8, 14))

    def fpir(self, threshold: float, gallery: np.ndarray | int) -> float:
        """FPIR of this gallery (its people's effects), or over galleries of so many people."""
        values, weights = self.nodes()
        if isinstance(gallery, int):
            reject = norm.cdf((threshold - values[:, None] - values[None, :]) / self.rest) @ weights
            return float(weights @ (1 - reject**gallery))
        reject = np.log(norm.cdf((threshold - values[:, None] - gallery[None, :]) / self.rest)).sum(axis=1)
        return float(weights @ (1 - np.exp(reject)))


POPULATIONS = (
    Population("no hubs", 0.05, 0.5),
    Population("unequal people", 0.4, 0.4),
    Population("hubs", 0.2, 0.4, 0.03, 2.5),
)


class Tally:
    """Coverage by cell: held, repeats, width, conservative labels, for ours and the naive interval."""

    def __init__(self) -> None:
        self.cells: dict[tuple, list] = defaultdict(list)

    def add(self, key: tuple, truth: float, *intervals) -> None:
        """Counts one repeat of a cell: whether each interval holds the truth."""
        self.cells[key].append([x for i in intervals for x in (truth in i, truth < i.low, i.width, *_says(i))])

    def rows(self, columns: int) -> list[tuple]:
        """Each cell with its repeats and means, a row an interval."""
        out = []
        for key, values in self.cells.items():
            means = np.array(values, dtype=float).mean(axis=0).reshape(columns, 5)
            out.append((key, len(values), means))
        return out


def _says(interval) -> tuple[bool, bool]:
    return "conservative" in interval.note, "few people:" in interval.note


def false_match_rates(repeats: int, rng: np.random.Generator) -> Tally:
    """All pairs of n people with k images each: dyadic interval against independent trials."""
    tally = Tally()
    for population, n, k in itertools.product(POPULATIONS, (20, 50, 100, 300), (1, 3)):
        repeats_here = repeats // 2 if n == 300 and k == 3 else repeats
        person = np.repeat(np.arange(n), k)
        first, second = np.triu_indices(n * k, 1)
        other = person[first] != person[second]
        first, second = first[other], second[other]
        trials = PairTrials(person[first], person[second])
        pair = np.unique(trials.keys(slice(None)), return_inverse=True)[1]
        thresholds = {rate: population.threshold(rate) for rate in (1e-1, 1e-2, 1e-3, 1e-4, 1e-5)}
        for _ in range(repeats_here):
            a = population.effects(n, rng)
            score = a[trials.first] + a[trials.second]
            score += (population.pair * rng.standard_normal(trials.person_pairs, dtype=np.float32))[pair]
            score += population.image * rng.standard_normal(len(trials), dtype=np.float32)
            for rate, threshold in thresholds.items():
                measured = rate_of(trials, score >= threshold, "FMR")
                naive = measured.independent().interval(method="clopper-pearson")
                tally.add((population.name, n, k, rate), rate, measured.interval(), naive)
    return tally


def false_non_match_rates(repeats: int, rng: np.random.Generator) -> Tally:
    """Mated comparisons of G people, all alike or 1 to 10 each, people's error rates Beta distributed (goats)."""
    tally = Tally()
    for concentration, g, sizes in itertools.product((0.3, 3.0), (20, 50, 100, 300, 1000), ("1", "3", "1-10")):
        name = "goats" if concentration < 1 else "mild"
        for rate in (1e-1, 1e-2, 1e-3):
            for _ in range(repeats):
                m = rng.integers(1, 11, g) if sizes == "1-10" else np.full(g, int(sizes))
                p = rng.beta(concentration * rate, concentration * (1 - rate), g)
                person = np.repeat(np.arange(g), m)
                measured = rate_of(PeopleTrials(person), rng.random(len(person)) < p[person], "FNMR")
                naive = measured.independent().interval(method="clopper-pearson")
                tally.add((name, g, sizes, rate), rate, measured.interval(), naive)
    return tally


def comparisons(
    population: Population, gallery: np.ndarray, people: int, passages: int, rng: np.random.Generator
) -> Comparisons:
    """Strangers against a gallery."""
    a = population.effects(people, rng)
    score = a[:, None] + gallery[None, :] + population.pair * rng.normal(size=(people, len(gallery)))
    score = np.repeat(score, passages, axis=0)
    score += population.image * rng.normal(size=score.shape)
    names = [f"g{i}" for i in range(len(gallery))]
    ids = [f"p{i}" for i in range(people * passages)]
    return Comparisons(score, ids, np.repeat([f"u{i}" for i in range(people)], passages), names, names, names)


def open_set(repeats: int, rng: np.random.Generator) -> Tally:
    """FPIR of this gallery, and of another such gallery, with strangers of two passages each."""
    tally = Tally()
    for population, n, people in itertools.product(POPULATIONS, (10, 100, 1000), (100, 300)):
        repeats_here = repeats if n < 1000 else max(50, repeats // 4)
        rates = (1e-1, 1e-2)
        thresholds = {r: brentq(lambda t, r=r: population.fpir(t, n) - r, -8, 14) for r in rates}  # noqa: B023
        for _ in range(repeats_here):
            gallery = population.effects(n, rng)
            curve = open_set_curve(comparisons(population, gallery, people, 2, rng))
            for rate, threshold in thresholds.items():
                point = curve.at(threshold)
                here, elsewhere = point.fpir.interval(), point.fpir_another_gallery.interval()
                naive = point.fpir.independent().interval(method="clopper-pearson")
                truth = population.fpir(threshold, gallery)
                tally.add((population.name, n, people, "this", rate), truth, here, naive)
                tally.add((population.name, n, people, "another", rate), rate, elsewhere, here)
    return tally


def promise(repeats: int, rng: np.random.Generator) -> dict[tuple, list]:
    """How often the true rate at a threshold chosen on data exceeds its target: plain and certified."""
    cells: dict[tuple, list] = defaultdict(list)
    for population, people, passages in itertools.product(POPULATIONS, (300, 1000), (1, 3)):
        for _ in range(max(50, repeats // 2)):
            gallery = population.effects(100, rng)
            curve = open_set_curve(comparisons(population, gallery, people, passages, rng))
            for target in (0.1, 0.05, 0.01):
                point = curve.threshold_at_fpir(target)
                sure = None if point.certified is None else population.fpir(point.certified.threshold, gallery) > target
                plain = population.fpir(point.threshold, gallery) > target
                cells["FPIR", population.name, people, passages, target].append((plain, sure))
    for population, people in itertools.product(POPULATIONS, (50, 200)):
        first, second = np.triu_indices(people, 1)
        for _ in range(repeats):
            a = population.effects(people, rng)
            score = a[first] + a[second] + population.rest * rng.normal(size=len(first))
            curve = verification_curve(
                np.append(score, np.full(people, 20.0)),
                np.append(np.zeros(len(first)), np.ones(people)),
                probe_subject=np.append(first, np.arange(people)),
                reference_subject=np.append(second, np.arange(people)),
            )
            for target in (0.1, 0.01):
                threshold = curve.threshold_at_fmr(target).threshold
                try:
                    sure = population.fmr(curve.certified_threshold_at_fmr(target).threshold) > target
                except UnattainableTarget:
                    sure = None
                cells["FMR", population.name, people, 1, target].append((population.fmr(threshold) > target, sure))
    return cells


def show(tally: Tally, head: tuple[str, ...], names: tuple[str, str], full: bool) -> None:
    """A table: every cell with its widths, or one row a population with the rates as columns."""
    if full:
        labels = [f"{name} {what}" for name in names for what in ("holds", "truth below", "width")]
        print("| " + " | ".join([*head, "repeats", *labels, "says conservative", "says few people"]) + " |")
        print("|" + " --- |" * (len(head) + 9))
        for key, count, means in tally.rows(2):
            cells = [f"{x:g}" if isinstance(x, float) else str(x) for x in key]
            numbers = [f"{100 * m[0]:.1f} % | {100 * m[1]:.1f} % | {m[2]:.2g}" for m in means]
            says = [f"{100 * means[0, 3]:.0f} %", f"{100 * means[0, 4]:.0f} %"]
            print("| " + " | ".join([*cells, str(count), *numbers, *says]) + " |")
    else:
        pivoted(tally, head)
    print()


def pivoted(tally: Tally, head: tuple[str, ...]) -> None:
    """One row a population: coverage of ours (c: mostly labelled conservative, f: few people) / of the other, in %."""
    rows: dict[tuple, dict[float, str]] = defaultdict(dict)
    for key, _, means in tally.rows(2):
        signs = "".join(sign for sign, share in zip("cf", means[0, 3:]) if share > 0.5)
        rows[key[:-1]][key[-1]] = f"{100 * means[0, 0]:.1f}{' ' + signs if signs else ''} / {100 * means[1, 0]:.1f}"
    rates = sorted({rate for row in rows.values() for rate in row}, reverse=True)
    print("| " + " | ".join([*head[:-1], *(f"{head[-1]} {rate:g}" for rate in rates)]) + " |")
    print("|" + " --- |" * (len(head) - 1 + len(rates)))
    for key, row in rows.items():
        print("| " + " | ".join([*map(str, key), *(row.get(rate, "") for rate in rates)]) + " |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=400)
    parser.add_argument("--seed", type=int, default=20261122)
    parser.add_argument("--only", default="fmr,fnmr,gallery,promise")
    parser.add_argument("--full", action="store_true", help="every cell with its widths and sides")
    options = parser.parse_args()
    for part in options.only.split(","):
        started, rng = time.perf_counter(), np.random.default_rng(options.seed)
        if part == "fmr":
            print("FMR over all pairs: people, images a person, true rate\n")
            tally = false_match_rates(options.repeats, rng)
            show(tally, ("population", "people", "images", "FMR"), ("dyadic", "naive"), options.full)
        elif part == "fnmr":
            print("FNMR, and FPIR and FNIR of this gallery: people, trials a person, true rate\n")
            tally = false_non_match_rates(options.repeats, rng)
            show(tally, ("people are", "people", "trials", "rate"), ("cluster", "naive"), options.full)
        elif part == "gallery":
            print("FPIR by gallery: for 'this', person-level against naive; for 'another', jackknife against without\n")
            tally = open_set(options.repeats, rng)
            show(tally, ("population", "N", "people", "gallery", "FPIR"), ("ours", "compared"), options.full)
        elif part == "promise":
            print("The true rate at a chosen threshold exceeds its target\n")
            heads = ("rate", "population", "people", "passages", "target")
            print("| " + " | ".join([*heads, "plain exceeds", "certified exceeds", "certified given"]) + " |")
            print("|" + " --- |" * 8)
            for key, outcomes in promise(options.repeats, rng).items():
                plain = np.mean([p for p, _ in outcomes])
                sure = [s for _, s in outcomes if s is not None]
                exceeds = f"{100 * np.mean(sure):.1f} %" if sure else "-"
                given = 100 * len(sure) / len(outcomes)
                print("| " + " | ".join([*map(str, key), f"{100 * plain:.0f} %", exceeds, f"{given:.0f} %"]) + " |")
            print()
        print(f"({part}: {time.perf_counter() - started:.0f} s)\n", flush=True)


if __name__ == "__main__":
    main()
