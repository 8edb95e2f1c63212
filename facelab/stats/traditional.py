"""The single numbers by which matchers are compared: EER, FMR100, FMR1000, FMR10000, and the tail beyond the data.

FMR100 is the FNMR where the FMR is 1/100, and so on. Tools settle them differently: `convention` takes the rule of
another tool (`facelab.stats.verification.Convention`), so that its number can be reproduced; only the exact ones, whose
thresholds exist, have counts and an interval.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from facelab.errors import NotMeasured, UnattainableTarget
from facelab.stats.rates import finite
from facelab.stats.sides import StoredScores
from facelab.stats.tail import Tail, tail_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from facelab.stats.rates import Rate
    from facelab.stats.verification import Convention, ErrorCurve
    from facelab.stats.verification_points import EqualErrorRate

FIXED = {"FMR100": 1e-2, "FMR1000": 1e-3, "FMR10000": 1e-4}


@dataclass(frozen=True)
class FixedRate:
    """The FNMR at a fixed FMR, by the convention of a tool.

    Parameters
    ----------
    name, target : str, float
        Such as FMR100 and 1/100.
    value : float or None
        The FNMR; None where there are fewer than 1/target comparisons.
    rate : Rate or None
        Its counts and interval, exact convention only.
    reason : str
        Why there is no value.
    """

    name: str
    target: float
    value: float | None
    rate: Rate | None = None
    reason: str = ""

    def __repr__(self) -> str:
        if self.value is None:
            return f"{self.name}: {self.reason}"
        return f"{self.name} {self.value:.4g}" if self.rate is None else f"{self.name}: {self.rate!r}"

    def to_dict(self, confidence: float = 0.95) -> dict[str, Any]:
        """For JSON."""
        counts = None if self.rate is None else self.rate.to_dict(confidence)
        return {"target_fmr": self.target, "value": finite(self.value), "fnmr": counts, "reason": self.reason}


@dataclass(frozen=True)
class TraditionalRates:
    """EER and the FNMR at three fixed FMRs, by one convention."""

    convention: str
    eer: EqualErrorRate
    fixed: tuple[FixedRate, ...]

    def __repr__(self) -> str:
        return "; ".join([repr(self.eer), *(repr(rate) for rate in self.fixed)])

    def to_dict(self, confidence: float = 0.95) -> dict[str, Any]:
        """For JSON: convention, eer, and a key a fixed rate."""
        fixed = {rate.name.lower(): rate.to_dict(confidence) for rate in self.fixed}
        return {"convention": self.convention, "eer": self.eer.to_dict(confidence)} | fixed


def traditional_rates(curve: ErrorCurve, convention: Convention = "exact") -> TraditionalRates:
    """EER, FMR100, FMR1000 and FMR10000 of `curve` by a convention.

    Parameters
    ----------
    curve : ErrorCurve
        Exact counts at every threshold.
    convention : {"exact", "nearest", "linear"}
        "nearest" gives pyeer's numbers, "linear" those of tools that interpolate.
    """
    fixed = []
    for name, target in FIXED.items():
        try:
            value = curve.fnmr_at_fmr(target, convention)
        except UnattainableTarget as error:
            fixed.append(FixedRate(name, target, None, None, str(error)))
            continue
        rate = curve.threshold_at_fmr(target).fnmr if convention == "exact" else None
        fixed.append(FixedRate(name, target, value, rate))
    return TraditionalRates(convention, curve.eer(convention), tuple(fixed))


def tail_of_curve(curve: ErrorCurve, rng: np.random.Generator) -> Tail:
    """The generalised Pareto tail of a curve's non-mated scores (`facelab.stats.tail`).

    Parameters
    ----------
    curve : ErrorCurve
        Of stored scores; of streamed ones no single comparison is left.
    rng : numpy.random.Generator
        Of the goodness of fit's parametric bootstrap.

    Raises
    ------
    NotMeasured
        The scores are streamed, too few, or their tail does not look generalised Pareto.
    """
    side = curve.non_mated
    if not isinstance(side, StoredScores):
        raise NotMeasured("a tail is fitted to stored scores; of all pairs of templates only counts are kept")
    done = ~np.isnan(side.score)
    if side.first is None or side.second is None:
        return tail_of(side.score[done], rng=rng)
    return tail_of(side.score[done], side.first[done], side.second[done], rng=rng)


def tail_answer(
    curve: ErrorCurve, targets: Iterable[float], rng: np.random.Generator, confidence: float = 0.95
) -> dict[str, Any]:
    """The tail of `curve` and its thresholds at `targets` for JSON; where the fit is refused, why.

    Returns
    -------
    dict
        As `Tail.to_dict`, or ``{"model": True, "refused": reason, "thresholds": []}``.
    """
    try:
        return tail_of_curve(curve, rng).to_dict(targets, confidence)
    except NotMeasured as error:
        return {"model": True, "refused": str(error), "thresholds": []}
