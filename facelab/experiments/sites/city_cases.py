"""Alerts put together as cases: all alerts of one day that name the same person of the database."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from facelab.experiments.sites.city_findings import Findings
    from facelab.types import Bools


@dataclass(frozen=True)
class Cases:
    """Alerts and cases a day of one kind of person.

    Parameters
    ----------
    who : str
        Whose passages raised them.
    alerts : float
        A day, over all cameras.
    alerts_a_case : float
        As counted in the footage; 1 where there was no alert.
    """

    who: str
    alerts: float
    alerts_a_case: float

    @property
    def cases(self) -> float:
        """A day."""
        return self.alerts / self.alerts_a_case


def cases_a_day(found: Findings) -> tuple[Cases, Cases]:
    """False alerts on strangers and alerts on enrolled people at the common threshold, as alerts and as cases."""
    half, threshold = found.report.searches, float(found.threshold or 0.0)
    outcome = found.chosen.outcome
    named = half.other_subjects[:, 0]
    false = ~half.mated & (half.other_score >= threshold)
    right = half.mated & (half.rank == 1) & (half.mate_score >= threshold)
    strangers = outcome.common_alerts.value - outcome.common_true.value
    return (
        Cases("strangers", strangers, _a_case(named, false)),
        Cases("wanted people", outcome.common_true.value, _a_case(half.person, right)),
    )


def _a_case(named: np.ndarray, alerted: Bools) -> float:
    """Alerts for each distinct name among them."""
    return float(alerted.sum() / max(len(np.unique(named[alerted])), 1)) if alerted.any() else 1.0
