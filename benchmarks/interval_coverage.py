"""How often the nominal 95 % intervals hold the truth, and how often a threshold keeps its promise on fresh people.

    ./run python benchmarks/interval_coverage.py [--repeats 400] [--only fmr,fnmr,...] [--cells 3,7] [--jobs 2]

Populations with latent people: a score is a person's effect on either side (hubs: a few people who match everybody), an
effect of the pair, and noise of the image. The truth is computed by quadrature, never simulated, so coverage errs only
by the number of repeats (+-1 % at 400). "naive" is Clopper and Pearson's interval of independent comparisons. The last
lines judge every cell: where an interval holds in fewer than 93 % of the repeats and does not say so, and where it
holds in more than 97 % and is not labelled conservative.
"""

from __future__ import annotations

import argparse
import itertools
import time
from collections import defaultdict
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import brentq
from scipy.stats import norm

from facelab.errors import UnattainableTarget
from facelab.stats.comparing import verification_curve
from facelab.stats.dyadic import PairTrials, PeopleTrials, rate_of
from facelab.stats.gallery_threshold import threshold_for_gallery
from facelab.stats.intervals import Interval
from facelab.stats.openset import open_set_curve, open_set_curve_of_searches
from facelab.stats.scaling import fpir_by_gallery_size
from facelab.stats.searches import searches
from facelab.types import Comparisons

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

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
        return float(brentq(lambda t: self.fmr(t) - fmr, -8, 20))

    def fpir(self, threshold: float, gallery: np.ndarray | int) -> float:
        """FPIR of this gallery (its people's effects), or over galleries of so many people."""
        values, weights = self.nodes()
        if isinstance(gallery, int):
            reject = norm.cdf((threshold - values[:, None] - values[None, :]) / self.rest) @ weights
            return float(weights @ (1 - reject**gallery))
        reject = np.log(norm.cdf((threshold - values[:, None] - gallery[None, :]) / self.rest)).sum(axis=1)
        return float(weights @ (1 - np.exp(reject)))

    def threshold_at_fpir(self, fpir: float, gallery: int) -> float:
        """The threshold at a true FPIR over galleries of so many people."""
        return float(brentq(lambda t: self.fpir(t, gallery) - fpir, -8, 20))

    def comparisons(self, gallery: np.ndarray, people: int, passages: int, rng: np.random.Generator) -> Comparisons:
        """Strangers against a gallery."""
        a = self.effects(people, rng)
        score = a[:, None] + gallery[None, :] + self.pair * rng.normal(size=(people, len(gallery)))
        score = np.repeat(score, passages, axis=0)
        score += self.image * rng.normal(size=score.shape)
        names = [f"g{i}" for i in range(len(gallery))]
        ids = [f"p{i}" for i in range(people * passages)]
        return Comparisons(score, ids, np.repeat([f"u{i}" for i in range(people)], passages), names, names, names)


POPULATIONS = (
    Population("no hubs", 0.05, 0.5),
    Population("unequal people", 0.4, 0.4),
    Population("hubs 1 %", 0.2, 0.4, 0.01, 4.0),
    Population("hubs 3 %", 0.2, 0.4, 0.03, 2.5),
    Population("hubs 10 %", 0.2, 0.4, 0.1, 2.5),
)
RATES = (1e-1, 1e-2, 1e-3, 1e-4, 1e-5)

Row = tuple[tuple, list[bool]]
"""A cell of a table, and of one repeat: ours holds, ours warns, is called conservative, the compared one holds."""


def outcome(key: tuple, truth: float, ours: Interval, other: Interval) -> Row:
    """Whether the two intervals hold the truth, and what ours says of itself."""
    return key, [truth in ours, not ours.reliable, "conservative" in ours.note, truth in other]


