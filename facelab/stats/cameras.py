"""One threshold for all cameras of a site, or one each: which do the data justify, and what does each cost?

A camera's own threshold is right when the cameras' scores of strangers differ, and it is dearly bought: with a third of
the searches its uncertainty grows by the square root of three, and targets that the whole site supports are out of its
reach. So both are measured, chosen on one half of the people and reported on the other, and the rule is stated:

    own thresholds are justified where a permutation test says that the cameras' FPIR differ at the pooled threshold
    (labels permuted within each person, who passes several cameras), *and* every camera's data supports the target.

Otherwise pooled, and with it stands what could have gone unseen: the FPIR of a camera that this data would have shown
with 80 % probability (`GroupRates.detectable`). Few strangers reach a low threshold, so that test is often blind. One
that uses every search stands beside it, of the *level* of the strangers' best scores (its mean by camera). It sees
shifts that the tail has not shown yet, but a shift of the middle need not reach the tail: it warns, no more.

Intervals of thresholds are percentiles over bootstrap samples of people (Efron and Tibshirani 1993): each replicate
weighs the people, with all their passages, and chooses the threshold anew by the same rule.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from facelab.errors import UnattainableTarget
from facelab.stats._given import FloatArray, IntArray, TextArray, plain, within
from facelab.stats.groups import GroupRates, group_rates
from facelab.stats.journeys import above_own_threshold, camera_of, journey_comparisons
from facelab.stats.openset import OpenSetCurve, open_set_curve
from facelab.stats.planning import allowed_errors
from facelab.stats.points import OperatingPoint, Unattainable
from facelab.stats.searches import searches

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from facelab.types import Comparisons

LEVEL = 0.05
REPLICATES = 999
POOLED = "all cameras"


@dataclass(frozen=True)
class CameraThreshold:
    """The threshold of one camera, or of all together.

    Parameters
    ----------
    camera : str
        Its name, or `POOLED`.
    point : OperatingPoint or Unattainable
        Chosen on one half, reported on the other; both halves of this camera alone.
    low, high : float
        Interval of the threshold over bootstrap samples of the people who chose; NaN where there is none.
    searches : int
        Of strangers, on which it was chosen.
    """

    camera: str
    point: OperatingPoint | Unattainable
    low: float
    high: float
    searches: int

    @property
    def threshold(self) -> float | None:
        """The threshold; None where the data cannot resolve the target."""
        return self.point.threshold

    @property
    def supported(self) -> bool:
        """Whether there are people enough for the target."""
        return self.point.supported

    def to_dict(self, confidence: float = 0.95) -> dict[str, Any]:
        """For JSON."""
        head = {"camera": self.camera, "searches": self.searches, "low": plain(self.low), "high": plain(self.high)}
        return head | {"point": self.point.to_dict(confidence)}


@dataclass(frozen=True)
class LevelTest:
    """Whether the strangers' best scores lie higher at some cameras: a permutation test of camera within person.

    Parameters
    ----------
    shift : mapping of str to float
        Mean best score of each camera less the mean over all, in the units of the score.
    p_value : float
        How rarely permuted labels give shifts as unequal.
    permutations : int
        Random permutations.
    """

    shift: Mapping[str, float]
    p_value: float
    permutations: int


@dataclass(frozen=True, eq=False)
class CameraThresholds:
    """Pooled and own thresholds of a site's cameras at one target FPIR, and what the data say of them.

    Parameters
    ----------
    target : float
        FPIR.
    pooled : CameraThreshold
        One for all cameras.
    own : tuple of CameraThreshold
        One a camera.
    fpir, fnir : GroupRates or None
        By camera at the pooled threshold, on the reporting half, with their tests; None without such searches.
    level : LevelTest or None
        Of the strangers' scores.
    journeys : mapping of str to OperatingPoint
        Rates a journey with the ``pooled`` threshold, and with each camera's ``own`` where all have one.
    passages : mapping of str to OperatingPoint
        The same a passage.
    """

    target: float
    pooled: CameraThreshold
    own: tuple[CameraThreshold, ...]
    fpir: GroupRates | None
    fnir: GroupRates | None
    level: LevelTest | None
    journeys: Mapping[str, OperatingPoint] = field(default_factory=dict)
    passages: Mapping[str, OperatingPoint] = field(default_factory=dict)

    @property
    def by_camera(self) -> dict[str, float]:
        """Each camera's own threshold, where it has one: what a config would carry."""
        return {c.camera: float(c.threshold) for c in self.own if c.threshold is not None}

    @property
    def unsupported(self) -> tuple[str, ...]:
        """The cameras whose own data does not support the target."""
        return tuple(c.camera for c in self.own if not c.supported)

    @property
    def differ(self) -> bool:
        """True where the test says that the cameras' FPIR differ at the pooled threshold."""
        return self.fpir is not None and self.fpir.test is not None and self.fpir.test.p_value < LEVEL

    @property
    def justified(self) -> bool:
        """True where own thresholds are justified, by the rule at the top of this module."""
        return len(self.own) > 1 and self.differ and not self.unsupported

    def sentences(self) -> tuple[str, ...]:
        """What the data say, what they could not have seen, and what own thresholds would cost."""
        if len(self.own) < 2:
            return ("There is one camera: nothing to compare.",)
        return tuple(filter(None, (self._answer(), self._power(), self._level(), self._price(), self._journeys())))

    def _answer(self) -> str:
        if self.justified:
            return (
                "**One threshold a camera is justified**: their FPIR differ at the pooled one, and each has its data."
            )
        if self.differ:
            lacking = ", ".join(self.unsupported)
            return (
                f"The cameras differ, but {lacking} cannot support a threshold of its own at this target: **pooled**."
            )
        return "**One threshold for all cameras**: no difference of their FPIR at it could be shown."

    def _power(self) -> str:
        return "" if self.fpir is None else f"FPIR by camera at the pooled threshold: {self.fpir.verdict()}"

    def _level(self) -> str:
        if self.level is None:
            return ""
        shifts = ", ".join(f"{name} {value:+.3f}" for name, value in self.level.shift.items())
        p = self.level.p_value
        seen = "lie at different levels" if p < LEVEL else "do not lie at different levels that could be shown"
        more = "; a shift of the middle need not reach the tail, so this warns and does not decide" if p < LEVEL else ""
        return f"The strangers' best scores {seen} (p = {p:.2g}; from the mean: {shifts}){more}."

    def _price(self) -> str:
        widths = [c.high - c.low for c in self.own if np.isfinite(c.high - c.low)]
        whole = self.pooled.high - self.pooled.low
        if not widths or not whole > 0:
            return ""
        return (
            f"What splitting costs: the interval of the pooled threshold is {whole:.3f} wide, that of a camera's own "
            f"{min(widths):.3f} to {max(widths):.3f}."
        )

    def _journeys(self) -> str:
        if "pooled" not in self.journeys:
            return ""
        said = [f"{kind} {self._rates(point)}" for kind, point in self.journeys.items()]
        return (
            f"A journey past the cameras, on the reporting half: {'; '.join(said)}. "
            f"A passage, pooled: {self._rates(self.passages['pooled'])}."
        )

    @staticmethod
    def _rates(point: OperatingPoint) -> str:
        return ", ".join(
            f"{r.name} {r.errors}/{r.trials} = {100 * r.value:.2g} % [{100 * e.low:.2g}, {100 * e.high:.2g}]"
            for r in (point.fpir, point.fnir)
            if r.trials
            for e in (r.interval(),)
        )

    def to_frame(self) -> pd.DataFrame:
        """A DataFrame, one row a threshold."""
        import pandas as pd

        columns = ("camera", "threshold", "low", "high", "supported", "searches")
        return pd.DataFrame([{name: getattr(c, name) for name in columns} for c in (self.pooled, *self.own)])

    def to_dict(self, confidence: float = 0.95) -> dict[str, Any]:
        """For JSON."""
        return {
            "target_fpir": self.target,
            "pooled": self.pooled.to_dict(confidence),
            "own": [c.to_dict(confidence) for c in self.own],
            "by_camera": self.by_camera,
            "justified": self.justified,
            "fpir": None if self.fpir is None else self.fpir.to_dict(confidence),
            "fnir": None if self.fnir is None else self.fnir.to_dict(confidence),
            "level": plain(self.level),
            "journeys": {name: point.to_dict(confidence) for name, point in self.journeys.items()},
            "passages": {name: point.to_dict(confidence) for name, point in self.passages.items()},
            "sentences": list(self.sentences()),
        }


