"""`TunedConfig`: a threshold together with everything that it was measured on, as one JSON file.

A threshold is worth nothing without the model, the preprocessing, the gallery size and the footage behind it, so they
stand in the same file. Its JSON Schema is published as ``docs/tuned.schema.json``. A file of another schema version, a
truncated one or one whose values were edited into something else is refused with one line.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError, model_validator

from facelab.config import PipelineSettings
from facelab.errors import BadInput

if TYPE_CHECKING:
    from pathlib import Path

SCHEMA_VERSION: Final = 1
LARGEST_FILE = 4 * 1024**2
SYNTHETIC = "synthetic evidence: not for deployment"
Share = Annotated[float, Field(ge=0, le=1)]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Count = Annotated[int, Field(ge=0)]


class Record(BaseModel):
    """Base of every part: unknown keys are refused, numbers are finite, values do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class RateRecord(Record):
    """An error rate: counts, and an interval whose unit is the person."""

    rate: Share | None = Field(description="errors / trials; null without a trial")
    errors: Count
    trials: Count
    low: Share | None = Field(description="lower end of the two-sided interval")
    high: Share | None = Field(description="upper end of the two-sided interval")
    confidence: Annotated[float, Field(gt=0, lt=1)]
    method: str = Field(description="the interval's formula and its unit of independence")
    people: Count | None = Field(None, description="people behind the trials; null where unknown")
    design_effect: float | None = Field(None, ge=0, description="variance over that of independent trials")
    upper_95_one_sided: Share | None = Field(None, description="one-sided 95 % upper bound; another number than `high`")
    note: str = ""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.errors > self.trials:
            raise ValueError(f"{self.errors} errors in {self.trials} trials")
        if self.rate is not None and abs(self.rate * self.trials - self.errors) > 1e-6 * max(1, self.trials):
            raise ValueError(f"the rate {self.rate:g} is not {self.errors} of {self.trials}")
        return self


class PointRecord(Record):
    """One threshold and the rates at it, measured on people who had no part in choosing it."""

    origin: Literal["target", "certified", "site"] = Field(
        description="the smallest threshold at a target; the smallest whose upper bound is at most it; or given"
    )
    target_fpir: Annotated[float, Field(gt=0, lt=1)] | None
    threshold: float
    rank: int = Field(ge=1)
    supported: bool = Field(description="false where the data resolves the target and does not support it")
    reason: str = Field("", description="why it is not supported")
    in_sample: bool = Field(description="true where it was chosen on the searches it is reported on: optimistic")
    fpir: RateRecord
    fnir: RateRecord
    misidentification: RateRecord
    selectivity: float | None = Field(ge=0, description="mean candidates at or above the threshold, non-mated searches")


class PackRecord(Record):
    """The models that the threshold belongs to; with others it means nothing."""

    name: str
    fingerprint: Sha256
    files: dict[str, Sha256] = Field(min_length=1, description="SHA-256 of each model file")
    dimension: int = Field(ge=1)
    licence: str
    operational_use: bool = Field(description="whether the licence lets the pack be used in operation")
    restriction: str = Field("", description="why not")


class MatchingRecord(Record):
    """How scores are made and when one counts."""

    score: Literal["cosine similarity"] = "cosine similarity"
    accept: Literal["score >= threshold"] = "score >= threshold"
    rank: int = Field(1, ge=1)
    enrolled: Count = Field(description="N: subjects on the watchlist, those included whose enrolment failed")
    references: Count = Field(description="reference photographs with a template")
    failed_to_enrol: Count = 0


class EvidenceRecord(Record):
    """What the rates were measured on."""

    kind: Literal["synthetic", "real"]
    statement: str
    scenario: str
    footage: str
    footage_digest: str | None = Field(description="SHA-256 of pictures, clock and truth; null for a live camera")
    watchlist_digest: str = Field(description="SHA-256 of the enrolment photographs and names")
    cameras: tuple[str, ...]
    chosen_on: dict[str, int] = Field(description="people and searches on whom thresholds were chosen")
    reported_on: dict[str, int] = Field(description="people and searches on whom rates were measured")
    select_share: Annotated[float, Field(gt=0, lt=1)]
    split_seed: int
    notes: tuple[str, ...] = ()
    run_id: str | None = Field(None, description="the MLflow run")
    facelab: str = Field(description="version of the code")
    commit: str | None = Field(None, description="git commit of the code, with + where files were changed")


class UseRecord(Record):
    """What the config may be used for."""

    status: Literal["evaluation only", "operational"]
    reason: str
    restriction_accepted: bool = Field(False, description="the user accepted, by a flag, what the pack's licence says")


class TunedConfig(Record):
    """A threshold with its proof."""

    schema_version: Literal[1] = SCHEMA_VERSION
    created: AwareDatetime
    title: str
    threshold: float = Field(description="accept a candidate whose score is at or above it")
    use: UseRecord
    operating_point: PointRecord
    pack: PackRecord
    pipeline: PipelineSettings
    matching: MatchingRecord
    evidence: EvidenceRecord
    also_measured: tuple[PointRecord, ...] = Field((), description="the other thresholds of the same evaluation")

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.threshold != self.operating_point.threshold:
            raise ValueError(f"the threshold {self.threshold} is not that of the operating point")
        if self.evidence.kind == "synthetic" and self.use.status != "evaluation only":
            raise ValueError(SYNTHETIC)
        if not self.pack.operational_use and self.use.status == "operational" and not self.use.restriction_accepted:
            raise ValueError("the pack's licence forbids operational use and nobody accepted that")
        return self

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
        The file is missing, too large, truncated or no JSON; of another schema version; or a value is missing, unknown,
        of another type or at odds with the rest.
    """
    text = _checked_text(path)
    try:
        return TunedConfig.model_validate_json(text, strict=True)
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"]) or "the file"
        raise BadInput(f"{name}: {first['msg'][:1].lower()}{first['msg'][1:]}", place=str(path)) from None


def _checked_text(path: Path) -> str:
    """The text of a file that is JSON of this schema version."""
    import json

    place = str(path)
    if not path.is_file():
        raise BadInput("there is no such file", place=place)
    if path.stat().st_size > LARGEST_FILE:
        raise BadInput(f"a tuned config has at most {LARGEST_FILE // 1024**2} MiB", place=place)
    try:
        text = path.read_text(encoding="utf-8")
        value = json.loads(text)
    except (ValueError, RecursionError):
        raise BadInput("the file is no JSON; was it cut short or edited?", place=place) from None
    if not isinstance(value, dict) or "schema_version" not in value:
        raise BadInput("the file is no tuned config: it has no schema_version", place=place)
    version = value["schema_version"]
    if version != SCHEMA_VERSION or isinstance(version, bool):
        raise BadInput(f"the file has schema version {version!r}, this facelab reads {SCHEMA_VERSION}", place=place)
    return text
