"""The research data is read where it lies, and its absence is said in one line."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from facelab.config import ResearchFootage
from facelab.data import research
from facelab.data.images import read_image
from facelab.data.losses import Losses
from facelab.errors import NotMeasured


@pytest.fixture
def small(media, monkeypatch):
    """A folder that is laid out like the research data."""
    media.frames("chokepoint", [])
    media.frames("chokepoint/P2E_S5_C1.1", [0, 1, 4], pattern="{:08d}.jpg")
    rows = "frame,subject_id,x,y,w,h\n1,7,10.5,20,30,40\n4,7,0,0,5,5\n4,9,-3,0,6,5\n"
    (media.folder / "chokepoint" / "faces.csv").write_text(rows)
    media.frames("crowd", [])
    media.video("crowd/crowd.mp4", frames=3)
    media.frames("congress", [])
    media.frames("congress/2014", [1, 2], pattern="A{}.jpg")
    media.frames("congress/2024", [2], pattern="A{}.jpg")
    monkeypatch.setenv(research.VARIABLE, str(media.folder))
    return media.folder


def test_chokepoint_has_its_boxes_rate_and_one_passage_a_person(small):
    footage = research.chokepoint()
    assert footage.cameras == ("P2E_S5_C1.1",)
    assert footage.truth.box.tolist() == [[10.5, 20, 40.5, 60], [0, 0, 5, 5], [-3, 0, 3, 5]]
    assert footage.truth.passages.passage_id.tolist() == ["P2E_S5_C1.1/7", "P2E_S5_C1.1/9"]
    losses = Losses()
    frames = list(footage.clips[0].frames(losses))
    assert [frame.index for frame in frames] == [0, 1, 4]
    assert frames[-1].time_s == pytest.approx(4 / 30)
    assert losses.frames_missing == 2


def test_settings_choose_and_portraits_carry_their_year(small):
    assert research.open_research(ResearchFootage(name="crowd")).name == "crowd"
    assert research.open_research(ResearchFootage(name="chokepoint")).name == "chokepoint"
    portraits = research.congress_portraits()
    assert [(p.sample_id, p.subject_id, p.attributes) for p in portraits.photographs] == [
        ("2014/A1.jpg", "A1", {"year": "2014"}),
        ("2014/A2.jpg", "A2", {"year": "2014"}),
        ("2024/A2.jpg", "A2", {"year": "2024"}),
    ]
    assert len(research.congress_portraits((2024,))) == 1


def test_what_is_absent_is_said(small, monkeypatch):
    (small / "crowd" / "crowd.mp4").unlink()
    with pytest.raises(NotMeasured, match=r"there is no crowd/crowd\.mp4"):
        research.crowd()
    monkeypatch.setenv(research.VARIABLE, str(small / "gone"))
    assert research.research_folder() is None
    with pytest.raises(NotMeasured, match=r"gone; name its folder in FACELAB_RESEARCH_DATA"):
        research.chokepoint()


@pytest.mark.research
def test_the_real_chokepoint_sequence_is_as_described(research_data, monkeypatch):
    monkeypatch.setenv(research.VARIABLE, str(research_data))
    footage = research.chokepoint()
    passages = footage.truth.passages
    assert (footage.frames_expected, len(footage.truth), len(passages)) == (806, 2421, 24)
    losses = Losses()
    frames = list(itertools.islice(footage.clips[0].frames(losses), 98, 102))
    assert [frame.index for frame in frames] == [98, 99, 136, 137]
    assert frames[0].image.shape == (600, 800, 3)
    assert losses.frames_missing == 36
    assert passages.first_frame.min() == 157


@pytest.mark.research
def test_the_real_crowd_and_portraits_are_as_described(research_data, monkeypatch):
    monkeypatch.setenv(research.VARIABLE, str(research_data))
    losses = Losses()
    frames = list(itertools.islice(research.crowd().clips[0].frames(losses), 3))
    assert [frame.time_s for frame in frames] == pytest.approx([0, 0.04, 0.08])
    assert frames[0].image.shape == (1080, 1920, 3)
    portraits = research.congress_portraits()
    assert (len(portraits), len(portraits.subjects)) == (1352, 1128)
    assert all(read_image(p.path).dtype == np.uint8 for p in portraits.photographs[::100])
