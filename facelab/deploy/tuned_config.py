"""`TunedConfig`: a threshold together with everything that it was measured on, as one JSON file.

A threshold is worth nothing without the model, the preprocessing, the gallery size and the footage behind it, so they
stand in the same file. Its JSON Schema is published as ``docs/tuned.schema.json``. A file of an older schema is
migrated when it is read (`facelab.deploy.migrations`); a newer one, a truncated one, one that is nested or long beyond
reason, or one whose values were edited into something else is refused with one line.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal, Self

from pydantic import AwareDatetime, Field, ValidationError, model_validator

from facelab.config import AlertRule, PipelineSettings
from facelab.deploy.migrations import migrated
from facelab.deploy.records import (
    SYNTHETIC,
    Cosine,
    EvidenceRecord,
    ExpectedRecord,
    GroupRecord,
    MatchingRecord,
    PackRecord,
    PointRecord,
    Record,
    ScoresRecord,
    SignatureRecord,
    UseRecord,
    ValidityRecord,
)
from facelab.errors import BadInput

if TYPE_CHECKING:
    from pathlib import Path

SCHEMA_VERSION: Final = 2
LARGEST_FILE = 4 * 1024**2


class TunedConfig(Record):
    """A threshold with its proof."""

    schema_version: Literal[2] = SCHEMA_VERSION
    created: AwareDatetime
    title: str
    threshold: Cosine = Field(description="accept a candidate whose score is at or above it")
    camera_thresholds: dict[str, Cosine] = Field(
        {}, description="thresholds of cameras that have their own; every other camera runs at `threshold`"
    )
    use: UseRecord
    operating_point: PointRecord
    validity: ValidityRecord
    pack: PackRecord
    pipeline: PipelineSettings
    matching: MatchingRecord
    alerts: AlertRule = Field(AlertRule(), description="when a match becomes an alert, and what is a repetition")
    evidence: EvidenceRecord
    groups: tuple[GroupRecord, ...] = Field((), description="rates by group at the threshold, and what was found")
    expected: ExpectedRecord | None = Field(
        None, description="alerts a day; null where the site said nothing of itself"
    )
    scores: ScoresRecord | None = Field(None, description="where mated and non-mated scores lie; null in schema 1")
    also_measured: tuple[PointRecord, ...] = Field((), description="the other thresholds of the same evaluation")
    signature: SignatureRecord | None = Field(None, description="who vouches for it; see `facelab check`")

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.threshold != self.operating_point.threshold:
            raise ValueError(f"the threshold {self.threshold} is not that of the operating point")
        if self.evidence.kind == "synthetic" and self.use.status != "evaluation only":
            raise ValueError(SYNTHETIC)
        if not self.pack.operational_use and self.use.status == "operational" and not self.use.restriction_accepted:
            raise ValueError("the pack's licence forbids operational use and nobody accepted that")
        if self.validity.expires <= self.created:
            raise ValueError(f"it expires ({self.validity.expires}) before it was made ({self.created})")
        strange = sorted(set(self.camera_thresholds) - set(self.validity.cameras))
        if strange:
            raise ValueError(f"camera {strange[0]!r} has a threshold and is none of those it was measured on")
        return self

    def threshold_of(self, camera: str) -> float:
        """The threshold that `camera` runs at: its own, or the common one."""
        return self.camera_thresholds.get(camera, self.threshold)

    def __str__(self) -> str:
        """One sentence."""
        point = self.operating_point
        rates = "; ".join(f"{name} {r.errors}/{r.trials}" for name, r in (("FPIR", point.fpir), ("FNIR", point.fnir)))
        head = f"threshold {self.threshold:.4f} for {self.pack.name}, N = {self.matching.enrolled:,}"
        return f"{head}: {rates}; {self.use.status}"


def tuned_schema() -> dict[str, Any]:
    """The JSON Schema of a tuned config, generated from the model."""
    schema = TunedConfig.model_json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def write_tuned(path: Path, config: TunedConfig) -> None:
    """`config` as JSON at `path`, whole or not at all."""
    beside = path.with_name(f".{path.name}.part")
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        beside.write_text(config.model_dump_json(indent=2) + "\n", encoding="utf-8")
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def read_tuned(path: Path) -> TunedConfig:
    """The tuned config in the file at `path`.

    Raises
    ------
    BadInput
        The file is missing, too large, truncated or no JSON; of a newer schema version; or a value is missing, unknown,
        of another type or at odds with the rest.
    """
    if not path.is_file():
        raise BadInput("there is no such file", place=str(path))
    if path.stat().st_size > LARGEST_FILE:
        raise BadInput(f"a tuned config has at most {LARGEST_FILE // 1024**2} MiB", place=str(path))
    return parsed_tuned(path.read_bytes(), place=str(path))


def parsed_tuned(content: bytes, *, place: str) -> TunedConfig:
    """The tuned config that `content` spells.

    Parameters
    ----------
    content : bytes
        JSON in UTF-8.
    place : str
        Where it comes from, for the error.

    Raises
    ------
    BadInput
        As for `read_tuned`.
    """
    import json

    if len(content) > LARGEST_FILE:
        raise BadInput(f"a tuned config has at most {LARGEST_FILE // 1024**2} MiB", place=place)
    try:
        value = json.loads(content.decode("utf-8"), object_pairs_hook=_without_duplicates)
    except (ValueError, RecursionError) as error:
        reason = (
            f"it has {error}" if isinstance(error, _Duplicate) else "the file is no JSON; was it cut short or edited?"
        )
        raise BadInput(reason, place=place) from None
    if not isinstance(value, dict) or "schema_version" not in value:
        raise BadInput("the file is no tuned config: it has no schema_version", place=place)
    newest = migrated(value, SCHEMA_VERSION, place=place)
    try:
        return TunedConfig.model_validate_json(json.dumps(newest), strict=True)
    except (ValidationError, RecursionError, ValueError, OverflowError) as error:
        raise BadInput(_first_line(error), place=place) from None


class _Duplicate(ValueError):
    """A key that stands twice in one object."""


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A JSON object; which of two values of one key counts would depend on the reader, so there may be one only."""
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise _Duplicate(f"the key {key[:40]!r} twice in one object; was it edited by hand?")
        found[key] = value
    return found


def _first_line(error: Exception) -> str:
    """The first thing that is wrong, as ``where: what``."""
    if not isinstance(error, ValidationError):
        return "the file is no tuned config: it is nested or numbered beyond reason"
    first = error.errors()[0]
    name = ".".join(str(part) for part in first["loc"])[:200] or "the file"
    return f"{name}: {first['msg'][:1].lower()}{first['msg'][1:400]}"
