"""Which faces can be trusted: misses and false matches of degraded faces at one fixed threshold.

Each person has one good reference and one probe, which is compared as it is and degraded in several ways. The threshold
is fixed, as at a site: the smallest at which the *undegraded* comparisons between different people keep a target FMR.
Then, for each way:

- missed = (false non-matches + faces that gave no template) / people (GFRR); FNMR leaves the latter out;
- FMR of the degraded probes against everybody else's reference, at the same threshold: does a bad face look like
  everybody, or like nobody?

**Trusted** is a level of a kind when the one-sided 95 % upper bound of `missed` there, *and at every milder level of
that kind*, is at most the missed rate of undegraded faces plus a margin. So with few people nothing is trusted: the
bound says so, and `people_for` says how many it takes. A quality is trusted likewise, from the highest class down.

Intervals: the person is the unit (`facelab.stats.rates`); between people, both are (`PairTrials`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from facelab.errors import BadInput, NotMeasured
from facelab.stats._given import FloatArray, TextArray, labels, numbers, plain, within
from facelab.stats.dyadic import PairTrials, PeopleTrials, person_codes, rate_of
from facelab.stats.planning import allowed_errors
from facelab.stats.thresholds import next_threshold

if TYPE_CHECKING:
    import pandas as pd

    from facelab.stats.rates import Rate

QUALITY_CLASSES = np.round(np.arange(0.0, 1.01, 0.1), 1)
CONFIDENCE = 0.95


@dataclass(frozen=True, eq=False)
class DegradedScores:
    """Scores of the probes of n people in c conditions against everybody's reference.

    Parameters
    ----------
    subject : (n,) array of str
        The people, each once.
    kind, level : (c,) arrays
        What was done to the probes, and how much.
    score : (c, n, n) array
        Of the probe of person i against the reference of person j; NaN where a face gave no template.
    quality : (c, n) array
        Of each degraded probe; NaN where no face was found.
    width_px : (n,) array
        How wide the undegraded faces are, px.
    full : int
        The condition that stands for undegraded faces.
    """

    subject: TextArray
    kind: TextArray
    level: FloatArray
    score: FloatArray
    quality: FloatArray
    width_px: FloatArray
    full: int = 0

    def __post_init__(self) -> None:
        n, c = len(self.subject), len(self.kind)
        object.__setattr__(self, "subject", labels("subject", self.subject, n, filled=True))
        object.__setattr__(self, "kind", labels("kind", self.kind, c, filled=True))
        object.__setattr__(self, "level", numbers("level", self.level))
        if n < 2 or len(np.unique(self.subject)) != n:
            raise BadInput(f"wants two people or more, each once; there are {n} rows", place="subject")
        for name, shape in (("level", (c,)), ("score", (c, n, n)), ("quality", (c, n)), ("width_px", (n,))):
            if np.shape(getattr(self, name)) != shape:
                raise BadInput(f"must have shape {shape}, it has {np.shape(getattr(self, name))}", place=name)
        if not 0 <= self.full < c:
            raise BadInput(f"there is no condition {self.full}, there are {c}", place="full")

    @property
    def mated(self) -> FloatArray:
        """(c, n) each probe against its own reference."""
        return np.asarray(np.diagonal(self.score, axis1=1, axis2=2))

    def non_mated(self, condition: int) -> tuple[FloatArray, PairTrials]:
        """The completed comparisons between different people in one condition, and who they are."""
        score = self.score[condition]
        probe, reference = np.nonzero(~np.eye(len(score), dtype=bool) & ~np.isnan(score))
        both = np.unique(np.concatenate([probe, reference]), return_inverse=True)[1]
        return score[probe, reference], PairTrials(both[: len(probe)], both[len(probe) :])


@dataclass(frozen=True, eq=False)
class ConditionResult:
    """What became of the probes in one condition.

    Parameters
    ----------
    kind, level : str, float
        What was done.
    missed, fnmr, fmr : Rate
        As the top of this module says.
    score, quality : tuple of three floats
        5, 50 and 95 % quantile of the mated scores and of the qualities; NaN where there is none.
    """

    kind: str
    level: float
    missed: Rate
    fnmr: Rate
    fmr: Rate
    score: tuple[float, float, float]
    quality: tuple[float, float, float]

    def to_dict(self, confidence: float = CONFIDENCE) -> dict[str, Any]:
        """For JSON."""
        rates = {name: getattr(self, name).to_dict(confidence) for name in ("missed", "fnmr", "fmr")}
        seen = {"score": plain(self.score), "quality": plain(self.quality)}
        return {"kind": self.kind, "level": self.level, **rates, **seen}


@dataclass(frozen=True, eq=False)
class DegradationReport:
    """Misses and false matches by condition, and which faces can be trusted.

    Parameters
    ----------
    scores : DegradedScores
        What it was read from.
    threshold, fmr : float
        The threshold, and the FMR it was asked for.
    margin : float
        How far the missed rate may lie above that of undegraded faces.
    """

    scores: DegradedScores
    threshold: float
    fmr: float
    margin: float

    @cached_property
    def results(self) -> tuple[ConditionResult, ...]:
        """One a condition, in order."""
        return tuple(self._result(k) for k in range(len(self.scores.kind)))

    @property
    def full(self) -> ConditionResult:
        """Of undegraded faces."""
        return self.results[self.scores.full]

    @property
    def limit(self) -> float:
        """The upper bound up to which a condition is trusted: the missed rate of undegraded faces plus the margin."""
        return min(self.full.missed.value + self.margin, 1.0)

    def _result(self, k: int) -> ConditionResult:
        s = self.scores
        mated, quality = s.mated[k], s.quality[k]
        there = ~np.isnan(mated)
        everybody = PeopleTrials(np.arange(len(mated)), "people")
        others, trials = s.non_mated(k)
        return ConditionResult(
            str(s.kind[k]),
            float(s.level[k]),
            rate_of(everybody, ~(mated >= self.threshold), "missed"),
            rate_of(PeopleTrials(np.arange(int(there.sum())), "people"), mated[there] < self.threshold, "FNMR"),
            rate_of(trials, others >= self.threshold, "FMR"),
            _quantiles(mated),
            _quantiles(quality),
        )

    def of_kind(self, kind: str) -> tuple[ConditionResult, ...]:
        """The conditions of one kind, from the mildest to the worst, undegraded faces first."""
        own = [r for r in self.results if r.kind == kind and r is not self.full]
        return (self.full, *sorted(own, key=lambda r: _severity(r.kind, r.level)))

    def trusted(self, kind: str) -> tuple[float, ...]:
        """The levels of one kind that are trusted, from the mildest; for ``exposure`` both ways."""
        sides = [self.of_kind(kind)[1:]]
        if kind == "exposure":
            sides = [[r for r in sides[0] if r.level < 0], [r for r in sides[0] if r.level > 0]]  # type: ignore[list-item]
        found: list[float] = []
        for side in sides:
            for result in side if self._holds(self.full.missed) else ():
                if not self._holds(result.missed):
                    break
                found.append(result.level)
        return tuple(found)

    def _holds(self, missed: Rate) -> bool:
        return missed.trials > 0 and missed.upper(CONFIDENCE) <= self.limit

    @property
    def minimum_width_px(self) -> float | None:
        """The narrowest face that is trusted, px; None where not even undegraded faces are: too few people."""
        if not self._holds(self.full.missed):
            return None
        return min((self.full.level, *self.trusted("width")))

    @cached_property
    def by_quality(self) -> tuple[tuple[float, Rate], ...]:
        """The lower end of each class of quality, from the highest, and what was missed in it, all conditions together.

        The mix of conditions decides what is in a class: this speaks of these degradations, not of a site's own.
        """
        s = self.scores
        quality, mated = s.quality.ravel(), s.mated.ravel()
        who = np.tile(np.arange(len(s.subject)), len(s.kind))
        # a face of quality 1 belongs to the highest class
        at = np.minimum(np.digitize(quality, QUALITY_CLASSES) - 1, len(QUALITY_CLASSES) - 2)
        found = []
        for k in range(len(QUALITY_CLASSES) - 2, -1, -1):
            rows = (at == k) & ~np.isnan(quality)
            if rows.any():
                people = PeopleTrials(person_codes(who[rows].astype(str)), "people")
                rate = rate_of(people, ~(mated[rows] >= self.threshold), "missed")
                found.append((float(QUALITY_CLASSES[k]), rate))
        return tuple(found)

    @property
    def minimum_quality(self) -> float | None:
        """The lowest quality that is trusted: every class from the highest down to it is; None where none is.

        Classes with fewer people than the margin needs (`people_for`) cannot speak for or against and are passed over,
        but the lowest trusted class is one that does speak.
        """
        lowest = None
        for end, rate in self.by_quality:
            if (rate.people or 0) < people_for(self.margin):
                continue
            if not self._holds(rate):
                break
            lowest = end
        return lowest

    def sentences(self) -> tuple[str, ...]:
        """Which faces can be trusted, what was left of the others, and how sure that is."""
        n, full = len(self.scores.subject), self.full
        head = (
            f"At a threshold of {self.threshold:.3f} (FMR {100 * self.fmr:.2g} % between these {n} people, faces "
            f"undegraded), {full.missed.errors} of {n} people are missed with a good face."
        )
        if not self._holds(full.missed):
            return (
                head,
                f"{n} people are too few to trust any face: the upper bound of what is missed is "
                f"{100 * full.missed.upper():.2g} % already; a margin of {100 * self.margin:g} % takes "
                f"{people_for(self.margin)} people without a miss.",
            )
        narrow = self.minimum_width_px
        return (
            head,
            f"**Faces from {narrow:g} px can be trusted**: there and at every larger width the upper bound of what is "
            f"missed is within {100 * self.margin:g} points of good faces. {self._below(narrow or 0.0)}".strip(),
            f"Also trusted: {self._others()}. {self._quality()}",
        )

    def _below(self, narrow: float) -> str:
        worse = [r for r in self.of_kind("width")[1:] if r.level < narrow]
        return "".join(
            f"At {r.level:g} px {100 * r.missed.value:.2g} % are missed. " for r in (worse[:1] + worse[1:][-1:])
        ).strip()

    def _others(self) -> str:
        said = []
        for kind in dict.fromkeys(self.scores.kind.tolist()):
            if kind == "width":
                continue
            levels = self.trusted(kind)
            if kind == "exposure":
                span = f"{min(levels):+g} to {max(levels):+g} stops" if levels else "no change"
            else:
                word = "from" if kind == "jpeg" else "up to"
                span = f"{word} {levels[-1]:g}" if levels else "none"
            said.append(f"{kind} {span}")
        return "; ".join(said) or "nothing else was tried"

    def _quality(self) -> str:
        lowest = self.minimum_quality
        if lowest is None:
            return "No class of quality can be trusted."
        return f"By quality, whatever spoiled the face: from {lowest:g} on."

    def to_frame(self) -> pd.DataFrame:
        """A DataFrame, one row a condition."""
        import pandas as pd

        rows = []
        for r in self.results:
            ends = r.missed.interval()
            row = {"kind": r.kind, "level": r.level, "people": r.missed.trials, "missed": r.missed.errors}
            row |= {"missed_rate": r.missed.value, "low": ends.low, "high": ends.high}
            row |= {"upper_95_one_sided": r.missed.upper(), "fmr": r.fmr.value}
            rows.append(row | {"score": r.score[1], "quality": r.quality[1]})
        return pd.DataFrame(rows)

    def to_dict(self, confidence: float = CONFIDENCE) -> dict[str, Any]:
        """For JSON."""
        return {
            "people": len(self.scores.subject),
            "threshold": self.threshold,
            "fmr": self.fmr,
            "margin": self.margin,
            "minimum_width_px": self.minimum_width_px,
            "minimum_quality": self.minimum_quality,
            "conditions": [r.to_dict(confidence) for r in self.results],
            "by_quality": [{"from": end, "missed": rate.to_dict(confidence)} for end, rate in self.by_quality],
            "sentences": list(self.sentences()),
        }

    def __repr__(self) -> str:
        return " ".join(self.sentences())


def degradation_report(
    scores: DegradedScores, *, fmr: float = 1e-3, margin: float = 0.05, threshold: float | None = None
) -> DegradationReport:
    """Misses and false matches of degraded faces at one threshold.

    Parameters
    ----------
    scores : DegradedScores
        People, conditions and scores.
    fmr : float
        The threshold is the smallest at which undegraded comparisons between different people keep this FMR.
    margin : float
        How far the missed rate may lie above that of undegraded faces.
    threshold : float, optional
        A threshold of one's own in its place; `fmr` is then what was measured at it.

    Raises
    ------
    NotMeasured
        Fewer than 1 / fmr comparisons between different people, or none with a score.
    """
    within("fmr", fmr, 0.0, 1.0)
    within("margin", margin, 0.0, 1.0, ends=True)
    others, _ = scores.non_mated(scores.full)
    if threshold is None:
        if len(others) < 1 / fmr:
            needed = math.ceil(1 / fmr)
            raise NotMeasured(f"FMR {fmr:g} wants {needed:,} comparisons of people, there are {len(others):,}")
        threshold = _threshold(others, fmr)
    else:
        fmr = float(np.mean(others >= threshold)) if len(others) else fmr
    return DegradationReport(scores, float(threshold), fmr, margin)


def _threshold(others: FloatArray, fmr: float) -> float:
    """The smallest threshold at which at most a share of `fmr` of the scores is at or above it."""
    falling = np.sort(others)[::-1]
    allowed = allowed_errors(fmr, len(falling))
    candidates = np.unique(falling)
    reached = len(falling) - np.searchsorted(falling[::-1], candidates, side="left")
    within_target = np.flatnonzero(reached <= allowed)
    return float(candidates[within_target[0]]) if within_target.size else next_threshold(float(falling[0]))


def people_for(margin: float, confidence: float = CONFIDENCE) -> int:
    """People without a miss whose upper bound is at most `margin`: ln(1 - confidence) / ln(1 - margin), rounded up."""
    if margin <= 0:
        raise NotMeasured("a margin of 0 can never be shown")
    return 1 if margin >= 1 else math.ceil(math.log(1 - confidence) / math.log(1 - margin))


def _severity(kind: str, level: float) -> float:
    """Rises as a face gets worse."""
    return -level if kind in ("width", "jpeg") else abs(level)


def _quantiles(values: FloatArray) -> tuple[float, float, float]:
    known = values[~np.isnan(values)]
    if not len(known):
        return (np.nan, np.nan, np.nan)
    low, middle, high = np.quantile(known, [0.05, 0.5, 0.95])
    return float(low), float(middle), float(high)


def kinds_of(report: DegradationReport) -> tuple[str, ...]:
    """The kinds of degradation in a report, in order."""
    return tuple(dict.fromkeys(report.scores.kind.tolist()))
