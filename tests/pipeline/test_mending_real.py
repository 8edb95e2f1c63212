"""The whole ChokePoint sequence with the defaults: what the issue asks of the tracks of 24 real people."""

import pytest

from facelab.data.research import chokepoint
from facelab.pipeline.packs import load_pack
from facelab.pipeline.run import track_footage
from facelab.pipeline.track_errors import track_errors

pytestmark = [pytest.mark.research, pytest.mark.models, pytest.mark.slow, pytest.mark.usefixtures("own_cache")]


def test_of_24_real_passages_at_most_one_is_broken_and_none_mixed_or_unseen(research_data):
    footage = chokepoint()
    passages = track_footage(footage, load_pack("scrfd-mbf"), progress=False)
    errors = track_errors(passages.tracks, footage.truth)
    assert (errors.passages, errors.mixed, errors.unseen) == (24, 0, 0)
    assert errors.broken <= 1
    counts = passages.counts
    assert (counts.broken, counts.mixed, counts.missed) == (errors.broken, errors.mixed, errors.unseen)
