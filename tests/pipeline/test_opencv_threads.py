"""The pipeline takes the threads that it was given, and leaves OpenCV as it was."""

from __future__ import annotations

import contextlib
import threading

import cv2
import pytest
from toy_pipeline import ToyPack, ToySource, people_of, walk

from facelab.config import PipelineSettings
from facelab.pipeline.clip import clip_passages
from facelab.pipeline.opencv import on_calling_thread


@pytest.fixture(autouse=True)
def three_threads():
    before = cv2.getNumThreads()
    cv2.setNumThreads(3)
    yield
    cv2.setNumThreads(before)


def test_opencv_works_on_one_thread_within_the_block_and_as_before_after_it():
    with on_calling_thread():
        assert cv2.getNumThreads() == 1
    assert cv2.getNumThreads() == 3


def test_opencv_is_put_back_where_the_work_fails():
    with contextlib.suppress(KeyError), on_calling_thread():
        raise KeyError
    assert cv2.getNumThreads() == 3


def test_of_blocks_that_overlap_the_last_to_end_puts_the_number_back():
    begun, go_on = threading.Event(), threading.Event()

    def longer():
        with on_calling_thread():
            begun.set()
            go_on.wait(10)

    thread = threading.Thread(target=longer)
    with on_calling_thread():
        thread.start()
        begun.wait(10)
    assert cv2.getNumThreads() == 1
    go_on.set()
    thread.join()
    assert cv2.getNumThreads() == 3


def test_a_clip_is_worked_on_with_one_thread_of_opencv():
    seen = people_of(walk("ann", 0, 5))
    numbers = set()
    clip_passages(
        ToySource(seen, 5), ToyPack(seen), PipelineSettings(), on_frame=lambda: numbers.add(cv2.getNumThreads())
    )
    assert numbers == {1}
    assert cv2.getNumThreads() == 3
