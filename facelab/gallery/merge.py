"""Several galleries as one watchlist, such as people enrolled from footage with portraits of others added."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from facelab.errors import BadInput
from facelab.types import Gallery, Templates

if TYPE_CHECKING:
    from numpy.typing import NDArray


def merged_galleries(first: Gallery, *others: Gallery) -> Gallery:
    """`first` and `others` as one gallery.

    A column that one of them lacks is filled: text with nothing, numbers with NaN (integers with 0).

    Raises
    ------
    BadInput
        They come from different packs, or one subject is in two of them.
    """
    galleries = (first, *others)
    packs = {gallery.templates.pack for gallery in galleries}
    if len(packs) > 1:
        raise BadInput(f"the galleries come from {len(packs)} packs; enrol all with one", place="merged_galleries")
    names, count = np.unique(np.concatenate([gallery.enrolled for gallery in galleries]), return_counts=True)
    if (count > 1).any():
        raise BadInput(f"subject {str(names[count > 1][0])!r} is in two galleries", place="merged_galleries")
    return Gallery(_stacked([gallery.templates for gallery in galleries]), names)


def _stacked(parts: list[Templates]) -> Templates:
    def rows(name: str) -> NDArray[Any]:
        return np.concatenate([getattr(part, name) for part in parts])

    columns = dict.fromkeys(name for part in parts for name in part.attributes)
    return Templates(
        rows("sample_id"),
        rows("subject_id"),
        rows("embedding"),
        rows("quality"),
        rows("n_faces"),
        parts[0].pack,
        {name: _column(name, parts) for name in columns},
    )


def _column(name: str, parts: list[Templates]) -> NDArray[Any]:
    there = [part.attributes[name] for part in parts if name in part.attributes]
    kind = there[0].dtype.kind
    if any((values.dtype.kind == "U") != (kind == "U") for values in there):
        raise BadInput(f"column {name!r} is text in one gallery and numbers in another", place="merged_galleries")
    fill: Any = "" if kind == "U" else (0 if kind in "iub" else np.nan)
    return np.concatenate([part.attributes.get(name, np.full(len(part), fill)) for part in parts])
