"""How likely two faces are one person, given their similarity: learnt from the footage itself, without a name.

Nearly all pairs of passages are of two people. The middle of the similarities of all pairs therefore shows how
strangers score here, with this pack: a normal distribution whose middle and spread come from quantiles (the *empirical
null*). What stands above it are pairs of one person. With share pi of such pairs,

    P(same | s) = 1 - (1 - pi) f0(s) / f(s),

the complement of the local false discovery rate (Efron, Large-scale simultaneous hypothesis testing: the choice of a
null hypothesis, JASA 99 (2004) 96-104); f is the histogram, and the probability is made to rise with s (isotonic
regression). Pairs with another prior (neighbours in time, the halves of one track) share the likelihood ratio and have
a share of their own, by the EM algorithm.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from facelab.types import Checked, Floats, shaped

if TYPE_CHECKING:
    from facelab.types import Bools

PAIRS = 2_000_000
"""At most so many pairs are looked at."""
FEWEST_PAIRS = 300
ASSUMED = (0.05, 0.10)
"""Middle and spread of strangers' similarities where there are too few pairs to see them."""
BINS = 80
ANYWHERE = 0.1
"""So large a share of the pairs of one person is taken to lie anywhere above the middle of strangers, evenly."""
_Z90, _Z99 = 1.2815515594600038, 2.3263478740408408
_LARGEST_ODDS = 1e9


@dataclass(frozen=True, eq=False)
class LinkModel(Checked):
    """The probability that two faces are one person, as a rising function of their similarity.

    Parameters
    ----------
    similarity, probability : (b,) arrays
        Points of the function, both rising.
    middle, spread : float
        Of strangers' similarities.
    share : float
        Share of pairs of one person.
    assumed : bool
        True where there were too few pairs to learn from, and the strangers' distribution is assumed.
    """

    similarity: Floats
    probability: Floats
    middle: float
    spread: float
    share: float
    assumed: bool = False

    def __post_init__(self) -> None:
        b = len(self.similarity)
        self._set(
            similarity=shaped("similarity", self.similarity, np.float64, (b,)),
            probability=shaped("probability", self.probability, np.float64, (b,)),
        )

    def __call__(self, similarity: Floats | float) -> Floats:
        """P(same | similarity); NaN gives NaN."""
        given = np.asarray(similarity, np.float64)
        return np.asarray(np.interp(given, self.similarity, self.probability))

    def at(self, probability: float) -> float:
        """The similarity with this probability of one person."""
        return float(np.interp(probability, self.probability, self.similarity))

    def ratio(self, similarity: Floats) -> Floats:
        """The likelihood of the similarity for one person over that for two."""
        p = np.clip(self(similarity), 1e-9, 1 - 1e-9)
        prior = np.clip(self.share, 1e-9, 1 - 1e-9)
        return np.asarray(np.clip(p / (1 - p) * (1 - prior) / prior, 1 / _LARGEST_ODDS, _LARGEST_ODDS))

    def among(self, similarity: Floats, start: float = 0.5) -> Floats:
        """P(same) of pairs of a kind of its own, whose share of one person is learnt from these pairs (EM)."""
        ratio = self.ratio(similarity)
        known = ~np.isnan(ratio)
        share = start
        for _ in range(50):
            p = share * ratio / (share * ratio + 1 - share)
            share = (float(p[known].sum()) + 1.0) / (int(known.sum()) + 2.0)  # one pair of each kind beforehand
        return np.asarray(p)


