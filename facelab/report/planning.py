"""What more data would buy a 1:1 test, and what a larger gallery means: sentences computed from the data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from facelab.report.rows import percent
from facelab.stats.planning import pairs_needed, trials_to_support

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def more_comparisons(points: Sequence[Mapping[str, Any]], people: int | None) -> tuple[str, ...]:
    """What more data would buy, a sentence for each target FMR that is not supported or cannot be certified.

    Parameters
    ----------
    points : sequence of mapping
        Operating points of a verification as JSON has them.
    people : int or None
        People behind the non-mated comparisons, where known.
    """
    have = "" if people is None else f"; there are {people:,}"
    sentences = []
    for point in points:
        target = point.get("target_fmr")
        if target is None:
            continue
        if not point["supported"]:
            needed = trials_to_support(target)
            verb = "resolve and support" if point["threshold"] is None else "support"
            sentences.append(f"To {verb} an FMR of {small(target)}, {needed:,} pairs of people must be compared.")
        certified = point.get("certified")
        if certified is None or certified.get("threshold") is None:
            sentences.append(
                f"To certify an FMR of {small(target)} without a single false match takes {pairs_needed(target):,} "
                f"people{have}."
            )
    return tuple(sentences)


def at_operational_size(scale: Mapping[str, Any]) -> str:
    """FPIR at the last gallery size of `scale` (`GalleryScale.to_dict`), and what it rests on."""
    size, fpir, tested = int(scale["size"][-1]), float(scale["fpir"][-1]), f"{scale['subjects']:,}"
    high = small(scale["high"][-1])
    ends = f"{100 * scale['confidence']:g} % interval {small(scale['low'][-1])} to {high}"
    head = f"At a threshold of {scale['threshold']:.4f} and with {size:,} people enrolled"
    if not scale["extrapolated"][-1]:
        return f"{head}, FPIR is {small(fpir)} ({ends}; measured)."
    if not fpir:
        return f"{head}, FPIR is unknown below {high}: none of {scale['searches']:,} searches alerted with {tested}."
    return (
        f"{head}, FPIR would be about {small(fpir)} ({ends}): extrapolated from {tested}. However people resemble each "
        f"other, the mean over such galleries lies from {small(scale['floor'][-1])} to {small(scale['ceiling'][-1])}; "
        f"independent comparisons would say {small(scale['independent'][-1])}."
    )


def small(share: float | None) -> str:
    """A share as a percentage, below 0.01 % as a power of ten.

    >>> small(0.05), small(1e-6), small(None)
    ('5 %', '1e-06', 'unknown')
    """
    if share is None:
        return "unknown"
    return percent(share) if share >= 1e-4 or share == 0 else f"{share:.2g}"
