"""How large a test must be before it is made: people and trials for a target error rate.

Three levels, from "can be seen" to "is measured well": 1/target trials resolve the target, 3/target support it (no
error in them bounds the rate at about 95 %), 30/target measure it to about +-30 % at 90 % confidence (rule of thirty).
The exact numbers of people beside them are one-sided Clopper-Pearson bounds; for FMR, whose trials are pairs of people
one of whom may be a hub, they are twice as many (`facelab.stats.planning`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from facelab.errors import BadInput
from facelab.stats.gallery_threshold import TESTED_SHARE
from facelab.stats.planning import (
    pairs_needed,
    people_needed,
    rule_of_thirty,
    trials_to_resolve,
    trials_to_support,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

Measure: TypeAlias = Literal["FPIR", "FNIR", "FMR", "FNMR"]
ERRORS = (0, 1, 2, 3, 5, 10)
OF = {"FPIR": "people who are not enrolled", "FNIR": "enrolled people", "FMR": "people", "FNMR": "people"}


@dataclass(frozen=True)
class TestSize:
    """How large a test must be for a target.

    Parameters
    ----------
    measure, target, confidence : str, float, float
        What is to be claimed: that the rate is at most the target.
    resolve, support, measure_well : int
        Trials: 1/target, 3/target, 30/target.
    people : mapping of int to int
        People by the number of errors among them that still allow the claim, one-sided.
    people_two_sided : int
        The same without an error, for the upper end of a two-sided interval.
    gallery, enrol : int or None
        Subjects that the site enrols, and that the test must enrol at least (NIST SP 800-63A-4: 90 % of them).
    """

    __test__ = False  # no test of pytest's

    measure: str
    target: float
    confidence: float
    resolve: int
    support: int
    measure_well: int
    people: Mapping[int, int]
    people_two_sided: int
    gallery: int | None = None
    enrol: int | None = None

    @property
    def least(self) -> int:
        """People without a single error among them."""
        return self.people[0]

    def __repr__(self) -> str:
        claim = f"{self.measure} of at most {self.target:g} at {100 * self.confidence:g} %, one-sided"
        return f"to claim an {claim}: {self.least:,} {OF[self.measure]} and no error"

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        names = ("measure", "target", "confidence", "resolve", "support", "measure_well", "people_two_sided")
        table = [{"errors": errors, "people": people} for errors, people in self.people.items()]
        found = {name: getattr(self, name) for name in names}
        return found | {"people": table, "gallery": self.gallery, "enrol": self.enrol, "sentence": repr(self)}


def size_of_test(measure: Measure, target: float, *, confidence: float = 0.95, gallery: int | None = None) -> TestSize:
    """The people and trials that a claim of "at most `target`" takes.

    Parameters
    ----------
    measure : {"FPIR", "FNIR", "FMR", "FNMR"}
        Of FMR the trials are pairs of people.
    target : float
        In (0, 1).
    confidence : float
        Of the one-sided bound.
    gallery : int, optional
        Subjects that the site enrols.

    Raises
    ------
    BadInput
        Another measure, a target or a confidence outside (0, 1), a gallery below 1.

    Examples
    --------
    >>> size_of_test("FPIR", 1 / 6000)
    to claim an FPIR of at most 0.000166667 at 95 %, one-sided: 17,973 people who are not enrolled and no error
    """
    if measure not in OF:
        raise BadInput(f"the rate is one of {', '.join(OF)}, not {measure!r}", place="measure")
    if gallery is not None and gallery < 1:
        raise BadInput(f"a gallery has 1 subject or more, not {gallery}", place="gallery")
    if measure == "FMR":
        people, both = {0: pairs_needed(target, confidence)}, 2 * people_needed(target, 0, confidence, sides=2)
    else:
        people = {errors: people_needed(target, errors, confidence) for errors in ERRORS}
        both = people_needed(target, 0, confidence, sides=2)
    return TestSize(
        measure,
        target,
        confidence,
        trials_to_resolve(target),
        trials_to_support(target),
        rule_of_thirty(target),
        people,
        both,
        gallery,
        None if gallery is None else math.ceil(TESTED_SHARE * gallery - 1e-9),
    )
