"""Where the pictures come from: the footage that is searched and the watchlist that is searched for.

Each kind is a strict model of its own, told apart by `kind`. What is rendered has settings of its own
(docs/footage.md); what was known before a setting existed keeps its dump, and with it what was kept under it.
"""

from __future__ import annotations

from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias, get_args

from pydantic import Field, SerializerFunctionWrapHandler, field_validator, model_serializer

from facelab.config_base import Rate01, Settings, Share

CameraName: TypeAlias = Literal[
    "entrance", "queue", "gate",
    "north_hall", "north_counter", "north_pier",
    "street_bazaar", "street_crossing", "street_station", "street_corniche", "street_lane",
    "toll_north", "toll_canal", "toll_east", "toll_port", "toll_bypass",
    "egate_departure", "egate_boarding",
]  # fmt: skip


class Comers(Settings):
    """Which of the passengers come to one site: positions among them, the second one not included."""

    unknown: tuple[Annotated[int, Field(ge=0)], Annotated[int, Field(ge=0)]]
    wanted: tuple[Annotated[int, Field(ge=0)], Annotated[int, Field(ge=0)]]


class TerminalFootage(Settings):
    """The synthetic terminal and the other rendered sites (docs/footage.md), from the generated people."""

    kind: Literal["terminal"] = "terminal"
    seed: int = 20261101
    unknown: int = Field(240, ge=1, description="passengers who are on no watchlist")
    wanted: int = Field(60, ge=0, description="passengers who are on the watchlist")
    cameras: tuple[CameraName, ...] = ("entrance", "queue", "gate")
    masked: Share = Field(
        0.0, description="share of the passengers who wear a surgical mask at every camera, beside 3 % of all passages"
    )
    blurred: Share = Field(
        0.0, description="share of the passengers whose face is out of focus or smeared by motion at every camera"
    )
    visits: int = Field(1, ge=1, le=20, description="each passenger comes so many times, hours apart")
    second_attempts: Share = Field(0.0, description="electronic gates: share of the passages with a second attempt")
    passing: int | None = Field(
        None, ge=2, description="so many of the passengers pass each site, drawn anew for each; unless given, all"
    )
    comers: dict[str, Comers] = Field(default_factory=dict, description="by site: which of the passengers come to it")

    @field_validator("cameras", mode="before")
    @classmethod
    def _known_cameras(cls, given: Any) -> Any:
        known = get_args(CameraName)
        for name in given if isinstance(given, list | tuple) else ():
            if isinstance(name, str) and name not in known:
                near = get_close_matches(name, known, n=1, cutoff=0.0)
                raise ValueError(f"there is no camera {name!r}; did you mean {near[0]!r}?")
        return given

    @model_serializer(mode="wrap")
    def _as_before(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Later settings stand in a dump only where they are set: what was kept under earlier ones stays theirs."""
        first, fields = ("kind", "seed", "unknown", "wanted", "cameras"), type(self).model_fields
        said: dict[str, Any] = handler(self)
        return {k: v for k, v in said.items() if k in first or v != fields[k].get_default(call_default_factory=True)}


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
