"""May references of nobody stand in for people? The check, on people whom the distribution was not fitted to.

The people are halved. The distribution is fitted, and its tails are chosen, on the references and the probes of one
half; the probes of the other half are then searched twice, among that half's own references and among as many drawn
ones as it takes. At the scores at which the people's own FMR is 1e-3 and 1e-4, the drawn references' FMR must lie
within the person-level interval of the people's: else a large gallery is refused.

Two figures stand beside it and decide nothing. FPIR with as many enrolled as were held out: with equal FMR it is lower
where false matches fall on fewer probes. And how much more alike drawn references are to each other than people are: a
model that copies its people would pass the rule, and here it would show.

What no check of a few hundred people can see is the tail beyond its last pair. A gallery of a million runs at an FMR
of 1e-7 or less, and there the draws are a model.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from facelab.errors import NotMeasured
from facelab.gallery.distractors import TemplateDistribution, fitted_distribution
from facelab.stats.dyadic import PairTrials, PeopleTrials, person_codes, rate_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from facelab.stats.rates import Rate
    from facelab.types import Bools, Floats, Ints, Strings

    Fit = Callable[[Floats, Floats, Bools, np.random.Generator], TemplateDistribution]

DRAWN = 20_000
AMONG = 3_000


@dataclass(frozen=True)
class Level:
    """People and drawn references at one score.

    Parameters
    ----------
    fmr : float
        At which the people's own FMR is at most.
    threshold : float
        The score.
    people, people_fpir : Rate
        FMR of the held-out people, and FPIR with as many enrolled as were held out.
    drawn, drawn_fpir : float
        The same of drawn references.
    alike : float
        FMR of drawn references among each other, over that of the held-out references; NaN where no two of those match.
    """

    fmr: float
    threshold: float
    people: Rate
    drawn: float
    people_fpir: Rate
    drawn_fpir: float
    alike: float

    @property
    def within(self) -> bool:
        """Whether the drawn FMR lies within the people's interval."""
        ends = self.people.interval()
        return bool(ends.low <= self.drawn <= ends.high)

    @property
    def fpir_within(self) -> bool:
        """The same of FPIR; it is reported, and does not decide."""
        ends = self.people_fpir.interval()
        return bool(ends.low <= self.drawn_fpir <= ends.high)


@dataclass(frozen=True, eq=False)
class DistractorCheck:
    """Whether drawn references may stand in for people.

    Parameters
    ----------
    name : str
        Of the people they were fitted to and checked on.
    model : TemplateDistribution
        The distribution that was checked, and that is used.
    levels : tuple of Level
        One an FMR that was asked for.
    held_out : int
        References that the fit has not seen.
    probes : int
        Probes that it has not seen.
    """

    name: str
    model: TemplateDistribution
    levels: tuple[Level, ...]
    held_out: int
    probes: int

    @cached_property
    def allowed(self) -> bool:
        """Whether every FMR lies within its interval."""
        return all(level.within for level in self.levels)

    @property
    def short(self) -> float:
        """By what factor drawn references alarm fewer strangers than people do, at the last level; 1 if not fewer."""
        last = self.levels[-1]
        return max(last.people_fpir.value / last.drawn_fpir, 1.0) if last.drawn_fpir > 0 else np.inf

    def sentence(self) -> str:
        """The result in words."""
        if self.allowed:
            return (
                f"{self.name}: drawn references match held-out probes as often as {self.held_out} held-out people do, "
                f"within the interval, at FMR {self.named}."
            )
        wrong = next(level for level in self.levels if not level.within)
        ends = wrong.people.interval()
        return (
            f"{self.name}: refused. At score {wrong.threshold:.3f} held-out people match with FMR "
            f"{wrong.people.value:.3g} [{ends.low:.3g}, {ends.high:.3g}] and drawn references with "
            f"{wrong.drawn:.3g}, outside that interval."
        )

    @property
    def named(self) -> str:
        """The FMR at which was checked."""
        return " and ".join(f"{level.fmr:g}" for level in self.levels)


@dataclass(frozen=True, eq=False)
class Labelled:
    """Unit templates (k, d) without a NaN and whose they are, "" unknown."""

    embedding: Floats
    subject: Strings

    def take(self, rows: Bools) -> Labelled:
        """Those at `rows` (a mask)."""
        return Labelled(self.embedding[rows], self.subject[rows])


