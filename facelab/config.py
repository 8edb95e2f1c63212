"""Everything a user can set, as strict pydantic models; a scenario is one YAML file that fills a `Scenario`.

An unknown key, a wrong type or a value out of range is refused before anything runs. `PipelineSettings` is what a
cached template is keyed by (with the footage and the pack): a setting that changes what comes out stands there, one
that only changes how fast it comes (`Runtime`) does not.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, Field, model_validator

from facelab.config_base import Rate01, Seconds, Settings, Share
from facelab.config_footage import (
    CameraName,
    Comers,
    FileFootage,
    FolderWatchlist,
    FootageWatchlist,
    ResearchFootage,
    ResearchWatchlist,
    SyntheticWatchlist,
    TerminalFootage,
)
from facelab.config_sites import CitySite, DeparturesSite, GateSite

if TYPE_CHECKING:
    from collections.abc import Mapping


__all__ = [
    "PROFILES",
    "AlertRule",
    "CameraName",
    "CitySite",
    "Comers",
    "DeparturesSite",
    "Detection",
    "FaceTrust",
    "FileFootage",
    "Floor",
    "FolderWatchlist",
    "FootageWatchlist",
    "GateLimits",
    "GateSite",
    "Labels",
    "Mending",
    "PipelineSettings",
    "Pooling",
    "Quality",
    "Rate01",
    "ResearchFootage",
    "ResearchWatchlist",
    "Runtime",
    "Scenario",
    "Seconds",
    "Settings",
    "Share",
    "StaticFaces",
    "SyntheticWatchlist",
    "TerminalFootage",
    "Tracking",
]


class Detection(Settings):
    """How faces are found."""

    input_size: int = Field(640, ge=64, le=4096, multiple_of=32, description="longest side given to the detector, px")
    min_score: Share = Field(0.5, description="detections below this score are dropped")
    canvas: Literal["trimmed", "pack"] = Field(
        "trimmed",
        description="black margin around the picture: only up to the next 32 px, or as the pack has it, which for "
        "SCRFD is a square as InsightFace's; the square moves the boxes of faces that the edge cuts and takes a third "
        "more time or more (640x640 for 640x480)",
    )
    nms_iou: Share = Field(0.4, description="of two boxes that overlap more than this the weaker is dropped")
    per_second: float | None = Field(
        None, gt=0, description="frames that are looked at in a second, at most; unless given, every frame"
    )
    still: float = Field(
        0.0,
        ge=0,
        le=255,
        description="a frame in which no spot (1/96 of the width) differs by more than this many grey levels from the "
        "last one looked at shows the same faces, and is not looked at; 0: no frame is taken for still",
    )


class Quality(Settings):
    """Which faces may go into a template."""

    min_width_px: float = Field(0.0, ge=0, description="narrower faces are tracked, and not embedded")
    min_quality: Share = Field(0.0, description="faces below this quality are tracked, and not embedded")


class Tracking(Settings):
    """How detections become passages."""

    method: Literal["sort", "bytetrack", "ocsort"] = "bytetrack"
    lost_s: Seconds = Field(1.0, description="a track that is not seen for longer has ended, s")
    min_observations: int = Field(3, ge=1, description="shorter tracks are dropped, and counted")
    reach: float = Field(
        0.0,
        ge=0,
        le=2,
        description="boxes are widened by this share of their size on every side before they are compared, so that a "
        "face that moves by its own width from frame to frame is followed",
    )


class Mending(Settings):
    """How tracks that hold two people are split and broken ones joined again, by the faces embedded of them."""

    split_score: float | None = Field(
        0.2, ge=-1, le=1, description="faces before and after a moment less alike than this are two people; none: never"
    )
    rejoin_s: Seconds = Field(3.0, description="a person out of sight for so long is still one passage, s; 0: never")
    rejoin_score: float = Field(0.36, ge=-1, le=1, description="from here on two fragments are one person's")


class StaticFaces(Settings):
    """Faces that never move: posters, screens, statues."""

    after_s: Seconds = Field(
        30.0, description="a face that stays in its place for so long is reported as static; 0: never"
    )
    set_aside: bool = Field(False, description="static faces are no passages: they are left out, and counted")


class Pooling(Settings):
    """How the faces of a passage become one template."""

    method: Literal["quality_weighted", "mean", "best", "medoid"] = "quality_weighted"
    faces: int = Field(8, ge=1, description="at most so many faces of a passage are embedded: the best, spread in time")


PROFILES: Mapping[str, Mapping[str, Mapping[str, Any]]] = {
    "standard": {},
    "fast": {
        "detection": {"per_second": 6.25, "still": 6.0},
        "tracking": {"reach": 0.3, "min_observations": 2},
        "pooling": {"faces": 5},
    },
}
"""What a profile sets where nothing else is given; what each gains and costs is measured in docs/speed.md."""


class PipelineSettings(Settings):
    """From pixels to templates: all that changes what comes out.

    A profile fills in what is not given: ``PipelineSettings(profile="fast")``, or ``profile: fast`` in a scenario.
    """

    profile: Literal["standard", "fast"] = Field("standard", description="settings that go together, as defaults")
    detection: Detection = Detection()
    quality: Quality = Quality()
    tracking: Tracking = Tracking()
    static: StaticFaces = StaticFaces()
    mending: Mending = Mending()
    pooling: Pooling = Pooling()

    @model_validator(mode="before")
    @classmethod
    def _with_profile(cls, values: Any) -> Any:
        """`values` with what their profile sets and they do not."""
        if not isinstance(values, dict):
            return values
        filled = dict(values)
        for part, chosen in PROFILES.get(str(values.get("profile", "standard")), {}).items():
            given = filled.get(part, {})
            given = given.model_dump(exclude_unset=True) if isinstance(given, BaseModel) else given
            if isinstance(given, dict):
                filled[part] = dict(chosen) | given
        return filled


class Runtime(Settings):
    """How the work is done: nothing here changes a result."""

    engine: Literal["threads", "processes", "dask"] = Field(
        "threads", description="who works: threads of this process, processes of this machine, or a Dask cluster"
    )
    scheduler: str | None = Field(None, description="the Dask scheduler's address, such as tcp://10.0.0.1:8786")
    workers: int = Field(0, ge=0, description="clips worked on at the same time; 0: one a core (Dask: as it has them)")
    threads: int = Field(1, ge=1, description="threads of one model session; two that spin are slower than one")
    providers: tuple[str, ...] = Field(("CPUExecutionProvider",), min_length=1, description="of ONNX Runtime, in order")


class Floor(Settings):
    """What a site says of itself, so that error rates can be turned into alerts a day; each number with its origin."""

    passengers_a_day: float = Field(gt=0, description="people who come in a day")
    prevalence: Rate01 = Field(description="share of the passages that are of enrolled people")
    cameras: float = Field(1.0, gt=0, description="cameras that each passenger passes")
    minutes_a_review: float = Field(2.0, ge=0, description="work that one alert makes, minutes")
    shifts_a_day: float = Field(3.0, gt=0)
    days_a_year: float = Field(365.0, gt=0, le=366)
    galleries: tuple[Annotated[int, Field(ge=1)], ...] = Field(
        (), description="operational gallery sizes: FPIR is measured up to the tested size and extrapolated beyond"
    )
    assumptions: tuple[str, ...] = Field(min_length=1, description="where these numbers come from, or that they do not")


class AlertRule(Settings):
    """When an alert is raised, and when it is a repetition that nobody is told of (`facelab.stats.alarms`)."""

    confirm: Literal["passage_end", "frames"] = Field(
        "passage_end",
        description="passage_end: one decision, on the template of the passage, once its track has ended; frames: as "
        "soon as `m` of the last `n` faces embedded of a track name the same person at or above the threshold",
    )
    m: int = Field(2, ge=1, le=1000, description="frames: so many faces must agree")
    n: int = Field(3, ge=1, le=1000, description="frames: of the last so many of the track")
    every_s: float = Field(
        0.4, gt=0, description="frames: the best face of every so many seconds of a track is embedded, when they end"
    )
    cooldown_s: Seconds = Field(60.0, description="a repetition within so many seconds of the last alert is suppressed")
    cooldown_key: Literal["subject and walker", "subject"] = Field(
        "subject and walker",
        description="what counts as a repetition; keyed on the alleged subject alone, a false alarm hides the real "
        "person who comes next",
    )
    cooldown_at: Literal["camera", "site"] = Field("camera", description="at each camera by itself, or over all")
    thresholds: Literal["pooled", "camera"] = Field("pooled", description="one threshold, or one a camera")
    journey_gap_s: float = Field(
        1800.0, gt=0, description="a known person who is away for longer is on a new journey when next seen"
    )

    @model_validator(mode="after")
    def _m_of_n(self) -> AlertRule:
        if self.m > self.n:
            raise ValueError(f"m of n: {self.m} of the last {self.n} faces can never agree")
        return self


class FaceTrust(Settings):
    """The study of small and bad faces: how many people, and what counts as trustworthy."""

    people: int = Field(30, ge=2, description="people with two photographs, at most; one comparison each and condition")
    fmr: Rate01 = Field(1e-2, description="where no threshold came out: that of this FMR between these people")
    margin: Share = Field(
        0.1, description="trusted: where the upper bound of FNMR is at most so far above the FNMR of good faces"
    )


class GateLimits(Settings):
    """What a run must keep, so that it passes; an interval's end decides, and a limit that is not set is not asked."""

    fnir_margin: Rate01 = Field(0.05, description="FNIR may lie above the champion's, at its FPIR, by less than this")
    false_alerts_a_day: float | None = Field(None, gt=0, description="at most so many; needs the scenario's floor")
    ppv: Rate01 | None = Field(None, description="an alert is right with at least this probability; needs the floor")
    worst_group_fnir: Rate01 | None = Field(None, description="FNIR of each camera and group is at most this")
    group_fnir_margin: Rate01 | None = Field(
        None,
        description="FNIR of each camera and group may lie above the champion's by less than this, at one threshold",
    )
    worst_group_fpir: Rate01 | None = Field(None, description="FPIR of each camera and group is at most this")
    groups: tuple[str, ...] = Field(
        ("camera",), description="attributes whose groups are limited: camera, face width, skin tone where known"
    )
    failure_to_acquire: Rate01 | None = Field(
        0.3, description="share of a camera's passages without a usable face is at most this"
    )
    score_shift: float | None = Field(
        0.15,
        gt=0,
        lt=0.5,
        description="the chance that a mated score lies below one of the champion's (a stranger's: above) exceeds one "
        "half by at most this",
    )
    quality_shift: float | None = Field(0.15, gt=0, lt=0.5, description="the same for lower quality, camera by camera")
    confidence: Annotated[float, Field(gt=0.5, lt=1)] = Field(
        0.95, description="of passing and of condemning, each for all limits together"
    )


