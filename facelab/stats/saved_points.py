"""Operating points as facelab wrote them to JSON: read again where only the counts and intervals are left.

Read are the answer of ``facelab identification --json``, the operating points of an evaluation, and a tuned config. A
rate that was saved knows its counts, its interval and its one-sided bound, and no longer the people behind them: it
gives the interval it was saved with, and refuses another.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from facelab.errors import BadInput
from facelab.stats.intervals import Interval, Method
from facelab.stats.rates import Rate

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


@dataclass(frozen=True, repr=False)
class SavedRate(Rate):
    """A rate with the interval that it was saved with.

    Parameters
    ----------
    low, high, confidence, method
        That interval.
    behind : int or None
        The people behind the trials.
    bound : float
        The one-sided 95 % upper bound; NaN where it was not saved.
    seen, guaranteed : (float, float) or None
        As in `Interval`; None where they were not saved.
    rarest : int or None
        As in `Interval`.
    said : str
        The note it was saved with.
    """

    low: float = math.nan
    high: float = math.nan
    confidence: float = 0.95
    method: str = "as saved"
    behind: int | None = None
    bound: float = math.nan
    seen: tuple[float, float] | None = None
    guaranteed: tuple[float, float] | None = None
    rarest: int | None = None
    said: str = ""

    @property
    def people(self) -> int | None:
        """People behind the trials; None where they were not known."""
        return self.behind

    def interval(self, confidence: float = 0.95, method: Method = "auto") -> Interval:
        """The saved interval.

        Raises
        ------
        BadInput
            Another confidence or formula than the saved one is asked for.
        """
        if abs(confidence - self.confidence) > 1e-9 or method != "auto":
            raise BadInput(
                f"{self.name} was saved with its {100 * self.confidence:g} % interval and gives no other", place="saved"
            )
        note = "; ".join(filter(None, ("as saved", self.said)))
        return Interval(
            self.low,
            self.high,
            self.confidence,
            self.method,
            self.behind,
            None,
            note,
            seen=self.seen,
            guaranteed=self.guaranteed,
            rarest=self.rarest,
        )

    def upper(self, confidence: float = 0.95) -> float:
        """The saved one-sided upper bound.

        Raises
        ------
        BadInput
            Another confidence than 95 % is asked for.
        """
        if abs(confidence - 0.95) > 1e-9:
            raise BadInput(f"{self.name} was saved with its 95 % bound and gives no other", place="saved")
        return self.bound

    def guaranteed_upper(self, confidence: float = 0.95) -> float:
        """The upper end that holds whoever is missing, as saved: that of the two-sided interval, so never too low.

        Raises
        ------
        BadInput
            It was not saved, or its confidence is lower than the one asked for.
        """
        if self.guaranteed is None:
            raise BadInput(f"{self.name} was saved without the bound that allows for unseen people", place="saved")
        if confidence > (1 + self.confidence) / 2:
            known = f"{100 * self.confidence:g} % interval"
            raise BadInput(
                f"{self.name} was saved with its {known} and gives no bound of {confidence:g}", place="saved"
            )
        return self.guaranteed[1]


def saved_rate(said: Mapping[str, Any], name: str) -> SavedRate:
    """The rate that `said` describes (`Rate.to_dict`).

    Raises
    ------
    BadInput
        Its counts or its interval are missing.
    """
    try:
        errors, trials, confidence = int(said["errors"]), int(said["trials"]), float(said["confidence"])
        low, high = (math.nan if said[end] is None else float(said[end]) for end in ("low", "high"))
    except (KeyError, TypeError, ValueError) as error:
        raise BadInput("a saved rate has errors, trials, low, high and confidence", place=name) from error
    bound = said.get("upper_95_one_sided")
    return SavedRate(
        errors,
        trials,
        name,
        low=low,
        high=high,
        confidence=confidence,
        method=str(said.get("method", "as saved")),
        behind=said.get("people"),
        bound=math.nan if bound is None else float(bound),
        seen=_ends(said.get("seen_people_only")),
        guaranteed=_ends(said.get("guaranteed")),
        rarest=_rarest(said),
        said=str(said.get("note", "")),
    )


def _ends(said: Any) -> tuple[float, float] | None:
    """Two saved ends; None where one of them was not saved."""
    return None if not said or None in said else (float(said[0]), float(said[1]))


def _rarest(said: Mapping[str, Any]) -> int | None:
    """1 in how many people a missing kind must be for the interval to hold; None where it may be relied on.

    Where only `reliable` was saved: a third of the people, as `facelab.stats.unseen` has it.
    """
    if said.get("reliable", True):
        return None
    return int(said.get("rarest") or max(round((said.get("people") or 3) / 3), 1))


@dataclass(frozen=True)
class SavedPoint:
    """A threshold of 1:N identification and its rates, as saved.

    Parameters
    ----------
    threshold, target : float, float or None
        T, and the FPIR it was chosen for.
    supported : bool
        Whether the data supported that target.
    fpir, fnir, misidentification : SavedRate
        At T; misidentification is None where it was not saved.
    subjects : int or None
        N of the test, where the file says it.
    """

    threshold: float
    target: float | None
    supported: bool
    fpir: SavedRate
    fnir: SavedRate
    misidentification: SavedRate | None
    subjects: int | None


def read_saved_point(path: Path, target: float | None = None) -> SavedPoint:
    """The operating point in a JSON file.

    Parameters
    ----------
    path : Path
        The answer of ``facelab identification --json``, the operating points of an evaluation, or a tuned config.
    target : float, optional
        Whose threshold; by default the only point, else that of the smallest supported target, else the first.

    Raises
    ------
    BadInput
        It is no such file, or holds no threshold for that target.
    """
    try:
        said = json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError) as error:
        raise BadInput(f"it cannot be read as JSON: {error}", place=str(path)) from error
    points = _points(said)
    found = [point for point in points if point.get("threshold") is not None and point.get("fpir") is not None]
    if not found:
        raise BadInput("it holds no operating point of an identification with a threshold", place=str(path))
    return _saved(_chosen(found, target, path), _subjects(said))


def _points(said: Any) -> list[dict[str, Any]]:
    """The operating points of a JSON document, wherever facelab writes them."""
    if not isinstance(said, dict):
        return []
    listed = said.get("operating_points", said.get("points"))
    if listed is None and "operating_point" in said:
        listed = [said["operating_point"]]
    return [point for point in listed if isinstance(point, dict)] if isinstance(listed, list) else []


def _subjects(said: dict[str, Any]) -> int | None:
    """N, the enrolled subjects, where the document says it."""
    found = said.get("gallery", {}).get("subjects", said.get("matching", {}).get("enrolled"))
    return None if found is None else int(found)


def _chosen(points: list[dict[str, Any]], target: float | None, path: Path) -> dict[str, Any]:
    if target is not None:
        same = [p for p in points if p.get("target_fpir") is not None and math.isclose(p["target_fpir"], target)]
        if not same:
            there = ", ".join(f"{p['target_fpir']:g}" for p in points if p.get("target_fpir") is not None) or "none"
            raise BadInput(f"it holds no threshold for FPIR {target:g}; there are {there}", place=str(path))
        return same[0]
    supported = [p for p in points if p.get("supported") and p.get("target_fpir") is not None]
    return min(supported, key=lambda p: float(p["target_fpir"])) if supported else points[0]


def _saved(point: dict[str, Any], subjects: int | None) -> SavedPoint:
    wrong = point.get("misidentification")
    return SavedPoint(
        float(point["threshold"]),
        point.get("target_fpir"),
        bool(point.get("supported", True)),
        saved_rate(point["fpir"], "FPIR"),
        saved_rate(point["fnir"], "FNIR"),
        None if wrong is None else saved_rate(wrong, "misidentification"),
        subjects,
    )
