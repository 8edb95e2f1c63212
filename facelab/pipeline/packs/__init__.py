"""Model packs: a detector and a recogniser with everything that their use depends on.

`load_pack` gives one by name or folder; `listing`, `pull`, `check` and `add` manage what is at hand.
"""

from facelab.pipeline.packs.pack import Pack
from facelab.pipeline.packs.shelf import CheckedFile, Listed, add, check, listing, load_pack, pull
from facelab.pipeline.packs.spec import PackSpec

__all__ = ["CheckedFile", "Listed", "Pack", "PackSpec", "add", "check", "listing", "load_pack", "pull"]
