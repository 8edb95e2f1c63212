"""Two runs on the same people: is the second better, where, by how much, and what changed between them?

Differences are *second minus first*: below 0 the second errs less. Both runs judge the same passages, so their errors
are paired and people are the unit: McNemar's exact test where everybody has one trial (one camera), else signs flipped
by person, and a paired subject bootstrap for the interval (`facelab.stats.paired`). At one threshold the errors of both
kinds are compared; at one FPIR each run has a threshold of its own, chosen anew in every replicate. Runs on other data
are refused, with what differs.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from facelab.errors import BadInput, NotMeasured, UnattainableTarget
from facelab.experiments.gate_measured import aligned, data_differences
from facelab.stats.paired import PairedDifference, PairedTest, mcnemar, paired_difference
from facelab.stats.paired_targets import difference_at_fpir

if TYPE_CHECKING:
    import pandas as pd

    from facelab.experiments.saved_run import SavedRun
    from facelab.stats.openset import OpenSetCurve
    from facelab.stats.searches import Searches
    from facelab.types import Bools

DEFAULT_TARGET = 0.05
LEVEL = 0.05
ALL = "all"
KINDS = ("FPIR", "FNIR")


@dataclass(frozen=True, eq=False)
class PairedRow:
    """One rate of both runs and its difference.

    Parameters
    ----------
    rate, at, by, group : str
        "FPIR" or "FNIR"; how thresholds were set; the attribute and the group, or "all".
    found : PairedDifference
        Second minus first.
    test : PairedTest or None
        Exact; None where thresholds were chosen on the data.
    """

    rate: str
    at: str
    by: str
    group: str
    found: PairedDifference
    test: PairedTest | None

    @property
    def of(self) -> str:
        """Of whom, in one cell."""
        return self.by if self.group == ALL else f"{self.by} {self.group}"

    def to_dict(self, confidence: float = 0.95) -> dict[str, Any]:
        """For JSON."""
        test = None if self.test is None else self.test.to_dict()
        head = {"rate": self.rate, "by": self.by, "group": self.group}
        return head | self.found.to_dict(confidence) | {"at": self.at, "test": test}


@dataclass(frozen=True, eq=False)
class RunComparison:
    """Two runs on the same passages.

    Parameters
    ----------
    first, second : SavedRun
        The runs.
    threshold : float
        The same one for both.
    target : float
        The FPIR at which both stand.
    confidence : float
        Of the intervals.
    seed : int
        Of the bootstraps.
    """

    first: SavedRun
    second: SavedRun
    threshold: float
    target: float
    confidence: float = 0.95
    seed: int = 1

    @cached_property
    def searches(self) -> tuple[Searches, Searches]:
        """Of both runs, in the order of the first's passages."""
        return self.first.searches, aligned(self.first.searches, self.second.searches)

    @cached_property
    def curves(self) -> tuple[OpenSetCurve, OpenSetCurve]:
        """Of both runs, all passages: thresholds are not reported from them."""
        from facelab.stats.openset import OpenSetCurve

        one, two = self.searches
        return OpenSetCurve(one, self.first.rank), OpenSetCurve(two, self.first.rank)

    @cached_property
    def rows(self) -> tuple[PairedRow, ...]:
        """Of everybody: at the same threshold, at each run's own, and at the same FPIR."""
        found = list(self._at(self.threshold, self.threshold, f"the same threshold {self.threshold:.4f}"))
        one, two = self.first.threshold, self.second.threshold
        if one is not None and two is not None and (one, two) != (self.threshold, self.threshold):
            found += self._at(one, two, f"each its own threshold, {one:.4f} and {two:.4f}")
        return (*found, *self._at_fpir())

    @cached_property
    def group_rows(self) -> tuple[PairedRow, ...]:
        """By camera and group, at the same threshold; groups are those of the first run."""
        at = f"the same threshold {self.threshold:.4f}"
        found: list[PairedRow] = []
        for by, label in self.first.groups.items():
            for group in sorted(set(label.tolist()) - {""}):
                found += self._at(self.threshold, self.threshold, at, rows=label == group, by=by, group=group)
        return tuple(found)

    def _errors(self, side: int, threshold: float) -> dict[str, Bools]:
        """(p,) whether each search errs: strangers who alert, enrolled people who are missed."""
        found, rank = self.searches[side], self.first.rank
        alarm = np.nan_to_num(found.other_score, nan=-np.inf) >= threshold
        hit = (found.rank >= 1) & (found.rank <= rank) & (np.nan_to_num(found.mate_score, nan=-np.inf) >= threshold)
        return {"FPIR": alarm & ~found.mated, "FNIR": ~hit & found.mated}

    def _at(
        self, one: float, two: float, at: str, *, rows: Bools | None = None, by: str = ALL, group: str = ALL
    ) -> list[PairedRow]:
        """Both rates at given thresholds, of the searches in `rows`; a rate of fewer than two people is left out."""
        first, second = self._errors(0, one), self._errors(1, two)
        mated, who = self.searches[0].mated, self.searches[0].probe_subject
        found = []
        for rate, kind in zip(KINDS, (~mated, mated)):
            there = kind if rows is None else kind & rows
            if len(np.unique(who[there])) < 2 and (who[there] != "").all():
                continue
            rng = np.random.default_rng(self.seed)
            a, b, people = first[rate][there], second[rate][there], who[there]
            pair = paired_difference(rate, a, b, people, rng=rng)
            alone = people[people != ""]
            test = mcnemar(a, b) if len(np.unique(alone)) == len(alone) else pair.test
            found.append(PairedRow(rate, at, by, group, pair, test))
        return found

    def _at_fpir(self) -> list[PairedRow]:
        """FNIR, both runs at the same FPIR; nothing where the data cannot resolve it (`notes` say so)."""
        try:
            pair = difference_at_fpir(
                *self.searches, self.target, rank=self.first.rank, rng=np.random.default_rng(self.seed)
            )
        except (UnattainableTarget, NotMeasured):
            return []
        return [PairedRow("FNIR", f"the same FPIR {self.target:g}", ALL, ALL, pair, None)]

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader must know."""
        found = []
        if self.first.scale != self.second.scale:
            found.append(
                "The runs have other packs or pipelines, so one threshold is not equally strict in both: compare at "
                "one FPIR."
            )
        strangers = int((~self.searches[0].mated).sum())
        if strangers * self.target < 1:
            found.append(f"FPIR {self.target:g} cannot be resolved by {strangers:,} searches of strangers.")
        return tuple(found)

    @cached_property
    def disagreements(self) -> tuple[dict[str, Any], ...]:
        """The passages on which the runs disagree at the same threshold: one errs and the other does not."""
        one, two = self._errors(0, self.threshold), self._errors(1, self.threshold)
        return tuple(
            self._disagreement(int(k), rate, only_in="first" if one[rate][k] else "second")
            for rate in KINDS
            for k in np.flatnonzero(one[rate] != two[rate])
        )

    def _disagreement(self, k: int, rate: str, *, only_in: str) -> dict[str, Any]:
        """Passage `k`, on which only one run errs."""
        first, second = self.searches
        cameras = self.first.comparisons.probe_attributes.get("camera")
        score = "other_score" if rate == "FPIR" else "mate_score"
        return {
            "passage": str(first.probe_id[k]),
            "camera": "" if cameras is None else str(cameras[k]),
            "person": str(first.probe_subject[k]),
            "error": "a stranger alerts" if rate == "FPIR" else "an enrolled person is missed",
            "only_in": only_in,
            "first_score": _number(getattr(first, score)[k]),
            "second_score": _number(getattr(second, score)[k]),
        }

    @cached_property
    def changes(self) -> tuple[dict[str, str], ...]:
        """What changed between the runs: parameters, pack, data and code."""
        from facelab.experiments.comparing_changes import run_changes

        return run_changes(self.first, self.second)

    def disagreement_frame(self) -> pd.DataFrame:
        """`disagreements` as a DataFrame."""
        import pandas as pd

        columns = ("passage", "camera", "person", "error", "only_in", "first_score", "second_score")
        return pd.DataFrame(list(self.disagreements), columns=list(columns))

    def answer(self) -> tuple[str, ...]:
        """What was found, in sentences."""
        from facelab.experiments.comparing_words import comparison_answer

        return comparison_answer(self)

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        runs = {"first": self.first, "second": self.second}
        return {
            **{key: {"run_id": run.run_id, "name": run.name, "threshold": run.threshold} for key, run in runs.items()},
            "scenario": self.first.scenario.name,
            "threshold": self.threshold,
            "target_fpir": self.target,
            "changes": list(self.changes),
            "rows": [row.to_dict(self.confidence) for row in self.rows],
            "groups": [row.to_dict(self.confidence) for row in self.group_rows],
            "disagreements": list(self.disagreements),
            "notes": list(self.notes),
            "answer": list(self.answer()),
        }

    def __repr__(self) -> str:
        return f"<{self.second.name} against {self.first.name}, {len(self.searches[0]):,} passages of the same people>"


def compare_runs(
    first: SavedRun,
    second: SavedRun,
    *,
    threshold: float | None = None,
    target: float | None = None,
    confidence: float = 0.95,
    seed: int = 1,
) -> RunComparison:
    """Two runs that were measured on the same passages and watchlist, compared person by person.

    Parameters
    ----------
    first, second : SavedRun
        The runs (`facelab.experiments.saved_run.open_run`).
    threshold : float, optional
        The same one for both; the first run's unless given.
    target : float, optional
        The FPIR at which both stand; that of the first run's threshold unless given, else 5 %.
    confidence : float
        Of the intervals.
    seed : int
        Of the bootstraps.

    Raises
    ------
    BadInput
        The runs were measured on different data: what differs is named.
    NotMeasured
        The first run has no threshold, and none is given.
    """
    differ = data_differences(first, second)
    if differ:
        raise BadInput(
            f"the runs were not measured on the same data and cannot be paired; these differ: {', '.join(differ)}",
            place=f"{first.name}, {second.name}",
        )
    at = first.threshold if threshold is None else threshold
    if at is None:
        raise NotMeasured(f"{first.name}: no threshold came out of it; give one")
    if not np.isfinite(at):
        raise BadInput(f"a threshold is a finite number, not {at}", place="threshold")
    fpir = target if target is not None else first.target if first.target is not None else DEFAULT_TARGET
    if not 0 < fpir < 1:
        raise BadInput(f"a target FPIR lies strictly between 0 and 1, this one is {fpir:g}", place="target")
    return RunComparison(first, second, float(at), float(fpir), confidence, seed)


def _number(value: Any) -> float | None:
    return None if np.isnan(value) else round(float(value), 6)
