"""InsightFace Server: raw cosine; a collection is pinned to one model by its hash.

Read from: its model catalogue and its search interface, server 0.2.0 (InsightFace repository, November 2026). The
hashes are those that its installer verifies. Its default threshold is .4 and has no error rate behind it.
"""

from __future__ import annotations

from facelab.deploy.systems.system import OtherSystem
from facelab.stats.conversions import COSINE

_R50 = "4c06341c33c2ca1f86781dab0e829f88ad5b64be9fba56e56bc9ebdefc619e43"
_MBF = "9cc6e4a75f0e2bf0b1aed94578f144d15175f357bdc05e815e5c4a02b319eb4f"
_R100 = "4ab1d6435d639628a6f3e5008dd4f929edf4c4124b1a7169e1048f9fef534cdf"

INSIGHTFACE_SERVER = OtherSystem(
    name="insightface-server",
    title="InsightFace Server",
    read_from="server 0.2.0, November 2026",
    scale=COSINE,
    setting="`threshold` of a search",
    recognisers={"buffalo_l": _R50, "buffalo_m": _R50, "buffalo_sc": _MBF, "antelopev2": _R100},
    caveats=("it runs its own detector at its own size on single pictures: passages and pooling are not part of it",),
)
