"""Suspected errors in the labels of searches, each with what its correction would do to the rates and the threshold.

A stranger whose best score is as high as those of enrolled people may be enrolled (*hidden*). A search of an enrolled
person who scores less than another subject may be of somebody else (*misnamed*). Whoever stands first in the list moves
the rates most. No label is changed here: a person decides, with the pictures before them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from facelab.errors import NotMeasured
from facelab.stats.label_noise import score_candidates, threshold_at
from facelab.stats.planning import checked_target

if TYPE_CHECKING:
    from facelab.stats.searches import Searches


@dataclass(frozen=True)
class Suspect:
    """A search whose label may be wrong.

    Parameters
    ----------
    probe_id, labelled : str
        The search, and who its label says it is (empty: a stranger).
    alleged : int
        The number of the subject whom it resembles most (`Searches.other_subjects`).
    kind : {"hidden", "misnamed"}
        What the error would be.
    score : float
        Against the alleged subject.
    typical : float
        The share of the enrolled people's searches with a lower score of their own: how typical the score is of one
        and the same person.
    threshold : float
        The threshold at the target FPIR if this label and all above it in the list were corrected; NaN where too few
        searches are left for it.
    moved : float
        By how much this one label alone would move the threshold.
    """

    probe_id: str
    labelled: str
    alleged: int
    kind: Literal["hidden", "misnamed"]
    score: float
    typical: float
    threshold: float
    moved: float

    def to_dict(self) -> dict[str, Any]:
        """For JSON; null where there is no threshold."""
        said = dict(self.__dict__)
        return {name: None if isinstance(value, float) and np.isnan(value) else value for name, value in said.items()}


def label_suspects(found: Searches, target: float, *, most: int = 20) -> list[Suspect]:
    """The searches whose labels are most doubtful, with the effect of their correction on the threshold at a target.

    A corrected *hidden* search leaves the strangers. A corrected *misnamed* one is of the alleged person: it stays
    among the enrolled, FNIR loses a miss, and the threshold at an FPIR stays where it is.

    Parameters
    ----------
    found : Searches
        Labelled.
    target : float
        FPIR, in (0, 1).
    most : int
        How many at most, the highest scores first.

    Raises
    ------
    NotMeasured
        There are searches of one kind only, or fewer strangers than 1/target.
    """
    checked_target(target, "target FPIR")
    if not found.mated.any() or found.mated.all():
        raise NotMeasured("there are searches of one kind only: nothing says which scores are typical")
    best = np.nan_to_num(found.other_score, nan=-np.inf)
    own = np.sort(np.nan_to_num(found.mate_score[found.mated], nan=-np.inf))
    strangers, candidates = best[~found.mated], score_candidates(found)
    start = threshold_at(strangers, target, candidates)
    if np.isnan(start):
        raise NotMeasured(f"{len(strangers):,} searches of strangers are too few for a threshold at FPIR {target:g}")
    doubtful = np.flatnonzero(np.isfinite(best) & (~found.mated | found.misidentified))
    order = doubtful[np.argsort(-best[doubtful], kind="stable")][:most]
    falling, gone, suspects = np.asarray(np.sort(strangers)[::-1], dtype=np.float64), 0, []
    for row in order:
        hidden, score = not bool(found.mated[row]), float(best[row])
        gone += hidden  # the list is of the highest scores: so many are gone from the top
        alone = (
            threshold_at(np.delete(falling, int(np.searchsorted(-falling, -score))), target, candidates)
            if hidden
            else start
        )
        suspects.append(
            Suspect(
                str(found.probe_id[row]),
                str(found.probe_subject[row]) if not hidden else "",
                int(found.other_subjects[row, 0]),
                "hidden" if hidden else "misnamed",
                score,
                float(np.searchsorted(own, score)) / len(own),
                threshold_at(falling[gone:], target, candidates),
                alone - start,
            )
        )
    return suspects
