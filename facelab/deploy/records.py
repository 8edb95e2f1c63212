"""The parts of a tuned config: what each says, and what makes it impossible.

Every part refuses unknown keys and numbers that are not finite; its values do not change once they were checked.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from facelab.pipeline.detection import Detector
from facelab.pipeline.embedding import Recognition

SYNTHETIC = "synthetic evidence: not for deployment"
Share = Annotated[float, Field(ge=0, le=1)]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
FileName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$")]
Count = Annotated[int, Field(ge=0, le=10**15)]
Cosine = Annotated[float, Field(ge=-1, le=1.0000002)]  # a score of one may round up; so may the float after it


class Record(BaseModel):
    """Base of every part: unknown keys are refused, numbers are finite, values do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


def _absent(value: object) -> bool:
    """Whether a field that older files lack is left out, so that what was signed without it still verifies."""
    return value is None


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
    reliable: bool = Field(
        True, exclude_if=bool, description="false where the interval rests on the people seen; true where it is absent"
    )
    rarest: Annotated[int, Field(ge=1)] | None = Field(
        None,
        exclude_if=_absent,
        description="not reliable: holds unless people rarer than 1 in so many make the errors",
    )
    guaranteed: tuple[Share, Share] | None = Field(
        None, exclude_if=_absent, description="ends of the interval that hold whoever is missing from the sample"
    )

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.errors > self.trials:
            raise ValueError(f"{self.errors} errors in {self.trials} trials")
        if self.rate is not None and abs(self.rate * self.trials - self.errors) > 1e-6 * max(1, self.trials):
            raise ValueError(f"the rate {self.rate:g} is not {self.errors} of {self.trials}")
        if self.low is not None and self.high is not None and self.low > self.high:
            raise ValueError(f"the interval [{self.low:g}, {self.high:g}] ends before it begins")
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
    """The models that the threshold belongs to, and how they are fed; with others it means nothing."""

    name: str
    fingerprint: Sha256
    files: dict[FileName, Sha256] = Field(min_length=1, description="SHA-256 of each model file")
    dimension: int = Field(ge=1)
    licence: str
    operational_use: bool = Field(description="whether the licence lets the pack be used in operation")
    restriction: str = Field("", description="why not")
    detector_file: FileName | None = Field(None, description="which file finds faces; null in files of schema 1")
    detector: Detector | None = Field(None, description="what the detector takes; null in files of schema 1")
    recogniser_file: FileName | None = Field(None, description="which file makes embeddings; null in schema 1")
    recogniser: Recognition | None = Field(
        None, description="alignment template, colour order and scale of the recogniser; null in files of schema 1"
    )

    @model_validator(mode="after")
    def _known(self) -> Self:
        for name in (self.detector_file, self.recogniser_file):
            if name is not None and name not in self.files:
                raise ValueError(f"{name} is not among the files ({', '.join(self.files)})")
        return self


class MatchingRecord(Record):
    """How scores are made and when one counts."""

    score: Literal["cosine similarity"] = "cosine similarity"
    accept: Literal["score >= threshold"] = "score >= threshold"
    rank: int = Field(1, ge=1)
    enrolled: Count = Field(description="N: subjects on the watchlist, those included whose enrolment failed")
    references: Count = Field(description="reference photographs with a template")
    failed_to_enrol: Count = 0


class ValidityRecord(Record):
    """For what the threshold holds, and until when; outside of it the rates above are nobody's promise."""

    enrolled_max: Count = Field(description="largest watchlist that the measured FPIR may be taken for")
    enrolled_rule: str = Field(description="where that number comes from")
    min_width_px: float = Field(ge=0, description="narrower faces had no part in the measurement")
    min_quality: Share = Field(description="faces below this quality had no part in the measurement")
    cameras: tuple[str, ...] = Field(description="cameras it was measured on; other cameras are not covered")
    expires: AwareDatetime = Field(description="measure again by then: light, cameras and people change")

    def covers(self, enrolled: int) -> bool:
        """Whether a watchlist of `enrolled` subjects is within what was measured."""
        return enrolled <= self.enrolled_max


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


class GroupRecord(Record):
    """One error rate by one attribute of the people, at the threshold."""

    rate: Literal["FPIR", "FNIR"]
    attribute: str
    groups: dict[str, RateRecord]
    finding: str = Field(description="what the test of the groups says, and what it could not have seen")


class FigureRecord(Record):
    """A figure with its interval; an end is null where there is none."""

    value: float | None = None
    low: float | None = None
    high: float | None = None


class ExpectedRecord(Record):
    """What the threshold means a day at the site that the scenario describes."""

    passengers_a_day: float = Field(gt=0)
    prevalence: Annotated[float, Field(gt=0, lt=1)] = Field(description="share of passages of enrolled people")
    cameras: float = Field(gt=0)
    false_alerts_a_day: FigureRecord
    true_alerts_a_day: FigureRecord
    ppv: FigureRecord = Field(description="probability that an alert is right")
    confidence: Annotated[float, Field(gt=0, lt=1)]
    assumptions: tuple[str, ...]


class ScoresRecord(Record):
    """The best scores of the searches that the rates were reported on, counted in bins of equal width."""

    low: float = Field(description="where the first bin begins; lower scores are in it")
    high: float = Field(description="where the last bin ends; higher scores are in it")
    mated: tuple[Count, ...] = Field(
        description="searches of enrolled people, by the best score of their own references"
    )
    non_mated: tuple[Count, ...] = Field(description="searches of strangers, by their best score")
    slope: float | None = Field(None, gt=0, description="nats of log-likelihood ratio a unit of score; null: no fit")
    offset: float | None = Field(None, description="nats; the ratio is slope * score + offset")

    @model_validator(mode="after")
    def _same_bins(self) -> Self:
        if len(self.mated) != len(self.non_mated) or not self.mated or not self.low < self.high:
            raise ValueError("mated and non-mated scores are counted in the same bins, at least one, from low to high")
        return self


class SignatureRecord(Record):
    """An Ed25519 signature over the canonical JSON (RFC 8785) of the config without this part."""

    algorithm: Literal["Ed25519"] = "Ed25519"
    key_id: Sha256 = Field(description="SHA-256 of the 32 bytes of the public key")
    value: str = Field(pattern=r"^[A-Za-z0-9+/]{86}==$", description="64 bytes in base64")
