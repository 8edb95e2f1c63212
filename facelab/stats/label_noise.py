"""Errors in the labels of searches: how far they move FPIR, FNIR and a threshold, and the rates without them.

At the thresholds that matter, most "false alerts" of a data set can be label errors: its highest non-mated scores are
of people who were enrolled after all. Two kinds count: an enrolled person without a name (*hidden*: a false alert
that is true) and a wrong name (*misnamed*: a miss that is none). Labels go wrong by person, so a person's searches do
together.

- `label_noise`: the labels are taken as right, a share of the people is labelled wrongly at random, and every rate and
  the threshold at a target are measured again, many times over.
- `without_wrong_labels`: a random sample of labels was reviewed, a share alpha of it wrong. The measured rate is a
  mixture, p* = (1 - alpha) p + alpha q, q the rate at which the wrongly labelled err, so
  p = (p* - alpha q) / (1 - alpha)
  (the inversion of Rogan and Gladen, American Journal of Epidemiology 107, 1978, whose false positives are alpha q).
- `without_wrong_errors`: a random sample of the *errors* was reviewed, a share tau of it was none, and the errors that
  are left are x (1 - tau) of M - x tau / (1 - m) trials, m the share of the removed that made no error and so was never
  seen. Sharper: errors are where a label changes a rate.

Both intervals join the rate's own (by person) with that of the review (Clopper and Pearson) by the recovery of variance
estimates (MOVER; Zou and Donner, Statistics in Medicine 27, 2008); the second on the logarithms of its factors.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from facelab.errors import BadInput, NotMeasured
from facelab.stats.intervals import clopper_pearson
from facelab.stats.planning import allowed_errors, checked_target
from facelab.stats.thresholds import next_threshold
from facelab.stats.workload import Estimate

if TYPE_CHECKING:
    from facelab.stats.rates import Rate
    from facelab.stats.searches import Searches
    from facelab.types import Bools, Floats, Ints

REPEATS = 200


@dataclass(frozen=True, eq=False)
class LabelNoise:
    """What a share of wrong labels does to the rates, over many draws of who is labelled wrongly; shapes (k,).

    Parameters
    ----------
    share : float
        Of the people of each kind who are labelled wrongly.
    threshold : float
        T, at which the rates are measured.
    target : float or None
        FPIR whose threshold is chosen again; None where none is.
    fpir, fnir, thresholds : (k,) float arrays
        Of each draw; the thresholds are empty without a target.
    before : (float, float, float)
        FPIR, FNIR and the threshold at the target with the labels as they are.
    """

    share: float
    threshold: float
    target: float | None
    fpir: Floats
    fnir: Floats
    thresholds: Floats
    before: tuple[float, float, float]

    def ends(self, name: str, confidence: float = 0.95) -> Estimate:
        """The median of ``fpir``, ``fnir`` or ``thresholds`` over the draws, and the ends of their middle part."""
        values = getattr(self, name)
        tail = (1 - confidence) / 2
        if not len(values):
            return Estimate(math.nan, math.nan, math.nan)
        low, middle, high = np.quantile(values, [tail, 0.5, 1 - tail])
        return Estimate(float(middle), float(low), float(high))

    def to_dict(self, confidence: float = 0.95) -> dict[str, Any]:
        """For JSON."""
        names = ("fpir", "fnir", "thresholds")
        found = {name: self.ends(name, confidence).to_dict() for name in names}
        return {"share": self.share, "threshold": self.threshold, "target": self.target, **found}

    def __repr__(self) -> str:
        return f"{100 * self.share:g} % of the labels wrong: FPIR {self.ends('fpir')!r}, FNIR {self.ends('fnir')!r}"


def label_noise(
    found: Searches,
    threshold: float,
    share: float,
    rng: np.random.Generator,
    *,
    target: float | None = None,
    repeats: int = REPEATS,
) -> LabelNoise:
    """FPIR and FNIR at rank 1, and the threshold at a target FPIR, where a share of the labels is wrong.

    In each draw every enrolled person loses the name with probability `share` (their searches count as strangers'), and
    every stranger is given the name of an enrolled person drawn at random with the same.

    Parameters
    ----------
    found : Searches
        Their labels are taken as right. A stranger who is given a name finds it where it is among the candidates kept.
    threshold : float
        T.
    share : float
        In [0, 1).
    rng : np.random.Generator
        Who is labelled wrongly; the same seed gives the same draws.
    target : float, optional
        FPIR, whose smallest threshold is chosen again in each draw.
    repeats : int
        Draws.

    Raises
    ------
    NotMeasured
        There are searches of one kind only.
    BadInput
        The share or the target is none.
    """
    if not 0 <= share < 1:
        raise BadInput(f"a share of wrong labels lies between 0 and 1, this one is {share:g}", place="share")
    if target is not None:
        checked_target(target, "target FPIR")
    if not found.mated.any() or found.mated.all():
        raise NotMeasured("there are searches of one kind only: wrong labels move searches from one to the other")
    draws = _Draws(found, threshold, target)
    people = int(found.person.max()) + 1
    measured = np.array([draws.measured((rng.random(people) < share)[found.person], rng) for _ in range(repeats)])
    before = draws.measured(np.zeros(len(found), dtype=np.bool_), rng)
    fpir, fnir, thresholds = measured.reshape(-1, 3).T
    return LabelNoise(
        share, float(threshold), target, fpir, fnir, thresholds if target is not None else np.empty(0), before
    )


class _Draws:
    """Searches whose labels are changed and whose rates are measured again."""

    def __init__(self, found: Searches, threshold: float, target: float | None) -> None:
        self._found, self._threshold, self._target = found, threshold, target
        other, mate = (np.nan_to_num(score, nan=-np.inf) for score in (found.other_score, found.mate_score))
        self._other, self._best = other, np.maximum(other, mate)
        self._candidates = score_candidates(found)
        self._hit = found.mated & (found.rank == 1) & (mate >= threshold)

    def measured(self, wrong: Bools, rng: np.random.Generator) -> tuple[float, float, float]:
        """FPIR, FNIR and the threshold at the target where the searches in `wrong` are labelled wrongly."""
        found = self._found
        nameless = np.concatenate([self._other[~found.mated & ~wrong], self._best[found.mated & wrong]])
        strangers = np.flatnonzero(~found.mated & wrong)
        hits = int(self._hit[found.mated & ~wrong].sum()) + self._matched(strangers, rng)
        named = int((found.mated & ~wrong).sum()) + len(strangers)
        fpir = float((nameless >= self._threshold).mean()) if len(nameless) else math.nan
        chosen = math.nan if self._target is None else threshold_at(nameless, self._target, self._candidates)
        return fpir, 1 - hits / named if named else math.nan, chosen

    def _matched(self, strangers: Ints, rng: np.random.Generator) -> int:
        """How many strangers with the name of an enrolled person each are taken for that person."""
        given = rng.integers(0, self._found.subjects, len(strangers))
        first = self._found.other_subjects[strangers, 0] == given
        return int((first & (self._other[strangers] >= self._threshold)).sum())


def threshold_at(scores: Floats, target: float, candidates: Floats | None = None) -> float:
    """The smallest threshold that at most the share `target` of `scores` reaches; NaN where there are too few.

    Parameters
    ----------
    scores : (n,) float array
        The best score of each search of a stranger; -inf where there is none.
    target : float
        In (0, 1).
    candidates : (c,) float array, optional
        Rising: the thresholds there are, such as the scores of enrolled people too; by default `scores`.

    Examples
    --------
    >>> threshold_at(np.array([0.1, 0.2, 0.3, 0.4]), 0.25)
    0.4
    """
    rising = np.sort(np.asarray(scores, dtype=np.float64))
    if len(rising) * target < 1:
        return math.nan
    known = rising[np.isfinite(rising)] if candidates is None else candidates
    if not len(known):
        return math.nan
    too_many = float(rising[len(rising) - 1 - allowed_errors(target, len(rising))])
    place = int(np.searchsorted(known, too_many, side="right"))
    return float(known[place]) if place < len(known) else next_threshold(float(known[-1]))


def score_candidates(found: Searches) -> Floats:
    """(c,) the distinct scores of `found` at which a rate can change, rising."""
    others = found.other_score[~found.mated | found.misidentified]
    scores = np.concatenate([others, found.mate_score]).astype(np.float64)
    return np.unique(scores[np.isfinite(scores)])


def without_wrong_labels(
    rate: Rate, wrong: int, reviewed: int, *, errs: float = 1.0, confidence: float = 0.95
) -> Estimate:
    """A rate as it would be without the wrong labels, from a reviewed random sample of the labels behind it.

    Parameters
    ----------
    rate : Rate
        p*, as measured: FPIR of those labelled strangers, or FNIR of those labelled enrolled.
    wrong, reviewed : int
        Labels found wrong, of so many reviewed at random.
    errs : float
        q in [0, 1]: how often a wrongly labelled search counts as an error. For FPIR: how often an enrolled person
        alerts (TPIR); for FNIR: 1, somebody else is hardly ever found under that name.
    confidence : float
        Of the interval.

    Raises
    ------
    NotMeasured
        No trial, or every label that was reviewed is wrong.
    BadInput
        More wrong than reviewed, none reviewed, or `errs` outside [0, 1].

    Examples
    --------
    >>> from facelab.stats.rates import Rate
    >>> found = without_wrong_labels(Rate(60, 1000), 10, 500, errs=0.8)
    >>> round(found.value, 4)
    0.0449
    """
    alpha, low, high = _review(wrong, reviewed, confidence)
    if not 0 <= errs <= 1:
        raise BadInput(f"a share lies between 0 and 1, this one is {errs:g}", place="errs")
    if not rate.trials or wrong == reviewed:
        raise NotMeasured("without a trial, or with no label that is right, there is no rate to correct")
    measured = rate.interval(confidence)

    def inverted(p: float, a: float) -> float:
        """(p* - alpha q) / (1 - alpha)."""
        return (p - a * errs) / (1 - a)

    value = inverted(rate.value, alpha)
    ends = [inverted(rate.value, end) for end in (low, min(high, 1 - 1e-9))]
    down = math.hypot(value - inverted(measured.low, alpha), max(value - min(ends), 0.0))
    up = math.hypot(inverted(measured.high, alpha) - value, max(max(ends) - value, 0.0))
    return Estimate(*(min(max(v, 0.0), 1.0) for v in (value, value - down, value + up)))


def without_wrong_errors(
    rate: Rate, wrong: int, reviewed: int, *, unseen: float = 0.0, confidence: float = 0.95
) -> Estimate:
    """A rate as it would be without the errors that are none, from a reviewed random sample of its errors.

    Parameters
    ----------
    rate : Rate
        As measured; its errors are where the sample was drawn.
    wrong, reviewed : int
        Errors that were none (the alert was true, the miss was of somebody else), of so many reviewed.
    unseen : float
        m in [0, 1): the share of the wrongly labelled that made no error; for FPIR the FNIR.
    confidence : float
        Of the interval.

    Raises
    ------
    NotMeasured
        No trial is left.
    BadInput
        More wrong than reviewed, none reviewed, more reviewed than errors, or `unseen` outside [0, 1).

    Examples
    --------
    >>> from facelab.stats.rates import Rate
    >>> found = without_wrong_errors(Rate(20, 1000), 5, 10)
    >>> round(found.value, 5)
    0.0101
    """
    tau, low, high = _review(wrong, reviewed, confidence)
    if reviewed > rate.errors:
        raise BadInput(f"{reviewed} errors were reviewed, there are {rate.errors}", place="reviewed")
    if not 0 <= unseen < 1:
        raise BadInput(f"a share lies between 0 and 1, this one is {unseen:g}", place="unseen")
    measured = rate.interval(confidence)

    def kept(t: float) -> float:
        """(1 - tau) M / (M - x tau / (1 - m)): what is left of the rate."""
        trials = rate.trials - rate.errors * t / (1 - unseen)
        if trials <= 0:
            raise NotMeasured("every trial could be labelled wrongly: there is no rate left")
        return (1 - t) * rate.trials / trials

    if wrong == reviewed == rate.errors:
        return Estimate(0.0, 0.0, min(measured.high * kept(low), 1.0))
    share = kept(tau)
    value = rate.value * share
    narrow = reviewed == rate.errors  # all errors were looked at: nothing of the review is drawn
    least, most = (share, share) if narrow else (kept(high), kept(low))
    down = math.hypot(_log(rate.value, measured.low), _log(share, least))
    up = math.hypot(_log(measured.high, rate.value), _log(most, share))
    return Estimate(value, value * math.exp(-down), min(value * math.exp(up), 1.0) if value else measured.high * most)


def _log(above: float, below: float) -> float:
    """ln(above / below); infinite where below is 0, 0 where both are."""
    if above <= 0:
        return 0.0
    return math.log(above / below) if below > 0 else math.inf


def _review(wrong: int, reviewed: int, confidence: float) -> tuple[float, float, float]:
    """The share of a review that was wrong, with its exact interval."""
    if not 0 <= wrong <= reviewed or reviewed < 1:
        raise BadInput(f"of what was reviewed so much is wrong: {wrong} of {reviewed}", place="reviewed")
    low, high = clopper_pearson(wrong, reviewed, confidence)
    return wrong / reviewed, float(low), float(high)
