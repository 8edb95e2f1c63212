"""Broken tracks are joined again: a person who is hidden for a moment is one passage.

Two fragments of one camera are joined where

- one begins after the other has ended, within `rejoin_s`: nobody is in two places at once;
- the way between them is one that the person could go: nobody goes faster while out of sight than the faster of the
  two was seen to go in the half second before or after (one width of the face is forgiven);
- the face does not come back smaller, by more than a quarter of its width: a face that is seen comes nearer or stands.
  So the one who leaves in front and the stranger who enters far behind are kept apart;
- their faces, each side pooled, are alike by `rejoin_score` or more: what strangers hardly ever reach.

The pairs are taken from the most alike down. What is joined is then one fragment: the rules of time and of likeness
must hold for the whole of it, whichever pair of its parts brought it about. Of equals the earlier pair comes first.
The truth is not used, and nothing is embedded anew; fragments without an embedded face stay as they are.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from facelab.pipeline.fragments import Fragment, template

if TYPE_CHECKING:
    from collections.abc import Sequence

    from facelab.pipeline.clip import ClipPassages
    from facelab.types import Ints

SPEED_OVER_S = 0.5
FORGIVEN_WIDTHS = 1.0
LEAST_GROWTH = 3 / 4


def rejoined(
    found: ClipPassages, fragments: Sequence[Fragment], rejoin_s: float, rejoin_score: float
) -> list[Fragment]:
    """`fragments` with those put together that are one person's.

    Parameters
    ----------
    found : ClipPassages
        What the fragments are rows of.
    fragments : list of Fragment
        Tracks, or parts of them.
    rejoin_s : float
        How long a person may be out of sight, s; 0 joins nothing.
    rejoin_score : float
        Similarity from which on two fragments are one person's.
    """
    groups = [[k] for k in range(len(fragments))]
    for one, other in _pairs(found, fragments, rejoin_s, rejoin_score):
        a, b = groups[one], groups[other]
        if a is not b and _one_person(found, [fragments[k] for k in a], [fragments[k] for k in b], rejoin_score):
            both = sorted(a + b)
            for k in both:
                groups[k] = both
    return [_together([fragments[j] for j in group]) for k, group in enumerate(groups) if group[0] == k]


def _pairs(
    found: ClipPassages, fragments: Sequence[Fragment], rejoin_s: float, rejoin_score: float
) -> list[tuple[int, int]]:
    """The pairs that may be one person's, from the most alike down."""
    faced = np.array([k for k, f in enumerate(fragments) if len(f.faces)], np.int64)
    looks = {int(k): template(found, fragments[k].faces) for k in faced}
    start = np.array([found.time_s[fragments[k].seen[0]] for k in faced])
    pairs = []
    for k in faced.tolist():
        end = float(found.time_s[fragments[k].seen[-1]])
        for other in faced[(start > end) & (start <= end + rejoin_s)].tolist():
            score = float(looks[k] @ looks[other])
            if score >= rejoin_score and _walkable(found, fragments[k], fragments[other]):
                pairs.append((-score, k, other))
    return [(k, other) for _, k, other in sorted(pairs)]


def _walkable(found: ClipPassages, before: Fragment, after: Fragment) -> bool:
    """Whether one person can have gone from the end of `before` to the beginning of `after`."""
    here, there = (found.box[i].astype(np.float64) for i in (before.seen[-1], after.seen[0]))
    narrow, wide = here[2] - here[0], there[2] - there[0]
    way = float(np.hypot(*((here[:2] + here[2:]) - (there[:2] + there[2:])))) / 2
    seconds = float(found.time_s[after.seen[0]] - found.time_s[before.seen[-1]])
    speed = max(_speed(found, before.seen, last=True), _speed(found, after.seen, last=False))
    return bool(wide >= LEAST_GROWTH * narrow and way <= FORGIVEN_WIDTHS * max(narrow, wide) + speed * seconds)


def _speed(found: ClipPassages, seen: Ints, *, last: bool) -> float:
    """How fast the face moved in the last (or first) half second of its track, px a second."""
    time_s = found.time_s[seen]
    near = time_s >= time_s[-1] - SPEED_OVER_S if last else time_s <= time_s[0] + SPEED_OVER_S
    ends = seen[near][[0, -1]]
    seconds = float(np.diff(found.time_s[ends])[0])
    if seconds <= 0:
        return 0.0
    box = found.box[ends].astype(np.float64)
    return float(np.hypot(*np.diff(box[:, :2] + box[:, 2:], axis=0)[0])) / 2 / seconds


def _one_person(found: ClipPassages, a: list[Fragment], b: list[Fragment], rejoin_score: float) -> bool:
    """Whether no two of the fragments overlap in time, and either side as a whole is like the other."""
    times = sorted(_span(found, fragment) for fragment in a + b)
    if any(later[0] <= earlier[1] for earlier, later in pairwise(times)):
        return False
    one, other = (template(found, np.concatenate([fragment.faces for fragment in side])) for side in (a, b))
    return float(one @ other) >= rejoin_score


def _span(found: ClipPassages, fragment: Fragment) -> tuple[float, float]:
    return float(found.time_s[fragment.seen[0]]), float(found.time_s[fragment.seen[-1]])


def _together(parts: list[Fragment]) -> Fragment:
    return Fragment(
        np.sort(np.concatenate([part.seen for part in parts])), np.sort(np.concatenate([part.faces for part in parts]))
    )
