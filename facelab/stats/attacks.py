"""Presentation attacks: APCER by instrument species, its maximum, and BPCER (ISO/IEC 30107-3).

Symbols: a presentation's detection score s is *higher for a bona fide presentation*; it is classified as bona fide when
s >= threshold. APCER(species) = attack presentations of that species that are classified as bona fide / those with a
response. BPCER = bona fide presentations classified as attack / those with a response. A NaN is a non-response: outside
APCER and BPCER, and shown apart as APNRR and BPNRR. The figure of a system is the **largest** APCER over the species,
since an attacker chooses the instrument; pooling all attacks hides the one that works. BPCER20 is BPCER at the
threshold where the largest APCER is at most 5 %, BPCER100 at 1 %.

The interval of the largest APCER is simultaneous over the species (Bonferroni): each at 1 - (1 - confidence)/species.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from facelab.errors import BadInput, NotMeasured, UnattainableTarget
from facelab.stats._given import BoolArray, FloatArray, TextArray, labels, numbers, plain, within
from facelab.stats.columns import read_columns
from facelab.stats.dyadic import PeopleTrials, person_codes, rate_of
from facelab.stats.intervals import Interval
from facelab.stats.planning import allowed_errors, trials_to_resolve
from facelab.stats.rates import Rate

if TYPE_CHECKING:
    from pathlib import Path

BONA_FIDE = ""


@dataclass(frozen=True, eq=False)
class AttackScores:
    """Detection scores of presentations.

    Parameters
    ----------
    score : (n,) array
        Higher for bona fide presentations; NaN where the system gave no response.
    species : (n,) array of str
        Instrument species of each attack ("print", "replay", …); empty: a bona fide presentation.
    subject : (n,) array of str or None
        Who presented (bona fide) or whose instrument series it is: the unit of the intervals.
    """

    score: FloatArray
    species: TextArray
    subject: TextArray | None = None

    def __post_init__(self) -> None:
        score = numbers("score", self.score, missing=True)
        object.__setattr__(self, "score", score)
        object.__setattr__(self, "species", labels("species", self.species, len(score)))
        if self.subject is not None:
            object.__setattr__(self, "subject", labels("subject", self.subject, len(score)))

    def __len__(self) -> int:
        return len(self.score)

    @property
    def attack_species(self) -> tuple[str, ...]:
        """The instrument species, sorted."""
        return tuple(str(s) for s in np.unique(self.species) if s != BONA_FIDE)

    def apcer(self, species: str, threshold: float) -> Rate:
        """Share of one species' attacks (with a response) that are classified as bona fide."""
        rows = self.species == species
        if species == BONA_FIDE or not rows.any():
            raise BadInput(
                f"no attack of species {species!r}; there are {', '.join(self.attack_species)}", place="species"
            )
        return self._rate(rows, self.score >= threshold, f"APCER {species}")

    def bpcer(self, threshold: float) -> Rate:
        """Share of the bona fide presentations (with a response) that are classified as attack."""
        return self._rate(self.species == BONA_FIDE, self.score < threshold, "BPCER")

    def nonresponse(self, species: str = BONA_FIDE) -> Rate:
        """Share of a species' presentations without a response: APNRR, or BPNRR for the bona fide (the default)."""
        rows = self.species == species
        missing = np.isnan(self.score[rows])
        return Rate(int(missing.sum()), int(rows.sum()), "BPNRR" if species == BONA_FIDE else f"APNRR {species}")

    def _rate(self, rows: BoolArray, error: BoolArray, name: str) -> Rate:
        answered = rows & ~np.isnan(self.score)
        if self.subject is None:
            return Rate(int(error[answered].sum()), int(answered.sum()), name)
        who = person_codes(self.subject[answered])
        return rate_of(PeopleTrials(who, "subjects"), error[answered], name)

    def at(self, threshold: float) -> AttackErrors:
        """All error rates at a threshold."""
        if not self.attack_species or not (self.species == BONA_FIDE).any():
            raise NotMeasured("both attacks and bona fide presentations (empty species) are needed")
        species = self.attack_species
        return AttackErrors(
            float(threshold),
            {name: self.apcer(name, threshold) for name in species},
            self.bpcer(threshold),
            {name: self.nonresponse(name) for name in (*species, BONA_FIDE)},
        )

    def threshold_at_apcer(self, target: float) -> AttackErrors:
        """The errors at the smallest threshold whose largest APCER is at most `target`.

        BPCER20 is the BPCER of ``threshold_at_apcer(0.05)``, BPCER100 that of ``threshold_at_apcer(0.01)``.

        Raises
        ------
        UnattainableTarget
            Where a species has fewer than 1/target answered attacks.
        """
        within("target", target, 0.0, 1.0)
        needed = []
        for name in self.attack_species:
            given = self.score[self.species == name]
            given = np.sort(given[~np.isnan(given)])[::-1]
            least = trials_to_resolve(target)
            if len(given) < least:
                raise UnattainableTarget(f"APCER {name}", target, have=len(given), needed=least)
            allowed = allowed_errors(target, len(given))
            needed.append(np.nextafter(given[allowed], np.inf) if allowed < len(given) else -np.inf)
        if not needed:
            raise NotMeasured("there is no attack among the presentations")
        candidates = np.append(np.unique(self.score[~np.isnan(self.score)]), np.inf)
        above = candidates[candidates >= max(needed)]
        top = np.nextafter(candidates[-2], np.inf)
        return self.at(float(above[0]) if np.isfinite(above[0]) else float(top))


