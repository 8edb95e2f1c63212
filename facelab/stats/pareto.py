"""The generalised Pareto distribution of excesses: fit, survival, goodness of fit, likelihood.

Symbols: y > 0 the excess over the tail's start, xi the shape, sigma > 0 the scale,

    S(y) = (1 + xi y / sigma)^(-1/xi),  exp(-y / sigma) at xi = 0;  an end point -sigma/xi where xi < 0.

The maximum likelihood estimate profiles theta = xi / sigma: xi(theta) = mean ln(1 + theta y), and the mean
log-likelihood is -ln(xi / theta) - xi - 1 (Grimshaw, Technometrics 35, 1993). It is sought where xi >= -1/2, below
which the estimate is irregular. Many samples are fitted at once, so that a parametric bootstrap is cheap.
Goodness of fit: Anderson and Darling's A^2, with a p-value by parametric bootstrap, since the parameters were estimated
(Choulakian and Stephens, Technometrics 43, 2001).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from facelab.stats._given import FloatArray

LEAST_SHAPE = -0.5
_TINY = 1e-9
_GRID = 81
_REFINEMENTS = 45
_REGION_SIDE = 61


def survival(y: FloatArray, shape: FloatArray | float, scale: FloatArray | float) -> FloatArray:
    """S(y) = P(excess > y), for broadcastable arrays; 0 at and beyond the end point."""
    shape, scale = np.asarray(shape, dtype=np.float64), np.asarray(scale, dtype=np.float64)
    straight = np.abs(shape) < _TINY
    safe = np.where(straight, 1.0, shape)
    inside = 1.0 + safe * y / scale
    with np.errstate(divide="ignore"):
        curved = np.exp(-np.log(np.maximum(inside, 0.0)) / safe)
    curved = np.where(inside <= 0, 0.0, curved)
    return np.asarray(np.where(straight, np.exp(-y / scale), curved))


def excess_at(survived: FloatArray | float, shape: float, scale: float) -> FloatArray:
    """The excess y with S(y) = `survived`: sigma/xi (survived^-xi - 1), or -sigma ln(survived)."""
    if abs(shape) < _TINY:
        return np.asarray(-scale * np.log(survived))
    return np.asarray(scale * np.expm1(-shape * np.log(survived)) / shape)


def _profile(theta: FloatArray, y: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Mean log-likelihood, shape and scale (b,) at `theta` (b,) of excesses (b, k)."""
    shape = np.log1p(theta[:, None] * y).mean(axis=1)
    straight = np.abs(theta) < _TINY / y.max(axis=1)
    scale = np.where(straight, y.mean(axis=1), shape / np.where(straight, 1.0, theta))
    value = -np.log(scale) - shape - 1.0
    return np.where(shape < LEAST_SHAPE, -np.inf, value), shape, scale