def camera_thresholds(
    select: Comparisons,
    report: Comparisons,
    target: float,
    rng: np.random.Generator,
    *,
    rank: int = 1,
    gap_s: float = 1800.0,
) -> CameraThresholds:
    """Pooled and own thresholds at a target FPIR, chosen on `select` and reported on `report`.

    Parameters
    ----------
    select, report : Comparisons
        Passages of different people, with the attribute `camera`.
    target : float
        FPIR, in (0, 1).
    rng : numpy.random.Generator
        For permutations and bootstrap.
    rank : int
        R.
    gap_s : float
        As `journey_comparisons` takes it.

    Raises
    ------
    NotMeasured
        The cameras are not known.
    UnattainableTarget
        Even all cameras together cannot resolve the target.
    """
    within("target", target, 0.0, 1.0)
    chosen, shown = camera_of(select), camera_of(report)
    whole = open_set_curve(select, rank)
    pooled = _threshold(POOLED, whole, open_set_curve(report, rank), target, rng)
    threshold = whole.threshold_at_fpir(target).threshold  # raises where it cannot be resolved
    own = tuple(
        _threshold(
            name,
            open_set_curve(select.take(chosen == name), rank),
            open_set_curve(report.take(shown == name), rank),
            target,
            rng,
        )
        for name in np.unique(chosen).tolist()
    )
    fpir, fnir = _by_camera(report, shown, threshold, rank, rng)
    rules = {"pooled": dict.fromkeys(np.unique(shown).tolist(), threshold)}
    mine = {c.camera: float(c.threshold) for c in own if c.threshold is not None}
    if set(rules["pooled"]) <= set(mine):
        rules["own"] = mine
    passages = {name: above_own_threshold(report, limits) for name, limits in rules.items()}
    return CameraThresholds(
        target,
        pooled,
        own,
        fpir,
        fnir,
        level_test(select, chosen, rng),
        {name: open_set_curve(journey_comparisons(p, gap_s), rank).at(0.0) for name, p in passages.items()},
        {name: open_set_curve(p, rank).at(0.0) for name, p in passages.items()},
    )


