"""Operating points of 1:1 verification: one threshold with every rate at it, the equal error rate, and the report.

A point says where its threshold comes from, whether the data supports that target, and whether it was chosen on the
very comparisons it is reported on (`in_sample`: optimistic).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from facelab.errors import UnattainableTarget
from facelab.stats.points import Unattainable
from facelab.stats.rates import Rate, finite
from facelab.stats.targeted import TargetedPoint
from facelab.stats.thresholds import check_given_threshold

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd

    from facelab.stats.verification import ErrorCurve


@dataclass(frozen=True)
class EqualErrorRate:
    """The equal error rate, its threshold, both rates there (None between two thresholds) and its convention."""

    rate: float
    threshold: float
    fmr: Rate | None
    fnmr: Rate | None
    convention: str

    def to_dict(self, confidence: float = 0.95) -> dict[str, Any]:
        """The rate for JSON."""
        return {
            "rate": finite(self.rate),
            "threshold": finite(self.threshold),
            "convention": self.convention,
            "fmr": None if self.fmr is None else self.fmr.to_dict(confidence),
            "fnmr": None if self.fnmr is None else self.fnmr.to_dict(confidence),
        }

    def __repr__(self) -> str:
        both = "" if self.fmr is None else f": {self.fmr!r}; {self.fnmr!r}"
        return f"EER {self.rate:.4g} at threshold {self.threshold:.6g} ({self.convention}){both}"


@dataclass(frozen=True, repr=False)
class VerificationPoint(TargetedPoint):
    """Verification rates at one threshold, T: a comparison is accepted when its score is at or above it.

    Parameters
    ----------
    fmr, fnmr : Rate
        Over completed comparisons.
    gfar, gfrr : Rate
        Over all comparisons; a failed mated one is an error.
    threshold, measure, target, supported, reason, in_sample, certified, uncertified
        As in `TargetedPoint`.
    """

    fmr: Rate
    fnmr: Rate
    gfar: Rate
    gfrr: Rate

    @property
    def rates(self) -> tuple[Rate, Rate, Rate, Rate]:
        """FMR, FNMR, GFAR, GFRR."""
        return self.fmr, self.fnmr, self.gfar, self.gfrr

    def to_dict(self, confidence: float = 0.95) -> dict[str, Any]:
        """The point for JSON; a number that is not finite becomes None."""
        rates = {rate.name.lower(): rate.to_dict(confidence) for rate in self.rates}
        certified: dict[str, Any] | None = None
        if self.certified is not None:
            certified = {"threshold": finite(self.certified.threshold)}
            certified |= {rate.name.lower(): rate.to_dict(confidence) for rate in self.certified.rates}
        elif self.uncertified:
            certified = {"threshold": None, "reason": self.uncertified}
        return {
            "target_fmr": self.target if self.measure == "FMR" else None,
            **({"target_fnmr": self.target} if self.measure == "FNMR" else {}),
            "threshold": finite(self.threshold),
            "supported": self.supported,
            "reason": self.reason,
            "in_sample": self.in_sample,
            **rates,
            "certified": certified,
        }

    def to_frame(self) -> pd.DataFrame:
        """A DataFrame, one row a rate: errors, trials, interval and how it was made."""
        import pandas as pd

        return pd.DataFrame([{"measure": r.name, "threshold": self.threshold, **r.to_dict()} for r in self.rates])

    def sentence(self) -> str:
        """The point in words."""
        asked = "" if self.target is None else f", target {self.measure} {self.target:g}"
        notes = [] if self.supported else [f"not supported: {self.reason}"]
        if self.in_sample:
            notes.append("chosen and reported on the same comparisons")
        if self.certified is not None:
            ends = self.certified.fmr.interval()
            condition = "" if ends.reliable else f" ({ends.condition})"
            notes.append(f"certified threshold {self.certified.threshold:.6g}{condition}")
        elif self.uncertified:
            notes.append(self.uncertified)
        rates = "; ".join(rate.sentence() for rate in self.rates)
        return f"threshold {self.threshold:.6g}{asked}: {rates}" + "".join(f"; {note}" for note in notes)

    def __repr__(self) -> str:
        return self.sentence()

    def _repr_html_(self) -> str:
        from facelab.stats.tables import html_table

        return html_table(self.rates, self.sentence().split(": ", 1)[0])


@dataclass(frozen=True, repr=False)
class VerificationReport:
    """Everything about a verification: its counts, the EER, and the operating points in the order asked for.

    Parameters
    ----------
    curve : ErrorCurve
        What the rates are measured on.
    eer : EqualErrorRate
        By the convention "exact".
    points : list of VerificationPoint or Unattainable
        First the targets, then the given thresholds.
    in_sample : bool
        True where thresholds were chosen on the comparisons that they are reported on.
    """

    curve: ErrorCurve
    eer: EqualErrorRate
    points: tuple[VerificationPoint | Unattainable, ...]
    in_sample: bool

    def to_dict(self, confidence: float = 0.95) -> dict[str, Any]:
        """The report for JSON: eer, mated, non_mated, in_sample, operating_points."""
        mated, non_mated = self.curve.mated, self.curve.non_mated
        return {
            "eer": self.eer.to_dict(confidence),
            "auc": finite(self.curve.auc()),
            "mated": {
                "comparisons": mated.completed + mated.failed,
                "failed": mated.failed,
                "subjects": mated.people,
                "largest_share": finite(mated.largest_share),
            },
            "non_mated": {
                "comparisons": non_mated.completed + non_mated.failed,
                "failed": non_mated.failed,
                "subjects": non_mated.people,
                "pairs_of_subjects": non_mated.person_pairs,
            },
            "in_sample": self.in_sample,
            "operating_points": [point.to_dict(confidence) for point in self.points],
        }

    def __repr__(self) -> str:
        return "\n".join([repr(self.curve), repr(self.eer), *(repr(point) for point in self.points)])


def verification_report(
    select: ErrorCurve, report: ErrorCurve, targets: Iterable[float] = (), thresholds: Iterable[float] = ()
) -> VerificationReport:
    """Thresholds at target FMRs chosen on one curve and reported on another, then the given thresholds.

    Parameters
    ----------
    select, report : ErrorCurve
        Where thresholds are chosen, and where rates are measured; the same curve twice is `in_sample`.
    targets, thresholds : iterables of float
        Target FMRs and given thresholds; what `select` cannot resolve is an `Unattainable`.

    Returns
    -------
    VerificationReport

    Raises
    ------
    BadInput
        A target outside (0, 1), or a given threshold far outside the scores.
    """
    points: list[VerificationPoint | Unattainable] = []
    for target in targets:
        try:
            point = select.threshold_at_fmr(target)
            points.append(point if select is report else point.at(report))
        except UnattainableTarget as error:
            points.append(Unattainable.of(error))
    for threshold in thresholds:
        check_given_threshold(threshold, report.lowest, report.highest)
        points.append(report.at(threshold))
    return VerificationReport(report, report.eer(), tuple(points), select is report)