def distractor_check(
    name: str,
    references: Labelled,
    probes: Labelled,
    levels: Sequence[float],
    rng: np.random.Generator,
    *,
    fit_with: Fit = fitted_distribution,
) -> DistractorCheck:
    """Fit on one half of the people, check on the other.

    Parameters
    ----------
    name : str
        Of the people.
    references, probes : Labelled
        One reference a person; any number of probes.
    levels : sequence of float
        FMR at which is checked.
    rng : numpy.random.Generator
        For the halves, the fit and the draws.
    fit_with : callable
        Makes the distribution from the fit half's references, probes, who is whom, and `rng`.

    Raises
    ------
    NotMeasured
        The held-out half has too few pairs for the smallest level.
    BadInput
        Too few references to fit a distribution.
    """
    fit, held = _halves(references.subject, probes.subject, rng)
    own, seen = references.take(fit[0]), probes.take(fit[1])
    model = fit_with(own.embedding, seen.embedding, _same(seen, own), rng)
    others, unseen = references.take(held[0]), probes.take(held[1])
    same = _same(unseen, others)
    pairs = int((~same).sum())
    if pairs * min(levels) < 1:
        raise NotMeasured(
            f"{name}: {pairs:,} comparisons of held-out people cannot show an FMR of {min(levels):g}; references "
            "cannot be drawn for them"
        )
    score = np.where(same, np.nan, unseen.embedding @ others.embedding.T)
    among = others.embedding @ others.embedding.T
    among = among[np.triu_indices(len(among), 1)]
    people = _people(unseen, others, same)
    drawn = model.draw(DRAWN, rng)
    drawn_score = unseen.embedding @ drawn.T
    mutual = drawn[:AMONG] @ drawn[:AMONG].T
    mutual = mutual[np.triu_indices(len(mutual), 1)]
    found = []
    for level in levels:
        threshold = _smallest_at(score[~same], level)
        alike = float((among >= threshold).mean())
        found.append(
            Level(
                level,
                threshold,
                rate_of(people, np.asarray(score[~same] >= threshold), "FMR"),
                float((drawn_score >= threshold).mean()),
                rate_of(_searchers(unseen), np.atleast_1d((score >= threshold).any(axis=1)), "FPIR"),
                _drawn_fpir(drawn_score, threshold, len(others.subject)),
                float((mutual >= threshold).mean()) / alike if alike > 0 else float("nan"),
            )
        )
    return DistractorCheck(name, model, tuple(found), len(others.subject), len(unseen.subject))


def _halves(
    references: Strings, probes: Strings, rng: np.random.Generator
) -> tuple[tuple[Bools, Bools], tuple[Bools, Bools]]:
    """Masks of references and probes of the fit, and of the check; nobody is in both."""
    enrolled, strangers = np.unique(references), np.setdiff1d(probes, references)
    chosen = np.concatenate([_half(enrolled, rng), _half(strangers[strangers != ""], rng)])
    unknown = np.asarray(probes == "")
    in_fit = np.isin(probes, chosen) | (unknown & (rng.random(len(probes)) < 0.5))
    own = np.isin(references, chosen)
    return (own, in_fit), (~own, ~in_fit)


def _half(names: Strings, rng: np.random.Generator) -> Strings:
    return rng.permutation(names)[: (len(names) + 1) // 2]


def _same(probes: Labelled, references: Labelled) -> Bools:
    return np.asarray((probes.subject[:, None] == references.subject[None]) & (probes.subject[:, None] != ""))


def _people(probes: Labelled, references: Labelled, same: Bools) -> PairTrials:
    """The comparisons that are not mated, with the two people of each."""
    codes = person_codes(np.concatenate([probes.subject, references.subject]))
    first, second = codes[: len(probes.subject)], codes[len(probes.subject) :]
    return PairTrials(
        np.broadcast_to(first[:, None], same.shape)[~same], np.broadcast_to(second[None], same.shape)[~same]
    )


def _searchers(probes: Labelled) -> PeopleTrials:
    return PeopleTrials(_gapless(person_codes(probes.subject)), "probe people")


def _gapless(codes: Ints) -> Ints:
    return np.asarray(np.unique(codes, return_inverse=True)[1], np.int64)


def _smallest_at(score: Floats, level: float) -> float:
    """The smallest score that at most `level` of `score` reach."""
    falling = np.sort(score)[::-1]
    return float(np.nextafter(falling[int(level * len(falling) + 1e-9)], np.float32(np.inf)))


def _drawn_fpir(score: Floats, threshold: float, enrolled: int) -> float:
    """FPIR among `enrolled` drawn references, the mean over as many galleries as were drawn."""
    galleries = max(score.shape[1] // enrolled, 1)
    hit = (score >= threshold)[:, : galleries * enrolled]
    return float(np.mean([part.any(axis=1).mean() for part in np.array_split(hit, galleries, axis=1)]))
