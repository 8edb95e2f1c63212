import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent.parent / "pipeline"))


@pytest.fixture
def own_cache(tmp_path, monkeypatch):
    """A cache of templates of the test's own; packs stay where they are."""
    monkeypatch.setattr("facelab.pipeline.cache.cache_folder", lambda: tmp_path / "cache")
    return tmp_path / "cache"
