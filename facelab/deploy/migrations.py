"""Older tuned configs, read as what this version writes: one step a schema version, each told in the file itself.

A step fills in what the older schema did not say with what can be known of it, never with what one would wish: a config
of schema 1 said nothing of validity, so it holds for the watchlist it was measured with and expires
`DAYS_WITHOUT_WORD` days after it was made. A signature is over the file as it was, so it does not survive a migration.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from facelab.errors import BadInput

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

DAYS_WITHOUT_WORD = 180
"""How long a config holds whose schema had no date of expiry."""


def migrated(value: Mapping[str, Any], newest: int, *, place: str) -> dict[str, Any]:
    """`value`, a tuned config of any known schema, as one of schema version `newest`.

    Parameters
    ----------
    value : mapping
        The parsed file; it has a `schema_version`.
    newest : int
        The version to arrive at.
    place : str
        Where it comes from, for the error.

    Raises
    ------
    BadInput
        The version is no known one, or a value that a step needs is missing.
    """
    version = value["schema_version"]
    if isinstance(version, bool) or not isinstance(version, int) or not 1 <= version <= newest:
        newer = isinstance(version, int) and not isinstance(version, bool) and version > newest
        cause = "it was written by a newer facelab" if newer else "no facelab wrote that"
        said = str(version)[:40] if isinstance(version, int) else repr(version)[:40]
        raise BadInput(f"the file has schema version {said}, this facelab reads 1 to {newest}: {cause}", place=place)
    found = dict(value)
    for step in range(version, newest):
        try:
            found = STEPS[step](found)
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
            raise BadInput(
                f"schema {step} cannot be migrated: {type(error).__name__} {error}"[:300], place=place
            ) from None
    return found


def _one_to_two(value: dict[str, Any]) -> dict[str, Any]:
    """Validity from what was measured; the rest of what is new stays unsaid."""
    created = datetime.fromisoformat(value["created"])
    quality = value.get("pipeline", {}).get("quality", {})
    evidence = dict(value["evidence"])
    evidence["notes"] = [*evidence.get("notes", []), "migrated from schema 1, which said nothing of validity"]
    validity = {
        "enrolled_max": value["matching"]["enrolled"],
        "enrolled_rule": "the watchlist it was measured with (schema 1 named no range)",
        "min_width_px": quality.get("min_width_px", 0.0),
        "min_quality": quality.get("min_quality", 0.0),
        "cameras": evidence["cameras"],
        "expires": (created + timedelta(days=DAYS_WITHOUT_WORD)).isoformat(),
    }
    return value | {"schema_version": 2, "evidence": evidence, "validity": validity}


STEPS: Mapping[int, Callable[[dict[str, Any]], dict[str, Any]]] = {1: _one_to_two}
"""From each schema version to the next."""
