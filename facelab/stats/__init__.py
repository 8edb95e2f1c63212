"""The statistics half: from scores to error rates, intervals and thresholds (numpy and scipy only).

Conventions: scores are similarities; a comparison is accepted when ``score >= threshold``; every rate carries its
counts and an interval whose unit is the person. Definitions and sources stand in docs/statistics.md.
"""

from __future__ import annotations

from facelab.stats.intervals import Interval
from facelab.stats.rates import Clustering, Rate

__all__ = ["Clustering", "Interval", "Rate"]
