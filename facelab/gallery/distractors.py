"""Distractors: reference templates of nobody, drawn from a distribution that was fitted to real or rendered ones.

A database of a million cannot be rendered, and nobody may hand out a real one. What a search of it costs, and how its
false positives grow, can still be tried with drawn references, as long as they match strangers as often as references
of people do: that is for `facelab.experiments.sites.city_distractors` to check on people whom the fit never saw.

The distribution: x = (m + sum_k sqrt(w_b(k)) s_k z_k v_k) / |.|, with m the mean of the references, v_k and s_k their
principal axes and standard deviations, z_k standard normal, and w_b one random scale a group b of axes, Gamma with
mean 1 and the given shape. With one group and no scale it is the normal distribution on the sphere, whose tail is far
too light: at the score that one real stranger in 1,000 reaches, one in 2,000 to 30,000 such draws does. The scales give
heavier tails without a copy of anybody: people are alike in some respects and not in others.

How many groups and which shape is chosen by cross-validation among the people of the fit alone: the pair whose draws
come nearest to references that were left out, in FMR and in FPIR.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from facelab.errors import BadInput

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from facelab.types import Bools, Floats

SHARD = 50_000
"""Templates drawn at a time: 100 MB at 512 dimensions."""
CHOICES = (
    *((1, np.inf), (2, 1.5), (2, 0.7), (4, 0.7), (4, 0.4), (6, 0.4)),
    *((6, 0.25), (8, 0.25), (8, 0.15), (12, 0.25), (12, 0.15)),
)
"""(groups, shape) that are tried; an infinite shape is the plain normal distribution."""
LEVELS = (1e-2, 1e-3, 2e-4)
FOLDS = 3
TRIED = 4_000
FPIR_COUNTS = 0.25
"""What a squared error of FPIR counts beside one of FMR, which is what decides."""
FEWEST = 20


@dataclass(frozen=True, eq=False)
class TemplateDistribution:
    """A distribution of unit templates.

    Parameters
    ----------
    mean : (d,) array
        m.
    axes : (k, d) array
        v, orthonormal rows, the widest first.
    spread : (k,) array
        s.
    groups : int
        Groups of axes of about equal variance that share a random scale.
    shape : float
        Of the Gamma distribution of the scales; infinite: no scale.
    people : int
        References that it was fitted to.
    """

    mean: Floats
    axes: Floats
    spread: Floats
    groups: int
    shape: float
    people: int

    def __repr__(self) -> str:
        scale = "normal" if np.isinf(self.shape) else f"{self.groups} groups of axes, scales of shape {self.shape:g}"
        return f"templates like those of {self.people} people ({scale}, {len(self.spread)} axes)"

    def draw(self, count: int, rng: np.random.Generator) -> NDArray[np.float32]:
        """(count, d) unit templates."""
        z = rng.standard_normal((count, len(self.spread)), dtype=np.float32)
        z *= self.spread.astype(np.float32)
        if np.isfinite(self.shape):
            scale = rng.gamma(self.shape, 1 / self.shape, (count, self.groups))
            z *= np.sqrt(scale).astype(np.float32)[:, self._group]
        drawn = z @ self.axes.astype(np.float32)
        drawn += self.mean.astype(np.float32)
        drawn /= np.linalg.norm(drawn, axis=1, keepdims=True)
        return np.asarray(drawn)

    def shards(self, count: int, seed: int, size: int = SHARD) -> Iterator[NDArray[np.float32]]:
        """`count` templates, `size` at a time, never all at once; the same seed gives the same, however many are asked.

        Raises
        ------
        BadInput
            A negative count, or a size below 1.
        """
        if count < 0 or size < 1:
            raise BadInput(f"{count} templates, {size} at a time, cannot be drawn", place="distractors")
        for number, start in enumerate(range(0, count, size)):
            rng = np.random.default_rng([seed, number])
            yield self.draw(size, rng)[: count - start]

    @property
    def _group(self) -> NDArray[np.int64]:
        """(k,) the group of each axis."""
        share = np.cumsum(np.square(self.spread)) / np.square(self.spread).sum()
        return np.asarray(np.minimum((share * self.groups).astype(np.int64), self.groups - 1))


def distribution_of(references: Floats, groups: int = 1, shape: float = np.inf) -> TemplateDistribution:
    """The distribution through the mean and the principal axes of `references` (n, d), with the given tails.

    Raises
    ------
    BadInput
        Fewer than `FEWEST` references, or one that is not finite.
    """
    given = np.asarray(references, dtype=np.float64)
    if len(given) < FEWEST or not np.isfinite(given).all():
        raise BadInput(
            f"a distribution takes {FEWEST} references or more, all finite; there are {len(given)}", place="distractors"
        )
    mean = given.mean(axis=0)
    _, sizes, axes = np.linalg.svd(given - mean, full_matrices=False)
    kept = sizes > 1e-6 * sizes[0]
    return TemplateDistribution(mean, axes[kept], sizes[kept] / np.sqrt(len(given) - 1), groups, shape, len(given))


def fitted_distribution(
    references: Floats, probes: Floats, same: Bools, rng: np.random.Generator
) -> TemplateDistribution:
    """The distribution whose draws match `probes` most nearly as often as references do that the fit has not seen.

    Parameters
    ----------
    references : (n, d) array
        Unit templates, one a person.
    probes : (p, d) array
        Unit templates of the kind that will be searched for.
    same : (p, n) bool array
        True where probe and reference are one person; such pairs are left out.
    rng : numpy.random.Generator
        For the folds and the trial draws.

    Raises
    ------
    BadInput
        Too few references, or no probe.
    """
    if not len(probes):
        raise BadInput("without a probe no distribution of references can be chosen", place="distractors")
    fold = rng.permutation(len(references)) % FOLDS
    searched, enrolled = np.asarray(probes, np.float32), np.asarray(references, np.float32)
    score = np.where(same, -np.inf, searched @ enrolled.T)
    levels = [level for level in LEVELS if level * score.size >= 1] or [LEVELS[0]]
    thresholds = np.quantile(score[np.isfinite(score)], 1 - np.array(levels))
    wanted = _log_rates(score, thresholds, fold)
    found = np.zeros((len(CHOICES), len(wanted)))
    for k in range(FOLDS):
        left_out = fold == k
        whole = distribution_of(references[~left_out])
        strangers = searched[~same[:, ~left_out].any(axis=1)]
        galleries = np.arange(TRIED) % max(TRIED // int(left_out.sum()), 1)
        for i, (groups, shape) in enumerate(CHOICES):
            drawn = replace(whole, groups=groups, shape=shape).draw(TRIED, rng)
            found[i] += _log_rates(strangers @ drawn.T, thresholds, galleries) / FOLDS
    distance = np.square(found - wanted) @ np.tile([1.0, FPIR_COUNTS], len(levels))
    return distribution_of(references, *CHOICES[int(np.argmin(distance))])


def _log_rates(score: Floats, thresholds: Floats, gallery: NDArray[np.integer]) -> Floats:
    """Logarithms of FMR and FPIR at each threshold, FPIR the mean over the galleries that `gallery` (n,) names."""
    out = []
    for threshold in thresholds:
        hit = score >= threshold
        alarmed = [hit[:, gallery == g].any(axis=1).mean() for g in np.unique(gallery)]
        out += [hit.mean(), float(np.mean(alarmed))]
    return np.asarray(np.log(np.maximum(np.array(out, dtype=np.float64), 1e-9)))