def false_match_rates(repeats: int, cell: tuple, rng: np.random.Generator) -> Iterator[Row]:
    """All pairs of n people with k images each: dyadic interval against independent trials."""
    population, n, k = cell
    person = np.repeat(np.arange(n), k)
    first, second = np.triu_indices(n * k, 1)
    other = person[first] != person[second]
    trials = PairTrials(person[first[other]], person[second[other]])
    pair = np.unique(trials.keys(slice(None)), return_inverse=True)[1]
    thresholds = {rate: population.threshold(rate) for rate in RATES}
    for _ in range(max(repeats // (4 if len(trials) > 100_000 else 1), 50)):
        a = population.effects(n, rng)
        score = a[trials.first] + a[trials.second]
        score += (population.pair * rng.standard_normal(trials.person_pairs, dtype=np.float32))[pair]
        score += population.image * rng.standard_normal(len(trials), dtype=np.float32)
        for rate, threshold in thresholds.items():
            measured = rate_of(trials, score >= threshold, "FMR")
            naive = measured.independent().interval(method="clopper-pearson")
            yield outcome((population.name, n, k, rate), rate, measured.interval(), naive)


def goats(name: str, g: int, rate: float, rng: np.random.Generator) -> np.ndarray:
    """Error rates of g people, their mean `rate` over people: Beta distributed, or a share of them who mostly err."""
    concentration = {"goats": 0.3, "mild": 3.0}.get(name)
    if concentration is not None:
        return rng.beta(concentration * rate, concentration * (1 - rate), g)
    share = float(name.split()[0]) / 100
    worst = min(0.9 * rate / share, 0.9)
    return np.where(rng.random(g) < share, worst, (rate - share * worst) / (1 - share))


def false_non_match_rates(repeats: int, cell: tuple, rng: np.random.Generator) -> Iterator[Row]:
    """Mated comparisons, or searches, of G people, all alike or 1 to 10 each, people's error rates unequal."""
    name, g, sizes = cell
    for rate, _ in itertools.product((1e-1, 1e-2, 1e-3), range(repeats)):
        m = rng.integers(1, 11, g) if sizes == "1-10" else np.full(g, int(sizes))
        person = np.repeat(np.arange(g), m)
        error = rng.random(len(person)) < goats(name, g, rate, rng)[person]
        measured = rate_of(PeopleTrials(person), error, "FNMR")
        naive = measured.independent().interval(method="clopper-pearson")
        yield outcome((name, g, sizes, rate), rate, measured.interval(), naive)


def open_set(repeats: int, cell: tuple, rng: np.random.Generator) -> Iterator[Row]:
    """FPIR of this gallery, and of another such gallery, with strangers of two passages each."""
    population, n, people = cell
    thresholds = {rate: population.threshold_at_fpir(rate, n) for rate in (1e-1, 1e-2)}
    for _ in range(repeats if n < 1000 else max(50, repeats // 4)):
        gallery = population.effects(n, rng)
        curve = open_set_curve(population.comparisons(gallery, people, 2, rng))
        for rate, threshold in thresholds.items():
            point = curve.at(threshold)
            here, elsewhere = point.fpir.interval(), point.fpir_another_gallery.interval()
            naive = point.fpir.independent().interval(method="clopper-pearson")
            yield outcome((population.name, n, people, "this", rate), population.fpir(threshold, gallery), here, naive)
            yield outcome((population.name, n, people, "another", rate), rate, elsewhere, here)


def extrapolated(repeats: int, cell: tuple, rng: np.random.Generator) -> Iterator[Row]:
    """FPIR of a larger gallery from n tested subjects and 400 strangers, against the interval at n itself."""
    population, n, factor = cell
    thresholds = {rate: population.threshold_at_fpir(rate, n * factor) for rate in (0.3, 0.1)}
    for _ in range(repeats if n < 300 else max(50, repeats // 4)):
        found = searches(population.comparisons(population.effects(n, rng), 400, 1, rng))
        for rate, threshold in thresholds.items():
            scale = fpir_by_gallery_size(found, threshold, [n, n * factor])
            at_n, beyond = (Interval(float(scale.low[i]), float(scale.high[i]), 0.95, "") for i in (0, 1))
            says = [rate in beyond, not scale.reliable, "conservative" in scale.note, rate in at_n]
            yield (population.name, n, n * factor, rate), says


def promised_fpir(repeats: int, cell: tuple, rng: np.random.Generator) -> Iterator[Row]:
    """Whether the true FPIR of this gallery stays at or below its target: certified, against plain."""
    population, people, passages = cell
    for _ in range(max(repeats // 2, 30)):
        gallery = population.effects(150, rng)
        found = searches(population.comparisons(gallery, people, passages, rng))
        curve = open_set_curve_of_searches(found)
        resolved = 1 / found.mated.size
        for target in (t for t in (0.1, 0.05, 0.01) if t >= resolved):
            point = curve.threshold_at_fpir(target)
            plain = population.fpir(point.threshold, gallery) <= target
            sure = point.certified
            keeps = sure is None or population.fpir(sure.threshold, gallery) <= target
            warns = sure is not None and not sure.fpir.interval().reliable
            yield ("FPIR", population.name, people, passages, target), [keeps, warns, sure is None, plain]
        for target in (t for t in (0.1, 0.05) if passages == 1 and t * 150 / 500 >= resolved):
            larger = threshold_for_gallery(found, target, 500)
            plain = population.fpir(larger.threshold, 500) <= target
            keeps = larger.certified is None or population.fpir(larger.certified, 500) <= target
            says = [keeps, not larger.reliable, larger.certified is None, plain]
            yield ("FPIR, 150 to 500", population.name, people, passages, target), says


def promised_fmr(repeats: int, cell: tuple, rng: np.random.Generator) -> Iterator[Row]:
    """Whether the true FMR stays at or below its target: certified, against plain."""
    population, people = cell
    first, second = np.triu_indices(people, 1)
    for _ in range(repeats):
        a = population.effects(people, rng)
        score = a[first] + a[second] + population.rest * rng.normal(size=len(first))
        curve = verification_curve(
            np.append(score, np.full(people, 40.0)),
            np.append(np.zeros(len(first)), np.ones(people)),
            probe_subject=np.append(first, np.arange(people)),
            reference_subject=np.append(second, np.arange(people)),
        )
        for target in (0.1, 0.05, 0.01):
            plain = population.fmr(curve.threshold_at_fmr(target).threshold) <= target
            keeps, warns, refused = True, False, False
            try:
                sure = curve.certified_threshold_at_fmr(target)
                keeps = population.fmr(sure.threshold) <= target
                warns = not sure.fmr.interval().reliable
            except UnattainableTarget:
                refused = True
            yield ("FMR", population.name, people, 1, target), [keeps, warns, refused, plain]


@dataclass(frozen=True)
class Part:
    """A table: what its cells simulate, its heads (the last one becomes columns) and its cells."""

    title: str
    simulate: Callable[[int, tuple, np.random.Generator], Iterator[Row]]
    heads: tuple[str, ...]
    cells: tuple[tuple, ...]
    promise: bool = False


def grid(*axes: tuple) -> tuple[tuple, ...]:
    return tuple(itertools.product(*axes))


PROMISE = ("rate", "population", "people", "passages", "target")
PARTS = {
    "fmr": Part(
        "FMR over all pairs, against independent comparisons",
        false_match_rates,
        ("population", "people", "images", "FMR"),
        grid(POPULATIONS, (10, 20, 50, 80, 100, 150, 300), (1, 3)) + grid(POPULATIONS, (1000,), (1,)),
    ),
    "fnmr": Part(
        "FNMR, and FPIR and FNIR of this gallery, against independent trials",
        false_non_match_rates,
        ("people are", "people", "trials", "rate"),
        grid(
            ("goats", "mild", "1 % err", "3 % err", "10 % err"),
            (10, 20, 50, 100, 150, 300, 1000),
            ("1", "3", "1-10", "30"),
        ),
    ),
    "gallery": Part(
        "FPIR by gallery: this against independent trials, another against the interval for this",
        open_set,
        ("population", "N", "people", "gallery", "FPIR"),
        grid(POPULATIONS, (10, 50, 100, 150, 300, 1000), (30, 100, 300)),
    ),
    "extrapolation": Part(
        "FPIR of a larger gallery, against the interval at the tested size",
        extrapolated,
        ("population", "tested", "N", "FPIR"),
        grid(POPULATIONS, (20, 50, 100, 150, 300), (3, 10)),
    ),
    "promise-fpir": Part(
        "the true rate stays at or below the target: certified / plain", promised_fpir, PROMISE,
        grid(POPULATIONS, (50, 120, 300), (1, 3)), promise=True,
    ),
    "promise-fmr": Part(
        "the true rate stays at or below the target: certified / plain", promised_fmr, PROMISE,
        grid(POPULATIONS, (50, 100, 200, 300)), promise=True,
    ),
}  # fmt: skip


def simulated(name: str, number: int, repeats: int, seed: int) -> dict[tuple, np.ndarray]:
    """One cell of a part, (repeats, 4) outcomes a row of its table; the same whatever the number of processes."""
    part, found = PARTS[name], defaultdict(list)
    rng = np.random.default_rng([seed, sorted(PARTS).index(name), number])
    for key, says in part.simulate(repeats, part.cells[number], rng):
        found[key].append(says)
    return {key: np.array(says) for key, says in found.items()}


def relied_on(says: np.ndarray) -> tuple[float, int]:
    """How often ours holds among the repeats that do not warn, and how many these are."""
    among = says[~says[:, 1], 0]
    return (float(among.mean()) if among.size else np.nan), int(among.size)


def show(part: Part, cells: dict[tuple, np.ndarray]) -> None:
    """The table in per cent: ours where it does not warn (c: mostly labelled conservative; u: so many warn) / other."""
    rows: dict[tuple, dict] = defaultdict(dict)
    for key, says in cells.items():
        warned, third, other = says[:, 1:].mean(axis=0)
        if part.promise:
            given = says[~says[:, 2]]
            ours = "refused" if not len(given) else f"{100 * (1 - given[:, 0].mean()):.1f}"
            signs = [f"u {100 * given[:, 1].mean():.0f}"] if len(given) and given[:, 1].mean() > 0.02 else []
            signs += [f"r {100 * third:.0f}"] if 0.02 < third < 1 else []
            rows[key[:-1]][key[-1]] = " ".join([f"{100 * (1 - other):.0f} / {ours}", *signs])
        else:
            ours = "-" if warned == 1 else f"{100 * relied_on(says)[0]:.1f}"
            signs = (["c"] if third > 0.5 else []) + ([f"u {100 * warned:.0f}"] if warned > 0.02 else [])
            rows[key[:-1]][key[-1]] = " ".join([ours, *signs, "/", f"{100 * other:.1f}"])
    columns = sorted({column for row in rows.values() for column in row}, reverse=True)
    print("| " + " | ".join([*part.heads[:-1], *(f"{part.heads[-1]} {column:g}" for column in columns)]) + " |")
    print("|" + " --- |" * (len(part.heads) - 1 + len(columns)))
    for key, row in rows.items():
        print("| " + " | ".join([*map(str, key), *(row.get(column, "") for column in columns)]) + " |")
    print()


def judge(part: Part, cells: dict[tuple, np.ndarray]) -> None:
    """Cells that miss the goal beyond the Monte Carlo error (two standard deviations), and how the rest fares.

    Judged are the repeats without a warning; for a promise those in which a threshold was certified.
    """
    missed, quiet, least, warned = [], [], 1.0, 0
    for key, says in cells.items():
        judged = says[~says[:, 2]] if part.promise else says
        holds, count = relied_on(judged)
        warned += bool(len(judged) and judged[:, 1].mean() > 0.5)
        if count < 20:
            continue
        slack = 2 * np.sqrt(0.07 * 0.93 / count)
        least = min(least, holds)
        if holds < 0.93 - slack:
            missed.append((key, f"{100 * holds:.1f} % of {count}"))
        if not part.promise and holds > 0.97 + slack / 2 and says[~says[:, 1], 2].mean() < 0.5:
            quiet.append((key, f"{100 * holds:.1f} % of {count}"))
    print(f"{len(cells)} cells; in {warned} most say that they are not to be relied on; least {100 * least:.1f} %")
    print(f"below 93 % without a word: {len(missed)} {missed}")
    if not part.promise:
        print(f"above 97 % and not labelled: {len(quiet)} {quiet}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=400)
    parser.add_argument("--seed", type=int, default=20261122)
    parser.add_argument("--only", default=",".join(PARTS))
    parser.add_argument("--cells", default="", help="numbers of the cells (from 0); by default all")
    parser.add_argument("--jobs", type=int, default=1)
    options = parser.parse_args()
    with ProcessPoolExecutor(options.jobs) as pool:
        for name in options.only.split(","):
            started, part = time.perf_counter(), PARTS[name]
            numbers = [int(i) for i in options.cells.split(",")] if options.cells else range(len(part.cells))
            jobs = [pool.submit(simulated, name, i, options.repeats, options.seed) for i in numbers]
            cells = {key: says for job in jobs for key, says in job.result().items()}
            print(f"{part.title}\n")
            show(part, cells)
            judge(part, cells)
            print(f"({name}: {time.perf_counter() - started:.0f} s)\n", flush=True)


if __name__ == "__main__":
    main()
