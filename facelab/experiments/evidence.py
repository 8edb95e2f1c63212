"""What an evaluation was measured on, by digest and by count: the part of it that a config and a run keep."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np

from facelab.errors import BadInput

if TYPE_CHECKING:
    from collections.abc import Mapping

    from facelab.data.footage import Footage
    from facelab.experiments.sources import Enrolment
    from facelab.pipeline.packs import Pack
    from facelab.pipeline.passages import Passages
    from facelab.stats.openset import OpenSetCurve


@dataclass(frozen=True)
class Evidence:
    """Where comparisons come from.

    Parameters
    ----------
    footage, footage_digest : str, str or None
        Name, and SHA-256 of pictures, clock and truth; None for a live camera.
    cameras : tuple of str
        The cameras' names.
    watchlist_digest : str
        SHA-256 of what was enrolled from.
    enrolled, references, failed_to_enrol : int
        Subjects on the list, references with a template, and subjects without one.
    passages, missed, failed, unmatched : int
        Passages; those without a track, and without a usable face; tracks of nobody known.
    frames, faces : int
        Read, and found.
    pack, pack_fingerprint, pack_licence : str
        The model pack.
    synthetic : bool
        True where any of it was generated.
    """

    footage: str
    footage_digest: str | None
    cameras: tuple[str, ...]
    watchlist_digest: str
    enrolled: int
    references: int
    failed_to_enrol: int
    passages: int
    missed: int
    failed: int
    unmatched: int
    frames: int
    faces: int
    pack: str
    pack_fingerprint: str
    pack_licence: str
    synthetic: bool

    def to_dict(self) -> dict[str, Any]:
        """The evidence for JSON."""
        return {**asdict(self), "cameras": list(self.cameras)}

    @classmethod
    def from_dict(cls, said: Mapping[str, Any]) -> Evidence:
        """The evidence from its JSON.

        Raises
        ------
        BadInput
            Something is missing or too much.
        """
        if set(said) != {field.name for field in fields(cls)}:
            raise BadInput("the evidence of the comparisons is not whole; run 03_match again", place="evidence.json")
        return cls(**{**said, "cameras": tuple(said["cameras"])})


def evidence_of(footage: Footage, enrolment: Enrolment, pack: Pack, passages: Passages) -> Evidence:
    """What comparisons of `passages` with the gallery of `enrolment` come from."""
    gallery, counts = enrolment.gallery, passages.counts
    return Evidence(
        footage=footage.name,
        footage_digest=footage.digest,
        cameras=footage.cameras,
        watchlist_digest=enrolment.digest,
        enrolled=len(gallery),
        references=int((~gallery.templates.failed).sum()),
        failed_to_enrol=len(gallery.failed_to_enrol),
        passages=counts.passages,
        missed=counts.missed,
        failed=counts.failed,
        unmatched=counts.unmatched,
        frames=counts.frames,
        faces=counts.faces,
        pack=pack.name,
        pack_fingerprint=pack.fingerprint,
        pack_licence=pack.licence,
        synthetic=passages.synthetic,
    )


def people_of(curve: OpenSetCurve) -> dict[str, int]:
    """How many people and searches stand behind a curve, enrolled and not."""
    found = curve.searches
    people = {
        f"{name}_people": len(np.unique(found.person[mask]))
        for name, mask in (("mated", found.mated), ("non_mated", ~found.mated))
    }
    return people | {"mated_searches": curve.mated, "non_mated_searches": curve.non_mated}
