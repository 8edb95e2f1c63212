"""The statistics half: from scores to error rates, intervals and thresholds (numpy and scipy only).

Conventions: scores are similarities; a comparison is accepted when ``score >= threshold``; every rate carries its
counts and an interval whose unit is the person. Definitions and sources stand in docs/statistics.md.
"""

from __future__ import annotations

from facelab.stats.all_pairs import all_pairs_curve, verification_curve_of_all_pairs
from facelab.stats.comparing import (
    verification_curve,
    verification_curve_of_comparisons,
    verification_curve_of_pairs,
)
from facelab.stats.curves import Band, Cmc
from facelab.stats.dyadic import PairTrials, PeopleTrials, person_codes, rate_of
from facelab.stats.intervals import Interval
from facelab.stats.openset import OpenSetCurve, open_set_curve, open_set_curve_of_searches
from facelab.stats.planning import pairs_needed, people_needed, rule_of_thirty, rule_of_three
from facelab.stats.points import OperatingPoint, Unattainable, operating_points
from facelab.stats.rates import Clustering, Rate
from facelab.stats.scorefile import ScoreFile, read_candidates, read_enrolled, read_pairs, read_scores
from facelab.stats.searches import Searches, searches_from_candidates
from facelab.stats.suspect import SuspectScores
from facelab.stats.thresholds import split_probes
from facelab.stats.verification import ErrorCurve, generalised_rates
from facelab.stats.verification_points import (
    EqualErrorRate,
    VerificationPoint,
    VerificationReport,
    verification_report,
)

__all__ = [
    "Band",
    "Clustering",
    "Cmc",
    "EqualErrorRate",
    "ErrorCurve",
    "Interval",
    "OpenSetCurve",
    "OperatingPoint",
    "PairTrials",
    "PeopleTrials",
    "Rate",
    "ScoreFile",
    "Searches",
    "SuspectScores",
    "Unattainable",
    "VerificationPoint",
    "VerificationReport",
    "all_pairs_curve",
    "generalised_rates",
    "open_set_curve",
    "open_set_curve_of_searches",
    "operating_points",
    "pairs_needed",
    "people_needed",
    "person_codes",
    "rate_of",
    "read_candidates",
    "read_enrolled",
    "read_pairs",
    "read_scores",
    "rule_of_thirty",
    "rule_of_three",
    "searches_from_candidates",
    "split_probes",
    "verification_curve",
    "verification_curve_of_all_pairs",
    "verification_curve_of_comparisons",
    "verification_curve_of_pairs",
    "verification_report",
]
