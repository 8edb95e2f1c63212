"""Everything a user can set, as strict pydantic models; a scenario is one YAML file that fills a `Scenario`.

An unknown key, a wrong type or a value out of range is refused before anything runs. `PipelineSettings` is what a
cached template is keyed by (with the footage and the pack): a setting that changes what comes out stands there, one
that only changes how fast it comes (`Runtime`) does not.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Rate01 = Annotated[float, Field(gt=0, lt=1)]
Share = Annotated[float, Field(ge=0, le=1)]
Seconds = Annotated[float, Field(ge=0)]


class Settings(BaseModel):
    """Base of every model here: unknown keys are refused, values do not change after they were checked."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Detection(Settings):
    """How faces are found."""

    input_size: int = Field(640, ge=64, le=4096, multiple_of=32, description="longest side given to the detector, px")
    min_score: Share = Field(0.5, description="detections below this score are dropped")
    canvas: Literal["pack", "trimmed"] = Field(
        "pack",
        description="black margin around the picture: as the pack has it, or only up to the next 32 px, which is "
        "faster (640x384 in place of 640x640: .6 of the time) and moves the boxes of faces that the edge cuts",
    )
    nms_iou: Share = Field(0.4, description="of two boxes that overlap more than this the weaker is dropped")


class Quality(Settings):
    """Which faces may go into a template."""

    min_width_px: float = Field(0.0, ge=0, description="narrower faces are tracked, and not embedded")
    min_quality: Share = Field(0.0, description="faces below this quality are tracked, and not embedded")


class Tracking(Settings):
    """How detections become passages."""

    method: Literal["sort", "bytetrack", "ocsort"] = "bytetrack"
    lost_s: Seconds = Field(1.0, description="a track that is not seen for longer has ended, s")
    min_observations: int = Field(3, ge=1, description="shorter tracks are dropped, and counted")


class Pooling(Settings):
    """How the faces of a passage become one template."""

    method: Literal["quality_weighted", "mean", "best", "medoid"] = "quality_weighted"
    faces: int = Field(8, ge=1, description="at most so many faces of a passage are embedded: the best, spread in time")


class PipelineSettings(Settings):
    """From pixels to templates: all that changes what comes out."""

    detection: Detection = Detection()
    quality: Quality = Quality()
    tracking: Tracking = Tracking()
    pooling: Pooling = Pooling()


class Runtime(Settings):
    """How the work is done: nothing here changes a result."""

    workers: int = Field(0, ge=0, description="clips worked on at the same time; 0: one a core")
    threads: int = Field(1, ge=1, description="threads of one model session; two that spin are slower than one")
    providers: tuple[str, ...] = Field(("CPUExecutionProvider",), min_length=1, description="of ONNX Runtime, in order")


class TerminalFootage(Settings):
    """The synthetic terminal, rendered from the generated people."""

    kind: Literal["terminal"] = "terminal"
    seed: int = 20261101
    unknown: int = Field(240, ge=1, description="passengers who are on no watchlist")
    wanted: int = Field(60, ge=0, description="passengers who are on the watchlist")
    cameras: tuple[Literal["entrance", "queue", "gate"], ...] = ("entrance", "queue", "gate")


class FileFootage(Settings):
    """A video, a folder of frames, a camera address, or a manifest (CSV or YAML) of several with what is known."""

    kind: Literal["files"] = "files"
    path: str = Field(description="video, folder of frames, manifest, or camera/RTSP address")
    camera: str = Field("camera", description="the camera's name, where no manifest gives one")
    fps: float | None = Field(None, gt=0, description="frames a second of a folder of frames")
    truth: Path | None = Field(None, description="CSV: camera,frame,passage_id,subject_id,x1,y1,x2,y2")


class ResearchFootage(Settings):
    """Real footage for research, read from FACELAB_RESEARCH_DATA; never copied anywhere."""

    kind: Literal["research"] = "research"
    name: Literal["chokepoint", "crowd"] = "chokepoint"


class FolderWatchlist(Settings):
    """Enrolment photographs: a folder `<subject>/<image>` or a manifest."""

    kind: Literal["folder"] = "folder"
    path: Path


class SyntheticWatchlist(Settings):
    """The generated people who are on the demo's watchlist."""

    kind: Literal["synthetic"] = "synthetic"
    distractors: int = Field(500, ge=0, description="subjects on the list who never come")


class FootageWatchlist(Settings):
    """People enrolled from the first seconds of their own passage (optimistic: same passage), with portraits added."""

    kind: Literal["footage"] = "footage"
    share: Rate01 = Field(0.5, description="share of the people who are enrolled")
    first_s: float = Field(0.5, gt=0, description="seconds of each passage that go into the reference")
    distractors: Literal["none", "congress"] = "congress"
    seed: int = 1


class ResearchWatchlist(Settings):
    """Portraits for research, read from FACELAB_RESEARCH_DATA: people who are not in the footage."""

    kind: Literal["research"] = "research"
    name: Literal["congress"] = "congress"


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
    floor: Floor | None = Field(None, description="passengers, prevalence and review time of the site")
