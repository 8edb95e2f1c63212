"""Limits that a measurement is held against: decided by an interval's end, never by the estimate.

A limit has three answers. With [low, high] an interval of a quantity that must stay at or below L:

    not worse      high <= L: shown to keep the limit        (one-sided confidence 1 - a)
    worse          low > L:   shown to break it              (one-sided confidence 1 - a/k, k limits asked together)
    cannot tell    otherwise

and the mirror image for a floor. Of several limits all must be shown to be kept, an intersection-union test (Berger,
Technometrics 24, 1982), so that the end that acquits needs no correction; any one may condemn, so that the end that
condemns is Bonferroni's. What keeps all its limits is then called worse at most with probability a, however many
limits there are, and what breaks one of them is passed at most with probability a. "Cannot tell" is not a pass.

A difference against a champion has a margin for its limit; its high end below 0 means better.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np

from facelab.errors import BadInput
from facelab.stats._given import plain, within

Verdict: TypeAlias = Literal["better", "not worse", "worse", "cannot tell"]
Ends: TypeAlias = Callable[[float], tuple[float, float]]
VERDICTS: tuple[Verdict, ...] = ("better", "not worse", "worse", "cannot tell")


@dataclass(frozen=True, eq=False)
class Limit:
    """A quantity and the limit that it must keep, before anything is decided.

    Parameters
    ----------
    rule : str
        What is limited, such as "FNIR at the champion's FPIR, difference".
    value : float
        The estimate: shown, and decides nothing.
    ends : function of float
        Gives (low, high) of the interval that leaves out so much probability on each side; NaN: not known.
    limit : float
        L.
    floor : bool
        True where the quantity must stay at or above L.
    difference : bool
        True where it is a difference against a champion: a high end below 0 is "better".
    place : str
        Of which camera or group; empty: of all.
    how : str
        How the interval is made.
    """

    rule: str
    value: float
    ends: Ends
    limit: float
    floor: bool = False
    difference: bool = False
    place: str = ""
    how: str = ""


@dataclass(frozen=True)
class Check:
    """A limit and what the data say of it.

    Parameters
    ----------
    rule, place, how : str
        As in `Limit`.
    value, low, high, limit : float
        The estimate, the two ends that decided, and L; `low` and `high` have confidences of their own (`Check.level`).
    floor : bool
        True where the quantity must stay at or above L.
    verdict : {"better", "not worse", "worse", "cannot tell"}
    low_confidence, high_confidence : float
        One-sided, of each end.
    """

    rule: str
    value: float
    low: float
    high: float
    limit: float
    verdict: Verdict
    floor: bool = False
    place: str = ""
    how: str = ""
    low_confidence: float = 0.95
    high_confidence: float = 0.95

    @property
    def name(self) -> str:
        """The rule, and of whom."""
        return f"{self.rule}, {self.place}" if self.place else self.rule

    def sentence(self) -> str:
        """``FNIR, gate: 0.31 [0.18, 0.44], at most 0.2: cannot tell``."""
        word = "at least" if self.floor else "at most"
        if np.isnan(self.value):
            return f"{self.name}: not measured ({word} {self.limit:g}): {self.verdict}"
        return f"{self.name}: {self.value:.3g} [{self.low:.3g}, {self.high:.3g}], {word} {self.limit:g}: {self.verdict}"

    def to_dict(self) -> dict[str, Any]:
        """For JSON; null where a number is not known."""
        names = ("rule", "place", "value", "low", "high", "limit", "floor", "verdict", "how")
        levels = {"low_confidence": self.low_confidence, "high_confidence": self.high_confidence}
        return {name: plain(getattr(self, name)) for name in names} | levels


def checked(limits: Sequence[Limit], confidence: float = 0.95) -> tuple[Check, ...]:
    """What the data say of each of `limits`, asked together.

    Parameters
    ----------
    limits : sequence of Limit
        k of them; k corrects the end that condemns.
    confidence : float
        1 - a, of passing and of condemning, each as a whole; in (0.5, 1).

    Raises
    ------
    BadInput
        The confidence is no such number.
    """
    tail = 1 - within("confidence", confidence, 0.5, 1.0)
    return tuple(_decided(limit, tail, tail / max(len(limits), 1)) for limit in limits)


def _decided(limit: Limit, acquit: float, condemn: float) -> Check:
    """One limit at the two tails."""
    if limit.floor:
        low, high = limit.ends(acquit)[0], limit.ends(condemn)[1]
        kept, broken, tails = low >= limit.limit, high < limit.limit, (acquit, condemn)
    else:
        low, high = limit.ends(condemn)[0], limit.ends(acquit)[1]
        kept, broken, tails = high <= limit.limit, low > limit.limit, (condemn, acquit)
    verdict: Verdict = "not worse" if kept else "worse" if broken else "cannot tell"
    if kept and limit.difference and high < 0:
        verdict = "better"
    return Check(
        limit.rule, limit.value, low, high, limit.limit, verdict, limit.floor, limit.place, limit.how,
        low_confidence=1 - tails[0], high_confidence=1 - tails[1],
    )  # fmt: skip


def overall(checks: Sequence[Check]) -> Verdict:
    """The verdict of all checks: one that is worse condemns, one that cannot tell withholds the pass.

    Without a check nothing can be told.
    """
    found = {check.verdict for check in checks}
    if not found <= set(VERDICTS):
        raise BadInput(f"a verdict is one of {', '.join(VERDICTS)}, not {sorted(found)}", place="verdict")
    if "worse" in found:
        return "worse"
    if not found or "cannot tell" in found:
        return "cannot tell"
    return "better" if "better" in found else "not worse"
