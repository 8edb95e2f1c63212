"""Confirmation rules of alerts side by side: what each finds at its own threshold, and how soon."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from facelab.config import AlertRule
from facelab.stats.searches import Searches, searches_from_candidates

if TYPE_CHECKING:
    from facelab.stats._given import BoolArray, FloatArray
    from facelab.stats.points import OperatingPoint
    from facelab.types import Comparisons, Templates

RULES = {
    "passage end": AlertRule(),
    "1 face": AlertRule(confirm="frames", m=1, n=1),
    "2 of 3 faces": AlertRule(confirm="frames", m=2, n=3),
    "3 of 5 faces": AlertRule(confirm="frames", m=3, n=5),
}


@dataclass(frozen=True, eq=False)
class RuleOutcome:
    """One confirmation rule at its own threshold.

    Parameters
    ----------
    name : str
        Of the rule.
    point : OperatingPoint
        Its threshold and rates, on the reporting half.
    latency_s : (p,) array
        Of each mated passage of the reporting half: seconds from first sight to the first right alert; infinite where
        there is none.
    in_view : (p,) bool array
        True where that alert came while the person was still seen.
    hindsight : bool
        True where the faces were picked with hindsight.
    """

    name: str
    point: OperatingPoint
    latency_s: FloatArray
    in_view: BoolArray
    hindsight: bool

    def quantile(self, share: float) -> float:
        """Seconds within which `share` of those who were alerted were; NaN where nobody was."""
        found = self.latency_s[np.isfinite(self.latency_s)]
        return float(np.quantile(found, share)) if len(found) else float("nan")

    def row(self, confidence: float = 0.95) -> dict[str, Any]:
        """For a table."""
        fpir, fnir = self.point.fpir, self.point.fnir
        return {
            "rule": self.name,
            "threshold": round(self.point.threshold, 4),
            "FPIR": _cell(fpir, confidence),
            "FNIR": _cell(fnir, confidence),
            "half alerted within": f"{self.quantile(0.5):.1f} s",
            "nine in ten within": f"{self.quantile(0.9):.1f} s",
            "while still in view": f"{int(self.in_view.sum())} of {int(np.isfinite(self.latency_s).sum())}",
        }


def rule_searches(candidates: dict[tuple[str, str], float], templates: Templates, comparisons: Comparisons) -> Searches:
    """What each passage's tracks could be alerted as, as searches: one row a passage, its fragments together.

    Parameters
    ----------
    candidates : dict
        From `confirmable`.
    templates : Templates
        Whose `sample_id` are the tracks.
    comparisons : Comparisons
        Its probes are the passages, and its enrolled people count.
    """
    passage = passage_of(templates)
    known = set(comparisons.probe_id.tolist())
    rows = [(passage[t], who, score) for (t, who), score in candidates.items() if passage.get(t) in known]
    subject = dict(zip(comparisons.probe_id.tolist(), comparisons.probe_subject.tolist()))
    listed = {name for name, _, _ in rows}
    rows += [(name, "", np.nan) for name in comparisons.probe_id.tolist() if name not in listed]
    probe, alleged, score = zip(*rows)
    return searches_from_candidates(probe, [subject[p] for p in probe], alleged, score, enrolled=comparisons.enrolled)


def passage_of(templates: Templates) -> dict[str, str]:
    """The passage of each track."""
    passage = templates.attributes.get("passage", templates.sample_id)
    return dict(zip(templates.sample_id.tolist(), np.asarray(passage).astype(str).tolist()))


def _cell(rate: Any, confidence: float) -> str:
    if not rate.trials:
        return "no search"
    ends = rate.interval(confidence)
    return f"{100 * rate.value:.2g} % ({rate.errors}/{rate.trials}) [{100 * ends.low:.2g}, {100 * ends.high:.2g}]"
