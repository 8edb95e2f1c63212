"""Groups and quality of a study: who errs more, and whether a template's quality foresees it.

Groups are those of the probe: its camera, how wide its face is in thirds of the passages, and, for generated people,
the skin tone that was measured on their pictures. Everything is judged on the reporting half at the study's own
threshold. What cannot be compared (an attribute that nobody has, searches of one kind only) gives a sentence.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from facelab.config import TerminalFootage
from facelab.errors import NotMeasured
from facelab.experiments.floor import speaking_point
from facelab.experiments.study import Study, say
from facelab.stats.discard_areas import DiscardAreas, discard_areas
from facelab.stats.group_report import GroupReport, search_group_report
from facelab.stats.groups import UNKNOWN
from facelab.stats.quality import DiscardCurve, discard_curve

if TYPE_CHECKING:
    from facelab.stats.groups import GroupRates
    from facelab.types import Comparisons, Floats, Strings

CAMERA, WIDTH, TONE = "camera", "face width", "skin tone"
SEED, LEVEL = 1, 0.05
TONES = ("very_light", "light", "intermediate", "tan", "dark")


@dataclass(frozen=True, eq=False)
class GroupStudy:
    """Rates of a study by group, at one threshold.

    Parameters
    ----------
    study : Study
        Its reporting half is what is judged.
    threshold : float
        T.
    """

    study: Study
    threshold: float

    @cached_property
    def _comparisons(self) -> Comparisons:
        """The comparisons of the reporting half."""
        found, reported = self.study.comparisons, self.study.halves.report.searches.probe_id
        return found.take(np.isin(found.probe_id, reported))

    @cached_property
    def groups(self) -> dict[str, Strings]:
        """The label of each probe of the reporting half, by attribute; empty where unknown."""
        found = self._comparisons
        labels = {CAMERA: found.probe_attributes.get("camera"), WIDTH: None, TONE: None}
        if "width_px" in found.probe_attributes:
            labels[WIDTH] = width_classes(found.probe_attributes["width_px"])
        if isinstance(self.study.scenario.footage, TerminalFootage):
            labels[TONE] = tones_of(found.probe_subject)
        return {name: np.asarray(label, dtype=np.str_) for name, label in labels.items() if label is not None}

    @cached_property
    def reports(self) -> dict[str, GroupReport]:
        """Both error rates by each attribute, with permutation tests (always the same: one seed)."""
        from facelab.stats.searches import searches

        found, rank = searches(self._comparisons), self.study.scenario.rank
        return {
            name: search_group_report(found, label, self.threshold, rank=rank, rng=np.random.default_rng(SEED))
            for name, label in self.groups.items()
        }

    def rates(self, by: str, name: str) -> GroupRates | None:
        """FPIR or FNIR (`name`) by an attribute; None where there is no such search or nobody has the attribute."""
        report = self.reports.get(by)
        if report is None:
            return None
        found = report.false_positive if name == "FPIR" else report.false_negative
        return None if found is None or set(found.rates) <= {UNKNOWN} else found

    def figure(self, by: str, name: str) -> Any:
        """FPIR or FNIR by an attribute as a saved figure; a sentence where there is none."""
        from facelab import plots

        found = self.rates(by, name)
        if found is None:
            return say(f"There is no {name} by {by}: nobody here has that attribute, or there are no such searches.")
        ax = plots.rates_by_group(found, by=by)
        return self.study.figure(ax, f"{name.lower()}_by_{by.replace(' ', '_')}")

    @cached_property
    def verdicts(self) -> tuple[str, ...]:
        """What the tests say of each attribute and rate, and what they could not have seen."""
        said = []
        for by in self.groups:
            for name in ("FPIR", "FNIR"):
                found = self.rates(by, name)
                if found is not None:
                    said.append(f"**{name} by {by}.** {found.verdict()}")
        return tuple(said) or ("No attribute of the people is known here.",)

    @cached_property
    def discard(self) -> DiscardCurve | None:
        """Misses against discarded templates of low quality; None where there is no mated search with a score."""
        found = self._comparisons
        score, reference = best_mates(found)
        kept = found.mated & ~np.isnan(score)
        if "quality" not in found.probe_attributes or not kept.any():
            return None
        quality = found.probe_attributes["quality"]
        both = ~np.isnan(quality) & ~np.isnan(reference)
        value = np.where(both, score, np.nan)[found.mated]
        try:
            return discard_curve(
                value, quality[found.mated], reference[found.mated], self.threshold, found.probe_subject[found.mated]
            )
        except NotMeasured:
            return None

    @cached_property
    def areas(self) -> DiscardAreas | None:
        """Its partial area and gain to 20 % with intervals over people; None where nothing could be foreseen."""
        if self.discard is None:
            return None
        try:
            return discard_areas(self.discard, rng=np.random.default_rng(SEED))
        except NotMeasured:
            return None

    def discard_figure(self) -> Any:
        """The error-versus-discard curve as a saved figure; a sentence where there is none."""
        from facelab import plots

        if self.discard is None:
            return say("There is no mated search with a score and a quality: nothing to discard.")
        return self.study.figure(plots.error_versus_discard(self.discard, areas=self.areas), "error_versus_discard")

    def answer(self) -> tuple[str, ...]:
        """Where groups differ, what could have gone unseen, and what discarding would win."""
        return self._group_answer(), self._quality_answer()

    def _group_answer(self) -> str:
        tested = {f"{name} by {by}": self.rates(by, name) for by in self.groups for name in ("FPIR", "FNIR")}
        known = {name: found.test.p_value for name, found in tested.items() if found is not None and found.test}
        if not known:
            return "Nothing could be compared between groups."
        differ = [name for name, p_value in known.items() if p_value < LEVEL / len(known)]
        tests = f"{len(known)} tests together at 5 % (Bonferroni)"
        if not differ:
            return f"No difference between groups could be shown, {tests}."
        return f"These differ between groups, {tests}: {', '.join(differ)}."

    def _quality_answer(self) -> str:
        if self.discard is None or self.areas is None:
            return "There is no miss that quality could foresee."
        start, kept = 100 * float(self.discard.fnmr[0]), 100 * self.discard.at(0.2).value
        gain, area = self.areas.gain_interval(), self.areas.interval()
        note = f" ({gain.note})" if gain.note else ""
        return (
            f"Without the fifth of the lowest quality, misses go from {start:.2g} % to {kept:.2g} % of the mated "
            f"searches that have a score: {100 * self.areas.gain:.2g} % (95 % interval {100 * gain.low:.2g} to "
            f"{100 * gain.high:.2g} %) of what a perfect quality would win; the partial area above the ideal curve is "
            f"{self.areas.value:.2g} [{area.low:.2g}, {area.high:.2g}]{note}."
        )

    def __repr__(self) -> str:
        counts = ", ".join(f"{by}: {len(set(label.tolist()))}" for by, label in self.groups.items())
        return f"groups of {len(self._comparisons):,} searches at a threshold of {self.threshold:.4f} ({counts})"


def group_study(study: Study) -> GroupStudy:
    """The groups of a study at its own threshold: that of the smallest supported target, else of the first.

    Raises
    ------
    NotMeasured
        No threshold came out of the study.
    """
    point = speaking_point(study)
    if point is None:
        raise NotMeasured("no threshold came out of this study, so groups cannot be compared at one")
    return GroupStudy(study, point.threshold)


def width_classes(width_px: Floats) -> Strings:
    """The third of the passages that each face width belongs to, as ``1: below 41 px``; empty where unknown."""
    width = np.asarray(width_px, dtype=np.float64)
    known = np.isfinite(width) & (width > 0)
    if not known.any():
        return np.full(len(width), "", dtype=np.str_)
    low, high = (round(float(edge)) for edge in np.quantile(width[known], [1 / 3, 2 / 3]))
    names = np.array([f"1: below {low} px", f"2: {low} to {high} px", f"3: from {high} px"])
    third = np.where(width < low, 0, np.where(width < high, 1, 2))
    return np.asarray(np.where(known, names[third], ""), dtype=np.str_)


def tones_of(subjects: Strings) -> Strings:
    """The measured skin tone of generated people, numbered from light to dark; empty where the table has none."""
    from facelab.data.people import default_people_folder
    from facelab.data.table import read_rows

    table = default_people_folder() / "people.csv"
    if not table.is_file():
        return np.full(len(subjects), "", dtype=np.str_)
    tone = {
        row.text("person_id"): row.text("skin_tone", empty=True)
        for row in read_rows(table, required=("person_id",), optional=None)
    }
    place = {name: f"{number}: {name.replace('_', ' ')}" for number, name in enumerate(TONES, start=1)}
    return np.array([place.get(tone.get(s, ""), tone.get(s, "")) for s in subjects.tolist()], dtype=np.str_)


def best_mates(comparisons: Comparisons) -> tuple[Floats, Floats]:
    """The best score of each probe against its own references, and that reference's quality; NaN where none is."""
    own = comparisons.probe_subject[:, None] == comparisons.reference_subject[None, :]
    own &= (comparisons.probe_subject != "")[:, None]
    score = np.where(own & ~np.isnan(comparisons.score), comparisons.score, -np.inf)
    if not score.shape[1]:
        nothing = np.full(len(comparisons), np.nan)
        return nothing, nothing
    best = score.argmax(axis=1)
    found = score[np.arange(len(score)), best]
    there = np.isfinite(found)
    quality = comparisons.reference_attributes.get("quality")
    of_best = np.full(len(score), np.nan) if quality is None else np.asarray(quality, dtype=np.float64)[best]
    return np.where(there, found, np.nan), np.where(there, of_best, np.nan)
