"""A tuned threshold set on another system's scale, with the round trip that proves it; refused for another model.

A threshold belongs to its recogniser. It is converted only where the recogniser behind the other system is the one that
was measured: by the system's own model name where the hash behind that name is known, else by the file itself. Where a
system rounds, the threshold is moved to the next step that accepts *less*, so that FPIR does not rise; what that does
to the cosine is said.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from facelab.deploy.systems.compreface import DEFAULT_COEFFICIENTS, compreface_system
from facelab.deploy.systems.deepface import DEEPFACE
from facelab.deploy.systems.frigate import FRIGATE
from facelab.deploy.systems.insightface_server import INSIGHTFACE_SERVER
from facelab.deploy.systems.plain import PLAIN
from facelab.deploy.systems.probability import NAME as PROBABILITY
from facelab.deploy.systems.probability import probability_system
from facelab.errors import BadInput

if TYPE_CHECKING:
    from pathlib import Path

    from facelab.deploy.systems.system import OtherSystem
    from facelab.deploy.tuned_config import TunedConfig

COMPREFACE = compreface_system(*DEFAULT_COEFFICIENTS)
SYSTEMS = {system.name: system for system in (INSIGHTFACE_SERVER, FRIGATE, COMPREFACE, DEEPFACE, *PLAIN)}
_WHY = "a threshold converted to another model is worth nothing; to measure that system, export its scores and use "
ADVICE = _WHY + "`facelab identification`"


@dataclass(frozen=True)
class Conversion:
    """A threshold on another system's scale.

    Parameters
    ----------
    system : OtherSystem
        Which one, and what of it was not measured.
    cosine : float
        The threshold of the config.
    value : float
        The threshold to set there, at full precision or moved to the system's step.
    cosine_there : float
        The cosine that `value` stands for: the round trip.
    recogniser : str
        How the recogniser was found to be the measured one.
    """

    system: OtherSystem
    cosine: float
    value: float
    cosine_there: float
    recogniser: str

    @property
    def moved(self) -> float:
        """How far the threshold moved, as a cosine, because the system knows only steps."""
        return self.cosine_there - self.cosine

    @property
    def accepts(self) -> str:
        """When the other system accepts."""
        return (
            f"score >= {self.value:.9g}" if self.system.scale.higher_is_more_alike else f"distance <= {self.value:.9g}"
        )

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        system = self.system
        said = {"system": system.title, "read_from": system.read_from, "setting": system.setting, "value": self.value}
        rest = {"accepts": self.accepts, "cosine": self.cosine, "cosine_there": self.cosine_there, "moved": self.moved}
        return said | rest | {"recogniser": self.recogniser, "caveats": list(system.caveats)}

    def __str__(self) -> str:
        return f"{self.system.title}: {self.accepts} ({self.system.setting}); cosine {self.cosine_there:.6f}"


def known_systems() -> tuple[str, ...]:
    """The systems whose scale is known, by name."""
    return (*SYSTEMS, PROBABILITY)


def converted(
    config: TunedConfig,
    system: str,
    *,
    model: str | None = None,
    recogniser: Path | None = None,
    coefficients: tuple[float, float] | None = None,
    prior: float | None = None,
) -> Conversion:
    """The threshold of `config` on the scale of `system`.

    Parameters
    ----------
    config : TunedConfig
        With the pack that was measured.
    system : str
        One of `known_systems`.
    model : str, optional
        The system's own name of the model that it runs.
    recogniser : Path, optional
        The file of the recogniser that it runs.
    coefficients : tuple of float, optional
        CompreFace's a and b, as its server states them.
    prior : float, optional
        For `probability`: the chance, before looking, that the two are one person.

    Raises
    ------
    BadInput
        The system is unknown; or it is not shown that it runs the recogniser that was measured.
    """
    if system not in known_systems():
        raise BadInput(f"no system {system!r} is known; there are {', '.join(known_systems())}", place="system")
    other = probability_system(config, prior) if system == PROBABILITY else SYSTEMS[system]
    if coefficients is not None:
        if system != COMPREFACE.name:
            raise BadInput("only CompreFace has coefficients", place="coefficients")
        other = replace(other, scale=compreface_system(*coefficients).scale)
    how = _same_recogniser(config, other, model, recogniser)
    value = float(other.scale.from_cosine(config.threshold))
    if other.step:
        value = _stepped(value, other.step, up=other.scale.higher_is_more_alike)
    low, high = other.scale.shown_range
    if not low <= value <= high:
        raise BadInput(
            f"{other.title} shows {low:.4g} to {high:.4g} and cannot be set to {value:.4g}", place="threshold"
        )
    return Conversion(other, config.threshold, value, float(other.scale.to_cosine(value)), how)


def decisions_that_differ(found: Conversion, cosine: Any) -> int:
    """How many of the scores `cosine` (any shape, NaN skipped) the two thresholds decide differently: the round trip.

    Both decide at full precision; what the other system's own rounding of scores does comes on top.
    """
    score = np.asarray(cosine, dtype=np.float64)
    score = score[~np.isnan(score)]
    shown = found.system.scale.from_cosine(score)
    there = shown >= found.value if found.system.scale.higher_is_more_alike else shown <= found.value
    return int(((score >= found.cosine) != there).sum())


def _stepped(value: float, step: float, *, up: bool) -> float:
    """`value` moved to a multiple of `step`, to the side that accepts less."""
    count = value / step
    nearest = round(count)
    whole = nearest if abs(count - nearest) < 1e-9 else (math.ceil(count) if up else math.floor(count))
    return round(whole * step, 12)


def _same_recogniser(config: TunedConfig, other: OtherSystem, model: str | None, recogniser: Path | None) -> str:
    """How the other system's recogniser is known to be the measured one.

    Raises
    ------
    BadInput
        It is another one, or that cannot be told.
    """
    measured = _measured(config)
    if recogniser is not None:
        return _same_file(measured, config, recogniser)
    if not other.recognisers:
        return "the same model files, by your own word"
    if model is None:
        names = ", ".join(other.recognisers)
        raise BadInput(
            f"say which model {other.title} runs (--model: {names}) or give its file (--recogniser)", place=other.name
        )
    if model not in other.recognisers:
        raise BadInput(f"{other.title} has no model {model!r}; it has {', '.join(other.recognisers)}", place="model")
    digest = other.recognisers[model]
    if digest is None:
        raise BadInput(
            f"what file is behind {other.title}'s {model} is not known here: give it (--recogniser); {ADVICE}",
            place="model",
        )
    if digest not in measured:
        raise BadInput(
            f"{other.title}'s {model} is another recogniser ({digest[:12]}) than that of {config.pack.name}; {ADVICE}",
            place="model",
        )
    return f"{model} of {other.title} is the measured file, SHA-256 {digest[:12]}"


def _same_file(measured: set[str], config: TunedConfig, path: Path) -> str:
    from facelab.pipeline.packs.store import sha256_of

    if not path.is_file():
        raise BadInput("there is no such file", place=str(path))
    digest = sha256_of(path)
    if digest not in measured:
        raise BadInput(
            f"is another model (SHA-256 {digest[:12]}) than the recogniser of {config.pack.name}; {ADVICE}",
            place=str(path),
        )
    return f"{path.name} is the measured file, SHA-256 {digest[:12]}"


def _measured(config: TunedConfig) -> set[str]:
    """The hash of the measured recogniser; of every file of the pack where the config does not say which it is."""
    named = config.pack.recogniser_file
    return {config.pack.files[named]} if named is not None else set(config.pack.files.values())
