"""Tracks that hold two people are split where the face changes.

A tracker follows boxes: where two people cross, or one steps out of the picture and another in, a box may go on with
the wrong person. The embedded faces of a track tell. Between two of them that follow each other stands the similarity
of the (up to) four before and the (up to) four after, each side pooled; where it is lowest and below `split_score`,
which strangers exceed and one person does not fall below, the track is cut, and its parts are looked at again. One face
alone on a side may be a bad picture: it counts only where the track was out of sight between the two, so that the
tracker guessed. The cut is made where the box moves most between the two faces.

The truth is not used, and nothing is embedded anew: what is not in the embedded faces cannot be seen here
(`facelab.pipeline.selection` keeps a face of each stretch between two breaks).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from facelab.pipeline.fragments import Fragment, fragments_of, moves, template
from facelab.pipeline.selection import is_break

if TYPE_CHECKING:
    from facelab.pipeline.clip import ClipPassages
    from facelab.types import Ints

WINDOW = 4
ENOUGH = 2


def split_tracks(found: ClipPassages, split_score: float) -> list[Fragment]:
    """The tracks of a clip, those that hold two people in parts; in the order of the tracks and of time.

    Parameters
    ----------
    found : ClipPassages
        Tracks and the embeddings of their best faces.
    split_score : float
        Similarity below which the faces before and after a moment are two people's.
    """
    parts: list[Fragment] = []
    for fragment in fragments_of(found):
        parts.extend(_parts(found, fragment, split_score))
    return parts


def _parts(found: ClipPassages, fragment: Fragment, split_score: float) -> list[Fragment]:
    done, waiting = [], [fragment]
    while waiting:
        part = waiting.pop()
        cut = _cut(found, part, split_score)
        if cut is None:
            done.append(part)
        else:
            first = part.seen[cut]
            late = found.face_row[part.faces] >= first
            # the later part is looked at after the earlier one
            waiting += [
                Fragment(part.seen[cut:], part.faces[late]),
                Fragment(part.seen[:cut], part.faces[~late]),
            ]
    return done


def _cut(found: ClipPassages, part: Fragment, split_score: float) -> int | None:
    """The observation (position in `part.seen`) at which another person begins; None where nobody does."""
    faces = part.faces
    if len(faces) < 2:
        return None
    step_s = float(np.median(np.diff(found.time_s[part.seen])))
    place = np.searchsorted(part.seen, found.face_row[faces])
    lowest, cut = split_score, None
    for k in range(1, len(faces)):
        before, after = faces[max(0, k - WINDOW) : k], faces[k : k + WINDOW]
        between = part.seen[place[k - 1] : place[k] + 1]
        if min(len(before), len(after)) < ENOUGH and not _out_of_sight(found, between, step_s):
            continue
        score = float(template(found, before) @ template(found, after))
        if score < lowest:
            lowest, cut = score, int(place[k - 1]) + 1 + int(np.argmax(moves(found, between)))
    return cut


def _out_of_sight(found: ClipPassages, seen: Ints, step_s: float) -> bool:
    return is_break(float(np.diff(found.time_s[seen]).max()), step_s)
