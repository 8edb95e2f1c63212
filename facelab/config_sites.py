"""What the three kinds of site assume of themselves: a watchlist at departures, a city of cameras, a smart-pass gate.

Each number has its source beside it, under the same name in `sources`: a paper, a law, a count of the site's own, or
the admission that there is none. A setting without a source is refused, so that no answer rests on a number that
nobody can trace. Settings that a scenario does not give are assumptions of facelab and are shown as such.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer, model_validator

from facelab.config_base import Rate01, Settings

Count = Annotated[int, Field(ge=1)]
Overrides = Mapping[str, Any]
UNSOURCED = "facelab's own default; put your own here"
NOT_ASSUMED = frozenset({"kind", "sources"})


class SiteSettings(Settings):
    """What a site says of itself, each number with where it comes from."""

    sources: Mapping[str, str] = Field(description="where each setting that is given comes from, by its name")

    @model_validator(mode="after")
    def _each_with_its_source(self) -> SiteSettings:
        known = set(type(self).model_fields) - NOT_ASSUMED
        missing = sorted((self.model_fields_set & known) - set(self.sources))
        if missing:
            raise ValueError(
                f"no source is given for {', '.join(missing)} (`sources`: say where it is from, or that it is assumed)"
            )
        foreign = sorted(set(self.sources) - known)
        if foreign:
            raise ValueError(f"sources are given for {', '.join(foreign)}, which are no settings of this site")
        return self

    @model_serializer(mode="wrap")
    def _as_given(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """A dump holds what was given, so that it can be read again: what nobody gave has no source."""
        said: dict[str, Any] = handler(self)
        return {name: value for name, value in said.items() if name == "kind" or name in self.model_fields_set}

    @property
    def assumptions(self) -> tuple[tuple[str, object, str], ...]:
        """Every setting with its value and its source, in the order of the model."""
        names = [name for name in type(self).model_fields if name not in NOT_ASSUMED]
        return tuple((name, getattr(self, name), self.sources.get(name, UNSOURCED)) for name in names)


class DeparturesSite(SiteSettings):
    """Cameras at departures against a police watchlist, alarms in a monitoring room."""

    kind: Literal["departures"] = "departures"
    passengers_a_day: float = Field(30_000, gt=0, description="people who depart in a day")
    prevalence: Rate01 = Field(1e-5, description="share of them who are on the watchlist")
    watchlists: tuple[Count, ...] = Field(
        (500, 5_000, 50_000), min_length=1, description="sizes of the watchlist that are asked for"
    )
    shifts_a_day: float = Field(3.0, gt=0, description="shifts of the monitoring room")
    false_alarms_a_shift: float = Field(100.0, gt=0, description="innocent people alarmed in a shift, at most")
    minutes_a_review: float = Field(2.0, gt=0, description="minutes that one alarm keeps an operator busy")
    busiest_hour: Rate01 = Field(0.1, description="share of a day's passengers who come in its busiest hour")
    pickup_s: float = Field(30.0, gt=0, description="an operator looks at an alarm within so many seconds …")
    pickup_share: Rate01 = Field(0.9, description="… in so large a share of the alarms")
    live: bool = Field(
        False, description="single faces are picked as a live system must, which reads the footage again (slower)"
    )
    second_airport: Overrides = Field(
        {}, description="settings of the scenario at an airport with other cameras, by dotted name; empty: not asked"
    )
    hard_passages: Mapping[str, Overrides] = Field(
        {}, description="footage of the same people masked, blurred, …: settings by dotted name, under a name each"
    )
    domestic_passengers_a_day: float | None = Field(None, gt=0, description="the same hall for domestic departures")
    domestic_prevalence: Rate01 | None = Field(None, description="share of those who are on the watchlist")
    domestic_cameras: tuple[str, ...] = Field((), description="the cameras that they pass; empty: all")
    real_data: bool = Field(True, description="count on real research data too, where it is there")


class CitySite(SiteSettings):
    """Cameras across a city and at toll plazas against a large database, one command centre."""

    kind: Literal["city"] = "city"
    cameras: int = Field(200, ge=1, description="cameras of the whole city")
    plazas: int = Field(
        40, ge=0, description="of them at toll plazas, the face behind a windscreen; the rest in streets"
    )
    passages_a_camera_a_day: float = Field(5_000, gt=0, description="people who pass one camera in a day, on average")
    volume_spread: float = Field(0.6, ge=0, le=3, description="spread of passages between cameras: sd of the logarithm")
    prevalence: Rate01 = Field(1e-5, description="share of the passages that are of enrolled people, on average")
    prevalence_spread: float = Field(
        1.0, ge=0, le=3, description="spread of the prevalence between cameras: sd of the logarithm"
    )
    galleries: tuple[Count, ...] = Field(
        (100_000, 1_000_000), min_length=1, description="sizes of the database; the first one's threshold is the answer"
    )
    reviews_a_day: float = Field(20_000, gt=0, description="alerts that the command centre can look at in a day")
    seconds_a_review: float = Field(20.0, gt=0, description="work that one alert makes, s")
    probability_checks: tuple[Rate01, ...] = Field(
        (1e-3, 1e-4), min_length=1, description="FMR at which drawn references must be like held-out people"
    )
    cores_a_camera: float = Field(0.535, gt=0, description="processor cores that one camera keeps busy")
    seed: int = Field(20261122, ge=0, description="of the drawn references and of the resampled cameras")


Stretch = tuple[Annotated[float, Field(gt=0)], Annotated[float, Field(ge=0)]]


class GateSite(SiteSettings):
    """Gates that let pre-registered passengers pass on their face alone."""

    kind: Literal["gate"] = "gate"
    rosters: tuple[Count, ...] = Field(
        (100, 1_000, 10_000, 50_000), min_length=1, description="passengers on the roster of a night"
    )
    cameras: tuple[str, ...] = Field((), description="the gates' cameras, whose passages are attempts; empty: all")
    gates: int = Field(6, ge=1, description="gates at departures, side by side, one queue")
    departure_peak: tuple[Stretch, ...] = Field(
        ((30, 1_200), (60, 2_000), (30, 1_200)),
        min_length=1,
        description="stretches of (minutes, passengers an hour) who come to the departure gates in a peak",
    )
    boarding_gates: int = Field(16, ge=1, description="gates at boarding, all flights together")
    gates_a_flight: int = Field(2, ge=1, description="of these, side by side at one flight")
    boarding_peak: tuple[Stretch, ...] = Field(
        ((10, 720), (20, 180)),
        min_length=1,
        description="stretches of (minutes, passengers an hour) who come to the gates of one flight",
    )
    clear_s: float = Field(2.0, ge=0, description="seconds from the decision until the next passenger can step up")
    pause_s: float = Field(2.0, ge=0, description="seconds between a rejection and the next attempt")
    timeout_s: float = Field(10.0, gt=0, description="seconds after which the gate gives up where it finds no face")
    attempts: int = Field(3, ge=1, le=10, description="attempts that may be granted, at most")
    manual_s: float = Field(60.0, gt=0, description="seconds that a passenger costs at the manual lane")
    wait_at_most_s: float = Field(120.0, gt=0, description="95 of 100 passengers should wait no longer than this")
    wrong_at_most: Rate01 = Field(
        0.01,
        description="of the enrolled taken for another, and of the unenrolled let through, at most this share, after "
        "all attempts",
    )
    unenrolled_share: Rate01 = Field(0.01, description="share of those who step up who are not on the roster")
    fmr: tuple[Rate01, ...] = Field(
        (1e-3, 1e-4), min_length=1, description="1:1: of those with somebody else's pass this share may get through"
    )
    refused: tuple[Rate01, ...] = Field(
        (0.01, 0.05, 0.1, 0.2), min_length=1, description="shares of the worst enrolment photographs that are refused"
    )
    template_years: float = Field(5.0, gt=0, description="an enrolment is at most so many years old")
    attack_scores: str = Field(
        "", description="presentation attacks: CSV or parquet with score, species, match_score; empty: made up"
    )
    attack_seed: int = Field(1, ge=0, description="of the presentations that are made up where no file is given")
    attack_at_most: Rate01 = Field(0.05, description="of the attacks of the worst kind at most this share may pass")
    runs: int = Field(200, ge=20, le=10_000, description="runs of the simulated queue")
    seed: int = Field(1, ge=0, description="of the simulated queue")
