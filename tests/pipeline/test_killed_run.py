"""A run that is killed goes on where it was and ends with the same result as one that was not."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from toy_pipeline import ToyPack, ToySource, people_of, walk

from facelab.config import Runtime
from facelab.data.footage import Clip, Footage
from facelab.pipeline import cache, checkpoints
from facelab.pipeline.run import track_footage

pytestmark = pytest.mark.usefixtures("own_cache")
SEEN = people_of(walk("ann", 0, 30), walk("bob", 5, 20, y=65))
CLIPS = 6
CODE = """
import sys
sys.path.insert(0, sys.argv[1])
from test_killed_run import checkpoints, footage, SEEN, track_footage, Runtime, ToyPack
checkpoints.SEGMENT = 15
print("go", flush=True)
track_footage(footage(), ToyPack(SEEN, pause_s=0.01), runtime=Runtime(workers=2), progress=False)
"""


def footage():
    return Footage("toy", tuple(Clip(ToySource(SEEN, 40 + k, camera=f"c{k}")) for k in range(CLIPS)))


@pytest.mark.slow
def test_a_run_killed_twice_is_resumed_with_the_same_result(own_cache, tmp_path, monkeypatch):
    """Once within a clip, as soon as a segment of it is whole; once when there is more than after the first kill."""
    here = str(Path(__file__).parent)
    environment = os.environ | {"FACELAB_CACHE": str(own_cache)}
    monkeypatch.setattr(checkpoints, "SEGMENT", 15)
    kept = 0
    for _ in range(2):
        run = subprocess.Popen([sys.executable, "-c", CODE, here], env=environment, stdout=subprocess.PIPE, text=True)
        assert run.stdout.readline() == "go\n"
        deadline = time.monotonic() + 60
        while len(cache.entries()) <= kept and run.poll() is None and time.monotonic() < deadline:
            time.sleep(0.005)
        run.kill()
        run.wait()
        run.stdout.close()
        assert len(cache.entries()) > kept
        kept = len(cache.entries())
    assert sum(entry.kind == "clips" for entry in cache.entries()) < CLIPS
    pack = ToyPack(SEEN)
    resumed = track_footage(footage(), pack, runtime=Runtime(workers=1))
    assert pack.detect_calls <= sum(40 + k for k in range(CLIPS)) - 15
    monkeypatch.setattr("facelab.pipeline.cache.cache_folder", lambda: tmp_path / "fresh")
    fresh = track_footage(footage(), ToyPack(SEEN), runtime=Runtime(workers=1))
    assert resumed.templates.embedding.tobytes() == fresh.templates.embedding.tobytes()
    assert resumed.tracks.box.tobytes() == fresh.tracks.box.tobytes()
    assert resumed.counts == fresh.counts
