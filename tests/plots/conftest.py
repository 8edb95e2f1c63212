"""Results to draw: a small open-set evaluation whose scores are drawn from known distributions."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from facelab.stats.openset import OpenSetCurve, open_set_curve
from facelab.types import Comparisons


@pytest.fixture(autouse=True)
def _figures_closed() -> Iterator[None]:
    import matplotlib.pyplot as plt

    yield
    plt.close("all")


@pytest.fixture(scope="session")
def comparisons() -> Comparisons:
    """40 strangers and 20 enrolled people, three passages each, against 50 enrolled; two acquisitions failed."""
    rng = np.random.default_rng(7)
    people = [f"w{i:02d}" for i in range(20)] + [f"u{i:02d}" for i in range(40)]
    subject = [person for person in people for _ in range(3)]
    enrolled = [f"w{i:02d}" for i in range(50)]
    score = rng.normal(0.1, 0.08, (len(subject), len(enrolled)))
    mated = np.arange(60)
    score[mated, mated // 3] = rng.normal(0.5, 0.12, 60)
    score[[5, 100]] = np.nan
    ids = [f"gate/{i}" for i in range(len(subject))]
    return Comparisons(score, ids, subject, [f"{e}/1.jpg" for e in enrolled], enrolled, enrolled, synthetic=True)


@pytest.fixture(scope="session")
def curve(comparisons: Comparisons) -> OpenSetCurve:
    """The open-set curve of `comparisons`."""
    return open_set_curve(comparisons)
