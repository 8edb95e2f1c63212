"""Errors that a user can act on.

Every error names the rule that was broken, the value that broke it, the place it was found in and the likely cause.
Modules raise one of these classes; the command line turns each class into an exit code, and nothing else does:

===================  =====================================  =========
class                meaning                                exit code
===================  =====================================  =========
`BadInput`           what the user gave cannot be used      12
`PackError`          a model pack is missing or altered     12
`UnattainableTarget` the data cannot answer the question    11
`NotMeasured`        the measurement could not be made      11
===================  =====================================  =========
"""

from __future__ import annotations


class FacelabError(Exception):
    """Base of every error that facelab raises on purpose."""

    exit_code = 1


class BadInput(FacelabError):
    """Something the user gave (file, manifest, parameter, score) cannot be used.

    Parameters
    ----------
    message : str
        One line: the rule, the value and the likely cause.
    place : str, optional
        Where it was found: a file, a file and line, a parameter name.
    """

    exit_code = 12

    def __init__(self, message: str, *, place: str | None = None) -> None:
        self.place = place
        super().__init__(message if place is None else f"{place}: {message}")


class PackError(BadInput):
    """A model pack is unknown, incomplete, altered (wrong hash) or cannot be fetched."""


class NotMeasured(FacelabError):
    """The measurement could not be made (no face in the whole footage, no probe left, nothing to compare)."""

    exit_code = 11


class UnattainableTarget(FacelabError):
    """The data cannot resolve the error rate asked for.

    Parameters
    ----------
    measure : str
        The rate asked for, such as ``"FPIR"``.
    target : float
        The rate's target, in (0, 1).
    have, needed : int
        Trials there are, and trials that would be the least to resolve the target (1/target).
    people_have, people_needed : int, optional
        People behind the trials, and the least number that would support the target (3/target).
    unit : str, optional
        What these two count where it is not people: pairs of people, subjects.
    """

    exit_code = 11

    def __init__(
        self,
        measure: str,
        target: float,
        *,
        have: int,
        needed: int,
        people: tuple[int, int] | None = None,
        unit: str = "people",
    ) -> None:
        self.unit = unit
        self.measure, self.target, self.have, self.needed = measure, target, have, needed
        self.people_have: int | None = None if people is None else people[0]
        self.people_needed: int | None = None if people is None else people[1]
        text = f"{measure} {target:g} cannot be resolved: it needs at least {needed:,} trials, there are {have:,}"
        if people is not None:
            text += f"; to support it, {people[1]:,} {unit}, there are {people[0]:,}"
        super().__init__(text)
