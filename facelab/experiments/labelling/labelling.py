"""`Labelling`: what the notebook on labels and `facelab label` are written with.

It takes a study's footage and passages, proposes people, reviews them into a label file, and evaluates the footage
under the names that come of it. The footage's own names are kept or ignored: ignored, an older truth plays no part, as
on raw footage; kept, its names are what answers confirm or correct.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np

from facelab.errors import BadInput, NotMeasured
from facelab.experiments.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from facelab.data.footage import Footage
    from facelab.experiments.study import Study
    from facelab.label import Anchors, Grounds, LabelPanel, Labels, Material, NamedCounts, Session
    from facelab.label.labelfile import Answers
    from facelab.label.named_truth import Disputed, Unreviewed
    from facelab.label.panel import Show
    from facelab.pipeline.passages import Passages
    from facelab.stats.points import OperatingPoint

OwnNames: TypeAlias = Literal["keep", "ignore"]
FILE = "labels.csv"
TRUTH = "labelled_truth.csv"
SEED = 1


@dataclass(frozen=True)
class Applied:
    """Labels as a truth.

    Parameters
    ----------
    truth : Path
        The file (`facelab.data.truth`).
    counts : NamedCounts
        What became of every track.
    labels : Labels
        What the answers say, contradictions included.
    footage : Footage
        The footage under these names.
    """

    truth: Path
    counts: NamedCounts
    labels: Labels
    footage: Footage

    def _repr_html_(self) -> str:
        import html

        return f"<p>{html.escape(str(self.counts))}</p>"


class Labelling:
    """A study's footage and the names that reviewers give to it.

    Parameters
    ----------
    study : Study
        Footage, passages, pack and watchlist.
    files : sequence of Path
        Label files; the first is written to. ``labels.csv`` in the workspace where there is none.
    reviewer : str
        Who is looking.
    show_faces : {"synthetic", "always", "never"}
        Whether pictures of people may be shown.
    own_names : {"keep", "ignore"}
        What becomes of names that the footage brings with it.
    threshold : float, optional
        The operating threshold; the site's where the scenario names one, else chosen from the scores.
    """

    def __init__(
        self,
        study: Study,
        files: Sequence[Path] = (),
        *,
        reviewer: str = "",
        show_faces: Show = "synthetic",
        own_names: OwnNames = "keep",
        threshold: float | None = None,
    ) -> None:
        self.study, self._own_names = study, own_names
        self.reviewer, self._show = reviewer, show_faces
        self.files = tuple(files) or (study.workspace.folder / FILE,)
        self._threshold = study.scenario.site_threshold if threshold is None else threshold

    @cached_property
    def footage(self) -> Footage:
        """The footage, without names where they are ignored."""
        footage = self.study.footage
        if self._own_names == "keep":
            return footage
        return replace(footage, truth=None, clips=tuple(replace(clip, subject_id="") for clip in footage.clips))

    @cached_property
    def passages(self) -> Passages:
        """Everyone who went past."""
        from facelab.pipeline.run import track_footage

        if self._own_names == "keep":
            return self.study.passages
        return track_footage(self.footage, self.study.pack, self.study.scenario.pipeline)

    @cached_property
    def _material(self) -> tuple[Material, Anchors]:
        from facelab.label import material_of

        return material_of(self.footage, self.passages)

    @property
    def material(self) -> Material:
        """The tracks to be labelled."""
        return self._material[0]

    @property
    def anchors(self) -> Anchors:
        """Where they stand in the footage."""
        return self._material[1]

    @cached_property
    def grounds(self) -> Grounds:
        """What questions are made from: proposed people, scores, and where tracks change."""
        from facelab.label import Grounds, Scores, proposed_groups
        from facelab.label.seams import seams

        rng = np.random.default_rng(SEED)
        groups = proposed_groups(self.material, rng)
        try:
            scores = Scores(self.material, self.study.gallery, rng)
        except NotMeasured as reason:  # people are enrolled from the footage, and nobody in it has a name yet
            scores, groups = None, replace(groups, notes=(*groups.notes, f"there is no watchlist yet: {reason}"))
        seam = seams(self.material, self.footage, self.study.pack, self.study.scenario.pipeline)
        return Grounds(self.material, groups, scores, seam, self._threshold)

    def answers(self) -> Answers:
        """What all label files say together; nothing where there is none yet."""
        from facelab.label.labelfile import Answers, read_answers

        read = [read_answers(path) for path in self.files if path.exists() or len(self.files) > 1]
        return Answers(
            tuple(answer for one in read for answer in one.given), tuple(place for one in read for place in one.torn)
        )

    @property
    def labels(self) -> Labels:
        """What the standing answers say of the passages that are there now."""
        from facelab.label import labels_of

        return labels_of(self.answers().standing, self.anchors, self.material)

    def session(self) -> Session:
        """The reviewer at work, on the first label file."""
        from facelab.label import LabelFile, Session

        return Session(self.grounds, self.anchors, LabelFile(self.files[0], self.reviewer))

    def panel(self) -> LabelPanel:
        """The panel of the reviewer; ``.widget`` is what a notebook shows."""
        from facelab.label import LabelPanel

        return LabelPanel(self.session(), self._show, references=self.photographs)

    def photographs(self, subject: str) -> list[bytes]:
        """The photographs of an enrolled person as JPEG; none where they came from footage, or are gone."""
        from facelab.data.images import read_image
        from facelab.label.pictures import jpeg

        found = []
        for path in self._photographs.get(subject, []):
            try:
                found.append(jpeg(read_image(path)))
            except BadInput:
                continue
        return found

    @cached_property
    def _photographs(self) -> dict[str, list[Path]]:
        from facelab.experiments.sources import watchlist_photographs

        named: dict[str, list[Path]] = {}
        kept = watchlist_photographs(self.study.scenario)
        for photograph in () if kept is None else kept.photographs:
            named.setdefault(photograph.subject_id, []).append(photograph.path)
        return named

    def apply(
        self,
        *,
        unreviewed: Unreviewed = "proposed",
        disputed: Disputed = "refuse",
        truth: Path | None = None,
    ) -> Applied:
        """Write the truth that the labels give, and say what became of every track.

        Parameters
        ----------
        unreviewed : {"proposed", "strangers", "left out"}
            Whose the passages are that no answer concerns (`facelab.label.named_truth`).
        disputed : {"refuse", "leave out"}
            What becomes of answers that contradict each other.
        truth : Path, optional
            The file; ``labelled_truth.csv`` in the workspace unless given.

        Raises
        ------
        BadInput
            Answers contradict each other and are to be refused, or the file cannot be written.
        NotMeasured
            Nothing is left.
        """
        from facelab.data.truth import write_truth
        from facelab.label import named_truth

        labels, grounds = self.labels, self.grounds
        enrolled = frozenset() if grounds.scores is None else grounds.scores.enrolled
        made, counts = named_truth(
            self.material,
            self.passages.tracks,
            labels,
            grounds.groups,
            enrolled=enrolled,
            unreviewed=unreviewed,
            disputed=disputed,
        )
        path = self.study.workspace.folder / TRUTH if truth is None else truth
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_truth(made, path)
        except OSError as error:
            raise BadInput(f"the truth was not written: {error.strerror}", place=str(path)) from None
        bare = tuple(replace(clip, subject_id="") for clip in self.footage.clips)
        return Applied(path, counts, labels, replace(self.footage, truth=made, clips=bare))

    def evaluated(self, applied: Applied) -> Study:
        """The study under the names of `applied`, matched, in the workspace's folder ``labelled``; no model runs."""
        from facelab.experiments.study import Study

        study = Study(self.study.scenario, Workspace(self.study.workspace.folder / "labelled"))
        study.workspace.folder.mkdir(parents=True, exist_ok=True)
        study.__dict__["footage"], study.__dict__["pack"] = applied.footage, self.study.pack
        if "_enrolment" in self.study.__dict__ and self.study.scenario.watchlist.kind != "footage":
            study.__dict__["_enrolment"] = self.study.__dict__["_enrolment"]  # names change nothing of photographs
        study.match()
        return study

    def rates(self, applied: Applied) -> OperatingPoint:
        """FPIR and FNIR under the names of `applied`, over all passages, at the threshold of the questions.

        Where no threshold was given it was chosen from the same scores: then the rates describe this footage, and
        promise nothing of the next (docs/statistics.md, in sample).
        """
        from facelab.stats.openset import open_set_curve

        study = self.evaluated(applied)
        return open_set_curve(study.comparisons, study.scenario.rank).at(self.threshold)

    @property
    def has_threshold(self) -> bool:
        """Whether the threshold was given; else it is chosen from the scores."""
        return self._threshold is not None

    @property
    def threshold(self) -> float:
        """The threshold that questions are weighed at.

        Raises
        ------
        NotMeasured
            There is no watchlist.
        """
        scores = self.grounds.scores
        if self._threshold is not None:
            return self._threshold
        if scores is None:
            raise NotMeasured("there is no watchlist: no threshold, and no rate")
        return scores.threshold(self.material.subject_id)


def open_labelling(
    scenario: str | Path,
    *,
    workspace: str | Path = "",
    overrides: Mapping[str, Any] | None = None,
    labels: str | Path | Sequence[Path] = "",
    **review: Any,
) -> Labelling:
    """The labelling of a scenario's footage.

    Parameters
    ----------
    scenario : str or Path
        A scenario file, or the name of one that facelab ships.
    workspace : str or Path
        The folder of its results; ``results/<scenario>`` under the project's root where it is empty.
    overrides : mapping, optional
        Settings by dotted name.
    labels : str, Path or sequence of Path
        Label files; ``labels.csv`` in the workspace where it is empty.
    **review
        `reviewer`, `show_faces`, `own_names` and `threshold` of `Labelling`.
    """
    from facelab.experiments.study import open_study

    files = [Path(labels)] if isinstance(labels, str | Path) and str(labels) else []
    files = files if isinstance(labels, str | Path) else list(labels)
    study = open_study(scenario, workspace=workspace, overrides=overrides)
    return Labelling(study, files, **review)