def _threshold(
    name: str, select: OpenSetCurve, report: OpenSetCurve, target: float, rng: np.random.Generator
) -> CameraThreshold:
    """The threshold of one camera with its interval."""
    try:
        point: OperatingPoint | Unattainable = select.threshold_at_fpir(target).at(report)
    except UnattainableTarget as error:
        return CameraThreshold(name, Unattainable.of(error, report.rank), np.nan, np.nan, select.non_mated)
    drawn = bootstrap_thresholds(select, target, rng)
    low, high = np.quantile(drawn, [0.025, 0.975])
    return CameraThreshold(name, point, float(low), float(high), select.non_mated)


def bootstrap_thresholds(
    curve: OpenSetCurve, target: float, rng: np.random.Generator, replicates: int = REPLICATES
) -> FloatArray:
    """(b,) the threshold at a target FPIR in each of so many bootstrap samples of the people.

    In a replicate a person counts w times, w the times they were drawn; the threshold is the smallest observed score
    whose weighted searches at or above it are at most the target's share of all, as for the sample itself. Where even
    the highest score is too many, it is the next float above.
    """
    s = curve.searches
    best, person = s.other_score[~s.mated], np.unique(s.person[~s.mated], return_inverse=True)[1]
    people = int(person.max()) + 1
    weight = rng.multinomial(people, np.full(people, 1 / people), size=replicates)[:, person]
    order = np.argsort(-np.where(np.isnan(best), -np.inf, best), kind="stable")
    falling = best[order]
    exceeding = np.cumsum(weight[:, order], axis=1)
    whole = exceeding[:, -1]
    allowed = np.array([allowed_errors(target, int(n)) for n in whole])
    scored = int((~np.isnan(best)).sum())
    # a threshold at falling[k] counts everything that ties with it
    last = np.searchsorted(-falling[:scored], -falling[:scored], side="right") - 1
    kept = (exceeding[:, last] <= allowed[:, None]).sum(axis=1)
    above = float(np.nextafter(falling[0], np.inf))
    return np.where(kept > 0, falling[np.maximum(kept - 1, 0)], above)


def _by_camera(
    report: Comparisons, camera: TextArray, threshold: float, rank: int, rng: np.random.Generator
) -> tuple[GroupRates | None, GroupRates | None]:
    """FPIR and FNIR by camera at one threshold; None without such searches."""
    found = searches(report)
    wrong = ~found.mated & (found.other_score >= threshold)
    hit = (found.rank > 0) & (found.rank <= rank) & (found.mate_score >= threshold)
    out = []
    for name, error, rows in (("FPIR", wrong, ~found.mated), ("FNIR", ~hit, found.mated)):
        person = found.probe_subject[rows]
        out.append(group_rates(name, error[rows], camera[rows], person, rng=rng) if rows.any() else None)
    return out[0], out[1]


def level_test(
    comparisons: Comparisons, camera: TextArray, rng: np.random.Generator, permutations: int = 1999
) -> LevelTest | None:
    """Whether strangers' best scores lie higher at some cameras; None with one camera or without strangers who vary.

    The statistic is sum_c n_c (mean_c - mean)^2 over the cameras; labels are permuted among each person's own passages.
    """
    found = searches(comparisons)
    rows = ~found.mated & ~np.isnan(found.other_score)
    score, who = found.other_score[rows], found.person[rows]
    names, label = np.unique(camera[rows], return_inverse=True)
    if len(names) < 2 or permutations < 1:
        return None
    order = np.argsort(who, kind="stable")
    score, who, label = score[order], who[order], label[order]
    seen = _unequal(score, label)
    drawn = (label[np.lexsort((rng.random(len(who)), who))] for _ in range(permutations))
    reached = sum(_unequal(score, one) >= seen - 1e-12 for one in drawn)
    shift = {str(name): float(score[label == k].mean() - score.mean()) for k, name in enumerate(names)}
    return LevelTest(shift, (1 + reached) / (1 + permutations), permutations)


def _unequal(score: FloatArray, label: IntArray) -> float:
    n = np.bincount(label)
    mean = np.divide(np.bincount(label, weights=score), n, out=np.zeros(len(n)), where=n > 0)
    return float((n * (mean - score.mean()) ** 2).sum())
