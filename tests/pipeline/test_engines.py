"""Threads, processes and a Dask cluster give the same bytes; a worker that dies loses nothing and doubles nothing."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest
from toy_pipeline import ToyPack, ToySource, people_of, walk

from facelab.config import PipelineSettings, Runtime
from facelab.data.footage import Clip, Footage
from facelab.data.sources import VideoFile
from facelab.errors import BadInput, NotMeasured, PackError
from facelab.pipeline import cache, engine_dask
from facelab.pipeline.clip_work import ClipWork, PackElsewhere
from facelab.pipeline.run import runtime_here, track_footage

SEEN = people_of(walk("ann", 0, 30), walk("bob", 5, 20, y=65))
HERE = Path(__file__).parent
CLIPS = 8


class TravellingPack(ToyPack):
    """A toy pack that can be sent to other processes, and writes down what it detects, in a file of its process."""

    diary: str = ""
    dies: bool = False

    def __getstate__(self):
        return {
            name: value for name, value in self.__dict__.items() if name not in ("lock", "detect_calls", "embedded")
        }

    def __setstate__(self, state):
        self.__dict__.update(state, lock=threading.Lock(), detect_calls=0, embedded=0)

    def detect(self, image, settings=None):
        if self.diary:
            with Path(self.diary, str(os.getpid())).open("a") as file:
                file.write(".")
            if self.dies and Path(self.diary, str(os.getpid())).stat().st_size == 50 and self._first():
                os.kill(os.getpid(), signal.SIGKILL)
        return super().detect(image, settings)

    def _first(self):
        """Whether no other process has died of this pack before."""
        try:
            Path(self.diary, "died").touch(exist_ok=False)
        except FileExistsError:
            return False
        return True


def toy(clips=CLIPS):
    return Footage("toy", tuple(Clip(ToySource(SEEN, 40 + k, camera=f"c{k}")) for k in range(clips)))


def pack(folder=None, pause_s=0.0):
    made = TravellingPack(SEEN, pause_s=pause_s)
    made.diary = "" if folder is None else str(folder)
    return made


def same(a, b):
    """Whether two results are the same bytes."""
    arrays = [
        (getattr(a.tracks, n), getattr(b.tracks, n)) for n in ("frame", "track_id", "box", "score", "quality", "time_s")
    ]
    arrays += [(a.templates.embedding, b.templates.embedding), (a.templates.sample_id, b.templates.sample_id)]
    return all(x.tobytes() == y.tobytes() for x, y in arrays) and a.counts == b.counts and a.losses == b.losses


@pytest.fixture
def elsewhere(tmp_path, monkeypatch):
    """Caches: what is set here holds for processes that are started, too."""

    def use(name):
        monkeypatch.setenv("FACELAB_CACHE", str(tmp_path / name))
        return tmp_path / name

    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(HERE), *sys.path]))
    use("here")
    return use


@pytest.fixture
def expected(elsewhere):
    """The result of one thread."""
    elsewhere("alone")
    found = track_footage(toy(), pack(), runtime=Runtime(workers=1))
    elsewhere("here")
    return found


def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


class Cluster:
    """A scheduler and workers, each a process of its own, with a cache of its own: no folder is shared."""

    def __init__(self, folder, workers):
        self.address = f"tcp://127.0.0.1:{free_port()}"
        self._folder, self._run = folder, []
        self._start("scheduler", "--host", self.address, "--no-dashboard")
        self.workers = [
            self._start(
                "worker",
                self.address,
                "--nthreads",
                "1",
                "--no-nanny",
                "--no-dashboard",
                "--host",
                "127.0.0.1",
                "--local-directory",
                str(folder / f"w{k}"),
            )
            for k in range(workers)
        ]

    def _start(self, *command):
        own = {"FACELAB_CACHE": str(self._folder / f"cache{len(self._run)}")}
        run = subprocess.Popen(
            [sys.executable, "-m", "distributed.cli.dask_" + command[0], *command[1:]],
            env=os.environ | own,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self._run.append(run)
        return run

    def stop(self):
        for run in reversed(self._run):
            run.terminate()
        for run in self._run:
            try:
                run.wait(5)
            except subprocess.TimeoutExpired:
                run.kill()
                run.wait()


@pytest.fixture
def cluster(tmp_path, elsewhere):
    made = []

    def start(workers):
        made.append(Cluster(tmp_path, workers))
        return made[-1]

    yield start
    for one in made:
        one.stop()


@pytest.mark.slow
def test_processes_give_the_same_bytes_even_where_one_dies_and_the_results_are_kept_here(expected, tmp_path, caplog):
    deadly = pack(tmp_path)
    deadly.dies = True
    with caplog.at_level("WARNING", "facelab"):
        found = track_footage(toy(), deadly, runtime=Runtime(engine="processes", workers=2))
    assert "a worker process died; " in caplog.text
    assert same(found, expected)
    assert kept_whole(expected)


@pytest.mark.slow
def test_of_two_dask_workers_one_is_killed_and_nothing_is_lost_or_twice(cluster, expected, tmp_path, monkeypatch):
    diary = tmp_path / "diary"
    diary.mkdir()
    two = cluster(2)
    killed = threading.Event()

    def kill_one_at_work():
        while not (diary / str(two.workers[0].pid)).exists():
            time.sleep(0.005)
        time.sleep(0.1)
        two.workers[0].send_signal(signal.SIGKILL)
        killed.set()

    threading.Thread(target=kill_one_at_work, daemon=True).start()
    runtime = Runtime(engine="dask", scheduler=two.address)
    found = track_footage(toy(), pack(diary, pause_s=0.01), runtime=runtime)
    assert killed.is_set()
    assert same(found, expected)
    looks = {int(path.name): path.stat().st_size for path in diary.iterdir()}
    assert 0 < looks[two.workers[0].pid] < sum(40 + k for k in range(CLIPS))
    assert len(looks) == 2
    assert kept_whole(expected)
    # the last worker goes too: that is said, and is no endless wait
    two.workers[1].send_signal(signal.SIGKILL)
    monkeypatch.setattr(engine_dask, "WORKERS_S", 0.5)
    monkeypatch.setattr(engine_dask, "LOOK_S", 0.2)
    with pytest.raises(NotMeasured, match=r"no worker for 0 s; what was whole is kept, 1 clips are left"):
        track_footage(toy(1), TravellingPack(SEEN, fingerprint="another"), runtime=runtime)


def kept_whole(expected):
    """Whether every clip is in this machine's cache, once, so that the same again needs nobody."""
    again = pack()
    found = track_footage(toy(), again, runtime=Runtime(workers=1))
    whole = sum(entry.kind == "clips" for entry in cache.entries())
    return same(found, expected) and again.detect_calls == 0 and whole == CLIPS


