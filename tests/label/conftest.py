"""The toy footage, and the helpers of other parts, for the tests of labels."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parent.parent)]  # the toy world; the browser helpers

from toy_labels import World, world  # noqa: E402  (found through the line above)


@pytest.fixture(scope="session")
def toy() -> World:
    """30 people who come three times each; six of them are enrolled."""
    return world()