def fitted(y: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Maximum likelihood shape (b,) and scale (b,) of each row of excesses (b, k), all above 0.

    A grid over theta ymax = e^g - 1, then golden-section search between the best point's neighbours.
    """
    top = y.max(axis=1)
    grid = np.linspace(-6.0, 14.0, _GRID)
    value = np.stack([_profile(np.expm1(np.full(len(y), g)) / top, y)[0] for g in grid], axis=1)
    best = value.argmax(axis=1)
    low, high = grid[np.maximum(best - 1, 0)], grid[np.minimum(best + 1, _GRID - 1)]
    golden = (np.sqrt(5.0) - 1.0) / 2.0
    left, right = high - golden * (high - low), low + golden * (high - low)
    at_left, at_right = (_profile(np.expm1(g) / top, y)[0] for g in (left, right))
    for _ in range(_REFINEMENTS):
        go_left = at_left > at_right
        low, high = np.where(go_left, low, left), np.where(go_left, right, high)
        new = np.where(go_left, high - golden * (high - low), low + golden * (high - low))
        at_new = _profile(np.expm1(new) / top, y)[0]
        left, right = np.where(go_left, new, right), np.where(go_left, left, new)
        at_left, at_right = np.where(go_left, at_new, at_right), np.where(go_left, at_left, at_new)
    _, shape, scale = _profile(np.expm1((low + high) / 2) / top, y)
    return shape, scale


def anderson_darling(y: FloatArray, shape: FloatArray, scale: FloatArray) -> FloatArray:
    """A^2 (b,) of rows of excesses (b, k) against their own parameters.

    A^2 = -k - 1/k sum_i (2i - 1) (ln F(y_(i)) + ln S(y_(k+1-i))).
    """
    k = y.shape[1]
    s = np.clip(survival(np.sort(y, axis=1), shape[:, None], scale[:, None]), 1e-300, 1.0 - 1e-16)
    weight = 2 * np.arange(1, k + 1) - 1
    return np.asarray(-k - ((weight * (np.log1p(-s) + np.log(s[:, ::-1]))).sum(axis=1)) / k)


def null_statistics(shape: float, count: int, replicates: int, rng: np.random.Generator) -> FloatArray:
    """(replicates,) A^2 of samples of `count` that truly are generalised Pareto with `shape`, refitted each time."""
    y = np.maximum(excess_at(rng.random((replicates, count)), shape, 1.0), 1e-300)
    return anderson_darling(y, *fitted(y))


def log_likelihood(y: FloatArray, shape: FloatArray, scale: FloatArray) -> FloatArray:
    """Log-likelihood of excesses (k,) at each of the parameters (m,); -inf where one lies beyond the end point."""
    total = np.empty(len(shape))
    for i, (xi, sigma) in enumerate(zip(shape, scale)):
        inside = 1.0 + xi * y / sigma
        if inside.min() <= 0:
            total[i] = -np.inf
        elif abs(xi) < _TINY:
            total[i] = -len(y) * np.log(sigma) - y.sum() / sigma
        else:
            total[i] = -len(y) * np.log(sigma) - (1.0 + 1.0 / xi) * np.log(inside).sum()
    return total


def scores_and_information(y: FloatArray, shape: float, log_scale: float) -> tuple[FloatArray, FloatArray]:
    """Derivatives of each excess's log-likelihood by (xi, ln sigma), (k, 2), and minus its summed Hessian (2, 2).

    By central differences, which do not lose digits near xi = 0.
    """
    step = 1e-4

    def each(xi: float, log_sigma: float) -> FloatArray:
        sigma = np.exp(log_sigma)
        if abs(xi) < _TINY:
            return np.asarray(-log_sigma - y / sigma)
        return np.asarray(-log_sigma - (1.0 + 1.0 / xi) * np.log(np.maximum(1.0 + xi * y / sigma, 1e-300)))

    def gradient(xi: float, log_sigma: float) -> FloatArray:
        by_shape = (each(xi + step, log_sigma) - each(xi - step, log_sigma)) / (2 * step)
        by_scale = (each(xi, log_sigma + step) - each(xi, log_sigma - step)) / (2 * step)
        return np.stack([by_shape, by_scale], axis=1)

    by_shape = (gradient(shape + step, log_scale) - gradient(shape - step, log_scale)).sum(axis=0) / (2 * step)
    by_scale = (gradient(shape, log_scale + step) - gradient(shape, log_scale - step)).sum(axis=0) / (2 * step)
    hessian = np.stack([by_shape, by_scale])
    return gradient(shape, log_scale), -(hessian + hessian.T) / 2


def likelihood_region(
    y: FloatArray, shape: float, scale: float, effect: float
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Shapes, scales and log-likelihood deficits (m,) of a grid around the estimate."""
    k = len(y)
    spread = 7.0 * np.sqrt(max(effect, 1.0))
    half_shape = spread * (1 + max(shape, -0.5)) / np.sqrt(k) + 0.02
    half_scale = spread * np.sqrt(2 * (1 + max(shape, -0.5)) / k) + 0.02
    xi, log_sigma = np.meshgrid(
        np.linspace(max(shape - half_shape, -0.99), shape + half_shape, _REGION_SIDE),
        np.log(scale) + np.linspace(-half_scale, half_scale, _REGION_SIDE),
    )
    shapes, scales = np.append(xi.ravel(), shape), np.append(np.exp(log_sigma).ravel(), scale)
    value = log_likelihood(y, shapes, scales)
    return shapes, scales, np.maximum(value[-1] - value, 0.0)
