"""The threshold of a tuned config on the scale of another system, where that runs the model that was measured."""

from facelab.deploy.systems.conversion import Conversion, converted, known_systems

__all__ = ["Conversion", "converted", "known_systems"]
