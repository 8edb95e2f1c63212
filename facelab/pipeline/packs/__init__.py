"""Model packs: a detector and a recogniser with everything that their use depends on."""

from facelab.pipeline.packs.pack import Pack, load_pack

__all__ = ["Pack", "load_pack"]
