"""A calibrated probability: how likely is it that the two are one person, given the score and a prior.

P = 1 / (1 + exp(-(ln(pi / (1 - pi)) + L))) with L = slope * score + offset, the straight-line calibration of the best
scores of the searches that the config was reported on (`facelab.stats.calibration`). The prior pi is the site's own.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from facelab.deploy.systems.system import OtherSystem
from facelab.errors import BadInput
from facelab.stats.conversions import logistic_scale

if TYPE_CHECKING:
    from facelab.deploy.tuned_config import TunedConfig

NAME = "probability"


def probability_system(config: TunedConfig, prior: float | None) -> OtherSystem:
    """The calibrated probability of `config` at `prior`; without one, at the site's prevalence, else at one half.

    Raises
    ------
    BadInput
        The config has no calibration, or the prior is not between 0 and 1.
    """
    scores = config.scores
    if scores is None or scores.slope is None or scores.offset is None:
        raise BadInput("the config has no calibration of its scores: evaluate again", place="scores")
    known = config.expected.prevalence if config.expected is not None else 0.5
    pi = known if prior is None else prior
    if not 0 < pi < 1:
        raise BadInput(f"a prior lies between 0 and 1, it is {pi:g}", place="prior")
    odds = math.log(pi / (1 - pi))
    scale = logistic_scale(
        f"probability at a prior of {pi:g}", middle=-(scores.offset + odds) / scores.slope, slope=scores.slope
    )
    return OtherSystem(
        name=NAME,
        title=f"calibrated probability at a prior of {pi:g}",
        read_from="facelab.stats.calibration, logistic",
        scale=scale,
        setting="your own code",
        caveats=("it holds for searches like those reported on, with as many enrolled",),
    )
