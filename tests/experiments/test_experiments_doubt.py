"""What a study says where names are missing or may be wrong."""

from __future__ import annotations

import re

import numpy as np
import pytest

from facelab.config import Labels
from facelab.experiments.doubt import (
    label_error_sentences,
    label_errors_figure,
    suspect_table,
    unlabelled_sentences,
)
from facelab.experiments.doubt.label_errors import noise_of, suspects_of
from facelab.experiments.study import Halves, Study
from facelab.stats.openset import open_set_curve_of_searches


def _labelled(study: Study, **labels: object) -> Study:
    study.scenario = study.scenario.model_copy(update={"labels": Labels.model_validate(labels)})
    return study


def test_named_footage_says_so(study: Study) -> None:
    (said,) = unlabelled_sentences(study)
    assert "`labels`" in said


def test_assumed_and_volunteers_say_what_they_cannot(study: Study) -> None:
    _labelled(study, mode="assume_non_mated", hidden=(2,), passages_a_person=3)
    said = unlabelled_sentences(study)
    assert "With 2 enrolled people among them unknown" in said[1]
    assert sum(line.startswith("Not to be claimed") for line in said) == 2
    both = unlabelled_sentences(_labelled(study, mode="volunteers"))
    assert "searches of 20 volunteers" in both[0]
    assert any("Volunteers know where the cameras are" in line for line in both)


def test_a_footage_of_strangers_alone_has_no_volunteers(study: Study) -> None:
    found = study.halves.report.searches
    study.__dict__["halves"] = Halves(None, open_set_curve_of_searches(found.take(~found.mated)))
    study.scenario = study.scenario.model_copy(update={"counts_only": True, "site_threshold": 0.3})
    said = unlabelled_sentences(_labelled(study, mode="volunteers"))
    assert "FNIR needs some" in said[0]
    assert "one kind only" in label_error_sentences(study)[0]
    assert "no threshold was chosen" in suspect_table(study).data.lower()


def test_wrong_labels_are_shown_beside_the_interval(study: Study) -> None:
    noise = noise_of(study, 0.01)
    (said,) = label_error_sentences(study)
    assert re.search(r"FPIR [\d.]+ % \(\d+/\d+\) \[.*\].*; with 1 % of the people labelled wrongly it would read", said)
    assert f"{noise.before[2]:.4f}" in said
    figure = label_errors_figure(study)
    assert figure.path.is_file()
    assert "wrong labels" in figure.alt


def test_suspects_are_named_with_their_effect(study: Study) -> None:
    """The first suspect is the stranger (or misidentified search) with the highest score against somebody else."""
    found = study.halves.report.searches
    doubtful = ~found.mated | found.misidentified
    first = suspects_of(study)[0]
    assert first.score == np.nanmax(found.other_score[doubtful])
    page = suspect_table(study).data
    assert first.probe_id in page
    assert f"{first.score:.4f}" in page


@pytest.mark.parametrize("mode", ["assume", "", None])
def test_an_unknown_mode_is_refused(mode: object) -> None:
    with pytest.raises(ValueError, match="named"):
        Labels.model_validate({"mode": mode})
