"""Calibration: scores as log-likelihood ratios, and how far from calibrated they are.

A calibrated score answers "how many times likelier is this score if the two are one person": the log-likelihood ratio
L = ln p(s | mated) - ln p(s | non-mated), natural logarithm. Both calibrations below fit posterior log odds and take
the *sample's own prior log odds* off, so that the site can add its own: ln(pi / (1 - pi)) + L.

Conventions: L in nats, costs (Cllr, cross-entropy) in bits; larger score is more alike. Sources: Brümmer and du Preez,
Computer Speech and Language 20 (2006) for Cllr, minCllr and PAV; Ramos and Gonzalez-Rodriguez, Forensic Science
International 230 (2013) for the empirical cross-entropy; Naeini et al., AAAI 2015 for the expected calibration error.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import isotonic_regression
from scipy.special import expit, logit

from facelab.errors import BadInput, NotMeasured
from facelab.stats._given import FloatArray, outcomes, plain, some_numbers, within

_NEWTON_STEPS = 100


@dataclass(frozen=True, eq=False)
class PavCalibration:
    """The best monotone calibration of a sample: pool-adjacent-violators, as a step function.

    Parameters
    ----------
    score : (k,) array
        The distinct scores of the sample, rising.
    llr : (k,) array
        L of each, never falling, in nats; minus or plus infinity where only one class was seen at the end.
    mated, nonmated : int
        Comparisons behind it.
    """

    score: FloatArray
    llr: FloatArray
    mated: int
    nonmated: int

    def __repr__(self) -> str:
        steps = len(np.unique(self.llr))
        return f"PAV calibration in {steps} steps from {self.mated} mated and {self.nonmated} non-mated comparisons"

    def __call__(self, score: Any) -> FloatArray:
        """L of each new score: that of the highest known score at or below it (below all: the lowest's)."""
        at = np.searchsorted(self.score, np.asarray(score, dtype=np.float64), side="right") - 1
        return np.asarray(self.llr[np.maximum(at, 0)])

    def to_dict(self) -> dict[str, Any]:
        """Counts and steps for JSON; null for an infinite L."""
        first = np.flatnonzero(np.diff(self.llr, prepend=np.nan) != 0)
        steps = {"score": plain(self.score[first]), "llr": plain(self.llr[first])}
        return {"method": "pav", "mated": self.mated, "nonmated": self.nonmated} | steps


@dataclass(frozen=True)
class LogisticCalibration:
    """The straight-line calibration L = slope * s + offset (nats), fitted by weighted logistic regression.

    Parameters
    ----------
    slope, offset : float
        Nats a unit of score, and nats.
    prior : float
        The share of mated comparisons for which the fit was made best.
    mated, nonmated : int
        Comparisons behind it.
    """

    slope: float
    offset: float
    prior: float
    mated: int
    nonmated: int

    def __repr__(self) -> str:
        counts = f"{self.mated} mated and {self.nonmated} non-mated comparisons"
        return f"L = {self.slope:.4g} s {self.offset:+.4g} nats, from {counts}"

    def __call__(self, score: Any) -> FloatArray:
        """L of each score, in nats."""
        return self.slope * np.asarray(score, dtype=np.float64) + self.offset

    def threshold(self, prior: float, cost_miss: float = 1.0, cost_false: float = 1.0) -> float:
        """The score at which accepting becomes the cheaper decision (Bayes): L = ln(C_fa (1 - pi) / (C_miss pi))."""
        pi = within("prior", prior, 0.0, 1.0)
        return float((np.log(cost_false / cost_miss) - logit(pi) - self.offset) / self.slope)

    def to_dict(self) -> dict[str, Any]:
        """The fit for JSON."""
        counts = {"mated": self.mated, "nonmated": self.nonmated}
        return {"method": "logistic", "slope": self.slope, "offset": self.offset, "prior": self.prior} | counts


def pav_calibration(mated: Any, nonmated: Any) -> PavCalibration:
    """The pool-adjacent-violators calibration of mated (m,) and non-mated (n,) scores.

    Isotonic regression of the class on the score, equal scores pooled first, gives the posterior q of each score;
    L = ln(q / (1 - q)) - ln(m / n).

    Raises
    ------
    BadInput
        One class empty, text, NaN or infinite scores.

    Examples
    --------
    >>> pav_calibration([2.0, 3.0], [1.0, 2.0]).llr.tolist()
    [-inf, 0.0, inf]
    """
    s1, s0 = some_numbers("mated", mated), some_numbers("nonmated", nonmated)
    score, position = np.unique(np.concatenate([s1, s0]), return_inverse=True)
    hits = np.bincount(position[: len(s1)], minlength=len(score)).astype(np.float64)
    weight = np.bincount(position, minlength=len(score)).astype(np.float64)
    posterior = np.clip(isotonic_regression(hits / weight, weights=weight).x, 0.0, 1.0)
    llr = np.asarray(logit(posterior)) - np.log(len(s1) / len(s0))
    return PavCalibration(score, llr, len(s1), len(s0))


def logistic_calibration(mated: Any, nonmated: Any, *, prior: float = 0.5, ridge: float = 0.0) -> LogisticCalibration:
    """The logistic calibration of mated (m,) and non-mated (n,) scores.

    Minimises pi/m sum ln(1 + exp(-l)) + (1-pi)/n sum ln(1 + exp(l)) with l = L + logit(pi), so that classes of any size
    count as `prior` says, plus `ridge`/2 times the slope squared (of standardised scores).

    Parameters
    ----------
    prior : float
        pi, in (0, 1): where the calibration is to be best; 1/2 minimises Cllr.
    ridge : float
        Penalty; needed only where the classes do not overlap.

    Raises
    ------
    NotMeasured
        The classes do not overlap and `ridge` is 0: the slope has no finite best value.
    BadInput
        One class empty, bad scores, or scores that are lower for mated comparisons (distances?).
    """
    s1, s0, pi = some_numbers("mated", mated), some_numbers("nonmated", nonmated), within("prior", prior, 0.0, 1.0)
    if s1.mean() <= s0.mean():
        raise BadInput("mated scores are not higher than non-mated ones; are they distances?", place="mated")
    if ridge <= 0 and s1.min() >= s0.max():
        raise NotMeasured("mated and non-mated scores do not overlap: no finite slope fits best; give a ridge above 0")
    s = np.concatenate([s1, s0])
    centre, scale = s.mean(), s.std()
    y = np.concatenate([np.ones(len(s1)), np.zeros(len(s0))])
    weight = np.where(y == 1, pi / len(s1), (1 - pi) / len(s0))
    slope, offset = _newton((s - centre) / scale, y, weight, float(logit(pi)), max(ridge, 0.0))
    return LogisticCalibration(float(slope / scale), float(offset - slope * centre / scale), pi, len(s1), len(s0))


def _newton(x: FloatArray, y: FloatArray, weight: FloatArray, prior_log_odds: float, ridge: float) -> FloatArray:
    """Slope and offset that minimise the weighted logistic loss, by Newton's method with step halving."""
    design = np.stack([x, np.ones_like(x)], axis=1)
    penalty = np.array([ridge, 0.0])
    beta = np.zeros(2)

    def loss(b: FloatArray) -> float:
        log_odds = design @ b + prior_log_odds
        return float(weight @ (np.logaddexp(0.0, log_odds) - y * log_odds) + penalty @ b**2 / 2)

    best = loss(beta)
    for _ in range(_NEWTON_STEPS):
        p = expit(design @ beta + prior_log_odds)
        gradient = design.T @ (weight * (p - y)) + penalty * beta
        hessian = (design * (weight * p * (1 - p))[:, None]).T @ design + np.diag(penalty) + 1e-15 * np.eye(2)
        step = np.linalg.solve(hessian, gradient)
        size = 1.0
        while loss(beta - size * step) > best and size > 1e-12:
            size /= 2
        beta = beta - size * step
        previous, best = best, loss(beta)
        if previous - best <= 1e-15 and np.abs(gradient).max() < 1e-10:
            break
    return beta


def _log2_1p_exp(x: FloatArray) -> FloatArray:
    """log2(1 + e^x) without overflow, exact at plus and minus infinity."""
    return np.asarray(np.logaddexp(0.0, x) / np.log(2.0))


def _ratios(name: str, llr: Any) -> FloatArray:
    array = np.asarray(llr, dtype=np.float64)
    if array.ndim != 1 or not array.size or np.isnan(array).any():
        raise BadInput("must be a non-empty one-dimensional array of log-likelihood ratios without NaN", place=name)
    return array


def empirical_cross_entropy(mated_llr: Any, nonmated_llr: Any, prior: float = 0.5) -> float:
    """Bits of uncertainty left by the log-likelihood ratios (nats) at a prior pi.

    ECE = pi mean_mated log2(1 + e^-(L + o)) + (1 - pi) mean_non log2(1 + e^(L + o)), o = ln(pi / (1 - pi)).
    """
    l1, l0 = _ratios("mated_llr", mated_llr), _ratios("nonmated_llr", nonmated_llr)
    pi = within("prior", prior, 0.0, 1.0)
    odds = float(logit(pi))
    return float(pi * _log2_1p_exp(-(l1 + odds)).mean() + (1 - pi) * _log2_1p_exp(l0 + odds).mean())


def cllr(mated_llr: Any, nonmated_llr: Any) -> float:
    """Cllr = half of (mean_mated log2(1 + e^-L) + mean_non log2(1 + e^L)), bits; 1 is worth nothing, 0 perfect.

    Examples
    --------
    >>> cllr([0.0], [0.0])
    1.0
    """
    return empirical_cross_entropy(mated_llr, nonmated_llr, 0.5)


def min_cllr(mated: Any, nonmated: Any) -> float:
    """Cllr of the same scores after their own PAV calibration, bits: what discrimination alone costs.

    Invariant under every strictly increasing map of the scores. In-sample by definition.
    """
    pav = pav_calibration(mated, nonmated)
    return cllr(pav(mated), pav(nonmated))


def expected_calibration_error(probability: Any, mated: Any, *, bins: int = 10, equal_mass: bool = False) -> float:
    """Expected calibration error: the mean over bins of |share mated - mean probability|, weighted by the bins' counts.

    Parameters
    ----------
    probability : (n,) array
        Posterior probability that a comparison is mated, in [0, 1].
    mated : (n,) array of bool
        What is true.
    bins : int
        Bins of equal width in [0, 1] (lower end excluded, as in the source), or of equal counts with `equal_mass`.
    """
    p = some_numbers("probability", probability)
    truth = outcomes("mated", mated, len(p))
    if p.min() < 0 or p.max() > 1:
        raise BadInput(
            f"must lie in [0, 1], they run from {p.min():g} to {p.max():g}; are they scores?", place="probability"
        )
    if bins < 1:
        raise BadInput(f"must be at least 1, it is {bins}", place="bins")
    if equal_mass:
        where = np.argsort(np.argsort(p, kind="stable"), kind="stable") * bins // len(p)
    else:
        where = np.clip(np.ceil(p * bins).astype(np.int64) - 1, 0, bins - 1)
    gap = np.bincount(where, weights=truth - p, minlength=bins)
    return float(np.abs(gap).sum() / len(p))


@dataclass(frozen=True)
class CalibrationCost:
    """Cllr of log-likelihood ratios, split into discrimination (minCllr) and calibration (the rest), in bits."""

    cllr: float
    min_cllr: float
    mated: int
    nonmated: int

    @property
    def calibration_loss(self) -> float:
        """Cllr - minCllr, bits: what a better calibration would win."""
        return self.cllr - self.min_cllr

    def __repr__(self) -> str:
        split = f"{self.min_cllr:.4f} discrimination + {self.calibration_loss:.4f} calibration"
        return f"Cllr {self.cllr:.4f} bits = {split} ({self.mated} mated, {self.nonmated} non-mated)"

    def to_dict(self) -> dict[str, Any]:
        """For JSON; a Cllr without bound is null."""
        return {
            "cllr_bits": plain(self.cllr),
            "min_cllr_bits": self.min_cllr,
            "calibration_loss_bits": plain(self.calibration_loss),
            "mated": self.mated,
            "nonmated": self.nonmated,
        }


def calibration_cost(mated_llr: Any, nonmated_llr: Any) -> CalibrationCost:
    """Cllr, minCllr and their difference for log-likelihood ratios (nats) of mated and non-mated comparisons."""
    l1, l0 = some_numbers("mated_llr", mated_llr), some_numbers("nonmated_llr", nonmated_llr)
    return CalibrationCost(cllr(l1, l0), min_cllr(l1, l0), len(l1), len(l0))
