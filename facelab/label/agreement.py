"""Two reviewers compared: on how much of what both answered they agree, beyond chance, and where they do not.

Cohen's kappa (Cohen, A coefficient of agreement for nominal scales, Educational and Psychological Measurement 20 (1960)
37-46): kappa = (po - pe) / (1 - pe), po the share of questions with one answer, pe what two reviewers with the same
habits would agree on by chance. Questions that share a passage or an enrolled person are not independent, so the
interval is a jackknife that leaves out all questions that hang together at once, with Student's t (Tukey 1958; Efron
and Tibshirani, An Introduction to the Bootstrap, 1993, chapter 11); for questions that share nothing it comes to the
large-sample interval of Fleiss, Cohen and Everitt, Psychological Bulletin 72 (1969) 323-327. Where the two agree on
everything the jackknife sees no variation, and the lower end is that of po (exact binomial) put into the formula.
"""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from facelab.errors import BadInput, NotMeasured
from facelab.stats.intervals import Interval, binomial_interval

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from facelab.label.labelfile import Answer, Answers
    from facelab.types import Floats, Ints

VERDICTS = ("same", "different", "unsure")


@dataclass(frozen=True)
class Dispute:
    """A question that two reviewers answered differently, with the places of both answers."""

    items: tuple[str, ...]
    question: str
    one: str
    other: str
    places: tuple[str, str]

    def __str__(self) -> str:
        """One line."""
        return f"{' | '.join(self.items)}: {self.one} / {self.other} ({'; '.join(self.places)})"


@dataclass(frozen=True, eq=False)
class Agreement:
    """Two reviewers on the questions that both answered.

    Parameters
    ----------
    reviewers : (str, str)
        Their names.
    table : (3, 3) int array
        How often the first said (row) and the second said (column) same, different, unsure.
    cluster : (q,) int array
        Which questions hang together.
    pairs : (q, 2) int array
        The two answers to each question, as positions in `VERDICTS`.
    disputes : tuple of Dispute
        Every question with two answers.
    only_one : (int, int)
        Questions that one of them alone answered.
    """

    reviewers: tuple[str, str]
    table: Ints
    cluster: Ints
    pairs: Ints
    disputes: tuple[Dispute, ...]
    only_one: tuple[int, int]

    @property
    def questions(self) -> int:
        """Questions that both answered."""
        return len(self.pairs)

    @property
    def raw(self) -> float:
        """po, the share of questions with one answer."""
        return float(np.trace(self.table) / self.questions)

    @property
    def kappa(self) -> float:
        """Cohen's kappa; NaN where both gave one and the same answer to everything."""
        return cohens_kappa(self.table)

    def interval(self, confidence: float = 0.95) -> Interval:
        """The interval of kappa; NaN at both ends where kappa is, or where all questions hang together.

        Parameters
        ----------
        confidence : float
            In (0, 1).
        """
        clusters = np.unique(self.cluster)
        g = len(clusters)
        if math.isnan(self.kappa) or g < 2:
            why = "kappa does not exist" if g >= 2 else "all questions hang together"
            return Interval(math.nan, math.nan, confidence, "none", g, None, why)
        if not self.disputes:
            return self._of_one_mind(confidence, g)
        from scipy.stats import t

        left = np.array([cohens_kappa(_table(self.pairs[self.cluster != c])) for c in clusters])
        left = left[np.isfinite(left)]
        n = len(left)
        if n < 2:
            return Interval(math.nan, math.nan, confidence, "none", g, None, "too few questions")
        error = math.sqrt((n - 1) / n * float(((left - left.mean()) ** 2).sum()))
        reach = float(t.ppf((1 + confidence) / 2, n - 1)) * error
        return Interval(max(-1.0, self.kappa - reach), min(1.0, self.kappa + reach), confidence, "jackknife", g)

    def _of_one_mind(self, confidence: float, g: int) -> Interval:
        low, _ = binomial_interval(float(g), float(g), confidence, "clopper-pearson")
        pe = _by_chance(self.table)
        return Interval((float(low) - pe) / (1 - pe), 1.0, confidence, "clopper-pearson on po", g, note="no dispute")

    def to_dict(self, confidence: float = 0.95) -> dict[str, Any]:
        """For JSON."""
        interval = self.interval(confidence)
        return {
            "reviewers": list(self.reviewers),
            "questions": self.questions,
            "only_one": list(self.only_one),
            "raw": self.raw,
            "kappa": self.kappa,
            "low": interval.low,
            "high": interval.high,
            "confidence": confidence,
            "method": interval.method,
            "independent_parts": interval.people,
            "table": {"order": list(VERDICTS), "counts": self.table.tolist()},
            "disputes": [
                {"items": list(d.items), "question": d.question, "answers": [d.one, d.other], "places": list(d.places)}
                for d in self.disputes
            ],
        }

    def __str__(self) -> str:
        """One sentence."""
        interval, (one, other) = self.interval(), self.reviewers
        ends = "" if math.isnan(interval.low) else f" [{interval.low:.2f}, {interval.high:.2f}]"
        kappa = "kappa does not exist (one answer only)" if math.isnan(self.kappa) else f"kappa {self.kappa:.2f}{ends}"
        return (
            f"{one} and {other} agree on {np.trace(self.table)} of {self.questions} questions ({self.raw:.0%}), "
            f"{kappa}; {len(self.disputes)} disputes"
        )


