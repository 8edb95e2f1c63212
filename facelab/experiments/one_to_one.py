"""The same scores one comparison at a time: 1:1 error rates of a study, which do not depend on the watchlist's size.

Every passage of the reporting half against every reference. Beyond one false match in all comparisons only a model can
speak: the generalised Pareto tail, drawn and said as extrapolation, and left out where its fit is refused.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from facelab.errors import BadInput, NotMeasured
from facelab.experiments.study import Study, say
from facelab.report.planning import small

if TYPE_CHECKING:
    from facelab.stats.tail import Tail
    from facelab.stats.verification import ErrorCurve

ONE_CLASS = "There are mated or non-mated comparisons only: no 1:1 error curve can be drawn."
MODEL_TARGET = 1e-6
SEED = 1


def verification_of(study: Study) -> ErrorCurve:
    """The exact 1:1 error curve of the reporting half's comparisons.

    Raises
    ------
    NotMeasured
        One class has no score.
    """
    from facelab.stats.comparing import verification_curve_of_comparisons

    found = study.comparisons
    reported = found.take(np.isin(found.probe_id, study.halves.report.searches.probe_id))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # whether the scores look like distances was told where they were made
            return verification_curve_of_comparisons(reported)
    except BadInput as error:
        raise NotMeasured(ONE_CLASS) from error


def _tail(curve: ErrorCurve) -> Tail | None:
    """The tail of the non-mated scores; None where it is refused."""
    from facelab.stats.traditional import tail_of_curve

    try:
        return tail_of_curve(curve, np.random.default_rng(SEED))
    except NotMeasured:
        return None


def verification_figure(study: Study) -> Any:
    """The 1:1 DET curve with its bands and tail as a saved figure; a sentence where there is none."""
    from facelab import plots

    try:
        curve = verification_of(study)
    except NotMeasured as reason:
        return say(str(reason))
    return study.figure(plots.verification_det(curve, tail=_tail(curve)), "verification_det")


def verification_sentences(study: Study) -> tuple[str, ...]:
    """The equal error rate, what one false match is, and what a model says beyond."""
    try:
        curve = verification_of(study)
    except NotMeasured as reason:
        return (str(reason),)
    eer, completed = curve.eer(), curve.non_mated.completed
    first = (
        f"One comparison at a time, both errors meet at {small(eer.rate)} (threshold {eer.threshold:.4f}); one false "
        f"match in {completed:,} comparisons is an FMR of {small(1 / completed)}."
    )
    tail = _tail(curve)
    if tail is None:
        return (first, "The highest scores of strangers do not look generalised Pareto: nothing is extrapolated.")
    goal = max(MODEL_TARGET, 0.2 / completed)
    if goal >= tail.share:
        return (first,)
    found = tail.threshold(goal)
    sure = "" if found.certified is None else f", and {found.certified:.4f} with 95 % confidence"
    return (
        first,
        f"Extrapolated by a model, an FMR of {small(goal)} would take a threshold of {found.threshold:.4f}{sure}.",
    )
