"""Enrolled from their own first seconds: reference and probe share no face, and every probe is the rest."""

import numpy as np
import pytest
from toy_pipeline import ToyPack, ToySource, people_of, truth_of, truth_rows, walk

from facelab.config import FootageWatchlist, Runtime
from facelab.data.footage import Clip, Footage
from facelab.errors import BadInput
from facelab.gallery import enrol_from_footage
from facelab.matching import match
from facelab.pipeline.run import track_footage

pytestmark = pytest.mark.usefixtures("own_cache")
NAMES = ("ann", "bob", "cy", "dee")
SEEN = people_of(*(walk(name, 40 * k, 30) for k, name in enumerate(NAMES)))
ONE = Runtime(workers=1)


def footage_of(seen, known=None):
    return Footage("toy", (Clip(ToySource(seen, 170)),), truth_of(truth_rows(known or seen)))


def enrolled(seen=SEEN, known=None, **watchlist):
    footage, pack = footage_of(seen, known), ToyPack(seen)
    passages = track_footage(footage, pack, runtime=ONE)
    return enrol_from_footage(footage, passages, pack, FootageWatchlist(**watchlist)), pack


def test_the_share_asked_for_is_enrolled_and_everybody_is_a_probe():
    found, _ = enrolled(share=0.5)
    assert len(found.gallery) == 2
    assert sorted(found.passages.templates.subject_id.tolist()) == list(NAMES)
    assert not found.passages.templates.failed.any()


def test_reference_and_probe_share_no_moment():
    found, _ = enrolled(share=0.9, first_s=1.0)
    ends = dict(zip(found.gallery.templates.subject_id, found.gallery.templates.attributes["end_s"]))
    begins = dict(zip(found.passages.templates.subject_id, found.passages.templates.attributes["start_s"]))
    for name, end in ends.items():
        assert end < begins[name]
        assert begins[name] - NAMES.index(name) * 4.0 >= 1.0 - 1e-9


def test_people_match_themselves_best():
    found, _ = enrolled(share=0.9)
    comparisons = match(found.passages, found.gallery)
    best = comparisons.reference_subject[comparisons.score.argmax(axis=1)]
    mated = comparisons.mated
    assert mated.sum() == len(found.gallery)
    assert (best[mated] == comparisons.probe_subject[mated]).all()


def test_the_seed_draws_and_the_second_time_no_model_runs():
    first, pack = enrolled(seed=5)
    embedded = pack.embedded
    assert embedded > 0
    unused = ToyPack({})
    passages = track_footage(footage_of(SEEN), unused, runtime=ONE)
    again = enrol_from_footage(footage_of(SEEN), passages, unused, FootageWatchlist(seed=5))
    assert unused.embedded == 0
    assert again.gallery.enrolled.tolist() == first.gallery.enrolled.tolist()
    assert again.gallery.templates.embedding.tobytes() == first.gallery.templates.embedding.tobytes()
    drawn = {tuple(enrolled(seed=seed)[0].gallery.enrolled.tolist()) for seed in range(8)}
    assert len(drawn) > 1


def test_a_passage_that_ends_within_the_first_seconds_leaves_a_probe_that_failed():
    seen = people_of(walk("ann", 0, 30), walk("bob", 40, 4))
    found, _ = enrolled(seen, first_s=1.0, share=0.9)
    failed = dict(zip(found.passages.templates.subject_id, found.passages.templates.failed))
    assert failed == {"ann": False, "bob": True}
    assert found.passages.counts.failed == 1


def test_somebody_enrolled_whom_no_track_found_stays_enrolled_and_fails():
    known = people_of(walk("ann", 0, 30), walk("dee", 0, 30, y=0, x=250, step=0, side=12))
    found, _ = enrolled(people_of(walk("ann", 0, 30)), known, share=0.9)
    assert found.gallery.enrolled.tolist() == ["ann", "dee"]
    assert found.gallery.failed_to_enrol.tolist() == ["dee"]
    assert np.isnan(found.passages.templates.embedding).any(axis=1).tolist() == [False, True]


def test_nobody_known_and_another_pack_are_refused():
    footage = Footage("toy", (Clip(ToySource(SEEN, 170)),))
    pack = ToyPack(SEEN)
    passages = track_footage(footage, pack, runtime=ONE)
    with pytest.raises(BadInput, match="nobody in the footage is known"):
        enrol_from_footage(footage, passages, pack, FootageWatchlist())
    with pytest.raises(BadInput, match="another pack"):
        enrol_from_footage(footage, passages, ToyPack(SEEN, fingerprint="x"), FootageWatchlist())
