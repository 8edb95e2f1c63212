"""Figures: each draws one result on an axes and computes nothing beyond what it shows.

``facelab.plots.<figure>(result, ax=None) -> Axes``. Colours are told apart by colour-blind people (Okabe and Ito 2008),
a title says what the figure shows of this data, axes carry units, and `alt_text` gives the figure in words.
"""

from facelab.plots.alerts import alerts_over_time, time_to_alert
from facelab.plots.audit import closest_pairs, false_alerts_by_reference
from facelab.plots.cameras import thresholds_by_camera
from facelab.plots.comparison import det_of_two, paired_differences
from facelab.plots.degradation import missed_by_width, scores_by_condition
from facelab.plots.detection import face_widths, passage_outcomes, quality
from facelab.plots.discard import error_versus_discard
from facelab.plots.errors import det, error_rates, score_distributions
from facelab.plots.groups import rates_by_group
from facelab.plots.label_noise import rates_with_wrong_labels
from facelab.plots.scaling import fpir_by_gallery
from facelab.plots.style import alt_text, png, save
from facelab.plots.trend import trend
from facelab.plots.verification import verification_det
from facelab.plots.watchlist import enrolment, nearest_strangers
from facelab.plots.workload import alerts_a_day

__all__ = [
    "alerts_a_day",
    "alerts_over_time",
    "alt_text",
    "closest_pairs",
    "det",
    "det_of_two",
    "enrolment",
    "error_rates",
    "error_versus_discard",
    "face_widths",
    "false_alerts_by_reference",
    "fpir_by_gallery",
    "missed_by_width",
    "nearest_strangers",
    "paired_differences",
    "passage_outcomes",
    "png",
    "quality",
    "rates_by_group",
    "rates_with_wrong_labels",
    "save",
    "score_distributions",
    "scores_by_condition",
    "thresholds_by_camera",
    "time_to_alert",
    "trend",
    "verification_det",
]
