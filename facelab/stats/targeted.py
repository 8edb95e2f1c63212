"""What operating points of 1:1 and of 1:N have in common: where a threshold comes from, and taking it elsewhere.

A threshold is chosen on one part of the people and reported on another: `TargetedPoint.at` measures it there.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol, Self, TypeVar

from facelab.errors import UnattainableTarget
from facelab.stats.thresholds import Support

P_co = TypeVar("P_co", covariant=True)


class MeasuredCurve(Protocol[P_co]):
    """A curve that gives the points of one kind: `OpenSetCurve`, `ErrorCurve`."""

    def at(self, threshold: float) -> P_co:
        """Every rate at a given threshold."""

    def support(self, measure: str, target: float) -> Support:
        """Whether this data supports a target; `UnattainableTarget` where it cannot resolve it."""


@dataclass(frozen=True, repr=False, kw_only=True)
class TargetedPoint:
    """A threshold, the target that it was chosen for, and whether the data supports that.

    Parameters
    ----------
    threshold : float
        T.
    measure, target : str or None, float or None
        Of which rate the threshold was asked for, and its target; None for a given threshold.
    supported, reason : bool, str
        Whether the data supports the target, and why not.
    in_sample : bool
        True where the threshold was chosen on the people that it is reported on: optimistic.
    certified : point of the same kind or None
        The point of the certified threshold at the same target, where there is one.
    uncertified : str
        Why there is none.
    """

    threshold: float
    measure: str | None = None
    target: float | None = None
    supported: bool = True
    reason: str = ""
    in_sample: bool = False
    certified: Self | None = None
    uncertified: str = ""

    def at(self, curve: MeasuredCurve[Self]) -> Self:
        """The rates of this threshold on another curve, its target kept: what was chosen here, reported there.

        Where the other curve could not have resolved the target itself, the point is unsupported and says so.
        """
        there = curve.at(self.threshold)
        if self.target is None or self.measure is None:
            return there
        try:
            support = curve.support(self.measure, self.target)
        except UnattainableTarget as error:
            support = Support(False, str(error))
        both = Support(self.supported, self.reason) & support
        return replace(
            there,
            measure=self.measure,
            target=self.target,
            supported=both.supported,
            reason=both.reason,
            certified=None if self.certified is None else curve.at(self.certified.threshold),
            uncertified=self.uncertified,
        )
