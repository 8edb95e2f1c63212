"""What `facelab verification` and `identification` add where a column or an option asks for it.

Groups by a column, a second system on the same people, and the floor of a site: the same library calls as of
`facelab groups`, `facelab compare-scores` and `facelab workload`, at the thresholds of the answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from facelab.cli import comparing, groups, workload
from facelab.cli.rates import share
from facelab.errors import BadInput, UnattainableTarget

if TYPE_CHECKING:
    from facelab.stats import OpenSetCurve

SEED = 1
By = Annotated[str | None, typer.Option("--by", help="A column of groups: rates by group at each threshold.")]
Against = Annotated[
    Path | None, typer.Option("--against", help="A second system's file on the same people: is it better?")
]
Passengers = Annotated[
    float | None, typer.Option("--passengers", help="Passengers a day: alerts a day at each threshold.")
]
Prevalence = Annotated[
    float | None,
    typer.Option("--prevalence", parser=share, metavar="SHARE", help="Share of passages that are of enrolled people."),
]
Cameras = Annotated[float, typer.Option("--cameras", help="Cameras that each passenger passes.")]
Minutes = Annotated[float, typer.Option("--minutes", help="Minutes that the review of one alert takes.")]


def thresholds_of(answer: dict[str, Any]) -> list[float]:
    """The thresholds of an answer's operating points, those that exist."""
    return [point["threshold"] for point in answer["operating_points"] if point["threshold"] is not None]


def file_of(path: Path | None, option: str) -> Path:
    """`path`, or a refusal: `option` works on a file of scores or candidates."""
    if path is None:
        raise BadInput("it needs a file of scores or candidates, not templates", place=option)
    return path


def grouped(
    path: Path, by: str, thresholds: Sequence[float], confidence: float, *, enrolled: Path | None = None, rank: int = 1
) -> list[dict[str, Any]]:
    """Rates by group at each threshold."""
    import numpy as np

    from facelab.stats import read_enrolled
    from facelab.stats.groupfile import file_group_report

    names = None if enrolled is None else read_enrolled(enrolled)
    return [
        {"by": by}
        | file_group_report(path, by, at, enrolled=names, rank=rank, rng=np.random.default_rng(SEED)).to_dict(
            confidence
        )
        for at in thresholds
    ]


def on_the_floor(
    curve: OpenSetCurve,
    thresholds: Sequence[float],
    site: tuple[float | None, float | None, float, float],
    confidence: float,
) -> list[dict[str, Any]]:
    """The workload at each threshold; `site` is passengers, prevalence, cameras and minutes a review."""
    from facelab.stats.floor import workload_at
    from facelab.stats.workload import Site

    passengers, prevalence, cameras, minutes = site
    if passengers is None or prevalence is None:
        missing = "--prevalence" if prevalence is None else "--passengers"
        raise BadInput("alerts a day need both passengers and prevalence", place=missing)
    place = Site(passengers, prevalence, cameras, minutes)
    return [
        {"threshold": at} | workload_at(curve, at, place, journeys=False, confidence=confidence).to_dict()
        for at in thresholds
    ]


@dataclass(frozen=True)
class Asked:
    """What a column or an option asks for besides the rates.

    Parameters
    ----------
    path : Path or None
        The file of scores or candidates; None where templates were given.
    targets, thresholds : sequences of float
        Those asked for.
    confidence : float
        Of the intervals.
    by, against : str or None, Path or None
        A column of groups, a second system's file.
    enrolled, rank : Path or None, int
        Of candidates.
    site : tuple
        Passengers, prevalence, cameras, minutes a review.
    """

    path: Path | None
    targets: Sequence[float]
    thresholds: Sequence[float]
    confidence: float
    by: str | None
    against: Path | None
    enrolled: Path | None = None
    rank: int = 1
    site: tuple[float | None, float | None, float, float] = (None, None, 1.0, 2.0)


def compared(path: Path, against: Path, asked: Asked) -> list[dict[str, Any]]:
    """The second system's rates minus the first's, at each target and at each given threshold.

    At a target each has its own threshold; a target that the data cannot resolve has a reason instead.
    """
    import numpy as np

    from facelab.stats import read_enrolled
    from facelab.stats.same_people import compare_files

    names = None if asked.enrolled is None else read_enrolled(asked.enrolled)
    of: dict[str, Any] = {"enrolled": names, "rank": asked.rank, "confidence": asked.confidence}
    each: list[dict[str, Any]] = [{"target": target} for target in asked.targets]
    each += [{"thresholds": (at, at)} for at in asked.thresholds]
    if not each:
        raise BadInput("two systems are compared at a target or at a threshold; give one", place="--against")
    found = []
    for at in each:
        try:
            found.append(compare_files(path, against, **at, **of, rng=np.random.default_rng(SEED)))
        except UnattainableTarget as error:
            found.append({"target": at["target"], "reason": str(error)})
    return found


def added(asked: Asked, answer: dict[str, Any], curve: OpenSetCurve | None = None) -> dict[str, Any]:
    """What `asked` adds to `answer`: groups, against and workload, those that were asked for."""
    found: dict[str, Any] = {}
    at = thresholds_of(answer)
    if asked.by is not None:
        first = file_of(asked.path, "--by")
        found["groups"] = grouped(first, asked.by, at, asked.confidence, enrolled=asked.enrolled, rank=asked.rank)
    if asked.against is not None:
        found["against"] = compared(file_of(asked.path, "--against"), asked.against, asked)
    if curve is not None and (asked.site[0] is not None or asked.site[1] is not None):
        found["workload"] = on_the_floor(curve, at, asked.site, asked.confidence)
    return found


def tell(answer: dict[str, Any]) -> None:
    """Print what was added to `answer`."""
    for report in answer.get("groups", ()):
        print(f"At a threshold of {report['threshold']:.6g}:")
        for part in (report["false_positive"], report["false_negative"]):
            if part is not None:
                groups.tell(part, report["by"])
    for found in answer.get("against", ()):
        if "reason" in found:
            print(found["reason"])
        else:
            comparing.tell(found)
    for found in answer.get("workload", ()):
        workload.tell(found)
