"""Operating points of open-set identification: one threshold, and every rate at it.

A point says where its threshold comes from (a target, or given), whether the data supports that target, and whether it
was chosen on the very searches it is reported on (`in_sample`: optimistic). A target that the data cannot resolve is an
`Unattainable`, in the same place of the same list.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from facelab.errors import UnattainableTarget
from facelab.stats.rates import Rate, finite
from facelab.stats.targeted import TargetedPoint
from facelab.stats.thresholds import check_given_threshold

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd

    from facelab.stats.openset import OpenSetCurve


@dataclass(frozen=True, repr=False)
class OperatingPoint(TargetedPoint):
    """Open-set rates at one threshold, T: a candidate counts at or above it; -inf: investigation mode.

    Parameters
    ----------
    rank : int
        R; a mated search is a hit when the right subject is among the R best.
    fpir, fnir, misidentification : Rate
        Of this gallery, with intervals over probe people.
    fpir_another_gallery, fnir_another_gallery : Rate
        The same counts, with intervals that also hold for another such gallery (delete-one-subject jackknife added).
    selectivity : float
        Mean number of candidates at or above T in a non-mated search.
    subjects, samples : int, int or None
        N, the enrolled subjects, and the reference samples.
    threshold, measure, target, supported, reason, in_sample, certified, uncertified
        As in `TargetedPoint`.
    """

    rank: int
    fpir: Rate
    fnir: Rate
    misidentification: Rate
    fpir_another_gallery: Rate
    fnir_another_gallery: Rate
    selectivity: float
    subjects: int
    samples: int | None = None

    @property
    def mated(self) -> int:
        """Mated searches."""
        return self.fnir.trials

    @property
    def non_mated(self) -> int:
        """Non-mated searches."""
        return self.fpir.trials

    def to_dict(self, confidence: float = 0.95) -> dict[str, Any]:
        """The point for JSON; a number that is not finite becomes None."""
        certified: dict[str, Any] | None = None
        if self.certified is not None:
            names = ("target_fpir", "supported", "reason", "certified", "target_fnir")
            certified = {k: v for k, v in self.certified.to_dict(confidence).items() if k not in names}
        elif self.uncertified:
            certified = {"threshold": None, "reason": self.uncertified}
        return {
            "target_fpir": self.target if self.measure == "FPIR" else None,
            **({"target_fnir": self.target} if self.measure == "FNIR" else {}),
            "threshold": finite(self.threshold),
            "rank": self.rank,
            "supported": self.supported,
            "reason": self.reason,
            "in_sample": self.in_sample,
            "fpir": self.fpir.to_dict(confidence),
            "fnir": self.fnir.to_dict(confidence),
            "misidentification": self.misidentification.to_dict(confidence),
            "fpir_another_gallery": self.fpir_another_gallery.to_dict(confidence),
            "fnir_another_gallery": self.fnir_another_gallery.to_dict(confidence),
            "selectivity": finite(self.selectivity),
            "certified": certified,
        }

    def to_frame(self) -> pd.DataFrame:
        """A DataFrame, one row a rate: errors, trials, interval and how it was made."""
        import pandas as pd

        rates = (self.fpir, self.fnir, self.misidentification)
        return pd.DataFrame([{"measure": r.name, "threshold": self.threshold, **r.to_dict()} for r in rates])

    def sentence(self) -> str:
        """The point in words."""
        where = f"N = {self.subjects:,}, rank {self.rank}, threshold {self.threshold:.6g}"
        asked = "" if self.target is None else f", target {self.measure} {self.target:g}"
        notes = [] if self.supported else [f"not supported: {self.reason}"]
        if self.in_sample:
            notes.append("chosen and reported on the same searches")
        if self.certified is not None:
            ends = self.certified.fpir.interval()
            condition = "" if ends.reliable else f" ({ends.condition})"
            notes.append(f"certified threshold {self.certified.threshold:.6g}{condition}")
        elif self.uncertified:
            notes.append(self.uncertified)
        rates = "; ".join(rate.sentence() for rate in (self.fpir, self.fnir, self.misidentification))
        return f"{where}{asked}: {rates}; selectivity {self.selectivity:.3g}" + "".join(f"; {note}" for note in notes)

    def __repr__(self) -> str:
        return self.sentence()

    def _repr_html_(self) -> str:
        from facelab.stats.tables import html_table

        rates = (self.fpir, self.fnir, self.misidentification)
        return html_table(rates, self.sentence().split(": ", 1)[0])


@dataclass(frozen=True)
class Unattainable:
    """A target that the data cannot answer, in the place where its operating point would stand.

    Parameters
    ----------
    measure, target : str, float
        What was asked for.
    needed, have : int
        Trials that are the least, and trials there are.
    reason : str
        The whole sentence.
    rank : int or None
        R of an identification, None for a verification.
    people_needed, people_have : int or None
        People that would support the target, and people there are.
    unit : str
        What these two count: people, pairs of people, subjects.
    """

    measure: str
    target: float
    needed: int
    have: int
    reason: str
    rank: int | None = None
    people_needed: int | None = None
    people_have: int | None = None
    unit: str = "people"

    threshold = None
    supported = False

    @classmethod
    def of(cls, error: UnattainableTarget, rank: int | None = None) -> Unattainable:
        """What `error` says, as a value."""
        people = error.people_needed, error.people_have
        return cls(error.measure, error.target, error.needed, error.have, str(error), rank, *people, error.unit)

    def to_dict(self, confidence: float = 0.95) -> dict[str, Any]:  # noqa: ARG002  (as OperatingPoint.to_dict)
        """The entry for JSON: the point's names, all None, and what is needed."""
        key = f"target_{self.measure.lower()}"
        if self.rank is None:
            names = ("fmr", "fnmr", "gfar", "gfrr")
        else:
            names = ("fpir", "fnir", "misidentification", "selectivity")
        head: dict[str, Any] = {key: self.target, "threshold": None}
        if self.rank is not None:
            head["rank"] = self.rank
        unattainable: dict[str, Any] = {"needed": self.needed, "have": self.have}
        if self.people_needed is not None:
            unattainable |= {"people_needed": self.people_needed, "people_have": self.people_have, "unit": self.unit}
        rest = {"supported": False, "reason": self.reason, **dict.fromkeys(names), "unattainable": unattainable}
        return head | rest

    def __repr__(self) -> str:
        return self.reason


def operating_points(
    select: OpenSetCurve,
    report: OpenSetCurve,
    targets: Iterable[float] = (),
    thresholds: Iterable[float] = (),
) -> list[OperatingPoint | Unattainable]:
    """Thresholds at target FPIRs chosen on one curve and reported on another, then the given thresholds.

    Parameters
    ----------
    select, report : OpenSetCurve
        Where thresholds are chosen, and where rates are measured; the same curve twice is `in_sample`.
    targets : iterable of float
        Target FPIRs.
    thresholds : iterable of float
        Given thresholds.

    Returns
    -------
    list
        One entry a target, in the order given, then one a threshold; a target that `select` cannot resolve is an
        `Unattainable`.

    Raises
    ------
    BadInput
        A target outside (0, 1), or a given threshold far outside the scores.
    """
    entries: list[OperatingPoint | Unattainable] = []
    for target in targets:
        try:
            point = select.threshold_at_fpir(target)
            entries.append(point if select is report else point.at(report))
        except UnattainableTarget as error:
            entries.append(Unattainable.of(error, report.rank))
    for threshold in thresholds:
        check_given_threshold(threshold, float(report.thresholds[0]), float(report.thresholds[-1]))
        entries.append(report.at(threshold))
    return entries