class Labels(Settings):
    """What is known of who walked past, and so what can be measured (`facelab.stats.unlabelled`)."""

    mode: Literal["named", "assume_non_mated", "volunteers"] = Field(
        "named",
        description="named: everybody is, or is known to be a stranger; assume_non_mated: nobody enrolled is known to "
        "have walked there, so every alert counts as false; volunteers: a known few walked past on purpose, nothing is "
        "known of the others",
    )
    hidden: tuple[Annotated[int, Field(ge=1)], ...] = Field(
        (),
        description="enrolled people who might have walked there unknown, each number by itself; by default 1, 3, 10",
    )
    passages_a_person: float = Field(
        1.0, ge=1, le=1000, description="searches that one unknown person makes: cameras passed, and tracks that broke"
    )


class Scenario(Settings):
    """One site's question, and everything an evaluation of it needs."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    title: str
    question: str
    notes: tuple[str, ...] = Field((), description="assumptions and warnings that every report of it repeats")
    footage: TerminalFootage | FileFootage | ResearchFootage = Field(discriminator="kind")
    watchlist: FolderWatchlist | SyntheticWatchlist | FootageWatchlist | ResearchWatchlist = Field(discriminator="kind")
    pack: str = "scrfd-mbf"
    pipeline: PipelineSettings = PipelineSettings()
    targets_fpir: tuple[Rate01, ...] = Field((0.1, 0.05, 0.01, 0.001), description="the rates a threshold is asked for")
    site_threshold: float | None = Field(None, ge=-1, le=1, description="the threshold that the site runs at today")
    site_threshold_from: str | None = Field(None, description="where that threshold comes from")
    export_target_fpir: Rate01 | None = Field(
        None, description="whose threshold is exported; unless given, that of the smallest target the data supports"
    )
    rank: int = Field(1, ge=1)
    select_share: Rate01 = Field(0.5, description="share of the probe people on whom thresholds are chosen")
    split_seed: int = 1
    confidence: Rate01 = 0.95
    counts_only: bool = Field(False, description="too few people for rates: counts are shown, no threshold is tuned")
    valid_days: int = Field(180, ge=1, le=3650, description="after so many days an exported threshold has expired")
    labels: Labels = Labels()
    floor: Floor | None = Field(None, description="passengers, prevalence and review time of the site")
    alerts: AlertRule = AlertRule()
    faces: FaceTrust = FaceTrust()
    gate: GateLimits = GateLimits()
    answers: Path | None = Field(
        None, description="what operators answered to alerts at the site (`facelab watch --page`): answers.jsonl"
    )
    site: DeparturesSite | CitySite | GateSite | None = Field(
        None, discriminator="kind", description="the kind of site, whose own question notebook 10 answers"
    )
    measure_every_h: float | None = Field(
        None, gt=0, description="a camera that was not measured for so many hours is overdue (`facelab status`)"
    )
