"""Score normalisation against a cohort: Z-, T-, S- and adaptive S-norm.

Some people look like many others: their scores run high against everybody, and one threshold for all then errs on
them more often. Each norm below puts a score on the scale of the scores that its reference (Z), its probe (T) or both
(S) obtain against a *cohort* of people who are neither of the two. The cohort never contains a person who is compared.

Symbols: s the score (p, r) of p probes and r references; mu and sigma the mean and the standard deviation (ddof 0) of
the cohort scores of one row. A NaN in a score (a failed acquisition) stays a NaN; a NaN in a cohort is left out of its
mean. Sources: Auckenthaler, Carey, Lloyd-Thomas, Digital Signal Processing 10 (2000) for Z and T; Shum et al.,
Odyssey 2010 for S; Cumani et al., Interspeech 2011 and Matějka et al., Interspeech 2017 for the adaptive form.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from facelab.errors import BadInput
from facelab.stats._given import FloatArray, numbers

LEAST_COHORT = 2


def _location_and_scale(name: str, cohort: Any, length: int, top: int | None) -> tuple[FloatArray, FloatArray]:
    """(length,) mean and standard deviation (ddof 0) of each row of `cohort`, of its `top` highest where given."""
    scores = numbers(name, cohort, ndim=2, missing=True)
    if len(scores) != length:
        raise BadInput(f"has {len(scores)} rows, {length} are needed: one a sample that is normalised", place=name)
    usable = (~np.isnan(scores)).sum(axis=1)
    least = LEAST_COHORT if top is None else max(LEAST_COHORT, top)
    if top is not None and top < LEAST_COHORT:
        raise BadInput(f"must be at least {LEAST_COHORT}, it is {top}", place="top")
    if length and usable.min() < least:
        row = int(usable.argmin())
        raise BadInput(f"row {row} has {usable[row]} usable cohort scores, {least} are needed", place=name)
    if top is not None:
        scores = -np.sort(-scores, axis=1)[:, :top]  # NaN sorts last
    mean, scale = np.nanmean(scores, axis=1), np.nanstd(scores, axis=1)
    if length and scale.min() <= 0:
        raise BadInput(f"row {int(scale.argmin())} is one constant: its scores have no spread", place=name)
    return mean, scale


def z_norm(score: Any, reference_cohort: Any) -> FloatArray:
    """Z-norm: (s - mu_g) / sigma_g, with mu_g and sigma_g of the reference against the cohort.

    Parameters
    ----------
    score : (p, r) array
        Similarities of p probes and r references, NaN where acquisition failed.
    reference_cohort : (r, c) array
        Similarities of each reference to the c samples of the cohort.

    Returns
    -------
    (p, r) float64 array
        Without unit: standard deviations above the cohort's mean.

    Raises
    ------
    BadInput
        Text, infinities, wrong shapes, fewer than two cohort scores in a row, or a row without spread.

    Examples
    --------
    >>> z_norm([[0.5]], [[0.1, 0.3]])
    array([[3.]])
    """
    s = numbers("score", score, ndim=2, missing=True)
    mean, scale = _location_and_scale("reference_cohort", reference_cohort, s.shape[1], None)
    return (s - mean[None, :]) / scale[None, :]


def t_norm(score: Any, probe_cohort: Any) -> FloatArray:
    """T-norm: (s - mu_p) / sigma_p, with mu_p and sigma_p of the probe (p, c) against the cohort.

    Shapes, unit and errors as in `z_norm`.

    Examples
    --------
    >>> t_norm([[0.5, 0.2]], [[0.1, 0.3]])
    array([[3., 0.]])
    """
    s = numbers("score", score, ndim=2, missing=True)
    mean, scale = _location_and_scale("probe_cohort", probe_cohort, s.shape[0], None)
    return (s - mean[:, None]) / scale[:, None]


def s_norm(score: Any, reference_cohort: Any, probe_cohort: Any) -> FloatArray:
    """S-norm: the mean of Z-norm and T-norm, symmetric in probe and reference."""
    return (z_norm(score, reference_cohort) + t_norm(score, probe_cohort)) / 2


def adaptive_s_norm(score: Any, reference_cohort: Any, probe_cohort: Any, *, top: int) -> FloatArray:
    """Adaptive S-norm: S-norm in which each side's mean and spread are those of its `top` highest cohort scores.

    Parameters
    ----------
    score, reference_cohort, probe_cohort : (p, r), (r, c) and (p, c) arrays
        As in `s_norm`.
    top : int
        Number k of the highest cohort scores a row that are used, from 2 to the usable cohort.

    Examples
    --------
    >>> adaptive_s_norm([[0.5]], [[0.1, 0.3, -0.9]], [[0.2, 0.4, -0.8]], top=2)
    array([[2.5]])
    """
    s = numbers("score", score, ndim=2, missing=True)
    mean_g, scale_g = _location_and_scale("reference_cohort", reference_cohort, s.shape[1], top)
    mean_p, scale_p = _location_and_scale("probe_cohort", probe_cohort, s.shape[0], top)
    return ((s - mean_g[None, :]) / scale_g[None, :] + (s - mean_p[:, None]) / scale_p[:, None]) / 2
