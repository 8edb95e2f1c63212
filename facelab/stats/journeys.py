"""The journey: one person's way past the cameras of a site, from the first sight of them to the last.

What a site is asked is seldom "was this passage alerted" but "was this person, anywhere on their way": a wanted person
passes three cameras and one alert is enough; a stranger passes the same three, and one false alert is one too many. So
with the journey as the trial FNIR falls and FPIR rises, and neither follows from the passage's rate to the power of the
cameras, because the cameras see the same face. It is measured:

- FPIR a journey: journeys of strangers with any candidate at or above the threshold / all of them;
- FNIR a journey: journeys of enrolled people whose right subject was never found / all of them.

Known people alone have journeys: an unlabelled passage is a journey of its own. Passages of one person belong to one
journey while no more than `gap_s` lies between them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from facelab.errors import BadInput, NotMeasured
from facelab.types import Comparisons

if TYPE_CHECKING:
    from collections.abc import Mapping

    from facelab.stats._given import IntArray, TextArray


def journey_comparisons(comparisons: Comparisons, gap_s: float = 1800.0) -> Comparisons:
    """One row a journey: of its passages the best score against each reference.

    Parameters
    ----------
    comparisons : Comparisons
        One row a passage, with the attributes `start_s`, `end_s` and `camera` where they are known.
    gap_s : float
        Seconds out of sight after which a person is on a new journey; above 0.

    Returns
    -------
    Comparisons
        Probe attributes: `passages`, `cameras` (how many of each), `start_s`, `end_s`. A journey without a single
        template stays, as a row of NaN.
    """
    row, names = journeys_of(comparisons, gap_s)
    first = np.unique(row, return_index=True)[1]
    order = np.argsort(row, kind="stable")
    starts = np.searchsorted(row[order], np.arange(len(names)))
    score = np.asarray(comparisons.score)
    best = np.fmax.reduceat(score[order], starts, axis=0) if len(names) else score[:0]
    attributes: dict[str, Any] = {"passages": np.bincount(row, minlength=len(names))}
    camera = comparisons.probe_attributes.get("camera")
    if camera is not None:
        attributes["cameras"] = np.bincount(
            np.unique(np.stack([row, np.unique(camera, return_inverse=True)[1]]), axis=1)[0], minlength=len(names)
        )
    for name, better in (("start_s", np.fmin), ("end_s", np.fmax)):
        if name in comparisons.probe_attributes and len(names):
            attributes[name] = better.reduceat(np.asarray(comparisons.probe_attributes[name], float)[order], starts)
    return Comparisons(
        best,
        names,
        comparisons.probe_subject[first],
        comparisons.reference_id,
        comparisons.reference_subject,
        comparisons.enrolled,
        attributes,
        comparisons.reference_attributes,
        comparisons.pack,
        comparisons.synthetic,
    )


def journeys_of(comparisons: Comparisons, gap_s: float = 1800.0) -> tuple[IntArray, TextArray]:
    """(p,) the number of each passage's journey, from 0, and (j,) the journeys' names, ``subject/1``, ``subject/2``, ….

    A passage that no track found has no time: it belongs to its person's first journey.
    """
    if not gap_s > 0:
        raise BadInput(f"must be above 0, it is {gap_s}", place="gap_s")
    unknown = np.full(len(comparisons), np.nan)
    start = np.asarray(comparisons.probe_attributes.get("start_s", unknown), float)
    end = np.asarray(comparisons.probe_attributes.get("end_s", start), float)
    subject = comparisons.probe_subject
    name = np.empty(len(comparisons), dtype=object)
    last: dict[str, tuple[int, float]] = {}
    for i in np.lexsort((np.where(np.isnan(start), np.inf, start), subject)):
        who = str(subject[i])
        if not who:
            name[i] = str(comparisons.probe_id[i])
            continue
        number, seen = last.get(who, (1, np.nan))
        if np.isnan(start[i]):
            name[i] = f"{who}/1"
            continue
        number += bool(start[i] - seen > gap_s)
        last[who] = (number, np.fmax(seen, end[i]))
        name[i] = f"{who}/{number}"
    names, row = np.unique(name.astype(np.str_), return_inverse=True)
    return np.asarray(row, np.int64), names


def above_own_threshold(comparisons: Comparisons, thresholds: Mapping[str, float]) -> Comparisons:
    """The same comparisons with each score less the threshold of its camera: accepted at and above 0.

    Parameters
    ----------
    comparisons : Comparisons
        With the attribute `camera`.
    thresholds : mapping of str to float
        One a camera.

    Raises
    ------
    NotMeasured
        The cameras are not known.
    BadInput
        A camera has no threshold.
    """
    camera = comparisons.probe_attributes.get("camera")
    if camera is None:
        raise NotMeasured("the camera of the passages is not known, so there are no thresholds by camera")
    missing = np.setdiff1d(camera, list(thresholds))
    if missing.size:
        raise BadInput(f"camera {str(missing[0])!r} has no threshold", place="thresholds")
    own = np.array([thresholds[name] for name in camera.tolist()], dtype=np.float64)
    return Comparisons(
        # in float64, so that a score that equals its threshold stays accepted
        comparisons.score.astype(np.float64) - own[:, None],
        comparisons.probe_id,
        comparisons.probe_subject,
        comparisons.reference_id,
        comparisons.reference_subject,
        comparisons.enrolled,
        comparisons.probe_attributes,
        comparisons.reference_attributes,
        comparisons.pack,
        comparisons.synthetic,
    )


def camera_of(comparisons: Comparisons) -> TextArray:
    """(p,) the camera of each passage.

    Raises
    ------
    NotMeasured
        It is not known.
    """
    camera = comparisons.probe_attributes.get("camera")
    if camera is None or (np.asarray(camera) == "").any():
        raise NotMeasured("the camera of the passages is not known, so cameras cannot be compared")
    return np.asarray(camera, dtype=np.str_)
