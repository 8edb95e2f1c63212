"""Results in the types that JSON has: for ``--json``, files and whatever else wants no numpy.

A number that is infinite or not a number is null.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Mapping
from typing import Any


def plain(value: Any) -> Any:
    """`value` (a result, an array, a number, nested) in JSON's own types; None for what is infinite or not a number.

    Examples
    --------
    >>> plain({"rate": float("nan"), "ends": (0.25, 1)})
    {'rate': None, 'ends': [0.25, 1]}
    """
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if value is None or isinstance(value, (str, int)):
        return value
    return _opened(value)


def _opened(value: Any) -> Any:
    """A value that holds others, or knows itself as others; text where it is neither."""
    if hasattr(value, "to_dict"):
        return plain(value.to_dict())
    if hasattr(value, "tolist"):  # numpy's arrays and numbers
        return plain(value.tolist())
    if dataclasses.is_dataclass(value):
        return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, Iterable):
        return [plain(item) for item in value]
    return str(value)
