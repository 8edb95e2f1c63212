"""What was given: arrays checked with one clear error each, and results made ready for JSON.

Shared by the modules of `facelab.stats` that take plain arrays. A check returns the array it has checked, as float64,
bool or str, so that the code behind it never meets text, an infinity or a wrong length.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from facelab.errors import BadInput
from facelab.plain import plain as plain

FloatArray = NDArray[np.floating[Any]]
IntArray = NDArray[np.integer[Any]]
BoolArray = NDArray[np.bool_]
TextArray = NDArray[np.str_]


def numbers(name: str, value: Any, *, ndim: int = 1, missing: bool = False) -> FloatArray:
    """`value` as a float64 array of `ndim` axes; finite, or NaN too where `missing` (a failed acquisition)."""
    raw = np.asarray(value)
    if raw.dtype.kind not in "fiub":
        kind = raw.ravel()[:1].tolist()[0] if raw.size else raw.dtype
        raise BadInput(f"must be numbers, it holds {kind!r}; is a column of text among the scores?", place=name)
    array = raw.astype(np.float64)
    if array.ndim != ndim:
        raise BadInput(f"must have {ndim} axis or axes, its shape is {array.shape}", place=name)
    bad = np.isinf(array) if missing else ~np.isfinite(array)
    if bad.any():
        where = tuple(int(i) for i in np.argwhere(bad)[0])
        hint = "a missing score is NaN, never infinite" if missing else "leave failed acquisitions out and count them"
        raise BadInput(f"must be finite, position {where} holds {array[where]}; {hint}", place=name)
    return array


def some_numbers(name: str, value: Any) -> FloatArray:
    """`value` as a one-dimensional, finite, non-empty float64 array."""
    array = numbers(name, value)
    if not array.size:
        raise BadInput("is empty; was one class of comparisons left out of the file?", place=name)
    return array


def outcomes(name: str, value: Any, length: int | None = None) -> BoolArray:
    """`value` as a one-dimensional bool array (0 and 1 are taken too), of `length` where it is given."""
    array = np.asarray(value)
    if array.ndim != 1 or not (array.dtype.kind == "b" or np.isin(array, (0, 1)).all()):
        raise BadInput("must be a one-dimensional array of true and false (or 0 and 1)", place=name)
    if length is not None and len(array) != length:
        raise BadInput(f"has {len(array)} entries, {length} are needed", place=name)
    return array.astype(np.bool_)


def labels(name: str, value: Any, length: int, *, filled: bool = False) -> TextArray:
    """`value` as (length,) text; with `filled`, an empty label is refused."""
    array = np.asarray(value).astype(np.str_)
    if array.shape != (length,):
        raise BadInput(f"must have shape ({length},), it has {array.shape}", place=name)
    if filled and (array == "").any():
        raise BadInput(f"entry {int(np.argmax(array == ''))} is empty; every row needs one", place=name)
    return array


def pair_codes(names: tuple[str, str], sides: tuple[Any, Any], length: int) -> tuple[IntArray, IntArray]:
    """Two columns of people (text, none of it empty, or whole numbers) as numbers from 0 in one numbering."""
    arrays = [np.asarray(side) for side in sides]
    if any(array.dtype.kind not in "iu" or array.shape != (length,) for array in arrays):
        arrays = [labels(name, array, length, filled=True) for name, array in zip(names, arrays)]
    code = np.unique(np.concatenate(arrays), return_inverse=True)[1]
    return code[:length], code[length:]


def within(name: str, value: float, low: float, high: float, *, ends: bool = False) -> float:
    """`value` as a float inside (low, high), or inside [low, high] with `ends`."""
    number = float(value)
    inside = low <= number <= high if ends else low < number < high
    if not inside:
        brackets = "[]" if ends else "()"
        hint = "; was a percentage given as a share?" if high == 1.0 and 1.0 < number <= 100.0 else ""
        raise BadInput(f"must lie in {brackets[0]}{low:g}, {high:g}{brackets[1]}, it is {number:g}{hint}", place=name)
    return number