def link_model(similarity: Floats) -> LinkModel:
    """The model of pairs with these similarities (k,), most of them of two people; NaN are left out."""
    from scipy.optimize import isotonic_regression
    from scipy.special import ndtr

    given = np.asarray(similarity, np.float64).ravel()
    given = given[np.isfinite(given)]
    if len(given) < FEWEST_PAIRS:
        return _assumed(given)
    middle, spread, share = _null(given)
    edges = np.linspace(middle, max(1.0, float(given.max())) + 1e-9, BINS + 1)
    count = np.histogram(given, edges)[0].astype(np.float64)
    expected = (1 - share) * len(given) * np.diff(ndtr((edges - middle) / spread))
    # where no pair lies, one person is still possible: some of their pairs may lie anywhere
    found = count + ANYWHERE * share * len(given) / BINS
    raw = np.clip(1 - expected / found, -1.0, 1.0)
    centre = (edges[1:] + edges[:-1]) / 2
    probability = np.clip(isotonic_regression(raw, weights=found).x, 0.0, 1.0)
    return LinkModel(*_strict(centre, probability, middle, spread), middle, spread, share)


def _assumed(given: Floats) -> LinkModel:
    """A logistic function four spreads above the middle of strangers, where there is too little to learn from."""
    middle, spread = ASSUMED
    grid = np.linspace(-1.0, 1.0, 201)
    probability = 1 / (1 + np.exp(-(grid - middle - 4 * spread) / (0.5 * spread)))
    above: Bools = given > middle + 4 * spread
    share = (float(above.sum()) + 1) / (len(given) + 2)
    return LinkModel(grid, probability, middle, spread, share, assumed=True)


def _null(given: Floats) -> tuple[float, float, float]:
    """Middle and spread of strangers' pairs, and the share of the others."""
    share = 0.0
    for _ in range(12):
        middle, high = np.quantile(given, [0.5 * (1 - share), 0.9 * (1 - share)])
        spread = max(float(high - middle) / _Z90, 1e-3)
        beyond = float((given > middle + 3 * spread).mean()) - 0.00135 * (1 - share)
        share = min(max(beyond, 0.0), 0.5)
    # strangers who look alike make the upper tail longer than a normal one
    tail = float(np.quantile(given, 0.99 * (1 - share)))
    return float(middle), max(spread, (tail - float(middle)) / _Z99), max(share, 1.0 / len(given))


def _strict(centre: Floats, probability: Floats, middle: float, spread: float) -> tuple[Floats, Floats]:
    """Points that begin at 0 and end at 1, and rise in between, so that the function can be turned round."""
    safe = middle + 8 * spread
    keep = probability < 1.0
    upper = centre[~keep]
    end = float(upper[0]) if len(upper) else max(safe, float(centre[-1]) + spread)
    x = np.concatenate([[middle - spread], centre[keep], [end, max(end, 1.0) + spread]])
    p = np.concatenate([[0.0], probability[keep], [1.0, 1.0]])
    return x, np.maximum.accumulate(p + np.linspace(0, 1e-12, len(p)))


def sampled_similarities(embedding: Floats, rng: np.random.Generator, others: Floats | None = None) -> Floats:
    """Similarities of random pairs of rows of `embedding`, or of rows of it with rows of `others`; at most `PAIRS`.

    Rows of NaN are left out. Whole rows are drawn, so that every pair is as likely as any other.
    """
    own = embedding[~np.isnan(embedding).any(axis=1)]
    if others is not None:
        beside = others[~np.isnan(others).any(axis=1)]
        rows = min(len(own), max(1, PAIRS // max(1, len(beside))))
        drawn = rng.choice(len(own), rows, replace=False) if len(own) else np.zeros(0, np.int64)
        return np.asarray((own[drawn] @ beside.T).ravel())
    n = len(own)
    if n * (n - 1) // 2 <= PAIRS:
        return np.asarray((own @ own.T)[np.triu_indices(n, 1)])
    a, b = rng.integers(0, n, (2, PAIRS))
    apart = a != b
    parts = [np.einsum("kd,kd->k", own[i], own[j]) for i, j in _slices(a[apart], b[apart])]
    return np.concatenate(parts)


def _slices(a: Floats, b: Floats, step: int = 50_000) -> list[tuple[Floats, Floats]]:
    return [(a[k : k + step], b[k : k + step]) for k in range(0, len(a), step)]