def test_an_engine_that_cannot_be_used_is_told_in_one_line(elsewhere, monkeypatch):
    def run(**runtime):
        track_footage(toy(1), pack(), runtime=Runtime(**runtime))

    with pytest.raises(BadInput, match="scheduler: the engine dask needs the address of a scheduler"):
        run(engine="dask")
    with pytest.raises(BadInput, match="scheduler: a scheduler is for the engine dask, the engine is threads"):
        run(scheduler="tcp://127.0.0.1:1")
    monkeypatch.setattr(engine_dask, "CONNECT_S", 0.3)
    address = f"tcp://127.0.0.1:{free_port()}"
    with pytest.raises(BadInput, match=rf"{address}: no Dask scheduler answers there"):
        run(engine="dask", scheduler=address)
    with pytest.raises(BadInput, match="no Dask scheduler answers there"):
        run(engine="dask", scheduler="nonsense://x")
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(BadInput, match=r"needs Dask, which is not installed: pip install 'facelab\[scale\]'"):
        run(engine="dask", scheduler=address)


def test_the_environment_says_who_works_where_a_call_does_not(monkeypatch):
    for name in ("FACELAB_ENGINE", "FACELAB_SCHEDULER", "FACELAB_WORKERS"):
        monkeypatch.delenv(name, raising=False)
    assert runtime_here() == Runtime()
    monkeypatch.setenv("FACELAB_ENGINE", "dask")
    monkeypatch.setenv("FACELAB_SCHEDULER", "tcp://10.0.0.1:8786")
    monkeypatch.setenv("FACELAB_WORKERS", "3")
    assert runtime_here() == Runtime(engine="dask", scheduler="tcp://10.0.0.1:8786", workers=3)
    monkeypatch.setenv("FACELAB_ENGINE", "magic")
    with pytest.raises(BadInput, match="FACELAB_ENGINE=magic"):
        runtime_here()


def work():
    return ClipWork(ToySource(SEEN, 40), pack(), PipelineSettings())


def test_a_worker_with_other_footage_or_other_code_refuses(elsewhere):
    travelled = work().elsewhere()
    with pytest.raises(BadInput, match=r"worker on .*: the footage of 'gate' is another one there"):
        replace(travelled, source=ToySource(SEEN, 41))()
    with pytest.raises(BadInput, match="another version of facelab or of its libraries"):
        replace(travelled, code="other")()


def test_a_worker_that_does_not_see_the_folder_says_so(elsewhere, tmp_path):
    travelled = replace(work().elsewhere(), source=VideoFile(tmp_path / "not_there.mp4"), digest="abc")
    with pytest.raises(BadInput, match=r"the footage cannot be read there .*not_there.mp4.*; is its folder shared"):
        travelled()


def test_a_source_travels_without_what_was_read_of_it(tmp_path):
    """A worker reads the digest of its own file, and is not told of ours."""
    path = tmp_path / "a.mp4"
    path.write_bytes(b"1")
    source = VideoFile(path)
    ours = source.digest
    travelled = ClipWork(source, pack(), PipelineSettings()).elsewhere()
    path.write_bytes(b"2")
    assert travelled.digest == ours == source.digest
    assert travelled.source.digest != ours


def test_a_pack_that_a_worker_has_under_this_name_with_other_files_is_refused(monkeypatch, tmp_path):
    monkeypatch.setattr("facelab.pipeline.clip_work.load_pack", lambda name, runtime: pack())
    there = PackElsewhere("scrfd-mbf", tmp_path / "none", "another", Runtime())
    with pytest.raises(PackError, match="scrfd-mbf: the worker has other files under this name"):
        there.loaded()
    assert PackElsewhere("scrfd-mbf", tmp_path / "none", "toy-pack", Runtime()).loaded().name == "toy"
