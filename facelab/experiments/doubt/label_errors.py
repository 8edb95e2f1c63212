"""How much the labels of a study matter: what wrong ones would do, and whose label is doubtful.

At the threshold that speaks for the study, on the half that reports. The draws are always the same: one seed.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

from facelab.errors import NotMeasured
from facelab.experiments.floor import speaking_point
from facelab.experiments.study import say
from facelab.report.rows import percent, rate_text
from facelab.stats.label_noise import LabelNoise, label_noise
from facelab.stats.label_suspects import label_suspects

if TYPE_CHECKING:
    from facelab.experiments.study import Study
    from facelab.stats.label_suspects import Suspect

SEED = 1
SHARES = (0.002, 0.005, 0.01, 0.02, 0.05)
TOLD = 0.01
MOST = 12
COLUMNS = ("passage", "labelled", "resembles", "score", "as typical as", "it alone moves T by", "T with all so far")


def noise_of(study: Study, share: float) -> LabelNoise:
    """What a share of wrong labels would do to the reporting half, and to the threshold that it would choose.

    Raises
    ------
    NotMeasured
        There is no threshold, or there are searches of one kind only.
    """
    point = speaking_point(study)
    if point is None:
        raise NotMeasured("there is no threshold here whose rates wrong labels could change")
    rng = np.random.default_rng(SEED)
    return label_noise(study.halves.report.searches, point.threshold, share, rng, target=point.target, repeats=100)


def label_errors_figure(study: Study) -> Any:
    """Both rates against the share of wrong labels as a saved figure; a sentence where there is none."""
    from facelab.plots.label_noise import rates_with_wrong_labels

    try:
        found = [noise_of(study, share) for share in (0.0, *SHARES)]
    except NotMeasured as reason:
        return say(f"{reason}.")
    return study.figure(rates_with_wrong_labels(found), "wrong_labels")


def label_error_sentences(study: Study) -> tuple[str, ...]:
    """What one wrong label in a hundred would do, beside the intervals as measured."""
    try:
        noise = noise_of(study, TOLD)
    except NotMeasured as reason:
        return (f"{str(reason)[0].upper()}{str(reason)[1:]}.",)
    point, confidence = study.halves.report.at(noise.threshold), study.scenario.confidence
    said = []
    for name, rate in (("fpir", point.fpir), ("fnir", point.fnir)):
        ends = noise.ends(name)
        said.append(
            f"{name.upper()} {rate_text(rate.to_dict(confidence))}; with 1 % of the people labelled wrongly it would"
            f" read {percent(ends.value)} [{percent(ends.low)}, {percent(ends.high)}]."
        )
    moved = noise.ends("thresholds")
    if np.isfinite(moved.value):
        said.append(
            f"The threshold that this half would choose for FPIR {percent(noise.target or 0.0)}, {noise.before[2]:.4f},"
            f" would lie at {moved.value:.4f} [{moved.low:.4f}, {moved.high:.4f}]."
        )
    return (" ".join(said),)


def suspects_of(study: Study) -> list[Suspect]:
    """The most doubtful labels of the reporting half, with their effect on the threshold at the study's target.

    Raises
    ------
    NotMeasured
        No threshold was chosen for a target, or there are searches of one kind only, or too few.
    """
    point = speaking_point(study)
    if point is None or point.target is None:
        raise NotMeasured("no threshold was chosen for a target, so no label can move one")
    return label_suspects(study.halves.report.searches, point.target, most=MOST)


def suspect_table(study: Study) -> Any:
    """The most doubtful labels as a table that Jupyter shows; it names people: the cell's tag is ``names``."""
    from IPython.display import HTML

    try:
        found = suspects_of(study)
    except NotMeasured as reason:
        return say(f"{str(reason)[0].upper()}{str(reason)[1:]}.")
    subjects = np.unique(study.comparisons.reference_subject)
    rows = "".join(
        "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in _cells(one, subjects)) + "</tr>" for one in found
    )
    head = "".join(f"<th scope='col'>{escape(name)}</th>" for name in COLUMNS)
    return HTML(f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>")  # type: ignore[no-untyped-call]


def _cells(one: Suspect, subjects: Any) -> tuple[str, ...]:
    typical = f"{percent(one.typical)} of mates"
    after = "too few left" if np.isnan(one.threshold) else f"{one.threshold:.4f}"
    moved = "" if np.isnan(one.moved) else f"{one.moved:+.4f}"
    alleged = str(subjects[one.alleged])
    return one.probe_id, one.labelled or "a stranger", alleged, f"{one.score:.4f}", typical, moved, after