def cohens_kappa(table: Ints) -> float:
    """Cohen's kappa of a square table of counts: (po - pe) / (1 - pe); NaN where pe is 1 or the table is empty.

    Examples
    --------
    >>> round(cohens_kappa(np.array([[20, 5], [10, 15]])), 3)
    0.4
    """
    total = table.sum()
    if not total:
        return math.nan
    pe = _by_chance(table)
    return math.nan if pe >= 1 else float((np.trace(table) / total - pe) / (1 - pe))


def agreement_of(one: Answers, other: Answers) -> Agreement:
    """Two reviewers' answers compared, question by question.

    Parameters
    ----------
    one, other : Answers
        Each of a single reviewer (`Answers.of`); they may stand in one file or in two.

    Raises
    ------
    BadInput
        One of them holds the answers of several reviewers, or of none, or both are the same reviewer.
    NotMeasured
        There is no question that both answered.
    """
    names = tuple(_only_reviewer(answers) for answers in (one, other))
    if names[0] == names[1]:
        raise BadInput(f"both are answers of {names[0]!r}; two reviewers are compared", place="agreement")
    mine, theirs = ({(a.question, frozenset(a.items)): a for a in answers.standing} for answers in (one, other))
    both = [key for key in mine if key in theirs]
    if not both:
        raise NotMeasured(f"{names[0]} and {names[1]} answered no question in common")
    pairs = np.array([[VERDICTS.index(said[key].answer) for said in (mine, theirs)] for key in both])
    disputes = [_dispute(mine[key], theirs[key]) for key in both if mine[key].answer != theirs[key].answer]
    return Agreement(
        (names[0], names[1]),
        _table(pairs),
        _clusters([mine[key].items for key in both]),
        pairs,
        tuple(disputes),
        (len(mine) - len(both), len(theirs) - len(both)),
    )


def _only_reviewer(answers: Answers) -> str:
    if len(answers.reviewers) != 1:
        who = ", ".join(answers.reviewers) or "nobody"
        raise BadInput(f"the answers of one reviewer are needed, these are of {who}", place="agreement")
    return answers.reviewers[0]


def _dispute(mine: Answer, theirs: Answer) -> Dispute:
    places = (mine.place or mine.id, theirs.place or theirs.id)
    return Dispute(mine.items, mine.question, mine.answer, theirs.answer, places)


def _table(pairs: Ints) -> Ints:
    table = np.zeros((len(VERDICTS), len(VERDICTS)), np.int64)
    np.add.at(table, (pairs[:, 0], pairs[:, 1]), 1)
    return table


def _by_chance(table: Ints) -> float:
    share: Floats = table / table.sum()
    return float(share.sum(axis=1) @ share.sum(axis=0))


def _clusters(items: Sequence[tuple[Hashable, ...]]) -> Ints:
    """(q,) a number for the questions that share an item, directly or through others."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    number: defaultdict[Hashable, int] = defaultdict(lambda: len(items) + len(number))
    edges = np.array([(k, number[item]) for k, of_one in enumerate(items) for item in of_one])
    n = len(items) + len(number)
    graph = coo_array((np.ones(len(edges)), (edges[:, 0], edges[:, 1])), shape=(n, n))
    return np.asarray(connected_components(graph, directed=False)[1][: len(items)], np.int64)
