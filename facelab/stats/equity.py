"""One number for how much error rates differ between groups: ratios, Gini, GARBE, FDR, INEQ.

Symbols: x the groups' rates; a the weight of false matches (FMR or FPIR) against false non-matches, by default 1/2.
Ratios and the Gini coefficient of *estimated* rates are biased away from equality (five equal groups: the largest is
1.67 times the smallest in the middle), so none of these says by itself that groups differ; `facelab.stats.groups` tests
it. A group without an error has a bound and no ratio: the measures are NaN there. Sources: ISO/IEC 19795-10:2024; NIST
IR 8429; Howard et al., arXiv:2203.05051 (GARBE); de Freitas Pereira and Marcel, IEEE T-BIOM 4, 2022 (FDR); Grother,
NIST IR 8429 (INEQ, maximum to geometric mean).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from facelab.errors import BadInput
from facelab.stats._given import FloatArray, numbers, within


def _rates(name: str, value: Any) -> FloatArray:
    """Rates in [0, 1] of at least one group, NaN where a group has none."""
    x = numbers(name, value, missing=True)
    if not x.size or (x < 0).any() or (x > 1).any():
        raise BadInput("must be one or more rates in [0, 1]; were percentages given?", place=name)
    return x


def max_min_ratio(rates: Any) -> float:
    """The largest rate over the smallest; NaN with fewer than two groups or where a rate is 0 or missing.

    Examples
    --------
    >>> max_min_ratio([0.02, 0.01, 0.04])
    4.0
    """
    x = _rates("rates", rates)
    return float(x.max() / x.min()) if len(x) > 1 and (x > 0).all() else float("nan")


def max_geometric_mean_ratio(rates: Any) -> float:
    """The largest rate over the geometric mean; NaN as in `max_min_ratio`. Less at the mercy of the best group."""
    x = _rates("rates", rates)
    return float(x.max() / np.exp(np.log(x).mean())) if len(x) > 1 and (x > 0).all() else float("nan")


def gini(rates: Any) -> float:
    """G = n/(n-1) sum_ij |x_i - x_j| / (2 n^2 mean x): 0 all equal, 1 all errors in one group; NaN without an error.

    Examples
    --------
    >>> gini([0.0, 0.0, 0.3])
    1.0
    """
    x = _rates("rates", rates)
    n = len(x)
    if n < 2 or not x.mean() > 0:
        return float("nan")
    difference = np.abs(x[:, None] - x[None, :]).sum()
    return float(n / (n - 1) * difference / (2 * n**2 * x.mean()))


def garbe(false_match: Any, false_non_match: Any, *, weight: float = 0.5) -> float:
    """GARBE = a G(FMR) + (1 - a) G(FNMR): 0 equal, 1 most unequal."""
    a = within("weight", weight, 0.0, 1.0, ends=True)
    return a * gini(false_match) + (1 - a) * gini(false_non_match)


def fairness_discrepancy_rate(false_match: Any, false_non_match: Any, *, weight: float = 0.5) -> float:
    """FDR = 1 - (a A + (1 - a) B), A and B the largest differences of FMR and of FNMR between groups: 1 is equal.

    At operating points both rates are small, so FDR is near 1 whatever the ratios.
    """
    a = within("weight", weight, 0.0, 1.0, ends=True)
    x, y = _rates("false_match", false_match), _rates("false_non_match", false_non_match)
    return float(1 - (a * np.ptp(x) + (1 - a) * np.ptp(y)))


def inequity_rate(false_match: Any, false_non_match: Any, *, weight: float = 0.5) -> float:
    """INEQ = (max/min FMR)^a (max/min FNMR)^b, b = 1 - a: 1 is equal; NaN where a rate is 0."""
    a = within("weight", weight, 0.0, 1.0, ends=True)
    return float(max_min_ratio(false_match) ** a * max_min_ratio(false_non_match) ** (1 - a))