@dataclass(frozen=True, eq=False)
class AttackErrors:
    """APCER of every species, BPCER and non-responses at one threshold."""

    threshold: float
    apcer: dict[str, Rate]
    bpcer: Rate
    nonresponse: dict[str, Rate]

    @property
    def worst_species(self) -> str:
        """The species with the largest APCER (the first by name where several have it); one without a trial is not."""
        measured = {name: rate for name, rate in self.apcer.items() if rate.trials}
        if not measured:
            raise NotMeasured("no attack got a response, so there is no APCER")
        return max(measured, key=lambda name: (measured[name].value, [-ord(c) for c in name]))

    @property
    def largest_apcer(self) -> Rate:
        """The figure of the system: the largest APCER over the species."""
        return self.apcer[self.worst_species]

    def largest_apcer_interval(self, confidence: float = 0.95) -> Interval:
        """Simultaneous interval of the largest APCER: the largest lower and the largest upper end over the species."""
        level = 1 - (1 - within("confidence", confidence, 0.0, 1.0)) / len(self.apcer)
        each = [rate.interval(level) for rate in self.apcer.values() if rate.trials]
        if not each:
            raise NotMeasured("no attack got a response, so there is no APCER")
        worst = self.largest_apcer.interval(level)
        method = f"{worst.method}, Bonferroni over {len(self.apcer)} species"
        low, high = max(i.low for i in each), max(i.high for i in each)
        return Interval(low, high, confidence, method, worst.people, worst.design_effect, worst.note)

    def __repr__(self) -> str:
        return f"at {self.threshold:.4g}: largest {self.largest_apcer!r}; {self.bpcer!r}"

    def to_dict(self, confidence: float = 0.95) -> dict[str, Any]:
        """For JSON."""
        worst = self.largest_apcer_interval(confidence)
        return {
            "threshold": plain(self.threshold),
            "largest_apcer": {
                "species": self.worst_species,
                "rate": plain(self.largest_apcer.value),
                "low": worst.low,
                "high": worst.high,
                "method": worst.method,
            },
            "apcer": {name: rate.to_dict(confidence) for name, rate in self.apcer.items()},
            "bpcer": self.bpcer.to_dict(confidence),
            "nonresponse": {name or "bona fide": rate.to_dict(confidence) for name, rate in self.nonresponse.items()},
        }


def read_attack_scores(path: Path) -> AttackScores:
    """Presentation scores of a CSV or parquet file: ``score``, ``species`` (empty: bona fide), optional ``subject``.

    An empty score is a non-response.

    Raises
    ------
    BadInput
        A file that cannot be read, a missing column, no row, a score that is none; names file and line.
    """
    table = read_columns(path, ("score", "species"), ("subject",))
    subject = np.char.strip(table.strings("subject")) if "subject" in table else None
    return AttackScores(table.numbers("score"), np.char.strip(table.strings("species")), subject)
