"""What every model of settings stands on: strict, frozen, and the ranges that many of them share."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Rate01 = Annotated[float, Field(gt=0, lt=1)]
Share = Annotated[float, Field(ge=0, le=1)]
Seconds = Annotated[float, Field(ge=0)]


class Settings(BaseModel):
    """Base of every model here: unknown keys are refused, values do not change after they were checked."""

    model_config = ConfigDict(extra="forbid", frozen=True)
