"""Match and live at once: who passes a gate that asks both, over both thresholds.

A presentation passes where its match score is at or above the match threshold *and* its liveness score at or above the
liveness threshold. Rates (ISO/IEC 30107-3:2023, full system):

- wrong person through by attack: attack presentations of a species that pass / all of that species (IAPAR). A system's
  figure is the largest over the species, since an attacker chooses the instrument;
- genuine rejected: bona fide presentations that do not pass / all of them, by the match, by liveness or by both.

A presentation without a response of either part (NaN) does not pass, and stays in the denominator: the gate remains
shut. Where both scores were taken of the same presentations (column ``match_score``) nothing is assumed. Where they
come from different people the joint rate is not known: it lies between max(a, b) and min(1, a + b) of the two
rejection rates (Fréchet), and a + b - ab is what independence would say; an attack passes at most as often as it is
taken for live, APCER, which is a gate where every instrument matches.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from facelab.errors import BadInput, NotMeasured
from facelab.stats._given import BoolArray, FloatArray, TextArray, labels, numbers, plain, within
from facelab.stats.attacks import BONA_FIDE
from facelab.stats.columns import read_columns
from facelab.stats.dyadic import PeopleTrials, person_codes, rate_of
from facelab.stats.rates import Rate
from facelab.stats.workload import Estimate

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, eq=False)
class JointScores:
    """Presentations with both scores.

    Parameters
    ----------
    match, live : (n,) arrays
        Match score against the identity presented, and liveness score (higher for bona fide); NaN: no response.
    species : (n,) array of str
        Instrument species of each attack; empty: bona fide.
    subject : (n,) array of str, optional
        Who presented, or whose instrument series it is: the unit of the intervals.
    """

    match: FloatArray
    live: FloatArray
    species: TextArray
    subject: TextArray | None = None

    def __post_init__(self) -> None:
        match = numbers("match_score", self.match, missing=True)
        live = numbers("score", self.live, missing=True)
        if match.shape != live.shape:
            raise BadInput(f"has {len(match)} entries, there are {len(live)} liveness scores", place="match_score")
        object.__setattr__(self, "match", match)
        object.__setattr__(self, "live", live)
        object.__setattr__(self, "species", labels("species", self.species, len(match)))
        if self.subject is not None:
            object.__setattr__(self, "subject", labels("subject", self.subject, len(match)))
        if not self.attack_species or not (self.species == BONA_FIDE).any():
            raise NotMeasured("both attacks and bona fide presentations (empty species) are needed")

    def __len__(self) -> int:
        return len(self.match)

    @property
    def attack_species(self) -> tuple[str, ...]:
        """The instrument species, sorted."""
        return tuple(str(s) for s in np.unique(self.species) if s != BONA_FIDE)

    def passes(self, match_threshold: float, live_threshold: float) -> BoolArray:
        """(n,) which presentations pass: match and live."""
        return np.asarray((self.match >= match_threshold) & (self.live >= live_threshold))

    def at(self, match_threshold: float, live_threshold: float) -> JointErrors:
        """All rates at both thresholds."""
        through = self.passes(match_threshold, live_threshold)
        own = self.species == BONA_FIDE
        no_match, not_live = ~(self.match >= match_threshold), ~(self.live >= live_threshold)
        return JointErrors(
            float(match_threshold),
            float(live_threshold),
            {name: self._rate(self.species == name, through, f"IAPAR {name}") for name in self.attack_species},
            self._rate(own, ~through, "genuine rejected"),
            self._rate(own, no_match, "rejected by the match"),
            self._rate(own, not_live, "rejected by liveness"),
        )

    def _rate(self, rows: BoolArray, error: BoolArray, name: str) -> Rate:
        if self.subject is None:
            return Rate(int(error[rows].sum()), int(rows.sum()), name)
        return rate_of(PeopleTrials(person_codes(self.subject[rows]), "subjects"), error[rows], name)

    def surface(self, match_thresholds: Any, live_thresholds: Any) -> JointSurface:
        """Both error rates over a grid of both thresholds."""
        t, u = numbers("match_thresholds", match_thresholds), numbers("live_thresholds", live_thresholds)
        matched = np.where(np.isnan(self.match), -np.inf, self.match)[:, None] >= t  # (n, a)
        live = np.where(np.isnan(self.live), -np.inf, self.live)[:, None] >= u  # (n, b)

        def share(rows: BoolArray) -> FloatArray:
            return np.asarray(matched[rows].T.astype(np.float64) @ live[rows] / rows.sum())

        worst = np.max([share(self.species == name) for name in self.attack_species], axis=0)
        return JointSurface(t, u, worst, 1 - share(self.species == BONA_FIDE))

    def best(self, attack_at_most: float, match_thresholds: Any, live_thresholds: Any) -> JointErrors:
        """The errors at the pair of thresholds that rejects fewest genuine people with attacks bounded.

        Among the pairs of the grid whose largest IAPAR is at most `attack_at_most`; of equals the lowest thresholds.

        Raises
        ------
        NotMeasured
            No pair of the grid keeps the bound.
        """
        bound = within("attack_at_most", attack_at_most, 0.0, 1.0)
        found = self.surface(match_thresholds, live_thresholds)
        rejected = np.where(found.attack <= bound, found.rejected, np.inf)
        a, b = np.unravel_index(int(rejected.argmin()), rejected.shape)
        if not np.isfinite(rejected[a, b]):
            raise NotMeasured(f"at none of these thresholds do attacks pass in at most {bound:g}")
        return self.at(float(found.match_threshold[a]), float(found.live_threshold[b]))


@dataclass(frozen=True, eq=False)
class JointSurface:
    """Largest IAPAR over the species and genuine rejection, (a, b), over match (a,) and liveness (b,) thresholds."""

    match_threshold: FloatArray
    live_threshold: FloatArray
    attack: FloatArray
    rejected: FloatArray


@dataclass(frozen=True, eq=False)
class JointErrors:
    """The rates of a gate that asks for match and liveness, at one pair of thresholds."""

    match_threshold: float
    live_threshold: float
    iapar: dict[str, Rate]
    rejected: Rate
    rejected_by_match: Rate
    rejected_by_live: Rate

    @property
    def worst_species(self) -> str:
        """The species that passes most often (the first by name of equals)."""
        return min(self.iapar, key=lambda name: (-self.iapar[name].value, name))

    @property
    def largest_iapar(self) -> Rate:
        """The figure of the gate: how often the best instrument gets through."""
        return self.iapar[self.worst_species]

    def __repr__(self) -> str:
        where = f"match {self.match_threshold:.4g}, live {self.live_threshold:.4g}"
        return f"{where}: {self.largest_iapar!r}; {self.rejected!r}"

    def to_dict(self, confidence: float = 0.95) -> dict[str, Any]:
        """For JSON."""
        return {
            "match_threshold": plain(self.match_threshold),
            "live_threshold": plain(self.live_threshold),
            "iapar": {name: rate.to_dict(confidence) for name, rate in self.iapar.items()},
            "worst_species": self.worst_species,
            "rejected": self.rejected.to_dict(confidence),
            "rejected_by_match": self.rejected_by_match.to_dict(confidence),
            "rejected_by_live": self.rejected_by_live.to_dict(confidence),
        }


def rejected_by_either(by_match: Rate, by_live: Rate, confidence: float = 0.95) -> Estimate:
    """Genuine rejection where match and liveness were measured on different people: a + b - ab, with what is possible.

    `value` is what independence says; `low` and `high` hold however the two go together: max(a, b) of the lower ends
    and min(1, a + b) of the upper ends, each at 1 - (1 - confidence) / 2 (Bonferroni over the two rates).

    Examples
    --------
    >>> rejected_by_either(Rate(10, 1000, "FNMR"), Rate(20, 1000, "BPCER")).value
    0.0298
    """
    level = 1 - (1 - within("confidence", confidence, 0.0, 1.0)) / 2
    a, b = by_match.interval(level), by_live.interval(level)
    value = by_match.value + by_live.value - by_match.value * by_live.value
    return Estimate(round(value, 15), max(a.low, b.low), min(1.0, a.high + b.high))


def read_joint_scores(path: Path) -> JointScores:
    """Presentations of a CSV or parquet file: ``score`` (liveness), ``species``, ``match_score``, optional ``subject``.

    An empty score is a non-response; an empty species a bona fide presentation.

    Raises
    ------
    BadInput
        A file that cannot be read, a missing column, no row, a score that is none; names file and line.
    """
    table = read_columns(path, ("score", "species", "match_score"), ("subject",), numeric=("score", "match_score"))
    subject = np.char.strip(table.strings("subject")) if "subject" in table else None
    species = np.char.strip(table.strings("species"))
    return JointScores(table.numbers("match_score"), table.numbers("score"), species, subject)
