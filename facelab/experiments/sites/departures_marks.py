"""What masked and blurred people cost by how they are marked: rendered footage says of each passage what covers it.

The mark of a journey is what most of its passages have: a cover (mask, sunglasses, hood), a blur (out of focus, smeared
by motion), or none. Footage without marks, such as a site's own, has no groups.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

import numpy as np

from facelab.config import TerminalFootage
from facelab.data.terminal import read_facts
from facelab.errors import FacelabError
from facelab.stats.dyadic import PeopleTrials, person_codes, rate_of
from facelab.stats.journeys import journeys_of

if TYPE_CHECKING:
    from facelab.experiments.sites.departures_journeys import Journeys
    from facelab.stats._given import TextArray
    from facelab.stats.rates import Rate

PLAIN = "none"
NAMES = {"mask": "mask", "defocus": "out of focus", "motion": "smeared by motion", "away": "face turned away"}


def missed_by_mark(journeys: Journeys, threshold: float) -> dict[str, Rate]:
    """Wanted people's journeys without a right alarm, by their mark; empty where the footage has no marks."""
    if not isinstance(journeys.study.scenario.footage, TerminalFootage):
        return {}
    try:
        facts = read_facts(journeys.study.workspace.footage).attributes(journeys.passages.probe_id)
    except (FacelabError, OSError):
        return {}
    cover, blur = (np.asarray(facts[name]).astype(str) for name in ("cover", "blur"))
    return missed_by_label(journeys, threshold, np.where(blur != "", blur, np.where(cover != "", cover, PLAIN)))


def missed_by_label(journeys: Journeys, threshold: float, label: TextArray) -> dict[str, Rate]:
    """Wanted people's journeys without a right alarm, by the label that most of their passages have.

    Parameters
    ----------
    journeys : Journeys
        Every enrolled person's journey counts.
    threshold : float
        T.
    label : (p,) array of str
        One a passage of `journeys`.
    """
    rows, names = journeys_of(journeys.passages, journeys.study.scenario.alerts.journey_gap_s)
    told: dict[str, Counter[str]] = defaultdict(Counter)
    for row, mark in zip(rows.tolist(), np.asarray(label).tolist(), strict=True):
        told[str(names[row])][mark] += 1
    searches = journeys.curve.searches
    own = np.flatnonzero(searches.mated)
    mark = np.array([told[name].most_common(1)[0][0] for name in searches.probe_id[own].tolist()], dtype=np.str_)
    rank = journeys.study.scenario.rank
    hit = (searches.rank[own] >= 1) & (searches.rank[own] <= rank) & (searches.mate_score[own] >= threshold)
    found = {}
    for name in np.unique(mark).tolist():
        here = mark == name
        people = PeopleTrials(person_codes(searches.probe_subject[own][here]), "people")
        found[NAMES.get(name, name)] = rate_of(people, ~hit[here], "missed journeys")
    return found
