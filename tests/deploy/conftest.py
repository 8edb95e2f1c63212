"""A tuned config, and the operating points that it is made from."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from facelab.config import PipelineSettings, Quality
from facelab.deploy import TunedConfig
from facelab.deploy.export import (
    allowed_use,
    exported_point,
    pack_record,
    point_record,
    point_records,
    validity_record,
)
from facelab.deploy.records import SYNTHETIC, EvidenceRecord, MatchingRecord
from facelab.pipeline.packs.registry import SHIPPED
from facelab.pipeline.packs.spec import PackSpec
from facelab.stats.openset import open_set_curve
from facelab.stats.points import OperatingPoint, Unattainable, operating_points
from facelab.types import Comparisons

sys.path[:0] = [str(Path(__file__).parent.parent / "pipeline"), str(Path(__file__).parent)]  # the toy pack and footage


@dataclass
class FakePack:
    """A pack without models."""

    name: str = "scrfd-mbf"
    fingerprint: str = "a" * 64
    files: dict[str, str] = field(default_factory=lambda: dict(SHIPPED["scrfd-mbf"].spec.files))
    dimension: int = 512
    licence: str = "non-commercial research"
    restriction: str = "non-commercial research only"

    @property
    def spec(self) -> PackSpec:
        return SHIPPED["scrfd-mbf"].spec

    @property
    def operational_use(self) -> bool:
        return not self.restriction


@pytest.fixture
def pack() -> FakePack:
    return FakePack()


@pytest.fixture(scope="session")
def points() -> list[OperatingPoint | Unattainable]:
    """Targets of 10 % (supported by 100 strangers), 2 % (not supported) and 0.1 % (not resolved), and a given one."""
    rng = np.random.default_rng(3)
    score = rng.normal(0.1, 0.08, (130, 40))
    score[np.arange(30), np.arange(30)] = rng.normal(0.55, 0.1, 30)
    subject = [f"w{i}" for i in range(30)] + [f"u{i}" for i in range(100)]
    enrolled = [f"w{i}" for i in range(40)]
    ids = [f"p{i}" for i in range(130)]
    found = Comparisons(score, ids, subject, [f"{e}/1" for e in enrolled], enrolled, enrolled, synthetic=True)
    curve = open_set_curve(found)
    return operating_points(curve, open_set_curve(found), (0.1, 0.02, 0.001), [0.3])


@pytest.fixture
def config(points: list[OperatingPoint | Unattainable], pack: FakePack) -> TunedConfig:
    """A config of synthetic evidence."""
    point = exported_point(points)
    return TunedConfig(
        created=datetime(2026, 11, 1, tzinfo=UTC),
        title="a terminal",
        threshold=point.threshold,
        use=allowed_use(pack, synthetic=True, restriction_accepted=False),
        operating_point=point_record(point, "target", 0.95),
        validity=validity_record(40, ["gate"], Quality(), datetime(2026, 11, 1, tzinfo=UTC), days=180),
        pack=pack_record(pack),
        pipeline=PipelineSettings(),
        matching=MatchingRecord(enrolled=40, references=40),
        evidence=EvidenceRecord(
            kind="synthetic",
            statement=SYNTHETIC,
            scenario="demo",
            footage="terminal",
            footage_digest="c" * 64,
            watchlist_digest="d" * 64,
            cameras=("gate",),
            chosen_on={"mated_people": 30},
            reported_on={"mated_people": 30},
            select_share=0.5,
            split_seed=1,
            facelab="0.1.0",
        ),
        also_measured=point_records(points, 0.95),
    )
