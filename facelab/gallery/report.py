"""What there is to say of an enrolment: who could not be enrolled and why, and names that do not seem to fit.

Names are judged by the gallery's own scores. With m the median of the scores between different names and s their spread
(1.4826 times the median absolute deviation), z = (score - m) / s:

- *one person under two names*: a pair of different names with z >= 5.5;
- *two people under one name*: a pair of one name with z < 3, that is, no more alike than strangers are.

Over 124,187 pairs of portraits of different people the default pack gave m = .013, s = .071 and no z over 4.8; pairs of
one person, ten years apart, z >= 6.3. With fewer than 100 pairs of different names to learn from, m = 0 and s = .075.
These are warnings, for a person to look at: nothing is changed.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from facelab.pipeline.scores import cosine

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from facelab.types import Bools, Floats, Gallery, Ints

SAME_PERSON_Z = 5.5
STRANGERS_Z = 3.0
ENOUGH_PAIRS = 100
USUAL_MIDDLE, USUAL_SPREAD = 0.0, 0.075
# Scores are learnt from the pairs of at most so many references, evenly spread; all pairs are judged.
LEARNT_FROM = 2000
BLOCK = 1024
SHOWN = 5


@dataclass(frozen=True)
class Refused:
    """A photograph without a template, or a subject without a photograph (`sample_id` empty), and the reason."""

    subject_id: str
    sample_id: str
    reason: str


@dataclass(frozen=True)
class DoubtfulPair:
    """Two references whose score does not fit their names."""

    sample_a: str
    subject_a: str
    sample_b: str
    subject_b: str
    score: float
    z: float


@dataclass(frozen=True)
class EnrolmentReport:
    """An enrolment in numbers and names.

    Parameters
    ----------
    subjects, samples : int
        Who was to be enrolled, and the photographs offered.
    enrolled_subjects, enrolled_samples : int
        Those with at least one template, and the templates.
    refused : tuple of Refused
        What could not be enrolled, by name.
    failed_subjects : tuple of str
        Subjects without any template: failures to enrol.
    one_person_two_names, two_people_one_name : tuple of DoubtfulPair
        See the rule above; the most doubtful first.
    """

    subjects: int
    samples: int
    enrolled_subjects: int
    enrolled_samples: int
    refused: tuple[Refused, ...]
    failed_subjects: tuple[str, ...]
    one_person_two_names: tuple[DoubtfulPair, ...]
    two_people_one_name: tuple[DoubtfulPair, ...]

    @property
    def lines(self) -> tuple[str, ...]:
        """The report, a line each."""
        said = [
            f"{self.enrolled_subjects:,} of {self.subjects:,} subjects enrolled from {self.enrolled_samples:,} of "
            f"{self.samples:,} photographs; failures to enrol: {len(self.failed_subjects):,}"
        ]
        said += [f"refused: {r.sample_id or r.subject_id}: {r.reason}" for r in self.refused]
        for pairs, what in (
            (self.one_person_two_names, "may be one person under two names"),
            (self.two_people_one_name, "may be two people under one name"),
        ):
            said += [
                f"warning: {p.sample_a} ({p.subject_a}) and {p.sample_b} ({p.subject_b}) {what}: score {p.score:.2f}"
                for p in pairs
            ]
        return tuple(said)

    def __str__(self) -> str:
        """The first line, the most frequent reasons and the number of warnings."""
        reasons = Counter(r.reason.split(":")[0].split(" (")[0] for r in self.refused).most_common(SHOWN)
        text = self.lines[0]
        if reasons:
            text += " (" + ", ".join(f"{reason}: {count:,}" for reason, count in reasons) + ")"
        if self.one_person_two_names:
            text += f"; {len(self.one_person_two_names):,} pairs may be one person under two names"
        if self.two_people_one_name:
            text += f"; {len(self.two_people_one_name):,} pairs may be two people under one name"
        return text

    def _repr_html_(self) -> str:
        import html

        return "<p>" + "<br>".join(html.escape(line) for line in (str(self), *self.lines[1:])) + "</p>"

    def to_frame(self) -> pd.DataFrame:
        """A DataFrame, one row a refused photograph or a warning."""
        import pandas as pd

        rows = [
            {"what": "refused", "sample": r.sample_id, "subject": r.subject_id, "why": r.reason} for r in self.refused
        ]
        for pairs, what in (
            (self.one_person_two_names, "one person under two names?"),
            (self.two_people_one_name, "two people under one name?"),
        ):
            rows += [
                {
                    "what": what,
                    "sample": p.sample_a,
                    "subject": p.subject_a,
                    "why": f"score {p.score:.3f} with {p.sample_b} ({p.subject_b})",
                }
                for p in pairs
            ]
        return pd.DataFrame(rows, columns=["what", "sample", "subject", "why"])


def enrolment_report(gallery: Gallery) -> EnrolmentReport:
    """What there is to say of the enrolment that made `gallery`."""
    templates = gallery.templates
    notes = templates.attributes.get("note", np.full(len(templates), ""))
    refused = [
        Refused(str(templates.subject_id[k]), str(templates.sample_id[k]), str(notes[k]) or "no template")
        for k in np.flatnonzero(templates.failed)
    ]
    nothing = np.setdiff1d(gallery.enrolled, templates.subject_id)
    refused += [Refused(str(subject), "", "no photograph") for subject in nothing]
    two_names, one_name = _doubtful(gallery)
    return EnrolmentReport(
        subjects=len(gallery),
        samples=len(templates),
        enrolled_subjects=len(gallery) - len(gallery.failed_to_enrol),
        enrolled_samples=int((~templates.failed).sum()),
        refused=tuple(refused),
        failed_subjects=tuple(gallery.failed_to_enrol.tolist()),
        one_person_two_names=two_names,
        two_people_one_name=one_name,
    )


def _doubtful(gallery: Gallery) -> tuple[tuple[DoubtfulPair, ...], tuple[DoubtfulPair, ...]]:
    """The pairs that may be one person under two names, and two people under one name."""
    good = gallery.templates.take(np.flatnonzero(~gallery.templates.failed))
    middle, spread = _strangers(good.embedding, good.subject_id)
    two_names: list[DoubtfulPair] = []
    one_name: list[DoubtfulPair] = []
    for start in range(0, len(good), BLOCK):
        score = cosine(good.embedding[start : start + BLOCK], good.embedding)
        z = (score - middle) / spread
        rows = np.arange(start, start + len(score))
        later = np.arange(len(good))[None] > rows[:, None]
        same = good.subject_id[rows][:, None] == good.subject_id[None]
        for pairs, wrong in ((two_names, ~same & (z >= SAME_PERSON_Z)), (one_name, same & (z < STRANGERS_Z))):
            for i, j in zip(*np.nonzero(wrong & later)):
                a, b = int(rows[i]), int(j)
                first, second = (
                    (str(good.sample_id[a]), str(good.subject_id[a])),
                    (str(good.sample_id[b]), str(good.subject_id[b])),
                )
                pairs.append(DoubtfulPair(*first, *second, float(score[i, j]), float(z[i, j])))
    return (
        tuple(sorted(two_names, key=lambda p: (-p.z, p.sample_a, p.sample_b))),
        tuple(sorted(one_name, key=lambda p: (p.z, p.sample_a, p.sample_b))),
    )


def _strangers(embedding: Floats, subject: NDArray[np.str_]) -> tuple[float, float]:
    """Middle and spread of the scores between different names."""
    chosen: Ints = np.unique(np.linspace(0, max(len(embedding) - 1, 0), min(len(embedding), LEARNT_FROM)).astype(int))
    score = cosine(embedding[chosen], embedding[chosen])
    other: Bools = np.triu(subject[chosen][:, None] != subject[chosen][None], 1)
    values = score[other]
    if len(values) < ENOUGH_PAIRS:
        return USUAL_MIDDLE, USUAL_SPREAD
    middle = float(np.median(values))
    return middle, max(1.4826 * float(np.median(np.abs(values - middle))), 1e-3)
